package source

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	"github.com/klauspost/compress/zstd"

	"github.com/clientele/clientele/pkg/scratch"
)

// Kind says what a delivery's content is, detected from its first bytes and never from a name.
type Kind uint8

// The kinds of content.
const (
	DelimitedText Kind = iota
	Workbook           // xlsx
	Parquet
	ArrowFile
)

var kindNames = []string{"delimited text", "workbook", "parquet", "arrow"}

// String returns the kind's name.
func (k Kind) String() string { return kindNames[k] }

// UnpackOptions bound what comes out of a packing.
type UnpackOptions struct {
	Scratch  string // folder for what must be read out of order; "" is the system's
	MaxBytes int64  // unpacked, over all layers and parts; 0 means 64 GiB
	// Many takes archives of several files, zip and tar, which [Content.Next] goes through; else several are an [ErrFormat].
	Many bool
}

// What comes out of packings may be this much, and above that so many times the delivery's size: text and the parts of a
// workbook pack to a tenth or so, a bomb to a thousandth.
const (
	freeBytes = 64 << 20
	maxRatio  = 200

	defaultMaxBytes = 64 << 30
	maxLayers       = 2         // a csv.gz in a zip has two
	maxWindow       = 128 << 20 // of zstd, what --ultra and --long=27 need
)

// Content is what is in a delivery once it is unpacked. Close it.
type Content struct {
	Kind    Kind
	Packing string // layers from the outside, such as "zip, gzip"; "" for none
	Ignored int    // files of an archive that were passed over
	Member  string // name in its archive, of one of several

	Text  io.Reader   // of DelimitedText; a cut or damaged packing is an [ErrDamaged] of the reader
	File  io.ReaderAt // of Parquet and ArrowFile
	Size  int64       // of File
	Parts *Archive    // of Workbook
	Book  any         // what package xlsx keeps of a Workbook from one reading to the next

	closers  []func() error
	next     func() (bool, error) // of an archive of several files, else nil
	hold     func()               // instead of closing; nil for most
	budget   *budget
	unpacked int64 // of the budget, before anything is read
}

// Close frees what the content holds, but not the delivery.
func (c *Content) Close() error {
	if c.hold != nil {
		c.hold()
		return nil
	}
	var errs []error
	for i := len(c.closers) - 1; i >= 0; i-- {
		errs = append(errs, c.closers[i]())
	}
	c.closers = nil
	return errors.Join(errs...)
}

// Unpack looks at the first size bytes of src and gets at the content. name is for messages. inOrder, if not nil, comes
// between src and what reads all of it from front to back, which is everything but workbooks, zips, parquet and Arrow.
//
// It returns [ErrFormat], [ErrDamaged], [ErrTooLarge] or [ErrBomb], ctx's error or that of src, and the content's readers do.
func Unpack(ctx context.Context, name string, src io.ReaderAt, size int64, inOrder func(io.Reader) io.Reader, opts UnpackOptions) (*Content, error) {
	if opts.MaxBytes <= 0 {
		opts.MaxBytes = defaultMaxBytes
	}
	from := &watched{ReaderAt: src}
	u := &unpacker{
		ctx: ctx, name: name, folder: opts.Scratch, from: from, c: &Content{}, many: opts.Many,
		budget: &budget{packed: size, most: opts.MaxBytes},
	}
	head := make([]byte, min(magicBytes, size))
	if _, err := from.ReadAt(head, 0); err != nil && err != io.EOF {
		return nil, fmt.Errorf("read source %s: %w", name, err)
	}
	var err error
	if what := packing(head); outOfOrder(what) {
		err = u.file(what, from, size)
	} else {
		var r io.Reader = io.NewSectionReader(from, 0, size)
		if inOrder != nil {
			r = inOrder(r)
		}
		err = u.stream(r, 0)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read source %s: %w", name, u.explain(err)), u.c.Close())
	}
	u.c.budget, u.c.unpacked = u.budget, u.budget.used
	return u.c, nil
}

// unpacker goes through the layers of a delivery.
type unpacker struct {
	ctx    context.Context // of the call of Unpack
	name   string
	folder string
	from   *watched
	budget *budget
	layers []string
	many   bool // files of an archive may be several
	c      *Content
}

// stream gets at the content that begins with the first byte of r.
func (u *unpacker) stream(r io.Reader, depth int) error {
	buf := bufio.NewReaderSize(r, 256<<10)
	head, err := buf.Peek(magicBytes)
	if err != nil && err != io.EOF {
		return err
	}
	what := packing(head)
	switch what {
	case "":
		if u.many && u.c.next == nil {
			if head, _ := buf.Peek(tarBytes); isTar(head) {
				if err := u.layer(packedTar, depth); err != nil {
					return err
				}
				return u.tarMembers(buf)
			}
		}
		u.c.Kind, u.c.Text, u.c.Packing = DelimitedText, inUTF8(&textReader{u, buf}, head), strings.Join(u.layers, ", ")
		return nil
	case packedGzip, packedZstd:
		if err := u.layer(what, depth); err != nil {
			return err
		}
		inner, err := u.decompress(what, buf)
		if err != nil {
			return err
		}
		return u.stream(u.budget.of(inner), depth+1)
	}
	if outOfOrder(what) {
		file, size, err := u.spool(buf)
		if err != nil {
			return err
		}
		return u.file(what, file, size)
	}
	return fmt.Errorf("%w: it is %s", ErrFormat, what)
}

// layer notes a packing, unless there are too many within each other.
func (u *unpacker) layer(what string, depth int) error {
	if u.layers = append(u.layers, what); depth >= maxLayers {
		return fmt.Errorf("%w: it is compressed more than twice (%s)", ErrFormat, strings.Join(u.layers, ", "))
	}
	return nil
}

func (u *unpacker) decompress(what string, r *bufio.Reader) (io.Reader, error) {
	if what == packedGzip {
		z, err := newGzipReader(r)
		if err != nil {
			return nil, &packError{what, err}
		}
		return &packReader{what, z}, nil
	}
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, &packError{what, err}
	}
	u.c.closers = append(u.c.closers, func() error { z.Close(); return nil })
	return &packReader{what, z}, nil
}

// file gets at content that is read out of order.
func (u *unpacker) file(what string, src io.ReaderAt, size int64) error {
	switch what {
	case packedParquet:
		u.c.Kind = Parquet
	case packedArrow:
		u.c.Kind = ArrowFile
	default:
		return u.zip(src, size)
	}
	u.c.File, u.c.Size, u.c.Packing = src, size, strings.Join(u.layers, ", ")
	return nil
}

// zip gets at a workbook, or at the one file of an archive.
func (u *unpacker) zip(src io.ReaderAt, size int64) error {
	a, err := newArchive(src, size, u.budget)
	if err != nil {
		return err
	}
	if isBook, err := a.workbook(); err != nil {
		return err
	} else if isBook {
		u.c.Kind, u.c.Parts, u.c.Packing = Workbook, a, strings.Join(u.layers, ", ")
		a.explain = u.explain
		return nil
	}
	depth := len(u.layers)
	if err := u.layer(packedZip, depth); err != nil {
		return err
	}
	if many := a.data(); u.many && u.c.next == nil && len(many) > 1 {
		u.c.Ignored += len(a.files) - len(many)
		return u.zipMembers(a, many)
	}
	f, ignored, err := a.only()
	if err != nil {
		return err
	}
	u.c.Ignored += ignored
	r, err := a.open(f)
	if err != nil {
		return err
	}
	u.c.closers = append(u.c.closers, r.Close)
	return u.stream(r, depth+1)
}

// spool copies what comes to a scratch file.
func (u *unpacker) spool(r io.Reader) (io.ReaderAt, int64, error) {
	f, err := scratch.File(u.folder)
	if err != nil {
		return nil, 0, err
	}
	u.c.closers = append(u.c.closers, f.Close)
	n, err := io.CopyBuffer(onlyWriter{f}, ctxReader{u.ctx, r}, make([]byte, 1<<20))
	return f, n, err
}

// onlyWriter hides an os.File's ReadFrom, so that CopyBuffer uses its buffer.
type onlyWriter struct{ io.Writer }

type ctxReader struct {
	ctx context.Context // of the call of Unpack
	src io.Reader
}

func (r ctxReader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.src.Read(p)
}

// explain returns the source's own error in place of what it led to, and calls damage so what a packing's reader calls it.
func (u *unpacker) explain(err error) error {
	var pack *packError
	switch failed := u.from.failed.Load(); {
	case err == nil || err == io.EOF:
		return err
	case failed != nil:
		return *failed
	case errors.Is(err, ErrTooLarge), errors.Is(err, ErrFormat), errors.Is(err, ErrDamaged):
		return err
	case errors.As(err, &pack):
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}

// textReader names the source in the errors of its text.
type textReader struct {
	u   *unpacker
	src io.Reader
}

func (t *textReader) Read(p []byte) (int, error) {
	n, err := t.src.Read(p)
	if err == nil || err == io.EOF {
		return n, err
	}
	return n, fmt.Errorf("source %s: %w", t.u.name, t.u.explain(err))
}

// packReader marks the errors of a packing's reader.
type packReader struct {
	what string
	src  io.Reader
}

func (r *packReader) Read(p []byte) (int, error) {
	n, err := r.src.Read(p)
	var deeper *packError
	if err == nil || err == io.EOF || errors.As(err, &deeper) || errors.Is(err, ErrTooLarge) {
		return n, err
	}
	return n, &packError{r.what, err}
}

// packError is what the reader of a packing found.
type packError struct {
	what string
	err  error
}

func (e *packError) Error() string {
	if errors.Is(e.err, io.ErrUnexpectedEOF) || errors.Is(e.err, io.EOF) {
		return e.what + " ends too early"
	}
	if errors.Is(e.err, zstd.ErrWindowSizeExceeded) {
		return fmt.Sprintf("%s needs a window of over %d MiB: pack it without --long", e.what, maxWindow>>20)
	}
	return e.what + ": " + strings.TrimPrefix(e.err.Error(), e.what+": ")
}

func (e *packError) Unwrap() error { return e.err }

// watched remembers why the source failed, so that a failing disk is not taken for a damaged delivery.
type watched struct {
	io.ReaderAt
	failed atomic.Pointer[error]
}

func (w *watched) ReadAt(p []byte, at int64) (int, error) {
	if at < 0 { // what a damaged directory asks for is no mistake of the source
		return 0, io.ErrUnexpectedEOF
	}
	n, err := w.ReaderAt.ReadAt(p, at)
	if err != nil && !errors.Is(err, io.EOF) {
		w.failed.CompareAndSwap(nil, &err)
	}
	return n, err
}
