package drift

import (
	"math"
	"slices"
)

// sorted returns the finite values in ascending order, and how many were missing (NaN) and infinite. Negative zero counts as zero.
func sorted(values []float64) (out []float64, missing, infinite int) {
	out = make([]float64, 0, len(values))
	for _, v := range values {
		switch {
		case math.IsNaN(v):
			missing++
		case math.IsInf(v, 0):
			infinite++
		default:
			out = append(out, v+0)
		}
	}
	if len(out) < radixFrom {
		slices.Sort(out)
		return out, missing, infinite
	}
	return radix(out), missing, infinite
}

// radixFrom is where a radix sort begins to win.
const radixFrom = 1 << 11

const (
	radixBits   = 11
	radixPasses = 6 // of 11 bits: 64 and more
)

// radix sorts finite values by their bits, least significant digit first, in O(n). All histograms are taken in one pass; a digit
// that all values share is skipped.
func radix(values []float64) []float64 {
	from, to := make([]uint64, len(values)), make([]uint64, len(values))
	var count [radixPasses][1 << radixBits]int
	for i, v := range values {
		key := math.Float64bits(v)
		key ^= uint64(int64(key)>>63) | 1<<63 // ascending as unsigned
		from[i] = key
		for p := range radixPasses {
			count[p][key>>(p*radixBits)&(1<<radixBits-1)]++
		}
	}
	for p := range radixPasses {
		c, shift := &count[p], p*radixBits
		if c[from[0]>>shift&(1<<radixBits-1)] == len(values) {
			continue
		}
		at := 0
		for d, n := range c {
			c[d], at = at, at+n
		}
		for _, key := range from {
			d := key >> shift & (1<<radixBits - 1)
			to[c[d]] = key
			c[d]++
		}
		from, to = to, from
	}
	for i, key := range from {
		values[i] = math.Float64frombits(key ^ (uint64(^int64(key)>>63) | 1<<63))
	}
	return values
}
