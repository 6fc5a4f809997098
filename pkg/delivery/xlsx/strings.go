package xlsx

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxShared bounds the memory that the shared strings of a workbook take, all of them, in bytes: texts and positions.
const maxShared = 384 << 20

// Texts and positions are in blocks, which are never copied: a slice that grows is there twice, and larger than it need be.
const (
	textBlock     = 1 << 20 // bytes; at least [maxText]
	positionBlock = 1 << 16 // positions
)

// sharedStrings are the texts that cells name by their positions, one after the other. A text is in one block.
type sharedStrings struct {
	texts  [][]byte   // blocks, each but the last filled as far as whole texts go
	starts [][]uint32 // blocks of where each text begins: number of its block × textBlock + place in it
	n      int
	memory int // bytes of all blocks
	limit  int // of memory
	whole  bool
}

// at returns a text, which must not be changed.
func (s *sharedStrings) at(i int) ([]byte, bool) {
	if i < 0 || i >= s.n {
		return nil, false
	}
	from := s.start(i)
	block := s.texts[from/textBlock]
	to := uint32(len(block))
	if i+1 < s.n {
		if next := s.start(i + 1); next/textBlock == from/textBlock {
			to = next % textBlock
		}
	}
	return block[from%textBlock : to : to], true
}

func (s *sharedStrings) start(i int) uint32 { return s.starts[i/positionBlock][i%positionBlock] }

// add appends a text.
func (s *sharedStrings) add(text []byte) error {
	if len(s.texts) == 0 || len(s.last())+len(text) > textBlock || len(s.last()) == textBlock {
		if err := s.take(textBlock); err != nil {
			return err
		}
		s.texts = append(s.texts, make([]byte, 0, textBlock))
	}
	if s.n%positionBlock == 0 {
		if err := s.take(4 * positionBlock); err != nil {
			return err
		}
		s.starts = append(s.starts, make([]uint32, 0, positionBlock))
	}
	block, positions := len(s.texts)-1, len(s.starts)-1
	s.starts[positions] = append(s.starts[positions], uint32(block*textBlock+len(s.texts[block])))
	s.texts[block] = append(s.texts[block], text...)
	s.n++
	return nil
}

func (s *sharedStrings) last() []byte { return s.texts[len(s.texts)-1] }

// take grants the memory of a block.
func (s *sharedStrings) take(bytes int) error {
	if s.memory += bytes; s.memory > s.limit {
		return fmt.Errorf("%w: its shared strings take over %d MiB of memory", ErrTooLarge, s.limit>>20)
	}
	return nil
}

// readShared reads the shared strings, unless they have been read.
func (w *Workbook) readShared() error {
	s := w.texts
	if s.whole {
		return nil
	}
	*s = sharedStrings{limit: w.maxShared}
	if w.shared == "" {
		return nil
	}
	f, err := open(w.parts, w.shared)
	if _, none := errors.AsType[*missingPart](err); none {
		return nil // a cell that names one will say so
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	x := newScanner(f)
	var item []byte
	for {
		t, err := x.next()
		if err == io.EOF {
			s.whole = true
			return nil
		}
		if err != nil {
			return err
		}
		if t != startTag || string(x.name) != "si" || x.depth() != 2 {
			continue
		}
		if item, err = richText(x, item[:0], maxText); err != nil {
			return err
		}
		if err := s.add(unescape(item)); err != nil {
			return err
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
