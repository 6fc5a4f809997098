package explore

import (
	"math"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/explore"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/money"
)

// place is what is known of where customers are: by country, or by the region that the delivery names.
type place struct {
	by      string // country or region
	many    string // for people
	shop    *explore.Shop
	regions *explore.Regions
	lifts   *explore.Lifts // nil below two places or products, and with too many
}

// placesOf describes countries and, where the lines have any, regions.
func placesOf(s *explore.Shop) []place {
	all := []place{{by: "country", many: "countries", shop: s}}
	if r := s.ByPlace(); r != nil {
		all = append(all, place{by: "region", many: "regions", shop: r})
	}
	for i := range all {
		all[i].regions, all[i].lifts = all[i].shop.Regions(), all[i].shop.Lifts()
	}
	return all
}

// statements say what cannot be said of places.
func (p *place) statements(say func(format string, args ...any)) {
	few := 0
	for _, g := range p.regions.All {
		if g.TooFew {
			few++
		}
	}
	if few > 0 {
		say("%d of %d %s have too few customers, or hang on too few of them, to say more than sums.", few, len(p.regions.All), p.many)
	}
	if p.regions.Fits[explore.ByRevenue] == nil {
		say("An index of %s needs at least three of them, with more customers than %s; there is none here.", p.many, p.many)
	}
	switch {
	case p.lifts == nil && len(p.shop.Countries) > 1 && len(p.shop.Codes) > 1:
		say("There are too many %s to say which prefers a product.", p.many)
	case p.lifts == nil:
		say("Whether a %s prefers a product needs two %s and two products.", p.by, p.many)
	case len(p.lifts.All) == 0:
		say("No %s prefers a product beyond chance: there is no reason to advertise different products in different %s.", p.by, p.many)
	}
}

// regionsFrame is the table of places, as a whole and by month.
func regionsFrame(places []place) *frame.Frame {
	f := frame.New(contract.Regions.Columns, 0)
	for _, p := range places {
		p.addRegions(f, p.regions.All)
		p.addRegions(f, p.regions.Monthly)
	}
	return f
}

func (p *place) addRegions(f *frame.Frame, rows []explore.Region) {
	for i := range rows {
		g := &rows[i]
		row := []any{p.by, p.shop.Countries[g.Country], g.Month, g.Customers, g.Invoices, g.Amount, average(g.Amount, g.Invoices), g.Effective, flag(g.TooFew)}
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

// The result has so many countries and regions: it must stay small.
const (
	mostRegions = 20
	mostPlaces  = 10
)

// results are the places of most revenue.
func (p *place) results(most int) []contract.RegionResult {
	all := []contract.RegionResult{}
	for _, g := range p.regions.All[:min(most, len(p.regions.All))] {
		x := contract.RegionResult{
			Region: p.shop.Countries[g.Country], Customers: g.Customers, Invoices: g.Invoices, Revenue: money.Amount(g.Amount),
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

func liftsFrame(places []place) *frame.Frame {
	f := frame.New(contract.ProductLifts.Columns, 0)
	for _, p := range places {
		if p.lifts == nil {
			continue
		}
		for _, x := range p.lifts.All {
			addRow(f, p.by, p.shop.Countries[x.Country], p.shop.Codes[x.Code], x.Customers, x.Expected, x.Mean, x.Low)
		}
	}
	return f
}

// The result lists so many products of each of so many regions: it must stay small.
const (
	preferred      = 3
	withPreference = 8
)

// preferences are the first products of each place of the result that has any.
func (p *place) preferences() []contract.LiftResult {
	all := []contract.LiftResult{}
	if p.lifts == nil {
		return all
	}
	regions := 0
	for _, g := range p.regions.All {
		n := 0
		for _, x := range p.lifts.All {
			if x.Country == g.Country && n < preferred {
				n++
				all = append(all, contract.LiftResult{Region: p.shop.Countries[x.Country], Code: p.shop.Codes[x.Code], Customers: x.Customers, EBGM: x.Mean, EB05: x.Low})
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
