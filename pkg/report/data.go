package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/clientele/clientele/pkg/finding"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/report/view"
	"github.com/clientele/clientele/pkg/retail"
)

// ruleWords says what each row of the ledger counts.
var ruleWords = rulesInWords()

func rulesInWords() map[string]string {
	words := map[string]string{"input": "all lines in the window", "kept": "the lines that this page is based on"}
	for _, r := range retail.RuleSpecs {
		words[r.Name] = r.Removes
	}
	return words
}

// data accounts for every line and all money, and says how the data looks.
func (l *layout) data() (tab, error) {
	t := tab{ID: "data", Name: "Data", Group: groupCheck, Kick: "Data", Mark: "good"}
	rows := l.Ledger.Rows
	switch {
	case len(rows) < 2:
		t.Heading, t.Mark = "The ledger of this run is empty", "warn"
	case l.Ledger.Balanced:
		t.Heading = "Every line and all money is accounted for"
		t.Lead = fmt.Sprintf("Of %s in the window, %s are used.", many(rows[0].Lines, "line"), count(rows[len(rows)-1].Lines))
	default:
		t.Heading, t.Mark = "The ledger does not add up", "bad"
	}
	if len(l.Findings) > 0 {
		t.Mark = "warn"
		if slices.ContainsFunc(l.Findings, func(f finding.Finding) bool { return f.Stops }) {
			t.Mark = "bad"
		}
		t.add(l.findings())
	}
	if len(rows) >= 2 {
		t.add(l.ledger())
	}
	t.add(l.delivery(), l.cancelled())
	if p := l.rejected(); p != nil {
		t.add(*p)
	}
	if e := l.Explore; e != nil {
		t.add(l.season(e), l.missingValues(e), l.weekday(e), l.bestSellers(e))
		for _, d := range l.bins("price") {
			t.add(l.distribution(d, 6, "Prices", "Lines by price of one unit, on an axis where each step multiplies.", "Price", "lines"))
		}
		t.add(l.together(e))
	} else {
		t.add(absent(12, "Season, weekday and hour, missing values", "Explore did not run in this run, or its output is outdated."))
	}
	t.add(l.decisions())
	return t, nil
}

func (l *layout) ledger() panel {
	in, decimals := l.Ledger.Rows[0], l.ledgerDecimals()
	p := panel{Span: 12, Title: "From what came in to what counts", Lead: "Money, rule by rule. Amber goes out; blue comes back in, because returns without a sale count against nobody.", Source: "ledger.arrow"}
	if l.Ledger.Balanced {
		kept := l.Ledger.Rows[len(l.Ledger.Rows)-1]
		p.Blocks = append(p.Blocks, block{Falls: l.falls()}, block{Text: fmt.Sprintf("Removed and kept lines add up exactly to the input: %s and %s. %s − %s = %s.",
			many(in.Lines, "line"), l.money.exact(in.Amount, decimals), l.money.exact(in.Amount, decimals), l.money.exact(in.Amount-kept.Amount, decimals), l.money.exact(kept.Amount, decimals))})
	} else {
		p.Blocks = append(p.Blocks, block{Warning: fmt.Sprintf("The ledger does not add up: the input has %s and %s, but %s and %s are accounted for.",
			many(in.Lines, "line"), l.money.exact(in.Amount, decimals), count(l.Ledger.Lines), l.money.exact(l.Ledger.Amount, decimals))})
	}
	t := &grid{ID: "ledger", Caption: "Ledger: each line counts for the first rule that removes it", Head: heads("Rule", "#Lines", "#Invoices", "#Customers", "#Amount"), Download: "ledger"}
	for i, r := range l.Ledger.Rows {
		rule := name(plain(r.Rule))
		rule.Note = ruleWords[r.Rule]
		cells := []cell{rule, number(count(r.Lines)), number(count(r.Invoices)), number(count(r.Customers)), number(l.money.exact(r.Amount, decimals))}
		if i == len(l.Ledger.Rows)-1 {
			t.Foot = cells
			break
		}
		t.Rows = append(t.Rows, cells)
	}
	p.Blocks = append(p.Blocks, block{Note: l.ledgerNote()})
	p.Numbers = []*grid{t}
	if chain := l.chain(); chain != nil {
		p.Numbers = append(p.Numbers, chain)
	}
	return p
}

// falls are the rows of the waterfall: the input, what each rule takes, what is kept. Without money there is nothing to draw.
func (l *layout) falls() []fall {
	rows := l.Ledger.Rows
	all := rows[0].Amount.Float()
	if all <= 0 {
		return nil
	}
	var falls []fall
	place := func(v float64) float64 { return math.Round(10000*max(0, min(1, v/all))) / 100 }
	left := all
	for i, r := range rows {
		v := r.Amount.Float()
		f := fall{Label: capital(plain(r.Rule)), Note: ruleWords[r.Rule], Money: l.money.whole(r.Amount), Lines: count(r.Lines), Kind: "total", Width: place(v)}
		switch {
		case i == 0:
			f.Label, f.Note = "All lines of the window", ""
		case i == len(rows)-1:
			f.Label, f.Note = "What the numbers are made of", ""
		case r.Lines == 0 && r.Amount == 0:
			continue
		default:
			f.Money, f.Lines = l.money.signed(-r.Amount), "−"+count(r.Lines)
			f.Kind = "out"
			if v < 0 {
				f.Kind = "back"
			}
			f.Left, f.Width = place(min(left, left-v)), place(math.Abs(v))
			left -= v
		}
		falls = append(falls, f)
	}
	return falls
}

func (l *layout) ledgerNote() string {
	return fmt.Sprintf("The rule duplicate found %s of an identical line. Repeats are counted even when the rule is off, because identical lines can be genuine. "+
		"An invoice or a customer can appear in several rows, so these columns do not add up.", many(l.Ledger.Duplicates, "repeat"))
}

func (l *layout) ledgerDecimals() int {
	var amounts []money.Amount
	for _, r := range l.Ledger.Rows {
		amounts = append(amounts, r.Amount)
	}
	return decimalsOf(amounts...)
}

// cancelled shows cancellations and customers without a row.
func (l *layout) cancelled() panel {
	c := l.Cancellations
	p := panel{Span: 6, Title: "Cancellations and returns", Source: "preprocess's result"}
	t := &grid{ID: "cancelled", Caption: "Cancellation lines, by how much of them matches a sale", Head: heads("Cancellations", "#Lines")}
	t.Rows = [][]cell{
		{name("Fully matched"), number(count(c.Matched))},
		{name("Partly matched"), number(count(c.Partly))},
		{name("Not matched"), number(count(c.Unmatched))},
	}
	p.Blocks = []block{{Table: t}, {Text: fmt.Sprintf("Matched cancellations reversed %s of sales.", l.money.exact(max(c.Amount, -c.Amount), decimalsOf(c.Amount)))}}
	if n := l.Totals.OnlyReturns; n > 0 {
		p.Blocks = append(p.Blocks, block{Text: fmt.Sprintf("%s only returned goods, without a kept purchase, and have no segment.", capital(people(n)))})
	}
	return p
}

func (l *layout) season(e *view.Explore) panel {
	p := panel{Span: 7, Title: "Season", Lead: "Sales by month.", Source: "times.arrow"}
	if len(e.Months) == 0 {
		return absent(7, "Season", "No table of times in this run.")
	}
	t := &grid{ID: "months", Caption: "Sales by month", Head: heads("Month", "#Invoices", "#Sales"), Download: "months"}
	s := series{Name: "Sales", Colour: "neutral"}
	var parts []string
	for i, m := range e.Months {
		s.Names, s.Y = append(s.Names, m.Month), append(s.Y, m.Revenue.Float())
		row := name(m.Month)
		if m.Partial {
			s.Faint, row.Note = append(s.Faint, i), "part of the month"
			parts = append(parts, m.Month)
		}
		t.Rows = append(t.Rows, []cell{row, valued(count(m.Invoices), float64(m.Invoices)), valued(l.money.whole(m.Revenue), m.Revenue.Float())})
	}
	if len(parts) > 0 {
		p.Lead += " In part only: " + list(parts) + "."
	}
	p.Blocks = []block{l.draw(chart{ID: "c-months", Kind: "bars", Height: 250, Label: fmt.Sprintf("Sales by month from %s to %s.", e.Months[0].Month, e.Months[len(e.Months)-1].Month),
		Y: axis{Label: "Sales", Sign: l.money.sign(), Zero: true}, Series: []series{s}})}
	p.Numbers = []*grid{t}
	return p
}

func (l *layout) missingValues(e *view.Explore) panel {
	p := panel{Span: 5, Title: "Missing values", Lead: "In the kept lines, by column.", Source: "gaps.arrow"}
	if e.Gaps == nil {
		return absent(5, "Missing values", "No table of gaps in this run.")
	}
	if len(e.Gaps) > 0 && e.Gaps[0].Delivered {
		p.Lead = "In the accepted lines of the delivery, by column."
	}
	if len(e.Gaps) == 0 {
		p.Blocks = []block{{Text: "No column of the kept lines has a missing value."}}
	} else {
		t := &grid{ID: "missing", Caption: "Missing values by column", Head: heads("Column", "#Missing", "#Share")}
		for _, g := range e.Gaps {
			row := []cell{name(capital(plain(g.Name))), number("none"), text("")}
			if g.Lines > 0 {
				row[1], row[2] = number(count(g.Lines)), number(share(float64(g.Share)))
			}
			t.Rows = append(t.Rows, row)
		}
		p.Blocks = []block{{Table: t}}
	}
	for _, r := range l.Ledger.Rows {
		if r.Rule == "guest" && r.Lines > 0 {
			p.Blocks = append(p.Blocks, block{Note: fmt.Sprintf("%s have no customer and are left out by the rule guest: %s.", capital(many(r.Lines, "line")), l.money.whole(r.Amount))})
		}
	}
	return p
}

func (l *layout) weekday(e *view.Explore) panel {
	if len(e.Hours) == 0 {
		return absent(6, "When they buy", "No table of times in this run.")
	}
	var most int64
	for _, h := range e.Hours {
		most = max(most, slices.Max(h.Invoices[:]))
	}
	t := &grid{ID: "hours", Caption: "Invoices by weekday and hour of the shop's local time", Matrix: true, Head: heads("Hour", "#Mon", "#Tue", "#Wed", "#Thu", "#Fri", "#Sat", "#Sun")}
	for _, h := range e.Hours {
		row := []cell{name(fmt.Sprint(h.Hour))}
		for _, n := range h.Invoices {
			c := cell{Class: "num heat"}
			if n > 0 {
				c.Text, c.Tint = count(n), int(60*n/most)
			}
			row = append(row, c)
		}
		t.Rows = append(t.Rows, row)
	}
	return panel{Span: 6, Title: "When they buy", Lead: "Darker: more invoices.", Blocks: []block{{Table: t}}, Source: "times.arrow"}
}

func (l *layout) bestSellers(e *view.Explore) panel {
	if len(e.Best) == 0 {
		return absent(6, "Top products", "No table of the best products in this run.")
	}
	t := &grid{ID: "best", Caption: "Products of most revenue", Head: heads("Product", "#Sales", "#Customers", "#Invoices", "#Share"), Sort: true, Page: 12, Download: "products"}
	for _, b := range e.Best {
		t.Rows = append(t.Rows, []cell{row(l.product(b.Name)), valued(l.money.whole(b.Revenue), b.Revenue.Float()), valued(count(b.Customers), float64(b.Customers)), valued(count(b.Invoices), float64(b.Invoices)), valued(share(b.Share), b.Share)})
	}
	p := panel{Span: 6, Title: "Top products", Blocks: []block{{Table: t}}, Source: "top.arrow, concentration.arrow, products.arrow"}
	for _, c := range e.Concentration {
		if c.Share == .1 {
			p.Lead = fmt.Sprintf("The best tenth of the customers, %s, bring %s of the revenue.", count(c.Customers), share(c.RevenueShare))
		}
	}
	return p
}

// together are the features that say the same.
func (l *layout) together(e *view.Explore) panel {
	if len(e.Related) == 0 {
		return absent(6, "Which features say the same", "No table of correlations in this run.")
	}
	t := &grid{ID: "related", Caption: "The strongest pairs of features", Head: heads("Feature", "With", "#Rank correlation")}
	for _, r := range e.Related {
		t.Rows = append(t.Rows, []cell{name(l.featureName(r.Feature)), text(l.featureName(r.Other)), number(decimal(float64(r.Correlation), 2))})
	}
	return panel{Span: 6, Title: "Which features say the same", Lead: "Spearman's rank correlation, −1 to 1.", Blocks: []block{{Table: t}}, Source: "correlations.arrow"}
}

// decisions say what the lines were taken for, with the money that it is about.
func (l *layout) decisions() panel {
	const title = "What the lines were taken for"
	if len(l.Decisions) == 0 {
		return absent(12, title, "This run does not say.")
	}
	t := &grid{ID: "decisions", Caption: "Decisions about the lines", Head: heads("About", "Taken for", "By", "#Lines", "#Money", "Why", "Instead")}
	for _, d := range l.Decisions {
		by := "the lines"
		if d.Stated {
			by = "profile or flag"
		}
		why := text(d.Why)
		if len(d.Examples) > 0 {
			why.Note = "Such as " + list(d.Examples)
		}
		t.Rows = append(t.Rows, []cell{name(capital(plain(d.Field))), text(d.Value), text(by), counted(d.Lines), l.amountOf(d.Money), why, text(strings.Join(d.Alternatives, "; "))})
	}
	return panel{Span: 12, Title: title, Lead: "Decided from the shop's own lines unless a profile or a flag says so. Money: what would count otherwise. Instead: what a profile can say.", Blocks: []block{{Table: t}},
		Source: "preprocess's result"}
}

// findings says what is doubtful about the lines: everything else is made of them.
func (l *layout) findings() panel {
	p := panel{Span: 12, Title: "Before you trust this page", Source: "preprocess's result"}
	t := &grid{ID: "findings", Caption: "Findings about the lines", Head: heads("Finding", "Effect", "#Lines", "#Money", "What to do")}
	stops := int64(0)
	for _, f := range l.Findings {
		effect := cell{Text: "to know", Tone: "warn", Class: "verdict"}
		if f.Stops {
			stops++
			effect = cell{Text: "stops promotion", Tone: "bad", Class: "verdict"}
		}
		what := name(capital(sentence(f.Sentence)))
		what.Note = f.Code
		t.Rows = append(t.Rows, []cell{what, effect, counted(f.Lines), l.amountOf(f.Money), text(capital(sentence(f.What)))})
	}
	if stops > 0 {
		p.Blocks = append(p.Blocks, block{Warning: fmt.Sprintf("Promotion is stopped by %s: no model of these lines becomes the current one until the delivery is corrected, "+
			"or somebody accepts findings by their code (--accept).", many(stops, "finding"))})
	}
	p.Blocks = append(p.Blocks, block{Table: t})
	return p
}

func counted(n int64) cell {
	if n == 0 {
		return number(dash)
	}
	return number(count(n))
}

func (l *layout) amountOf(m money.Amount) cell {
	if m == 0 {
		return number(dash)
	}
	return number(l.money.whole(m))
}
