package recommend

import (
	"math"
	"slices"
)

// round is the precision at which scores are compared.
func round(score float64) float64 { return math.Round(score*1e12) / 1e12 }

// ranking is the best candidates, by descending score and ascending code.
type ranking struct {
	items  []int32
	scores []float64 // rounded
	size   int
}

// offer takes candidate i, which has a higher code than those before it, if it is among the best.
func (r *ranking) offer(i int32, score float64) {
	n := len(r.items)
	if n == r.size && score < r.scores[n-1] {
		return
	}
	score = round(score)
	at := n
	for at > 0 && r.scores[at-1] < score {
		at--
	}
	if at == r.size {
		return
	}
	if n == r.size {
		r.items, r.scores = r.items[:n-1], r.scores[:n-1]
	}
	r.items, r.scores = slices.Insert(r.items, at, i), slices.Insert(r.scores, at, score)
}

// best returns the k candidates of the highest positive scores, leaving those owned; both ascending.
func best(scores []float64, owned []int32, k int) ranking {
	r := ranking{items: make([]int32, 0, k), scores: make([]float64, 0, k), size: k}
	for i, s := range scores {
		for len(owned) > 0 && owned[0] < int32(i) {
			owned = owned[1:]
		}
		if s > 0 && (len(owned) == 0 || owned[0] != int32(i)) {
			r.offer(int32(i), s)
		}
	}
	return r
}

// fill completes a list to k from the order of popularity, without what is owned or on it.
func fill(list, order, owned []int32, k int) []int32 {
	for _, i := range order {
		if len(list) >= k {
			break
		}
		if _, has := slices.BinarySearch(owned, i); !has && !slices.Contains(list, i) {
			list = append(list, i)
		}
	}
	return list
}

// byPopularity returns the candidates by descending count and ascending code.
func byPopularity(count []float64) []int32 {
	order := make([]int32, len(count))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int {
		switch {
		case count[a] > count[b]:
			return -1
		case count[a] < count[b]:
			return 1
		}
		return 0
	})
	return order
}
