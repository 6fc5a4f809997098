package recommend

import (
	"cmp"
	"fmt"
	"slices"
)

// The parameters that are tried.
var (
	Lambdas   = []float64{50, 100, 200, 300, 500, 1000}
	Exponents = []float64{0, 0.25, 0.5}
)

// leastJudged is how many customers a comparison needs.
const leastJudged = 50

// Options say how to evaluate.
type Options struct {
	MaxProducts int      // above so many candidates EASE gives way to Jaccard with neighbours
	Workers     int      // 0: GOMAXPROCS
	Seed        uint64   // of the intervals
	Segments    []string // by History.Customers, for popularity by segment; nil without. They are today's, so that it has an advantage
	Step        func(name string)

	most int // in place of mostJudged
}

func (o Options) mostJudged() int { return cmp.Or(o.most, mostJudged) }

func (o Options) step(format string, args ...any) {
	if o.Step != nil {
		o.Step(fmt.Sprintf(format, args...))
	}
}

// Served is the method that makes the lists, with its parameters; 0 where it has none.
type Served struct {
	Method   string
	Lambda   float64
	Exponent float64
}

// Evaluation is how the methods did on the last month.
type Evaluation struct {
	Cut         int32 // first day of the month of the test
	Customers   int   // who bought before the cut
	Candidates  int
	Pairs       int
	Judged      int
	JudgedOf    int      // more than Judged where a sample of customers is judged
	Unreachable float64  // share of the new purchases of the test that are of no candidate
	Methods     []Method // empty where nobody can be judged
	Baskets     []Basket
	BasketTests int // baskets that were completed
	BasketsOf   int // more where these are a sample
	Trained     int // baskets before the cut
	Again       AgainTest
	Chosen      Served // by the month before
	Served      Served
	Why         string // why it is served, a sentence
}

// Evaluate chooses parameters on the days [D−60, D−30), trains before D−30, judges on [D−30, D), and says what to serve.
// D is the day asOf, which counts as after all lines.
func Evaluate(h *History, asOf int32, o Options) Evaluation {
	workers := workersOf(o.Workers)
	chosen := choose(h, asOf-2*Test, o, workers)

	c := h.cut(asOf - Test)
	j := h.judged(c, o.mostJudged())
	e := Evaluation{Cut: c.day, Customers: c.known, Candidates: len(c.codes), Pairs: c.pairs, Judged: len(j.who), JudgedOf: j.all, Chosen: chosen,
		Served: Served{Method: Pop60}}
	if j.new > 0 {
		e.Unreachable = float64(j.missed) / float64(j.new)
	}
	o.step("judge %d customers", len(j.who))
	if len(j.who) > 0 {
		e.Methods = summarize(h.compare(c, j, chosen, o, workers), o.Seed, workers)
	}
	e.Served, e.Why = decide(e, chosen)
	o.step("baskets")
	h.completeBaskets(&e, o, workers)
	e.Again = h.judgeAgain(c.day)
	return e
}

// decide serves the chosen method only where it is known to be better than pop60.
func decide(e Evaluation, chosen Served) (Served, string) {
	fallback := Served{Method: Pop60}
	if e.Judged < leastJudged {
		return fallback, fmt.Sprintf("Too little history: only %d customers who had bought before bought something new to them in the last %d days, "+
			"and a comparison needs %d. The lists hold what was popular in the last %d days.", e.Judged, Test, leastJudged, Window)
	}
	i := slices.IndexFunc(e.Methods, func(m Method) bool { return m.Method == chosen.Method })
	if i < 0 {
		return fallback, fmt.Sprintf("The lists hold what was popular in the last %d days: no other method could be fitted.", Window)
	}
	g := e.Methods[i].Gain
	if g.Low > 0 {
		return chosen, fmt.Sprintf("In the last %d days it ranked %d customers' new purchases better than popularity of the last %d days did: "+
			"NDCG@10 is higher by %.4f, 95 %% interval %.4f to %.4f.", Test, e.Judged, Window, g.Value, g.Low, g.High)
	}
	return fallback, fmt.Sprintf("No method is shown to beat popularity of the last %d days: on %d customers NDCG@10 differs by %+.4f, "+
		"95 %% interval %.4f to %.4f. The lists hold what was popular.", Window, e.Judged, g.Value, g.Low, g.High)
}

// choose returns the parameters of the highest NDCG@10 in the month from the day on; of equals the larger λ and the smaller
// exponent.
func choose(h *History, day int32, o Options, workers int) Served {
	c := h.cut(day)
	j := h.judged(c, o.mostJudged())
	if len(c.codes) > o.MaxProducts {
		return Served{Method: Jaccard}
	}
	best, top := Served{Method: EASEPop, Lambda: slices.Max(Lambdas)}, -1.0
	if len(j.who) == 0 {
		return best
	}
	g := gramOf(c.owned, len(c.codes))
	p := newMatrix(g.n)
	for _, lambda := range slices.Backward(Lambdas) {
		o.step("validation, λ %g", lambda)
		g.plus(p, lambda)
		if !p.invert(workers) {
			continue
		}
		for e, v := range h.gridPoint(c, j, p, workers) {
			if v = round(v); v > top {
				best, top = Served{EASEPop, lambda, Exponents[e]}, v
			}
		}
	}
	return best
}

// gridPoint returns the mean NDCG@10 of EASE by each exponent.
func (h *History) gridPoint(c *cut, j judged, p *matrix, workers int) []float64 {
	score := ease(p)
	order := byPopularity(c.recent)
	factors := make([][]float64, len(Exponents))
	for e, exponent := range Exponents {
		factors[e] = powers(c.recent, exponent)
	}
	values := make([][]float64, len(j.who))
	const batch = 16
	parallel(workers, (len(j.who)+batch-1)/batch, func(b int) {
		scores, scaled := make([]float64, len(c.codes)), make([]float64, len(c.codes))
		for u := b * batch; u < min(len(j.who), (b+1)*batch); u++ {
			owned := c.owned[j.who[u]]
			score(scores, j.who[u], owned)
			values[u] = make([]float64, len(Exponents))
			for e := range Exponents {
				for i, s := range scores {
					scaled[i] = max(s, 0) * factors[e][i]
				}
				r := best(scaled, owned, longest)
				values[u][e] = rate(fill(r.items, order, owned, longest), j.relevant[u])[ndcg10]
			}
		}
	})
	means := make([]float64, len(Exponents))
	column := make([]float64, len(values))
	for e := range means {
		for u := range values {
			column[u] = values[u][e]
		}
		slices.Sort(column) // whatever customers are called
		for _, v := range column {
			means[e] += v
		}
		means[e] /= float64(len(column))
	}
	return means
}

// compare judges every method at a cut.
func (h *History) compare(c *cut, j judged, chosen Served, o Options, workers int) []outcome {
	buyers := make([]float64, len(c.codes))
	for i, n := range c.buyers {
		buyers[i] = float64(n)
	}
	outcomes := []outcome{chance(c, j)}
	add := func(name string, score scorer) {
		outcomes = append(outcomes, judge(name, c, j, lists(c, j.who, score, workers)))
	}
	add(Popularity, constant(buyers))
	add(Pop60, constant(c.recent))
	if o.Segments != nil {
		add(Segment, h.bySegment(c, o.Segments))
	}
	if len(c.codes) > o.MaxProducts {
		add(Jaccard, h.neighbours(c, workers).score)
		return outcomes
	}
	g := gramOf(c.owned, len(c.codes))
	add(Cosine, cosine(g))
	add(Jaccard, jaccard(g))
	if chosen.Method != EASEPop {
		return outcomes
	}
	o.step("fit λ %g", chosen.Lambda)
	g.plus(g, chosen.Lambda)
	if !g.invert(workers) {
		return outcomes
	}
	add(EASE, times(ease(g), c.recent, 0))
	add(EASEPop, times(ease(g), c.recent, chosen.Exponent))
	return outcomes
}

// bySegment scores by how many customers of her segment bought the code in the last days.
func (h *History) bySegment(c *cut, segments []string) scorer {
	counts := map[string][]float64{}
	for who, bought := range h.bought {
		count := counts[segments[who]]
		if count == nil {
			count = make([]float64, len(c.codes))
			counts[segments[who]] = count
		}
		for i, p := range bought {
			since := c.day - Window
			if at := c.place[p.code]; at >= 0 && p.day >= since && p.day < c.day && (i == 0 || bought[i-1].code != p.code || bought[i-1].day < since) {
				count[at]++
			}
		}
	}
	return func(dst []float64, who int32, _ []int32) { copy(dst, counts[segments[who]]) }
}

// Candidates counts the products that can be modelled on the day: of customers' purchases, or of baskets if those are more.
func (h *History) Candidates(asOf int32) int {
	return max(len(h.cut(asOf).codes), len(h.basketCounts(asOf).codes))
}

// Memory returns the bytes that the matrices of [Evaluate] and [Serve] take at their peak: two of 8·products². Above the most
// products there are none.
func Memory(h *History, asOf int32, most int) int64 {
	need := int64(0)
	for _, n := range []int{len(h.cut(asOf).codes), len(h.basketCounts(asOf).codes)} {
		if n <= most {
			need = max(need, 16*int64(n)*int64(n))
		}
	}
	return need
}
