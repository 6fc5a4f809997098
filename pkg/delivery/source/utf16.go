package source

import (
	"bytes"
	"encoding/binary"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// The byte order marks of texts.
var (
	markLittle = []byte("\xff\xfe")
	markBig    = []byte("\xfe\xff")
)

// inUTF8 returns a text that begins with the byte order mark of UTF-16 in UTF-8, with the mark of that, and any other as it is.
func inUTF8(text io.Reader, head []byte) io.Reader {
	switch {
	case bytes.HasPrefix(head, markLittle):
		return &utf16Reader{src: text, order: binary.LittleEndian}
	case bytes.HasPrefix(head, markBig):
		return &utf16Reader{src: text, order: binary.BigEndian}
	}
	return text
}

// utf16Reader makes UTF-8 of UTF-16. What is no character, half of a pair or half of a unit, becomes the byte 0xFF, which is none
// in UTF-8 either: whoever checks the text finds it where it was.
type utf16Reader struct {
	src   io.Reader
	order binary.ByteOrder

	in   [32 << 10]byte
	kept int    // bytes at the beginning of in that are not decoded yet
	high uint16 // the first half of a pair, 0 for none
	out  []byte // decoded
	buf  []byte
	err  error
}

// Read is io.Reader's.
func (r *utf16Reader) Read(p []byte) (int, error) {
	for len(r.out) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		n, err := r.src.Read(r.in[r.kept:])
		r.decode(r.in[:r.kept+n], err == io.EOF)
		r.err = err
	}
	n := copy(p, r.out)
	r.out = r.out[n:]
	return n, nil
}

func (r *utf16Reader) decode(in []byte, last bool) {
	out := r.buf[:0]
	for ; len(in) >= 2; in = in[2:] {
		unit := r.order.Uint16(in)
		pair := utf16.DecodeRune(rune(r.high), rune(unit))
		switch isHigh, isLow := unit&0xfc00 == 0xd800, unit&0xfc00 == 0xdc00; {
		case r.high != 0 && pair != utf8.RuneError:
			out = utf8.AppendRune(out, pair)
			r.high = 0
			continue
		case r.high != 0:
			out = append(out, 0xff)
			r.high = 0
			fallthrough
		default:
			switch {
			case isHigh:
				r.high = unit
			case isLow:
				out = append(out, 0xff)
			default:
				out = utf8.AppendRune(out, rune(unit))
			}
		}
	}
	r.kept = copy(r.in[:], in)
	if last && (r.kept > 0 || r.high != 0) {
		out = append(out, 0xff)
		r.kept, r.high = 0, 0
	}
	r.buf, r.out = out, out
}
