package source

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/klauspost/compress/zip"
)

// maxDirectory bounds what is read of a zip to know what is in it, in bytes: some ten thousand names.
const maxDirectory = 4 << 20

// encrypted is the flag of a file that needs a password (APPNOTE 4.4.4).
const encrypted = 1

// Archive is an open zip. Nothing of it is ever written under a name of its own.
type Archive struct {
	files   []*zip.File // no folders, nor what macOS adds
	byName  map[string]*zip.File
	budget  *budget
	explain func(error) error
}

// newArchive reads what is in a zip.
func newArchive(src io.ReaderAt, size int64, b *budget) (*Archive, error) {
	dir := &directory{ReaderAt: src, left: maxDirectory + 128<<10}
	z, err := zip.NewReader(dir, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // no name is ever a path here
		return nil, &packError{packedZip, err}
	}
	dir.open = true
	a := &Archive{byName: map[string]*zip.File{}, budget: b, explain: func(err error) error { return err }}
	for _, f := range z.File {
		name := strings.ReplaceAll(f.Name, `\`, "/")
		if isJunk(name) {
			continue
		}
		key := strings.ToLower(name)
		if a.byName[key] != nil {
			return nil, fmt.Errorf("%w: zip: two files of the name %.100q", ErrDamaged, name)
		}
		a.byName[key] = f
		a.files = append(a.files, f)
	}
	return a, nil
}

// Open opens a file by its name, in any case.
func (a *Archive) Open(name string) (io.ReadCloser, error) {
	f := a.byName[strings.ToLower(name)]
	if f == nil {
		return nil, fmt.Errorf("open %.100q: %w", name, fs.ErrNotExist)
	}
	r, err := a.open(f)
	return r, a.explain(err)
}

func (a *Archive) open(f *zip.File) (io.ReadCloser, error) {
	if f.Flags&encrypted != 0 {
		return nil, fmt.Errorf("%w: zip: %.100q has a password", ErrFormat, f.Name)
	}
	r, err := f.Open()
	switch {
	case errors.Is(err, zip.ErrAlgorithm):
		return nil, fmt.Errorf("%w: zip: %.100q is packed by method %d, known are store and deflate", ErrFormat, f.Name, f.Method)
	case err != nil:
		return nil, &packError{packedZip, err}
	}
	return &archived{src: a.budget.of(&packReader{packedZip, r}), close: r.Close, explain: a.explain}, nil
}

// archived is an open file of a zip.
type archived struct {
	src     io.Reader
	close   func() error
	explain func(error) error
}

func (f *archived) Read(p []byte) (int, error) {
	n, err := f.src.Read(p)
	return n, f.explain(err)
}

func (f *archived) Close() error { return f.close() }

// workbook reports whether the archive is a workbook, and returns [ErrFormat] if it is another document.
func (a *Archive) workbook() (bool, error) {
	switch {
	case a.byName["mimetype"] != nil && a.byName["content.xml"] != nil:
		return false, fmt.Errorf("%w: it is an OpenDocument file: save it as xlsx or csv", ErrFormat)
	case a.byName["[content_types].xml"] == nil:
		return false, nil
	case a.byName["xl/workbook.bin"] != nil:
		return false, fmt.Errorf("%w: it is an xlsb: save it as xlsx or csv", ErrFormat)
	}
	for name := range a.byName {
		if strings.HasPrefix(name, "xl/") {
			return true, nil
		}
	}
	return false, fmt.Errorf("%w: it is an Office document, but not a workbook", ErrFormat)
}

// data returns the files that are of lines by their names.
func (a *Archive) data() []*zip.File {
	var data []*zip.File
	for _, f := range a.files {
		if isData(f.Name) {
			data = append(data, f)
		}
	}
	return data
}

// only returns the one file of the archive; of several, the only one whose name is that of a csv or xlsx, and how many
// others there are.
func (a *Archive) only() (f *zip.File, others int, err error) {
	if len(a.files) == 1 {
		return a.files[0], 0, nil
	}
	for _, each := range a.files {
		switch strings.ToLower(path.Ext(each.Name)) {
		case ".csv", ".tsv", ".xlsx":
			if f != nil {
				return nil, 0, fmt.Errorf("%w: the zip has several files, want one csv or xlsx; found %s", ErrFormat, a.list())
			}
			f = each
		}
	}
	if f == nil {
		return nil, 0, fmt.Errorf("%w: the zip has no csv or xlsx; found %s", ErrFormat, a.list())
	}
	return f, len(a.files) - 1, nil
}

// list names what is there, for a message.
func (a *Archive) list() string {
	const most = 10
	if len(a.files) == 0 {
		return "nothing"
	}
	var names []string
	for i, f := range a.files {
		if i == most {
			names = append(names, fmt.Sprintf("and %d more", len(a.files)-most))
			break
		}
		names = append(names, fmt.Sprintf("%.60q", f.Name))
	}
	return strings.Join(names, ", ")
}

// directory bounds what is read until it is open.
type directory struct {
	io.ReaderAt
	left int64
	open bool
}

func (d *directory) ReadAt(p []byte, at int64) (int, error) {
	if !d.open {
		if d.left -= int64(len(p)); d.left < 0 {
			return 0, fmt.Errorf("over %d bytes of names", maxDirectory)
		}
	}
	return d.ReaderAt.ReadAt(p, at)
}
