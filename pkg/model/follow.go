package model

import (
	"strings"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/drift"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/money"
)

// Follow says what the customers of each segment, by where the model puts them as of the day before the last window, bought in it. each
// hands out the windows table in its order, whole or in parts. Nil where nobody was a customer then.
func (b *Bundle) Follow(each func(visit func(*frame.Frame) error) error) ([]drift.Followed, error) {
	spent := map[string]int64{}
	out, whole, n := make([]drift.Followed, b.Model.K()), make([]int64, b.Model.K()), 0
	err := each(func(part *frame.Frame) error {
		var then []int
		for i, w := range part.Strings("window") {
			switch w {
			case contract.WindowNow:
				spent[strings.Clone(part.Strings("customer")[i])] = part.Ints("monetary")[i]
			case contract.WindowThen:
				then = append(then, i)
			}
		}
		if then == nil {
			return nil
		}
		customers := part.Take(then)
		a, err := b.Assign(customers)
		if err != nil {
			return err
		}
		n += len(then)
		for i, c := range customers.Strings("customer") {
			s := a.Nearest[i]
			out[s].Customers++
			if v, ok := spent[c]; ok {
				out[s].Bought++
				whole[s] += v
			}
		}
		return nil
	})
	if err != nil || n == 0 {
		return nil, err
	}
	for s := range out {
		out[s].Money = float64(whole[s]) / money.Scale
	}
	return out, nil
}
