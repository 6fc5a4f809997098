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
	const batch = 64
	parallel(workers, (len(out)+batch-1)/batch, func(part int) {
		f := finder{at: make([]int32, len(s.h.Codes))}
		for who := part * batch; who < min(len(out), (part+1)*batch); who++ {
			out[who] = s.withBasket(int32(who), b, invoices, mates, &f)
		}
	})
	return pairs, out
}

// finder is what goes with a basket, each code once: a worker's memory.
type finder struct {
	at    []int32 // by code: 1 + its place in found, -1 for one of the basket, 0 for others
	found []Suggestion
	codes []int32
}

// withBasket ranks what is bought together with any code of her latest basket, by the largest similarity.
func (s *server) withBasket(who int32, b *baskets, invoices []int, mates [][]mate, f *finder) []Suggestion {
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
	for _, code := range basket {
		f.at[code] = -1
	}
	f.found, f.codes = f.found[:0], f.codes[:0]
	for _, code := range basket {
		at := b.place[code]
		if at < 0 {
			continue
		}
		for _, m := range mates[at] {
			i := f.at[m.code]
			if i < 0 || i > 0 && f.found[i-1].Score >= m.jaccard {
				continue
			}
			if i == 0 {
				f.found, f.codes = append(f.found, Suggestion{}), append(f.codes, m.code)
				i = int32(len(f.found))
				f.at[m.code] = i
			}
			f.found[i-1] = Suggestion{Customer: who, Kind: Together, Code: m.code, Method: JaccardMax, Score: m.jaccard,
				Because: code, Both: m.both, Of: invoices[at], Buyers: s.recent[m.code], Day: last}
		}
	}
	r := ranking{size: searched}
	slices.Sort(f.codes)
	for _, code := range f.codes {
		r.offer(code, f.found[f.at[code]-1].Score)
	}
	var list []Suggestion
	for rank, code := range pick(r.items, nil, s.variant, perList) {
		e := f.found[f.at[code]-1]
		e.Rank = rank + 1
		list = append(list, e)
	}
	for _, code := range slices.Concat(basket, f.codes) {
		f.at[code] = 0
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
