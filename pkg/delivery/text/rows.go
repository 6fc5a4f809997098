package text

import (
	"bytes"
	"errors"
	"io"

	"github.com/clientele/clientele/pkg/delivery/record"
)

// Rows reads the records of a text as rows of cells, for looking at a delivery: they are cut as [Read] cuts them, and what breaks a
// rule of a record comes out all the same. A record over the bound is left out. An empty field is no cell.
type Rows struct {
	split *splitter
	above int // rows that may still be titles or the header
	buf   []byte
	segs  []segment // those left of buf
	line  int64     // of the source, before what is left
	text  []byte    // unquoted texts of the row
}

// rowsChunk is how much is read at a time: looking often ends soon.
const rowsChunk = 64 << 10

// NewRows reads a text whose fields are separated by sep.
func NewRows(src io.Reader, sep byte) *Rows {
	var o record.Options
	o.Dialect.Separator = sep
	if err := o.SetDefaults(); err != nil {
		return &Rows{split: &splitter{src: src, eof: true}}
	}
	return &Rows{split: &splitter{src: src, sep: sep, chunk: rowsChunk, limit: o.MaxRecord}, above: record.MaxTitles + 1}
}

// ReadRow is that of [record.RowReader].
func (r *Rows) ReadRow(row *record.Row) error {
	if r.above > 0 {
		return r.header(row)
	}
	for {
		for len(r.segs) > 0 {
			if r.next(&r.segs[0], row) {
				return nil
			}
			r.segs = r.segs[1:]
		}
		var err error
		if r.buf, r.segs, err = r.split.next(r.buf, nil); err != nil {
			return err
		}
		if len(r.segs) == 0 {
			return io.EOF
		}
	}
}

// header makes row a row of the beginning. The first that is wide enough says how many fields a record has.
func (r *Rows) header(row *record.Row) error {
	names, lines, err := readHeader(r.split, record.UTF8)
	if errors.Is(err, record.ErrContent) {
		return io.EOF // whoever reads the delivery says what is wrong
	}
	if err != nil {
		return err
	}
	r.above--
	if len(names) >= minWidth {
		r.above, r.split.width = 0, len(names)
	}
	r.line += lines
	row.Line, row.Cells = r.line, row.Cells[:0]
	for _, name := range names {
		row.Cells = append(row.Cells, cellOf([]byte(name)))
	}
	return nil
}

func cellOf(text []byte) record.Cell {
	if len(text) == 0 {
		return record.Cell{}
	}
	return record.Cell{Kind: record.TextCell, Text: text}
}

// next makes row the next record of a segment and takes it off. It returns false where there is none.
func (r *Rows) next(seg *segment, row *record.Row) bool {
	for len(seg.data) > 0 && seg.long == nil {
		data := seg.data
		end := bytes.IndexByte(data, '\n')
		if end < 0 {
			end = len(data)
		}
		r.line++
		if len(bytes.TrimSpace(data[:end])) == 0 {
			seg.data = data[min(end+1, len(data)):]
			continue
		}
		row.Line, row.Cells = r.line, row.Cells[:0]
		if seg.lines {
			data = data[:end]
		}
		end = r.fields(data, row)
		r.line += int64(bytes.Count(data[:end], []byte{'\n'}))
		seg.data = seg.data[min(end+1, len(seg.data)):]
		return true
	}
	return false
}

// fields cuts the record at the start of data into cells and returns its length without the line end.
func (r *Rows) fields(data []byte, row *record.Row) int {
	r.text = r.text[:0]
	for from := 0; ; {
		f := nextField(data, from, r.split.sep, r.text)
		r.text = f.scratch
		row.Cells = append(row.Cells, cellOf(f.text))
		if f.end == len(data) || data[f.end] == '\n' {
			return f.end
		}
		from = f.end + 1
	}
}
