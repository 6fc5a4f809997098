package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/clientele/clientele/pkg/report/view"
)

// products says what to offer, what goes together, how people buy, and where.
func (l *layout) products() (tab, error) {
	t := tab{ID: "products", Name: "Products and regions", Group: groupAct, Kick: "Products and regions"}
	t.Heading, t.Lead = l.suggested()
	if r := l.Recommend; r != nil {
		t.add(l.suggestions(r)...)
	} else {
		t.add(absent(12, "What to offer", "Recommend did not run in this run, or its output is outdated. bin/pipeline runs it after score."))
	}
	e := l.Explore
	if e == nil {
		t.add(absent(12, "How customers buy, and where", "Explore did not run in this run, or its output is outdated. bin/pipeline runs it after score."))
		return t, nil
	}
	t.add(l.natures(e)...)
	t.add(l.breaks(e))
	t.add(l.regions(e)...)
	t.add(l.growth(e)...)
	t.add(l.cohorts(e))
	return t, nil
}

// suggested says whether suggestions beat best sellers.
func (l *layout) suggested() (heading, lead string) {
	r := l.Recommend
	if r == nil {
		return "What sells, and where", "No suggestions in this run."
	}
	var best float64
	for _, m := range r.Methods {
		if m.Method == "pop60" {
			best = m.HR10
		}
	}
	lead = fmt.Sprintf("%s have a list of products new to them, made by: %s. %s products may be listed.", capital(people(r.Listed)), methodName(r.Served.Method), count(int64(r.Products)))
	switch {
	case r.ServedRow == nil:
		heading = "Suggestions could not be judged yet"
	case r.ServedRow.Method != "pop60" && r.ServedRow.GainLow > 0:
		heading = fmt.Sprintf("Suggestions beat plain best sellers, %s to %s in 100", decimal(100*r.ServedRow.HR10, 0), decimal(100*best, 0))
	default:
		heading = "Best sellers are as good as any suggestion here"
	}
	return heading, lead
}

func (l *layout) suggestions(r *view.Recommend) []panel {
	did := panel{Span: 6, Title: "Do suggestions work?", Source: "methods.arrow",
		Lead: fmt.Sprintf("Of 100 customers who bought something new in the 30 days from %s on, how many bought one of the ten products suggested before? %s.", day(r.Cut), capital(people(int64(r.Judged))))}
	most := 0.0
	for _, m := range r.Methods {
		most = max(most, m.HR10)
	}
	var bars []bar
	for _, m := range r.Methods {
		bars = append(bars, bar{Label: methodName(m.Method), Value: decimal(100*m.HR10, 1), Width: percent(m.HR10, most), Best: m.Method == r.Served.Method})
	}
	if len(bars) > 0 {
		did.Blocks, did.Numbers = append(did.Blocks, block{Bars: bars}), []*grid{methodTable(r)}
	}
	for _, text := range r.Statements {
		did.Blocks = append(did.Blocks, block{Note: sentence(text)})
	}
	baskets := panel{Span: 6, Title: "Does “bought together” work?", Source: "methods.arrow",
		Lead: fmt.Sprintf("One product is hidden from each of %s later baskets. How often, in %%, is it among the ten suggested?", count(int64(r.BasketsJudged)))}
	most, bars = 0, nil
	for _, b := range r.Baskets {
		most = max(most, b.HR10)
	}
	for _, b := range r.Baskets {
		bars = append(bars, bar{Label: methodName(b.Method), Value: share(b.HR10), Width: percent(b.HR10, most), Best: b.Method == "jaccard_max"})
	}
	if len(bars) > 0 {
		baskets.Blocks, baskets.Numbers = append(baskets.Blocks, block{Bars: bars}), []*grid{basketTable(r)}
	}
	baskets.Blocks = append(baskets.Blocks, block{Note: "A hit is not yet an extra sale: some would have bought it anyway."})
	if b := r.BuyAgain; b.Customers > 0 {
		baskets.Blocks = append(baskets.Blocks, block{Text: fmt.Sprintf("%s bought a product again in the 30 days from %s on. One of the first 3 on their list was among these for %s of them, one of the first 10 for %s.",
			capital(people(int64(b.Customers))), day(r.Cut), share(b.HR3), share(b.HR10))})
		baskets.Numbers = append(baskets.Numbers, againTable(r))
	}
	all := []panel{did, baskets}
	if len(r.Together) == 0 {
		return append(all, absent(12, "Bought together", "No two products share five baskets, or the table of pairs has expired."))
	}
	t := &grid{ID: "together", Caption: "Pairs that share baskets", Head: heads("When they buy", "Show", "#Baskets with both", "#Of baskets with the first", "#Strength, 0 to 1"), Sort: true, Page: 10, Download: "bought-together"}
	for _, p := range r.Together {
		t.Rows = append(t.Rows, []cell{row(l.product(p.Code)), l.product(p.With), valued(count(p.Both), float64(p.Both)), valued(count(p.Invoices), float64(p.Invoices)), valued(decimal(p.Jaccard, 2), p.Jaccard)})
	}
	return append(all, panel{Span: 12, Title: "Bought together", Lead: "Strength is shared baskets divided by baskets with either. The pairs with the most shared baskets; pairs.arrow has ten for each product.",
		Blocks: []block{{Table: t}}, Source: "pairs.arrow, products.arrow"})
}

func percent(v, most float64) float64 {
	if most <= 0 || v <= 0 {
		return 0
	}
	return math.Round(1000*v/most) / 10
}

func (l *layout) natures(e *view.Explore) []panel {
	how := panel{Span: 7, Title: "Personal, bulk or reseller", Source: "nature.arrow, customer_nature.arrow", Lead: fmt.Sprintf("A line is bulk from a product's pack on and a reseller's from its carton on. "+
		"A pack is a quantity that occurs far more often than its neighbours; a carton is where the price falls. %s products have a pack of their own, %s a carton. "+
		"Invoices and customers have the class that holds the middle of their money.", count(e.CodesWithPack), count(e.CodesWithCarton)),
		Blocks: []block{{Table: natureTable(e)}}, Numbers: []*grid{variantTable(e)}}
	if k := e.Nature.HalvesKappa; k != nil {
		how.Blocks = append(how.Blocks, block{Note: fmt.Sprintf("%s bought both before %s and from then on; Cohen's kappa between their two classes is %s "+
			"(1: always the same, 0: chance).", capital(people(e.Nature.HalvesCustomers)), day(e.Nature.HalvesCut), decimal(*k, 2))})
	}
	for _, text := range e.Statements {
		how.Blocks = append(how.Blocks, block{Note: sentence(text)})
	}
	for _, d := range e.Distributions {
		if d.Measure == "quantity" && len(d.Bins) > 0 {
			return []panel{how, l.distribution(d, 5, "Quantities", "Lines by quantity, on an axis where each step multiplies.", "Units a line", "lines")}
		}
	}
	how.Span = 12
	return []panel{how}
}

// distribution draws one of explore's distributions.
func (l *layout) distribution(d view.Distribution, span int, title, lead, x, unit string) panel {
	c := chart{ID: "c-" + d.Measure, Kind: "bins", Height: 220, X: axis{Label: x, Log: true}, Y: axis{Label: capital(unit)}}
	t := &grid{ID: "bins-" + d.Measure, Caption: title + ": " + unit + " by size", Head: heads("#From", "#Below", "#"+capital(unit), "#Money")}
	write := func(v float64) string { return short(v) }
	if d.Measure != "quantity" {
		c.X.Sign, write = l.money.sign(), l.money.average
	}
	var n, most int64
	var at float64
	for _, b := range d.Bins {
		if b.Low > 0 && isDrawn(b.High) {
			c.Bins = append(c.Bins, [3]float64{b.Low, b.High, float64(b.Count)})
		}
		if n += b.Count; b.Count > most {
			most, at = b.Count, b.Low
		}
		t.Rows = append(t.Rows, []cell{number(write(b.Low)), number(write(b.High)), number(count(b.Count)), number(l.money.whole(b.Revenue))})
	}
	c.Label = fmt.Sprintf("%s of %s %s; the most, %s, from %s on.", title, count(n), unit, count(most), write(at))
	return panel{Span: span, Title: title, Lead: lead, Blocks: []block{l.draw(c)}, Numbers: []*grid{t}, Source: "distributions.arrow"}
}

func isDrawn(v float64) bool { return math.Abs(v) <= 1e15 }

// breaks are the products whose price falls with the quantity.
func (l *layout) breaks(e *view.Explore) panel {
	const title = "Prices that fall with the quantity"
	if len(e.Breaks) == 0 {
		return absent(12, title, "No product's own prices show one, or the table of natures has expired.")
	}
	t := &grid{ID: "breaks", Caption: "Price breaks of the products of most revenue", Sort: true, Page: 10, Download: "price-breaks",
		Head: heads("Product", "#From units", "#Price below", "#Price from there on", "#Less", "#How sure", "#Customers", "#Revenue")}
	for _, b := range e.Breaks {
		less := 0.0
		if b.Below > 0 {
			less = 1 - b.Price/b.Below
		}
		t.Rows = append(t.Rows, []cell{row(l.product(b.Code)), valued(strings.TrimSuffix(b.From.String(), ".000"), b.From.Float()), valued(l.money.amount(b.Below, 2), b.Below), valued(l.money.amount(b.Price, 2), b.Price),
			valued(share(less), less), valued(share(b.Share), b.Share), valued(count(b.Customers), float64(b.Customers)), valued(l.money.whole(b.Revenue), b.Revenue.Float())})
	}
	return panel{Span: 12, Title: title, Source: "nature.arrow, products.arrow", Blocks: []block{{Table: t}},
		Lead: "From such a quantity on a unit costs less, found in the shop's own lines; prices are medians. How sure: the share of lines whose price tells on which side of the quantity they are."}
}

func natureTable(e *view.Explore) *grid {
	t := &grid{ID: "natures", Caption: "Purchases by nature", Head: heads("Nature", "#Customers", "#Share", "#Of revenue", "#Invoices", "#At weekends", "#At a carton's price")}
	for _, n := range e.Natures {
		t.Rows = append(t.Rows, []cell{name(capital(n.Name)), number(count(n.Customers)),
			number(share(float64(n.CustomerShare))), number(share(n.MoneyShare)), number(count(n.Invoices)), number(share(n.WeekendShare)), number(share(n.BreakTaken))})
	}
	return t
}

func variantTable(e *view.Explore) *grid {
	t := &grid{ID: "variants", Caption: "Who has another nature under neighbouring thresholds", Head: heads("Thresholds", "#Customers", "#Share of revenue")}
	for _, v := range e.Nature.Variants {
		t.Rows = append(t.Rows, []cell{name(v.Thresholds), number(count(v.Customers)), number(share(v.MoneyShare))})
	}
	return t
}

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

func methodTable(r *view.Recommend) *grid {
	t := &grid{ID: "methods", Caption: fmt.Sprintf("Lists of %s customers against their new purchases from %s on", count(int64(r.Judged)), day(r.Cut)),
		Head: heads("Method", "#A hit among 3", "#A hit among 10", "#Of purchases among 10", "#NDCG@10", "#More than popular, 95 %", "#Products listed")}
	for _, m := range r.Methods {
		t.Rows = append(t.Rows, []cell{name(methodName(m.Method)), number(share(m.HR3)), number(share(m.HR10)), number(share(m.Recall10)),
			number(decimal(m.NDCG10, 4)), number(fmt.Sprintf("%s to %s", decimal(m.GainLow, 4), decimal(m.GainHigh, 4))), number(share(m.Coverage10))})
	}
	return t
}

func basketTable(r *view.Recommend) *grid {
	t := &grid{ID: "baskets", Caption: fmt.Sprintf("Baskets with one product hidden: how often it is among 10 (%s baskets)", count(int64(r.BasketsJudged))),
		Head: heads("Method", "#Found")}
	for _, b := range r.Baskets {
		t.Rows = append(t.Rows, []cell{name(methodName(b.Method)), number(share(b.HR10))})
	}
	return t
}

func againTable(r *view.Recommend) *grid {
	t := &grid{ID: "again", Caption: "Products bought again within 30 days, by dates on which the customer had bought them",
		Head: heads("Dates", "#Pairs of customer and product", "#Predicted", "#Bought")}
	for _, c := range r.BuyAgain.Calibration {
		t.Rows = append(t.Rows, []cell{name(c.Dates), number(count(int64(c.Pairs))), number(share(c.Predicted)), number(share(c.Bought))})
	}
	return t
}
