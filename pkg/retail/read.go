package retail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// Encoding is how a source writes text.
type Encoding uint8

// The encodings.
const (
	UTF8   Encoding = iota // with or without a byte order mark
	Latin1                 // ISO-8859-1: every byte is a character
)

var encodingNames = []string{"utf-8", "iso-8859-1"}

// String returns the encoding's name.
func (e Encoding) String() string { return encodingNames[e] }

// ParseEncoding reads "utf-8" or "iso-8859-1", in any case and with the usual other names (utf8, latin1).
func ParseEncoding(s string) (Encoding, error) {
	switch strings.ToLower(strings.ReplaceAll(s, "_", "-")) {
	case "utf-8", "utf8":
		return UTF8, nil
	case "iso-8859-1", "iso8859-1", "latin1", "latin-1":
		return Latin1, nil
	}
	return 0, fmt.Errorf("unknown encoding %q, known are %s", s, strings.Join(encodingNames, ", "))
}

// Dialect is how a source writes delimited text. The zero value is comma, point and UTF-8.
type Dialect struct {
	Separator byte // between fields; 0 means a comma
	Decimal   byte // the decimal separator; 0 means a point
	Encoding  Encoding
}

// ReadOptions say how a delivery is read. The zero value reads the usual copy of Online Retail.
type ReadOptions struct {
	Dialect     Dialect
	Layout      Layout      // of times; the zero value means [DefaultLayout]
	Columns     ColumnNames // for columns without a known spelling
	CustomerKey []byte      // customers become the HMAC-SHA256 of their id under this key, in hex; nil leaves them
	Workers     int         // 0 means GOMAXPROCS; the outcome does not depend on it
	Chunk       int         // bytes read at a time; 0 means 1 MiB; the outcome does not depend on it
	MaxRecord   int         // bytes of a record, see [RecordTooLong]; 0 means 256 KiB
}

func (o *ReadOptions) setDefaults() error {
	if o.Dialect.Separator == 0 {
		o.Dialect.Separator = ','
	}
	if o.Dialect.Decimal == 0 {
		o.Dialect.Decimal = '.'
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Chunk <= 0 {
		o.Chunk = 1 << 20
	}
	if o.MaxRecord <= 0 {
		o.MaxRecord = 256 << 10
	}
	if o.Layout.text == "" {
		layout, err := ParseLayout(DefaultLayout)
		o.Layout = layout
		return err
	}
	return nil
}

// ReadCounts are the outcome of a delivery: Records = Accepted + Rejected.
type ReadCounts struct {
	Records, Accepted, Rejected int64
	First, Last                 int64 // time stamps of accepted rows, µs; of no meaning where Accepted is 0
	Broken                      [NumBreaches]int64
	Examples                    [NumBreaches]Example
}

// ErrEmpty says that a source has not even a header.
var ErrEmpty = errors.New("the source is empty")

// ErrUnbalanced says that the reader lost a record: a mistake in this package.
var ErrUnbalanced = errors.New("records read are not records accepted and rejected")

// ReadCSV reads delimited text with a header and hands every record on in one place, accepted or rejected, to sink, which
// gets blocks in the order of the source, one at a time. An empty line is no record. Memory does not grow with the source:
// (Workers + 2) × (Chunk + what its rows take).
//
// It returns a *[HeaderError] if a field has no column or two, [ErrEmpty], ctx's error, or what src or sink returned.
//
//	counts, err := retail.ReadCSV(ctx, file, retail.ReadOptions{}, func(b *retail.Block) error {
//		for _, run := range b.Runs { … }
//		return nil
//	})
func ReadCSV(ctx context.Context, src io.Reader, opts ReadOptions, sink func(*Block) error) (ReadCounts, error) {
	if err := opts.setDefaults(); err != nil {
		return ReadCounts{}, err
	}
	s := &splitter{src: src, sep: opts.Dialect.Separator, chunk: opts.Chunk, limit: opts.MaxRecord}
	header, lines, err := readHeader(s, opts.Dialect.Encoding)
	if err != nil {
		return ReadCounts{}, err
	}
	c, err := locate(header, opts.Columns)
	if err != nil {
		return ReadCounts{}, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := csvReader{jobs: opts.Workers + 2, split: s, cancel: cancel, lines: lines, sink: sink}
	for range opts.Workers {
		r.parsers = append(r.parsers, newCSVParser(&opts, c, header))
	}
	return r.run(ctx)
}

// readHeader takes the first record that is not empty off the source, and returns its fields and how many lines it and the
// empty lines before it had.
func readHeader(s *splitter, encoding Encoding) (header []string, lines int64, err error) {
	var buf []byte
	for {
		if buf, err = s.fill(buf); err != nil {
			return nil, 0, fmt.Errorf("read header: %w", err)
		}
		if len(buf) == 0 {
			return nil, 0, ErrEmpty
		}
		text := buf
		if encoding == UTF8 {
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
			return nil, 0, ErrEmpty
		}
		for i, name := range header { // an old Macintosh's: the whole source would be one line
			if first, _, found := strings.Cut(strings.ReplaceAll(name, "\r\n", "\n"), "\r"); found {
				return nil, 0, newHeaderError(append(slices.Clone(header[:i]), first), "its lines end in CR alone: write them with LF or CRLF")
			}
		}
		if !whole || n > s.limit {
			return nil, 0, newHeaderError(header, fmt.Sprintf("it has not ended after %d bytes", min(n, s.limit)))
		}
		end := start + n
		s.rest = append(s.rest, text[min(end+1, len(text)):]...)
		return header, int64(bytes.Count(text[:end], []byte{'\n'})) + 1, nil
	}
}

// headerFields returns the fields of the record that text begins with, and its length. whole is false if its end is not
// in text; eof says that a header may end without a line end.
func headerFields(text []byte, sep byte, encoding Encoding, eof bool) (header []string, n int, whole bool) {
	for from := 0; ; {
		f := nextField(text, from, sep, nil)
		name := f.text
		if encoding == Latin1 {
			p := csvParser{}
			p.fields[0] = name
			p.fromLatin1(0)
			name = p.fields[0]
		}
		header = append(header, strings.TrimSpace(string(name)))
		if f.end == len(text) {
			return header, f.end, eof && f.breach&UnterminatedQuote == 0
		}
		if text[f.end] == '\n' {
			return header, f.end, true
		}
		from = f.end + 1
	}
}

// csvReader runs one goroutine that cuts the source into chunks of whole records and some that parse them; the caller's
// goroutine gets the blocks in order.
type csvReader struct {
	split   *splitter
	parsers []*csvParser
	jobs    int // chunks in flight
	sink    func(*Block) error
	cancel  context.CancelCauseFunc

	records, lines int64 // before the next block
	counts         ReadCounts
}

// csvJob is a chunk on its way. Its memory is used again.
type csvJob struct {
	buf   []byte
	segs  []segment
	block Block
	done  chan struct{}
}

func (r *csvReader) run(ctx context.Context) (ReadCounts, error) {
	free, work, order := make(chan *csvJob, r.jobs), make(chan *csvJob, r.jobs), make(chan *csvJob, r.jobs)
	for range r.jobs {
		free <- &csvJob{done: make(chan struct{}, 1)}
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
			if err := r.collect(&j.block); err != nil {
				r.cancel(err)
			}
		}
		free <- j
	}
	wait.Wait()
	return r.counts, context.Cause(ctx)
}

// cut sends every chunk of the source to the workers and, in order, to the collector.
func (r *csvReader) cut(ctx context.Context, free <-chan *csvJob, work, order chan<- *csvJob) error {
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

// collect hands a block on and counts it.
func (r *csvReader) collect(b *Block) error {
	b.finish(r.records, r.lines)
	c := &r.counts
	if b.Accepted > 0 {
		if c.Accepted == 0 || b.First < c.First {
			c.First = b.First
		}
		if c.Accepted == 0 || b.Last > c.Last {
			c.Last = b.Last
		}
	}
	c.Records += b.Records
	c.Accepted += b.Accepted
	c.Rejected += int64(len(b.Rejects))
	for i, n := range b.Broken {
		c.Broken[i] += n
		if c.Examples[i].Record == 0 {
			c.Examples[i] = b.Examples[i]
		}
	}
	r.records += b.Records
	r.lines += b.lines
	if c.Records != c.Accepted+c.Rejected {
		return fmt.Errorf("%w: %d, %d and %d", ErrUnbalanced, c.Records, c.Accepted, c.Rejected)
	}
	return r.sink(b)
}
