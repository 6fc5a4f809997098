package drift

import (
	"hash/fnv"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
)

// Sides counts the rows of two samples by bin. Customers who are in both samples are pairs: their two rows are not
// independent, and under the null hypothesis each pair could as well stand the other way round. Rows of one sample alone
// could belong to either.
type Sides struct {
	Pairs              [][]int // [bin in the reference][bin now]
	Leavers, Entrants  []int   // by bin: in the reference alone, now alone
	reference, current []int   // by bin, with the pairs
}

// NewSides counts rows whose bins are ref and cur. pair[i] is the row of the reference that row i of now is the same customer
// as, −1 for none; nil is none at all.
func NewSides(bins int, ref, cur []int, pair []int32) *Sides {
	s := newSides(bins)
	for _, b := range ref {
		s.reference[b]++
		s.Leavers[b]++
	}
	for i, b := range cur {
		s.current[b]++
		if pair == nil || pair[i] < 0 {
			s.Entrants[b]++
			continue
		}
		was := ref[pair[i]]
		s.Pairs[was][b]++
		s.Leavers[was]--
	}
	return s
}

func newSides(bins int) *Sides {
	s := &Sides{
		Pairs: make([][]int, bins), Leavers: make([]int, bins), Entrants: make([]int, bins),
		reference: make([]int, bins), current: make([]int, bins),
	}
	for i := range s.Pairs {
		s.Pairs[i] = make([]int, bins)
	}
	return s
}

// Permuted is what permuting found.
type Permuted struct {
	P     float64 // chance of a statistic at least as large if nothing had moved
	Noise float64 // the 95th percentile of the statistic then
	Draws int
}

// hits is where a p-value is precise enough to stop: after so many draws that reach the statistic (J. Besag and P. Clifford,
// "Sequential Monte Carlo p-values", Biometrika 78, 1991).
const hits = 20

// leastDraws are made in any case, for the 95th percentile.
const leastDraws = 199

// Permute returns the p-value of a statistic of the two sides' counts. The labels of pairs are swapped, all other rows are
// dealt out again; counts are drawn, not rows, so a draw costs O(bins²) whatever the number of rows. It stops at 20 draws
// that reach the statistic, at most at the number given. The same sides and name give the same result.
func (s *Sides) Permute(name string, most int, statistic func(reference, current []int) float64) Permuted {
	d := newDealer(s, seeded(name))
	return sequential(most, statistic(s.reference, s.current), func() float64 { return statistic(d.deal()) })
}

// seeded is the source of a name.
func seeded(name string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return rand.New(rand.NewPCG(0xd21f7, h.Sum64()))
}

// sequential draws until the p-value is precise enough, at most as often as is said.
func sequential(most int, observed float64, draw func() float64) Permuted {
	var null []float64
	reached, stopped, n := 0, 0, 0
	for n < max(most, leastDraws) && (stopped == 0 || n < leastDraws) {
		n++
		v := draw()
		if n <= leastDraws {
			null = append(null, v)
		}
		if stopped == 0 && v >= observed-1e-12 {
			if reached++; reached == hits {
				stopped = n
			}
		}
	}
	slices.Sort(null)
	out := Permuted{P: float64(reached+1) / float64(n+1), Noise: null[len(null)*95/100], Draws: n}
	if stopped > 0 {
		out.P = float64(reached) / float64(stopped)
	}
	return out
}

// dealer deals the rows of both sides out again.
type dealer struct {
	rng      *rand.Rand
	fixed    []int // rows of pairs that stay in a bin whichever way they stand
	swap     []swap
	free     []int // by bin: rows that are in no pair
	leavers  int
	logs     []float64 // ln k!
	ref, cur []int
}

// swap are the pairs that have one row in each of two bins.
type swap struct{ a, b, n int }

func newDealer(s *Sides, rng *rand.Rand) *dealer {
	bins := len(s.reference)
	d := &dealer{rng: rng, fixed: make([]int, bins), free: make([]int, bins), ref: make([]int, bins), cur: make([]int, bins)}
	all := 0
	for i := range bins {
		d.fixed[i] = s.Pairs[i][i]
		for j := i + 1; j < bins; j++ {
			if n := s.Pairs[i][j] + s.Pairs[j][i]; n > 0 {
				d.swap = append(d.swap, swap{i, j, n})
			}
		}
		d.free[i] = s.Leavers[i] + s.Entrants[i]
		d.leavers += s.Leavers[i]
		all += d.free[i]
	}
	if all < maxLogs {
		d.logs = make([]float64, all+1)
		for k := 2; k <= all; k++ {
			d.logs[k] = d.logs[k-1] + math.Log(float64(k))
		}
	}
	return d
}

// maxLogs bounds the table of logarithms of factorials.
const maxLogs = 1 << 17

func (d *dealer) logFactorial(k int) float64 {
	if k < len(d.logs) {
		return d.logs[k]
	}
	v, _ := math.Lgamma(float64(k) + 1)
	return v
}

func (d *dealer) deal() (ref, cur []int) {
	copy(d.ref, d.fixed)
	copy(d.cur, d.fixed)
	for _, s := range d.swap {
		k := d.heads(s.n)
		d.ref[s.a] += k
		d.cur[s.b] += k
		d.ref[s.b] += s.n - k
		d.cur[s.a] += s.n - k
	}
	rest, left := 0, d.leavers
	for _, n := range d.free {
		rest += n
	}
	for i, n := range d.free {
		k := d.hypergeometric(n, rest, left)
		d.ref[i] += k
		d.cur[i] += n - k
		rest -= n
		left -= k
	}
	return d.ref, d.cur
}

// heads returns how many of n fair coins show heads: set bits of as many random ones.
func (d *dealer) heads(n int) int {
	k := 0
	for ; n >= 64; n -= 64 {
		k += bits.OnesCount64(d.rng.Uint64())
	}
	if n > 0 {
		k += bits.OnesCount64(d.rng.Uint64() >> (64 - n))
	}
	return k
}

// hypergeometric returns how many of draws from all are among the marked, by inversion outwards from the mode.
func (d *dealer) hypergeometric(marked, all, draws int) int {
	low, high := max(0, draws+marked-all), min(marked, draws)
	if low == high {
		return low
	}
	mode := min(max(int(float64(draws+1)*float64(marked+1)/float64(all+2)), low), high)
	lf := d.logFactorial
	p := math.Exp(lf(marked) - lf(mode) - lf(marked-mode) + lf(all-marked) - lf(draws-mode) - lf(all-marked-draws+mode) -
		lf(all) + lf(draws) + lf(all-draws))
	u := d.rng.Float64() - p
	up, down, pu, pd := mode, mode, p, p
	for u > 0 && (up < high || down > low) {
		if up < high {
			pu *= float64(marked-up) / float64(up+1) * float64(draws-up) / float64(all-marked-draws+up+1)
			up++
			if u -= pu; u <= 0 {
				return up
			}
		}
		if down > low {
			pd *= float64(down) / float64(marked-down+1) * float64(all-marked-draws+down) / float64(draws-down+1)
			down--
			if u -= pd; u <= 0 {
				return down
			}
		}
	}
	return mode
}
