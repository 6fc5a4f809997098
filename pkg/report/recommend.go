package report

import (
	"fmt"

	"github.com/clientele/clientele/pkg/report/view"
)

// methodNames are the methods as a marketer would call them.
var methodNames = map[string]string{
	"random": "Random", "popularity": "Popular, all time", "pop60": "Popular, last 60 days", "segment": "Popular in the segment, last 60 days",
	"cosine": "Similar products (cosine)", "jaccard": "Similar products (Jaccard)", "jaccard_max": "Most similar product (Jaccard)",
	"lift": "Lift", "ease": "EASE", "ease_pop60": "EASE × popularity",
}

func methodName(method string) string {
	if n, ok := methodNames[method]; ok {
		return n
	}
	return method
}

// recommend shows what is offered, and how well such lists did.
func (l *layout) recommend() (section, error) {
	s := section{ID: "recommend", Title: "What to offer"}
	r := l.Recommend
	if r == nil {
		s.Blocks = append(s.Blocks, block{Text: "Recommend did not run in this run, or it is outdated."})
		return s, nil
	}
	s.Blocks = append(s.Blocks, block{Text: fmt.Sprintf("%s have a list of products new to them, made by: %s. %s products may be listed.",
		people(r.Listed), methodName(r.Served.Method), count(int64(r.Products)))})
	for _, sentence := range r.Statements {
		s.Blocks = append(s.Blocks, block{Note: sentence})
	}
	if len(r.Methods) > 0 {
		s.Blocks = append(s.Blocks, block{Table: methodTable(r)})
	}
	if len(r.Baskets) > 0 {
		s.Blocks = append(s.Blocks, block{Table: basketTable(r)})
	}
	if b := r.BuyAgain; b.Customers > 0 {
		s.Blocks = append(s.Blocks, block{Text: fmt.Sprintf("%s bought a product again in the 30 days from %s on. One of the first 3 on their list was "+
			"among these for %s of them, one of the first 10 for %s. The table learned one month earlier predicted %s such purchases; there were %s.",
			people(int64(b.Customers)), day(r.Cut), share(b.HR3), share(b.HR10), count(int64(b.Expected+0.5)), count(int64(b.Came)))},
			block{Table: againTable(r)})
	}
	return s, nil
}

func methodTable(r *view.Recommend) *grid {
	t := &grid{Caption: fmt.Sprintf("Lists of %s customers against their new purchases from %s on", count(int64(r.Judged)), day(r.Cut)),
		Head: heads("Method", "#A hit among 3", "#A hit among 10", "#Of purchases among 10", "#NDCG@10", "#More than popular, 95 %", "#Products listed")}
	for _, m := range r.Methods {
		t.Rows = append(t.Rows, []cell{name(methodName(m.Method)), number(share(m.HR3)), number(share(m.HR10)), number(share(m.Recall10)),
			number(decimal(m.NDCG10, 4)), number(fmt.Sprintf("%s to %s", decimal(m.GainLow, 4), decimal(m.GainHigh, 4))), number(share(m.Coverage10))})
	}
	return t
}

func basketTable(r *view.Recommend) *grid {
	t := &grid{Caption: fmt.Sprintf("Baskets with one product hidden: how often it is among 10 (%s baskets)", count(int64(r.BasketsJudged))),
		Head: heads("Method", "#Found")}
	for _, b := range r.Baskets {
		t.Rows = append(t.Rows, []cell{name(methodName(b.Method)), number(share(b.HR10))})
	}
	return t
}

func againTable(r *view.Recommend) *grid {
	t := &grid{Caption: "Products bought again within 30 days, by dates on which the customer had bought them",
		Head: heads("Dates", "#Pairs of customer and product", "#Predicted", "#Bought")}
	for _, c := range r.BuyAgain.Calibration {
		t.Rows = append(t.Rows, []cell{name(c.Dates), number(count(int64(c.Pairs))), number(share(c.Predicted)), number(share(c.Bought))})
	}
	return t
}
