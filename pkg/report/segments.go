package report

import (
	"cmp"
	"fmt"
	"math"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
)

// segments shows who the customers are: people against money, a card each, the profile beside all customers.
func (v *view) segments() (section, error) {
	s := section{ID: "segments", Title: "Segments"}
	if v.Score == nil {
		s.Blocks = append(s.Blocks, block{Text: "There are no segments: this run has no scores, because no model is in force, drift asked to fix the data, or score did not run."})
		if t := v.Train; t != nil {
			s.Blocks = append(s.Blocks, block{Text: v.candidateWords(t)})
		}
		return s, nil
	}
	if len(v.Score.Segments) == 0 {
		s.Blocks = append(s.Blocks, block{Text: "The scores have no customer in any segment."})
		return s, nil
	}
	picture, err := v.peopleAndMoney()
	if err != nil {
		return s, err
	}
	s.Blocks = append(s.Blocks, block{Figures: []figure{picture}}, block{Table: v.segmentTable()}, block{Cards: v.cards()})
	if t := v.profileTable(); t != nil {
		s.Blocks = append(s.Blocks, block{Table: t})
	}
	return s, nil
}

func (v *view) candidateWords(t *contract.TrainResult) string {
	sizes := make([]string, len(t.Sizes))
	for i, n := range t.Sizes {
		sizes[i] = count(int64(n))
	}
	return fmt.Sprintf("The candidate of this run, %s, has %d segments of %s customers.", brief(t.ModelID), t.K, list(sizes))
}

func (v *view) peopleAndMoney() (figure, error) {
	var names []string
	percent := func(x float64) string { return share(x / 100) }
	peopleShare, moneyShare := bars{name: "share of customers", colour: roleFirst, label: percent}, bars{name: "share of revenue", colour: roleOther, label: percent}
	alt := "Share of customers and of revenue by segment:"
	for _, g := range v.Score.Segments {
		names = append(names, v.called(g))
		peopleShare.values = append(peopleShare.values, 100*g.Share)
		moneyShare.values = append(moneyShare.values, 100*g.RevenueShare)
		alt += fmt.Sprintf(" %s %s and %s;", v.called(g), share(g.Share), share(g.RevenueShare))
	}
	svg, err := barChart(names, []bars{peopleShare, moneyShare}, false, alt[:len(alt)-1]+".")
	return figure{Title: "People and money", SVG: svg,
		Caption: "A segment whose revenue bar is the longer one earns more than its share of customers."}, err
}

// called is a segment's name among the others of the page: with its id where two are named alike.
func (v *view) called(g contract.SegmentResult) string {
	if g.Name == "" {
		return g.ID
	}
	for _, other := range v.Score.Segments {
		if other.Name == g.Name && other.ID != g.ID {
			return g.Name + " (" + g.ID + ")"
		}
	}
	return g.Name
}

func (v *view) segmentTable() *grid {
	t := &grid{Caption: "Segments, people and money", Head: heads("Segment", "Id", "#Customers", "#Share", "#Revenue", "#Share of revenue", "#Revenue a customer")}
	all := contract.SegmentResult{}
	for _, g := range v.Score.Segments {
		t.Rows = append(t.Rows, []cell{name(cmp.Or(g.Name, g.ID)), code(g.ID), number(count(g.Customers)), number(share(g.Share)),
			number(v.money.whole(g.Revenue)), number(share(g.RevenueShare)), number(v.money.average(g.Revenue.Float() / float64(g.Customers)))})
		all.Customers += g.Customers
		all.Revenue += g.Revenue
		all.Share += g.Share
		all.RevenueShare += g.RevenueShare
	}
	t.Foot = []cell{name("All"), text(""), number(count(all.Customers)), number(share(all.Share)), number(v.money.whole(all.Revenue)),
		number(share(all.RevenueShare)), number(v.money.average(all.Revenue.Float() / float64(all.Customers)))}
	return t
}

// trait is a line of the profile: a feature in words.
type trait struct {
	feature, title string
	write          func(float64) string
	ratio          bool // whether "× all" says something
}

func (v *view) traits() []trait {
	days := func(x float64) string { return decimal(x, 0) + " days" }
	plainly := func(x float64) string { return short(x) }
	return []trait{
		{"recency", "Days since the last purchase", days, true},
		{"tenure", "Days since the first purchase", days, true},
		{"frequency", "Invoices" + v.period(), plainly, true},
		{"monetary", "Spent" + v.period(), v.money.average, true},
		{"average_invoice", "Average invoice", v.money.average, true},
		{"lines_per_invoice", "Lines an invoice", plainly, true},
		{"products", "Different products", plainly, true},
		{"gap_mean", "Days between purchases", days, false}, // only those with two dates or more: not the mean of all
		{"monthly_slope", "Spending grows by, each 30 days", v.money.average, false},
		{"rebought_share", "Products bought again", share, true},
		{"return_value_rate", "Returned, of value", share, true},
		{"weekend_share", "Invoices at the weekend", share, true},
	}
}

// period says how long the window is, as it stands behind a feature.
func (v *view) period() string {
	if v.Preprocess.WindowStart == nil {
		return ""
	}
	days := int64(v.AsOf - *v.Preprocess.WindowStart)
	if days == 365 || days == 366 {
		return " in the year"
	}
	return fmt.Sprintf(" in %s days", count(days))
}

// means returns a feature's mean by segment, in the order of the frame, and over all customers. It is nil without the column.
func (v *view) means(feature string) (by []float64, all float64) {
	c := profileColumn(v.Segments, feature)
	if c == nil {
		return nil, math.NaN()
	}
	customers := v.Segments.Ints("customers")
	sum, n := 0.0, 0.0
	for i := range c.Len() {
		by = append(by, c.Float(i))
		sum += c.Float(i) * float64(customers[i])
		n += float64(customers[i])
	}
	return by, sum / n
}

func profileColumn(f *frame.Frame, feature string) *frame.Column {
	if f == nil || f.Column("segment") == nil || f.Column("customers") == nil {
		return nil
	}
	c := f.Column(contract.ProfilePrefix + feature)
	if c == nil || !c.IsNumeric() {
		return nil
	}
	return c
}

// row returns the position of a segment in the profile, or -1.
func (v *view) row(id string) int {
	if v.Segments == nil || v.Segments.Column("segment") == nil {
		return -1
	}
	for i, s := range v.Segments.Strings("segment") {
		if s == id {
			return i
		}
	}
	return -1
}

func (v *view) cards() []card {
	var cards []card
	for _, g := range v.Score.Segments {
		c := card{Name: cmp.Or(g.Name, g.ID), ID: g.ID, Text: v.portrait(g.ID), Facts: []fact{
			{Label: "Customers", Value: share(g.Share), Note: count(g.Customers)},
			{Label: "Revenue", Value: share(g.RevenueShare), Note: v.money.whole(g.Revenue)},
		}}
		cards = append(cards, c)
	}
	return cards
}

// portrait is a segment's average customer in two sentences.
func (v *view) portrait(id string) string {
	i := v.row(id)
	at := func(feature string) (float64, float64) {
		by, all := v.means(feature)
		if i < 0 || by == nil {
			return math.NaN(), math.NaN()
		}
		return by[i], all
	}
	recency, _ := at("recency")
	frequency, allFrequency := at("frequency")
	invoice, allInvoice := at("average_invoice")
	monetary, allMonetary := at("monetary")
	if math.IsNaN(recency) || math.IsNaN(frequency) || math.IsNaN(invoice) || math.IsNaN(monetary) {
		return ""
	}
	text := fmt.Sprintf("On average last bought %s ago, with %s invoices of %s each%s.",
		dayCount(recency), short(frequency), v.money.average(invoice), v.period())
	return text + fmt.Sprintf(" Beside the average customer: %s, %s, %s.", versus(frequency/allFrequency, "as many invoices", "fewer invoices", "more invoices"),
		versus(invoice/allInvoice, "as large each", "smaller each", "larger each"), versus(monetary/allMonetary, "as much spent", "less spent", "more spent"))
}

func dayCount(v float64) string {
	if s := decimal(v, 0); s != "1" {
		return s + " days"
	}
	return "1 day"
}

// versus writes a ratio in words: "3.2 times as many invoices", "63 % larger", "69 % less spent", "about as large".
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

func (v *view) profileTable() *grid {
	t := &grid{Caption: "Profile: the average customer of each segment beside that of all", Head: heads("On average")}
	for _, g := range v.Score.Segments {
		t.Head = append(t.Head, cell{Text: v.called(g), Class: "num"})
	}
	t.Head = append(t.Head, cell{Text: "All", Class: "num"})
	for _, tr := range v.traits() {
		by, all := v.means(tr.feature)
		if by == nil {
			continue
		}
		cells := []cell{name(tr.title)}
		for _, g := range v.Score.Segments {
			c := number(dash)
			if i := v.row(g.ID); i >= 0 && !math.IsNaN(by[i]) {
				c.Text = tr.write(by[i])
				if tr.ratio {
					c.Note = against(by[i], all)
				}
			}
			cells = append(cells, c)
		}
		overall := number(dash)
		if tr.ratio {
			overall.Text = tr.write(all)
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

func (v *view) movement() (section, error) {
	s := section{ID: "movers", Title: "Movers"}
	switch {
	case v.Score == nil:
		s.Blocks = append(s.Blocks, block{Text: "Nobody can have moved: this run has no scores."})
		return s, nil
	case v.Score.First:
		s.Blocks = append(s.Blocks, block{Text: "These are the first scores: from the next run on, this shows who joined, left and moved."})
		return s, nil
	case len(v.Movers) == 0:
		s.Blocks = append(s.Blocks, block{Text: "Nobody joined, left or moved since the scores before."})
		return s, nil
	}
	names := map[string]string{"": dash}
	for _, g := range v.Score.Segments {
		names[g.ID] = v.called(g)
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
	t := &grid{Caption: "Who went where since the scores before", Head: heads("What", "From", "To", "#Customers", "#Their spending")}
	var rest Move
	for i, m := range v.Movers {
		if i >= mostMoves {
			rest.Customers += m.Customers
			rest.Amount += m.Amount
			continue
		}
		t.Rows = append(t.Rows, []cell{name(m.Kind), text(place(m.From)), text(place(m.To)), number(count(m.Customers)), number(v.money.whole(m.Amount))})
	}
	if n := len(v.Movers) - mostMoves; n > 0 {
		t.Foot = []cell{name(many(int64(n), "more way")), text(""), text(""), number(count(rest.Customers)), number(v.money.whole(rest.Amount))}
	}
	s.Blocks = append(s.Blocks, block{Table: t})
	if renamed {
		s.Blocks = append(s.Blocks, block{Note: "An id without a name is a segment of the model before. Where a new model has new ids, everyone counts as moved, " +
			"even into a segment that is much the same."})
	}
	return s, nil
}
