package drift

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// PopulationEffect returns PSI between the sizes of the segments then and now, one count a segment in the same order: 0
// where every segment has the share it had. NaN where either side has no customer.
func PopulationEffect(reference, current []int) float64 {
	if total(reference) == 0 || total(current) == 0 {
		return math.NaN()
	}
	return PSI(reference, current)
}

// ModelEffect returns the relative change of the mean squared distance to the nearest centroid, current over reference
// − 1: 0.2 means that customers lie, in the mean square, 20 % farther from their segments than those the model was trained
// on. It takes the squared distances of either side's customers. NaN where a side is empty, or the reference lies on its
// centroids.
func ModelEffect(reference, current []float64) float64 {
	if len(reference) == 0 || len(current) == 0 {
		return math.NaN()
	}
	was := floats.SumCompensated(reference) / float64(len(reference))
	is := floats.SumCompensated(current) / float64(len(current))
	if was == 0 {
		return math.NaN()
	}
	return is/was - 1
}

// Measured returns a pointer to v, or nil where it is NaN: JSON has no NaN.
func Measured(v float64) *float64 {
	if math.IsNaN(v) {
		return nil
	}
	return &v
}
