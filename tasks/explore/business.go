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
func sharesFrame(s *explore.Shop, n *explore.Nature, ids []string, of []int32, places []place) *frame.Frame {
	type set struct {
		by     string
		names  []string
		groups []explore.Group
	}
	sets := []set{
		{"all", []string{""}, s.ByCustomer(n, 1, func(int32) int32 { return 0 })},
		{"segment", ids, s.ByCustomer(n, len(ids), func(c int32) int32 { return of[c] })},
	}
	for _, p := range places {
		sets = append(sets, set{p.by, p.shop.Countries, p.shop.ByCountry(n)})
	}
	f := frame.New(contract.NatureShares.Columns, 0)
	for _, g := range sets {
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

// comparison is what the last 90 days are compared with.
type comparison struct {
	name  string
	shift int // days
}

var comparisons = []comparison{{"previous", explore.Period}, {"year_ago", 365}}

// grouping divides invoices for the tree.
type grouping struct {
	by    string
	shop  *explore.Shop
	names []string
	of    func(*explore.Invoice) int32
}

// groupings are the whole shop, segments, natures and places.
func groupings(s *explore.Shop, n *explore.Nature, ids []string, of []int32, places []place) []grouping {
	all := []grouping{
		{"all", s, []string{""}, func(*explore.Invoice) int32 { return 0 }},
		{"segment", s, ids, func(inv *explore.Invoice) int32 { return of[inv.Customer] }},
		{"nature", s, explore.Classes[:], func(inv *explore.Invoice) int32 { return int32(n.Customers[inv.Customer].Class) }},
	}
	for _, p := range places {
		all = append(all, grouping{p.by, p.shop, p.shop.Countries, func(inv *explore.Invoice) int32 { return inv.Country }})
	}
	return all
}

// treeFrame is the table of the revenue trees, and the branch of the whole shop against the previous period; nil without.
func treeFrame(groups []grouping) (f *frame.Frame, whole *explore.Branch) {
	f = frame.New(contract.Tree.Columns, 0)
	for _, c := range comparisons {
		for _, g := range groups {
			branches := g.shop.Tree(c.shift, len(g.names), g.of)
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
