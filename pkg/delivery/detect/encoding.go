package detect

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/clientele/clientele/pkg/delivery/reading"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/delivery/source"
)

// marks are the byte order marks.
var marks = []struct{ mark, name string }{
	{"\xef\xbb\xbf", "utf-8"}, {"\xff\xfe\x00\x00", "UTF-32"}, {"\xff\xfe", "UTF-16"}, {"\xfe\xff", "UTF-16"},
}

func (h *head) cutMark() {
	for _, m := range marks {
		if rest, ok := bytes.CutPrefix(h.text, []byte(m.mark)); ok {
			h.text, h.mark = rest, m.name
			return
		}
	}
}

// cp1252 is the encoding of most text that is not UTF-8.
var cp1252 = record.Windows1252.String()

// bytesOf counts what tells encodings apart.
type bytesOf struct {
	nul     int // bytes of 0, which no text of one byte a character has
	wide    int // characters of several bytes in UTF-8
	bad     int // bytes that are not UTF-8
	special int // of those, from 0x80 to 0x9f: signs in cp1252, controls in ISO-8859-1
	unused  int // of those, the five that cp1252 does not have
	example []byte
}

func (b *bytesOf) count(text []byte, whole bool) {
	b.nul += bytes.Count(text, []byte{0})
	for i := 0; i < len(text); {
		if text[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(text[i:])
		switch {
		case r != utf8.RuneError || n > 1:
			b.wide++
		case !whole && len(text)-i < utf8.UTFMax && !utf8.FullRune(text[i:]): // cut by the sample's end
			return
		default:
			b.bad++
			c := text[i]
			if c < 0xa0 {
				b.special++
			}
			if bytes.IndexByte([]byte("\x81\x8d\x8f\x90\x9d"), c) >= 0 {
				b.unused++
			}
			if b.example == nil {
				b.example = around(text, i)
			}
		}
		i += n
	}
}

// around returns the text beside a position, within its line.
func around(text []byte, at int) []byte {
	from, to := max(0, at-12), min(len(text), at+8)
	if nl := bytes.LastIndexByte(text[from:at], '\n'); nl >= 0 {
		from += nl + 1
	}
	if nl := bytes.IndexByte(text[at:to], '\n'); nl >= 0 {
		to = at + nl
	}
	return bytes.TrimSpace(text[from:to])
}

// encoding settles how text is encoded. A text of ASCII alone needs no decision: a later delivery may show it.
func (l *look) encoding() error {
	if l.sample.kind != source.DelimitedText || len(l.sample.heads) == 0 {
		return nil
	}
	var n bytesOf
	for i := range l.sample.heads {
		h := &l.sample.heads[i]
		if h.mark != "" && h.mark != "utf-8" {
			return ErrEncoding.Errorf("encoding", l.delivery.Name, "%s is %s: save it as UTF-8", l.delivery.Name, h.mark)
		}
		if h.mark != "" {
			n.wide++
		}
		n.count(h.text, h.whole)
	}
	if n.nul > 0 && n.nul*10 > len(l.sample.heads[0].text) {
		return ErrEncoding.Errorf("encoding", l.delivery.Name, "%s seems to be UTF-16, every other byte is 0: save it as UTF-8", l.delivery.Name)
	}
	d := Decision{Part: "encoding", Value: n.name(), Why: n.why()}
	if n.bad > 0 {
		d.Examples = []string{fmt.Sprintf("%q", n.example)}
	}
	for _, other := range []string{"utf-8", cp1252, "iso-8859-1"} {
		if other != d.Value && n.bad+n.wide > 0 {
			d.Alternatives = append(d.Alternatives, Alternative{other, n.made(other)})
		}
	}
	l.decide(d, func(r *reading.Reading, v string) { r.Encoding = v }, func(r reading.Reading) string { return r.Encoding }, n.fits(l.o.Kept.Encoding))
	return nil
}

// name returns the encoding. Text that is UTF-8 but for a few bytes is UTF-8 with damage, and so is what has bytes that none of
// the others has signs for.
func (b *bytesOf) name() string {
	switch {
	case b.bad == 0 && b.wide == 0:
		return ""
	case b.bad == 0, b.wide > b.bad, b.unused > 0:
		return "utf-8"
	}
	return cp1252 // it has every sign of ISO-8859-1 in the same place
}

func (b *bytesOf) why() string {
	switch {
	case b.bad == 0 && b.wide == 0:
		return "every byte is ASCII"
	case b.bad == 0:
		return "every byte is valid UTF-8"
	case b.name() == "utf-8":
		return fmt.Sprintf("it is UTF-8, with %d bytes that are damaged", b.bad)
	case b.special > 0:
		return fmt.Sprintf("%d bytes are not UTF-8, and %d of them are signs that only cp1252 has", b.bad, b.special)
	}
	return fmt.Sprintf("%d bytes are not UTF-8; cp1252 and iso-8859-1 have the same signs for them", b.bad)
}

func (b *bytesOf) made(other string) string {
	switch {
	case other == "utf-8":
		return fmt.Sprintf("%d bytes would be damage", b.bad)
	case b.wide > 0:
		return fmt.Sprintf("%d characters would be two or more signs each", b.wide)
	case other == "iso-8859-1":
		return fmt.Sprintf("%d signs would be control characters", b.special)
	}
	return "the same signs"
}

// fits reports whether a kept encoding can be that of the sample. Every text can be in one of one byte a character; text that is
// plainly UTF-8 is not.
func (b *bytesOf) fits(kept string) bool {
	if kept == "utf-8" {
		return b.name() == "" || b.name() == "utf-8"
	}
	return b.name() != "utf-8"
}
