package explore

import (
	"math"
	"slices"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/explore"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/money"
)

// segmentsOf gives each customer of the shop a segment: its id's position in ids, or -1. Both are in byte order.
func segmentsOf(s *explore.Shop, assignments *frame.Frame) (ids []string, of []int32) {
	segment := map[string]string{}
	for i, customer := range assignments.Strings("customer") {
		segment[customer] = assignments.Strings("segment")[i]
	}
	for _, id := range segment {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	of = make([]int32, len(s.Customers))
	for i, customer := range s.Customers {
		of[i] = -1
		if id, ok := segment[customer]; ok {
			at, _ := slices.BinarySearch(ids, id)
			of[i] = int32(at)
		}
	}
	return ids, of
}

// sharesFrame is the table of purchases by nature and group.
func sharesFrame(s *explore.Shop, n *explore.Nature, ids []string, of []int32) *frame.Frame {
	type set struct {
		by     string
		names  []string
		groups []explore.Group
	}
	f := frame.New(contract.NatureShares.Columns, 0)
	for _, g := range []set{
		{"all", []string{""}, s.ByCustomer(n, 1, func(int32) int32 { return 0 })},
		{"segment", ids, s.ByCustomer(n, len(ids), func(c int32) int32 { return of[c] })},
		{"country", s.Countries, s.ByCountry(n)},
	} {
		for _, group := range g.groups {
			for class, t := range group.Totals {
				addRow(f, g.by, g.names[group.ID], explore.Classes[class], t.Lines, t.LineAmount, t.Invoices, t.InvoiceAmount, t.Customers, t.CustomerAmount)
			}
		}
	}
	return f
}

// addRow appends a row; values are strings, int64 and float64 by column.
func addRow(f *frame.Frame, values ...any) {
	for i, v := range values {
		c := &f.Columns[i]
		switch v := v.(type) {
		case string:
			c.Strings = append(c.Strings, v)
		case int64:
			c.Ints = append(c.Ints, v)
		case float64:
			c.Floats = append(c.Floats, v)
		}
	}
}

// regionsFrame is the table of countries, as a whole and by month.
func regionsFrame(s *explore.Shop, r *explore.Regions) *frame.Frame {
	f := frame.New(contract.Regions.Columns, 0)
	for _, rows := range [][]explore.Region{r.All, r.Monthly} {
		for i := range rows {
			g := &rows[i]
			row := []any{s.Countries[g.Country], g.Month, g.Customers, g.Invoices, g.Amount, average(g.Amount, g.Invoices), g.Effective, flag(g.TooFew)}
			for _, x := range g.Index {
				if x == nil {
					x = &explore.Index{Value: math.NaN(), Low: math.NaN(), High: math.NaN()}
				}
				row = append(row, x.Value, x.Low, x.High)
			}
			growth := g.Growth
			if growth == nil {
				growth = &explore.Growth{Value: math.NaN(), Low: math.NaN(), High: math.NaN()}
			}
			addRow(f, append(row, growth.Value, growth.Low, growth.High)...)
		}
	}
	return f
}

func average(amount, n int64) float64 {
	if n == 0 {
		return 0
	}
	return money.Amount(amount).Float() / float64(n)
}

func flag(on bool) int64 {
	if on {
		return 1
	}
	return 0
}

// mostRegions is how many regions the result has.
const mostRegions = 20

// regionResults are the regions of most revenue.
func regionResults(s *explore.Shop, r *explore.Regions) []contract.RegionResult {
	all := []contract.RegionResult{}
	for _, g := range r.All[:min(mostRegions, len(r.All))] {
		x := contract.RegionResult{
			Region: s.Countries[g.Country], Customers: g.Customers, Invoices: g.Invoices, Revenue: money.Amount(g.Amount),
			AverageInvoice: average(g.Amount, g.Invoices), Effective: g.Effective, TooFew: g.TooFew,
		}
		for i, to := range []**float64{&x.IndexInvoices, &x.IndexAverage, &x.IndexRevenue} {
			if g.Index[i] != nil {
				*to = &g.Index[i].Value
			}
		}
		if g.Growth != nil {
			x.Growth, x.GrowthLow, x.GrowthHigh = &g.Growth.Value, &g.Growth.Low, &g.Growth.High
		}
		all = append(all, x)
	}
	return all
}

func liftsFrame(s *explore.Shop, l *explore.Lifts) *frame.Frame {
	f := frame.New(contract.ProductLifts.Columns, 0)
	if l == nil {
		return f
	}
	for _, x := range l.All {
		addRow(f, s.Countries[x.Country], s.Codes[x.Code], x.Customers, x.Expected, x.Mean, x.Low)
	}
	return f
}

// The result lists so many products of each of so many regions: it must stay small.
const (
	preferred      = 3
	withPreference = 8
)

// liftResults are the first products of each region of the result that has any.
func liftResults(s *explore.Shop, r *explore.Regions, l *explore.Lifts) []contract.LiftResult {
	all := []contract.LiftResult{}
	if l == nil {
		return all
	}
	regions := 0
	for _, g := range r.All {
		n := 0
		for _, x := range l.All {
			if x.Country == g.Country && n < preferred {
				n++
				all = append(all, contract.LiftResult{Region: s.Countries[x.Country], Code: s.Codes[x.Code], Customers: x.Customers, EBGM: x.Mean, EB05: x.Low})
			}
		}
		if n > 0 {
			regions++
		}
		if regions == withPreference {
			break
		}
	}
	return all
}

// comparison is what the last 90 days are compared with.
type comparison struct {
	name  string
	shift int // days
}

var comparisons = []comparison{{"previous", explore.Period}, {"year_ago", 365}}

// grouping divides invoices for the tree.
type grouping struct {
	by    string
	names []string
	of    func(*explore.Invoice) int32
}

// groupings are the whole shop, segments, natures and countries.
func groupings(s *explore.Shop, n *explore.Nature, ids []string, of []int32) []grouping {
	return []grouping{
		{"all", []string{""}, func(*explore.Invoice) int32 { return 0 }},
		{"segment", ids, func(inv *explore.Invoice) int32 { return of[inv.Customer] }},
		{"nature", explore.Classes[:], func(inv *explore.Invoice) int32 { return int32(n.Customers[inv.Customer].Class) }},
		{"country", s.Countries, func(inv *explore.Invoice) int32 { return inv.Country }},
	}
}

// treeFrame is the table of the revenue trees, and the branch of the whole shop against the previous period; nil without.
func treeFrame(s *explore.Shop, groups []grouping) (f *frame.Frame, whole *explore.Branch) {
	f = frame.New(contract.Tree.Columns, 0)
	for _, c := range comparisons {
		for _, g := range groups {
			branches := s.Tree(c.shift, len(g.names), g.of)
			for i := range branches {
				b := &branches[i]
				addBranch(f, c.name, g.by, g.names[b.Group], b)
				if whole == nil && c.shift == explore.Period && g.by == "all" {
					whole = b
				}
			}
		}
	}
	return f, whole
}

func addBranch(f *frame.Frame, against, by, name string, b *explore.Branch) {
	add := func(factor string, before, now float64, contribution int64) {
		addRow(f, against, by, name, factor, before, now, contribution)
	}
	add("revenue", money.Amount(b.Before.Amount).Float(), money.Amount(b.Now.Amount).Float(), b.Change())
	before, hasBefore := b.Before.Factors()
	now, hasNow := b.Now.Factors()
	for i, factor := range explore.Factors {
		from, to, contribution := math.NaN(), math.NaN(), int64(frame.NullInt)
		if hasBefore {
			from = before[i]
		}
		if hasNow {
			to = now[i]
		}
		if b.Contribution != nil {
			contribution = b.Contribution[i]
		}
		add(factor, from, to, contribution)
	}
	add("new", 0, float64(b.NewCustomers), b.New)
	add("lost", float64(b.LostCustomers), 0, b.Lost)
	add("retained", float64(b.RetainedCustomers), float64(b.RetainedCustomers), b.Retained)
}

// treeResult is the tree of the whole shop.
func treeResult(b *explore.Branch) []contract.TreeResult {
	all := []contract.TreeResult{}
	if b == nil || b.Contribution == nil {
		return all
	}
	for i, factor := range explore.Factors {
		all = append(all, contract.TreeResult{Factor: factor, Contribution: money.Amount(b.Contribution[i])})
	}
	return all
}

func changeResult(b *explore.Branch) *contract.ChangeResult {
	if b == nil {
		return nil
	}
	return &contract.ChangeResult{Before: money.Amount(b.Before.Amount), Now: money.Amount(b.Now.Amount), New: money.Amount(b.New),
		Lost: money.Amount(b.Lost), Retained: money.Amount(b.Retained)}
}

func cohortsFrame(s *explore.Shop) *frame.Frame {
	f := frame.New(contract.Cohorts.Columns, 0)
	for _, c := range s.Cohorts() {
		addRow(f, c.Month, int64(c.Later), c.Customers, c.Amount, c.Retention, flag(c.Censored), flag(c.Partial))
	}
	return f
}
