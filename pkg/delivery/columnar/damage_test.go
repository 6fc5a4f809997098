package columnar_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/clientele/clientele/pkg/delivery/columnar"
	"github.com/clientele/clientele/pkg/delivery/record"
)

// files are those of testdata, by name.
func files(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/*.[pfa][aer]*")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	all := map[string][]byte{}
	for _, name := range names {
		if all[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// expected reports whether an error is one that a bad file may give.
func expected(err error) bool {
	var types *columnar.TypeError
	var head *record.HeaderError
	return errors.Is(err, columnar.ErrDamaged) || errors.As(err, &types) || errors.As(err, &head)
}

func TestCutFilesAreDamaged(t *testing.T) {
	for name, data := range files(t) {
		for n := range len(data) {
			if n%7 != 0 && n < len(data)-40 {
				continue
			}
			if o, err := read(bytes.NewReader(data[:n]), int64(n), columnar.Options{}); !errors.Is(err, columnar.ErrDamaged) {
				t.Fatalf("%s cut at %d of %d: %d lines, %v", name, n, len(data), len(o.Lines), err)
			}
		}
	}
}

// A wrong byte gives an error, or wrong values: parquet and Arrow have no checksums. It never gives a panic, records that
// are nowhere, or a demand for memory that the file could not fill.
func TestWrongBytes(t *testing.T) {
	for name, data := range files(t) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		tries, step := 0, 41
		if testing.Short() {
			step *= 20
		}
		for at := 0; at < len(data); at += step {
			for _, flip := range []byte{0x01, 0x80, 0xff} {
				bad := bytes.Clone(data)
				bad[at] ^= flip
				o, err := read(bytes.NewReader(bad), int64(len(bad)), columnar.Options{})
				if err != nil && !expected(err) {
					t.Fatalf("%s, byte %d: %v", name, at, err)
				}
				if err == nil && o.Counts.Records != int64(len(o.Lines)+len(o.Rejects)) {
					t.Fatalf("%s, byte %d: %d records, %d lines and %d rejects", name, at, o.Counts.Records, len(o.Lines), len(o.Rejects))
				}
				tries++
			}
		}
		runtime.ReadMemStats(&after)
		if each := (after.TotalAlloc - before.TotalAlloc) / uint64(tries); each > 64<<20 {
			t.Errorf("%s: %d MiB a try", name, each>>20)
		}
	}
}

func FuzzFile(f *testing.F) {
	for _, data := range files(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, open := range []func() (*columnar.File, error){
			func() (*columnar.File, error) {
				return columnar.OpenParquet(bytes.NewReader(data), int64(len(data)), columnar.Options{})
			},
			func() (*columnar.File, error) {
				return columnar.OpenArrow(bytes.NewReader(data), int64(len(data)), columnar.Options{})
			},
		} {
			file, err := open()
			if err == nil {
				var counts record.Counts
				counts, err = record.ReadTables(t.Context(), record.OneTable(file.Table()), record.Options{}, func(*record.Block) error {
					if counts.Records++; counts.Records > 10_000 {
						return errMany
					}
					return nil
				})
				if counts.Records != counts.Accepted+counts.Rejected {
					t.Fatal(counts)
				}
				_ = file.Close()
			}
			if err != nil && !expected(err) && !errors.Is(err, errMany) {
				t.Fatal(err)
			}
		}
	})
}

var errMany = fmt.Errorf("many blocks")
