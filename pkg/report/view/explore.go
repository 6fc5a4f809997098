package view

import "github.com/clientele/clientele/pkg/contract"

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
		Related: related(in), Cohorts: cohorts(in), Concentration: concentration(in)}
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
