package source_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/clientele/clientele/pkg/delivery/source"
)

// unpack opens content that lies in memory.
func unpack(t testing.TB, data []byte, opts source.UnpackOptions) (*source.Content, error) {
	t.Helper()
	opts.Scratch = t.TempDir()
	c, err := source.Unpack(context.Background(), "x", bytes.NewReader(data), int64(len(data)), nil, opts)
	if left, _ := os.ReadDir(opts.Scratch); len(left) > 0 {
		t.Errorf("scratch files have names: %v", left)
	}
	if err == nil {
		t.Cleanup(func() { _ = c.Close() })
	}
	return c, err
}

// all unpacks content and reads what is in it: the text, the file, or the parts of a workbook.
func all(t testing.TB, data []byte, opts source.UnpackOptions) (what string, err error) {
	t.Helper()
	c, err := unpack(t, data, opts)
	if err != nil {
		return "", err
	}
	what = fmt.Sprintf("%s in %q: ", c.Kind, c.Packing)
	switch c.Kind {
	case source.DelimitedText:
		var b []byte
		b, err = io.ReadAll(c.Text)
		what += string(b)
	case source.Workbook:
		for _, part := range []string{"XL/Workbook.xml", "xl/worksheets/sheet1.xml"} {
			var r io.ReadCloser
			if r, err = c.Parts.Open(part); errors.Is(err, fs.ErrNotExist) {
				err = nil
				continue
			} else if err != nil {
				break
			}
			var b []byte
			if b, err = io.ReadAll(r); err != nil {
				break
			}
			what += string(b) + " "
		}
	default:
		b := make([]byte, c.Size)
		_, err = c.File.ReadAt(b, 0)
		what += string(b)
	}
	return what, err
}

func zstded(t testing.TB, data []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(data, nil)
}

// member is a file of a zip.
type member struct{ name, text string }

func zipped(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, m := range members {
		w, err := z.Create(m.name)
		if err == nil {
			_, err = io.WriteString(w, m.text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// small is a delimited text.
const small = "a,b\n1,2\n"

func workbook(t testing.TB) []byte {
	return zipped(t, member{"[Content_Types].xml", "types"}, member{"xl\\workbook.xml", "book"}, member{"xl/worksheets/sheet1.xml", "sheet"})
}

func TestUnpackTellsByContent(t *testing.T) {
	rubbish := []member{{"__MACOSX/._lines.csv", "x"}, {"a/", ""}, {".DS_Store", "x"}, {"a/._lines.csv", "x"}}
	for _, test := range []struct {
		name string
		data []byte
		want string
	}{
		{"text", []byte(small), `delimited text in "": ` + small},
		{"nothing", nil, `delimited text in "": `},
		{"one byte", []byte("P"), `delimited text in "": P`},
		{"zst", zstded(t, []byte(small)), `delimited text in "zstd": ` + small},
		{"zst of two frames", append(zstded(t, []byte("a,b\n")), zstded(t, []byte("1,2\n"))...), `delimited text in "zstd": ` + small},
		{"gz of zst", packed(t, string(zstded(t, []byte(small)))), `delimited text in "gzip, zstd": ` + small},
		{"zip", zipped(t, append(rubbish, member{"a/lines.xlsx", small})...), `delimited text in "zip": ` + small},
		{"zip of gz", zipped(t, member{"../../lines.csv.gz", string(packed(t, small))}), `delimited text in "zip, gzip": ` + small},
		{"zip with a note", zipped(t, member{"LICENSE.txt", "x"}, member{"Lines.CSV", small}), `delimited text in "zip": ` + small},
		{"workbook", workbook(t), `workbook in "": book sheet `},
		{"zip of a workbook", zipped(t, member{"x.csv", string(workbook(t))}), `workbook in "zip": book sheet `},
		{"gz of a workbook", packed(t, string(workbook(t))), `workbook in "gzip": book sheet `},
		{"parquet", []byte("PAR1 more PAR1"), `parquet in "": PAR1 more PAR1`},
		{"zip of parquet", zipped(t, member{"x", "PAR1 more"}), `parquet in "zip": PAR1 more`},
		{"arrow", []byte("ARROW1\x00\x00 more"), "arrow in \"\": ARROW1\x00\x00 more"},
		{"zst of arrow", zstded(t, []byte("ARROW1\x00\x00 more")), "arrow in \"zstd\": ARROW1\x00\x00 more"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := all(t, test.data, source.UnpackOptions{})
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

func TestUnpackRefuses(t *testing.T) {
	gz := string(packed(t, small))
	locked := zipped(t, member{"x.csv", small})
	for _, sign := range []string{"PK\x03\x04", "PK\x01\x02"} { // the flags stand 6 bytes into the file's header and 8 into the directory's
		at := bytes.Index(locked, []byte(sign))
		locked[at+map[string]int{"PK\x03\x04": 6, "PK\x01\x02": 8}[sign]] |= 1
	}
	strange := bytes.Replace(zipped(t, member{"x.csv", small}), []byte("\x14\x00\x08\x00\x08\x00"), []byte("\x14\x00\x08\x00\x0e\x00"), 2)
	flipped := zstded(t, bytes.Repeat([]byte(small), 100))
	flipped[len(flipped)-1] ^= 1 // of the checksum
	var wide bytes.Buffer        // a stream does not know its length, so it states the window
	w, err := zstd.NewWriter(&wide, zstd.WithWindowSize(512<<20))
	for range 2 {
		if err == nil {
			_, err = w.Write([]byte(small))
		}
		if err == nil {
			err = w.Flush()
		}
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		data []byte
		want error
		says string
	}{
		{"zip of nothing", zipped(t), source.ErrFormat, "found nothing"},
		{"zip of folders", zipped(t, member{"a/", ""}, member{"__MACOSX/b", ""}), source.ErrFormat, "found nothing"},
		{"zip of two csv", zipped(t, member{"a.csv", small}, member{"b.CSV", small}), source.ErrFormat, `want one csv or xlsx; found "a.csv", "b.CSV"`},
		{"zip of others", zipped(t, member{"a.txt", small}, member{"b.pdf", small}), source.ErrFormat, `no csv or xlsx; found "a.txt", "b.pdf"`},
		{"zip of many", zipped(t, many(30)...), source.ErrFormat, "and 20 more"},
		{"zip in zip", zipped(t, member{"x.zip", string(zipped(t, member{"y.zip", string(zipped(t, member{"x.csv", small}))}))}), source.ErrFormat, "compressed more than twice"},
		{"gz in gz in gz", packed(t, string(packed(t, gz))), source.ErrFormat, "compressed more than twice (gzip, gzip, gzip)"},
		{"a password", locked, source.ErrFormat, `"x.csv" has a password`},
		{"another method", strange, source.ErrFormat, "packed by method 14"},
		{"the same name twice", zipped(t, member{"x.csv", small}, member{"X.csv", small}), source.ErrDamaged, "two files of the name"},
		{"an OpenDocument", zipped(t, member{"mimetype", "x"}, member{"content.xml", "x"}), source.ErrFormat, "OpenDocument"},
		{"an xlsb", zipped(t, member{"[Content_Types].xml", "x"}, member{"xl/workbook.bin", "x"}), source.ErrFormat, "xlsb"},
		{"a letter", zipped(t, member{"[Content_Types].xml", "x"}, member{"word/document.xml", "x"}), source.ErrFormat, "not a workbook"},
		{"a zip with bzip2 in it", zipped(t, member{"x", "BZh9"}), source.ErrFormat, "bzip2"},
		{"zst, flipped", flipped, source.ErrDamaged, "zstd: "},
		{"zst, cut", flipped[:len(flipped)-9], source.ErrDamaged, "zstd ends too early"},
		{"zst of a wide window", wide.Bytes(), source.ErrDamaged, "without --long"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := all(t, test.data, source.UnpackOptions{})
			if !errors.Is(err, test.want) || !strings.Contains(fmt.Sprint(err), test.says) || !strings.Contains(fmt.Sprint(err), "source x") {
				t.Errorf("got %q, %v; want %v, %q", got, err, test.want, test.says)
			}
		})
	}
}

func many(n int) (members []member) {
	for i := range n {
		members = append(members, member{fmt.Sprint(i), ""})
	}
	return members
}

func TestCutArchivesAreDamaged(t *testing.T) {
	body := strings.Repeat("some,text\n", 50)
	for name, data := range map[string][]byte{
		"zip": zipped(t, member{"x.csv", body}), "gz": packed(t, body), "zst": zstded(t, []byte(body)),
		"zip of a workbook": zipped(t, member{"x.xlsx", string(workbook(t))}), "workbook": workbook(t),
	} {
		for n := 5; n < len(data); n++ {
			if got, err := all(t, data[:n], source.UnpackOptions{}); !errors.Is(err, source.ErrDamaged) {
				t.Fatalf("%s cut at %d of %d: %q, %v", name, n, len(data), got, err)
			}
		}
	}
}

// zeros is a bomb's filling.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// bombs are archives of n zeros.
func bombs(t testing.TB, n int64) map[string][]byte {
	t.Helper()
	var gz, zst, z bytes.Buffer
	fill := func(w io.Writer) {
		if _, err := io.CopyN(w, zeros{}, n); err != nil {
			t.Fatal(err)
		}
	}
	_, _ = gz.WriteString("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff")
	f, err := flate.NewWriter(&gz, flate.DefaultCompression)
	if err != nil {
		t.Fatal(err)
	}
	fill(f)
	if err := f.Flush(); err != nil {
		t.Fatal(err)
	}
	w, err := zstd.NewWriter(&zst)
	if err != nil {
		t.Fatal(err)
	}
	fill(w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	archive := zip.NewWriter(&z)
	m, err := archive.Create("x.csv")
	if err != nil {
		t.Fatal(err)
	}
	fill(m)
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{"gz": gz.Bytes(), "zst": zst.Bytes(), "zip": z.Bytes(), "zip of gz": zipped(t, member{"x.csv", gz.String()})}
}

func TestBombs(t *testing.T) {
	if testing.Short() {
		t.Skip("-short unpacks no 100 MiB")
	}
	const size = 100 << 20 // above what any delivery may unpack to, and packed to a thousandth
	for name, data := range bombs(t, size) {
		c, err := unpack(t, data, source.UnpackOptions{})
		if err != nil {
			t.Fatal(name, err)
		}
		n, err := io.Copy(io.Discard, c.Text)
		says := fmt.Sprintf("archive bomb: over 64 MiB and 200 times the %d bytes that it has", len(data))
		if !errors.Is(err, source.ErrBomb) || !errors.Is(err, source.ErrTooLarge) || !strings.Contains(err.Error(), says) || n > 64<<20+200*int64(len(data)) {
			t.Errorf("%s of %d bytes: %d, %v", name, len(data), n, err)
		}
		if c, err = unpack(t, data, source.UnpackOptions{MaxBytes: 1 << 20}); err != nil {
			t.Fatal(name, err)
		}
		if n, err := io.Copy(io.Discard, c.Text); !errors.Is(err, source.ErrTooLarge) || errors.Is(err, source.ErrBomb) || n > 1<<20 {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
	// A bomb that must be spooled to be looked at.
	if _, err := unpack(t, packed(t, "PAR1"+strings.Repeat("x", 2<<20)), source.UnpackOptions{MaxBytes: 1 << 20}); !errors.Is(err, source.ErrTooLarge) {
		t.Error(err)
	}
}

func TestArchiveOfTooManyNames(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := range 50_000 {
		if _, err := z.CreateRaw(&zip.FileHeader{Name: fmt.Sprintf("%0100d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := unpack(t, b.Bytes(), source.UnpackOptions{}); !errors.Is(err, source.ErrDamaged) || !strings.Contains(err.Error(), "bytes of names") {
		t.Error(err)
	}
}

func TestArchiveParts(t *testing.T) {
	c, err := unpack(t, workbook(t), source.UnpackOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Parts.Open("xl/../../etc/passwd"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// broken fails to be read from a position on.
type broken struct {
	data []byte
	from int64
	err  error
}

func (b broken) ReadAt(p []byte, at int64) (int, error) {
	if at+int64(len(p)) > b.from {
		return 0, b.err
	}
	return bytes.NewReader(b.data).ReadAt(p, at)
}

// A disk that fails is no damaged delivery.
func TestUnpackPassesErrorsOfTheSourceOn(t *testing.T) {
	disk := errors.New("disk")
	body := strings.Repeat("some,text\n", 50)
	for name, data := range map[string][]byte{"zip": zipped(t, member{"x.csv", body}), "gz": packed(t, body), "zst": zstded(t, []byte(body)),
		"text": []byte(body), "workbook": workbook(t)} {
		for _, from := range []int64{0, 9, int64(len(data)) - 1} {
			c, err := source.Unpack(context.Background(), "x", broken{data, from, disk}, int64(len(data)), nil, source.UnpackOptions{})
			if err == nil && c.Text != nil {
				_, err = io.ReadAll(c.Text)
			}
			if !errors.Is(err, disk) || errors.Is(err, source.ErrDamaged) {
				t.Errorf("%s from %d: %v", name, from, err)
			}
		}
	}
}

// FuzzUnpack: whatever the bytes, content comes out or one of the known errors, and no more than is allowed.
func FuzzUnpack(f *testing.F) {
	for _, data := range [][]byte{packed(f, small), zstded(f, []byte(small)), zipped(f, member{"x.csv", small}), workbook(f),
		zipped(f, member{"x.xlsx", string(workbook(f))}), []byte("PAR1"), packed(f, "ARROW1\x00\x00")} {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := all(t, data, source.UnpackOptions{MaxBytes: 1 << 20})
		if err != nil && !errors.Is(err, source.ErrFormat) && !errors.Is(err, source.ErrDamaged) && !errors.Is(err, source.ErrTooLarge) {
			t.Errorf("an unknown error: %v", err)
		}
		if len(got) > 2<<20 {
			t.Errorf("%d bytes", len(got))
		}
	})
}
