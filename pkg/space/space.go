// Package space makes the points that k-means sees out of customer features: transform, then scale, and on request keep the
// principal components.
//
// A [Space] is fitted once, on the training customers, and frozen in the model. Training and scoring go through the same
// [Space.Apply], so a customer has one place, whoever asks. Nobody is dropped as an outlier: transforms tame the tail.
//
//	sp, err := space.Fit([][]float64{recency, frequency, monetary}, space.Default())
//	z := make([]float64, 3)
//	err = sp.Apply(z, []float64{12, 5, 1480.50})
//
// Equal inputs give equal bits in any order of the axes and on any number of cores; the logarithm may differ in its last
// bit from one processor architecture to another.
package space

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// ErrEmpty says that there is no training customer.
var ErrEmpty = errors.New("no customers to fit a space to")

// What can be wrong with a value; a [ValueError] carries one of them.
var (
	errNotFinite = errors.New("want a finite number")
	errNull      = errors.New("the value is null and the feature has no imputation")
	errLn        = errors.New("ln needs a number above 0")
	errLog1p     = errors.New("log1p needs a number above -1")
)

// ConstantError says that a feature has one value only among the training customers: it can be no axis.
type ConstantError struct {
	Feature string
	Value   float64 // in the feature's own unit
}

func (e *ConstantError) Error() string {
	return fmt.Sprintf("feature %s is constant (%g for every customer): it cannot be scaled; remove it from --space", e.Feature, e.Value)
}

// ValueError says that one customer's value cannot be placed.
type ValueError struct {
	Feature string
	Row     int // position among the customers given; −1 where there is just one
	Value   float64
	Err     error
}

func (e *ValueError) Error() string {
	if e.Row < 0 {
		return fmt.Sprintf("feature %s is %v: %v", e.Feature, e.Value, e.Err)
	}
	return fmt.Sprintf("feature %s is %v in row %d: %v", e.Feature, e.Value, e.Row, e.Err)
}

// Unwrap returns what is wrong with the value.
func (e *ValueError) Unwrap() error { return e.Err }

// Axis is one fitted feature: (transform(v) − Center) / Scale.
type Axis struct {
	Feature   string    `json:"feature"`
	Transform Transform `json:"transform"`
	// Low and High are what a winsorised value is raised or lowered to, in the feature's own unit; nil for other transforms.
	Low     *float64 `json:"low,omitempty"`
	High    *float64 `json:"high,omitempty"`
	Scaling Scaling  `json:"scaling"`
	Center  float64  `json:"center"`           // of the transformed training values: mean, median or minimum
	Scale   float64  `json:"scale"`            // their population deviation (divided by n), interquartile range or range
	Impute  *float64 `json:"impute,omitempty"` // stands in for null, in the feature's own unit; nil refuses null
}

// Space is a fitted list of axes, and their principal components where these were asked for. It is safe for use by several
// goroutines.
type Space struct {
	Axes []Axis `json:"axes"`
	PCA  *PCA   `json:"pca,omitempty"`
}

// Features returns the names of the axes, in order.
func (s *Space) Features() []string {
	names := make([]string, len(s.Axes))
	for i, a := range s.Axes {
		names[i] = a.Feature
	}
	return names
}

// Dim returns the number of coordinates of a place: the axes, or the components kept of them.
func (s *Space) Dim() int {
	if s.PCA != nil {
		return len(s.PCA.Components)
	}
	return len(s.Axes)
}

// Coordinates names the coordinates of a place: the features, or pc1, pc2, …
func (s *Space) Coordinates() []string {
	if s.PCA == nil {
		return s.Features()
	}
	names := make([]string, s.Dim())
	for i := range names {
		names[i] = fmt.Sprintf("pc%d", i+1)
	}
	return names
}

// Check returns an error unless the space can be applied: what a space read from a file has to pass.
func (s *Space) Check() error {
	if len(s.Axes) == 0 {
		return errors.New("check space: it has no axis")
	}
	for _, a := range s.Axes {
		if _, err := a.Transform.apply(1); err != nil {
			return fmt.Errorf("check space: feature %s: %w", a.Feature, err)
		}
		if a.Transform.isWinsor() && (a.Low == nil || a.High == nil || !(*a.Low <= *a.High)) {
			return fmt.Errorf("check space: feature %s is winsorised without bounds", a.Feature)
		}
		if !a.Scaling.known() {
			return fmt.Errorf("check space: feature %s has scaling %q", a.Feature, string(a.Scaling))
		}
		if !(a.Scale > 0) || math.IsInf(a.Scale, 0) || math.IsNaN(a.Center) || math.IsInf(a.Center, 0) {
			return fmt.Errorf("check space: feature %s has center %v and scale %v", a.Feature, a.Center, a.Scale)
		}
	}
	return s.PCA.check(len(s.Axes))
}

// Fit scales the features of the training customers: columns[i] holds the values of specs[i], all of one length, NaN for
// null. The columns stay untouched.
//
// It returns [ErrEmpty] without a customer, a [*ConstantError] for a feature with a single value, and a [*ValueError] for
// a value that is not finite, a null without a stated imputation, or one that its transform does not take.
func Fit(columns [][]float64, specs []Spec) (*Space, error) {
	if len(specs) == 0 || len(columns) != len(specs) {
		return nil, fmt.Errorf("fit space: %d columns for %d features", len(columns), len(specs))
	}
	s := &Space{Axes: make([]Axis, len(specs))}
	for i, spec := range specs {
		if len(columns[i]) != len(columns[0]) {
			return nil, fmt.Errorf("fit space: feature %s has %d rows, %s has %d", spec.Feature, len(columns[i]), specs[0].Feature, len(columns[0]))
		}
		axis, err := fitAxis(columns[i], spec)
		if err != nil {
			return nil, fmt.Errorf("fit space: %w", err)
		}
		s.Axes[i] = axis
	}
	return s, nil
}

// fitAxis takes center and scale of the transformed values, sorted and with compensated sums (Neumaier 1974, as in gonum's
// floats.SumCompensated): the order of customers cannot move a bit.
func fitAxis(column []float64, spec Spec) (Axis, error) {
	axis := Axis{Feature: spec.Feature, Transform: spec.Transform, Scaling: spec.scaling()}
	if len(column) == 0 {
		return axis, ErrEmpty
	}
	impute, err := spec.Impute.resolve(column)
	if err != nil {
		return axis, fmt.Errorf("feature %s: %w", spec.Feature, err)
	}
	axis.Impute = impute
	if err := axis.winsorise(column); err != nil {
		return axis, err
	}
	values := make([]float64, len(column))
	for i, v := range column {
		if values[i], err = axis.transform(v, i); err != nil {
			return axis, err
		}
	}
	slices.Sort(values)
	if values[0] == values[len(values)-1] {
		return axis, &ConstantError{spec.Feature, column[0]}
	}
	axis.Center, axis.Scale = axis.Scaling.fit(values)
	if axis.Scale == 0 {
		return axis, &ConstantError{spec.Feature, column[0]}
	}
	if !(axis.Scale > 0) || math.IsInf(axis.Scale, 0) || math.IsInf(axis.Center, 0) {
		return axis, fmt.Errorf("feature %s: center %v and scale %v are out of range", spec.Feature, axis.Center, axis.Scale)
	}
	return axis, nil
}

// winsorise takes the bounds of the training values that are not null.
func (a *Axis) winsorise(column []float64) error {
	if !a.Transform.isWinsor() {
		return nil
	}
	q, err := a.Transform.quantile()
	if err != nil {
		return err
	}
	known := make([]float64, 0, len(column))
	for i, v := range column {
		if math.IsInf(v, 0) {
			return &ValueError{a.Feature, i, v, errNotFinite}
		}
		if !math.IsNaN(v) {
			known = append(known, v)
		}
	}
	if len(known) == 0 {
		return fmt.Errorf("feature %s: every value is null: there is no quantile", a.Feature)
	}
	slices.Sort(known)
	low, high := quantile(known, 1-q), quantile(known, q)
	a.Low, a.High = &low, &high
	return nil
}

// resolve returns the value that stands in for null, or nil.
func (m Impute) resolve(column []float64) (*float64, error) {
	if !m.Median {
		if !m.Given {
			return nil, nil
		}
		v := m.Value
		return &v, nil
	}
	known := make([]float64, 0, len(column))
	for _, v := range column {
		if !math.IsNaN(v) {
			known = append(known, v)
		}
	}
	if len(known) == 0 {
		return nil, errors.New("every value is null: there is no median")
	}
	slices.Sort(known)
	mid := len(known) / 2
	v := known[mid]
	if len(known)%2 == 0 {
		v = known[mid-1]/2 + v/2
	}
	return &v, nil
}

// transform returns the value before scaling, with null imputed.
func (a *Axis) transform(v float64, row int) (float64, error) {
	given := v
	if math.IsNaN(v) {
		if a.Impute == nil {
			return 0, &ValueError{a.Feature, row, v, errNull}
		}
		v = *a.Impute
	}
	t, err := a.Transform.apply(v)
	if err != nil {
		return 0, &ValueError{a.Feature, row, given, err}
	}
	if a.Low != nil && a.High != nil {
		t = min(max(t, *a.Low), *a.High)
	}
	return t, nil
}

// Apply writes one customer's place to dst, which has length [Space.Dim]: row holds the raw values in the order of the axes,
// NaN for null. dst may be row where there are no components. The error is a [*ValueError] whose Row is −1.
func (s *Space) Apply(dst, row []float64) error {
	if len(dst) != s.Dim() || len(row) != len(s.Axes) {
		return fmt.Errorf("apply space: %d values into %d, want %d into %d", len(row), len(dst), len(s.Axes), s.Dim())
	}
	return s.apply(dst, row, -1)
}

func (s *Space) apply(dst, row []float64, at int) error {
	scaled := dst
	if s.PCA != nil {
		scaled = make([]float64, len(s.Axes))
	}
	for i := range s.Axes {
		a := &s.Axes[i]
		t, err := a.transform(row[i], at)
		if err != nil {
			return fmt.Errorf("apply space: %w", err)
		}
		scaled[i] = (t - a.Center) / a.Scale
	}
	if s.PCA != nil {
		s.PCA.apply(dst, scaled)
	}
	return nil
}

// ApplyColumns writes the places of all customers to dst, row after row, n × [Space.Dim]: columns[i] holds the raw values
// of axis i. A nil dst is allocated. It returns dst; the error is a [*ValueError] that names the row.
func (s *Space) ApplyColumns(dst []float64, columns [][]float64) ([]float64, error) {
	if len(s.Axes) == 0 || len(columns) != len(s.Axes) {
		return nil, fmt.Errorf("apply space: %d columns, want %d", len(columns), len(s.Axes))
	}
	d, n := s.Dim(), len(columns[0])
	for i := range columns {
		if len(columns[i]) != n {
			return nil, fmt.Errorf("apply space: feature %s has %d rows, %s has %d", s.Axes[i].Feature, len(columns[i]), s.Axes[0].Feature, n)
		}
	}
	if dst == nil {
		dst = make([]float64, n*d)
	}
	if len(dst) != n*d {
		return nil, fmt.Errorf("apply space: %d places for %d customers of %d coordinates", len(dst), n, d)
	}
	row := make([]float64, len(s.Axes))
	for r := range n {
		for i := range columns {
			row[i] = columns[i][r]
		}
		if err := s.apply(dst[r*d:(r+1)*d], row, r); err != nil {
			return nil, err
		}
	}
	return dst, nil
}
