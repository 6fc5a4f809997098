package cluster

import (
	"fmt"
	"math"
	"slices"
)

// Agreement says how far two groupings of the same points are one.
type Agreement struct {
	Rand   float64 // see [AdjustedRand]
	Mutual float64 // adjusted mutual information: 1 for the same groups, about 0 for unrelated ones
	// Variation is the variation of information, in nats: what either grouping leaves unknown of the other. 0 for the same groups, at
	// most ln n.
	Variation float64
}

// Agree compares two groupings by pairs of points and by information. The adjusted mutual information is that of N. X. Vinh, J. Epps and
// J. Bailey, "Information theoretic measures for clusterings comparison", Journal of Machine Learning Research 11, 2010, against the mean
// of the two entropies; the variation of information is M. Meilă's, "Comparing clusterings", Journal of Multivariate Analysis 98, 2007.
// Neither the order of the points nor the names of the groups changes a bit. It panics where the lengths differ.
func Agree(a, b []int32) Agreement {
	c := cross(a, b)
	out := Agreement{Rand: c.rand()}
	if c.n == 0 {
		out.Mutual = 1
		return out
	}
	n := float64(c.n)
	entropy := func(sizes []int) float64 {
		terms := make([]float64, len(sizes))
		for i, s := range sizes {
			terms[i] = float64(s) / n * math.Log(n/float64(s))
		}
		return sumSorted(terms)
	}
	left, right := entropy(c.left), entropy(c.right)
	var terms []float64
	c.each(func(i, j, both int) {
		v := float64(both)
		terms = append(terms, v/n*math.Log(n*v/(float64(c.left[i])*float64(c.right[j]))))
	})
	mutual := sumSorted(terms)
	out.Variation = max(0, left+right-2*mutual)
	if len(terms) == len(c.left) && len(terms) == len(c.right) { // the same groups
		out.Mutual, out.Variation = 1, 0
		return out
	}
	expected := c.expected()
	out.Mutual = (mutual - expected) / ((left+right)/2 - expected)
	return out
}

// AdjustedRand compares two groupings of the same points: 1 for the same groups under any names, about 0 for unrelated
// ones, below 0 for less than chance (L. Hubert and P. Arabie, "Comparing partitions", Journal of Classification 2,
// 1985). Labels are any numbers. Where both groupings are all one group, or all single points, it is 1. It panics where
// the lengths differ.
func AdjustedRand(a, b []int32) float64 { return cross(a, b).rand() }

// crossed counts points by the groups that two groupings put them in.
type crossed struct {
	n           int
	left, right []int       // sizes of groups
	dense       []int       // sizes of what two groups share, where there are few groups
	sparse      map[int]int // likewise, where there are many
}

func cross(a, b []int32) *crossed {
	if len(a) != len(b) {
		panic(fmt.Sprintf("cluster: %d labels and %d", len(a), len(b)))
	}
	x, kx := ranked(a)
	y, ky := ranked(b)
	c := &crossed{n: len(a), left: make([]int, kx), right: make([]int, ky), sparse: map[int]int{}}
	if kx*ky <= 1<<16 {
		c.dense = make([]int, kx*ky)
	}
	for i := range x {
		c.left[x[i]]++
		c.right[y[i]]++
		if cell := x[i]*ky + y[i]; cell < len(c.dense) {
			c.dense[cell]++
		} else {
			c.sparse[cell]++
		}
	}
	return c
}

// each visits the groups that share points, in no particular order.
func (c *crossed) each(visit func(i, j, both int)) {
	for cell, n := range c.dense {
		if n > 0 {
			visit(cell/len(c.right), cell%len(c.right), n)
		}
	}
	for cell, n := range c.sparse {
		visit(cell/len(c.right), cell%len(c.right), n)
	}
}

func (c *crossed) rand() float64 {
	// Pairs are whole numbers, so the order in which they are added does not matter.
	pairs := func(n int) int { return n * (n - 1) / 2 }
	var together, inA, inB int
	c.each(func(_, _, n int) { together += pairs(n) })
	for _, n := range c.left {
		inA += pairs(n)
	}
	for _, n := range c.right {
		inB += pairs(n)
	}
	all := pairs(c.n)
	if all == 0 || inA == inB && (inA == 0 || inA == all) {
		return 1
	}
	expected := float64(inA) * (float64(inB) / float64(all))
	most := (float64(inA) + float64(inB)) / 2
	return (float64(together) - expected) / (most - expected)
}

// expected is the mutual information of two groupings with groups of these sizes, drawn at random: what two groups share is then
// hypergeometric.
func (c *crossed) expected() float64 {
	logs := make([]float64, c.n+1) // of factorials
	for i := 1; i <= c.n; i++ {
		logs[i], _ = math.Lgamma(float64(i) + 1)
	}
	count := func(sizes []int) (distinct []int, times map[int]float64) {
		times = map[int]float64{}
		for _, s := range sizes {
			if times[s]++; times[s] == 1 {
				distinct = append(distinct, s)
			}
		}
		return distinct, times
	}
	left, lefts := count(c.left)
	right, rights := count(c.right)
	n, terms := float64(c.n), []float64{}
	for _, i := range left {
		for _, j := range right {
			fixed := logs[i] + logs[j] + logs[c.n-i] + logs[c.n-j] - logs[c.n]
			here := 0.0
			for v := max(1, i+j-c.n); v <= min(i, j); v++ {
				p := math.Exp(fixed - logs[v] - logs[i-v] - logs[j-v] - logs[c.n-i-j+v])
				here += float64(float64(v) / n * math.Log(n*float64(v)/(float64(i)*float64(j))) * p)
			}
			terms = append(terms, here*lefts[i]*rights[j])
		}
	}
	return sumSorted(terms)
}

// sumSorted adds numbers in ascending order: the sum does not depend on the order that they come in.
func sumSorted(terms []float64) (sum float64) {
	slices.Sort(terms)
	for _, t := range terms {
		sum += t
	}
	return sum
}

// ranked replaces labels by 0, 1, … in the order in which they come, and counts them.
func ranked(labels []int32) (out []int, k int) {
	out = make([]int, len(labels))
	known := map[int32]int{}
	var last int32
	at := -1
	small := make([]int, 256) // rank + 1 of small labels, without the map
	for i, l := range labels {
		if at < 0 || l != last {
			last = l
			switch {
			case l >= 0 && int(l) < len(small):
				if small[l] == 0 {
					k++
					small[l] = k
				}
				at = small[l] - 1
			default:
				r, ok := known[l]
				if !ok {
					r = k
					known[l] = r
					k++
				}
				at = r
			}
		}
		out[i] = at
	}
	return out, k
}
