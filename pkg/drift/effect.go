package drift

import "math"

// Measured returns a pointer to v, or nil where it is no number: JSON has neither NaN nor infinity.
func Measured(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}
