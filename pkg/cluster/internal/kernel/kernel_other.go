//go:build !amd64 || purego

package kernel

// Best is the widest tier of this processor.
var Best = None

// Nearest is for tiers above [None].
func (Tier) Nearest(_ []float64, _ int, _, _ []float64, _ []int64) {
	panic("kernel: no vector instructions here")
}

// Distances is for tiers above [None].
func (Tier) Distances(_ []float64, _ int, _ []float64) [Lanes]float64 {
	panic("kernel: no vector instructions here")
}
