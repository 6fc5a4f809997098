package recommend

import "slices"

// mate is a code that is bought together with another.
type mate struct {
	code    int32
	both    int
	jaccard float64
}

// together returns the pairs, and what goes with each customer's latest basket: all she bought on her last day.
func (s *server) together(workers int) ([]Pair, [][]Suggestion) {
	b := s.h.basketCounts(s.asOf)
	invoices, mates := s.mates(b, workers)
	var pairs []Pair
	for at, code := range b.codes {
		var ranked []int32
		for _, m := range mates[at] {
			ranked = append(ranked, m.code)
			if len(ranked) == searched {
				break
			}
		}
		for rank, with := range pick(ranked, nil, s.variant, perList) {
			i := slices.IndexFunc(mates[at], func(m mate) bool { return m.code == with })
			pairs = append(pairs, Pair{code, with, rank + 1, invoices[at], mates[at][i].both, mates[at][i].jaccard})
		}
	}
	out := make([][]Suggestion, len(s.h.Customers))
	for who := range out {
		out[who] = s.withBasket(int32(who), b, invoices, mates)
	}
	return pairs, out
}

// withBasket ranks what is bought together with any code of her latest basket, by the largest similarity.
func (s *server) withBasket(who int32, b *baskets, invoices []int, mates [][]mate) []Suggestion {
	last := int32(-1)
	for _, day := range s.h.visits[who] {
		if day < s.asOf {
			last = day
		}
	}
	if last < 0 {
		return nil
	}
	basket := boughtBetween(s.h.bought[who], last, last+1)
	found := map[int32]Suggestion{}
	for _, code := range basket {
		at := b.place[code]
		if at < 0 {
			continue
		}
		for _, m := range mates[at] {
			if old, has := found[m.code]; has && old.Score >= m.jaccard {
				continue
			}
			if _, in := slices.BinarySearch(basket, m.code); !in {
				found[m.code] = Suggestion{Customer: who, Kind: Together, Code: m.code, Method: JaccardMax, Score: m.jaccard,
					Because: code, Both: m.both, Of: invoices[at], Buyers: s.recent[m.code], Day: last}
			}
		}
	}
	r := ranking{size: searched}
	codes := make([]int32, 0, len(found))
	for code := range found {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	for _, code := range codes {
		r.offer(code, found[code].Score)
	}
	var list []Suggestion
	for rank, code := range pick(r.items, nil, s.variant, perList) {
		e := found[code]
		e.Rank = rank + 1
		list = append(list, e)
	}
	return list
}

// mates returns, by candidate, on how many invoices it is, and the allowed codes that are on enough of them too, best first.
func (s *server) mates(b *baskets, workers int) ([]int, [][]mate) {
	holders := make([][]int32, len(b.codes))
	var lists [][]int32
	for _, in := range s.h.invoices {
		if in.day >= s.asOf {
			break
		}
		known := b.known(in)
		for _, i := range known {
			holders[i] = append(holders[i], int32(len(lists)))
		}
		lists = append(lists, known)
	}
	invoices := make([]int, len(b.codes))
	for i := range invoices {
		invoices[i] = len(holders[i])
	}
	all := make([][]mate, len(b.codes))
	const batch = 32
	parallel(workers, (len(all)+batch-1)/batch, func(part int) {
		counts := make([]int, len(b.codes))
		for i := part * batch; i < min(len(all), (part+1)*batch); i++ {
			clear(counts)
			for _, l := range holders[i] {
				for _, j := range lists[l] {
					counts[j]++
				}
			}
			counts[i] = 0
			for j, both := range counts {
				if both >= leastCo && s.allowed[b.codes[j]] {
					all[i] = append(all[i], mate{b.codes[j], both, round(float64(both) / float64(invoices[i]+invoices[j]-both))})
				}
			}
			slices.SortStableFunc(all[i], func(x, y mate) int {
				switch {
				case x.jaccard > y.jaccard:
					return -1
				case x.jaccard < y.jaccard:
					return 1
				}
				return 0
			})
		}
	})
	return invoices, all
}
