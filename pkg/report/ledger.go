package report

import (
	"fmt"
	"html/template"

	"github.com/clientele/clientele/pkg/money"
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

// ledger accounts for every line and all money, rule by rule.
func (l *layout) ledger() (section, error) {
	s := section{ID: "ledger", Title: "Where every line went"}
	rows := l.Ledger.Rows
	if len(rows) < 2 {
		s.Blocks = append(s.Blocks, block{Text: "The ledger of this run is empty."})
		return s, nil
	}
	in, decimals := rows[0], l.ledgerDecimals()
	if l.Ledger.Balanced {
		s.Blocks = append(s.Blocks, block{Text: fmt.Sprintf("Removed and kept lines add up exactly to the input: %s and %s.",
			many(in.Lines, "line"), l.money.exact(in.Amount, decimals))})
	} else {
		s.Blocks = append(s.Blocks, block{Warning: fmt.Sprintf("The ledger does not add up: the input has %s and %s, but %s and %s are accounted for.",
			many(in.Lines, "line"), l.money.exact(in.Amount, decimals), count(l.Ledger.Lines), l.money.exact(l.Ledger.Amount, decimals))})
	}
	figures, err := l.ledgerFigures()
	if err != nil {
		return s, err
	}
	if len(figures) > 0 {
		s.Blocks = append(s.Blocks, block{Figures: figures})
	}
	if chain := l.chain(); chain != nil {
		s.Blocks = append(s.Blocks, block{Table: chain})
	}
	t := &grid{Caption: "Ledger: each line counts for the first rule that removes it", Head: heads("Rule", "#Lines", "#Invoices", "#Customers", "#Amount")}
	for i, r := range rows {
		rule := name(plain(r.Rule))
		rule.Note = ruleWords[r.Rule]
		cells := []cell{rule, number(count(r.Lines)), number(count(r.Invoices)), number(count(r.Customers)), number(l.money.exact(r.Amount, decimals))}
		if i == len(rows)-1 {
			t.Foot = cells
			break
		}
		t.Rows = append(t.Rows, cells)
	}
	s.Blocks = append(s.Blocks, block{Table: t}, block{Note: l.ledgerNote()})
	return s, nil
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

// ledgerFigures draws the way from input to kept as falls, once for lines and once for money. A run whose money falls
// below zero on the way has no such picture of it.
func (l *layout) ledgerFigures() ([]figure, error) {
	rows := l.Ledger.Rows
	lines, amounts := make([]float64, len(rows)), make([]float64, len(rows))
	for i, r := range rows {
		lines[i], amounts[i] = float64(r.Lines), r.Amount.Float()
	}
	var figures []figure
	for _, f := range []struct {
		title  string
		values []float64
		write  func(float64) string
	}{
		{"Lines", lines, large},
		{"Money", amounts, func(x float64) string { return l.money.before(large(x)) }},
	} {
		svg, ok, err := l.falls(f.title, f.values, f.write)
		if err != nil {
			return nil, err
		}
		if ok {
			figures = append(figures, figure{Title: f.title + " from input to kept", SVG: svg, Caption: "What each rule removes from what the earlier rules left."})
		}
	}
	return figures, nil
}

// falls draws input, what each rule takes from what is left, and kept. It is not ok where something falls below zero.
func (l *layout) falls(title string, values []float64, write func(float64) string) (svg template.HTML, ok bool, err error) {
	n := len(values)
	signed := func(sign string) func(float64) string {
		return func(x float64) string {
			if x == 0 {
				return ""
			}
			return sign + write(x)
		}
	}
	series := []bars{
		{colour: roleClear},
		{name: "input, kept", colour: roleFirst, label: signed("")},
		{name: "removed", colour: roleOther, label: signed("−")},
		{name: "negative, removed", colour: roleAxis, label: signed("+")},
	}
	for i := range series {
		series[i].values = make([]float64, n)
	}
	base, ends, taken, back := series[0].values, series[1].values, series[2].values, series[3].values
	categories := make([]string, n)
	left, rises := values[0], false
	alt := title + " by rule:"
	for i, x := range values {
		categories[i] = plain(l.Ledger.Rows[i].Rule)
		alt += fmt.Sprintf(" %s %s;", categories[i], write(x))
		switch {
		case i == 0 || i == n-1:
			ends[i] = x
			continue
		case x >= 0:
			taken[i] = x
		default:
			back[i], rises = -x, true
		}
		base[i] = min(left, left-x)
		left -= x
		if base[i] < 0 {
			return "", false, nil
		}
	}
	if values[0] <= 0 || values[n-1] < 0 {
		return "", false, nil
	}
	if !rises {
		series = series[:3]
	}
	svg, err = barChart(categories, series, true, alt[:len(alt)-1]+".")
	return svg, err == nil, err
}

// dropped shows rejected records, cancellations and customers without a row.
func (l *layout) dropped() (section, error) {
	s := section{ID: "dropped", Title: "Rejected records and cancellations"}
	switch in := l.Ingest; {
	case in == nil:
		s.Blocks = append(s.Blocks, block{Text: "Rejected records: none, because this run ingested no delivery."})
	case in.RowsQuarantined == 0:
		s.Blocks = append(s.Blocks, block{Text: fmt.Sprintf("Rejected records: none of %s.", many(in.RowsRead, "record"))})
	default:
		s.Blocks = append(s.Blocks, block{Text: fmt.Sprintf("Rejected records: %s of %s (%s) failed a check and are not used.", count(in.RowsQuarantined),
			many(in.RowsRead, "record"), share(float64(in.RowsQuarantined)/float64(in.RowsRead)))})
		t := &grid{Caption: "Reasons for rejection; one record can fail several checks", Head: heads("Check", "#Records")}
		for _, q := range in.Quarantine {
			t.Rows = append(t.Rows, []cell{name(plain(q.Rule)), number(count(q.Rows))})
		}
		s.Blocks = append(s.Blocks, block{Table: t})
	}
	c := l.Cancellations
	decimals := decimalsOf(c.Amount)
	t := &grid{Caption: "Cancellation lines, by how much of them matches a sale", Head: heads("Cancellations", "#Lines")}
	t.Rows = [][]cell{
		{name("fully matched"), number(count(c.Matched))},
		{name("partly matched"), number(count(c.Partly))},
		{name("not matched"), number(count(c.Unmatched))},
	}
	s.Blocks = append(s.Blocks, block{Table: t}, block{Text: fmt.Sprintf("Matched cancellations reversed %s of sales.", l.money.exact(max(c.Amount, -c.Amount), decimals))})
	if n := l.Totals.OnlyReturns; n > 0 {
		s.Blocks = append(s.Blocks, block{Text: fmt.Sprintf("%s only returned goods, without a kept purchase, and have no segment.", people(n))})
	}
	return s, nil
}
