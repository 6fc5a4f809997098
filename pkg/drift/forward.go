package drift

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Followed is what the customers of one segment have done since they were assigned to it.
type Followed struct {
	Customers int     `json:"customers"`
	Bought    int     `json:"bought"` // of them, at least once
	Money     float64 `json:"money"`  // of all
}

// Forward compares what customers did in the days after they were assigned with what the same segments' customers did at training.
// A season lifts or lowers all segments: the logits of the shares that bought may move together by one number, which is fitted.
// The effect is Σ n·|observed − expected| / Σ n, the share of customers whose behaviour their segment no longer tells; its p-value is
// Pearson's with k − 1 degrees of freedom. Fewer than minRows customers on either side, or a whole side that bought or did
// not, are insufficient_data.
func Forward(reference, current []Followed, opts Options) Effect {
	opts = opts.WithDefaults()
	nan := math.NaN()
	e := Effect{Name: EffectForward, Value: nan, Reference: nan, Limit: ForwardLimit, P: nan, Adjusted: nan, Low: nan, High: nan, Verdict: InsufficientData,
		Why: "share of customers whose purchases since they were assigned differ from what their segment foretold at training, apart from a move of all alike"}
	was, is := sumOf(reference), sumOf(current)
	least := max(opts.MinRows, 1)
	if len(reference) != len(current) || was.Customers < least || is.Customers < least ||
		is.Bought == 0 || is.Bought == is.Customers || was.Bought == 0 || was.Bought == was.Customers {
		return e
	}
	logits := make([]float64, len(reference))
	for i, f := range reference { // half a customer each way keeps them finite
		logits[i] = math.Log((float64(f.Bought) + 0.5) / (float64(f.Customers-f.Bought) + 0.5))
	}
	expected := func(shift float64) (all float64, shares []float64) {
		shares = make([]float64, len(logits))
		for i, f := range current {
			shares[i] = 1 / (1 + math.Exp(-logits[i]-shift))
			all += float64(float64(f.Customers) * shares[i])
		}
		return all, shares
	}
	low, high := -20.0, 20.0
	for range 100 {
		mid := (low + high) / 2
		if all, _ := expected(mid); all < float64(is.Bought) {
			low = mid
		} else {
			high = mid
		}
	}
	_, shares := expected((low + high) / 2)
	moved, chi, used := 0.0, 0.0, 0
	for i, f := range current {
		n := float64(f.Customers)
		if n == 0 || reference[i].Customers == 0 {
			continue
		}
		used++
		d := float64(f.Bought) - n*shares[i]
		moved += math.Abs(d)
		v := shares[i] * (1 - shares[i])
		// What was foretold is itself an estimate, from as many customers as there were.
		chi += d * d / (n*v + float64(n*n*v)/float64(reference[i].Customers))
	}
	e.Value, e.P = moved/float64(is.Customers), 1
	if used > 1 {
		e.P = distuv.ChiSquared{K: float64(used - 1)}.Survival(chi)
	}
	e.Adjusted = e.P
	opts.Materiality = ForwardLimit
	e.Verdict = opts.Judge(e.Value, e.Adjusted, 0, min(was.Customers, is.Customers))
	return e
}

func sumOf(segments []Followed) Followed {
	var all Followed
	for _, f := range segments {
		all.Customers += f.Customers
		all.Bought += f.Bought
	}
	return all
}
