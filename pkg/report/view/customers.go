package view

import (
	"math"
	"slices"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/money"
)

// What a page holds of customers.
const (
	CustomersAll   = "all"   // up to MostCustomers; above, a sample and those on a list
	CustomersLists = "lists" // those on a list
	CustomersNone  = "none"
)

// Limits of a page: of the customers that it holds as they are, and of those on lists beside a sample.
const (
	MostCustomers = 20_000
	MostListed    = 50_000
)

// MostMonths are how many calendar months a page shows of a customer.
const MostMonths = 13

// Offers are how many products of each kind a page shows of a customer.
const Offers = 3

// Customers are those that a page holds, column by column. An index of -1 is none. The columns name people, so they are in no JSON.
type Customers struct {
	Mode    string `json:"mode"`
	Of      int    `json:"of"`      // customers of the run
	Held    int    `json:"held"`    // by the page
	Sampled bool   `json:"sampled"` // only some of those who are on no list are held
	Listed  bool   `json:"listed"`  // everybody on a list is held
	Gone    int    `json:"gone"`    // by the page, of those who left

	ID                          []string          `json:"-"`
	Segment, Previous           []int8            `json:"-"` // positions in Scores.Segments
	Recency, Frequency          []int64           `json:"-"`
	Monetary                    []float64         `json:"-"`
	Rebought, Returned, Margin  []float64         `json:"-"` // shares; margin of the distance to the next segment, NaN for none
	R, F, M                     []int64           `json:"-"`
	Cell, Country, Nature, List []string          `json:"-"`
	History                     []string          `json:"-"` // as in assignments
	ListCode                    []string          `json:"-"`
	HeldOut                     []bool            `json:"-"`
	Usual, Predicted            []float64         `json:"-"` // in 90 days; NaN for none
	New, Because, Again         [Offers][]string  `json:"-"` // product codes, "" for none
	AgainShare                  [Offers][]float64 `json:"-"`
	Both, OutOf                 [Offers][]float64 `json:"-"` // how many bought New, of those who bought Because; NaN where the run does not say
	Months                      []string          `json:"-"` // 2011-01: calendar months up to the as-of date, at most MostMonths
	Spent                       []money.Amount    `json:"-"` // by customer and month: those of a customer stand together; nil where unknown
	Next                        []int8            `json:"-"` // nearest segment after one more average order today
	Later                       []int8            `json:"-"` // first other nearest segment without an order
	LaterWeeks                  []int64           `json:"-"` // and after how many weeks, 0 for none within half a year
	Left, LeftFrom              []string          `json:"-"` // ids of those who left, and of their segment
}

// CustomerTables are what customers are made from: score's and preprocess' tables of the same customers in the same order, audience's
// where it ran, and the movers.
type CustomerTables struct {
	Assignments, Features *frame.Frame
	Audience              *frame.Frame // nil where audience did not run
	Movers                *frame.Frame
	Mode                  string
}

// Choose returns the rows of the customers that a page holds, ascending, and what is held. MostCustomers bounds those that are held
// whole; of more, every n-th is a sample, beside everybody on a list unless these are more than MostListed.
func (t CustomerTables) Choose() (rows []int, c *Customers) {
	n := t.Assignments.Rows()
	c = &Customers{Mode: t.Mode, Of: n, Listed: t.Mode != CustomersNone && t.Audience != nil}
	if t.Mode == CustomersNone {
		return nil, c
	}
	listed := func(int) bool { return false }
	if t.Audience != nil {
		lists, count := t.Audience.Strings("list"), 0
		for _, l := range lists {
			if l != "" {
				count++
			}
		}
		if c.Listed = count <= MostListed; c.Listed {
			listed = func(i int) bool { return lists[i] != "" }
		}
	}
	step := 1
	if t.Mode == CustomersLists {
		step = 0
	} else if n > MostCustomers {
		step, c.Sampled = (n+MostCustomers-1)/MostCustomers, true
	}
	for i := range n {
		if step > 0 && i%step == 0 || listed(i) {
			rows = append(rows, i)
		}
	}
	return rows, c
}

// Take fills the columns from the tables' rows. Segments are those of the view.
func (c *Customers) Take(t CustomerTables, rows []int, segments []contract.SegmentResult) {
	place := func(id string) int8 {
		return int8(slices.IndexFunc(segments, func(g contract.SegmentResult) bool { return g.ID == id }))
	}
	a, f := t.Assignments.Take(rows), t.Features.Take(rows)
	c.Held, c.ID = len(rows), a.Strings("customer")
	c.Segment, c.Previous = make([]int8, len(rows)), make([]int8, len(rows))
	for i := range rows {
		c.Segment[i], c.Previous[i] = place(a.Strings("segment")[i]), -1
		if id := a.Strings("previous")[i]; id != "" {
			c.Previous[i] = place(id)
		}
	}
	c.History = a.Strings("history")
	c.Cell, c.R, c.F, c.M, c.Margin = a.Strings("rfm_name"), a.Ints("r"), a.Ints("f"), a.Ints("m"), a.Floats("margin")
	c.Recency, c.Frequency, c.Country = f.Ints("recency"), f.Ints("frequency"), f.Strings("country")
	c.Monetary, c.Rebought, c.Returned = amounts(f.Ints("monetary")), f.Floats("rebought_share"), f.Floats("return_value_rate")
	c.Nature, c.List, c.ListCode, c.HeldOut = make([]string, len(rows)), make([]string, len(rows)), make([]string, len(rows)), make([]bool, len(rows))
	c.Usual, c.Predicted = undefined(len(rows)), undefined(len(rows))
	if t.Audience != nil {
		b := t.Audience.Take(rows)
		c.Nature, c.List, c.ListCode, c.Usual, c.Predicted = b.Strings("nature"), b.Strings("list"), b.Strings("list_code"), amounts(b.Ints("usual_90")), b.Floats("predicted_90")
		for i, held := range b.Ints("hold_out") {
			c.HeldOut[i] = held == 1
		}
	}
	for k := range Offers {
		c.New[k], c.Because[k], c.Again[k] = make([]string, len(rows)), make([]string, len(rows)), make([]string, len(rows))
		c.AgainShare[k], c.Both[k], c.OutOf[k] = undefined(len(rows)), undefined(len(rows)), undefined(len(rows))
	}
	if m := t.Movers; m != nil && c.Mode == CustomersAll && !c.Sampled {
		for i, kind := range m.Strings("kind") {
			if kind == "left" {
				c.Left, c.LeftFrom = append(c.Left, m.Strings("customer")[i]), append(c.LeftFrom, m.Strings("from")[i])
			}
		}
	}
	c.Gone = len(c.Left)
}

func amounts(v []int64) []float64 {
	f := make([]float64, len(v))
	for i, m := range v {
		f[i] = money.Amount(m).Float()
	}
	return f
}

func undefined(n int) []float64 {
	f := make([]float64, n)
	for i := range f {
		f[i] = math.NaN()
	}
	return f
}
