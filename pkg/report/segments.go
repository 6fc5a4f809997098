package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/report/view"
)

// segments says who the customers are: people against money, a card each, the profile beside all customers.
func (l *layout) segments() (tab, error) {
	t := tab{ID: "segments", Name: "Segments", Group: groupAct, Kick: "Segments"}
	s := l.Scores
	if s == nil || len(s.Segments) == 0 {
		t.Heading = "No segments in this run"
		why := "This run has no scores. There is no current model, drift found broken data, or score did not run."
		if s != nil {
			why = "The scores contain no segments."
		}
		t.add(absent(12, "Why", why))
		if c := l.Choice; c != nil {
			t.add(panel{Span: 12, Title: "The candidate", Blocks: []block{{Text: l.candidateWords(c)}}})
		}
		return t, nil
	}
	t.Heading = l.who80()
	t.Lead = "Customers are grouped by " + l.grouped() + ". Groups are cut for use: their borders are soft."
	t.add(panel{Figures: l.figures()}, l.peopleAndMoney(), panel{Segments: l.cards(), Title: "Side by side", Lead: "Striped bar: share of customers. Solid bar: share of money. Line: its customers, run by run. Below, the " +
		l.typical() + " of the segment; the upright line is the " + l.typical() + " of all: left is less, right is more, each half a factor of eight. All cards share one scale."})
	if l.inlined() {
		t.add(panel{Span: 6, Title: "How recently and how often", Lead: "Each dot is a customer. Across: days since the last purchase. Up: invoices, each step doubles.",
			Blocks: []block{l.draw(chart{ID: "c-map", Kind: "map", Height: 340, Label: "Customers by days since the last purchase and number of invoices, coloured by segment. The averages of each segment are in the table Profile.",
				X: axis{Label: "Days since last purchase"}, Y: axis{Label: "Invoices", Log: true}})}, Source: "assignments.arrow, customers.arrow"},
			panel{Span: 6, Title: "How much they spend", Lead: "Customers by what they spent" + l.period() + ", one strip a segment, one scale.",
				Blocks: []block{l.draw(chart{ID: "c-spread", Kind: "spread", Height: 340, Label: "Distribution of spending in each segment. The averages are in the table Profile.",
					X: axis{Label: "Spent", Log: true, Sign: l.money.sign()}})}, Source: "assignments.arrow"})
	}
	if p := l.profileTable("Profile: the average customer of each segment, compared with all customers", "profile", "Average", s.Profile); p != nil {
		profile := panel{Span: 7, Title: "Profile", Lead: "Blue is more than the average of all customers, amber is less; small print: times the average of all. Few large customers lift an average; the middle customer is below.",
			Blocks: []block{{Table: p}}, Source: "segments.arrow, segment_features.arrow"}
		if m := l.profileTable("The middle customer (median) of each segment, compared with that of all", "middles", "Middle", s.Middles); m != nil {
			profile.Numbers = []*grid{m}
		}
		t.add(profile)
	}
	if g := l.crossTable(); g != nil {
		t.add(panel{Span: 5, Title: "Against the named groups", Lead: "The grid of names by recency and number of orders, or the shop's own. Darker: a larger part of the row.", Blocks: []block{{Table: g}}, Source: "segment_grid.arrow"})
	}
	if m := l.migration(); m != nil {
		t.add(*m)
	}
	t.add(l.firmness())
	if p := l.Predict; p != nil {
		t.add(l.forecast(p)...)
	}
	return t, nil
}

// who80 says how money is shared among people: the segment with the most money.
func (l *layout) who80() string {
	g := l.Scores.Segments[0]
	if g.Share <= 0 || l.Scores.All.Revenue <= 0 {
		return fmt.Sprintf("%s in %s", capital(people(l.Scores.Customers)), many(int64(len(l.Scores.Segments)), "segment"))
	}
	return fmt.Sprintf("%s: %s of customers bring %s of the money", g.Label, share(g.Share), share(g.RevenueShare))
}

// grouped names the features of the model, as far as they are known.
func (l *layout) grouped() string {
	if l.Choice != nil && len(l.Choice.Dominance) > 0 {
		var names []string
		for _, d := range l.Choice.Dominance {
			names = append(names, strings.ToLower(l.featureName(d.Feature)))
		}
		return list(names)
	}
	return "what they bought" + l.period()
}

func (l *layout) peopleAndMoney() panel {
	s := l.Scores
	w := &twins{People: capital(people(s.All.Customers)), Money: l.money.whole(s.All.Revenue) + l.period(), Label: "Share of customers and of money by segment:"}
	x, x2 := 0.0, 0.0
	sound := true
	for i, g := range s.Segments {
		part := twin{Segment: segmentName{i, g.Label}, X: x, Width: 1000 * g.Share, X2: x2, Width2: 1000 * g.RevenueShare, Share: share(g.Share), Spent: share(g.RevenueShare)}
		sound = sound && g.Share >= 0 && g.RevenueShare >= 0
		x, x2 = x+part.Width, x2+part.Width2
		w.Parts = append(w.Parts, part)
		w.Label += fmt.Sprintf(" %s %s of customers, %s of money;", g.Label, share(g.Share), share(g.RevenueShare))
	}
	w.Label = w.Label[:len(w.Label)-1] + "."
	p := panel{Span: 12, Title: "People and money", Lead: "Upper bar: customers. Lower bar: what they spent. Same order, same colours, same length.", Source: "segments.arrow", Numbers: []*grid{l.segmentTable()}}
	if !sound {
		p.Lead, p.Blocks, p.Numbers = "A segment has returned more than it bought, so there is no picture of its share.", []block{{Table: l.segmentTable()}}, nil
		return p
	}
	p.Blocks = []block{{Twins: w}}
	return p
}

func (l *layout) segmentTable() *grid {
	t := &grid{ID: "segment-table", Caption: "Segments by customers and revenue", Head: heads("Segment", "ID", "#Customers", "#Share", "#Revenue", "#Share of revenue", "#Revenue per customer"), Download: "segments"}
	all := l.Scores.All
	for _, g := range l.Scores.Segments {
		t.Rows = append(t.Rows, []cell{name(cmp.Or(g.Name, g.ID)), code(g.ID), number(count(g.Customers)), number(share(g.Share)),
			number(l.money.whole(g.Revenue)), number(share(g.RevenueShare)), number(l.money.average(float64(g.RevenuePerCustomer)))})
	}
	t.Foot = []cell{name("All"), text(""), number(count(all.Customers)), number(share(all.Share)), number(l.money.whole(all.Revenue)),
		number(share(all.RevenueShare)), number(l.money.average(float64(all.RevenuePerCustomer)))}
	return t
}

// featureName is a feature in words.
func (l *layout) featureName(feature string) string {
	if t, ok := l.traits()[feature]; ok {
		return t.title
	}
	if title, ok := otherFeatures[feature]; ok {
		return title
	}
	return capital(plain(feature))
}

// otherFeatures are those that no profile shows.
var otherFeatures = map[string]string{
	"units": "Units bought", "lines": "Lines bought", "gap_sd": "Spread of days between purchases", "monthly_mean": "Mean spending a month",
	"monthly_sd": "Spread of spending by month", "return_count_rate": "Share of lines returned", "office_share": "Share of invoices in office hours",
	"median_units": "Middle units a line",
}

// typical is the customer that cards describe.
func (l *layout) typical() string {
	if len(l.Scores.Middles) > 0 {
		return "middle customer (median)"
	}
	return "average customer"
}

// trendOf draws the segment's customers run by run, where there are two runs or more.
func (l *layout) trendOf(segment int) *spark {
	if segment >= len(l.Scores.Trend) || len(l.Scores.Trend[segment]) < 2 {
		return nil
	}
	var values []float64
	runs := l.Scores.Trend[segment]
	for _, t := range runs {
		values = append(values, float64(t.Customers))
	}
	return sparkline(values, math.NaN(), math.NaN(), fmt.Sprintf("Customers in %d runs: %s on %s, %s on %s", len(runs), count(runs[0].Customers), runs[0].AsOf,
		count(runs[len(runs)-1].Customers), runs[len(runs)-1].AsOf))
}

// cardTraits are the features on a card.
var cardTraits = []string{"recency", "frequency", "monetary", "average_invoice", "rebought_share"}

func (l *layout) cards() []segmentCard {
	var cards []segmentCard
	widest := 0.0
	for _, g := range l.Scores.Segments {
		widest = max(widest, g.Share, g.RevenueShare)
	}
	wide := func(v float64) float64 {
		if widest <= 0 || v <= 0 {
			return 0
		}
		return 100 * v / widest
	}
	words := l.traits()
	for i, g := range l.Scores.Segments {
		c := segmentCard{Segment: segmentName{i, g.Label}, ID: g.ID, Why: l.portrait(i), People: share(g.Share), Money: share(g.RevenueShare),
			PeopleWide: wide(g.Share), MoneyWide: wide(g.RevenueShare), Size: people(g.Customers) + " · " + l.money.round(g.Revenue)}
		for _, feature := range cardTraits {
			mean, all := l.Scores.Middle(feature, i)
			if math.IsNaN(mean) {
				mean, all = l.Scores.Mean(feature, i)
			}
			if math.IsNaN(mean) {
				continue
			}
			c.Traits = append(c.Traits, trait{Label: words[feature].title, Value: words[feature].write(mean), At: octaves(mean / all), Known: mean > 0 && all > 0})
		}
		c.Next, c.Nature, c.Do = l.nextOf(g), l.natureOf(g), l.doOf(g)
		c.Downloads, c.Trend = l.segmentFiles(g), l.trendOf(i)
		cards = append(cards, c)
	}
	return cards
}

// octaves is a ratio on a scale where a factor of eight less is -100 and a factor of eight more 100.
func octaves(ratio float64) float64 {
	if math.IsNaN(ratio) || ratio <= 0 {
		return 0
	}
	return math.Round(max(-100, min(100, 100*math.Log(ratio)/math.Log(8))))
}

// nextOf says what the segment is expected to do.
func (l *layout) nextOf(g view.Segment) string {
	if l.Audience != nil {
		for _, a := range l.Audience.After {
			if a.ID != g.ID || math.IsNaN(float64(a.Bought)) || math.IsNaN(float64(a.Spent)) {
				continue
			}
			text := fmt.Sprintf("%s in 100 of those who were in it 90 days ago have bought since, and spent %s each", decimal(100*float64(a.Bought), 0), l.money.average(float64(a.Spent)))
			if !math.IsNaN(float64(a.SpentLow)) {
				text += fmt.Sprintf(" (95"+nbsp+"%% interval %s to %s)", l.money.average(float64(a.SpentLow)), l.money.average(float64(a.SpentHigh)))
			}
			return text + "."
		}
	}
	if l.Predict == nil {
		return ""
	}
	for _, p := range l.Predict.Segments {
		if p.ID == g.ID && p.Buyers != nil && p.Money != nil && p.Customers > p.Unsaid {
			of := float64(p.Customers - p.Unsaid)
			return fmt.Sprintf("%s in 100 are expected to buy within %d days, and to spend %s each on average.", decimal(100**p.Buyers/of, 0), l.Predict.Days, l.money.average(*p.Money/of))
		}
	}
	return ""
}

func (l *layout) natureOf(g view.Segment) string {
	if l.Audience == nil {
		return ""
	}
	for _, s := range l.Audience.Segments {
		if s.ID == g.ID && len(s.Nature) > 0 && s.Customers > 0 {
			part := func(class string) string { return share(float64(s.Nature[class]) / float64(s.Customers)) }
			return fmt.Sprintf("Personal %s · bulk %s · reseller %s", part("personal"), part("bulk"), part("reseller"))
		}
	}
	return ""
}

// doOf says how many of the segment are on a list.
func (l *layout) doOf(g view.Segment) string {
	if l.Audience == nil {
		return ""
	}
	for _, s := range l.Audience.Segments {
		if s.ID == g.ID {
			if s.Listed == 0 {
				return "none of them is on a list."
			}
			return fmt.Sprintf("%s on a list of Today.", are(s.Listed))
		}
	}
	return ""
}

func are(n int64) string {
	if n == 1 {
		return "1 is"
	}
	return count(n) + " are"
}

func (l *layout) profileTable(caption, id, head string, rows []view.Trait) *grid {
	t := &grid{ID: id, Caption: caption, Head: heads(head), Matrix: true}
	for i, g := range l.Scores.Segments {
		t.Head = append(t.Head, cell{Text: g.Label, Class: "num", Segment: &segmentName{i, g.Label}})
	}
	t.Head = append(t.Head, cell{Text: "All", Class: "num"})
	words := l.traits()
	for _, tr := range rows {
		in := words[tr.Feature]
		cells := []cell{name(in.title)}
		for _, mean := range tr.Means {
			c, all := cell{Text: dash, Class: "num heat"}, float64(tr.All)
			if mean := float64(mean); !math.IsNaN(mean) {
				c.Text, c.Note = in.write(mean), against(mean, all)
				if c.Note != "" {
					c.Tint = int(octaves(mean/all) * .45)
				}
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

func (l *layout) crossTable() *grid {
	s := l.Scores
	if len(s.Grid) == 0 {
		return nil
	}
	t := &grid{ID: "cross", Caption: "Customers by named group (rows) and segment (columns)", Head: heads("Named group"), Matrix: true}
	for i, g := range s.Segments {
		t.Head = append(t.Head, cell{Text: g.Label, Class: "num", Segment: &segmentName{i, g.Label}})
	}
	t.Head = append(t.Head, cell{Text: "All", Class: "num"})
	for _, row := range s.Grid {
		cells := []cell{name(row.Name)}
		for _, n := range row.Customers {
			c := cell{Text: count(n), Class: "num heat"}
			if n == 0 {
				c.Text = dash
			} else if row.All > 0 {
				c.Tint = int(45 * n / row.All)
			}
			cells = append(cells, c)
		}
		t.Rows = append(t.Rows, append(cells, number(count(row.All))))
	}
	return t
}

// migration is the table of what segments were before; nil without earlier scores.
func (l *layout) migration() *panel {
	s := l.Scores
	if len(s.Migration) == 0 || s.First {
		return nil
	}
	t := &grid{ID: "migration", Caption: "Customers by segment before (rows) and now (columns)", Head: heads("Before"), Matrix: true}
	for i, g := range s.Segments {
		t.Head = append(t.Head, cell{Text: g.Label, Class: "num", Segment: &segmentName{i, g.Label}})
	}
	t.Head = append(t.Head, cell{Text: "Gone", Class: "num"}, cell{Text: "All", Class: "num"}, cell{Text: "Money before", Class: "num"}, cell{Text: "Money now", Class: "num"})
	at := map[string]int{}
	type line struct {
		to          []int64
		all         int64
		before, now money.Amount
	}
	var lines []*line
	var froms []string
	for _, g := range s.Segments {
		at[g.ID] = len(lines)
		lines, froms = append(lines, &line{to: make([]int64, len(s.Segments)+1)}), append(froms, g.ID)
	}
	for _, w := range s.Migration {
		k, ok := at[w.From]
		if !ok {
			k, at[w.From] = len(lines), len(lines)
			lines, froms = append(lines, &line{to: make([]int64, len(s.Segments)+1)}), append(froms, w.From)
		}
		to := len(s.Segments)
		if p, ok := l.places[w.To]; ok {
			to = p.Place
		}
		lines[k].to[to] += w.Customers
		lines[k].all += w.Customers
		lines[k].before += w.Before
		lines[k].now += w.Now
	}
	for k, x := range lines {
		if x.all == 0 {
			continue
		}
		row := []cell{{Head: true, Text: "New here"}}
		if froms[k] != "" {
			p := l.place(froms[k])
			row[0] = cell{Head: true, Segment: &p}
		}
		for _, n := range x.to {
			c := cell{Text: count(n), Class: "num heat", Tint: int(45 * n / x.all)}
			if n == 0 {
				c.Text = dash
			}
			row = append(row, c)
		}
		t.Rows = append(t.Rows, append(row, number(count(x.all)), number(l.money.round(x.before)), number(l.money.round(x.now))))
	}
	return &panel{Span: 12, Title: "What they were before", Lead: "Customers of the last scores and of these. Money is what they spent in the window, then and now.", Blocks: []block{{Table: t}}, Source: "migration.arrow"}
}

// firmness says how well the segments of the candidate come again.
func (l *layout) firmness() panel {
	const title = "Would the same people be together next time?"
	c := l.Choice
	if c == nil || len(c.Firm) == 0 {
		return absent(12, title, "Unknown in this run: no model was trained, or its table of segments has expired.")
	}
	t := &grid{ID: "firm", Caption: "How firm the segments are", Head: heads("Segment", "#Customers", "#Same again in resamples", "#Silhouette")}
	firm := slices.Clone(c.Firm) // in the order in which segments stand everywhere, others last
	slices.SortStableFunc(firm, func(a, b view.Firm) int { return cmp.Compare(uint(l.place(a.ID).Place), uint(l.place(b.ID).Place)) })
	for _, f := range firm {
		row := name(l.place(f.ID).Name)
		if p := l.place(f.ID); p.Place >= 0 {
			row = cell{Head: true, Segment: &p}
		}
		t.Rows = append(t.Rows, []cell{row, number(count(f.Customers)), number(share(float64(f.Jaccard))), number(decimal(float64(f.Silhouette), 2))})
	}
	p := panel{Span: 12, Title: title, Lead: "Same again: the mean Jaccard index with the nearest segment of a resample of the customers, 100 % at best. Silhouette: how much nearer customers are to their own segment than to the next, 1 at best.",
		Blocks: []block{{Table: t}}, Source: "sweep_clusters.arrow"}
	if l.Scores != nil && !c.Scored {
		p.Blocks = append(p.Blocks, block{Note: fmt.Sprintf("These are the segments of the candidate, %s; customers have those of the current model, %s.", brief(c.ModelID), brief(l.Scores.ModelID))})
	}
	return p
}

func (l *layout) candidateWords(t *view.Choice) string {
	sizes := make([]string, len(t.Sizes))
	for i, n := range t.Sizes {
		sizes[i] = count(int64(n))
	}
	return fmt.Sprintf("The candidate of this run, %s, has %d segments with %s customers.", brief(t.ModelID), t.K, list(sizes))
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
		"frequency":         {"Invoices" + l.period(), few},
		"monetary":          {"Spending" + l.period(), l.money.average},
		"average_invoice":   {"Average invoice", l.money.average},
		"lines_per_invoice": {"Lines per invoice", few},
		"products":          {"Different products", few},
		"gap_mean":          {"Days between purchases", days},
		"monthly_slope":     {"Change in spending per 30 days", l.money.average},
		"rebought_share":    {"Share of products bought again", share},
		"return_value_rate": {"Share of value returned", share},
		"weekend_share":     {"Share of invoices at weekends", share},
	}
}

// maybe writes a value, or that there is none.
func maybe(v *float64, write func(float64) string) string {
	if v == nil {
		return dash
	}
	return write(*v)
}

func three(v float64) string { return decimal(v, 3) }
func one(v float64) string   { return decimal(v, 1) }
