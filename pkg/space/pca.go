package space

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// PCA is a rotation of the scaled axes to their principal components: component j is Σ Components[j][i]·(v_i − Mean[i]).
type PCA struct {
	Mean       []float64   `json:"mean"`       // of the scaled training values, one an axis
	Components [][]float64 `json:"components"` // unit vectors of one weight an axis, by descending variance
	Explained  []float64   `json:"explained"`  // share of the variance of each, 0 … 1
}

// Rotate returns the space with the fewest principal components that hold at least that share (0 < share ≤ 1) of the
// variance of x: places of the n training customers in s, row after row, as [Space.ApplyColumns] gives them. s stays
// untouched. The sign of a component is that its weight of largest size is positive. The order of customers does not move a
// bit (K. Pearson, "On lines and planes of closest fit to systems of points in space", Philosophical Magazine 2, 1901).
func (s *Space) Rotate(x []float64, n int, share float64) (*Space, error) {
	d := len(s.Axes)
	if s.PCA != nil {
		return nil, errors.New("rotate space: it has been rotated before")
	}
	if !(share > 0 && share <= 1) {
		return nil, fmt.Errorf("rotate space: share of variance %v, want more than 0 and at most 1", share)
	}
	if n < 2 || len(x) != n*d {
		return nil, fmt.Errorf("rotate space: %d coordinates for %d customers of %d axes", len(x), n, d)
	}
	mean, covariance := moments(x, n, d)
	var eigen mat.EigenSym
	if !eigen.Factorize(covariance, true) {
		return nil, errors.New("rotate space: the covariance has no eigenvectors")
	}
	values := eigen.Values(nil) // ascending
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	total := floats.SumCompensated(values)
	p := &PCA{Mean: mean}
	held := 0.0
	for j := d - 1; j >= 0; j-- {
		weights := mat.Col(nil, j, &vectors)
		most := 0
		for i, w := range weights {
			if math.Abs(w) > math.Abs(weights[most])+1e-12 {
				most = i
			}
		}
		if weights[most] < 0 {
			floats.Scale(-1, weights)
		}
		explained := max(0, values[j]) / total
		p.Components, p.Explained = append(p.Components, weights), append(p.Explained, explained)
		if held += explained; held >= share-1e-12 {
			break
		}
	}
	out := &Space{Axes: slices.Clone(s.Axes), PCA: p}
	return out, out.Check()
}

// moments returns means and population covariance of n rows of d values, from sums over sorted terms.
func moments(x []float64, n, d int) ([]float64, *mat.SymDense) {
	mean, terms := make([]float64, d), make([]float64, n)
	average := func(term func(r int) float64) float64 {
		for r := range terms {
			terms[r] = term(r)
		}
		slices.Sort(terms)
		return floats.SumCompensated(terms) / float64(n)
	}
	for i := range d {
		mean[i] = average(func(r int) float64 { return x[r*d+i] })
	}
	covariance := mat.NewSymDense(d, nil)
	for i := range d {
		for j := i; j < d; j++ {
			covariance.SetSym(i, j, average(func(r int) float64 {
				return float64((x[r*d+i] - mean[i]) * (x[r*d+j] - mean[j]))
			}))
		}
	}
	return mean, covariance
}

// apply writes the components of the scaled values v to dst.
func (p *PCA) apply(dst, v []float64) {
	for j, weights := range p.Components {
		sum := 0.0
		for i, w := range weights {
			sum += float64(w * (v[i] - p.Mean[i]))
		}
		dst[j] = sum
	}
}

// check returns an error unless the rotation fits that many axes. Nil passes.
func (p *PCA) check(axes int) error {
	if p == nil {
		return nil
	}
	finite := func(values []float64) bool {
		return len(values) == axes && !slices.ContainsFunc(values, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
	}
	if len(p.Components) == 0 || len(p.Components) > axes || len(p.Explained) != len(p.Components) || !finite(p.Mean) {
		return fmt.Errorf("check space: %d components and %d means of %d axes", len(p.Components), len(p.Mean), axes)
	}
	for j, c := range p.Components {
		if !finite(c) {
			return fmt.Errorf("check space: component %d does not have %d finite weights", j+1, axes)
		}
	}
	return nil
}
