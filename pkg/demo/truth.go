package demo

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/money"
)

// TruthVersion is the version of truth.json's form.
const TruthVersion = 1

// Truth is what was planted. Every good line is in exactly one of Sales, Samples, NonProducts, Returns and Guests; all
// counts are of what is in the file, after the faults.
type Truth struct {
	Version   int           `json:"version"`
	Seed      uint64        `json:"seed"`
	First     calendar.Date `json:"first"` // of the shop
	Last      calendar.Date `json:"last"`  // of the shop, or of the latest line where a shifted clock has passed it
	Days      int           `json:"days"`
	Dirty     float64       `json:"dirty"`     // share of records that was asked for; a small shop has more, since every rule is broken
	Customers int           `json:"customers"` // each has bought at least once, unless a fault has lost it
	Products  int           `json:"products"`  // of the catalogue
	Invoices  int           `json:"invoices"`  // of all kinds, returns and guests' among them
	Records   int           `json:"records"`   // Lines and the broken ones
	Lines     int           `json:"lines"`     // good ones

	Sales       Tally            `json:"sales"`        // products sold to customers
	Samples     Tally            `json:"samples"`      // products given to customers, at price 0
	NonProducts Tally            `json:"non_products"` // postage and the like, to customers
	Returns     Tally            `json:"returns"`      // products that customers gave back; each has its sale before it
	Orphans     Tally            `json:"orphans"`      // returns among them whose sale a fault has lost
	Guests      Tally            `json:"guests"`       // all lines without a customer, the clerk's among them
	Copies      int              `json:"copies"`       // lines equal to the one before them in their invoice; counted above too
	Fees        map[string]Tally `json:"fees"`         // what is no product, by code, customers' and guests'; counted above too
	Broken      map[string]int   `json:"broken"`       // rule → records that break it, and no other; without those that are about what a demo does not have

	Kinds        []Kind           `json:"kinds"`
	Countries    []Country        `json:"countries"`
	Calendar     Calendar         `json:"calendar"`
	PriceBreak   PriceBreak       `json:"price_break"`
	PairChance   float64          `json:"pair_chance"` // of a basket with the first of a pair to hold the second too, at least
	Pairs        [][2]string      `json:"pairs"`       // codes bought together
	PriceChanges []PriceChange    `json:"price_changes"`
	Faults       []PlantedFault   `json:"faults"`
	Campaign     *PlantedCampaign `json:"campaign"` // null without one
	Catalogue    []Product        `json:"catalogue"`

	shop *Shop
}

// Tally counts lines and their amount.
type Tally struct {
	Lines  int          `json:"lines"`
	Amount money.Amount `json:"amount"`
}

func (t *Tally) add(l line) {
	t.Lines++
	t.Amount += pence(l.pence * l.quantity)
}

// Kind is a kind of customer and how many of them there are. Ranges are of the means of single customers, both ends
// included.
type Kind struct {
	Kind           string  `json:"kind"`
	Meaning        string  `json:"meaning"`
	Customers      int     `json:"customers"`
	Share          float64 `json:"share"`            // 0..1
	GapDays        *[2]int `json:"gap_days"`         // between visits, in ordinary days of the tradingDays, before they grow; null for those who come once
	GapGrowth      int     `json:"gap_growth"`       // days by which the gap grows in a hundred days
	LinesAnInvoice [2]int  `json:"lines_an_invoice"` // products taken; one taken twice is one line, and the second of a pair comes on top
	PacksALine     [2]int  `json:"packs_a_line"`     // times 0.3 to 4.2, by customer, and a pack at least
	ReturnRate     float64 `json:"return_rate"`      // share of the visits of which something comes back, while nothing else is still to
}

// Country is where customers live, and what they like there.
type Country struct {
	Country   string   `json:"country"`
	Share     float64  `json:"share"` // planted
	Customers int      `json:"customers"`
	Likes     []string `json:"likes"` // codes; the home country likes nothing in particular
}

// Calendar says how busy days are, in percent of an ordinary one. A day is as busy as its month and its weekday together.
type Calendar struct {
	Months   map[string]int  `json:"months"`
	Weekdays map[string]int  `json:"weekdays"`
	Closed   []calendar.Date `json:"closed"`
}

// PriceBreak says that whoever takes this many packs of a product or more pays less for each.
type PriceBreak struct {
	Packs int     `json:"packs"`
	Off   float64 `json:"off"` // 0..1, to the full penny in the shop's favour
}

// Product is one of the catalogue. It is sold in full packs.
type Product struct {
	Code  string       `json:"code"`
	Price money.Amount `json:"price"` // on the first day
	Pack  int          `json:"pack"`
}

// PriceChange is a price that changed and stayed so.
type PriceChange struct {
	Code   string        `json:"code"`
	From   calendar.Date `json:"from"`
	Before money.Amount  `json:"before"`
	After  money.Amount  `json:"after"`
}

func newTruth(s *Shop) *Truth {
	t := &Truth{
		Version: TruthVersion, Seed: s.Seed, First: s.From, Last: s.From, Days: s.Days, Dirty: float64(s.Dirty) / 1e6,
		Customers: s.Customers, Products: len(s.products), Fees: map[string]Tally{}, Broken: map[string]int{},
		Calendar: s.tradingDays.truth(s.From), PriceBreak: PriceBreak{breakPacks, breakPercent / 100.0}, PairChance: pairChance / 1000.0,
		Faults: []PlantedFault{}, shop: s,
	}
	for i, n := range s.quotas {
		t.Kinds = append(t.Kinds, kinds[i].truth(n, s.Customers))
	}
	rest := 1000
	for i, c := range countries {
		planted := Country{Country: c.name, Share: float64(c.share) / 1000, Likes: []string{}}
		if i > 0 {
			rest -= c.share
			planted.Likes = s.likes(i)
		}
		t.Countries = append(t.Countries, planted)
	}
	t.Countries[0].Share = float64(rest) / 1000
	for i := range pairs {
		t.Pairs = append(t.Pairs, [2]string{s.products[2*i].code, s.products[2*i+1].code})
	}
	for _, p := range s.products {
		t.Catalogue = append(t.Catalogue, Product{p.code, pence(p.pence), p.pack})
		if p.later != p.pence {
			t.PriceChanges = append(t.PriceChanges, PriceChange{p.code, s.From + calendar.Date(s.changeDay()), pence(p.pence), pence(p.later)})
		}
	}
	for _, f := range s.Faults {
		t.Faults = append(t.Faults, PlantedFault{Fault: f})
	}
	if c := s.Campaign; c != nil {
		t.Campaign = &PlantedCampaign{Days: c.Days, Effect: float64(c.Effect) / 1000, Share: float64(c.Share) / 1000}
	}
	return t
}

// truth describes the kind, of which there are n among all customers.
func (k *kind) truth(n, all int) Kind {
	planted := Kind{
		Kind: k.name, Meaning: k.meaning, Customers: n, Share: float64(n) / float64(all), GapGrowth: k.growth,
		LinesAnInvoice: k.lines, PacksALine: k.packs, ReturnRate: float64(k.returns) / 1000,
	}
	if k.gap[1] > 0 {
		gap := k.gap
		planted.GapDays = &gap
	}
	return planted
}

// likes returns the codes of the products that country i likes.
func (s *Shop) likes(i int) []string {
	n := len(s.products)
	codes := make([]string, n/tastePart)
	for j := range codes {
		codes[j] = s.products[(countries[i].taste*n/1000+j)%n].code
	}
	return codes
}

// pence returns an amount of pence as money.
func pence(n int) money.Amount { return money.Amount(n) * money.Scale / 100 }

// welcome counts a customer.
func (t *Truth) welcome(who customer) {
	t.Countries[who.country].Customers++
	if t.shop.treated(who.index) {
		t.Campaign.Customers++
	}
}

// promoted counts an invoice that the campaign has touched, in pence without and with it.
func (t *Truth) promoted(without, with int, ok bool) {
	if ok {
		t.Campaign.Invoices++
		t.Campaign.Amount += pence(with)
		t.Campaign.Without += pence(without)
	}
}

// count counts a good line.
func (t *Truth) count(in invoice, l line) {
	t.Lines++
	to := &t.Sales
	switch {
	case in.customer == 0:
		to = &t.Guests
	case l.item == none:
		to = &t.NonProducts
	case in.prefix == 'C':
		to = &t.Returns
		if in.orphan {
			t.Orphans.add(l)
		}
	case l.pence == 0:
		to = &t.Samples
	}
	to.add(l)
	if l.item == none {
		fees := t.Fees[l.code]
		fees.add(l)
		t.Fees[l.code] = fees
	}
	if l.copied {
		t.Copies++
	}
}

// Write writes the truth as JSON. At its end stand campaign_customers, the ids of those who got the campaign's offer, and
// customer_kinds, every customer's kind by id: [EachKind] reads them back.
func (t *Truth) Write(w io.Writer) error {
	head, err := json.MarshalIndent(t, "", "  ")
	if err != nil {
		return fmt.Errorf("write truth: %w", err)
	}
	out := bufio.NewWriterSize(w, 1<<16)
	// What goes wrong in between, Flush reports.
	fmt.Fprintf(out, "%s,\n  \"campaign_customers\": [", head[:len(head)-len("\n}")])
	comma := ""
	for c := range t.Customers {
		if t.shop.treated(c) {
			fmt.Fprintf(out, "%s\n    \"%d\"", comma, firstID+c)
			comma = ","
		}
	}
	fmt.Fprintf(out, "\n  ],\n  %q: {", kindsField)
	comma = ""
	for c := range t.Customers {
		fmt.Fprintf(out, "%s\n    \"%d\": %q", comma, firstID+c, kinds[t.shop.kindOf(c)].name)
		comma = ","
	}
	fmt.Fprint(out, "\n  }\n}\n")
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write truth: %w", err)
	}
	return nil
}
