package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/scratch"
)

// Delivery is one or more open files that are read as one. Close it.
type Delivery struct {
	Name   string // of its file, or of the first and how many there are
	Size   int64  // bytes of all files
	SHA256 string // of its one file; of several the hash of their hashes in hex, each with a line end, in their order; see [Delivery.Hash]
	Files  []*File
	Absent []string // files that are not there, see [Options.AllowMissing]
	asked  []*File  // those too, in their places
}

// Open opens the files of a delivery in the order of their locations, those of a pattern in byte order, and hashes them.
// Remote files are fetched into scratch files. If the options know all of it and nothing has changed, nothing is
// fetched: see [Delivery.Known].
//
// It returns [ErrNotThere], [ErrPermission], [ErrNotFile], [ErrTooBig], [ErrTwice], [ErrUnavailable], [ErrRefused],
// [ErrRedirect], [ErrTLS], [ErrDamaged], [ErrChanged], ctx's error or that of the scratch folder.
func Open(ctx context.Context, where []Location, opts Options) (*Delivery, error) {
	opts.setDefaults()
	if len(where) > fewObjects || len(where) > 0 && slices.ContainsFunc(where, Location.Pattern) {
		opts.Memory = manyMemory
	}
	o := newOpener(opts)
	defer o.close()
	files, err := o.files(ctx, where)
	if err != nil {
		return nil, err
	}
	if len(files) != len(opts.Known) {
		o.opts.Known = nil
	}
	o.opts.HashLater = opts.HashLater && len(files) == 1
	d := &Delivery{}
	err = o.all(ctx, d, files)
	if err == nil && o.opts.Known != nil && !d.same(o.opts.Known) {
		// Some of it has changed: then all of it is wanted.
		o.opts.Known = nil
		err = o.all(ctx, d, files)
	}
	if err == nil {
		d.Files[0].lone = len(d.Files) == 1
		err = d.sum()
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// opener opens the files of one delivery.
type opener struct {
	opts    Options
	client  *client
	buckets map[string]*objstore.Store
}

// Of many objects each is kept on scratch, but for the smallest: together they are larger than memory.
const (
	fewObjects = 8
	manyMemory = 64 << 10
)

// all opens every file that is not open.
func (o *opener) all(ctx context.Context, d *Delivery, files []Location) error {
	left := o.opts.MaxBytes
	missing := &MissingError{Of: len(files)}
	d.Files, d.Absent = nil, nil
	for i, l := range files {
		if i == len(d.asked) {
			d.asked = append(d.asked, &File{Name: l.String()})
		}
		f := d.asked[i]
		if f.content == nil {
			err := o.one(ctx, f, l, i, left)
			if err != nil {
				if err := missing.missed(fmt.Errorf("open source %s: %w", l, err), l); err != nil {
					return err
				}
				*f = File{Name: f.Name}
				continue
			}
		}
		d.Files = append(d.Files, f)
		left -= f.Size
	}
	if len(missing.Files) > 0 && (!o.opts.AllowMissing || len(d.Files) == 0) {
		return missing
	}
	d.Absent = missing.Files
	return nil
}

func (o *opener) one(ctx context.Context, f *File, l Location, i int, limit int64) error {
	var known *Known
	if o.opts.Known != nil {
		known = &o.opts.Known[i]
	}
	switch l.scheme {
	case "file":
		if err := f.openPath(l.path, limit); err != nil || o.opts.HashLater {
			return err
		}
		return classify(f.hash(ctx))
	case "bq":
		return f.openTable(ctx, l, known, limit, o.opts)
	case "gs":
		return f.openObject(ctx, l, known, limit, o)
	}
	if l.Cleartext() && !o.opts.AllowHTTP {
		return fmt.Errorf("%w: http:// to another machine was not allowed", ErrRefused)
	}
	return f.openURL(ctx, l, known, limit, o)
}

// openURL fetches what a URL names.
func (f *File) openURL(ctx context.Context, l Location, known *Known, limit int64, o *opener) error {
	file, err := scratch.File(o.opts.Scratch)
	if err != nil {
		return err
	}
	get := &fetch{client: o.client, url: l.url, known: known, limit: limit, file: file, progress: o.opts.Progress}
	if err := get.run(ctx); err != nil || !get.modified {
		if err == nil {
			f.SHA256, f.Size, f.Validator = known.SHA256, known.Size, known.Validator
		}
		return errors.Join(err, file.Close())
	}
	f.content, f.close = file, file.Close
	f.SHA256, f.Size, f.Validator = get.hash(), get.have, get.validator
	if err := file.Truncate(f.Size); err != nil { // an earlier, longer try
		return fmt.Errorf("write scratch file: %w", err)
	}
	return nil
}

// same reports whether every file is what was known.
func (d *Delivery) same(known []Known) bool {
	for i, f := range d.asked {
		if f.SHA256 != known[i].SHA256 {
			return false
		}
	}
	return true
}

// Seen is what each file is known by from now on, in the order of [Options.Known]; nil where a server could not be asked again. A file
// that is not there is a zero Known.
func (d *Delivery) Seen() []Known {
	all := make([]Known, len(d.asked))
	for i, f := range d.asked {
		if f.SHA256 != "" && f.Remote() && f.Validator == (Validator{}) {
			return nil
		}
		all[i] = Known{Validator: f.Validator, Size: f.Size, SHA256: f.SHA256}
	}
	return all
}

// sum names the delivery by its files.
func (d *Delivery) sum() error {
	sum := sha256.New()
	at := map[string]int{}
	for i, f := range d.Files {
		if first, twice := at[f.SHA256]; twice {
			return fmt.Errorf("open source %s: %w: it has the same content as %s", f.Name, ErrTwice, d.Files[first].Name)
		}
		at[f.SHA256] = i
		d.Size += f.Size
		_, _ = io.WriteString(sum, f.SHA256+"\n")
	}
	d.Name, d.SHA256 = d.Files[0].Name, d.Files[0].SHA256
	if n := len(d.Files); n > 1 {
		d.Name = fmt.Sprintf("%s and %d more", d.Name, n-1)
		d.SHA256 = hex.EncodeToString(sum.Sum(nil))
	}
	return nil
}

// Hash hashes what [Options.HashLater] has left: out of what was read of the content if that was all of the file. Content
// that is read out of order was hashed before.
func (d *Delivery) Hash(ctx context.Context) error {
	if d.SHA256 != "" {
		return nil
	}
	f := d.Files[0] // it is the only one
	if f.SHA256 == "" && f.read != nil && f.read.n == f.Size {
		f.SHA256 = hex.EncodeToString(f.read.hash.Sum(nil))
	}
	if f.SHA256 == "" {
		if err := classify(f.hash(ctx)); err != nil {
			return fmt.Errorf("read source %s: %w", f.Name, err)
		}
	}
	d.SHA256 = f.SHA256
	return nil
}

// Known reports whether the delivery is what the options knew, and was not fetched, at least in part: then its files have
// sizes and hashes, but some have no content. Open it again without [Options.Known] to get that.
func (d *Delivery) Known() bool {
	for _, f := range d.Files {
		if f.content == nil {
			return true
		}
	}
	return false
}

// Hashes returns the hash of each file.
func (d *Delivery) Hashes() []string {
	var all []string
	for _, f := range d.Files {
		all = append(all, f.SHA256)
	}
	return all
}

// Close closes every file. A second one does nothing.
func (d *Delivery) Close() error {
	var errs []error
	for _, f := range d.asked {
		errs = append(errs, f.Release())
		if f.close != nil {
			errs = append(errs, f.close())
		}
		f.close = nil
	}
	return errors.Join(errs...)
}
