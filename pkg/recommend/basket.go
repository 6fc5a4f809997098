package recommend

import (
	"slices"

	"gonum.org/v1/gonum/floats"
)

// Basket is how often a method names the code that was hidden among its first ten.
type Basket struct {
	Method string
	HR10   float64
}

// lambdaOfBaskets is EASE's λ for completing baskets. It is a comparison: the lists are by the largest Jaccard similarity.
const lambdaOfBaskets = 100

// baskets are the invoices before a day: how many hold each code and each two.
type baskets struct {
	codes  []int32 // the candidates: on enough invoices
	place  []int32 // code → candidate, or -1
	counts *matrix // invoices with both; the diagonal is how many have the code
	recent []float64
	n      int // with a candidate
}

// basketCounts finds the candidates.
func (h *History) basketCounts(day int32) *baskets {
	b := &baskets{place: make([]int32, len(h.Codes))}
	n, recent := make([]int, len(h.Codes)), make([]float64, len(h.Codes))
	for _, in := range h.invoices {
		if in.day >= day {
			break
		}
		b.n++
		for _, c := range in.codes {
			n[c]++
			if in.day >= day-Window {
				recent[c]++
			}
		}
	}
	for c := range n {
		b.place[c] = -1
		if n[c] >= leastInvoices {
			b.place[c] = int32(len(b.codes))
			b.codes = append(b.codes, int32(c))
			b.recent = append(b.recent, recent[c])
		}
	}
	return b
}

// count fills the matrix.
func (h *History) count(b *baskets, day int32) {
	lists := make([][]int32, 0, b.n)
	for _, in := range h.invoices {
		if in.day >= day {
			break
		}
		if known := b.known(in); len(known) > 0 {
			lists = append(lists, known)
		}
	}
	b.n = len(lists)
	b.counts = gramOf(lists, len(b.codes))
}

// known returns the candidates on the invoice.
func (b *baskets) known(in invoice) []int32 {
	var known []int32
	for _, c := range in.codes {
		if b.place[c] >= 0 {
			known = append(known, b.place[c])
		}
	}
	return known
}

// completeBaskets hides each code of each invoice of the test that has two or more candidates, in turn, and counts how often
// it is among the first ten; the rest of the basket is no candidate. Invoices count alike, whatever their length.
func (h *History) completeBaskets(e *Evaluation, o Options, workers int) {
	day := e.Cut
	b := h.basketCounts(day)
	var test [][]int32
	for _, in := range h.invoices {
		if in.day >= day && in.day < day+Test {
			if known := b.known(in); len(known) >= 2 {
				test = append(test, known)
			}
		}
	}
	e.Trained, e.BasketTests, e.BasketsOf = b.n, len(test), len(test)
	if len(test) == 0 || len(b.codes) > o.MaxProducts {
		return
	}
	kept := sample(len(test), o.mostJudged(), func(i int, to []byte) []byte { return appendCodes(to, test[i]) })
	for i, at := range kept {
		test[i] = test[at]
	}
	test = test[:len(kept)]
	h.count(b, day)
	e.Trained, e.BasketTests = b.n, len(test)
	n := diagonal(b.counts)
	add := func(method string, s completer) {
		e.Baskets = append(e.Baskets, Basket{method, s.rate(test, len(b.codes), workers)})
	}
	add(Popularity, completer{constant: n})
	add(Pop60, completer{constant: b.recent})
	score := newMatrix(len(b.codes))
	for i := range b.codes {
		to := score.row(i)
		for j, c := range b.counts.row(i) {
			to[j] = c * float64(b.n) / (n[i] * n[j])
		}
	}
	add(Lift, completer{scores: score})
	b.counts.jaccard(score)
	add(Jaccard, completer{scores: score})
	add(JaccardMax, completer{scores: score, largest: true})
	p := b.counts
	p.plus(p, lambdaOfBaskets)
	if p.invert(workers) {
		d := diagonal(p)
		for i := range d {
			for j, v := range p.row(i) {
				p.v[i*p.n+j] = -v / d[j]
			}
		}
		add(EASE, completer{scores: p})
	}
}

// completer scores a candidate for a basket by the sum, or the largest, of its rows' entries; without a matrix by a constant.
type completer struct {
	constant []float64
	scores   *matrix
	largest  bool
}

// rate returns the share of hidden codes among the first ten.
func (s completer) rate(test [][]int32, n, workers int) float64 {
	shares := make([]float64, len(test))
	const batch = 8
	parallel(workers, (len(test)+batch-1)/batch, func(part int) {
		w := newCompletion(n)
		for t := part * batch; t < min(len(test), (part+1)*batch); t++ {
			shares[t] = w.share(s, test[t])
		}
	})
	slices.Sort(shares) // whatever invoices are called
	sum := 0.0
	for _, v := range shares {
		sum += v
	}
	return sum / float64(len(test))
}

// completion is one worker's memory.
type completion struct {
	score, first, second []float64
	from                 []int32 // whose entry is the largest
	in                   []bool
}

func newCompletion(n int) *completion {
	return &completion{score: make([]float64, n), first: make([]float64, n), second: make([]float64, n),
		from: make([]int32, n), in: make([]bool, n)}
}

// share returns how many of the basket's codes are found when hidden, as a share.
func (w *completion) share(s completer, basket []int32) float64 {
	for _, i := range basket {
		w.in[i] = true
	}
	w.prepare(s, basket)
	found := 0
	for q, hidden := range basket {
		if w.found(s, q, hidden) {
			found++
		}
	}
	for _, i := range basket {
		w.in[i] = false
	}
	return float64(found) / float64(len(basket))
}

// prepare computes what all codes of the basket have in common: the sum over it, or the two largest.
func (w *completion) prepare(s completer, basket []int32) {
	if s.scores == nil {
		return
	}
	clear(w.first)
	clear(w.second)
	clear(w.score)
	for q, i := range basket {
		row := s.scores.row(int(i))
		if !s.largest {
			floats.Add(w.score, row)
			continue
		}
		for j, v := range row {
			switch {
			case v > w.first[j]:
				w.first[j], w.second[j], w.from[j] = v, w.first[j], int32(q)
			case v > w.second[j]:
				w.second[j] = v
			}
		}
	}
}

// found reports whether fewer than ten codes outside the basket come before the hidden one.
func (w *completion) found(s completer, q int, hidden int32) bool {
	var row []float64
	if s.scores != nil {
		row = s.scores.row(int(hidden))
	}
	value := func(j int) float64 {
		switch {
		case s.scores == nil:
			return s.constant[j]
		case !s.largest:
			return w.score[j] - row[j]
		case w.from[j] == int32(q):
			return w.second[j]
		}
		return w.first[j]
	}
	own := value(int(hidden))
	before := 0
	for j := range w.score {
		v := value(j)
		if v < own-2e-12 || w.in[j] {
			continue
		}
		if v > own+2e-12 || round(v) > round(own) || round(v) == round(own) && int32(j) < hidden {
			if before++; before >= longest {
				return false
			}
		}
	}
	return true
}
