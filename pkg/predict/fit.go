package predict

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/optimize"
)

// Errors of a fit.
var (
	ErrTooFew   = errors.New("too few customers have ordered again")
	ErrNoSpread = errors.New("the likelihood has no maximum")
)

// MinRepeating is how many customers must have ordered again before a model is fitted.
const MinRepeating = 10

// NBD is the negative binomial model of orders: rates are Gamma(R, Alpha) over customers, Alpha in days.
type NBD struct {
	R, Alpha      float64
	LogLikelihood float64
}

// Orders returns the orders that a customer is expected to place in the coming days: days·(r + x)/(α + T).
func (n NBD) Orders(k Known, days float64) float64 {
	return days * (n.R + float64(k.Repeats)) / (n.Alpha + k.Tenure)
}

// Buys returns the probability that a customer orders at all in the coming days: 1 − ((α + T)/(α + T + days))^(r + x).
func (n NBD) Buys(k Known, days float64) float64 {
	return -math.Expm1((n.R + float64(k.Repeats)) * math.Log((n.Alpha+k.Tenure)/(n.Alpha+k.Tenure+days)))
}

// FitNBD maximises Σ lnΓ(r+x) − lnΓ(r) + r·ln α − (r+x)·ln(α+T) over customers (Ehrenberg 1959). Equal customers count once,
// with their number, and sums go by their values: their order does not matter.
func FitNBD(customers []Known) (NBD, error) {
	type seen struct{ x, t, n float64 }
	var all []seen
	sorted := slices.Clone(customers)
	slices.SortFunc(sorted, byValue)
	repeating := 0
	orders, days := 0.0, 0.0
	for _, k := range sorted {
		x := float64(k.Repeats)
		if last := len(all) - 1; last >= 0 && all[last].x == x && all[last].t == k.Tenure {
			all[last].n++
		} else {
			all = append(all, seen{x, k.Tenure, 1})
		}
		if k.Repeats > 0 {
			repeating++
		}
		orders, days = orders+x, days+k.Tenure
	}
	if repeating < MinRepeating {
		return NBD{}, fmt.Errorf("%w: %d of %d, want %d", ErrTooFew, repeating, len(customers), MinRepeating)
	}
	ll := func(p []float64) float64 {
		r, alpha := math.Exp(p[0]), math.Exp(p[1])
		base, logAlpha := lgamma(r), p[1]
		sum := 0.0
		for _, s := range all {
			sum += s.n * (lgamma(r+s.x) - base + r*logAlpha - (r+s.x)*math.Log(alpha+s.t))
		}
		return sum
	}
	// At r = 1 the rate over all customers is right.
	best, value, err := maximise(ll, []float64{0, math.Log(days / orders)})
	if err != nil {
		return NBD{}, fmt.Errorf("orders: %w", err)
	}
	return NBD{R: math.Exp(best[0]), Alpha: math.Exp(best[1]), LogLikelihood: value}, nil
}

// GammaGamma is the model of spending: an order of a customer is Gamma(P, ν), and ν is Gamma(Q, V) over customers, V in money.
type GammaGamma struct{ P, Q, V float64 }

// Order returns the mean money of a customer's order, p(v + x·m)/(px + q − 1), and false where it has no finite value above 0.
func (g GammaGamma) Order(k Known) (float64, bool) {
	x := float64(k.Repeats)
	below := g.P*x + g.Q - 1
	if k.Repeats > 0 && !(k.Mean > 0) || !(below > 0) {
		return 0, false
	}
	return g.P * (g.V + x*k.Mean) / below, true
}

// FitGammaGamma maximises the likelihood of Fader & Hardie (2013, "The gamma-gamma model of monetary value", eq. 1a) over the
// customers with a repeat order of positive mean; their order does not matter.
func FitGammaGamma(customers []Known) (GammaGamma, error) {
	var of []Known
	sum, all := 0.0, 0.0
	for _, k := range customers {
		if k.Repeats > 0 && k.Mean > 0 {
			of = append(of, k)
		}
	}
	slices.SortFunc(of, byValue)
	for _, k := range of {
		sum, all = sum+float64(k.Repeats)*k.Mean, all+float64(k.Repeats)
	}
	if len(of) < MinRepeating {
		return GammaGamma{}, fmt.Errorf("%w: %d, want %d", ErrTooFew, len(of), MinRepeating)
	}
	unit := sum / all // money in units of the mean order: the fit does not depend on the currency
	ll := func(at []float64) float64 {
		p, q, v := math.Exp(at[0]), math.Exp(at[1]), math.Exp(at[2])
		base := -lgamma(q) + q*at[2]
		total := 0.0
		for _, k := range of {
			x, m := float64(k.Repeats), k.Mean/unit
			px := p * x
			total += lgamma(px+q) - lgamma(px) + base + (px-1)*math.Log(m) + px*math.Log(x) - (px+q)*math.Log(x*m+v)
		}
		return total
	}
	best, _, err := maximise(ll, []float64{math.Log(2), math.Log(3), 0})
	if err != nil {
		return GammaGamma{}, fmt.Errorf("spending: %w", err)
	}
	return GammaGamma{P: math.Exp(best[0]), Q: math.Exp(best[1]), V: math.Exp(best[2]) * unit}, nil
}

// reach bounds the logarithms of parameters: where a maximum lies beyond (every customer has the same rate, say), the value at
// the bound is as good.
const reach = 14

// maximise returns where f is largest and its value there, by the simplex of Nelder & Mead from start, once more from where
// that ends: a simplex can collapse short of the top.
func maximise(f func([]float64) float64, start []float64) ([]float64, float64, error) {
	at := slices.Clone(start)
	clamped := make([]float64, len(start))
	problem := optimize.Problem{Func: func(p []float64) float64 {
		out := 0.0
		for i, v := range p {
			clamped[i] = max(-reach, min(reach, v))
			out += math.Abs(v - clamped[i])
		}
		v := f(clamped)
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return math.MaxFloat64
		}
		return out - v
	}}
	value := math.Inf(-1)
	for range 3 {
		r, err := optimize.Minimize(problem, at, &optimize.Settings{
			Converger: &optimize.FunctionConverge{Absolute: 1e-9, Iterations: 60}, MajorIterations: 2000,
		}, &optimize.NelderMead{})
		if err != nil {
			return nil, 0, fmt.Errorf("%w: %w", ErrNoSpread, err)
		}
		for i, v := range r.X {
			at[i] = max(-reach, min(reach, v))
		}
		before := value
		value = -r.F
		if value-before < 1e-8 {
			break
		}
	}
	if value <= -math.MaxFloat64 {
		return nil, 0, ErrNoSpread
	}
	return at, f(at), nil
}

func lgamma(x float64) float64 {
	v, _ := math.Lgamma(x)
	return v
}
