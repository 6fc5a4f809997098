package xlsx

import (
	"bytes"
	"fmt"
	"io"
)

// token is what the scanner has just read.
type token uint8

const (
	startTag token = iota + 1
	endTag
	charData
)

// Bounds of what the scanner keeps in memory.
const (
	scanBytes = 256 << 10 // of text at a time; a tag must fit
	maxDepth  = 200       // elements within each other
)

// scanner cuts the XML of a workbook's part into tags and text, without keeping more of it than a tag. It takes what
// spreadsheet programs write: UTF-8, no document type. It holds every start to its end, so that a part which was cut is an
// [ErrDamaged], and what it returns is good until the next call.
type scanner struct {
	src io.Reader
	buf []byte // pos to end is read and not used
	pos int
	end int
	eof bool

	name  []byte // of the tag, without its prefix
	attrs []byte // of a start, as written
	text  []byte // of character data: an element's text can come in many pieces

	open    []byte // names of the open elements, one after the other
	marks   []int  // where each of them begins
	rooted  bool   // there was an element
	closing bool   // the start was an empty element: its end comes next
	cdata   bool   // within a CDATA section
	scratch []byte
}

func newScanner(src io.Reader) *scanner { return &scanner{src: src, buf: make([]byte, scanBytes)} }

// depth is how many elements are open.
func (s *scanner) depth() int { return len(s.marks) }

func damaged(format string, a ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrDamaged}, a...)...)
}

// next goes to the next token. Behind the end of the root it returns io.EOF.
func (s *scanner) next() (token, error) {
	for {
		if s.closing {
			s.closing = false
			return endTag, s.pop()
		}
		if s.pos == s.end {
			if err := s.more(); err == io.EOF {
				if s.depth() > 0 || !s.rooted {
					return 0, damaged("it ends early")
				}
				return 0, io.EOF
			} else if err != nil {
				return 0, err
			}
		}
		switch {
		case s.cdata:
			if found, err := s.section(); found || err != nil {
				return charData, err
			}
		case s.buf[s.pos] != '<':
			if found, err := s.chars(); found || err != nil {
				return charData, err
			}
		default:
			t, err := s.markup()
			if t != 0 || err != nil {
				return t, err
			}
		}
	}
}

// more reads some bytes after those that are there, or returns io.EOF.
func (s *scanner) more() error {
	if s.eof {
		return io.EOF
	}
	if s.pos > 0 {
		s.end = copy(s.buf, s.buf[s.pos:s.end])
		s.pos = 0
	}
	if s.end == len(s.buf) {
		return damaged("a tag of over %d bytes", len(s.buf))
	}
	for range 100 {
		n, err := s.src.Read(s.buf[s.end:])
		s.end += n
		if err == io.EOF {
			s.eof = true
			if n == 0 {
				return io.EOF
			}
			return nil
		}
		if n > 0 || err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// chars takes text up to the next tag or the end of what is read. Text outside the root must be blank.
func (s *scanner) chars() (found bool, err error) {
	text := s.buf[s.pos:s.end]
	if lt := bytes.IndexByte(text, '<'); lt >= 0 {
		text = text[:lt]
	} else if !s.eof {
		// An entity, or a line end of two bytes, may go on in what is not read yet.
		const longest = 16
		keep := 0
		if amp := bytes.LastIndexByte(text, '&'); amp >= 0 && len(text)-amp < longest && bytes.IndexByte(text[amp:], ';') < 0 {
			keep = len(text) - amp
		} else if text[len(text)-1] == '\r' {
			keep = 1
		}
		if keep == len(text) {
			if err := s.more(); err != io.EOF {
				return false, err
			}
			return false, nil // there is no more: then it is what it is
		}
		text = text[:len(text)-keep]
	}
	s.pos += len(text)
	if s.depth() == 0 {
		if len(bytes.Trim(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), " \t\r\n")) > 0 {
			return false, damaged("it is not XML in UTF-8")
		}
		return false, nil
	}
	s.text, err = s.decode(text)
	return true, err
}

// plainCell takes the next cell if it is all there and in one of the usual forms, and moves behind it:
//
//	<c r="B2" s="1" t="s"><v>7</v></c>
//	<c r="B2" t="inlineStr"><is><t>text</t></is></c>
//	<c r="B2" s="1"/>
//
// without anything that is to be decoded. A cell without a value has a nil one. Every other cell is left to next, which takes these too.
func (s *scanner) plainCell() (reference, kind, value []byte, ok bool) {
	b := s.buf[s.pos:s.end]
	if s.closing || s.cdata || len(b) < len("<c/>") || b[0] != '<' || b[1] != 'c' {
		return nil, nil, nil, false
	}
	i := len("<c")
	for i < len(b) && b[i] == ' ' {
		i++
		name := i
		for i < len(b) && b[i] >= 'a' && b[i] <= 'z' {
			i++
		}
		from := i + len(`="`)
		if from > len(b) || b[i] != '=' || b[i+1] != '"' {
			return nil, nil, nil, false
		}
		to := from
		for to < len(b) && b[to] != '"' && b[to] != '<' {
			to++
		}
		if to == len(b) || b[to] != '"' {
			return nil, nil, nil, false
		}
		if i == name+1 {
			switch {
			case b[name] == 'r' && reference == nil:
				reference = b[from:to]
			case b[name] == 't' && kind == nil:
				kind = b[from:to]
			}
		}
		i = to + 1
	}
	before, after := "><v>", "</v></c>"
	switch rest := b[i:]; {
	case bytes.HasPrefix(rest, []byte("/>")):
		s.pos += i + len("/>")
		return reference, kind, nil, true
	case bytes.HasPrefix(rest, []byte(before)):
	case string(kind) == "inlineStr" && bytes.HasPrefix(rest, []byte("><is><t>")):
		before, after = "><is><t>", "</t></is></c>"
	default:
		return nil, nil, nil, false
	}
	from := i + len(before)
	for i = from; i < len(b) && b[i] != '<'; i++ {
		if b[i] == '&' || b[i] == '\r' {
			return nil, nil, nil, false
		}
	}
	if value = b[from:i]; !bytes.HasPrefix(b[i:], []byte(after)) || len(value) > maxText {
		return nil, nil, nil, false
	}
	s.pos += i + len(after)
	return reference, kind, value, true
}

// need reads more where the end of the source would be a mistake.
func (s *scanner) need() error {
	err := s.more()
	if err == io.EOF {
		return damaged("it ends early")
	}
	return err
}

// section takes a piece of a CDATA section.
func (s *scanner) section() (found bool, err error) {
	text := s.buf[s.pos:s.end]
	switch at := bytes.Index(text, []byte("]]>")); {
	case at >= 0:
		s.pos += at + 3
		s.cdata = false
		s.text = lineEnds(text[:at])
		return at > 0, nil
	case len(text) > 3: // the last ones may be the beginning of its end, or of a line end
		text = text[:len(text)-3]
		if text[len(text)-1] == '\r' {
			text = text[:len(text)-1]
		}
		if s.pos += len(text); len(text) > 0 {
			s.text = lineEnds(text)
			return true, nil
		}
	}
	return false, s.need()
}

// markup takes what begins with "<". The token is 0 for what has no meaning here.
func (s *scanner) markup() (token, error) {
	for s.end-s.pos < len("<![CDATA[") && !s.eof {
		if err := s.more(); err != nil && err != io.EOF {
			return 0, err
		}
	}
	head := s.buf[s.pos:s.end]
	switch {
	case bytes.HasPrefix(head, []byte("<!--")):
		s.pos += 4
		return 0, s.skip("-->")
	case bytes.HasPrefix(head, []byte("<?")):
		return 0, s.instruction()
	case bytes.HasPrefix(head, []byte("<![CDATA[")) && s.depth() > 0:
		s.pos += len("<![CDATA[")
		s.cdata = true
		return 0, nil
	case bytes.HasPrefix(head, []byte("<!")):
		return 0, damaged("it has a document type")
	}
	return s.tag()
}

// skip moves past the next mark.
func (s *scanner) skip(mark string) error {
	for {
		if at := bytes.Index(s.buf[s.pos:s.end], []byte(mark)); at >= 0 {
			s.pos += at + len(mark)
			return nil
		}
		s.pos = max(s.pos, s.end-len(mark)+1)
		if err := s.need(); err != nil {
			return err
		}
	}
}

// instruction moves past a processing instruction. The XML declaration must not name another encoding.
func (s *scanner) instruction() error {
	if s.rooted || !bytes.HasPrefix(s.buf[s.pos:s.end], []byte("<?xml ")) {
		s.pos += 2
		return s.skip("?>")
	}
	for {
		if at := bytes.Index(s.buf[s.pos:s.end], []byte("?>")); at >= 0 {
			value, ok := attr(s.buf[s.pos+len("<?xml"):s.pos+at], "encoding")
			s.pos += at + 2
			if name := string(bytes.ToLower(value)); ok && name != "utf-8" && name != "utf8" && name != "us-ascii" {
				return damaged("its encoding is %.40q, not UTF-8", name)
			}
			return nil
		}
		if err := s.need(); err != nil {
			return err
		}
	}
}

// tag takes a start or an end.
func (s *scanner) tag() (token, error) {
	quote := byte(0)
	for i := 1; ; i++ {
		if s.pos+i == s.end {
			if err := s.need(); err != nil {
				return 0, err
			}
		}
		switch c := s.buf[s.pos+i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '<':
			return 0, damaged("a tag within a tag")
		case c == '>':
			body := s.buf[s.pos+1 : s.pos+i]
			s.pos += i + 1
			return s.named(body)
		}
	}
}

// named finds a tag's name, and opens or closes its element.
func (s *scanner) named(body []byte) (token, error) {
	if len(body) > 0 && body[0] == '/' {
		s.name = localName(trimRight(body[1:]))
		if s.depth() == 0 || string(s.name) != string(s.open[s.marks[len(s.marks)-1]:]) {
			return 0, damaged("the end of an element that is not open")
		}
		return endTag, s.pop()
	}
	if len(body) > 0 && body[len(body)-1] == '/' {
		body, s.closing = body[:len(body)-1], true
	}
	n := 0
	for n < len(body) && !isBlank(body[n]) {
		n++
	}
	s.name, s.attrs = localName(body[:n]), body[n:]
	switch {
	case len(s.name) == 0:
		return 0, damaged("a tag without a name")
	case s.depth() == 0 && s.rooted:
		return 0, damaged("more behind its end")
	case s.depth() == maxDepth:
		return 0, damaged("over %d elements within each other", maxDepth)
	}
	s.rooted = true
	s.marks = append(s.marks, len(s.open))
	s.open = append(s.open, s.name...)
	return startTag, nil
}

func (s *scanner) pop() error {
	last := len(s.marks) - 1
	s.open, s.marks = s.open[:s.marks[last]], s.marks[:last]
	return nil
}
