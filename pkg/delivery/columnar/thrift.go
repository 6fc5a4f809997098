package columnar

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// Types of Thrift's compact protocol (thrift-compact-protocol.md).
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI64    = 6 // 4, 5 and 6 are written alike
	thriftDouble = 7
	thriftBytes  = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12
)

const thriftDepth = 32

// thrift walks over a struct without making anything of it. left is how many bytes it may have.
type thrift struct {
	src  *bufio.Reader
	left int64
}

func (t *thrift) bad(what string) error {
	return fmt.Errorf("%w: %s in its metadata", ErrDamaged, what)
}

func (t *thrift) byte() (byte, error) {
	if t.left--; t.left < 0 {
		return 0, t.bad("an end")
	}
	c, err := t.src.ReadByte()
	if err == io.EOF {
		err = t.bad("an end")
	}
	return c, err
}

// ReadByte lets binary.ReadUvarint read.
func (t *thrift) ReadByte() (byte, error) { return t.byte() }

func (t *thrift) uvarint() (uint64, error) { return binary.ReadUvarint(t) }

func (t *thrift) zigzag() (int64, error) {
	u, err := t.uvarint()
	return int64(u>>1) ^ -int64(u&1), err
}

// length reads the length of something whose elements have a byte at least.
func (t *thrift) length() (int64, error) {
	n, err := t.uvarint()
	if err == nil && n > uint64(max(t.left, 0)) {
		err = t.bad("a length beyond its end")
	}
	return int64(n), err
}

func (t *thrift) discard(n int64) error {
	if t.left -= n; t.left < 0 {
		return t.bad("an end")
	}
	_, err := t.src.Discard(int(n))
	if err == io.EOF {
		err = t.bad("an end")
	}
	return err
}

// fields visits the fields of a struct; visit returns false to have a field skipped, or reads it. A truth value is in its
// kind.
func (t *thrift) fields(depth int, visit func(id int16, kind byte) (bool, error)) error {
	if depth > thriftDepth {
		return t.bad("too deep a nesting")
	}
	id := int64(0)
	for {
		head, err := t.byte()
		if err != nil || head == 0 {
			return err
		}
		if delta := head >> 4; delta != 0 {
			id += int64(delta)
		} else if id, err = t.zigzag(); err != nil {
			return err
		}
		read, err := visit(int16(id), head&15)
		if err == nil && !read {
			err = t.skip(depth, head&15)
		}
		if err != nil {
			return err
		}
	}
}

func (t *thrift) skip(depth int, kind byte) error {
	switch {
	case kind == thriftTrue || kind == thriftFalse:
		return nil
	case kind == thriftByte:
		return t.discard(1)
	case kind > thriftByte && kind <= thriftI64:
		_, err := t.uvarint()
		return err
	case kind == thriftDouble:
		return t.discard(8)
	case kind == thriftBytes:
		n, err := t.length()
		if err != nil {
			return err
		}
		return t.discard(n)
	case kind == thriftList || kind == thriftSet:
		_, err := t.list(depth)
		return err
	case kind == thriftStruct:
		return t.fields(depth+1, func(int16, byte) (bool, error) { return false, nil })
	case kind == thriftMap:
		return t.skipMap(depth)
	}
	return t.bad("an unknown type")
}

// list skips a list and returns its length.
func (t *thrift) list(depth int) (int64, error) {
	if depth > thriftDepth {
		return 0, t.bad("too deep a nesting")
	}
	head, err := t.byte()
	if err != nil {
		return 0, err
	}
	n := int64(head >> 4)
	if n == 15 {
		if n, err = t.length(); err != nil {
			return 0, err
		}
	}
	if n > max(t.left, 0) {
		return 0, t.bad("a length beyond its end")
	}
	kind := head & 15
	for range n {
		if kind == thriftTrue || kind == thriftFalse {
			err = t.discard(1)
		} else {
			err = t.skip(depth+1, kind)
		}
		if err != nil {
			return 0, err
		}
	}
	return n, nil
}

func (t *thrift) skipMap(depth int) error {
	n, err := t.length()
	if err != nil || n == 0 {
		return err
	}
	kinds, err := t.byte()
	if err != nil || depth > thriftDepth {
		return t.bad("a map")
	}
	for range n {
		for _, kind := range [2]byte{kinds >> 4, kinds & 15} {
			if kind == thriftTrue || kind == thriftFalse {
				kind = thriftByte
			}
			if err := t.skip(depth+1, kind); err != nil {
				return err
			}
		}
	}
	return nil
}
