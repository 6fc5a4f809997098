package cluster

import (
	"context"
	"math"
	"slices"
	"sync"

	"github.com/clientele/clientele/pkg/cluster/internal/kernel"
)

// blockRows is the length of a block of points. Sums are made block by block and added in the order of blocks: the same
// bits on one core and on many. 4096 rows of a few coordinates stay in the first-level cache.
const blockRows = 4096

// block is what one pass adds up over one block of points.
type block struct {
	sums    []float64 // K × D
	counts  []int
	inertia float64
	changed bool
}

// tiles are points in lanes, block by block, for package kernel: the block of rows from i on begins at D × i.
type tiles struct {
	lanes []float64
	tier  kernel.Tier
}

// tiled returns the points in lanes, nil where this processor has no instructions for them.
func (p Points) tiled() *tiles {
	tier := vectors()
	if tier == kernel.None {
		return nil
	}
	t := &tiles{tier: tier, lanes: make([]float64, p.D*kernel.Width(p.N))}
	for lo := 0; lo < p.N; lo += blockRows {
		hi := min(lo+blockRows, p.N)
		kernel.Transpose(t.block(lo, hi, p.D), p.X[lo*p.D:hi*p.D], p.D, kernel.Width(hi-lo))
	}
	return t
}

// block returns the tile of rows lo … hi−1, which are one block.
func (t *tiles) block(lo, hi, d int) []float64 { return t.lanes[lo*d : lo*d+d*kernel.Width(hi-lo)] }

// nearestOf is what the kernel finds for one block.
type nearestOf struct {
	best  [blockRows]float64
	index [blockRows]int64
}

// nearestRoom keeps those that are not in use.
var nearestRoom = sync.Pool{New: func() any { return new(nearestOf) }}

// lloyd is one run of Lloyd's method in progress.
type lloyd struct {
	p         Points
	tiles     *tiles // of p; nil to do it in plain Go
	k         int
	centroids []float64 // K × D
	labels    []int32   // −1 before the first pass
	blocks    []block
	counts    []int
	inertia   float64
	parallel  bool // blocks on several cores; the result does not depend on it
}

// newLloyd starts from a copy of the given centroids. t are p's tiles.
func newLloyd(p Points, t *tiles, k int, centroids []float64, parallel bool) *lloyd {
	l := &lloyd{
		p: p, tiles: t, k: k, centroids: slices.Clone(centroids),
		labels: make([]int32, p.N), counts: make([]int, k),
		blocks: make([]block, (p.N+blockRows-1)/blockRows), parallel: parallel,
	}
	for i := range l.labels {
		l.labels[i] = -1
	}
	for b := range l.blocks {
		l.blocks[b] = block{sums: make([]float64, k*p.D), counts: make([]int, k)}
	}
	return l
}

// run passes over the points until no label changes or limit passes are made, and returns the number of passes. On
// return every label is the nearest of the centroids, and counts and inertia belong to them. A cluster can end empty
// only if the limit came first or all points lie on fewer than k places.
func (l *lloyd) run(ctx context.Context, limit int) (passes int, converged bool, err error) {
	for passes = 1; ; passes++ {
		if err := ctx.Err(); err != nil {
			return passes, false, err
		}
		changed, err := l.pass(ctx)
		if err != nil {
			return passes, false, err
		}
		empty := slices.Contains(l.counts, 0)
		if !changed && !empty {
			return passes, true, nil
		}
		if passes >= limit {
			return passes, false, nil
		}
		if empty && !l.reseed() && !changed {
			return passes, true, nil
		}
		l.move()
	}
}

// pass gives every point to its nearest centroid and reports whether a label changed.
func (l *lloyd) pass(ctx context.Context) (changed bool, err error) {
	if l.parallel && len(l.blocks) > 1 {
		err = each(ctx, len(l.blocks), func(b int) error { l.assign(b); return nil })
	} else {
		for b := range l.blocks {
			l.assign(b)
		}
	}
	clear(l.counts)
	l.inertia = 0
	for b := range l.blocks {
		blk := &l.blocks[b]
		changed = changed || blk.changed
		l.inertia += blk.inertia
		for j, n := range blk.counts {
			l.counts[j] += n
		}
	}
	return changed, err
}

// assign labels the points of one block and adds them up.
func (l *lloyd) assign(b int) {
	blk := &l.blocks[b]
	lo, hi := b*blockRows, min((b+1)*blockRows, l.p.N)
	if l.tiles != nil {
		l.assignTile(blk, lo, hi)
		return
	}
	clear(blk.sums)
	clear(blk.counts)
	blk.inertia, blk.changed = 0, false
	if l.p.D == 3 {
		l.assign3(blk, lo, hi)
		return
	}
	d := l.p.D
	for i := lo; i < hi; i++ {
		x := l.p.Row(i)
		j, s := nearest(l.centroids, x)
		blk.inertia += s
		blk.counts[j]++
		if l.labels[i] != j {
			l.labels[i], blk.changed = j, true
		}
		sum := blk.sums[int(j)*d : int(j)*d+d]
		for t, v := range x {
			sum[t] += v
		}
	}
}

// assignTile is assign by package kernel, which finds the nearest centroids of the whole block first: the same sums in the same order.
// Where no label changes, they are what they were.
func (l *lloyd) assignTile(blk *block, lo, hi int) {
	d, labels := l.p.D, l.labels[lo:hi]
	room := nearestRoom.Get().(*nearestOf)
	defer nearestRoom.Put(room)
	width := kernel.Width(hi - lo)
	l.tiles.tier.Nearest(l.tiles.block(lo, hi, d), d, l.centroids, room.best[:width], room.index[:width])
	best, index := room.best[:len(labels)], room.index[:len(labels)]
	inertia, changed := 0.0, int64(0)
	for i, j := range index {
		inertia += best[i]
		changed |= int64(labels[i]) ^ j
		labels[i] = int32(j)
	}
	blk.inertia, blk.changed = inertia, changed != 0
	if blk.changed {
		l.sum(blk, lo, hi)
	}
}

// sum adds up the points of a block by their labels.
func (l *lloyd) sum(blk *block, lo, hi int) {
	clear(blk.sums)
	clear(blk.counts)
	d, xs := l.p.D, l.p.X[lo*l.p.D:hi*l.p.D]
	for i, j := range l.labels[lo:hi] {
		blk.counts[j]++
		sum, x := blk.sums[int(j)*d:int(j)*d+d], xs[i*d:i*d+d]
		for t, v := range x {
			sum[t] += v
		}
	}
}

// assign3 is assign for three dimensions, the default space: the same sums in the same order, without the
// inner loop over coordinates.
func (l *lloyd) assign3(blk *block, lo, hi int) {
	labels := l.labels[lo:hi]
	xs := l.p.X[3*lo : 3*hi]
	for i := range labels {
		x := xs[3*i : 3*i+3 : 3*i+3]
		x0, x1, x2 := x[0], x[1], x[2]
		best, j := math.Inf(1), int32(0)
		for c, at := l.centroids, int32(0); len(c) >= 3; c, at = c[3:], at+1 {
			d0, d1, d2 := x0-c[0], x1-c[1], x2-c[2]
			if s := float64(d0*d0) + float64(d1*d1) + float64(d2*d2); s < best {
				best, j = s, at
			}
		}
		blk.inertia += best
		blk.counts[j]++
		if labels[i] != j {
			labels[i], blk.changed = j, true
		}
		sum := blk.sums[3*j : 3*j+3 : 3*j+3]
		sum[0] += x0
		sum[1] += x1
		sum[2] += x2
	}
}

// move puts every centroid at the mean of its points. A centroid without points stays.
func (l *lloyd) move() {
	d := l.p.D
	for j, n := range l.counts {
		if n == 0 {
			continue
		}
		for t := range d {
			sum := 0.0
			for b := range l.blocks {
				sum += l.blocks[b].sums[j*d+t]
			}
			l.centroids[j*d+t] = sum / float64(n)
		}
	}
}

// reseed gives every empty cluster, in the order of index, the point that lies farthest from its own centroid (equal
// distance: the lower row), out of clusters of two points or more. It reports whether it moved any: it does not when all
// points lie on centroids.
func (l *lloyd) reseed() bool {
	distance := make([]float64, l.p.N)
	d := l.p.D
	for i, j := range l.labels {
		distance[i] = squared(l.p.Row(i), l.centroids[int(j)*d:int(j)*d+d])
	}
	moved := false
	for j := range l.k {
		if l.counts[j] > 0 {
			continue
		}
		far := -1
		for i, s := range distance {
			if s > 0 && l.counts[l.labels[i]] > 1 && (far < 0 || s > distance[far]) {
				far = i
			}
		}
		if far < 0 {
			break
		}
		l.counts[l.labels[far]]--
		l.labels[far], l.counts[j], distance[far] = int32(j), 1, 0
		moved = true
	}
	if moved {
		l.sumLabels()
	}
	return moved
}

// sumLabels makes the blocks' sums anew from the labels, in the order that assign adds them up.
func (l *lloyd) sumLabels() {
	for b := range l.blocks {
		l.sum(&l.blocks[b], b*blockRows, min((b+1)*blockRows, l.p.N))
	}
}
