package recommend

// nearest is how many neighbours a code keeps where there are too many codes for a matrix.
const nearest = 50

// neighbours scores by the sum of Jaccard similarities over the codes owned, of which each knows its nearest only. It needs no
// matrix: memory grows with the codes, not with their square.
func (h *History) neighbours(c *cut, workers int) scorer {
	holders := make([][]int32, len(c.codes)) // customers by candidate
	for who, owned := range c.owned {
		for _, i := range owned {
			holders[i] = append(holders[i], int32(who))
		}
	}
	near := make([]ranking, len(c.codes))
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
	return func(dst []float64, _ int32, owned []int32) {
		clear(dst)
		for _, i := range owned {
			for q, j := range near[i].items {
				dst[j] += near[i].scores[q]
			}
		}
	}
}
