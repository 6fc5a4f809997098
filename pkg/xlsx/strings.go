package xlsx

import (
	"errors"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxShared bounds the shared strings of a workbook, in bytes. All of them are in memory.
const maxShared = 1 << 30

// sharedStrings are the texts that cells name by their positions, one behind the other.
type sharedStrings struct {
	text []byte
	ends []uint32
}

// at returns a text, which must not be changed.
func (s *sharedStrings) at(i int) ([]byte, bool) {
	if i < 0 || i >= len(s.ends) {
		return nil, false
	}
	from := uint32(0)
	if i > 0 {
		from = s.ends[i-1]
	}
	to := s.ends[i]
	return s.text[from:to:to], true
}

func (w *Workbook) readShared() (*sharedStrings, error) {
	s := &sharedStrings{}
	if w.shared == "" {
		return s, nil
	}
	f, err := open(w.parts, w.shared)
	if _, none := errors.AsType[*missingPart](err); none {
		return s, nil // a cell that names one will say so
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	x := newScanner(f)
	var item []byte
	for {
		t, err := x.next()
		if err == io.EOF {
			return s, nil
		}
		if err != nil {
			return nil, err
		}
		if t != startTag || string(x.name) != "si" || x.depth() != 2 {
			continue
		}
		if item, err = richText(x, item[:0], maxText); err != nil {
			return nil, err
		}
		s.text = append(s.text, unescape(item)...)
		if len(s.text) > maxShared {
			return nil, damaged("over %d bytes of shared strings", maxShared)
		}
		s.ends = append(s.ends, uint32(len(s.text)))
		if len(s.ends) > maxShared/4 {
			return nil, damaged("over %d shared strings", maxShared/4)
		}
	}
}

// richText appends the text of the element that was just opened: of its <t>, but not of those that only say how it is
// pronounced (rPh).
func richText(x *scanner, dst []byte, limit int) ([]byte, error) {
	base := x.depth()
	in, phonetic := 0, 0 // depths of the <t> and the <rPh> that are open
	for {
		t, err := x.next()
		if err == io.EOF {
			err = damaged("it ends early")
		}
		if err != nil {
			return nil, err
		}
		switch {
		case t == endTag:
			if x.depth() < base {
				return dst, nil
			}
			if x.depth() < in {
				in = 0
			}
			if x.depth() < phonetic {
				phonetic = 0
			}
		case t == startTag && phonetic == 0 && string(x.name) == "rPh":
			phonetic = x.depth()
		case t == startTag && in == 0 && string(x.name) == "t":
			in = x.depth()
		case t == charData && in > 0 && phonetic == 0:
			if dst = append(dst, x.text...); len(dst) > limit {
				return nil, damaged("a text of over %d bytes", limit)
			}
		}
	}
}

// escapes returns the UTF-16 units of the one escape, or the two that are a surrogate pair, that text begins with.
func escapes(text []byte) (units []uint16, rest []byte) {
	const length = len("_x0000_")
	for len(units) < 2 && len(text) >= length && text[0] == '_' && text[1] == 'x' && text[length-1] == '_' {
		u, err := strconv.ParseUint(string(text[2:length-1]), 16, 16)
		if err != nil {
			break
		}
		if len(units) == 1 && utf16.DecodeRune(rune(units[0]), rune(u)) == utf8.RuneError {
			break
		}
		units, text = append(units, uint16(u)), text[length:]
	}
	return units, text
}

func appendUnits(dst []byte, units []uint16) []byte {
	for _, c := range utf16.Decode(units) {
		dst = utf8.AppendRune(dst, c)
	}
	return dst
}
