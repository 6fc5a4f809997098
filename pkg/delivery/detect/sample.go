package detect

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/clientele/clientele/pkg/delivery/columnar"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/delivery/source"
	"github.com/clientele/clientele/pkg/delivery/xlsx"
)

// Bounds of a sample.
const (
	firstBytes = 1 << 20   // of the first file's text
	laterBytes = 256 << 10 // of each further file's
	mostFiles  = 5         // the first, the last and some between
	tableRows  = 4096      // of a sheet or a file of columns
	mostTables = 16
)

// sample is what is looked at of a delivery.
type sample struct {
	kind    source.Kind // of the first file
	packing string
	heads   []head  // of files of text
	tables  []table // of other files at once, of text when its structure is known
	sheets  []string
	hidden  []string // sheets that are not shown
	more    bool     // there are files or tables that were not looked at
}

// head is the beginning of a file of text.
type head struct {
	text  []byte // without a byte order mark
	whole bool   // it is all of the file
	mark  string // the byte order mark, "" for none
}

// table is the beginning of a table of rows.
type table struct {
	name   string // of a sheet
	header []string
	rows   []record.Row
	titles int // rows above the header
	whole  bool
	dates  record.DateSystem
	at     map[record.Field][]int // where the fields are; nil if the header is not that of a delivery
}

// take samples a delivery.
func take(ctx context.Context, d *source.Delivery, o Options) (*sample, error) {
	s := &sample{more: len(d.Files) > mostFiles}
	for i, at := range spread(len(d.Files), mostFiles) {
		if err := s.file(ctx, d.Files[at], o, i == 0); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// spread returns at most most of n positions: the first, the last and some between.
func spread(n, most int) []int {
	var at []int
	for i := range min(n, most) {
		p := i
		if n > most {
			p = i * (n - 1) / (most - 1)
		}
		at = append(at, p)
	}
	return at
}

func (s *sample) file(ctx context.Context, f *source.File, o Options, first bool) (err error) {
	o.Unpack.Many = true // of an archive the first file is the sample
	content, err := f.Content(ctx, o.Unpack, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	if first {
		s.kind, s.packing = content.Kind, content.Packing
	}
	s.more = s.more || content.Member != ""
	if content.Kind == source.DelimitedText {
		size := laterBytes
		if first {
			size = firstBytes
		}
		text := bytes.NewBuffer(make([]byte, 0, size+bytes.MinRead)) // which it does not outgrow
		if _, err := text.ReadFrom(io.LimitReader(content.Text, int64(size))); err != nil {
			return ignoreContent(err)
		}
		h := head{text: text.Bytes(), whole: text.Len() < size}
		h.cutMark()
		s.heads = append(s.heads, h)
		return nil
	}
	o.hidden = func(sheets []string) { s.hidden = append(s.hidden, sheets...) }
	return ignoreContent(eachTable(content, o, func(t *record.Table) error { return s.table(ctx, t) }))
}

// ignoreContent leaves an error of a file's content to whoever reads all of it.
func ignoreContent(err error) error {
	if isContent(err) {
		return nil
	}
	return err
}

// eachTable visits the tables of content that is not text.
func eachTable(content *source.Content, o Options, visit func(*record.Table) error) error {
	if content.Kind == source.Workbook {
		book, err := xlsx.OpenOnce(content.Parts, &content.Book)
		if err != nil {
			return err
		}
		if o.SharedStrings > 0 {
			book.LimitShared(o.SharedStrings)
		}
		if o.Sheet != "" && !book.Select(o.Sheet) {
			return nil
		}
		if o.Sheet == "" {
			hidden := book.Visible()
			if o.hidden != nil {
				o.hidden(hidden)
			}
		}
		sheets := book.Tables()
		defer func() { _ = sheets.Close() }()
		for {
			t, err := sheets.NextTable()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			if err := visit(t); err != nil {
				return err
			}
		}
	}
	open := columnar.OpenArrow
	if content.Kind == source.Parquet {
		open = columnar.OpenParquet
	}
	var read record.Options
	if err := o.Stated.Over(o.Kept).Set(&read); err != nil {
		return err
	}
	file, err := open(content.File, content.Size, columnar.Options{Preset: read.Preset, Columns: read.Columns, Zone: o.Zone, Also: tells})
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	return visit(file.Table())
}

// table samples a table.
func (s *sample) table(ctx context.Context, t *record.Table) error {
	if t.Name != "" {
		s.sheets = append(s.sheets, t.Name)
	}
	if len(s.tables) == mostTables {
		s.more = true
		return nil
	}
	out := table{name: t.Name, header: t.Header, dates: t.Dates}
	var room slab
	for len(out.rows) < tableRows {
		var row record.Row
		err := t.Rows.ReadRow(&row)
		if err == io.EOF {
			out.whole = true
			break
		}
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if filled(row.Cells) == 0 {
			continue
		}
		if out.header == nil {
			out.header = headerOf(row.Cells)
			continue
		}
		out.rows = append(out.rows, room.keep(row))
	}
	s.tables = append(s.tables, out)
	return nil
}

func filled(cells []record.Cell) (n int) {
	for i := range cells {
		if cells[i].Kind != record.NoCell {
			n++
		}
	}
	return n
}

// slab is memory for rows that are kept, many in one piece.
type slab struct {
	cells []record.Cell
	text  []byte
}

// keep copies a row, whose memory its reader uses again.
func (s *slab) keep(row record.Row) record.Row {
	size := 0
	for _, c := range row.Cells {
		size += len(c.Text)
	}
	if n := len(row.Cells); cap(s.cells)-len(s.cells) < n {
		s.cells = make([]record.Cell, 0, max(1024, n))
	}
	if cap(s.text)-len(s.text) < size {
		s.text = make([]byte, 0, max(32<<10, size))
	}
	first := len(s.cells)
	for _, c := range row.Cells {
		from := len(s.text)
		s.text = append(s.text, c.Text...)
		s.cells = append(s.cells, record.Cell{Kind: c.Kind, Text: s.text[from:len(s.text):len(s.text)], Micros: c.Micros})
	}
	return record.Row{Line: row.Line, Cells: s.cells[first:len(s.cells):len(s.cells)]}
}

func headerOf(cells []record.Cell) []string {
	names := make([]string, len(cells))
	for i := range cells {
		names[i] = string(bytes.TrimSpace(cells[i].Text))
	}
	return names
}

// each visits the values of a field in the sampled rows.
func (s *sample) each(field record.Field, visit func(c record.Cell, t *table)) {
	for i := range s.tables {
		t := &s.tables[i]
		at := t.at[field]
		for _, row := range t.rows {
			if c := valueOf(row.Cells, at); c.Kind != record.NoCell {
				visit(c, t)
			}
		}
	}
}

// valueOf returns the value in a column, or what date and time of day in two columns make.
func valueOf(cells []record.Cell, at []int) record.Cell {
	if len(at) == 0 || at[0] >= len(cells) {
		return record.Cell{}
	}
	c := cells[at[0]]
	if len(at) == 2 && c.Kind == record.TextCell && at[1] < len(cells) && cells[at[1]].Kind == record.TextCell {
		c.Text = record.AppendClock(nil, c.Text, cells[at[1]].Text)
	}
	return c
}
