//go:build !purego

package recommend

import "golang.org/x/sys/cpu"

// productAVX2 is [productGo] in vector instructions. a has b·rows values, w has b·columns, and b is at least 1.
//
//go:noescape
func productAVX2(c, a, w *float64, b int)

// productAVX512 is the same in wider ones.
//
//go:noescape
func productAVX512(c, a, w *float64, b int)

// kernels are those of this processor, the widest first; all give the same bits.
var kernels = func() []kernel {
	var of []kernel
	if cpu.X86.HasAVX512F {
		of = append(of, func(c *[rows * columns]float64, a, w []float64, b int) {
			_, _ = a[b*rows-1], w[b*columns-1]
			productAVX512(&c[0], &a[0], &w[0], b)
		})
	}
	if cpu.X86.HasAVX2 {
		of = append(of, func(c *[rows * columns]float64, a, w []float64, b int) {
			_, _ = a[b*rows-1], w[b*columns-1]
			productAVX2(&c[0], &a[0], &w[0], b)
		})
	}
	return append(of, productGo)
}()
