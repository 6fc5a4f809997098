package view

import (
	"cmp"
	"math"
	"slices"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/money"
)

// Explore is what the sale lines say of the shop.
type Explore struct {
	contract.ExploreResult
	Natures       []Nature        `json:"natures"` // personal, bulk, reseller
	Months        []Month         `json:"months"`
	Hours         []Hour          `json:"hours"`
	Distributions []Distribution  `json:"distributions"`
	Best          []Best          `json:"best"` // products of most revenue
	Gaps          []Gap           `json:"gaps"`
	Related       []Related       `json:"related"`
	Cohorts       []Cohort        `json:"cohorts"`
	Concentration []Concentration `json:"concentration"`
	Countries     []Region        `json:"countries"`        // Regions with their intervals
	Places        []Region        `json:"places,omitempty"` // ByRegion with theirs
	Breaks        []PriceBreak    `json:"breaks"`
	Branches      []Branch        `json:"branches"`
}

// Nature is one class of purchases.
type Nature struct {
	Name string `json:"name"`
	contract.NatureClass
	CustomerShare Number `json:"customer_share"` // of all customers
}

func newExplore(in Inputs) *Explore {
	r := in.Explore
	if r == nil {
		return nil
	}
	e := &Explore{ExploreResult: *r, Months: months(in), Hours: hours(in), Distributions: distributions(in), Best: best(in), Gaps: gaps(in),
		Related: related(in), Cohorts: cohorts(in), Concentration: concentration(in), Countries: regions(in, "country", r.Regions), Places: regions(in, "region", r.ByRegion),
		Breaks: breaks(in), Branches: branches(in)}
	n := r.Nature
	all := n.Personal.Customers + n.Bulk.Customers + n.Reseller.Customers
	for _, c := range []struct {
		name  string
		class contract.NatureClass
	}{{"personal", n.Personal}, {"bulk", n.Bulk}, {"reseller", n.Reseller}} {
		e.Natures = append(e.Natures, Nature{Name: c.name, NatureClass: c.class, CustomerShare: Number(float64(c.class.Customers) / float64(all))})
	}
	return e
}

// Month is what a calendar month sold.
type Month struct {
	Month    string       `json:"month"` // 2011-01
	Invoices int64        `json:"invoices"`
	Revenue  money.Amount `json:"revenue"`
	Partial  bool         `json:"partial"` // the window begins or ends within it
}

// Hour counts the invoices of an hour of the day, by weekday from Monday on.
type Hour struct {
	Hour     int      `json:"hour"`
	Invoices [7]int64 `json:"invoices"`
}

// Distribution is how often values of each size occur.
type Distribution struct {
	Measure string `json:"measure"` // quantity, price, invoice_value
	Bins    []Bin  `json:"bins"`
}

// Bin is one range of a distribution.
type Bin struct {
	Low     float64      `json:"low"`
	High    float64      `json:"high"`
	Count   int64        `json:"count"`
	Revenue money.Amount `json:"revenue"`
}

// Best is a product of most revenue.
type Best struct {
	Name      string       `json:"name"`
	Customers int64        `json:"customers"`
	Invoices  int64        `json:"invoices"`
	Revenue   money.Amount `json:"revenue"`
	Share     float64      `json:"revenue_share"`
}

// Gap is what is missing.
type Gap struct {
	Name  string `json:"name"`
	Lines int64  `json:"lines"`
	Share Number `json:"share"`

	Delivered bool `json:"delivered"` // of the accepted lines of the delivery, not of the kept lines
}

// Related are two features that rise together, or against each other.
type Related struct {
	Feature     string `json:"feature"`
	Other       string `json:"other"`
	Correlation Number `json:"correlation"`
}

// Cohort are the customers of one month, followed.
type Cohort struct {
	Cohort    string         `json:"cohort"`
	Customers int64          `json:"customers"`
	Retention []Number       `json:"retention"` // by months later, from 0
	Revenue   []money.Amount `json:"revenue"`   // likewise
	Censored  bool           `json:"censored"`  // the customers may have bought before the window
}

// Concentration is what the best customers bring.
type Concentration struct {
	Share        float64 `json:"share"`
	Customers    int64   `json:"customers"`
	RevenueShare float64 `json:"revenue_share"`
}

func months(in Inputs) []Month {
	f := in.table(contract.Times)
	if f == nil {
		return nil
	}
	at, rows := map[string]int{}, []Month{}
	for i, m := range f.Strings("month") {
		k, ok := at[m]
		if !ok {
			k, at[m] = len(rows), len(rows)
			rows = append(rows, Month{Month: m})
		}
		rows[k].Invoices += f.Ints("invoices")[i]
		rows[k].Revenue += money.Amount(f.Ints("revenue")[i])
	}
	slices.SortFunc(rows, func(a, b Month) int { return cmp.Compare(a.Month, b.Month) })
	rows[len(rows)-1].Partial = in.AsOf.String()[:7] == rows[len(rows)-1].Month
	if s := in.Preprocess.WindowStart; s != nil && s.String()[8:] != "01" {
		rows[0].Partial = rows[0].Partial || rows[0].Month == s.String()[:7]
	}
	return rows
}

// hours are those with an invoice, in order.
func hours(in Inputs) []Hour {
	f := in.table(contract.Times)
	if f == nil {
		return nil
	}
	var all [24]Hour
	for i, h := range f.Ints("hour") {
		if d := f.Ints("weekday")[i]; h >= 0 && h < 24 && d >= 1 && d <= 7 {
			all[h].Invoices[d-1] += f.Ints("invoices")[i]
		}
	}
	var rows []Hour
	for h, row := range all {
		if row.Hour = h; row.Invoices != [7]int64{} {
			rows = append(rows, row)
		}
	}
	return rows
}

func distributions(in Inputs) []Distribution {
	f := in.table(contract.Distributions)
	if f == nil {
		return nil
	}
	var rows []Distribution
	for i, m := range f.Strings("measure") {
		if len(rows) == 0 || rows[len(rows)-1].Measure != m {
			rows = append(rows, Distribution{Measure: m})
		}
		d := &rows[len(rows)-1]
		d.Bins = append(d.Bins, Bin{f.Floats("low")[i], f.Floats("high")[i], f.Ints("count")[i], money.Amount(f.Ints("revenue")[i])})
	}
	return rows
}

func best(in Inputs) []Best {
	f := in.table(contract.Top)
	if f == nil {
		return nil
	}
	var rows []Best
	for i, kind := range f.Strings("kind") {
		if kind == "product" {
			rows = append(rows, Best{f.Strings("name")[i], f.Ints("customers")[i], f.Ints("invoices")[i], money.Amount(f.Ints("revenue")[i]), f.Floats("revenue_share")[i]})
		}
	}
	return rows
}

// gaps are the columns with missing values: of the delivery where they are known of it, else of the kept lines.
func gaps(in Inputs) []Gap {
	f := in.table(contract.Gaps)
	if f == nil {
		return nil
	}
	rows := []Gap{}
	for _, wanted := range []string{"delivered", "missing"} {
		for i, kind := range f.Strings("kind") {
			if kind == wanted {
				rows = append(rows, Gap{f.Strings("name")[i], f.Ints("lines")[i], Number(f.Floats("share")[i]), wanted == "delivered"})
			}
		}
		if len(rows) > 0 {
			break
		}
	}
	return rows
}

// mostRelated bounds the pairs of features that are shown.
const mostRelated = 12

// related are the pairs of features of the strongest correlation.
func related(in Inputs) []Related {
	f := in.table(contract.Correlations)
	if f == nil {
		return nil
	}
	var rows []Related
	for i, r := range f.Floats("correlation") {
		if !math.IsNaN(r) {
			rows = append(rows, Related{f.Strings("feature")[i], f.Strings("other")[i], Number(r)})
		}
	}
	slices.SortStableFunc(rows, func(a, b Related) int {
		return cmp.Compare(math.Abs(float64(b.Correlation)), math.Abs(float64(a.Correlation)))
	})
	return rows[:min(mostRelated, len(rows))]
}

func cohorts(in Inputs) []Cohort {
	f := in.table(contract.Cohorts)
	if f == nil {
		return nil
	}
	var rows []Cohort
	for i, c := range f.Strings("cohort") {
		if len(rows) == 0 || rows[len(rows)-1].Cohort != c {
			rows = append(rows, Cohort{Cohort: c, Customers: f.Ints("customers")[i], Censored: f.Ints("censored")[i] == 1})
		}
		g := &rows[len(rows)-1]
		for later := f.Ints("later")[i]; int64(len(g.Retention)) <= later; {
			g.Retention, g.Revenue = append(g.Retention, Undefined()), append(g.Revenue, 0)
		}
		g.Retention[f.Ints("later")[i]], g.Revenue[f.Ints("later")[i]] = Number(f.Floats("retention")[i]), money.Amount(f.Ints("revenue")[i])
	}
	return rows
}

func concentration(in Inputs) []Concentration {
	f := in.table(contract.Concentration)
	if f == nil {
		return nil
	}
	rows := make([]Concentration, f.Rows())
	for i := range rows {
		rows[i] = Concentration{f.Floats("share")[i], f.Ints("customers")[i], f.Floats("revenue_share")[i]}
	}
	return rows
}
