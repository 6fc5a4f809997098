// Package delivery reads deliveries of transaction lines, whatever their format: one entry over the packages beside it.
//
//	files, err := source.Open(ctx, where, source.Options{})
//	outcome, err := delivery.Read(ctx, files, delivery.Options{}, func(b *record.Block) error {
//		for _, run := range b.Runs { … }
//		return nil
//	})
//
// Package source gets the bytes and detects their format, text, xlsx and columnar each read one, and record holds what all of
// them share. Errors are of classes of pkg/fault: those of package source, and [record.ErrContent] with the narrower ones of
// each format. A further format is an entry in formats.
package delivery

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/delivery/source"
	"github.com/clientele/clientele/pkg/fault"
)

// Options say how a delivery is read. The zero value means the defaults.
type Options struct {
	record.Options
	Sheet  string               // the only sheet of a workbook that is read; "" means all
	Zone   *time.Location       // of the shop, for times that have a zone; nil means that of the record's options
	Unpack source.UnpackOptions // bounds of what is unpacked
	// SharedStrings bounds the memory for the shared strings of a workbook, in bytes; 0 means 384 MiB.
	SharedStrings int
	Progress      func(n int64) // receives the number of bytes as they are read; may be nil
}

// Outcome is what came of a delivery.
type Outcome struct {
	record.Counts
	Ignored int // files of zips that were ignored
}

// Sink takes the blocks of a delivery in their order, one at a time. It may use a block until it returns.
type Sink func(*record.Block) error

// Read reads every record of every file of a delivery, in their order, into sink; of an archive of several files those count as files.
// Records are numbered over all files.
//
// Besides the errors of its packages it returns ctx's and what sink returned. If a file changed while it was read, that is the
// error, whatever else was found in it: see [source.File.Unchanged]. Where files have another header, all such files are named.
func Read(ctx context.Context, d *source.Delivery, opts Options, sink Sink) (Outcome, error) {
	if opts.Zone == nil {
		opts.Zone = opts.Options.Zone
	}
	opts.Options.Zone = opts.Zone
	opts.Unpack.Many = true
	r := &reader{opts: opts, sink: sink, several: len(d.Files) > 1}
	for _, file := range d.Files {
		err := r.file(ctx, file)
		if ctx.Err() != nil {
			return r.all, context.Cause(ctx)
		}
		if changed := file.Unchanged(ctx); changed != nil {
			err = changed
		}
		if err != nil {
			return r.all, fault.About(file.Name, err)
		}
	}
	return r.all, r.otherLayouts()
}

// reader reads the files of a delivery.
type reader struct {
	opts    Options
	sink    Sink
	several bool
	files   int // read so far
	all     Outcome
	others  []string // files of another header
	first   error    // what was found of the first of them
}

// file reads a file, or those of an archive. One of another header among several is noted: then nothing counts any more, and the rest
// is read to name all of them.
func (r *reader) file(ctx context.Context, file *source.File) (err error) {
	content, err := file.Content(ctx, r.opts.Unpack, r.opts.Progress)
	if err != nil {
		return err
	}
	defer func() { _ = errors.Join(content.Close(), file.Release()) }() // it was read to its end
	for more := true; more; {
		name := file.Name
		if content.Member != "" {
			name += "/" + content.Member
			r.several = true
		}
		if err := r.one(ctx, content, name); err != nil {
			return err
		}
		if more, err = content.Next(); err != nil {
			return err
		}
	}
	r.all.Ignored += content.Ignored
	return nil
}

func (r *reader) one(ctx context.Context, content *source.Content, name string) error {
	n, before := r.files, r.all.Records
	r.files++
	counts, err := readContent(ctx, content, r.opts, func(b *record.Block) error {
		if r.first != nil {
			return nil
		}
		b.InFile(n, name, before)
		return r.sink(b)
	})
	if errors.Is(err, record.ErrContent) {
		err = fmt.Errorf("%s: %w", name, err)
	}
	if _, other := errors.AsType[*record.HeaderError](err); other && r.several {
		if r.others = append(r.others, name); r.first == nil {
			r.first = fault.About(name, err)
		}
		return nil
	}
	if err != nil {
		return err
	}
	if r.several {
		counts.Name(name)
	}
	r.all.Add(counts)
	return nil
}

// otherLayouts is the error of the files with another header.
func (r *reader) otherLayouts() error {
	if len(r.others) < 2 {
		return r.first
	}
	const most = 20
	rest := r.others[1:]
	more := ""
	if n := len(rest) - most; n > 0 {
		rest, more = rest[:most], fmt.Sprintf(" and %d more", n)
	}
	return fmt.Errorf("%w; these cannot be read so either: %s%s (%d of %d files)", r.first, strings.Join(rest, ", "), more, len(r.others), r.files)
}

func readContent(ctx context.Context, content *source.Content, opts Options, sink Sink) (record.Counts, error) {
	if opts.Sheet != "" && content.Kind != source.Workbook {
		return record.Counts{}, &SheetError{Wanted: opts.Sheet, Kind: content.Kind}
	}
	return formats[content.Kind](ctx, content, opts, sink)
}
