package recommend

import (
	"cmp"
	"slices"
)

// mate is a code that is bought together with another.
type mate struct {
	code    int32
	both    int
	jaccard float64
}

// pairs returns what is bought together with each code.
func (s *server) pairs() []Pair {
	var pairs []Pair
	for at, code := range s.baskets.codes {
		var ranked []int32
		for _, m := range s.mates[at][:min(searched, len(s.mates[at]))] {
			ranked = append(ranked, m.code)
		}
		for rank, with := range pick(ranked, nil, s.variant, perList) {
			i := slices.IndexFunc(s.mates[at], func(m mate) bool { return m.code == with })
			pairs = append(pairs, Pair{code, with, rank + 1, s.invoices[at], s.mates[at][i].both, s.mates[at][i].jaccard})
		}
	}
	return pairs
}

// latest returns the customer's latest basket, all that she bought on her last day, and that day; -1 without one.
func (s *server) latest(who int32) (basket []int32, last int32) {
	last = -1
	for _, day := range s.h.visits[who] {
		if day < s.asOf {
			last = day
		}
	}
	if last < 0 {
		return nil, last
	}
	return boughtBetween(s.h.bought[who], last, last+1), last
}

// finder is what goes with a basket, each code once: a worker's memory.
type finder struct {
	at    []int32 // by code: 1 + its place in found, -1 for one of the basket, 0 for others
	found []Suggestion
	codes []int32
}

// withBasket ranks what is bought together with any code of her latest basket, by the largest similarity.
func (s *server) withBasket(who int32, f *finder) []Suggestion {
	basket, last := s.latest(who)
	for _, code := range basket {
		f.at[code] = -1
	}
	f.found, f.codes = f.found[:0], f.codes[:0]
	for _, code := range basket {
		at := s.baskets.place[code]
		if at < 0 {
			continue
		}
		for _, m := range s.mates[at] {
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
				Because: code, Both: m.both, Of: s.invoices[at], Buyers: s.recent[m.code], Day: last}
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

// together finds, by candidate, on how many invoices it is, and the allowed codes that are on enough of them too, best first. It keeps
// as many as a list can need: those that are searched, and as many more as a basket can hold itself.
func (s *server) together(workers int) {
	b := s.h.basketCounts(s.asOf)
	kept := searched
	for who := range s.h.Customers {
		basket, _ := s.latest(int32(who))
		kept = max(kept, searched+len(basket))
	}
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
	s.baskets, s.invoices, s.mates = b, make([]int, len(b.codes)), make([][]mate, len(b.codes))
	for i := range holders {
		s.invoices[i] = len(holders[i])
	}
	const batch = 32
	parallel(workers, (len(b.codes)+batch-1)/batch, func(part int) {
		counts, all := make([]int, len(b.codes)), []mate(nil)
		for i := part * batch; i < min(len(b.codes), (part+1)*batch); i++ {
			clear(counts)
			for _, l := range holders[i] {
				for _, j := range lists[l] {
					counts[j]++
				}
			}
			counts[i], all = 0, all[:0]
			for j, both := range counts {
				if both >= leastCo && s.allowed[b.codes[j]] {
					all = append(all, mate{b.codes[j], both, round(float64(both) / float64(s.invoices[i]+s.invoices[j]-both))})
				}
			}
			slices.SortStableFunc(all, func(x, y mate) int { return cmp.Compare(y.jaccard, x.jaccard) })
			s.mates[i] = slices.Clone(all[:min(kept, len(all))])
		}
	})
}
