package recommend

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"gonum.org/v1/gonum/floats"
)

// The numbers by which a list is judged, means over customers.
const (
	hr3 = iota // a hit among the first 3: 1, else 0
	hr10
	recall10 // hits among the first 10 / what was bought
	ndcg3    // Σ 1/log₂(rank + 1) over the hits, as a share of the most that it could be
	ndcg10
	novelty10 // mean of −log₂(share of the customers who had bought the code)
	metrics
)

const longest = 10 // codes on a list that is judged

// Interval holds 95 % of the means of resampled customers.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Score is a mean with its interval.
type Score struct {
	Value float64 `json:"value"`
	Interval
}

// Method is how well a method did.
type Method struct {
	Method                                      string
	HR3, HR10, Recall10, NDCG3, NDCG10, Novelty Score
	Coverage                                    float64 // share of the candidates that are on any list; no interval: fewer customers always cover fewer
	Gain                                        Score   // NDCG@10 − that of pop60, over the same customers
}

// outcome is what a method gave each judged customer.
type outcome struct {
	method   string
	values   [][metrics]float64
	coverage float64
}

// lists returns every judged customer's list by a scorer.
func lists(c *cut, who []int32, score scorer, workers int) [][]int32 {
	order := byPopularity(c.recent)
	out := make([][]int32, len(who))
	const batch = 16
	parallel(workers, (len(who)+batch-1)/batch, func(b int) {
		scores := make([]float64, len(c.codes))
		for u := b * batch; u < min(len(who), (b+1)*batch); u++ {
			owned := c.owned[who[u]]
			score(scores, who[u], owned)
			r := best(scores, owned, longest)
			out[u] = fill(r.items, order, owned, longest)
		}
	})
	return out
}

// judge compares lists with what was bought.
func judge(method string, c *cut, j judged, of [][]int32) outcome {
	o := outcome{method: method, values: make([][metrics]float64, len(of))}
	listed := make([]bool, len(c.codes))
	covered := 0
	for u, list := range of {
		o.values[u] = rate(list, j.relevant[u])
		for _, i := range list {
			o.values[u][novelty10] -= math.Log2(float64(c.buyers[i])/float64(c.known)) / float64(len(list))
			if !listed[i] {
				listed[i] = true
				covered++
			}
		}
	}
	if len(c.codes) > 0 {
		o.coverage = float64(covered) / float64(len(c.codes))
	}
	return o
}

// gain is what a hit at this place, from 0, counts.
func gain(place int) float64 { return 1 / math.Log2(float64(place+2)) }

// rate returns a list's numbers; relevant is ascending and not empty.
func rate(list, relevant []int32) (v [metrics]float64) {
	hits, ideal := 0.0, 0.0
	for place := range longest {
		if place < len(relevant) {
			ideal += gain(place)
		}
		if place < len(list) {
			if _, hit := slices.BinarySearch(relevant, list[place]); hit {
				hits++
				v[ndcg10] += gain(place)
			}
		}
		if place == 2 {
			v[hr3], v[ndcg3] = min(hits, 1), v[ndcg10]/ideal
		}
	}
	v[hr10], v[recall10] = min(hits, 1), hits/float64(len(relevant))
	v[ndcg10] /= ideal
	return v
}

// chance is what a list drawn at random from what is not owned can expect: no draw, no seed.
func chance(c *cut, j judged) outcome {
	o := outcome{method: Random, values: make([][metrics]float64, len(j.who))}
	surprise := make([]float64, len(c.codes))
	for i, n := range c.buyers {
		surprise[i] = -math.Log2(float64(n) / float64(c.known))
	}
	all := 0.0
	for _, s := range surprise {
		all += s
	}
	missed := make([]float64, len(c.codes)) // Σ ln of the chance that a list lacks the code; the owned are put right below
	everyone := 0.0
	for u, who := range j.who {
		owned := c.owned[who]
		n, r := len(c.codes)-len(owned), len(j.relevant[u])
		k := min(longest, n)
		mean := all
		absent := math.Log1p(-float64(k) / float64(n+1)) // n+1: a shop of one product must not give −∞
		everyone += absent
		for _, i := range owned {
			mean -= surprise[i]
			missed[i] -= absent
		}
		v := &o.values[u]
		v[hr3], v[hr10] = 1-without(n, r, min(3, k)), 1-without(n, r, k)
		v[recall10] = float64(k) / float64(n)
		v[novelty10] = mean / float64(n)
		hit := float64(r) / float64(n)
		got, ideal := 0.0, 0.0
		for place := range k {
			got += hit * gain(place)
			if place < r {
				ideal += gain(place)
			}
			if place == 2 || place == k-1 && k < 3 {
				v[ndcg3] = got / ideal
			}
		}
		v[ndcg10] = got / ideal
	}
	for _, m := range missed {
		o.coverage -= math.Expm1(everyone+m) / float64(len(c.codes))
	}
	return o
}

// without is the chance that none of k drawn from n is among r of them.
func without(n, r, k int) float64 {
	p := 1.0
	for i := range k {
		p *= max(0, float64(n-r-i)) / float64(n-i)
	}
	return p
}

// resamples is how many times customers are drawn for an interval.
const resamples = 2000

// summarize returns the means of each outcome with their intervals, over the same resampled customers for all. The customers
// are put in an order of their own numbers first, so that the draws do not depend on what they are called.
func summarize(outcomes []outcome, seed uint64, workers int) []Method {
	n := len(outcomes[0].values)
	order := make([]int, n)
	for u := range order {
		order[u] = u
	}
	slices.SortFunc(order, func(a, b int) int {
		for _, o := range outcomes {
			for q := range metrics {
				if c := cmp.Compare(o.values[a][q], o.values[b][q]); c != 0 {
					return c
				}
			}
		}
		return 0
	})
	base := 0
	for i, o := range outcomes {
		if o.method == Pop60 {
			base = i
		}
	}
	sums := resample(outcomes, order, base, seed, workers)
	out := make([]Method, len(outcomes))
	for m, o := range outcomes {
		score := func(q int) Score {
			sum := 0.0
			for _, u := range order {
				if q == metrics {
					sum += o.values[u][ndcg10] - outcomes[base].values[u][ndcg10]
				} else {
					sum += o.values[u][q]
				}
			}
			slices.Sort(sums[m][q])
			return Score{sum / float64(n), Interval{quantile(sums[m][q], 0.025), quantile(sums[m][q], 0.975)}}
		}
		out[m] = Method{Method: o.method, HR3: score(hr3), HR10: score(hr10), Recall10: score(recall10), NDCG3: score(ndcg3),
			NDCG10: score(ndcg10), Novelty: score(novelty10), Coverage: o.coverage, Gain: score(metrics)}
	}
	return out
}

// resample returns by method and number the means of every resample; the last number is the gain over the base. Resamples are drawn
// one after the other and summed by any worker, so that their number changes nothing.
func resample(outcomes []outcome, order []int, base int, seed uint64, workers int) [][][]float64 {
	n, width := len(order), len(outcomes)*metrics
	values := make([]float64, 0, n*width) // what a draw needs lies together
	for _, u := range order {
		for m := range outcomes {
			values = append(values, outcomes[m].values[u][:]...)
		}
	}
	sums := make([][][]float64, len(outcomes))
	for m := range sums {
		sums[m] = make([][]float64, metrics+1)
		for q := range sums[m] {
			sums[m][q] = make([]float64, resamples)
		}
	}
	var drawing sync.Mutex
	rng, drawn := rand.New(rand.NewPCG(seed, 0)), 0
	parallel(workers, workers, func(int) {
		draws, sum := make([]int32, n), make([]float64, width)
		for {
			drawing.Lock()
			s := drawn
			if drawn++; s < resamples {
				for i := range draws {
					draws[i] = int32(rng.IntN(n))
				}
			}
			drawing.Unlock()
			if s >= resamples {
				return
			}
			clear(sum)
			for _, u := range draws {
				floats.Add(sum, values[int(u)*width:(int(u)+1)*width])
			}
			for m := range outcomes {
				for q, v := range sum[m*metrics : (m+1)*metrics] {
					sums[m][q][s] = v / float64(n)
				}
			}
			for m := range outcomes {
				sums[m][metrics][s] = sums[m][ndcg10][s] - sums[base][ndcg10][s]
			}
		}
	})
	return sums
}

// quantile is of type 7 (Hyndman & Fan 1996) over ascending values.
func quantile(sorted []float64, p float64) float64 {
	at := p * float64(len(sorted)-1)
	i := int(at)
	if i+1 == len(sorted) {
		return sorted[i]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}
