// Package text reads delimited text: records end with their lines, fields are separated by one character and may be quoted.
//
//	counts, err := text.Read(ctx, file, record.Options{}, func(b *record.Block) error {
//		for _, run := range b.Runs { … }
//		return nil
//	})
package text

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/clientele/clientele/pkg/delivery/record"
)

// Read reads delimited text with a header and hands every record on in one place, accepted or rejected, to sink, which
// gets blocks in the order of the source, one at a time. An empty line is no record. Memory does not grow with the source:
// (Workers + 2) × (Chunk + what its rows take).
//
// It returns a *[record.HeaderError] if a field has no column or two, [record.ErrEmpty], ctx's error, or what src or sink returned.
func Read(ctx context.Context, src io.Reader, opts record.Options, sink func(*record.Block) error) (record.Counts, error) {
	if err := opts.SetDefaults(); err != nil {
		return record.Counts{}, err
	}
	start := &beginning{src: src}
	s := &splitter{src: start, sep: opts.Dialect.Separator, chunk: opts.Chunk, limit: opts.MaxRecord}
	header, lines, err := readHeader(s, opts.Dialect.Encoding)
	if err != nil {
		return record.Counts{}, start.explain(err)
	}
	if _, ok := Hint(start.head); ok { // is no row: what follows is
		next, more, err := readHeader(s, opts.Dialect.Encoding)
		if err != nil {
			return record.Counts{}, start.explain(err)
		}
		header, lines = next, lines+more
	}
	s.src = src // the beginning is passed
	c, err := record.FindColumns(header, opts.Preset, opts.Columns)
	for titles := 1; err != nil && titles <= record.MaxTitles; titles++ { // of a report stand above its header
		next, more, nextErr := readHeader(s, opts.Dialect.Encoding)
		if nextErr != nil {
			break
		}
		lines += more
		if found, foundErr := record.FindColumns(next, opts.Preset, opts.Columns); foundErr == nil {
			c, err = found, nil
		}
	}
	if err != nil {
		return record.Counts{}, start.explain(err)
	}
	s.width = c.Width
	if c.Carries() {
		opts.Workers = 1 // one parser gets all chunks in their order
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := reader{jobs: opts.Workers + 2, split: s, cancel: cancel, out: record.NewCollector(sink, lines)}
	for range opts.Workers {
		r.parsers = append(r.parsers, newParser(&opts, c))
	}
	return r.run(ctx)
}

// readHeader takes the first record that is not empty off the source, and returns its fields and how many lines it and the
// empty lines before it had.
func readHeader(s *splitter, encoding record.Encoding) (header []string, lines int64, err error) {
	buf := append([]byte(nil), s.rest...)
	s.rest = s.rest[:0]
	for {
		if buf, err = s.fill(buf); err != nil {
			return nil, 0, fmt.Errorf("read header: %w", err)
		}
		if len(buf) == 0 {
			return nil, 0, record.ErrEmpty
		}
		text := buf
		if encoding == record.UTF8 {
			text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
		}
		start := 0
		for start < len(text) && (text[start] == '\n' || text[start] == '\r') {
			start++
		}
		header, n, whole := headerFields(text[start:], s.sep, encoding, s.eof)
		if !whole && !s.eof && len(buf) <= s.limit {
			continue
		}
		if start == len(text) {
			return nil, 0, record.ErrEmpty
		}
		for i, name := range header { // an old Macintosh's: the whole source would be one line
			if first, _, found := strings.Cut(strings.ReplaceAll(name, "\r\n", "\n"), "\r"); found {
				return nil, 0, record.NewHeaderError(append(slices.Clone(header[:i]), first), "its lines end in CR alone: write them with LF or CRLF")
			}
		}
		if !whole || n > s.limit {
			return nil, 0, record.NewHeaderError(header, fmt.Sprintf("it has not ended after %d bytes", min(n, s.limit)))
		}
		end := start + n
		s.rest = append(s.rest, text[min(end+1, len(text)):]...)
		return header, int64(bytes.Count(text[:end], []byte{'\n'})) + 1, nil
	}
}

// headerFields returns the fields of the record that text begins with, and its length. whole is false if its end is not
// in text; eof says that a header may end without a line end.
func headerFields(text []byte, sep byte, encoding record.Encoding, eof bool) (header []string, n int, whole bool) {
	for from := 0; ; {
		f := nextField(text, from, sep, nil)
		name := f.text
		name = encoding.Append(nil, name)
		header = append(header, strings.TrimSpace(string(name)))
		if f.end == len(text) {
			return header, f.end, eof && f.breach&record.UnterminatedQuote == 0
		}
		if text[f.end] == '\n' {
			return header, f.end, true
		}
		from = f.end + 1
	}
}

// reader runs one goroutine that cuts the source into chunks of whole records and some that parse them; the caller's
// goroutine gets the blocks in order.
type reader struct {
	split   *splitter
	parsers []*parser
	jobs    int // chunks in flight
	out     *record.Collector
	cancel  context.CancelCauseFunc
}

// job is a chunk on its way. Its memory is used again.
type job struct {
	buf   []byte
	segs  []segment
	block record.Block
	done  chan struct{}
}

func (r *reader) run(ctx context.Context) (record.Counts, error) {
	free, work, order := make(chan *job, r.jobs), make(chan *job, r.jobs), make(chan *job, r.jobs)
	for range r.jobs {
		free <- &job{done: make(chan struct{}, 1)}
	}
	var wait sync.WaitGroup
	wait.Go(func() {
		defer close(order)
		defer close(work)
		if err := r.cut(ctx, free, work, order); err != nil {
			r.cancel(err)
		}
	})
	for _, p := range r.parsers {
		wait.Go(func() {
			for j := range work {
				p.parse(&j.block, j.segs)
				j.done <- struct{}{}
			}
		})
	}
	for j := range order {
		<-j.done
		if ctx.Err() == nil {
			if err := r.out.Collect(&j.block); err != nil {
				r.cancel(err)
			}
		}
		free <- j
	}
	wait.Wait()
	return r.out.Counts, context.Cause(ctx)
}

// cut sends every chunk of the source to the workers and, in order, to the collector.
func (r *reader) cut(ctx context.Context, free <-chan *job, work, order chan<- *job) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case j := <-free:
			var err error
			j.buf, j.segs, err = r.split.next(j.buf, j.segs[:0])
			if err != nil {
				return fmt.Errorf("read source: %w", err)
			}
			if len(j.segs) == 0 {
				return nil
			}
			work <- j
			order <- j
		}
	}
}
