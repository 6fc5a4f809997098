package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/clientele/clientele/pkg/scratch"
)

// TableReader writes what a name, project.dataset.table, has to a file, and returns what its version is known by, "" for nothing. It
// writes nothing and returns false where that is the known one. Package warehouse has one; this package knows no BigQuery.
type TableReader func(ctx context.Context, name, known string, into *os.File) (version string, read bool, err error)

// Table returns the name of a table, project.dataset.table or project; ok is false for other locations.
func (l Location) Table() (name string, ok bool) { return l.table, l.scheme == "bq" }

// openTable reads a table into a scratch file, unless its version is the known one.
func (f *File) openTable(ctx context.Context, l Location, known *Known, limit int64, opts Options) (err error) {
	if opts.Table == nil {
		return fmt.Errorf("%w: a table is no file", ErrRefused)
	}
	file, err := scratch.File(opts.Scratch)
	if err != nil {
		return err
	}
	before := ""
	if known != nil {
		before = known.Table
	}
	version, read, err := opts.Table(ctx, l.table, before, file)
	if err == nil && !read {
		f.SHA256, f.Size, f.Validator = known.SHA256, known.Size, known.Validator
	}
	if err != nil || !read {
		return errors.Join(err, file.Close())
	}
	f.content, f.close, f.Validator = file, file.Close, Validator{Table: version}
	if f.Size, err = file.Seek(0, io.SeekEnd); err != nil {
		return fmt.Errorf("write scratch file: %w", err)
	}
	if f.Size > limit {
		return fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooBig, f.Size, limit)
	}
	if opts.Progress != nil {
		opts.Progress(f.Size)
	}
	f.SHA256, err = hashOf(ctx, file, f.Size)
	return err
}
