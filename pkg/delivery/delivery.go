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

// Read reads every record of every file of a delivery, in their order, into sink. Records are numbered over all files.
//
// Besides the errors of its packages it returns ctx's and what sink returned. If a file changed while it was read, that is the
// error, whatever else was found in it: see [source.File.Unchanged].
func Read(ctx context.Context, d *source.Delivery, opts Options, sink Sink) (all Outcome, err error) {
	if opts.Zone == nil {
		opts.Zone = opts.Options.Zone
	}
	opts.Options.Zone = opts.Zone
	for i, file := range d.Files {
		before := all.Records
		one, err := readFile(ctx, file, opts, func(b *record.Block) error {
			b.InFile(i, before)
			return sink(b)
		})
		if ctx.Err() != nil {
			return all, context.Cause(ctx)
		}
		if changed := file.Unchanged(ctx); changed != nil {
			err = changed
		}
		if err != nil {
			return all, fault.About(file.Name, err)
		}
		if len(d.Files) > 1 {
			one.Name(file.Name)
		}
		all.Add(one.Counts)
		all.Ignored += one.Ignored
	}
	return all, nil
}

func readFile(ctx context.Context, file *source.File, opts Options, sink Sink) (out Outcome, err error) {
	content, err := file.Content(ctx, opts.Unpack, opts.Progress)
	if err != nil {
		return out, err
	}
	defer func() { _ = content.Close() }()
	out.Ignored = content.Ignored
	if opts.Sheet != "" && content.Kind != source.Workbook {
		err = &SheetError{Wanted: opts.Sheet, Kind: content.Kind}
	} else {
		out.Counts, err = formats[content.Kind](ctx, content, opts, sink)
	}
	if errors.Is(err, record.ErrContent) {
		err = fmt.Errorf("%s: %w", file.Name, err)
	}
	return out, err
}
