package drift

import (
	"math"
	"math/bits"
	"slices"
)

// ascending are the finite values of a column in their order, and how many others there were.
type ascending struct {
	values                []float64
	missing, below, above int // NaN, −∞, +∞
}

// sorted sorts a copy of the finite values. Negative zero counts as zero.
func sorted(values []float64) ascending {
	a := ascending{values: make([]float64, 0, len(values))}
	for _, v := range values {
		switch {
		case v-v == 0:
			a.values = append(a.values, v+0)
		case math.IsNaN(v):
			a.missing++
		case v < 0:
			a.below++
		default:
			a.above++
		}
	}
	if len(a.values) < radixFrom {
		slices.Sort(a.values)
	} else {
		radix(a.values)
	}
	return a
}

// radixFrom is where a radix sort begins to win.
const radixFrom = 1 << 11

const (
	digit  = 11 // bits
	digits = 3
	mask   = 1<<digit - 1
)

// radix sorts finite values by the 33 highest bits in which they differ, least significant digit first, in O(n); what these leave apart is
// inserted. All histograms are taken in one pass, and a digit that all values share is skipped.
func radix(values []float64) {
	from, to := make([]uint64, len(values)), make([]uint64, len(values))
	var differ uint64
	for i, v := range values {
		key := math.Float64bits(v)
		key ^= uint64(int64(key)>>63) | 1<<63 // ascending as unsigned
		from[i] = key
		differ |= key ^ from[0]
	}
	low := max(bits.Len64(differ)-digit*digits, 0)
	var count [digits][1 << digit]int
	for _, key := range from {
		key >>= low & 63
		count[0][key&mask]++
		count[1][key>>digit&mask]++
		count[2][key>>(2*digit)&mask]++
	}
	for p := range digits {
		c, shift := &count[p], (low+p*digit)&63
		if c[from[0]>>shift&mask] == len(values) {
			continue
		}
		at := 0
		for d, n := range c {
			c[d], at = at, at+n
		}
		for _, key := range from {
			d := key >> shift & mask
			to[c[d]] = key
			c[d]++
		}
		from, to = to, from
	}
	if low > 0 {
		insert(from)
	}
	for i, key := range from {
		values[i] = math.Float64frombits(key ^ (uint64(^int64(key)>>63) | 1<<63))
	}
}

// insert sorts what is nearly sorted. Where it is not, the library does.
func insert(keys []uint64) {
	left := 4 * len(keys)
	for i := 1; i < len(keys); i++ {
		key, j := keys[i], i
		for ; j > 0 && keys[j-1] > key; j-- {
			keys[j] = keys[j-1]
		}
		keys[j] = key
		if left -= i - j; left < 0 {
			slices.Sort(keys)
			return
		}
	}
}
