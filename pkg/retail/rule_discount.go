package retail

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/clientele/clientele/pkg/money"
)

// allocate takes the discount lines of each invoice off its product lines above zero, in proportion to what they are worth, by largest
// remainders: to the ten-thousandth. Equal remainders go to the first line in the one order of lines. Where the product lines are
// worth less than the discounts, nothing is allocated.
func (p *pass) allocate() {
	type share struct {
		discount  money.Amount // above 0
		lines     []uint32
		allocated bool
	}
	invoices := map[uint32]*share{}
	for i, rule := range p.taken {
		if rule == uint8(RuleDiscount) {
			at := p.invoiceOf(i)
			if invoices[at] == nil {
				invoices[at] = &share{}
			}
			invoices[at].discount -= p.amount(i)
		}
	}
	if len(invoices) == 0 {
		return
	}
	for i, rule := range p.taken {
		if s := invoices[p.invoiceOf(i)]; s != nil && rule == notTaken && p.amount(i) > 0 {
			s.lines = append(s.lines, uint32(i))
		}
	}
	p.spread = make([]money.Amount, p.l.Len())
	for _, s := range invoices {
		if p.rules.On(RuleDuplicate) {
			s.lines = p.withoutCopies(s.lines)
		}
		s.allocated = p.allocateTo(s.lines, s.discount)
	}
	for i, rule := range p.taken { // of an invoice whose discounts found a place, none is left
		if s := invoices[p.invoiceOf(i)]; s != nil && rule == uint8(RuleDiscount) && s.allocated {
			p.spread[i] = -p.amount(i)
			p.discounts.Allocated += p.amount(i)
		}
	}
}

// withoutCopies leaves out the lines that the rule of duplicates will take, so that no part of a discount goes with them.
func (p *pass) withoutCopies(lines []uint32) []uint32 {
	slices.SortFunc(lines, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(p.customer[a], p.customer[b]), compareLines(p.kinds, a, b))
	})
	return slices.CompactFunc(lines, func(a, b uint32) bool {
		l := p.l
		return p.customer[a] == p.customer[b] && l.Time[a] == l.Time[b] && l.Codes.Key[l.Code[a]] == l.Codes.Key[l.Code[b]] &&
			l.Price[a] == l.Price[b] && l.Quantity[a] == l.Quantity[b] && l.Amount[a] == l.Amount[b] &&
			l.Description[a] == l.Description[b] && l.Country[a] == l.Country[b] && l.Status[a] == l.Status[b]
	})
}

// allocateTo spreads a discount over lines, and reports whether they are worth as much.
func (p *pass) allocateTo(lines []uint32, discount money.Amount) bool {
	var worth money.Amount
	for _, i := range lines {
		worth += p.amount(int(i))
	}
	if worth < discount {
		return false
	}
	slices.SortFunc(lines, func(a, b uint32) int {
		return cmp.Or(compareLines(p.kinds, a, b), cmp.Compare(p.customer[a], p.customer[b]))
	})
	left := discount
	remainders := make([]uint64, len(lines))
	for n, i := range lines {
		hi, lo := bits.Mul64(uint64(discount), uint64(p.amount(int(i))))
		part, remainder := bits.Div64(hi, lo, uint64(worth))
		p.spread[i], remainders[n] = -money.Amount(part), remainder
		left -= money.Amount(part)
	}
	order := make([]int, len(lines))
	for n := range order {
		order[n] = n
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(remainders[b], remainders[a]) })
	for _, n := range order[:left] {
		p.spread[lines[n]]--
	}
	return true
}
