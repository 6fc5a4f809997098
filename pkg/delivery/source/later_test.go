package source_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/clientele/clientele/pkg/delivery/source"
)

// TestHashLater: one local file gets the hash of its bytes when it is asked for, read to the end or not; two files at once.
func TestHashLater(t *testing.T) {
	ctx := context.Background()
	folder := t.TempDir()
	paths := []string{filepath.Join(folder, "a.csv"), filepath.Join(folder, "b.csv")}
	var where []source.Location
	for _, path := range paths {
		if err := os.WriteFile(path, []byte("InvoiceNo\n"+path+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := source.Parse(path)
		if err != nil {
			t.Fatal(err)
		}
		where = append(where, l...)
	}
	text, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(text)
	want := hex.EncodeToString(sum[:])
	for _, bytes := range []int64{-1, 0, 5, int64(len(text))} { // of the content that are read; -1 for no content at all
		d, err := source.Open(ctx, where[:1], source.Options{HashLater: true})
		if err != nil {
			t.Fatal(err)
		}
		if d.SHA256 != "" {
			t.Error("it was hashed at once")
		}
		if bytes >= 0 {
			c, err := d.Files[0].Content(ctx, source.UnpackOptions{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.CopyN(io.Discard, c.Text, bytes); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(d.Files[0].Unchanged(ctx), c.Close()); err != nil {
				t.Error(err)
			}
		}
		if err := d.Hash(ctx); err != nil || d.SHA256 != want || d.Hashes()[0] != want {
			t.Errorf("%d bytes read: hash %q, %v; want %s", bytes, d.SHA256, err, want)
		}
		if err := os.WriteFile(paths[0], append(text, "more"...), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := d.Files[0].Unchanged(ctx); !errors.Is(err, source.ErrChanged) {
			t.Errorf("a longer file: %v, want ErrChanged", err)
		}
		if err := errors.Join(d.Close(), os.WriteFile(paths[0], text, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	d, err := source.Open(ctx, where, source.Options{HashLater: true})
	if err != nil || d.SHA256 == "" || d.Hashes()[0] != want {
		t.Errorf("two files: hash %q, %v", d.SHA256, err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}

// What is read out of order has the hash of the bytes that were parsed, whenever that was asked for: a change of the same size
// and time is noticed once the content was opened, and before that the changed bytes are the delivery.
func TestOutOfOrderHasTheHashOfWhatWasParsed(t *testing.T) {
	ctx := t.Context()
	for name, data := range map[string][]byte{
		"zip": zipped(t, member{"x.csv", small}), "xlsx": workbook(t), "parquet": []byte("PAR1 some bytes"), "arrow": []byte("ARROW1\x00\x00 some bytes"),
	} {
		other := bytes.Clone(data)
		other[10] ^= 1 // of a zip the time of its first file, which nobody reads
		for _, later := range []bool{false, true} {
			for _, opened := range []bool{false, true} {
				path := file(t, name, data)
				d, err := try(ctx, t, path, source.Options{HashLater: later})
				if err != nil {
					t.Fatal(err)
				}
				change := func() error {
					return atTheSameTime(path, func() error { return os.WriteFile(path, other, 0o600) })
				}
				if !opened {
					if err := change(); err != nil {
						t.Fatal(err)
					}
				}
				c, err := d.Files[0].Content(ctx, source.UnpackOptions{}, nil)
				if err != nil {
					t.Fatal(name, err)
				}
				if opened {
					if err := errors.Join(d.Files[0].Unchanged(ctx), change()); err != nil {
						t.Fatal(name, err)
					}
				}
				want, changed := fmt.Sprintf("%x", sha(data)), true
				if later && !opened {
					want, changed = fmt.Sprintf("%x", sha(other)), false
				}
				if err := d.Files[0].Unchanged(ctx); errors.Is(err, source.ErrChanged) != changed {
					t.Errorf("%s, hashed later %v, changed behind its opening %v: %v", name, later, opened, err)
				}
				if err := errors.Join(d.Hash(ctx), c.Close()); err != nil || d.SHA256 != want || d.Files[0].SHA256 != want {
					t.Errorf("%s, hashed later %v, changed behind its opening %v: hash %s, want %s, %v", name, later, opened, d.SHA256, want, err)
				}
			}
		}
	}
}
