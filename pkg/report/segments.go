package report

import (
	"cmp"
	"fmt"
	"math"

	"github.com/clientele/clientele/pkg/report/view"
)

// segments shows who the customers are: people against money, a card each, the profile beside all customers.
func (l *layout) segments() (section, error) {
	s := section{ID: "segments", Title: "Segments"}
	if l.Scores == nil {
		s.Blocks = append(s.Blocks, block{Text: "No segments: this run has no scores. There is no current model, drift found broken data, or score did not run."})
		if t := l.Choice; t != nil {
			s.Blocks = append(s.Blocks, block{Text: l.candidateWords(t)})
		}
		return s, nil
	}
	if len(l.Scores.Segments) == 0 {
		s.Blocks = append(s.Blocks, block{Text: "The scores contain no segments."})
		return s, nil
	}
	picture, err := l.peopleAndMoney()
	if err != nil {
		return s, err
	}
	s.Blocks = append(s.Blocks, block{Figures: []figure{picture}}, block{Table: l.segmentTable()}, block{Cards: l.cards()})
	if t := l.profileTable(); t != nil {
		s.Blocks = append(s.Blocks, block{Table: t})
	}
	return s, nil
}

func (l *layout) candidateWords(t *view.Choice) string {
	sizes := make([]string, len(t.Sizes))
	for i, n := range t.Sizes {
		sizes[i] = count(int64(n))
	}
	return fmt.Sprintf("The candidate of this run, %s, has %d segments with %s customers.", brief(t.ModelID), t.K, list(sizes))
}

func (l *layout) peopleAndMoney() (figure, error) {
	var names []string
	percent := func(x float64) string { return share(x / 100) }
	peopleShare, moneyShare := bars{name: "share of customers", colour: roleFirst, label: percent}, bars{name: "share of revenue", colour: roleOther, label: percent}
	alt := "Share of customers and of revenue by segment:"
	for _, g := range l.Scores.Segments {
		names = append(names, g.Label)
		peopleShare.values = append(peopleShare.values, 100*g.Share)
		moneyShare.values = append(moneyShare.values, 100*g.RevenueShare)
		alt += fmt.Sprintf(" %s %s and %s;", g.Label, share(g.Share), share(g.RevenueShare))
	}
	svg, err := barChart(names, []bars{peopleShare, moneyShare}, false, alt[:len(alt)-1]+".")
	return figure{Title: "Share of customers and revenue", SVG: svg,
		Caption: "Where the revenue bar is longer, the customers of the segment spend more than average."}, err
}

func (l *layout) segmentTable() *grid {
	t := &grid{Caption: "Segments by customers and revenue", Head: heads("Segment", "ID", "#Customers", "#Share", "#Revenue", "#Share of revenue", "#Revenue per customer")}
	all := l.Scores.All
	for _, g := range l.Scores.Segments {
		t.Rows = append(t.Rows, []cell{name(cmp.Or(g.Name, g.ID)), code(g.ID), number(count(g.Customers)), number(share(g.Share)),
			number(l.money.whole(g.Revenue)), number(share(g.RevenueShare)), number(l.money.average(float64(g.RevenuePerCustomer)))})
	}
	t.Foot = []cell{name("All"), text(""), number(count(all.Customers)), number(share(all.Share)), number(l.money.whole(all.Revenue)),
		number(share(all.RevenueShare)), number(l.money.average(float64(all.RevenuePerCustomer)))}
	return t
}

// traits are the features of the profile in words.
func (l *layout) traits() map[string]struct {
	title string
	write func(float64) string
} {
	type trait = struct {
		title string
		write func(float64) string
	}
	days := func(x float64) string { return decimal(x, 0) + " days" }
	return map[string]trait{
		"recency":           {"Days since the last purchase", days},
		"tenure":            {"Days since the first purchase", days},
		"frequency":         {"Invoices" + l.period(), short},
		"monetary":          {"Spending" + l.period(), l.money.average},
		"average_invoice":   {"Average invoice", l.money.average},
		"lines_per_invoice": {"Lines per invoice", short},
		"products":          {"Different products", short},
		"gap_mean":          {"Days between purchases", days},
		"monthly_slope":     {"Change in spending per 30 days", l.money.average},
		"rebought_share":    {"Share of products bought again", share},
		"return_value_rate": {"Share of value returned", share},
		"weekend_share":     {"Share of invoices at weekends", share},
	}
}

// period says how long the window is, as it stands behind a feature.
func (l *layout) period() string {
	if l.WindowStart == nil {
		return ""
	}
	days := int64(l.AsOf - *l.WindowStart)
	if days == 365 || days == 366 {
		return " in the last year"
	}
	return fmt.Sprintf(" in the last %s days", count(days))
}

func (l *layout) cards() []card {
	var cards []card
	for i, g := range l.Scores.Segments {
		c := card{Name: cmp.Or(g.Name, g.ID), ID: g.ID, Text: l.portrait(i), Facts: []fact{
			{Label: "Customers", Value: share(g.Share), Note: count(g.Customers)},
			{Label: "Revenue", Value: share(g.RevenueShare), Note: l.money.whole(g.Revenue)},
		}}
		cards = append(cards, c)
	}
	return cards
}

// portrait is a segment's average customer in two sentences.
func (l *layout) portrait(segment int) string {
	recency, _ := l.Scores.Mean("recency", segment)
	frequency, allFrequency := l.Scores.Mean("frequency", segment)
	invoice, allInvoice := l.Scores.Mean("average_invoice", segment)
	monetary, allMonetary := l.Scores.Mean("monetary", segment)
	if math.IsNaN(recency) || math.IsNaN(frequency) || math.IsNaN(invoice) || math.IsNaN(monetary) {
		return ""
	}
	text := fmt.Sprintf("The average customer last bought %s ago and has %s invoices of %s each%s.",
		dayCount(recency), short(frequency), l.money.average(invoice), l.period())
	return text + fmt.Sprintf(" Compared with all customers: %s, %s, %s.", versus(frequency/allFrequency, "as many invoices", "fewer invoices", "more invoices"),
		versus(invoice/allInvoice, "as large an invoice", "smaller invoices", "larger invoices"), versus(monetary/allMonetary, "as much spending", "less spending", "more spending"))
}

func dayCount(v float64) string {
	if s := decimal(v, 0); s != "1" {
		return s + " days"
	}
	return "1 day"
}

// versus writes a ratio in words: "3.2 times as many invoices", "63 % larger invoices", "69 % less spending", "about as large an invoice".
func versus(ratio float64, as, less, more string) string {
	percent := func(x float64) string { return decimal(100*x, 0) + nbsp + "% " }
	switch {
	case math.IsNaN(ratio) || math.IsInf(ratio, 0) || ratio < 0:
		return dash
	case ratio >= 0.95 && ratio <= 1.05:
		return "about " + as
	case ratio < 1:
		return percent(1-ratio) + less
	case ratio < 2:
		return percent(ratio-1) + more
	default:
		return decimal(ratio, 1) + " times " + as
	}
}

func (l *layout) profileTable() *grid {
	t := &grid{Caption: "Profile: the average customer of each segment, compared with all customers", Head: heads("Average")}
	for _, g := range l.Scores.Segments {
		t.Head = append(t.Head, cell{Text: g.Label, Class: "num"})
	}
	t.Head = append(t.Head, cell{Text: "All", Class: "num"})
	words := l.traits()
	for _, tr := range l.Scores.Profile {
		in := words[tr.Feature]
		cells := []cell{name(in.title)}
		for _, mean := range tr.Means {
			c, all := number(dash), float64(tr.All)
			if mean := float64(mean); !math.IsNaN(mean) {
				c.Text, c.Note = in.write(mean), against(mean, all)
			}
			cells = append(cells, c)
		}
		overall := number(dash)
		if all := float64(tr.All); !math.IsNaN(all) {
			overall.Text = in.write(all)
		}
		t.Rows = append(t.Rows, append(cells, overall))
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return t
}

// mostMoves bounds the table of movers: ten segments have 90 ways between them.
const mostMoves = 30

func (l *layout) movement() (section, error) {
	s := section{ID: "movers", Title: "Movers"}
	switch {
	case l.Scores == nil:
		s.Blocks = append(s.Blocks, block{Text: "Unknown: this run has no scores."})
		return s, nil
	case l.Scores.First:
		s.Blocks = append(s.Blocks, block{Text: "These are the first scores. From the next run on, this section shows who joined, left or changed segment."})
		return s, nil
	case len(l.Scores.Movers) == 0:
		s.Blocks = append(s.Blocks, block{Text: "Nobody joined, left or changed segment since the previous scores."})
		return s, nil
	}
	names := map[string]string{"": dash}
	for _, g := range l.Scores.Segments {
		names[g.ID] = g.Label
	}
	renamed := false
	place := func(id string) string {
		n, ok := names[id]
		if !ok {
			renamed = true
			return id
		}
		return n
	}
	t := &grid{Caption: "Moves since the previous scores", Head: heads("Move", "From", "To", "#Customers", "#Spending")}
	var rest view.Move
	for i, m := range l.Scores.Movers {
		if i >= mostMoves {
			rest.Customers += m.Customers
			rest.Amount += m.Amount
			continue
		}
		t.Rows = append(t.Rows, []cell{name(m.Kind), text(place(m.From)), text(place(m.To)), number(count(m.Customers)), number(l.money.whole(m.Amount))})
	}
	if n := len(l.Scores.Movers) - mostMoves; n > 0 {
		t.Foot = []cell{name(many(int64(n), "more move")), text(""), text(""), number(count(rest.Customers)), number(l.money.whole(rest.Amount))}
	}
	s.Blocks = append(s.Blocks, block{Table: t})
	if renamed {
		s.Blocks = append(s.Blocks, block{Note: "An ID without a name is a segment of the previous model. Segments of a new model that have most of the customers of one before keep its ID."})
	}
	return s, nil
}
