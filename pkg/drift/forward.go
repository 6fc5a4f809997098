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
// that of N. E. Breslow and N. E. Day (Statistical Methods in Cancer Research I, 1980, section 4.4) for one odds ratio in all segments, with
// k − 1 degrees of freedom: what a few customers at training foretell is no certainty. Fewer than minRows customers on either side,
// or a whole side that bought or did not, are insufficient_data.
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
	shares := make([]float64, len(logits))
	root(func(shift float64) float64 {
		more := -float64(is.Bought)
		for i, f := range current {
			shares[i] = 1 / (1 + math.Exp(-logits[i]-shift))
			more += float64(float64(f.Customers) * shares[i])
		}
		return more
	})
	moved := 0.0
	for i, f := range current {
		if f.Customers > 0 && reference[i].Customers > 0 {
			moved += math.Abs(float64(f.Bought) - float64(float64(f.Customers)*shares[i]))
		}
	}
	e.Value, e.P = moved/float64(is.Customers), oneRatio(reference, current)
	e.Adjusted = e.P
	opts.Materiality = ForwardLimit
	e.Verdict = opts.Judge(e.Value, e.Adjusted, 0, min(was.Customers, is.Customers))
	return e
}

// oneRatio is the p-value of the odds of buying having changed by one ratio in all segments; 1 where fewer than two can say.
func oneRatio(reference, current []Followed) float64 {
	var was, is []Followed
	for i, f := range reference {
		n, bought := f.Customers+current[i].Customers, f.Bought+current[i].Bought
		if f.Customers > 0 && current[i].Customers > 0 && bought > 0 && bought < n {
			was, is = append(was, f), append(is, current[i])
		}
	}
	if len(was) < 2 {
		return 1
	}
	share := func(logit float64) float64 { return 1 / (1 + math.Exp(-logit)) }
	// fit returns the logit at training of a segment, given the ratio: what was bought in all is what was to be expected.
	fit := func(i int, ratio float64) float64 {
		return root(func(logit float64) float64 {
			return float64(float64(was[i].Customers)*share(logit)) + float64(float64(is[i].Customers)*share(logit+ratio)) - float64(was[i].Bought+is[i].Bought)
		})
	}
	ratio := root(func(ratio float64) float64 {
		more := 0.0
		for i, f := range is {
			more += float64(float64(f.Customers)*share(fit(i, ratio)+ratio)) - float64(f.Bought)
		}
		return more
	})
	chi := 0.0
	for i, f := range is {
		logit := fit(i, ratio)
		p, q := share(logit), share(logit+ratio)
		d := float64(f.Bought) - float64(float64(f.Customers)*q)
		chi += float64(d*d) * (1/float64(float64(was[i].Customers)*p*(1-p)) + 1/float64(float64(f.Customers)*q*(1-q)))
	}
	return distuv.ChiSquared{K: float64(len(was) - 1)}.Survival(chi)
}

// root returns where a function that ascends is 0, of −40 to 40.
func root(f func(float64) float64) float64 {
	low, high := -40.0, 40.0
	for range 100 {
		if mid := (low + high) / 2; f(mid) < 0 {
			low = mid
		} else {
			high = mid
		}
	}
	return (low + high) / 2
}

func sumOf(segments []Followed) Followed {
	var all Followed
	for _, f := range segments {
		all.Customers += f.Customers
		all.Bought += f.Bought
	}
	return all
}
