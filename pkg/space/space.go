// Package space makes the points that k-means sees out of customer features: transform, then z-score.
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

	"gonum.org/v1/gonum/floats"
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

// Axis is one fitted dimension: z = (transform(v) − Mean) / SD.
type Axis struct {
	Feature   string    `json:"feature"`
	Transform Transform `json:"transform"`
	Mean      float64   `json:"mean"`             // of the transformed training values
	SD        float64   `json:"sd"`               // their population deviation (divided by n, not n − 1)
	Impute    *float64  `json:"impute,omitempty"` // stands in for null, in the feature's own unit; nil refuses null
}

// Space is a fitted list of axes. It is safe for use by several goroutines.
type Space struct {
	Axes []Axis `json:"axes"`
}

// Features returns the names of the axes, in order.
func (s *Space) Features() []string {
	names := make([]string, len(s.Axes))
	for i, a := range s.Axes {
		names[i] = a.Feature
	}
	return names
}

// Dim returns the number of axes.
func (s *Space) Dim() int { return len(s.Axes) }

// Check returns an error unless the space can be applied: what a space read from a file has to pass.
func (s *Space) Check() error {
	if len(s.Axes) == 0 {
		return errors.New("check space: it has no axis")
	}
	for _, a := range s.Axes {
		if _, err := a.Transform.apply(1); err != nil {
			return fmt.Errorf("check space: feature %s: %w", a.Feature, err)
		}
		if !(a.SD > 0) || math.IsInf(a.SD, 0) || math.IsNaN(a.Mean) || math.IsInf(a.Mean, 0) {
			return fmt.Errorf("check space: feature %s has mean %v and deviation %v", a.Feature, a.Mean, a.SD)
		}
	}
	return nil
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

// fitAxis takes mean and population deviation of the transformed values, in two passes with compensated sums (Neumaier
// 1974, as in gonum's floats.SumCompensated), on sorted values: the order of customers cannot move a bit.
func fitAxis(column []float64, spec Spec) (Axis, error) {
	axis := Axis{Feature: spec.Feature, Transform: spec.Transform}
	if len(column) == 0 {
		return axis, ErrEmpty
	}
	impute, err := spec.Impute.resolve(column)
	if err != nil {
		return axis, fmt.Errorf("feature %s: %w", spec.Feature, err)
	}
	axis.Impute = impute
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
	n := float64(len(values))
	axis.Mean = floats.SumCompensated(values) / n
	for i, v := range values {
		d := v - axis.Mean
		values[i] = float64(d * d)
	}
	axis.SD = math.Sqrt(floats.SumCompensated(values) / n)
	if !(axis.SD > 0) || math.IsInf(axis.SD, 0) || math.IsInf(axis.Mean, 0) {
		return axis, fmt.Errorf("feature %s: mean %v and deviation %v are out of range", spec.Feature, axis.Mean, axis.SD)
	}
	return axis, nil
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
	return t, nil
}

// Apply writes one customer's place to dst: row holds the raw values in the order of the axes, NaN for null. Both have
// length [Space.Dim]; dst may be row. The error is a [*ValueError] whose Row is −1.
func (s *Space) Apply(dst, row []float64) error {
	if len(dst) != len(s.Axes) || len(row) != len(s.Axes) {
		return fmt.Errorf("apply space: %d values into %d, want %d", len(row), len(dst), len(s.Axes))
	}
	return s.apply(dst, row, -1)
}

func (s *Space) apply(dst, row []float64, at int) error {
	for i := range s.Axes {
		a := &s.Axes[i]
		t, err := a.transform(row[i], at)
		if err != nil {
			return fmt.Errorf("apply space: %w", err)
		}
		dst[i] = (t - a.Mean) / a.SD
	}
	return nil
}

// ApplyColumns writes the places of all customers to dst, row after row, n × [Space.Dim]: columns[i] holds the raw values
// of axis i. A nil dst is allocated. It returns dst; the error is a [*ValueError] that names the row.
func (s *Space) ApplyColumns(dst []float64, columns [][]float64) ([]float64, error) {
	d := len(s.Axes)
	if d == 0 || len(columns) != d {
		return nil, fmt.Errorf("apply space: %d columns, want %d", len(columns), d)
	}
	n := len(columns[0])
	for i := range columns {
		if len(columns[i]) != n {
			return nil, fmt.Errorf("apply space: feature %s has %d rows, %s has %d", s.Axes[i].Feature, len(columns[i]), s.Axes[0].Feature, n)
		}
	}
	if dst == nil {
		dst = make([]float64, n*d)
	}
	if len(dst) != n*d {
		return nil, fmt.Errorf("apply space: %d places for %d customers of %d axes", len(dst), n, d)
	}
	row := make([]float64, d)
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
