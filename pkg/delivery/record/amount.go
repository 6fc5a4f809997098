package record

import (
	"github.com/clientele/clientele/pkg/money"
)

// one is the quantity of records that say none.
const one = money.Quantity(money.QuantityScale)

// form is how the delivery's texts write numbers.
func (p *Builder) form() NumberForm {
	return NumberForm{Decimal: p.opts.Dialect.Decimal, Group: p.opts.Dialect.Group}
}

// plainForm is how cells write them.
var plainForm = NumberForm{Decimal: '.'}

// numbers parses quantity, price and amount as texts write them.
func (p *Builder) numbers(quantity, price, amount []byte) Breach {
	form := p.form()
	if c := &p.columns; c.At[FieldAmount] < 0 && c.At[FieldQuantity] >= 0 && c.At[FieldDiscount] < 0 { // as nearly all lines are: not for another result
		q, okQ := short(quantity, form.Decimal, money.QuantityDecimals)
		v, okP := short(price, form.Decimal, money.PriceDecimals)
		if okQ && okP && max(q, -q) <= maxQuantity && max(v, -v) <= money.Max {
			l := &p.line
			l.Quantity, l.Price, l.HasAmount, l.Currency, p.sign = money.Quantity(q), money.Price(v), false, "", ""
			breach := p.times()
			if c.At[FieldCurrency] >= 0 && breach == 0 {
				breach = p.exchange()
			}
			return breach
		}
	}
	return p.money(written{quantity, form}, written{price, form}, written{amount, form}, written{p.Fields[FieldDiscount], form})
}

// written is a number as it is written.
type written struct {
	text []byte
	form NumberForm
}

func (w written) blank() bool { return len(trimBlank(w.text)) == 0 }

// money parses the numbers of a line, and converts its money where that is in another currency than the shop's.
func (p *Builder) money(quantity, price, amount, discount written) Breach {
	p.line.Currency, p.sign = "", ""
	breach := p.own(quantity, price, amount)
	if breach == 0 && p.columns.Has(FieldDiscount) && !discount.blank() {
		breach = p.less(&discount)
	}
	if breach == 0 && (p.sign != "" || p.columns.Has(FieldCurrency)) {
		return p.exchange()
	}
	return breach
}

// own parses the numbers of a line in its own currency. Without a quantity there is one. Of price and amount one that is missing
// follows from the other, and where both are there they must agree.
func (p *Builder) own(quantity, price, amount written) (breach Breach) {
	l, c := &p.line, &p.columns
	var b Breach
	l.Quantity = one
	if c.Has(FieldQuantity) {
		l.Quantity, breach = p.quantity(&quantity)
	}
	if l.HasAmount = c.Has(FieldAmount); !l.HasAmount {
		if l.Price, b = p.price(&price); breach|b != 0 {
			return breach | b
		}
		return p.times()
	}
	hasPrice := c.Has(FieldPrice) && !price.blank()
	if hasPrice {
		l.Price, b = p.price(&price)
		breach |= b
	}
	if amount.blank() && hasPrice {
		if breach != 0 {
			return breach
		}
		return p.times()
	}
	l.Amount, b = p.amount(&amount)
	switch breach |= b; {
	case breach != 0:
		return breach
	case hasPrice:
		return p.agree()
	}
	return p.perUnit()
}

// less takes a discount off the line's money, whichever sign it is written with: a sale is cheaper by it, and a return gives that much less
// back. The price becomes what is paid for one.
func (p *Builder) less(discount *written) Breach {
	off, breach := p.amount(discount)
	l := &p.line
	switch off = abs(off); {
	case breach != 0 || off == 0:
		return breach
	case off > abs(l.Amount):
		return AmountMismatch
	case l.Amount < 0:
		l.Amount += off
	default:
		l.Amount -= off
	}
	l.HasAmount = true
	return p.perUnit()
}

// times makes the amount what the price says.
func (p *Builder) times() Breach {
	var err error
	if p.line.Amount, err = p.line.Price.Times(p.line.Quantity); err != nil {
		return AmountOutOfRange
	}
	return 0
}

// perUnit makes the price what the amount says, to the millionth.
func (p *Builder) perUnit() Breach {
	var err error
	switch l := &p.line; {
	case l.Quantity == 0 && l.Amount == 0:
		l.Price = 0
	case l.Quantity == 0:
		return AmountMismatch
	default:
		if l.Price, err = l.Amount.Per(l.Quantity); err != nil {
			return AmountOutOfRange
		}
	}
	return 0
}

// agree checks the amount against price and quantity: the price may be rounded to the cent, and so may the amount, so they may be
// half a cent for each unit and half a cent apart.
func (p *Builder) agree() Breach {
	const half = money.Scale / 200
	l := &p.line
	want, err := l.Price.Times(l.Quantity)
	if err != nil {
		return AmountOutOfRange
	}
	off, units := int64(want-l.Amount), int64(l.Quantity)
	off, units = max(off, -off), max(units, -units)
	if float64(off) > half*float64(units)/money.QuantityScale+half {
		return AmountMismatch
	}
	return 0
}

// short reads a number of at most 15 characters, as nearly all are, × 10^decimals: an optional minus, digits and a decimal
// separator. It leaves everything else, numbers of more decimals too, to who reads any number.
func short(b []byte, decimal byte, decimals int) (v int64, ok bool) {
	i := 0
	if len(b) > 0 && b[0] == '-' {
		i = 1
	}
	if len(b) > 15 || i == len(b) {
		return 0, false
	}
	for ; i < len(b) && b[i] != decimal; i++ {
		d := b[i] - '0'
		if d > 9 {
			return 0, false
		}
		v = 10*v + int64(d)
	}
	if i == 0 || len(b)-i > decimals+1 || i == len(b)-1 {
		return 0, false
	}
	for i++; i < len(b); i++ {
		d := b[i] - '0'
		if d > 9 {
			return 0, false
		}
		v, decimals = 10*v+int64(d), decimals-1
	}
	if v > 1e12 {
		return 0, false
	}
	v *= tens[decimals]
	if b[0] == '-' {
		v = -v
	}
	return v, true
}

var tens = [...]int64{1, 10, 100, 1_000, 10_000, 100_000, 1_000_000}

// quantity reads a quantity.
func (p *Builder) quantity(w *written) (money.Quantity, Breach) {
	if v, ok := short(w.text, w.form.Decimal, money.QuantityDecimals); ok && v <= maxQuantity && v >= -maxQuantity {
		return money.Quantity(v), 0
	}
	v, breach := parseQuantity(w.text, w.form.Decimal)
	if breach != BadQuantity {
		return v, breach
	}
	plain, currency, ok := w.form.plain(p.plain[:0], w.text)
	if p.plain = plain; !ok || currency != "" {
		return 0, BadQuantity
	}
	return parseQuantity(plain, '.')
}

// price reads a price.
func (p *Builder) price(w *written) (money.Price, Breach) {
	if v, ok := short(w.text, w.form.Decimal, money.PriceDecimals); ok && v <= money.Max && v >= -money.Max {
		return money.Price(v), 0
	}
	v, breach := parsePrice(w.text, w.form.Decimal)
	if breach != BadPrice {
		return v, breach
	}
	plain, breach := p.amountOfMoney(w, BadPrice)
	if breach != 0 {
		return 0, breach
	}
	return parsePrice(plain, '.')
}

// amount reads an amount.
func (p *Builder) amount(w *written) (money.Amount, Breach) {
	if v, ok := short(w.text, w.form.Decimal, money.AmountDecimals); ok {
		return money.Amount(v), 0
	}
	v, breach := parseAmount(w.text, w.form.Decimal)
	if breach != BadAmount {
		return v, breach
	}
	plain, breach := p.amountOfMoney(w, BadAmount)
	if breach != 0 {
		return 0, breach
	}
	return parseAmount(plain, '.')
}

// amountOfMoney returns a number as plain decimal text. bad is the rule that one breaks that is none.
func (p *Builder) amountOfMoney(w *written, bad Breach) ([]byte, Breach) {
	plain, currency, ok := w.form.plain(p.plain[:0], w.text)
	p.plain = plain
	if !ok {
		return nil, bad
	}
	if currency != "" {
		if p.sign != "" && p.sign != currency && p.opts.Currency != "" {
			return nil, OtherCurrency
		}
		p.sign = currency
	}
	return plain, 0
}
