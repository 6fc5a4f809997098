package source

import (
	"archive/tar"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/zip"
)

// Next goes on to the next file of an archive of several, see [UnpackOptions.Many]: then Kind, Packing and what follows are of that
// one, and Member names it. It returns false after the last, and of all other content. It must have been read to its end.
func (c *Content) Next() (bool, error) {
	if c.next == nil {
		return false, nil
	}
	return c.next()
}

// isData reports whether a file of an archive is one of lines, by its name.
func isData(name string) bool {
	name = strings.ToLower(name)
	for _, packed := range []string{".gz", ".zst"} {
		name = strings.TrimSuffix(name, packed)
	}
	switch path.Ext(name) {
	case ".csv", ".tsv", ".xlsx", ".parquet":
		return true
	}
	return false
}

// isJunk reports whether a file of an archive is what an operating system leaves.
func isJunk(name string) bool {
	base := path.Base(name)
	return strings.HasSuffix(name, "/") || strings.HasPrefix(name, "__MACOSX/") || strings.HasPrefix(base, "._") || base == ".DS_Store"
}

// zipMembers gets at the files of a zip that has several, one after the other in byte order of their names.
func (u *unpacker) zipMembers(a *Archive, files []*zip.File) error {
	slices.SortFunc(files, func(a, b *zip.File) int { return cmp.Compare(a.Name, b.Name) })
	return u.members(func() (string, io.Reader, error) {
		if len(files) == 0 {
			return "", nil, io.EOF
		}
		f := files[0]
		files = files[1:]
		r, err := a.open(f)
		if err != nil {
			return f.Name, nil, err
		}
		u.c.closers = append(u.c.closers, r.Close)
		return f.Name, r, nil
	})
}

// tarMembers gets at the files of a tar in their order.
func (u *unpacker) tarMembers(r io.Reader) error {
	t := tar.NewReader(r)
	found := false
	return u.members(func() (string, io.Reader, error) {
		for {
			h, err := t.Next()
			switch {
			case err == io.EOF && !found:
				return "", nil, fmt.Errorf("%w: the tar has no csv, xlsx or parquet", ErrFormat)
			case err == io.EOF, isBudget(err):
				return "", nil, err
			case err != nil:
				return "", nil, &packError{packedTar, err}
			case h.Typeflag != tar.TypeReg || isJunk(h.Name):
				continue
			case !isData(h.Name):
				u.c.Ignored++
				continue
			}
			found = true
			return h.Name, &packReader{packedTar, t}, nil
		}
	})
}

func isBudget(err error) bool { return errors.Is(err, ErrTooLarge) }

// members makes the content that of the first of several files, and of the next at each [Content.Next].
func (u *unpacker) members(next func() (name string, r io.Reader, err error)) error {
	archive, layers, kept := u.name, slices.Clone(u.layers), len(u.c.closers)
	step := func() (bool, error) {
		for len(u.c.closers) > kept {
			last := len(u.c.closers) - 1
			_ = u.c.closers[last]() // all of it was read
			u.c.closers = u.c.closers[:last]
		}
		name, r, err := next()
		if err == io.EOF {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		u.name, u.layers, u.c.Member = archive+"/"+name, slices.Clone(layers), name
		u.c.Kind, u.c.Text, u.c.File, u.c.Size, u.c.Parts, u.c.Book = DelimitedText, nil, nil, 0, nil, nil
		return true, u.stream(r, len(layers))
	}
	u.c.next = func() (bool, error) {
		more, err := step()
		if err != nil {
			return false, fmt.Errorf("read source %s: %w", u.name, u.explain(err))
		}
		return more, nil
	}
	_, err := step()
	return err
}

// tarBytes is how much of a tar says that it is one.
const tarBytes = 262

// isTar reports whether a text begins as a tar does (POSIX.1-1988: its magic is in the 257th byte).
func isTar(head []byte) bool {
	return len(head) >= tarBytes && bytes.Equal(head[257:262], []byte("ustar"))
}
