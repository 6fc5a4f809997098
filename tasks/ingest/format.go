package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/clientele/clientele/pkg/delivery/columnar"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/delivery/source"
	"github.com/clientele/clientele/pkg/delivery/text"
	"github.com/clientele/clientele/pkg/delivery/xlsx"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/task"
)

// readContent reads what is in the delivery, whatever its format, into sink.
func (c Config) readContent(ctx context.Context, src *source.File, opts record.Options, d task.Deps, progress func(int64),
	sink func(*record.Block) error) (counts record.Counts, err error) {
	limit, err := parseBytes(c.MaxUnpacked)
	if err != nil {
		return counts, err
	}
	content, err := src.Content(ctx, source.UnpackOptions{Scratch: d.Scratch, MaxBytes: limit}, progress)
	if err != nil {
		return counts, formatFault(src.Name, err)
	}
	defer func() { _ = content.Close() }()
	if content.Ignored > 0 {
		d.Log.Info("passed over the other files of the zip", "files", content.Ignored)
	}
	if c.Sheet != "" && content.Kind != source.Workbook {
		return counts, formatFault(src.Name, &sheetError{wanted: c.Sheet, kind: content.Kind})
	}
	switch content.Kind {
	case source.Workbook:
		counts, err = c.readWorkbook(ctx, content.Parts, opts, sink)
	case source.Parquet, source.ArrowFile:
		counts, err = c.readColumns(ctx, content, opts, sink)
	default:
		start := &beginning{src: content.Text}
		counts, err = text.Read(ctx, start, opts, sink)
		err = start.explain(err)
	}
	return counts, formatFault(src.Name, err)
}

func (c Config) readWorkbook(ctx context.Context, parts *source.Archive, opts record.Options, sink func(*record.Block) error) (record.Counts, error) {
	book, err := xlsx.Open(parts)
	if err != nil {
		return record.Counts{}, err
	}
	if c.Sheet != "" && !book.Select(c.Sheet) {
		return record.Counts{}, &sheetError{wanted: c.Sheet, kind: source.Workbook, found: book.SheetNames()}
	}
	sheets := book.Tables()
	defer func() { _ = sheets.Close() }()
	return record.ReadTables(ctx, sheets, opts, sink)
}

func (c Config) readColumns(ctx context.Context, content *source.Content, opts record.Options, sink func(*record.Block) error) (record.Counts, error) {
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return record.Counts{}, err
	}
	open := columnar.OpenParquet
	if content.Kind == source.ArrowFile {
		open = columnar.OpenArrow
	}
	file, err := open(content.File, content.Size, columnar.Options{Columns: opts.Columns, Zone: zone})
	if err != nil {
		return record.Counts{}, err
	}
	defer func() { _ = file.Close() }()
	return record.ReadTables(ctx, record.OneTable(file.Table()), opts, sink)
}

// beginning keeps the first bytes of a text, to tell what is no delivery.
type beginning struct {
	src  io.Reader
	head []byte
}

// beginningBytes is how much is kept.
const beginningBytes = 256

// Read is io.Reader's.
func (b *beginning) Read(p []byte) (int, error) {
	n, err := b.src.Read(p)
	b.head = append(b.head, p[:min(n, beginningBytes-len(b.head))]...)
	return n, err
}

// explain puts what the text is before the error that its header led to.
func (b *beginning) explain(err error) error {
	var header *record.HeaderError
	if !errors.As(err, &header) {
		return err
	}
	head := strings.ToLower(strings.TrimSpace(strings.TrimPrefix(string(b.head), "\xef\xbb\xbf")))
	line, _, _ := strings.Cut(head, "\n")
	line = strings.Trim(strings.TrimSpace(line), `"`)
	switch {
	case strings.HasPrefix(head, "<!doctype html"), strings.HasPrefix(head, "<html"):
		return fmt.Errorf("it is an HTML page, perhaps one to sign in, not a delivery: %w", err)
	case strings.HasPrefix(line, "sep=") && len(line) <= len("sep=")+2:
		return fmt.Errorf("its first line is %q, a hint for Excel: remove it, and say --separator: %w", line, err)
	}
	return err
}

// sheetError says that a delivery has no sheet of the wanted name.
type sheetError struct {
	wanted string
	kind   source.Kind
	found  []string
}

func (e *sheetError) Error() string {
	if e.kind != source.Workbook {
		return fmt.Sprintf("no sheet %q (--sheet): it is %s, not a workbook", e.wanted, e.kind)
	}
	const most = 20
	shown := e.found[:min(most, len(e.found))]
	more := ""
	if len(e.found) > most {
		more = fmt.Sprintf(" and %d more", len(e.found)-most)
	}
	return fmt.Sprintf("no sheet %q (--sheet), found %q%s", e.wanted, shown, more)
}

// formatFault gives an error of a delivery's content its exit code.
func formatFault(name string, err error) error {
	bad := func(cause string, err error) error {
		return fault.Errorf(fault.ExitBadData, cause, name, "%s: %w", name, err)
	}
	var header *record.HeaderError
	var sheet *sheetError
	var types *columnar.TypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &header) && header.Table != "":
		return bad("columns", fmt.Errorf("%w (name columns of other names by --columns, one sheet by --sheet)", err))
	case errors.As(err, &header):
		return bad("columns", fmt.Errorf("%w (--columns names columns of other names, --separator the sign between them)", err))
	case errors.As(err, &types):
		return bad("columns", err)
	case errors.As(err, &sheet):
		return bad("sheet", err)
	case errors.Is(err, record.ErrEmpty):
		return bad("empty", err)
	case errors.Is(err, xlsx.ErrDamaged), errors.Is(err, columnar.ErrDamaged):
		return bad("damaged", err)
	case errors.Is(err, xlsx.ErrTooLarge):
		return bad("too_large", err)
	case errors.Is(err, source.ErrBomb): // no flag is about that
		return fault.Errorf(fault.ExitBadData, "too_large", name, "%w", err)
	case errors.Is(err, source.ErrTooLarge):
		return fault.Errorf(fault.ExitBadData, "too_large", name, "%w (--max-unpacked)", err)
	}
	return sourceFault(name, err)
}

// separators are the spellings of --separator that are not the character itself.
var separators = map[string]byte{"": ',', "comma": ',', "semicolon": ';', "tab": '\t', `\t`: '\t', "pipe": '|'}

// parseSeparator reads --separator.
func parseSeparator(s string) (byte, error) {
	if c, ok := separators[strings.ToLower(s)]; ok {
		return c, nil
	}
	if len(s) == 1 && strings.ContainsAny(s, ",;|\t:^~") {
		return s[0], nil
	}
	return 0, errors.New("want comma, semicolon, tab, pipe or one of , ; | : ^ ~")
}

// parseDecimal reads --decimal.
func parseDecimal(s string) (byte, error) {
	switch s {
	case "", ".", "point":
		return '.', nil
	case ",", "comma":
		return ',', nil
	}
	return 0, errors.New("want point or comma")
}

// parseBytes reads a number of bytes: "1048576", "64GiB". Empty is 0.
func parseBytes(s string) (int64, error) {
	digits, unit := s, int64(1)
	for suffix, bytes := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40} {
		if before, ok := strings.CutSuffix(s, suffix); ok {
			digits, unit = before, bytes
		}
	}
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n <= 0 || n > (1<<62)/unit {
		return 0, errors.New("want a number of bytes such as 1048576, 512MiB or 64GiB")
	}
	return n * unit, nil
}
