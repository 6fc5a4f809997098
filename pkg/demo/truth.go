package demo

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"

	"github.com/clientele/clientele/pkg/retail"
)

// Truth is what was planted. Every good line is in exactly one of Sales, Samples, NonProducts, Returns and Guests.
type Truth struct {
	Seed      uint64      `json:"seed"`
	First     retail.Date `json:"first"`
	Last      retail.Date `json:"last"`
	Customers int         `json:"customers"` // each has bought at least once
	Products  int         `json:"products"`  // of the catalogue
	Invoices  int         `json:"invoices"`  // of all kinds, returns and guests' among them
	Records   int         `json:"records"`   // Lines and the broken ones
	Lines     int         `json:"lines"`     // good ones

	Sales       Tally `json:"sales"`        // products sold to customers
	Samples     Tally `json:"samples"`      // products given to customers, at price 0
	NonProducts Tally `json:"non_products"` // postage and the like, to customers
	Returns     Tally `json:"returns"`      // products that customers gave back; each has its sale before it
	Guests      Tally `json:"guests"`       // all lines without a customer, the clerk's among them
	Copies      int   `json:"copies"`       // lines equal to the one before them in their invoice; counted above too

	Broken       map[string]int `json:"broken"` // rule → records that break it, and no other
	Kinds        []Kind         `json:"kinds"`
	Pairs        [][2]string    `json:"pairs"` // codes bought together
	PriceChanges []PriceChange  `json:"price_changes"`

	shop *Shop
}

// Tally counts lines and their amount.
type Tally struct {
	Lines  int          `json:"lines"`
	Amount retail.Money `json:"amount"`
}

// Kind is a kind of customer and how many of them there are.
type Kind struct {
	Kind      string  `json:"kind"`
	Meaning   string  `json:"meaning"`
	Customers int     `json:"customers"`
	Share     float64 `json:"share"` // 0..1
}

// PriceChange is a price that changed and stayed so.
type PriceChange struct {
	Code   string       `json:"code"`
	From   retail.Date  `json:"from"`
	Before retail.Money `json:"before"`
	After  retail.Money `json:"after"`
}

func newTruth(s *Shop) *Truth {
	t := &Truth{
		Seed: s.Seed, First: s.From, Last: s.From, Customers: s.Customers, Products: len(s.products),
		Broken: map[string]int{}, shop: s,
	}
	for i, n := range s.quotas {
		t.Kinds = append(t.Kinds, Kind{kinds[i].name, kinds[i].meaning, n, float64(n) / float64(s.Customers)})
	}
	for i := range pairs {
		t.Pairs = append(t.Pairs, [2]string{s.products[2*i].code, s.products[2*i+1].code})
	}
	for _, p := range s.products {
		if p.later != p.pence {
			t.PriceChanges = append(t.PriceChanges, PriceChange{p.code, s.From + retail.Date(s.changeDay()), pence(p.pence), pence(p.later)})
		}
	}
	return t
}

// pence returns an amount of pence as money.
func pence(n int) retail.Money { return retail.Money(n) * retail.MoneyScale / 100 }

// count counts a good line.
func (t *Truth) count(prefix byte, customer int, l line) {
	t.Lines++
	to := &t.Sales
	switch {
	case customer == 0:
		to = &t.Guests
	case prefix == 'C':
		to = &t.Returns
	case !l.product:
		to = &t.NonProducts
	case l.pence == 0:
		to = &t.Samples
	}
	to.Lines++
	to.Amount += pence(l.pence * l.quantity)
	if l.copied {
		t.Copies++
	}
}

// Write writes the truth as JSON; "customer_kinds" at its end holds every customer's kind by id.
func (t *Truth) Write(w io.Writer) error {
	head, err := json.MarshalIndent(t, "", "  ")
	if err != nil {
		return fmt.Errorf("write truth: %w", err)
	}
	out := bufio.NewWriterSize(w, 1<<16)
	// What goes wrong in between, Flush reports.
	fmt.Fprintf(out, "%s,\n  \"customer_kinds\": {", head[:len(head)-len("\n}")])
	for c := range t.Customers {
		comma := ","
		if c == 0 {
			comma = ""
		}
		fmt.Fprintf(out, "%s\n    \"%d\": %q", comma, firstID+c, kinds[t.shop.kindOf(c)].name)
	}
	fmt.Fprint(out, "\n  }\n}\n")
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write truth: %w", err)
	}
	return nil
}
