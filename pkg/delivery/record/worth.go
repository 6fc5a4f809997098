package record

import (
	"math"
	"strconv"

	"github.com/clientele/clientele/pkg/money"
)

// maxWorth bounds what a rejected record counts for: a number that is no price must not outweigh a shop.
const maxWorth = 1e9 // units of the currency

// worth returns the money of a rejected record in the shop's currency, as far as its numbers can be read: |amount|, or else |quantity × price|. Forms of
// numbers that the delivery was not said to have are read too, and decimals in excess. A record without a time that lacks an
// invoice or a product too is no line of a sale: totals below a table are such, whichever column has their name.
func (p *Builder) worth() money.Amount {
	f, c := &p.Fields, &p.columns
	lacks := func(field Field) bool { return !c.Has(field) || len(trimBlank(f[field])) == 0 }
	if lacks(FieldTime) && (lacks(FieldInvoice) || lacks(FieldCode)) {
		return 0
	}
	read := func(field Field) (float64, bool) {
		if !c.Has(field) {
			return 1, field == FieldQuantity
		}
		return p.anyNumber(f[field])
	}
	v, ok := 0.0, false
	if c.Has(FieldAmount) {
		v, ok = read(FieldAmount)
	}
	if !ok {
		quantity, hasQuantity := read(FieldQuantity)
		price, hasPrice := read(FieldPrice)
		v, ok = quantity*price, hasQuantity && hasPrice
	}
	if v = math.Abs(v); !ok || !(v <= maxWorth) {
		return 0
	}
	return p.inOwn(money.Amount(math.Round(v * money.Scale)))
}

// anyNumber reads a number in the first form that it fits, those with the delivery's decimal separator before others.
func (p *Builder) anyNumber(text []byte) (float64, bool) {
	own := p.form()
	for _, sure := range [...]bool{true, false} {
		for i := -1; i < len(NumberForms); i++ {
			form := own
			if i >= 0 {
				form = NumberForms[i]
			}
			if sure != (form.Decimal == own.Decimal) {
				continue
			}
			var ok bool
			if p.plain, ok = form.Plain(p.plain[:0], text); ok {
				v, err := strconv.ParseFloat(string(p.plain), 64)
				return v, err == nil
			}
		}
	}
	return 0, false
}

// plus adds amounts of one sign; a sum that is out of range stays at its end.
func plus(a, b money.Amount) money.Amount {
	sum, err := a.Plus(b)
	switch {
	case err == nil:
		return sum
	case b < 0:
		return math.MinInt64
	}
	return math.MaxInt64
}

// abs returns an amount without its sign.
func abs(a money.Amount) money.Amount { return max(a, -a) }
