package demo

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/money"
)

// Campaign is an offer to a random part of the customers: on its days they take more packs of what they buy anyway. Who
// gets it is drawn by a coin that knows nothing else of the customer, so the others are there to compare with.
type Campaign struct {
	Effect int // per mille by which the packs of an invoice grow, in the mean
	Share  int // per mille of the customers who get the offer
	Days
}

// DefaultCampaignShare is the per mille of the customers who get the offer unless a share is named.
const DefaultCampaignShare = 500

// String writes the campaign as [ParseCampaign] reads it.
func (c Campaign) String() string {
	return fmt.Sprintf("%g:%g@%s", float64(c.Effect)/1000, float64(c.Share)/1000, c.Days)
}

// ParseCampaign reads "EFFECT@DAYS" or "EFFECT:SHARE@DAYS": 0.10:0.5@2025-06-02..2025-06-29 makes the invoices of half of
// the customers a tenth larger for four weeks. Effect and share are taken to three decimals.
func ParseCampaign(s string) (Campaign, error) {
	bad := func() (Campaign, error) {
		return Campaign{}, fmt.Errorf("campaign %q: want EFFECT[:SHARE]@FIRST..LAST with an effect above 0 to 10 and a share above 0 to 1", s)
	}
	what, days, ok := strings.Cut(s, "@")
	if !ok {
		return bad()
	}
	effect, share, hasShare := strings.Cut(what, ":")
	c := Campaign{Share: DefaultCampaignShare}
	if c.Effect, ok = perMille(effect, 10); !ok {
		return bad()
	}
	if hasShare {
		if c.Share, ok = perMille(share, 1); !ok {
			return bad()
		}
	}
	var err error
	if c.Days, err = ParseDays(days); err != nil {
		return Campaign{}, fmt.Errorf("campaign: %w", err)
	}
	return c, nil
}

// perMille reads a number above 0 and up to most, to three decimals.
func perMille(s string, most float64) (int, bool) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || !(v > 0 && v <= most) || strings.ContainsAny(s, "xX_") {
		return 0, false
	}
	n := int(math.Round(v * 1000))
	return n, n > 0
}

// treated reports whether customer c gets the campaign's offer.
func (s *Shop) treated(c int) bool {
	if s.Campaign == nil {
		return false
	}
	d := s.draws(tagCampaign, uint64(c), 0)
	return d.chance(s.Campaign.Share)
}

// promote gives the basket, as filled for this customer and day, what the campaign adds, and returns the pence of its
// products without and with that. ok is false if the campaign does not touch it.
func (s *Shop) promote(who customer, day int) (without, with int, ok bool) {
	if s.Campaign == nil || !s.Campaign.Has(s.From+calendar.Date(day)) || !s.treated(who.index) {
		return 0, 0, false
	}
	d := s.draws(tagCampaign, uint64(who.index), uint64(day)+1)
	for i := range s.basket {
		l := &s.basket[i]
		if l.item == none || l.pence == 0 {
			continue
		}
		without += l.pence * l.quantity
		if l.copied {
			l.quantity, l.pence = s.basket[i-1].quantity, s.basket[i-1].pence
		} else {
			p := &s.products[l.item]
			more := l.quantity / p.pack * s.Campaign.Effect
			l.quantity += p.pack * ((more + d.below(1000)) / 1000) // a part of a pack is a chance of a whole one
			l.pence = s.price(p, day, l.quantity)
		}
		with += l.pence * l.quantity
	}
	return without, with, true
}

// PlantedCampaign is a campaign and what it did. Invoices and amounts are of the customers who got the offer, on its days,
// over products as sold: before a fault of the data, returns not taken off.
type PlantedCampaign struct {
	Days
	Effect    float64      `json:"effect"`    // planted: how much larger an order gets, in the mean
	Share     float64      `json:"share"`     // planted: of the customers who get the offer
	Customers int          `json:"customers"` // who got it
	Invoices  int          `json:"invoices"`
	Amount    money.Amount `json:"amount"`
	Without   money.Amount `json:"amount_without"` // what the same invoices would have been without the campaign
}
