// Package kernel has the inner loops of package cluster in the processor's vector instructions.
//
// Points lie in lanes: a register holds one coordinate of several points. Each lane does what plain Go does for one point, in the
// same order and with the same roundings (no fused multiply-add), so every tier gives the same bits. The assembly is written by
// tools/kernelgen; tools/kernels.sh runs it.
package kernel

import "fmt"

// Tier is a set of vector instructions.
type Tier uint8

// The tiers. None means that the caller's plain Go does the work.
const (
	None Tier = iota
	AVX2
	AVX512
)

var tierNames = [...]string{"go", "avx2", "avx512"}

// String returns the tier's name.
func (t Tier) String() string { return tierNames[t] }

// Parse reads a tier's name.
func Parse(name string) (Tier, error) {
	for i, n := range tierNames {
		if n == name {
			return Tier(i), nil
		}
	}
	return None, fmt.Errorf("unknown vector instructions %q, known are %q", name, tierNames)
}

// Lanes is what the number of points in a tile must be a multiple of.
const Lanes = 16

// Width returns n rounded up to a multiple of [Lanes].
func Width(n int) int { return (n + Lanes - 1) / Lanes * Lanes }

// Transpose writes rows of d coordinates each as a tile: coordinate t of row i goes to dst[t·width + i]. The lanes behind the last row
// repeat it. dst has length d·width, and width is [Width] of the number of rows, which is at least 1.
func Transpose(dst, rows []float64, d, width int) {
	n := len(rows) / d
	for t := range d {
		lane := dst[t*width : (t+1)*width]
		for i := range lane {
			lane[i] = rows[min(i, n-1)*d+t]
		}
	}
}
