package recommend

import (
	"cmp"
	"slices"
	"strings"
)

// The lists.
const (
	ForYou   = "for_you"   // codes new to her, by the served method
	Together = "together"  // what goes with her latest basket
	Again    = "again"     // codes she has bought, by how often and how lately
	Popular  = "popular"   // what was bought in the last days, for anybody
	perList  = longest     // codes on a list
	leastCo  = 5           // baskets that must hold both codes
	searched = 4 * longest // ranked codes among which variants are left out
)

// Filter is what may be on a list. A list never holds what it excludes.
type Filter struct {
	SoldWithin int             // days before the as-of date in which the code must have been sold; 0 is no condition
	Exclude    map[string]bool // codes, trimmed and in capitals
	Include    map[string]bool // nil: all
	Variants   bool            // allow several variants of one product on a list
}

// Suggestion is a code on a list, with the numbers that it rests on.
type Suggestion struct {
	Customer int32 // of History.Customers; -1 on Popular
	Kind     string
	Rank     int // from 1
	Code     int32
	Method   string
	Score    float64
	Because  int32   // the code by which it was found, -1 without one
	Both, Of int     // ForYou: customers with both, with Because. Together: baskets
	Buyers   int     // customers who bought the code in the last 60 days
	Dates    int     // Again: dates on which she bought it
	Since    int32   // Again: days since the last of them
	Chance   float64 // Again: probability that she buys it within 30 days
	Day      int32   // the day it rests on: of her last purchase of Because or of the code, else the last day before as-of
}

// Pair is a code that is bought together with another.
type Pair struct {
	Code, With     int32
	Rank           int
	Invoices, Both int // with Code; with both
	Jaccard        float64
}

// Lists is what was served.
type Lists struct {
	Pairs       []Pair // by code and rank
	Candidates  int
	Allowed     int // codes that pass the filter
	Suggestions int // on all lists
	Listed      int // customers with an entry of ForYou
	Filled      int // entries of ForYou that popularity filled
}

// Variant returns what a code has in common with its variants: a code of digits and then letters is a variant of its digits.
// 85123A and 85123B are variants of 85123; codes of any other form have none but themselves.
func Variant(code string) string {
	digits := strings.TrimRight(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	if len(digits) >= 4 && strings.Trim(digits, "0123456789") == "" {
		return digits
	}
	return code
}

// server is one call of Serve.
type server struct {
	h       *History
	asOf    int32
	c       *cut
	served  Served
	allowed []bool  // by code
	variant []int32 // by code
	recent  []int   // by code: customers of the last 60 days
	order   []int32 // allowed codes by popularity: candidates first

	model    *fitted // nil for popularity
	table    *againTable
	baskets  *baskets
	invoices []int    // by candidate of baskets
	mates    [][]mate // likewise, best first
}

// atOnce is how many customers' lists are held at a time.
const atOnce = 4096

// Serve makes the lists of all customers, from everything before the day asOf, and hands them to visit: Popular first, then by customer,
// kind and rank, some customers at a time. visit must not keep them; its error ends the work. The number of products must be within what
// served was evaluated with.
func Serve(h *History, asOf int32, served Served, f Filter, o Options, visit func([]Suggestion) error) (Lists, error) {
	workers := workersOf(o.Workers)
	s := &server{h: h, asOf: asOf, c: h.cut(asOf), served: served}
	s.filter(f)
	l := Lists{Candidates: len(s.c.codes)}
	for _, ok := range s.allowed {
		if ok {
			l.Allowed++
		}
	}
	var entries []Suggestion
	for rank, code := range pick(s.order, nil, s.variant, perList) {
		entries = append(entries, s.popular(-1, Popular, rank+1, code))
	}
	o.step("baskets")
	s.together(workers)
	l.Pairs = s.pairs()
	s.table = h.learnAgain(asOf - Test)
	s.model = s.fit(o, workers)
	of := make([][]Suggestion, atOnce)
	for from := 0; ; from += atOnce {
		l.Suggestions += len(entries)
		if err := visit(entries); err != nil || from >= len(h.Customers) {
			return l, err
		}
		s.serve(of[:min(atOnce, len(h.Customers)-from)], from, workers)
		entries = entries[:0]
		for _, list := range of[:min(atOnce, len(h.Customers)-from)] {
			entries = append(entries, list...)
			l.count(list, served)
		}
	}
}

// count adds a customer's entries.
func (l *Lists) count(list []Suggestion, served Served) {
	listed := false
	for i := range list {
		if list[i].Kind == ForYou {
			listed = true
			if list[i].Method == Pop60 && served.Method != Pop60 {
				l.Filled++
			}
		}
	}
	if listed {
		l.Listed++
	}
}

// serve makes the lists of the customers from one on.
func (s *server) serve(of [][]Suggestion, from, workers int) {
	const batch = 64
	parallel(workers, (len(of)+batch-1)/batch, func(part int) {
		scores, f := make([]float64, len(s.c.codes)), finder{at: make([]int32, len(s.h.Codes))}
		for i := part * batch; i < min(len(of), (part+1)*batch); i++ {
			who := int32(from + i)
			of[i] = slices.Concat(s.again(who), s.forOne(who, scores), s.withBasket(who, &f))
		}
	})
}

// filter finds which codes may be on a list.
func (s *server) filter(f Filter) {
	n := len(s.h.Codes)
	last := make([]int32, n)
	s.recent = make([]int, n)
	for _, in := range s.h.invoices {
		if in.day < s.asOf {
			for _, code := range in.codes {
				last[code] = max(last[code], in.day)
			}
		}
	}
	since := s.asOf - Window
	for _, bought := range s.h.bought {
		for i, p := range bought {
			if p.day >= since && p.day < s.asOf && (i == 0 || bought[i-1].code != p.code || bought[i-1].day < since) {
				s.recent[p.code]++
			}
		}
	}
	s.allowed, s.variant = make([]bool, n), make([]int32, n)
	variants := map[string]int32{}
	for i, code := range s.h.Codes {
		s.allowed[i] = !f.Exclude[code] && (f.Include == nil || f.Include[code]) &&
			(f.SoldWithin <= 0 || last[i] >= s.asOf-int32(f.SoldWithin))
		v := Variant(code)
		if f.Variants {
			v = code
		}
		if _, ok := variants[v]; !ok {
			variants[v] = int32(len(variants))
		}
		s.variant[i] = variants[v]
		if s.allowed[i] {
			s.order = append(s.order, int32(i))
		}
	}
	slices.SortStableFunc(s.order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(min(s.c.place[b], 0), min(s.c.place[a], 0)), cmp.Compare(s.recent[b], s.recent[a]))
	})
}

// pick returns up to k codes in their order, no two of the same variant, after those that are on the list already.
func pick(codes, list, variant []int32, k int) []int32 {
	for _, code := range codes {
		if len(list) >= k {
			break
		}
		if !slices.ContainsFunc(list, func(on int32) bool { return variant[on] == variant[code] }) {
			list = append(list, code)
		}
	}
	return list
}

func (s *server) popular(who int32, kind string, rank int, code int32) Suggestion {
	return Suggestion{Customer: who, Kind: kind, Rank: rank, Code: code, Method: Pop60, Score: float64(s.recent[code]), Because: -1,
		Buyers: s.recent[code], Day: s.asOf - 1}
}

// forOne returns the customer's codes that are new to her.
func (s *server) forOne(who int32, scores []float64) []Suggestion {
	m := s.model
	var list []Suggestion
	var codes []int32
	owned := s.c.owned[who]
	if m != nil && len(owned) > 0 {
		m.score(scores, who, owned)
		for i, code := range s.c.codes {
			if !s.allowed[code] {
				scores[i] = 0
			}
		}
		r := best(scores, owned, searched)
		var ranked []int32
		for _, i := range r.items {
			ranked = append(ranked, s.c.codes[i])
		}
		codes = pick(ranked, nil, s.variant, perList)
		for rank, code := range codes {
			i := s.c.place[code]
			e := s.popular(who, ForYou, rank+1, code)
			e.Method, e.Score = s.served.Method, round(scores[i])
			because, both := m.why(i, owned)
			if because >= 0 {
				e.Because, e.Both, e.Of = s.c.codes[because], both, s.c.buyers[because]
				e.Day = lastBought(s.h.bought[who], e.Because)
			}
			list = append(list, e)
		}
	}
	if len(codes) == perList {
		return list
	}
	var rest []int32
	for _, code := range s.order {
		if len(rest) >= perList+len(codes)+searched {
			break
		}
		if lastBought(s.h.bought[who], code) < 0 {
			rest = append(rest, code)
		}
	}
	ranked := len(codes)
	codes = pick(rest, codes, s.variant, perList)
	for rank, code := range codes[ranked:] {
		list = append(list, s.popular(who, ForYou, ranked+rank+1, code))
	}
	return list
}

// lastBought returns the day on which she last bought the code, or -1.
func lastBought(bought []purchase, code int32) int32 {
	i, _ := slices.BinarySearchFunc(bought, code+1, func(p purchase, c int32) int { return cmp.Compare(p.code, c) })
	if i > 0 && bought[i-1].code == code {
		return bought[i-1].day
	}
	return -1
}

// fitted is the served method, fitted to everything before as-of.
type fitted struct {
	score scorer
	why   func(candidate int32, owned []int32) (because int32, both int) // the owned candidate that speaks most for it; -1 if none does
}

// fit fits the served method; nil for popularity.
func (s *server) fit(o Options, workers int) *fitted {
	n := len(s.c.codes)
	switch {
	case s.served.Method == Pop60 || n == 0:
		return nil
	case s.served.Method == Jaccard:
		near := s.h.neighbours(s.c, workers)
		return &fitted{near.score, func(i int32, owned []int32) (int32, int) {
			because, most := int32(-1), 0.0
			for _, x := range owned {
				if v := near.of(x, i); v > most {
					because, most = x, v
				}
			}
			if because < 0 {
				return -1, 0
			}
			both := most * float64(s.c.buyers[i]+s.c.buyers[because]) / (1 + most)
			return because, int(both + 0.5)
		}}
	}
	o.step("fit λ %g to all", s.served.Lambda)
	g := gramOf(s.c.owned, n)
	p := newMatrix(n)
	g.plus(p, s.served.Lambda)
	if !p.invert(workers) {
		return nil
	}
	return &fitted{times(ease(p), s.c.recent, s.served.Exponent), func(i int32, owned []int32) (int32, int) {
		because, most := int32(-1), 0.0
		for _, x := range owned {
			if v := round(-p.v[int(x)*n+int(i)] / p.v[int(i)*n+int(i)]); v > most {
				because, most = x, v
			}
		}
		if because < 0 {
			return -1, 0
		}
		return because, int(g.v[int(because)*n+int(i)])
	}}
}

// again returns the customer's codes that she has bought, with their probabilities.
func (s *server) again(who int32) (list []Suggestion) {
	visits := recentVisits(s.h.visits[who], s.asOf)
	var on []int32
	for _, x := range habits(s.h.bought[who], s.asOf) {
		if len(on) == perList {
			break
		}
		if !s.allowed[x.code] || slices.ContainsFunc(on, func(c int32) bool { return s.variant[c] == s.variant[x.code] }) {
			continue
		}
		on = append(on, x.code)
		d, since, often := class(x, visits)
		chance := s.table.rate(d, since, often)
		list = append(list, Suggestion{Customer: who, Kind: Again, Rank: len(on), Code: x.code, Method: Again,
			Score: chance, Chance: chance, Because: -1, Buyers: s.recent[x.code], Dates: int(x.dates), Since: x.since, Day: s.asOf - x.since})
	}
	return list
}
