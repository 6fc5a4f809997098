package measure

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Z is the 97.5 % point of the normal distribution.
const Z = 1.959964

// Ratio is ΣY/ΣN over customers, and its variance by linearisation.
type Ratio struct {
	Customers int
	Value     float64 // R
	Variance  float64 // n/(n−1)·Σ(Y − R·N)²/(ΣN)², NaN below two customers
}

// NewRatio returns the ratio of parallel slices, one value a customer. It is undefined (NaN) where ΣN is not above 0.
// Source: Cochran, Sampling Techniques, 3rd ed., 6.4.
func NewRatio(y, n []float64) Ratio {
	sumY, sumN, sumE := 0.0, 0.0, 0.0
	for i := range y {
		sumY, sumN = sumY+y[i], sumN+n[i]
	}
	r := Ratio{Customers: len(y), Value: math.NaN(), Variance: math.NaN()}
	if !(sumN > 0) {
		return r
	}
	r.Value = sumY / sumN
	if len(y) < 2 {
		return r
	}
	for i := range y {
		e := y[i] - float64(r.Value*n[i])
		sumE += float64(e * e)
	}
	size := float64(len(y))
	r.Variance = size / (size - 1) * sumE / (sumN * sumN)
	return r
}

// Usable reports whether an effect can be taken of the ratio: two customers or more, and a value above 0.
func (r Ratio) Usable() bool { return r.Customers >= 2 && r.Value > 0 && !math.IsNaN(r.Variance) }

// Effect is the relative difference of two ratios with its limits; all NaN where an arm is not usable.
type Effect struct{ Value, Low, High float64 }

// Said reports whether there is an effect to speak of.
func (e Effect) Said() bool { return !math.IsNaN(e.Value) && !math.IsNaN(e.Low) && !math.IsNaN(e.High) }

// Compare returns R_t/R_c − 1 with limits exp(ln(R_t/R_c) ± z·√(V_t/R_t² + V_c/R_c²)) − 1 (Deng, Knoblich & Lu 2018).
func Compare(treated, control Ratio, z float64) Effect {
	if !treated.Usable() || !control.Usable() {
		return Effect{math.NaN(), math.NaN(), math.NaN()}
	}
	log := math.Log(treated.Value / control.Value)
	half := z * math.Sqrt(treated.Variance/(treated.Value*treated.Value)+control.Variance/(control.Value*control.Value))
	return Effect{math.Expm1(log), math.Expm1(log - half), math.Expm1(log + half)}
}

// AlwaysValid returns what stands in for [Z] in an interval that holds at every look: √n·m, with m = √(2(nρ²+1)·ln(√(nρ²+1)/α)/(n²ρ²))
// and ρ² = (−2·ln α + ln(1 − 2·ln α))/n* (Waudby-Smith et al., arXiv 2103.06476). n are the customers with an invoice so far, planned
// (n*) those at the end: there the interval is narrowest.
func AlwaysValid(n, planned int, alpha float64) float64 {
	if n < 1 || planned < 1 {
		return math.Inf(1)
	}
	rho := (-2*math.Log(alpha) + math.Log(1-2*math.Log(alpha))) / float64(planned)
	size := float64(n)
	at := size*rho + 1
	return math.Sqrt(size) * math.Sqrt(2*at*math.Log(math.Sqrt(at)/alpha)/(size*size*rho))
}

// SampleRatio tests whether the arms have the customers that the shares promise: χ² = Σ(o − e)²/e with arms − 1 degrees of freedom,
// and its p. Shares need not add up to 1. NaN below two arms or without customers.
func SampleRatio(observed []int, shares []float64) (chi2, p float64) {
	total, whole := 0, 0.0
	for i, o := range observed {
		total += o
		whole += shares[i]
	}
	if len(observed) < 2 || total == 0 || !(whole > 0) {
		return math.NaN(), math.NaN()
	}
	for i, o := range observed {
		e := float64(total) * shares[i] / whole
		chi2 += (float64(o) - e) * (float64(o) - e) / e
	}
	return chi2, mathext.GammaIncRegComp(float64(len(observed)-1)/2, chi2/2)
}

// MismatchP is the p of [SampleRatio] below which there is no verdict.
const MismatchP = .001

// Verdicts.
const (
	Reached    = "reached"
	NotReached = "not reached"
	CannotSay  = "cannot say"
)

// Judge holds an effect against a target.
func (e Effect) Judge(target float64) string {
	switch {
	case !e.Said():
		return CannotSay
	case e.Low >= target:
		return Reached
	case e.High < target:
		return NotReached
	}
	return CannotSay
}

// Wilson returns the 95 % score interval of a share of k in n (Wilson 1927).
func Wilson(k, n int) (low, high float64) {
	size, p := float64(n), float64(k)/float64(n)
	middle := (p + Z*Z/(2*size)) / (1 + Z*Z/size)
	half := Z / (1 + Z*Z/size) * math.Sqrt(p*(1-p)/size+Z*Z/(4*size*size))
	return middle - half, middle + half
}
