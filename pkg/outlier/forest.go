// Package outlier says which points are unlike all others, by an isolation forest. It flags; nobody is removed.
//
// A tree cuts a small sample at random: a coordinate, a value between its extremes, until every point is alone. Points unlike
// the others are alone after few cuts (F. T. Liu, K. M. Ting and Z.-H. Zhou, "Isolation forest", IEEE International
// Conference on Data Mining, 2008).
package outlier

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// Threshold is the score from which a point is flagged. The paper calls scores near 1 anomalies and scores well below 0.5
// normal; its figures draw the line at 0.6.
const Threshold = 0.6

// The defaults of [Options], as in the paper.
const (
	DefaultTrees  = 100
	DefaultSample = 256
)

// Options are the knobs of [Scores]. The zero value means the defaults.
type Options struct {
	Trees  int
	Sample int // points a tree
	Seed   uint64
}

// node is a cut of a tree, or, with left 0, a leaf.
type node struct {
	axis        int
	at          float64
	left, right int
	rest        float64 // of a leaf: what the points of the sample in it would take further
}

// Scores returns the score of each of n points of d coordinates, row after row: 2^(−E[h]/c), where E[h] is the mean length of
// the point's path over the trees and c that of a search that fails in a binary tree of as many points as the sample; 0 … 1,
// and 0.5 for every point where there are fewer than two or all are equal. Neither order nor number of cores moves a bit.
// Time O(trees · (sample + n) · log sample).
func Scores(x []float64, n, d int, o Options) []float64 {
	if o.Trees <= 0 {
		o.Trees = DefaultTrees
	}
	if o.Sample <= 0 {
		o.Sample = DefaultSample
	}
	scores := make([]float64, n)
	size := min(o.Sample, n)
	if size < 2 || d < 1 {
		for i := range scores {
			scores[i] = 0.5
		}
		return scores
	}
	order := sorted(x, n, d)
	limit := int(math.Ceil(math.Log2(float64(size))))
	for t := range o.Trees {
		rng := rand.New(rand.NewPCG(o.Seed, uint64(t)))
		// A sample of rows in the order of coordinates: it does not depend on how the points are listed.
		rows := make([]int, 0, size)
		for i := 0; len(rows) < size; i++ {
			if rng.IntN(n-i) < size-len(rows) {
				rows = append(rows, order[i])
			}
		}
		g := grower{x: x, d: d, rng: rng}
		g.grow(rows, limit)
		for i := range scores {
			scores[i] += g.path(x[i*d : (i+1)*d])
		}
	}
	c := average(size)
	for i, sum := range scores {
		scores[i] = math.Exp2(-sum / float64(o.Trees) / c)
	}
	return scores
}

// sorted returns the rows by their coordinates.
func sorted(x []float64, n, d int) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	slices.SortFunc(rows, func(a, b int) int {
		return cmp.Or(slices.Compare(x[a*d:(a+1)*d], x[b*d:(b+1)*d]), cmp.Compare(a, b))
	})
	return rows
}

type grower struct {
	x     []float64
	d     int
	rng   *rand.Rand
	nodes []node
}

// grow makes the tree of the rows and returns its node.
func (g *grower) grow(rows []int, depth int) int {
	at := len(g.nodes)
	g.nodes = append(g.nodes, node{rest: average(len(rows))})
	axis, low, high := g.cut(rows)
	if depth == 0 || len(rows) < 2 || axis < 0 {
		return at
	}
	v := low + float64(g.rng.Float64()*(high-low))
	var left, right []int
	for _, r := range rows {
		if g.x[r*g.d+axis] <= v && v < high {
			left = append(left, r)
		} else {
			right = append(right, r)
		}
	}
	if len(left) == 0 || len(right) == 0 {
		return at
	}
	l := g.grow(left, depth-1)
	r := g.grow(right, depth-1)
	g.nodes[at] = node{axis: axis, at: v, left: l, right: r}
	return at
}

// cut draws an axis among those on which the rows differ, and returns its extremes; −1 where they are equal on all.
func (g *grower) cut(rows []int) (axis int, low, high float64) {
	var lows, highs []float64
	var axes []int
	for a := range g.d {
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, r := range rows {
			v := g.x[r*g.d+a]
			lo, hi = min(lo, v), max(hi, v)
		}
		if lo < hi {
			axes, lows, highs = append(axes, a), append(lows, lo), append(highs, hi)
		}
	}
	if len(axes) == 0 {
		return -1, 0, 0
	}
	i := g.rng.IntN(len(axes))
	return axes[i], lows[i], highs[i]
}

// path returns the length of the path of a point: the cuts, and what the points left in the leaf would take.
func (g *grower) path(x []float64) float64 {
	at, cuts := 0, 0
	for g.nodes[at].left != 0 {
		if x[g.nodes[at].axis] <= g.nodes[at].at {
			at = g.nodes[at].left
		} else {
			at = g.nodes[at].right
		}
		cuts++
	}
	return float64(cuts) + g.nodes[at].rest
}

// average is the mean path length of a search that fails in a binary search tree of n points: 2·H(n−1) − 2(n−1)/n.
func average(n int) float64 {
	if n < 2 {
		return 0
	}
	h := 0.0
	for i := 1; i < n; i++ {
		h += 1 / float64(i)
	}
	return 2*h - 2*float64(n-1)/float64(n)
}
