package retail

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"slices"
	"strings"
)

// Dict numbers distinct texts. Number 0 is always the empty text.
//
// While lines are appended, numbers stand in the order of first sight. [Lines.Seal] renumbers them in byte order: from
// then on comparing numbers is comparing texts, and nothing depends on the order of lines any more.
type Dict struct {
	data  []byte
	ends  []int    // text i is data[ends[i-1]:ends[i]]
	slots []uint64 // open addressing, at most half full: 32 bits of hash, then number + 1; 0 is free
	seed  maphash.Seed
	last  uint32 // the number handed out last: neighbours are often equal

	text string    // data once sealed, so that String need not copy
	far  *farTexts // the texts of a sealed dictionary that does not fit into the memory
}

func newDict() Dict {
	d := Dict{slots: make([]uint64, 1024), seed: maphash.MakeSeed()}
	d.intern(nil)
	return d
}

// empty makes it as new, in the same memory.
func (d *Dict) empty() {
	clear(d.slots)
	d.data, d.ends, d.last = d.data[:0], d.ends[:0], 0
	d.intern(nil)
}

// Len returns how many texts there are, the empty one included.
func (d *Dict) Len() int {
	if d.far != nil {
		return d.far.n
	}
	return len(d.ends)
}

// size returns about how many bytes its texts take. That it has room for more does not count: it is used again.
func (d *Dict) size() int { return len(d.data) + 40*len(d.ends) } // an end, and two to four slots

// textBytes returns what the texts of a sealed dictionary take.
func (d *Dict) textBytes() int64 {
	if d.far != nil {
		return d.far.bytes
	}
	return int64(len(d.text))
}

// String returns text id of a sealed dictionary. It does not copy one that is in memory.
func (d *Dict) String(id uint32) string {
	if id == 0 {
		return ""
	}
	if d.far != nil {
		return d.far.text(id)
	}
	return d.text[d.ends[id-1]:d.ends[id]]
}

func (d *Dict) bytes(id uint32) []byte {
	if id == 0 {
		return nil
	}
	return d.data[d.ends[id-1]:d.ends[id]]
}

// intern returns the number of b, a new one where b has not been seen before.
func (d *Dict) intern(b []byte) uint32 {
	if len(d.ends) > 0 && bytes.Equal(d.bytes(d.last), b) {
		return d.last
	}
	hash := maphash.Bytes(d.seed, b) >> 32
	mask := uint64(len(d.slots) - 1)
	at := hash & mask
	for ; d.slots[at] != 0; at = (at + 1) & mask {
		if s := d.slots[at]; s>>32 == hash {
			if id := uint32(s) - 1; bytes.Equal(d.bytes(id), b) {
				d.last = id
				return id
			}
		}
	}
	id := uint32(len(d.ends))
	d.data = append(d.data, b...)
	d.ends = append(d.ends, len(d.data))
	d.slots[at] = hash<<32 | uint64(id+1)
	d.last = id
	if 2*len(d.ends) > len(d.slots) {
		d.grow()
	}
	return id
}

func (d *Dict) grow() {
	old := d.slots
	d.slots = make([]uint64, 2*len(old))
	mask := uint64(len(d.slots) - 1)
	for _, s := range old {
		if s == 0 {
			continue
		}
		at := s >> 32 & mask
		for d.slots[at] != 0 {
			at = (at + 1) & mask
		}
		d.slots[at] = s
	}
}

// ranked is a text on its way to its rank: the first thing to compare by, and its number.
type ranked struct {
	first uint64
	id    uint32
}

// seal renumbers the texts in byte order and returns the new number of each old one. With compared, texts are ordered as that
// appends them first.
func (d *Dict) seal(compared func(dst, text []byte) []byte) []uint32 {
	d.slots = nil
	order := d.order(compared)
	renumber := make([]uint32, len(order))
	var text strings.Builder
	text.Grow(len(d.data))
	ends := make([]int, len(order))
	for rank, r := range order {
		renumber[r.id] = uint32(rank)
		text.Write(d.bytes(r.id))
		ends[rank] = text.Len()
	}
	*d = Dict{text: text.String(), ends: ends}
	return renumber
}

// order returns the texts in the order of their ranks.
func (d *Dict) order(compared func(dst, text []byte) []byte) []ranked {
	var x, y []byte
	order := make([]ranked, len(d.ends))
	for i := range order {
		text := d.bytes(uint32(i))
		if compared != nil {
			x = compared(x[:0], text)
			text = x
		}
		order[i] = ranked{prefix(text), uint32(i)}
	}
	slices.SortFunc(order, func(a, b ranked) int {
		if a.first != b.first {
			return cmp.Compare(a.first, b.first)
		}
		p, q := d.bytes(a.id), d.bytes(b.id)
		if compared != nil {
			x, y = compared(x[:0], p), compared(y[:0], q)
			if c := bytes.Compare(x, y); c != 0 {
				return c
			}
		}
		return bytes.Compare(p, q)
	})
	return order
}

// prefix packs the first eight bytes so that comparing packs compares bytes. Shorter texts are filled up with zeros.
func prefix(b []byte) uint64 {
	var p [8]byte
	copy(p[:], b)
	return binary.BigEndian.Uint64(p[:])
}

// KeyedDict is a Dict of texts as written, each of which also has a key: the text as it is compared, trimmed and in
// ASCII upper case. Sealed, texts are numbered in the order of (key, text).
type KeyedDict struct {
	Dict
	Keys Dict     // the compared texts, numbered in byte order
	keys []uint32 // text → key; nil where every text is its own, as invoice numbers mostly are
}

// Key returns the key of a text of a sealed dictionary.
func (d *KeyedDict) Key(id uint32) uint32 {
	if d.keys == nil {
		return id
	}
	return d.keys[id]
}

// seal renumbers the texts, finds their keys and returns the new number of each old text.
func (d *KeyedDict) seal() []uint32 {
	renumber := d.Dict.seal(appendCompared)
	var buf []byte
	at := 0
	for ; at < d.Len(); at++ {
		text := d.String(uint32(at))
		if buf = appendCompared(buf[:0], []byte(text)); string(buf) != text {
			break
		}
	}
	if d.Keys = d.Dict; at == d.Len() {
		return renumber
	}
	var keys strings.Builder
	var ends []int
	from := 0
	d.keys = make([]uint32, d.Len())
	for id := range d.keys {
		buf = appendCompared(buf[:0], []byte(d.String(uint32(id))))
		if id == 0 || keys.String()[from:] != string(buf) {
			from = keys.Len()
			keys.Write(buf)
			ends = append(ends, keys.Len())
		}
		d.keys[id] = uint32(len(ends) - 1)
	}
	d.Keys = Dict{text: keys.String(), ends: ends}
	return renumber
}

// appendCompared appends b as invoice numbers and codes are compared: trimmed and in ASCII upper case.
func appendCompared(dst, b []byte) []byte {
	for _, c := range bytes.TrimSpace(b) {
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

// width returns how many bits the numbers below n take.
func width(n int) int { return bits.Len(uint(max(n-1, 0))) }

// Compared returns an invoice number or a code as it is compared.
func Compared(text string) string { return string(appendCompared(nil, []byte(text))) }
