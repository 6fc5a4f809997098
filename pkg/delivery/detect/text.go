package detect

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/clientele/clientele/pkg/delivery/record"
)

// textRows reads records of delimited text as rows. It is for looking: a record that is damaged comes out in some way, and
// what is stored is read by package text.
type textRows struct {
	in   *bufio.Reader
	sep  byte
	line int64
	buf  []byte
	text []byte
}

const maxRecord = 256 << 10

func newTextRows(r io.Reader, sep byte) *textRows {
	return &textRows{in: bufio.NewReaderSize(r, 256<<10), sep: sep}
}

// ReadRow is that of [record.RowReader]. Empty lines are no rows.
func (t *textRows) ReadRow(row *record.Row) error {
	for {
		rec, err := t.record()
		if err != nil {
			return err
		}
		if len(bytes.TrimSpace(rec)) > 0 {
			row.Line, row.Cells = t.line, t.split(rec, row.Cells[:0])
			return nil
		}
	}
}

// record returns the next record without its line end.
func (t *textRows) record() ([]byte, error) {
	t.buf = t.buf[:0]
	seen, quoted := 0, false
	for {
		line, err := t.in.ReadSlice('\n')
		t.buf = append(t.buf, line...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull) && len(t.buf) < maxRecord:
			continue
		case err == io.EOF && len(t.buf) == 0:
			return nil, io.EOF
		case err != nil && err != io.EOF && !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
		t.line++
		quoted = open(t.buf, seen, quoted, t.sep)
		seen = len(t.buf)
		if err == nil && quoted && len(t.buf) < maxRecord {
			continue
		}
		return bytes.TrimRight(t.buf, "\r\n"), nil
	}
}

// open reports whether a record ends within quotes, when it was seen up to a position that was within quotes or not.
func open(rec []byte, seen int, quoted bool, sep byte) bool {
	for i := seen; ; i++ {
		next := bytes.IndexByte(rec[i:], '"')
		if next < 0 {
			return quoted
		}
		i += next
		switch {
		case quoted:
			quoted = false
		case i == 0 || rec[i-1] == sep || rec[i-1] == '"':
			quoted = true
		}
	}
}

// split cuts a record into cells. An empty field is no cell.
func (t *textRows) split(rec []byte, cells []record.Cell) []record.Cell {
	t.text = t.text[:0]
	for {
		var field []byte
		if len(rec) > 0 && rec[0] == '"' {
			field, rec = t.quoted(rec[1:])
		} else {
			end := bytes.IndexByte(rec, t.sep)
			if end < 0 {
				end = len(rec)
			}
			field, rec = rec[:end], rec[end:]
		}
		kind := record.TextCell
		if len(field) == 0 {
			kind = record.NoCell
		}
		cells = append(cells, record.Cell{Kind: kind, Text: field})
		if len(rec) == 0 {
			return cells
		}
		rec = rec[1:]
	}
}

// quoted returns the quoted field that rec begins in, and what begins with the separator behind it.
func (t *textRows) quoted(rec []byte) (field, rest []byte) {
	from := len(t.text)
	for {
		end := bytes.IndexByte(rec, '"')
		if end < 0 {
			t.text = append(t.text, rec...)
			return t.text[from:], nil
		}
		t.text = append(t.text, rec[:end]...)
		if rec = rec[end+1:]; len(rec) == 0 || rec[0] != '"' {
			break
		}
		t.text = append(t.text, '"')
		rec = rec[1:]
	}
	end := bytes.IndexByte(rec, t.sep)
	if end < 0 {
		end = len(rec)
	}
	return t.text[from:], rec[end:]
}
