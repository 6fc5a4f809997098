package delivery

import (
	"context"
	"fmt"
	"io"

	"github.com/clientele/clientele/pkg/delivery/columnar"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/delivery/source"
	"github.com/clientele/clientele/pkg/delivery/text"
	"github.com/clientele/clientele/pkg/delivery/xlsx"
)

// formats read one kind of content each.
var formats = map[source.Kind]func(context.Context, *source.Content, Options, Sink) (record.Counts, error){
	source.DelimitedText: readText,
	source.Workbook:      readWorkbook,
	source.Parquet:       readColumns(columnar.OpenParquet),
	source.ArrowFile:     readColumns(columnar.OpenArrow),
}

func readText(ctx context.Context, content *source.Content, opts Options, sink Sink) (record.Counts, error) {
	return text.Read(ctx, content.Text, opts.Options, sink)
}

func readWorkbook(ctx context.Context, content *source.Content, opts Options, sink Sink) (record.Counts, error) {
	book, err := xlsx.OpenOnce(content.Parts, &content.Book)
	if err != nil {
		return record.Counts{}, err
	}
	if opts.SharedStrings > 0 {
		book.LimitShared(opts.SharedStrings)
	}
	if opts.Sheet != "" && !book.Select(opts.Sheet) {
		return record.Counts{}, &SheetError{Wanted: opts.Sheet, Kind: source.Workbook, Found: book.SheetNames()}
	}
	if opts.Sheet == "" {
		book.Visible()
	}
	sheets := book.Tables()
	defer func() { _ = sheets.Close() }()
	return record.ReadTables(ctx, sheets, opts.Options, sink)
}

func readColumns(open func(io.ReaderAt, int64, columnar.Options) (*columnar.File, error)) func(context.Context, *source.Content, Options, Sink) (record.Counts, error) {
	return func(ctx context.Context, content *source.Content, opts Options, sink Sink) (record.Counts, error) {
		file, err := open(content.File, content.Size, columnar.Options{Preset: opts.Preset, Columns: opts.Columns, Zone: opts.Zone})
		if err != nil {
			return record.Counts{}, err
		}
		defer func() { _ = file.Close() }()
		return record.ReadTables(ctx, record.OneTable(file.Table()), opts.Options, sink)
	}
}

// ErrSheet says that a delivery has no sheet of the wanted name: see [SheetError].
var ErrSheet = record.ErrContent.New("sheet", "there is no such sheet")

// SheetError names the sheet that was wanted and those that there are.
type SheetError struct {
	Wanted string
	Kind   source.Kind
	Found  []string // nil where the file is not a workbook
}

func (e *SheetError) Error() string {
	if e.Kind != source.Workbook {
		return fmt.Sprintf("no sheet %q: it is %s, not a workbook", e.Wanted, e.Kind)
	}
	const most = 20
	shown := e.Found[:min(most, len(e.Found))]
	more := ""
	if len(e.Found) > most {
		more = fmt.Sprintf(" and %d more", len(e.Found)-most)
	}
	return fmt.Sprintf("no sheet %q, found %q%s", e.Wanted, shown, more)
}

// Unwrap returns [ErrSheet].
func (e *SheetError) Unwrap() error { return ErrSheet }
