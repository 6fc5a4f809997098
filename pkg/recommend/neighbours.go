package recommend

import "slices"

// nearest is how many neighbours a code keeps where there are too many codes for a matrix.
const nearest = 50

// neighbourhood is the nearest codes of each candidate, by Jaccard similarity. It needs no matrix: memory grows with the codes, not with
// their square.
type neighbourhood []ranking

// neighbours finds the nearest codes of each candidate.
func (h *History) neighbours(c *cut, workers int) neighbourhood {
	holders := make([][]int32, len(c.codes)) // customers by candidate
	for who, owned := range c.owned {
		for _, i := range owned {
			holders[i] = append(holders[i], int32(who))
		}
	}
	near := make(neighbourhood, len(c.codes))
	const batch = 64
	parallel(workers, (len(c.codes)+batch-1)/batch, func(b int) {
		scores := make([]float64, len(c.codes))
		for i := b * batch; i < min(len(c.codes), (b+1)*batch); i++ {
			clear(scores)
			for _, who := range holders[i] {
				for _, j := range c.owned[who] {
					scores[j]++
				}
			}
			for j, both := range scores {
				if both > 0 {
					scores[j] = both / (float64(len(holders[i])+len(holders[j])) - both)
				}
			}
			near[i] = best(scores, []int32{int32(i)}, nearest)
		}
	})
	return near
}

// score sums the similarities over the codes owned: a [scorer].
func (near neighbourhood) score(dst []float64, _ int32, owned []int32) {
	clear(dst)
	for _, i := range owned {
		for q, j := range near[i].items {
			dst[j] += near[i].scores[q]
		}
	}
}

// of returns the similarity of a candidate to one that is owned, 0 where it is not among the nearest.
func (near neighbourhood) of(owned, candidate int32) float64 {
	if q := slices.Index(near[owned].items, candidate); q >= 0 {
		return near[owned].scores[q]
	}
	return 0
}
