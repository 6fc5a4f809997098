//go:build !purego

package recommend

import "golang.org/x/sys/cpu"

// productAVX2 is [productGo] in vector instructions. a has b·rows values, w has b·columns, and b is at least 1.
//
//go:noescape
func productAVX2(c, a, w *float64, b int)

var hasAVX2 = cpu.X86.HasAVX2

func product(c *[rows * columns]float64, a, w []float64, b int) {
	if !hasAVX2 {
		productGo(c, a, w, b)
		return
	}
	_, _ = a[b*rows-1], w[b*columns-1]
	productAVX2(&c[0], &a[0], &w[0], b)
}
