package view

import (
	"cmp"
	"slices"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/money"
)

// Region is a country, or a region that the delivery names, with the 95 % intervals of its indices, lower and upper limit; null where there is none.
type Region struct {
	contract.RegionResult
	InvoicesRange [2]Number `json:"index_invoices_range"`
	AverageRange  [2]Number `json:"index_average_range"`
	RevenueRange  [2]Number `json:"index_revenue_range"`
}

// regions are countries, or regions, with the intervals of the table's rows by so.
func regions(in Inputs, by string, results []contract.RegionResult) []Region {
	at := map[string]int{}
	f := in.table(contract.Regions)
	if f != nil {
		for i, month := range f.Strings("month") {
			if month == "" && cmp.Or(f.Strings("by")[i], "country") == by {
				at[f.Strings("region")[i]] = i
			}
		}
	}
	limits := func(name, region string) [2]Number {
		i, ok := at[region]
		if !ok {
			return [2]Number{Undefined(), Undefined()}
		}
		return [2]Number{Number(f.Floats(name + "_low")[i]), Number(f.Floats(name + "_high")[i])}
	}
	var rows []Region
	for _, r := range results {
		rows = append(rows, Region{r, limits("index_invoices", r.Region), limits("index_average", r.Region), limits("index_revenue", r.Region)})
	}
	return rows
}

// PriceBreak is a product whose price falls from a quantity on.
type PriceBreak struct {
	Code      string         `json:"code"`
	From      money.Quantity `json:"from"`
	Below     float64        `json:"price_below"` // median of one unit
	Price     float64        `json:"price_from"`  // from there on
	Share     float64        `json:"score"`       // of lines whose price tells the side
	Customers int64          `json:"customers"`
	Revenue   money.Amount   `json:"revenue"`
}

// mostBreaks bounds the price breaks that are shown.
const mostBreaks = 40

// breaks are the price breaks that the products' own prices show, of most revenue first.
func breaks(in Inputs) []PriceBreak {
	f := in.table(contract.Natures)
	if f == nil {
		return nil
	}
	var rows []PriceBreak
	for i, from := range f.Strings("carton_from") {
		if from == "own" {
			rows = append(rows, PriceBreak{f.Strings("code")[i], money.Quantity(f.Ints("carton")[i]), f.Floats("price_below")[i], f.Floats("price_from")[i],
				f.Floats("carton_score")[i], f.Ints("customers")[i], money.Amount(f.Ints("revenue")[i])})
		}
	}
	slices.SortStableFunc(rows, func(a, b PriceBreak) int { return cmp.Compare(b.Revenue, a.Revenue) })
	return rows[:min(mostBreaks, len(rows))]
}

// Branch is a group's part of a change of revenue: the last 90 days against the 90 days before.
type Branch struct {
	By      string        `json:"by"`   // segment, nature, country, region
	Name    string        `json:"name"` // id of the segment; "" for no country or region
	Before  Number        `json:"before"`
	Now     Number        `json:"now"`
	Change  money.Amount  `json:"change"`
	Factors []*BranchPart `json:"factors"` // in the order of factors; null where a period is empty
}

// BranchPart is what a factor contributes.
type BranchPart struct {
	Contribution money.Amount `json:"contribution"`
}

// Factors are the factors of revenue in the order in which they multiply.
var Factors = []string{"customers", "frequency", "lines", "units", "price"}

// mostBranches bounds the groups of one kind that are shown: those of the largest change.
const mostBranches = 20

// branches divide the change of revenue by segment, nature, country and region.
func branches(in Inputs) []Branch {
	f := in.table(contract.Tree)
	if f == nil {
		return nil
	}
	at, by := map[[2]string]int{}, map[string][]Branch{}
	for i, against := range f.Strings("against") {
		kind, name := f.Strings("by")[i], f.Strings("name")[i]
		if against != "previous" || kind == "all" {
			continue
		}
		k, ok := at[[2]string{kind, name}]
		if !ok {
			k = len(by[kind])
			at[[2]string{kind, name}] = k
			by[kind] = append(by[kind], Branch{By: kind, Name: name, Before: Undefined(), Now: Undefined(), Factors: make([]*BranchPart, len(Factors))})
		}
		b, contribution := &by[kind][k], f.Ints("contribution")[i]
		factor := f.Strings("factor")[i]
		if factor == "revenue" {
			b.Before, b.Now = Number(f.Floats("before")[i]), Number(f.Floats("now")[i])
			if contribution != frame.NullInt {
				b.Change = money.Amount(contribution)
			}
		} else if p := slices.Index(Factors, factor); p >= 0 && contribution != frame.NullInt {
			b.Factors[p] = &BranchPart{money.Amount(contribution)}
		}
	}
	var rows []Branch
	for _, kind := range []string{"segment", "nature", "country", "region"} {
		all := by[kind]
		slices.SortStableFunc(all, func(a, b Branch) int { return cmp.Compare(max(b.Change, -b.Change), max(a.Change, -a.Change)) })
		rows = append(rows, all[:min(mostBranches, len(all))]...)
	}
	return rows
}
