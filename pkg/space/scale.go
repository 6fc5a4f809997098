package space

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/floats"
)

// Scaling is how a transformed feature is brought to the size of the others.
type Scaling string

// The scalings.
const (
	ZScore Scaling = "z"      // mean and population deviation
	Robust Scaling = "robust" // median and interquartile range: no outlier moves it
	MinMax Scaling = "minmax" // smallest value and range: 0 … 1 in training
)

func (s Scaling) known() bool { return slices.Contains([]Scaling{ZScore, Robust, MinMax}, s) }

// fit returns center and scale of sorted values. A scale of 0 says that the values are too alike.
func (s Scaling) fit(sorted []float64) (center, scale float64) {
	switch s {
	case Robust:
		return quantile(sorted, 0.5), quantile(sorted, 0.75) - quantile(sorted, 0.25)
	case MinMax:
		return sorted[0], sorted[len(sorted)-1] - sorted[0]
	}
	n := float64(len(sorted))
	center = floats.SumCompensated(sorted) / n
	squares := make([]float64, len(sorted))
	for i, v := range sorted {
		d := v - center
		squares[i] = float64(d * d)
	}
	return center, math.Sqrt(floats.SumCompensated(squares) / n)
}

// quantile returns the type-7 quantile of sorted values (Hyndman and Fan, "Sample quantiles in statistical packages", The
// American Statistician 50, 1996).
func quantile(sorted []float64, q float64) float64 {
	at := float64(float64(len(sorted)-1) * q)
	low := min(int(at), len(sorted)-1)
	v := sorted[low]
	if rest := at - float64(low); rest > 0 && low+1 < len(sorted) {
		v += float64(rest * (sorted[low+1] - v))
	}
	return v
}

// winsor begins the name of the transform that pulls values in to the quantiles 1 − q and q: winsor=0.99.
const winsor = "winsor="

func (t Transform) isWinsor() bool { return strings.HasPrefix(string(t), winsor) }

// quantile returns the q of a winsor transform.
func (t Transform) quantile() (float64, error) {
	text := strings.TrimPrefix(string(t), winsor)
	q, err := strconv.ParseFloat(text, 64)
	if err != nil || !(q > 0.5 && q < 1) || strconv.FormatFloat(q, 'g', -1, 64) != text {
		return 0, fmt.Errorf("transform %q, want a quantile between 0.5 and 1, such as winsor=0.99", string(t))
	}
	return q, nil
}
