package xlsx

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

func localName(name []byte) []byte { return name[bytes.IndexByte(name, ':')+1:] }

// attr returns the value of an attribute, by its name without prefix.
func (s *scanner) attr(name string) (value []byte, ok bool, err error) {
	raw, ok := attr(s.attrs, name)
	if !ok {
		return nil, false, nil
	}
	value, err = s.decode(raw)
	return value, true, err
}

// attr finds an attribute in the text after a tag's name.
func attr(text []byte, name string) (value []byte, ok bool) {
	for {
		text = trimLeft(text)
		eq := bytes.IndexByte(text, '=')
		if eq < 0 {
			return nil, false
		}
		key := localName(trimRight(text[:eq]))
		text = trimLeft(text[eq+1:])
		if len(text) == 0 || text[0] != '"' && text[0] != '\'' {
			return nil, false
		}
		end := bytes.IndexByte(text[1:], text[0])
		if end < 0 {
			return nil, false
		}
		if string(key) == name {
			return text[1 : 1+end], true
		}
		text = text[end+2:]
	}
}

// The blanks of XML. This is the innermost loop: package bytes takes three times as long.
func isBlank(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func trimLeft(text []byte) []byte {
	for len(text) > 0 && isBlank(text[0]) {
		text = text[1:]
	}
	return text
}

func trimRight(text []byte) []byte {
	for len(text) > 0 && isBlank(text[len(text)-1]) {
		text = text[:len(text)-1]
	}
	return text
}

// lineEnds makes every line end one byte, as XML has it.
func lineEnds(text []byte) []byte {
	if bytes.IndexByte(text, '\r') < 0 {
		return text
	}
	return bytes.ReplaceAll(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
}

var entities = map[string]byte{"amp": '&', "lt": '<', "gt": '>', "quot": '"', "apos": '\''}

// decode resolves entities and line ends.
func (s *scanner) decode(text []byte) ([]byte, error) {
	text = lineEnds(text)
	amp := bytes.IndexByte(text, '&')
	if amp < 0 {
		return text, nil
	}
	out := s.scratch[:0]
	for ; amp >= 0; amp = bytes.IndexByte(text, '&') {
		out = append(out, text[:amp]...)
		end := bytes.IndexByte(text[amp:], ';')
		if end < 0 {
			return nil, damaged("an entity without end")
		}
		name := string(text[amp+1 : amp+end])
		text = text[amp+end+1:]
		if c, ok := entities[name]; ok {
			out = append(out, c)
			continue
		}
		c, ok := charReference(name)
		if !ok {
			return nil, damaged("an unknown entity %.20q", name)
		}
		out = utf8.AppendRune(out, c)
	}
	s.scratch = append(out, text...)
	return s.scratch, nil
}

func charReference(name string) (rune, bool) {
	if len(name) < 2 || name[0] != '#' {
		return 0, false
	}
	digits, base := name[1:], 10
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	c, err := strconv.ParseUint(digits, base, 31)
	if err != nil || c == 0 || !utf8.ValidRune(rune(c)) {
		return 0, false
	}
	return rune(c), true
}
