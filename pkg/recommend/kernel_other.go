//go:build !amd64 || purego

package recommend

var kernels = []kernel{productGo}
