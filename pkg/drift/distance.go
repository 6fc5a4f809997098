package drift

import (
	"math"
	"sort"
)

// KS returns the two-sample Kolmogorov–Smirnov statistic of sorted values, the largest distance between their empirical
// distribution functions. NaN if either is empty. O(n + m).
func KS(a, b []float64) float64 {
	if len(a) == 0 || len(b) == 0 {
		return math.NaN()
	}
	n, m := len(a), len(b)
	most := 0.0
	for i, j := 0, 0; i < n && j < m; {
		v := min(a[i], b[j])
		for i < n && a[i] == v {
			i++
		}
		for j < m && b[j] == v {
			j++
		}
		most = max(most, math.Abs(float64(i)/float64(n)-float64(j)/float64(m)))
	}
	return most
}

// KSName names the p-value of [KSP].
const KSName = "kolmogorov_stephens"

// KSP returns the p-value of a Kolmogorov–Smirnov statistic d of independent samples of n and m: the Kolmogorov limit
// 2 Σ (−1)^(j−1) e^(−2 j² λ²) at λ = (√e + 0.12 + 0.11/√e)·d, e = nm/(n+m), with M. A. Stephens' correction for small samples
// (Journal of the Royal Statistical Society B 32, 1970), as Numerical Recipes gives it. With ties it is too large, so that it
// errs on the quiet side. NaN where d is.
func KSP(d float64, n, m int) float64 {
	if math.IsNaN(d) {
		return d
	}
	e := math.Sqrt(float64(n) * float64(m) / float64(n+m))
	return kolmogorov((e + 0.12 + 0.11/e) * d)
}

// kolmogorov returns the upper tail of Kolmogorov's distribution.
func kolmogorov(lambda float64) float64 {
	if lambda < 0.2 {
		return 1 // to 13 digits
	}
	sum, sign := 0.0, 2.0
	for j := 1; j <= 100; j++ {
		term := math.Exp(-2 * float64(j*j) * lambda * lambda)
		sum += float64(sign * term)
		if term < 1e-18 {
			break
		}
		sign = -sign
	}
	return min(max(sum, 0), 1)
}

// Wasserstein returns the distance ∫ |F − G| between the empirical distributions of sorted values: the mean way that mass has
// to go. NaN if either is empty. O(n + m).
func Wasserstein(a, b []float64) float64 {
	if len(a) == 0 || len(b) == 0 {
		return math.NaN()
	}
	n, m := len(a), len(b)
	sum, carry := 0.0, 0.0
	last := min(a[0], b[0])
	for i, j := 0, 0; i < n || j < m; {
		var v float64
		switch {
		case i == n:
			v = b[j]
		case j == m:
			v = a[i]
		default:
			v = min(a[i], b[j])
		}
		term := float64(math.Abs(float64(i)/float64(n)-float64(j)/float64(m)) * (v - last))
		y := term - carry // compensated
		t := sum + y
		carry = (t - sum) - y
		sum, last = t, v
		for i < n && a[i] == v {
			i++
		}
		for j < m && b[j] == v {
			j++
		}
	}
	return sum
}

// onLog puts sorted values on sign(x)·ln(1 + |x|/unit), which keeps their order.
func onLog(values []float64, unit float64) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = math.Copysign(math.Log1p(math.Abs(v)/unit), v)
	}
	return out
}

// unitOf returns m of ln(1 + x/m): the median of the reference's absolute values above zero, 1 without any.
func unitOf(v []float64) float64 {
	abs := make([]float64, 0, len(v))
	zero := sort.SearchFloat64s(v, 0)
	below, above := v[:zero], v[zero:]
	i, j := len(below)-1, 0
	for i >= 0 || j < len(above) { // merges: ascending by absolute value
		if j == len(above) || i >= 0 && -below[i] < above[j] {
			abs = append(abs, -below[i])
			i--
			continue
		}
		if above[j] > 0 {
			abs = append(abs, above[j])
		}
		j++
	}
	if len(abs) == 0 {
		return 1
	}
	return abs[len(abs)/2]
}

// The scales that a distance is divided by, in the order in which they are tried: the first that is above zero.
const (
	ScaleIQR  = "iqr"  // interquartile range / 1.349, which of a normal distribution is its deviation
	ScaleP90  = "p90"  // range from the 5th to the 95th percentile / 3.290
	ScaleSD   = "sd"   // deviation
	ScaleNone = "none" // of a constant: not divided
)

// scaleOf returns the scale of sorted reference values and its name.
func scaleOf(v []float64) (float64, string) {
	if len(v) == 0 {
		return 1, ScaleNone
	}
	if s := (quantile(v, 0.75) - quantile(v, 0.25)) / 1.349; s > 0 {
		return s, ScaleIQR
	}
	if s := (quantile(v, 0.95) - quantile(v, 0.05)) / 3.290; s > 0 {
		return s, ScaleP90
	}
	mean, squares := 0.0, 0.0
	for i, x := range v {
		d := x - mean
		mean += d / float64(i+1)
		squares += float64(d * (x - mean))
	}
	if s := math.Sqrt(squares / float64(len(v))); s > 0 {
		return s, ScaleSD
	}
	return 1, ScaleNone
}

// quantile is that of type 7 of sorted values, which are not empty.
func quantile(v []float64, q float64) float64 {
	at := q * float64(len(v)-1)
	i := int(at)
	if i+1 >= len(v) {
		return v[len(v)-1]
	}
	return v[i] + float64((at-float64(i))*(v[i+1]-v[i]))
}
