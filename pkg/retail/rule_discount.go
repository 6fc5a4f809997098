package retail

import (
	"cmp"
	"math/bits"
	"slices"
	"sync"

	"github.com/clientele/clientele/pkg/money"
)

// discounted is an invoice with discounts.
type discounted struct {
	discount money.Amount // above 0
	lines    []Line       // its product lines above zero
	parts    []money.Amount
}

// allocate takes the discount lines of each invoice off its product lines above zero, in proportion to what they are worth, by largest
// remainders: to the ten-thousandth. Equal remainders go to the first line in the one order of lines. Where the product lines are
// worth less than the discounts, nothing is allocated. It holds the lines of the invoices that have discounts.
func (p *Plan) allocate() error {
	invoices := map[uint32]*discounted{}
	err := p.scanTaken(func(r *Line, rule uint8) bool { return rule == uint8(RuleDiscount) }, func(r *Line) {
		at := p.invoiceOf(r)
		if invoices[at] == nil {
			invoices[at] = &discounted{}
		}
		invoices[at].discount -= p.amount(r)
	})
	if err != nil || len(invoices) == 0 {
		return err
	}
	err = p.scanTaken(func(r *Line, rule uint8) bool {
		return rule == notTaken && p.amount(r) > 0 && invoices[p.invoiceOf(r)] != nil
	}, func(r *Line) {
		d := invoices[p.invoiceOf(r)]
		d.lines = append(d.lines, p.plain(*r))
	})
	if err != nil {
		return err
	}
	p.allocated, p.spread = map[uint32]bool{}, map[Line][]money.Amount{}
	for at, d := range invoices {
		if p.rules.On(RuleDuplicate) {
			p.withoutCopies(d)
		}
		if p.allocated[at] = p.allocateTo(d); !p.allocated[at] {
			continue
		}
		for i, part := range d.parts {
			p.spread[d.lines[i]] = append(p.spread[d.lines[i]], part)
		}
	}
	for _, parts := range p.spread {
		slices.Sort(parts)
	}
	return nil
}

// scanTaken does something with each line that is wanted, one after the other, of those that the rules before duplicate have been asked about.
func (p *Plan) scanTaken(wanted func(r *Line, rule uint8) bool, do func(r *Line)) error {
	var mu sync.Mutex
	return p.l.Scan(AllFields, func() (func([]Line), func()) {
		var some []Line
		see := func(lines []Line) {
			some = some[:0]
			for _, r := range lines {
				r.Customer = p.customerOf(&r)
				if wanted(&r, p.firstRule(&r)) {
					some = append(some, r)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			for i := range some {
				do(&some[i])
			}
		}
		return see, func() {}
	})
}

// plain returns a line so that those which are interchangeable are equal.
func (p *Plan) plain(r Line) Line {
	if p.days == nil {
		r.Source = 0
	}
	return r
}

// withoutCopies leaves out the lines that the rule of duplicates will take, so that no part of a discount goes with them.
func (p *Plan) withoutCopies(d *discounted) {
	slices.SortFunc(d.lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.Customer, b.Customer), compareLines(p.kinds, &a, &b))
	})
	d.lines = slices.CompactFunc(d.lines, func(a, b Line) bool {
		return a.Customer == b.Customer && a.Time == b.Time && p.codeOf(&a) == p.codeOf(&b) && a.Price == b.Price && a.Quantity == b.Quantity &&
			a.Amount == b.Amount && a.Description == b.Description && a.Country == b.Country && a.Region == b.Region && a.Status == b.Status
	})
}

// allocateTo spreads the discount over the lines, and reports whether they are worth as much.
func (p *Plan) allocateTo(d *discounted) bool {
	var worth money.Amount
	for i := range d.lines {
		worth += p.amount(&d.lines[i])
	}
	if worth < d.discount {
		return false
	}
	slices.SortFunc(d.lines, func(a, b Line) int {
		return cmp.Or(compareLines(p.kinds, &a, &b), cmp.Compare(a.Customer, b.Customer))
	})
	left := d.discount
	remainders, order := make([]uint64, len(d.lines)), make([]int, len(d.lines))
	d.parts = make([]money.Amount, len(d.lines))
	for i := range d.lines {
		hi, lo := bits.Mul64(uint64(d.discount), uint64(p.amount(&d.lines[i])))
		part, remainder := bits.Div64(hi, lo, uint64(worth))
		d.parts[i], remainders[i], order[i] = -money.Amount(part), remainder, i
		left -= money.Amount(part)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(remainders[b], remainders[a]) })
	for _, i := range order[:left] {
		d.parts[i]--
	}
	return true
}
