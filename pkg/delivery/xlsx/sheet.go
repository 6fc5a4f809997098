package xlsx

import (
	"bytes"
	"fmt"
	"io"
	"strconv"

	"github.com/clientele/clientele/pkg/delivery/record"
)

// Bounds of a row. Excel's own are 16,384 columns and 32,767 characters of a cell.
const (
	maxColumns = 16_384
	maxText    = 256 << 10 // bytes of a text
	maxRow     = 4 << 20   // bytes of all texts of a row
)

// sheet reads the rows of a sheet. It is a [record.RowReader].
type sheet struct {
	name   string
	xml    *scanner
	shared *sharedStrings

	inData  bool  // within sheetData
	line    int64 // number of the row, from 1
	row     *record.Row
	size    int       // bytes of the row's texts
	text    []byte    // texts of the row that are not shared
	value   []byte    // of the cell
	rounded []rounded // by column: what the number last rounded there became
}

// ReadRow is that of [record.RowReader]. Behind the last row it reads on to the end of the part, so that one which was cut
// does not pass for a shorter one.
func (s *sheet) ReadRow(row *record.Row) error {
	row.Cells, s.row, s.size, s.text = row.Cells[:0], row, 0, s.text[:0]
	for {
		t, err := s.xml.next()
		if err == io.EOF {
			return io.EOF
		}
		if err == nil && t == startTag {
			switch name := s.xml.name; {
			case s.xml.depth() == 2:
				s.inData = string(name) == "sheetData"
			case s.inData && s.xml.depth() == 3 && string(name) == "row":
				err = s.readRow()
				if err == nil {
					return nil
				}
			}
		}
		if err != nil {
			return fmt.Errorf("read sheet %q after row %d: %w", s.name, s.line, err)
		}
	}
}

// readRow reads the cells of the row that was just opened.
func (s *sheet) readRow() error {
	s.line++
	if v, ok := attr(s.xml.attrs, "r"); ok {
		n, err := strconv.ParseInt(string(v), 10, 64)
		if err != nil || n < 1 {
			return damaged("row number %.20q", v)
		}
		s.line = n
	}
	s.row.Line = s.line
	column := -1
	for {
		if s.xml.depth() == 3 {
			if reference, kind, value, ok := s.xml.plainCell(); ok {
				column++
				if err := s.plainCell(&column, reference, kind, value); err != nil {
					return err
				}
				continue
			}
		}
		t, err := s.xml.next()
		if err != nil {
			return unexpected(err)
		}
		switch {
		case t == endTag && s.xml.depth() == 2:
			return nil
		case t == startTag && s.xml.depth() == 4 && string(s.xml.name) == "c":
			column++
			if v, ok := attr(s.xml.attrs, "r"); ok {
				if column, err = columnOf(v); err != nil {
					return err
				}
			}
			if err := s.readCell(column); err != nil {
				return err
			}
		}
	}
}

func unexpected(err error) error {
	if err == io.EOF {
		return damaged("it ends early")
	}
	return err
}

// columnOf returns the column of a cell's reference, from 0.
func columnOf(reference []byte) (int, error) {
	column := 0
	for i, c := range reference {
		if c |= 0x20; c < 'a' || c > 'z' {
			if i == 0 || i > 3 {
				break
			}
			if column > maxColumns {
				return 0, damaged("cell %.20q is beyond column %d", reference, maxColumns)
			}
			return column - 1, nil
		}
		column = (column*26 + int(c-'a') + 1) % (1 << 30)
	}
	return 0, damaged("cell reference %.20q", reference)
}

// typeOf returns the type of a cell by its attribute.
func (s *sheet) typeOf(column int, kind []byte) (valueType, error) {
	if column >= maxColumns {
		return unknownType, damaged("over %d columns", maxColumns)
	}
	as := cellType(kind)
	if as == unknownType {
		return as, damaged("a cell of type %.20q", kind)
	}
	return as, nil
}

// plainCell sets the cell that the scanner took as a whole. Without a reference it is in the column.
func (s *sheet) plainCell(column *int, reference, kind, value []byte) (err error) {
	if reference != nil {
		if *column, err = columnOf(reference); err != nil {
			return err
		}
	}
	as, err := s.typeOf(*column, kind)
	if err != nil || value == nil {
		return err
	}
	return s.put(*column, as, value)
}

// readCell reads the cell that was just opened.
func (s *sheet) readCell(column int) error {
	kind, _ := attr(s.xml.attrs, "t")
	s.value = s.value[:0]
	as, err := s.typeOf(column, kind)
	if err != nil {
		return err
	}
	found := false
	for in := false; ; {
		t, err := s.xml.next()
		if err != nil {
			return unexpected(err)
		}
		switch {
		case t == endTag && s.xml.depth() == 3:
			if !found {
				return nil
			}
			return s.put(column, as, s.value)
		case t == endTag && s.xml.depth() == 4:
			in = false
		case t == startTag && s.xml.depth() == 5 && string(s.xml.name) == "v":
			in, found = true, true
		case t == startTag && s.xml.depth() == 5 && string(s.xml.name) == "is":
			found = true
			if s.value, err = richText(s.xml, s.value, maxText); err != nil {
				return err
			}
		case t == charData && in:
			if s.value = append(s.value, s.xml.text...); len(s.value) > maxText {
				return damaged("a text of over %d bytes", maxText)
			}
		}
	}
}

// valueType says what a cell's value is (ECMA-376 part 1, 18.18.11, ST_CellType).
type valueType uint8

const (
	numberType valueType = iota
	sharedType
	textType
	boolType
	errorType
	dateType
	unknownType
)

func cellType(attribute []byte) valueType {
	switch string(attribute) {
	case "", "n":
		return numberType
	case "s":
		return sharedType
	case "str", "inlineStr":
		return textType
	case "b":
		return boolType
	case "e":
		return errorType
	case "d":
		return dateType
	}
	return unknownType
}

// The truth values as spreadsheets show them.
var trueText, falseText = []byte("TRUE"), []byte("FALSE")

// put sets the cell of a column to the value that was read.
func (s *sheet) put(column int, as valueType, v []byte) error {
	var c record.Cell
	switch as {
	case sharedType:
		i, err := strconv.Atoi(string(bytes.TrimSpace(v)))
		text, ok := s.shared.at(i)
		if err != nil || !ok {
			return damaged("there is no shared string %.20q", v)
		}
		c = record.Cell{Kind: record.TextCell, Text: text}
	case textType:
		c = record.Cell{Kind: record.TextCell, Text: s.keep(unescape(v))}
	case boolType:
		c = record.Cell{Kind: record.OddCell, Text: trueText}
		if b := string(bytes.TrimSpace(v)); b == "0" || b == "false" {
			c.Text = falseText
		}
	case errorType:
		c = record.Cell{Kind: record.OddCell, Text: s.keep(v)}
	case dateType:
		c = record.Cell{Kind: record.OddCell, Text: s.keep(v)}
		if micros, ok := isoTime(c.Text); ok {
			c.Kind, c.Micros = record.TimeCell, micros
		}
	default:
		c = s.number(column, bytes.TrimSpace(v))
	}
	if len(c.Text) == 0 {
		return nil
	}
	if s.size += len(c.Text); s.size > maxRow {
		return damaged("a row of over %d bytes", maxRow)
	}
	for len(s.row.Cells) <= column {
		s.row.Cells = append(s.row.Cells, record.Cell{})
	}
	if s.row.Cells[column].Kind != record.NoCell {
		return damaged("two cells in column %d of row %d", column+1, s.line)
	}
	s.row.Cells[column] = c
	return nil
}

// keep copies a text to where it lasts as long as the row.
func (s *sheet) keep(text []byte) []byte {
	from := len(s.text)
	s.text = append(s.text, text...)
	return s.text[from:len(s.text):len(s.text)]
}

// number makes a cell of a number's text; one that is none is odd. Times and prices come many times in a row, and rounding them
// takes long.
func (s *sheet) number(column int, v []byte) record.Cell {
	if plain(v) {
		return record.Cell{Kind: record.NumberCell, Text: s.keep(v)}
	}
	for len(s.rounded) <= column {
		s.rounded = append(s.rounded, rounded{})
	}
	last := &s.rounded[column]
	if len(v) == 0 || string(last.from) != string(v) {
		text, ok := appendNumber(last.text[:0], v)
		if !ok {
			return record.Cell{Kind: record.OddCell, Text: s.keep(v)}
		}
		last.from, last.text = append(last.from[:0], v...), text
	}
	return record.Cell{Kind: record.NumberCell, Text: s.keep(last.text)}
}

// rounded is a number as written, and as it is read.
type rounded struct{ from, text []byte }

// digits is how many digits spreadsheets compute with: 2.55 can be in a file as 2.5499999999999998.
const digits = 15

// appendNumber appends a number, rounded to [digits], in decimal.
func appendNumber(dst, v []byte) ([]byte, bool) {
	if plain(v) {
		return append(dst, v...), true
	}
	for _, c := range v {
		if (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return dst, false
		}
	}
	var buf [32]byte
	f, err := strconv.ParseFloat(string(v), 64)
	if err == nil {
		f, err = strconv.ParseFloat(string(strconv.AppendFloat(buf[:0], f, 'e', digits-1, 64)), 64)
	}
	if err != nil {
		return dst, false
	}
	if f == 0 {
		f = 0 // not minus zero
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64), true
}

// plain reports whether a number is written as appendNumber would write it; most are.
func plain(v []byte) bool {
	if len(v) > 0 && v[0] == '-' {
		v = v[1:]
		if len(v) == 1 && v[0] == '0' {
			return false
		}
	}
	point := bytes.IndexByte(v, '.')
	if len(v) == 0 || len(v) > digits || v[0] == '0' && len(v) > 1 && point != 1 || point == 0 ||
		point > 0 && (v[len(v)-1] == '0' || point == len(v)-1) {
		return false
	}
	for i, c := range v {
		if (c < '0' || c > '9') && i != point {
			return false
		}
	}
	return true
}
