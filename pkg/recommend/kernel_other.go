//go:build !amd64 || purego

package recommend

func product(c *[rows * columns]float64, a, w []float64, b int) { productGo(c, a, w, b) }
