package demo

import (
	"math/bits"
	"math/rand/v2"
)

// What a stream of draws decides. Each has streams of its own, so that a new kind of draw changes no other.
const (
	tagCustomer uint64 = iota + 1
	tagMinute
	tagNext
	tagBasket
	tagFavourite
	tagReturn
	tagGuests
	tagProduct
	tagDirty
	tagCampaign
)

// draws is one stream of random whole numbers. PCG-DXSM is specified to the bit, and nothing else is used of
// math/rand/v2, so a seed means the same bytes with any Go.
type draws struct{ pcg rand.PCG }

func (s *Shop) draws(tag, a, b uint64) draws { return open(s.Seed, tag, a, b) }

// open returns the stream of this seed, tag and pair of numbers.
func open(seed, tag, a, b uint64) draws {
	var d draws
	d.pcg.Seed(mix(mix(seed)+tag), mix(mix(a)+b))
	return d
}

// mix is the finaliser of SplitMix64 (Steele, Lea and Flood 2014): neighbours become strangers.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// below returns a number in [0, n).
func (d *draws) below(n int) int {
	hi, _ := bits.Mul64(d.pcg.Uint64(), uint64(n))
	return int(hi)
}

// between returns a number in [r[0], r[1]].
func (d *draws) between(r [2]int) int { return r[0] + d.below(r[1]-r[0]+1) }

// chance is true in perMille of a thousand.
func (d *draws) chance(perMille int) bool { return d.below(1000) < perMille }

// skewed returns a number in [0, n), small ones more often: the square of a uniform draw.
func (d *draws) skewed(n int) int {
	u := uint64(d.below(1 << 32))
	hi, _ := bits.Mul64(u*u, uint64(n))
	return int(hi)
}
