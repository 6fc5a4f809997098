package preprocess

import (
	"fmt"
	"strings"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/feature"
	"github.com/clientele/clientele/pkg/finding"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/task"
)

// The limits of the findings, said in words by [finding.Specs].
const (
	rulePart      = 0.1 // of the revenue
	wholePart     = 0.5 // of a rule that takes much in sound shops too
	largePart     = 1. / 3
	invoicePart   = 0.2
	duplicatePart = 0.01
	farPart       = 0.01
	rejectedPart  = 0.1 // of what was delivered
	farDays       = 366
	gapLimit      = 14 // days
	gapTimes      = 5  // the usual distance of trading days

	// With fewer days, customers or products one of them has a large part by itself.
	leastDays, leastCustomers, leastProducts = 10, 20, 10
	leastGaps                                = 30
)

// looked is what findings that look at lines again are made of.
type looked struct {
	lines  *retail.Lines // cut to the window
	plan   *retail.Plan  // of them
	window retail.Window
	days   []span // of the window, one a day and source
}

// findings returns what a person should know of single lines.
func (s *looked) findings() ([]finding.Finding, error) {
	out := []finding.Finding{}
	for _, find := range []func() ([]finding.Finding, error){s.unit, s.shared, s.unmarked, s.totalPrices} {
		found, err := find()
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// seen is what findings are made of.
type seen struct {
	found []finding.Finding // of single lines
	codes int               // distinct ones that lines have
	outcome
	window  retail.Window
	days    []span   // of the window, one a day and source
	stored  []span   // of everything stored
	changed []string // what would be decided otherwise now
}

// outcome is what came of all partitions.
type outcome struct {
	totals retail.Totals
	sums   sums
	crowd  crowd
}

// span is rows of some days.
type span struct {
	from, to calendar.Date
	rows     int64
}

// findings returns what a person should know of the lines, in its one order.
func (s *seen) findings() []finding.Finding {
	out := append([]finding.Finding{}, s.found...)
	for _, find := range []func() []finding.Finding{
		s.meaning, s.discounts, s.rules, s.far, s.future, s.gaps, s.large, s.customer, s.duplicates, s.noCodes,
	} {
		out = append(out, find()...)
	}
	finding.Sort(out)
	return out
}

// meaning finds that the lines would be taken for something else now.
func (s *seen) meaning() []finding.Finding {
	if len(s.changed) == 0 {
		return nil
	}
	return []finding.Finding{{
		Code: finding.MeaningChanged, Stops: true,
		Sentence: "The lines would be taken for something else now than for earlier runs: " + strings.Join(s.changed, "; ") + ". What was decided stays.",
		What:     "State what holds in a profile (--profile) or by preprocess's flags, or accept " + finding.MeaningChanged + ".",
	}}
}

// discounts finds discount lines that nobody has taken off.
func (s *seen) discounts() []finding.Finding {
	d := s.totals.Discounts
	left := d.Amount - d.Allocated
	if left == 0 {
		return nil
	}
	return []finding.Finding{{
		Code: finding.Discounts, Lines: d.Lines, Money: -left,
		Sentence: fmt.Sprintf("%s discount lines are worth %s, of which %s is not taken off what customers paid.", task.Thousands(d.Lines), d.Amount, left),
		What:     "To take them off the products of their invoices, run with --discounts=allocate, or state it in a profile.",
	}}
}

func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }

// part returns a share of a sum, 0 of nothing.
func part(of, sum money.Amount) float64 {
	if sum <= 0 {
		return 0
	}
	return of.Float() / sum.Float()
}

// rules finds rules that take much. What a rule takes is its part of the sales or of the returns, whichever is more: the two
// would hide each other.
func (s *seen) rules() (out []finding.Finding) {
	sold := s.totals.Ledger.Input().Sales
	for r, spec := range retail.RuleSpecs {
		taken := s.totals.Ledger.Taken(retail.Rule(r))
		limit, stops := rulePart, false
		switch spec.Name {
		case "discount": // has a finding of its own
			continue
		case "guest", "cancellation_matched":
			limit = wholePart
		case "void", "adjustment", "non_product", "price", "quantity":
			stops = true
		}
		amount := max(taken.Sales, -taken.Returns)
		share := part(amount, sold)
		if share <= limit {
			continue
		}
		out = append(out, finding.Finding{
			Code: finding.RuleShare, Lines: taken.Lines, Money: amount, Stops: stops && share > largePart,
			Sentence: fmt.Sprintf("rule %s (%s) removes %s of the revenue: %s of %s, in %s lines", spec.Name, spec.Removes, percent(share),
				task.Whole(amount), task.Whole(sold), task.Thousands(taken.Lines)),
			What: fmt.Sprintf("look at some of these lines; where they are real sales, switch the rule off by --rules=-%s or correct what it takes", spec.Name),
		})
	}
	return out
}

// sum is lines and their money.
type sum struct {
	lines  int64
	amount money.Amount
}

// sums are what is kept, by day from first on and by code as compared.
type sums struct {
	first  calendar.Date
	byDay  []sum
	byCode []sum
	all    sum
	codes  interface{ String(id uint32) string }
}

// ends returns the first and the last day that have lines.
func ends(days []span) (first, last calendar.Date) {
	for i, d := range days {
		if i == 0 || d.from < first {
			first = d.from
		}
		if i == 0 || d.to > last {
			last = d.to
		}
	}
	return first, last
}

func newSums(days []span, lines *retail.Lines) sums {
	t := sums{byCode: make([]sum, lines.Codes.Keys.Len()), codes: &lines.Codes.Keys}
	if len(days) > 0 {
		first, last := ends(days)
		t.first, t.byDay = first, make([]sum, last-first+1)
	}
	return t
}

// add adds kept lines.
func (t *sums) add(kept *retail.Kept) {
	for at := range kept.Len() {
		rows := kept.Rows(at)
		var time int64
		var day *sum
		for i := range rows {
			r := &rows[i]
			if r.Time != time || i == 0 { // the lines of an invoice come together
				time, day = r.Time, &t.byDay[calendar.DateOf(r.Time)-t.first]
			}
			code := &t.byCode[r.CodeKey]
			day.lines++
			day.amount += r.Amount
			code.lines++
			code.amount += r.Amount
			t.all.amount += r.Amount
		}
		t.all.lines += int64(len(rows))
	}
}

func (t *sums) merge(o *sums) {
	t.all.add(o.all)
	for i := range o.byDay {
		t.byDay[i].add(o.byDay[i])
	}
	for i := range o.byCode {
		t.byCode[i].add(o.byCode[i])
	}
}

func (s *sum) add(o sum) {
	s.lines += o.lines
	s.amount += o.amount
}

// crowd is what is added up of customers.
type crowd struct {
	customers        int
	revenue, most    money.Amount
	invoices, often  int64
	lines, mostLines int64 // of those who come most often, and who spend most
}

// add adds customers, who come in the order of their names: of two alike the first is told of.
func (c *crowd) add(t *feature.Table) {
	c.customers += t.Len()
	for i := range t.Len() {
		amount := money.Amount(t.Monetary[i])
		c.revenue += amount
		c.invoices += t.Frequency[i]
		if amount > c.most {
			c.most, c.mostLines = amount, t.Lines[i]
		}
		if t.Frequency[i] > c.often {
			c.often, c.lines = t.Frequency[i], t.Lines[i]
		}
	}
}

// most returns where the most money is, and the number of places that have a line.
func most(of []sum) (at, places int) {
	for i, s := range of {
		if s.lines > 0 {
			places++
		}
		if s.amount > of[at].amount {
			at = i
		}
	}
	return at, places
}

// large finds a day and a code that have a large part of the revenue.
func (s *seen) large() (out []finding.Finding) {
	t := &s.sums
	if at, places := most(t.byDay); places >= leastDays {
		day := t.byDay[at]
		if share := part(day.amount, t.all.amount); share > largePart {
			out = append(out, finding.Finding{
				Code: finding.DayShare, Lines: day.lines, Money: day.amount, Stops: share > wholePart,
				Sentence: fmt.Sprintf("one day, %s, has %s of the revenue: %s of %s", t.first+calendar.Date(at), percent(share),
					task.Whole(day.amount), task.Whole(t.all.amount)),
				What: "check the dates of these lines: an import or an opening balance is no day's sales",
			})
		}
	}
	if at, places := most(t.byCode); places >= leastProducts {
		code := t.byCode[at]
		if share := part(code.amount, t.all.amount); share > largePart {
			out = append(out, finding.Finding{
				Code: finding.ProductShare, Lines: code.lines, Money: code.amount,
				Sentence: fmt.Sprintf("one product, code %s, has %s of the revenue: %s of %s", shown(t.codes.String(uint32(at))), percent(share),
					task.Whole(code.amount), task.Whole(t.all.amount)),
				What: "if it is no product, add it to the flag --non-product",
			})
		}
	}
	return out
}

// customer finds a customer who is many: what tills and exports write for somebody whom they do not know.
func (s *seen) customer() []finding.Finding {
	t := s.crowd
	if t.customers < leastCustomers {
		return nil
	}
	what := "if that is no person but a word for an unknown one, list it under missing in the profile's section [read]"
	var out []finding.Finding
	if share := float64(t.often) / float64(max(t.invoices, 1)); share > invoicePart {
		out = append(out, finding.Finding{
			Code: finding.CustomerShare, Lines: t.lines, Stops: share > wholePart, What: what,
			Sentence: fmt.Sprintf("one customer has %s of the invoices: %s of %s", percent(share), task.Thousands(t.often), task.Thousands(t.invoices)),
		})
	}
	if share := part(t.most, t.revenue); share > largePart {
		out = append(out, finding.Finding{
			Code: finding.CustomerShare, Lines: t.mostLines, Money: t.most, What: what,
			Sentence: fmt.Sprintf("one customer has %s of the customers' revenue: %s of %s", percent(share), task.Whole(t.most), task.Whole(t.revenue)),
		})
	}
	return out
}

// shown bounds a text from the lines.
func shown(s string) string {
	if s == "" {
		return "(none)"
	}
	if r := []rune(s); len(r) > 40 {
		s = string(r[:40]) + "…"
	}
	return fmt.Sprintf("%q", s)
}

// duplicates finds many lines that repeat another one.
func (s *seen) duplicates() []finding.Finding {
	in := s.totals.Ledger.Input()
	share := float64(s.totals.Duplicates) / float64(max(in.Lines, 1))
	if share <= duplicatePart {
		return nil
	}
	return []finding.Finding{{
		Code: finding.Duplicates, Lines: s.totals.Duplicates, Money: s.totals.Ledger.Taken(retail.RuleDuplicate).Amount, Stops: share > largePart,
		Sentence: fmt.Sprintf("%s of the lines repeat another one in everything: %s of %s", percent(share), task.Thousands(s.totals.Duplicates), task.Thousands(in.Lines)),
		What:     "check whether lines were delivered twice, under two source names or by --mode=append; --rules=+duplicate removes the repeats",
	}}
}

// noCodes finds lines that have no code: orders, not lines of orders.
func (s *seen) noCodes() []finding.Finding {
	if s.codes > 0 {
		return nil
	}
	in := s.totals.Ledger.Input()
	return []finding.Finding{{
		Code: finding.OrderTotalsOnly, Lines: in.Lines, Money: in.Amount,
		Sentence: "the lines have no product codes: each is taken for a whole order",
		What:     "features of products say nothing here; deliver the orders' lines to have them",
	}}
}
