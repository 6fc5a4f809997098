package recommend

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// mostJudged is how many customers, and how many baskets, lists are judged on at most. The 95 % interval of a mean over so many is
// ± 0.02 standard deviations; more would cost time and decide nothing.
const mostJudged = 10_000

// sample returns positions below n, all or as many as most, ascending. It takes them at equal distances in the order of a hash of their
// content: what customers and invoices are called does not matter, and equal contents keep their share.
func sample(n, most int, content func(i int, to []byte) []byte) []int {
	at := make([]int, n)
	for i := range at {
		at[i] = i
	}
	if n <= most {
		return at
	}
	hashes, buf := make([][sha256.Size]byte, n), []byte(nil)
	for i := range hashes {
		buf = content(i, buf[:0])
		hashes[i] = sha256.Sum256(buf)
	}
	slices.SortFunc(at, func(a, b int) int { return cmp.Or(bytes.Compare(hashes[a][:], hashes[b][:]), cmp.Compare(a, b)) })
	for i := range most {
		at[i] = at[i*n/most]
	}
	slices.Sort(at[:most])
	return at[:most]
}

// appendCodes adds codes and their number to a content.
func appendCodes(to []byte, codes []int32) []byte {
	to = binary.LittleEndian.AppendUint32(to, uint32(len(codes)))
	for _, c := range codes {
		to = binary.LittleEndian.AppendUint32(to, uint32(c))
	}
	return to
}

// thin leaves at most so many customers.
func (j *judged) thin(c *cut, most int) {
	j.all = len(j.who)
	kept := sample(j.all, most, func(i int, to []byte) []byte {
		return appendCodes(appendCodes(to, c.owned[j.who[i]]), j.relevant[i])
	})
	for i, at := range kept {
		j.who[i], j.relevant[i] = j.who[at], j.relevant[at]
	}
	j.who, j.relevant = j.who[:len(kept)], j.relevant[:len(kept)]
}
