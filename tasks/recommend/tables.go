package recommend

import (
	"fmt"
	"math"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/recommend"
)

func suggestionsFrame(h *recommend.History, some []recommend.Suggestion) *frame.Frame {
	f := frame.New(contract.Suggestions.Columns, len(some))
	customers, kinds, codes, methods := f.Strings("customer"), f.Strings("kind"), f.Strings("code"), f.Strings("method")
	because, evidence, ranks, days := f.Strings("because"), f.Strings("evidence"), f.Ints("rank"), f.Ints("rests_on")
	scores, chances, both, of := f.Floats("score"), f.Floats("probability"), f.Floats("both"), f.Floats("out_of")
	for i, s := range some {
		if s.Customer >= 0 {
			customers[i] = h.Customers[s.Customer]
		}
		kinds[i], codes[i], methods[i], ranks[i] = s.Kind, h.Codes[s.Code], s.Method, int64(s.Rank)
		scores[i], chances[i] = s.Score, math.NaN()
		both[i], of[i] = math.NaN(), math.NaN()
		if s.Kind == recommend.Again {
			chances[i] = s.Chance
		}
		if s.Because >= 0 {
			because[i] = h.Codes[s.Because]
			both[i], of[i] = float64(s.Both), float64(s.Of)
		}
		days[i] = calendar.Date(s.Day).Start()
		evidence[i] = words(s, because[i])
	}
	return f
}

// words says what a suggestion rests on.
func words(s recommend.Suggestion, because string) string {
	switch {
	case s.Kind == recommend.Again:
		return fmt.Sprintf("bought on %s, last %s ago; of such products %.0f %% were bought again within %d days",
			counted(s.Dates, "date"), counted(int(s.Since), "day"), 100*s.Chance, recommend.Test)
	case s.Kind == recommend.Together:
		return fmt.Sprintf("bought together with %s in %d of %d baskets", because, s.Both, s.Of)
	case because != "":
		return fmt.Sprintf("bought by %d of %d customers who bought %s, as this customer did; by %s in the last %d days",
			s.Both, s.Of, because, counted(s.Buyers, "customer"), recommend.Window)
	case s.Method != recommend.Pop60:
		return fmt.Sprintf("follows from all that this customer bought; bought by %s in the last %d days", counted(s.Buyers, "customer"), recommend.Window)
	}
	return fmt.Sprintf("popular: bought by %s in the last %d days", counted(s.Buyers, "customer"), recommend.Window)
}

func counted(n int, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return fmt.Sprintf("%d %ss", n, of)
}

func pairsFrame(h *recommend.History, l recommend.Lists, asOf int32) *frame.Frame {
	f := frame.New(contract.Pairs.Columns, len(l.Pairs))
	for i, p := range l.Pairs {
		f.Strings("code")[i], f.Strings("with")[i] = h.Codes[p.Code], h.Codes[p.With]
		f.Ints("rank")[i], f.Ints("invoices")[i], f.Ints("both")[i] = int64(p.Rank), int64(p.Invoices), int64(p.Both)
		f.Floats("jaccard")[i] = p.Jaccard
		f.Strings("evidence")[i] = fmt.Sprintf("bought together in %d of %d baskets", p.Both, p.Invoices)
		f.Ints("rests_on")[i] = calendar.Date(asOf - 1).Start()
	}
	return f
}

func methodsFrame(e recommend.Evaluation) *frame.Frame {
	f := frame.New(contract.Methods.Columns, len(e.Methods)+len(e.Baskets))
	for i := range f.Columns {
		for row := range f.Columns[i].Floats {
			f.Columns[i].Floats[row] = math.NaN()
		}
	}
	for i, m := range e.Methods {
		f.Strings("list")[i], f.Strings("method")[i] = recommend.ForYou, m.Method
		for _, c := range []struct {
			name  string
			score recommend.Score
		}{{"hr_3", m.HR3}, {"hr_10", m.HR10}, {"recall_10", m.Recall10}, {"ndcg_3", m.NDCG3}, {"ndcg_10", m.NDCG10},
			{"novelty_10", m.Novelty}, {"gain", m.Gain}} {
			f.Floats(c.name)[i], f.Floats(c.name + "_low")[i], f.Floats(c.name + "_high")[i] = c.score.Value, c.score.Low, c.score.High
		}
		f.Floats("coverage_10")[i] = m.Coverage
		if m.Method == e.Served.Method {
			f.Ints("served")[i] = 1
		}
	}
	for k, b := range e.Baskets {
		i := len(e.Methods) + k
		f.Strings("list")[i], f.Strings("method")[i] = recommend.Together, b.Method
		f.Floats("hr_10")[i] = b.HR10
		if b.Method == recommend.JaccardMax {
			f.Ints("served")[i] = 1
		}
	}
	return f
}

// result says how well the lists did, and what is on them.
func result(h *recommend.History, e recommend.Evaluation, l recommend.Lists) contract.RecommendResult {
	r := contract.RecommendResult{
		Cut: calendar.Date(e.Cut), Customers: e.Customers, Candidates: e.Candidates, Pairs: e.Pairs, Judged: e.Judged,
		Unreachable: e.Unreachable, Served: served(e.Served), Chosen: served(e.Chosen), Why: e.Why,
		Methods: []contract.MethodResult{}, Baskets: []contract.BasketResult{},
		BasketsTrained: e.Trained, BasketsJudged: e.BasketTests,
		BuyAgain: contract.BuyAgain{Customers: e.Again.Customers, HR3: e.Again.HR3, HR10: e.Again.HR10, Latest3: e.Again.Latest3,
			Latest10: e.Again.Latest10, Expected: e.Again.Expected, Came: e.Again.Came, Calibration: []contract.Calibration{}},
		Products: l.Allowed, Listed: int64(l.Listed), Suggestions: int64(l.Suggestions), Filled: l.Filled,
		Statements: statements(h, e, l),
	}
	for _, m := range e.Methods {
		r.Methods = append(r.Methods, contract.MethodResult{Method: m.Method, HR3: m.HR3.Value, HR10: m.HR10.Value,
			Recall10: m.Recall10.Value, NDCG3: m.NDCG3.Value, NDCG10: m.NDCG10.Value, NDCG10Low: m.NDCG10.Low, NDCG10High: m.NDCG10.High,
			Coverage10: m.Coverage, Novelty10: m.Novelty.Value, Gain: m.Gain.Value, GainLow: m.Gain.Low, GainHigh: m.Gain.High})
	}
	for _, b := range e.Baskets {
		r.Baskets = append(r.Baskets, contract.BasketResult{Method: b.Method, HR10: b.HR10})
	}
	for _, c := range e.Again.Calibrated {
		r.BuyAgain.Calibration = append(r.BuyAgain.Calibration, contract.Calibration{Dates: c.Dates, Pairs: c.Pairs, Predicted: c.Predicted, Bought: c.Bought})
	}
	return r
}

func served(s recommend.Served) contract.Served {
	return contract.Served{Method: s.Method, Lambda: s.Lambda, Exponent: s.Exponent}
}

// statements are sentences about what the numbers cannot say.
func statements(h *recommend.History, e recommend.Evaluation, l recommend.Lists) []string {
	if len(h.Codes) == 0 {
		return []string{"The lines have no product codes: there is nothing to suggest."}
	}
	out := []string{e.Why}
	if without := len(h.Customers) - l.Listed; without > 0 {
		out = append(out, fmt.Sprintf("%s without a list of new products: everything that may be listed, they have bought.", counted(without, "customer")))
	}
	if e.Judged > 0 {
		out = append(out, fmt.Sprintf("%.1f %% of the new purchases of the last %d days were of products that fewer than 5 customers had bought before: "+
			"no method could name them.", 100*e.Unreachable, recommend.Test))
	}
	if e.JudgedOf > e.Judged || e.BasketsOf > e.BasketTests {
		out = append(out, fmt.Sprintf("The methods were judged on samples: %d of %s and %d of %s.",
			e.Judged, counted(e.JudgedOf, "customer"), e.BasketTests, counted(e.BasketsOf, "basket")))
	}
	if l.Filled > 0 {
		out = append(out, fmt.Sprintf("%d entries of the lists are filled with what was popular in the last %d days, for customers with too little history.",
			l.Filled, recommend.Window))
	}
	if e.Again.Customers > 0 {
		out = append(out, "When a customer will buy a product again cannot be dated: the table gives the probability for the next 30 days, and no due date.")
	}
	return out
}
