package space

import (
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Of 1 … 9 and 100 the type-7 quantiles are 3.25, 5.5 and 7.75 (R: quantile(c(1:9, 100))).
func TestScalings(t *testing.T) {
	values := []float64{100, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	for text, want := range map[string][2]float64{"x:robust": {5.5, 4.5}, "x:minmax": {1, 99}, "x:none:z": {14.5, math.Sqrt(818.25)}} {
		specs, err := ParseSpecs(text)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Fit([][]float64{values}, specs)
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]float64{s.Axes[0].Center, s.Axes[0].Scale}; math.Abs(got[0]-want[0]) > 1e-12 || math.Abs(got[1]-want[1]) > 1e-12 {
			t.Errorf("%s: center and scale %v, want %v", text, got, want)
		}
	}
}

// The quantiles 0.1 and 0.9 of 1 … 9 and 100 are 1.9 and 18.1 (R): what is outside is pulled in, in training and later.
func TestWinsor(t *testing.T) {
	specs, err := ParseSpecs("x:winsor=0.9:minmax")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Fit([][]float64{{1, 2, 3, 4, 5, 6, 7, 8, 9, 100}}, specs)
	if err != nil {
		t.Fatal(err)
	}
	if a := s.Axes[0]; math.Abs(*a.Low-1.9) > 1e-12 || math.Abs(*a.High-18.1) > 1e-12 {
		t.Errorf("bounds %v and %v, want 1.9 and 18.1", *a.Low, *a.High)
	}
	for v, want := range map[float64]float64{-1e9: 0, 1e9: 1} {
		got := make([]float64, 1)
		if err := s.Apply(got, []float64{v}); err != nil || math.Abs(got[0]-want) > 1e-12 {
			t.Errorf("%v lies at %v, %v, want %v", v, got, err, want)
		}
	}
	if err := s.Check(); err != nil {
		t.Error(err)
	}
	s.Axes[0].High = nil
	if s.Check() == nil {
		t.Error("a winsorised axis without bounds passes")
	}
}

func TestSpecsInAnyOrder(t *testing.T) {
	for text, want := range map[string]string{
		"x:robust:log1p:median": "x:log1p:median:robust", "x:none": "x:identity", "x:3:z": "x:identity:3", "x:winsor=0.99": "x:winsor=0.99",
	} {
		specs, err := ParseSpecs(text)
		if err != nil || specs[0].String() != want {
			t.Errorf("%s is %v, %v, want %s", text, specs, err, want)
		}
	}
	for _, bad := range []string{"x:ln:log1p", "x:z:robust", "x:1:median", "x:winsor=0.4", "x:winsor=1", "x:winsor=", "x:NaN", "x:square"} {
		if _, err := ParseSpecs(bad); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
}

// A robust scale of 0, where half of the customers share a value, is refused as a constant is.
func TestNoSpread(t *testing.T) {
	_, err := Fit([][]float64{{1, 1, 1, 1, 1, 1, 2}}, []Spec{{Feature: "x", Transform: Identity, Scaling: Robust}})
	if _, ok := errors.AsType[*ConstantError](err); !ok {
		t.Errorf("%v", err)
	}
}

// Points (±3, ±1) turned by 45 degrees: variances 9 and 1, so the first component holds 0.9 and is (1, 1)/√2.
func TestRotate(t *testing.T) {
	h := math.Sqrt2 / 2
	var x []float64
	for _, p := range [][2]float64{{3, 1}, {3, -1}, {-3, 1}, {-3, -1}} {
		x = append(x, h*(p[0]-p[1]), h*(p[0]+p[1]))
	}
	axes := &Space{Axes: []Axis{{Feature: "a", Transform: Identity, Scaling: ZScore, Scale: 1}, {Feature: "b", Transform: Identity, Scaling: ZScore, Scale: 1}}}
	one, err := axes.Rotate(x, 4, 0.9)
	if err != nil {
		t.Fatal(err)
	}
	near := cmpopts.EquateApprox(0, 1e-12)
	if diff := cmp.Diff(&PCA{Mean: []float64{0, 0}, Components: [][]float64{{h, h}}, Explained: []float64{0.9}}, one.PCA, near); diff != "" {
		t.Error(diff)
	}
	place := make([]float64, 1)
	if err := one.Apply(place, []float64{h * 2, h * 4}); err != nil || math.Abs(place[0]-3) > 1e-12 {
		t.Errorf("(3, 1) lies at %v, %v, want 3", place, err)
	}
	both, err := axes.Rotate(x, 4, 0.91)
	if err != nil || both.Dim() != 2 {
		t.Errorf("0.91 of the variance needs %d components, %v, want 2", both.Dim(), err)
	}
	if _, err := one.Rotate(x, 4, 0.9); err == nil {
		t.Error("rotated twice")
	}
	if _, err := axes.Rotate(x, 4, 0); err == nil {
		t.Error("a share of 0 is accepted")
	}
}
