package model

import (
	"bytes"
	"fmt"
	"math"
	"slices"

	"github.com/clientele/clientele/pkg/frame"
)

// ReferenceRows is how many training customers a bundle keeps at most.
const ReferenceRows = 50_000

// The answers of golden customers, columns beside their features.
var answers = []frame.Spec{
	{Name: "golden_nearest", Kind: frame.Int, Meaning: "Index of the nearest centre, from 0."},
	{Name: "golden_distance", Kind: frame.Float, Meaning: "Distance to it, in the model's space."},
	{Name: "golden_second", Kind: frame.Float, Nullable: true, Meaning: "Distance to the second nearest centre. Null for one segment."},
	{Name: "golden_r", Kind: frame.Int, Meaning: "Recency score, 1 (worst) to 5 (best)."},
	{Name: "golden_f", Kind: frame.Int, Meaning: "Frequency score, 1 (worst) to 5 (best)."},
	{Name: "golden_m", Kind: frame.Int, Meaning: "Monetary score, 1 (worst) to 5 (best)."},
}

// replayTolerance is how far, relative to 1 or to the distance, a replayed distance may be off: another architecture's
// logarithm can differ in its last bits.
const replayTolerance = 1e-9

// Sample returns at most n customers, in their order. Which ones depends on the customers' keys alone: it takes those with the
// smallest hash, so neither order, chunks nor seed matter.
func Sample(customers *frame.Frame, n int) *frame.Frame {
	if customers.Rows() <= n {
		return customers
	}
	type drawn struct {
		rank []byte
		row  int
	}
	all := make([]drawn, customers.Rows())
	for i, key := range customers.Strings("customer") {
		all[i] = drawn{rankOf(key), i}
	}
	slices.SortFunc(all, func(a, b drawn) int { return bytes.Compare(a.rank, b.rank) })
	rows := make([]int, n)
	for i := range rows {
		rows[i] = all[i].row
	}
	slices.Sort(rows)
	return customers.Take(rows)
}

// golden picks the customers whose answers are worth keeping: for each centroid the nearest, the farthest and the one most
// nearly between two; for each numeric feature those with the least and the most. Ties go to the first. It returns their
// features with the answers beside them, in the customers' order.
func (b *Bundle) golden(customers *frame.Frame, a *Assignment) (*frame.Frame, error) {
	picked := map[int]bool{}
	for c := range b.Model.K() {
		near, far, between := pick{}, pick{}, pick{}
		for i, at := range a.Nearest {
			if int(at) == c {
				near.least(i, a.Distance[i])
				far.least(i, -a.Distance[i])
				between.least(i, a.Second[i]-a.Distance[i])
			}
		}
		for _, p := range []pick{near, far, between} {
			p.into(picked)
		}
	}
	for i := range customers.Columns {
		if c := &customers.Columns[i]; c.IsNumeric() {
			least, most := pick{}, pick{}
			for r := range c.Len() {
				least.least(r, c.Float(r))
				most.least(r, -c.Float(r))
			}
			least.into(picked)
			most.into(picked)
		}
	}
	rows := make([]int, 0, len(picked))
	for r := range picked {
		rows = append(rows, r)
	}
	slices.Sort(rows)
	return b.answer(customers.Take(rows))
}

// pick holds the row with the least value so far. NaN is never the least.
type pick struct {
	row   int
	value float64
	found bool
}

func (p *pick) least(row int, v float64) {
	if !math.IsNaN(v) && (!p.found || v < p.value) {
		*p = pick{row, v, true}
	}
}

func (p *pick) into(rows map[int]bool) {
	if p.found {
		rows[p.row] = true
	}
}

// answer returns the customers with the answers that they get now.
func (b *Bundle) answer(customers *frame.Frame) (*frame.Frame, error) {
	a, err := b.Assign(customers)
	if err != nil {
		return nil, err
	}
	s, err := b.RFM(customers, nil)
	if err != nil {
		return nil, err
	}
	nearest := make([]int64, len(a.Nearest))
	for i, at := range a.Nearest {
		nearest[i] = int64(at)
	}
	return &frame.Frame{Columns: append(slices.Clone(customers.Columns),
		frame.Column{Spec: answers[0], Ints: nearest},
		frame.Column{Spec: answers[1], Floats: a.Distance},
		frame.Column{Spec: answers[2], Floats: a.Second},
		frame.Column{Spec: answers[3], Ints: s.R},
		frame.Column{Spec: answers[4], Ints: s.F},
		frame.Column{Spec: answers[5], Ints: s.M},
	)}, nil
}

// ReplayError says that a golden customer gets another answer than the one that it carries.
type ReplayError struct {
	Row       int // of the golden customers
	Column    string
	Want, Got float64
}

// Error names the answer.
func (e *ReplayError) Error() string {
	return fmt.Sprintf("golden customer %d: %s is %v, want %v", e.Row, e.Column, e.Got, e.Want)
}

// Replay asks the model about its golden customers and returns a [*ReplayError] unless each gets the answers that it
// carries: the same centroid and scores, and distances to 1e-9.
func (b *Bundle) Replay() error {
	want := b.Golden
	now, err := b.answer(&frame.Frame{Columns: want.Columns[:len(want.Columns)-len(answers)]})
	if err != nil {
		return fmt.Errorf("replay golden customers: %w", err)
	}
	for _, spec := range answers {
		w, g := want.Column(spec.Name), now.Column(spec.Name)
		for r := range w.Len() {
			if !alike(spec.Kind, w.Float(r), g.Float(r)) {
				return &ReplayError{Row: r, Column: spec.Name, Want: w.Float(r), Got: g.Float(r)}
			}
		}
	}
	return nil
}

func alike(kind frame.Kind, a, b float64) bool {
	if a == b || math.IsNaN(a) && math.IsNaN(b) {
		return true
	}
	return kind == frame.Float && math.Abs(a-b) <= replayTolerance*max(1, math.Abs(a))
}
