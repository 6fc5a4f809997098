package feature

import "math/bits"

// slots numbers the distinct keys of one customer from 0 in the order of first sight: an open-addressing table that is
// emptied by a new stamp, not by clearing.
type slots struct {
	entries []slotEntry
	used    []slotEntry // the part of entries in use: no larger than the customer needs, so that it stays in cache
	shift   uint
	stamp   uint32
	next    int32
}

type slotEntry struct {
	stamp, key uint32
	slot       int32
}

// reset empties the table for at most n keys.
func (s *slots) reset(n int) {
	size := 1 << max(4, bits.Len(uint(2*n)))
	if size > len(s.entries) {
		s.entries, s.stamp = make([]slotEntry, size), 0
	}
	s.stamp++
	if s.stamp == 0 { // every stamp has been in use
		clear(s.entries)
		s.stamp = 1
	}
	s.used, s.next = s.entries[:size], 0
	s.shift = uint(64 - bits.Len(uint(size-1)))
}

// slot returns the number of key, and whether this is the first time.
func (s *slots) slot(key uint32) (slot int32, first bool) {
	mask := len(s.used) - 1
	at := int(uint64(key) * 0x9E3779B97F4A7C15 >> s.shift) // Fibonacci hashing: Knuth, TAOCP 3, 6.4
	for ; s.used[at].stamp == s.stamp; at = (at + 1) & mask {
		if s.used[at].key == key {
			return s.used[at].slot, false
		}
	}
	s.used[at] = slotEntry{s.stamp, key, s.next}
	s.next++
	return s.next - 1, true
}
