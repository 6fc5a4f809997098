package record

import (
	"github.com/clientele/clientele/pkg/money"
)

// maxQuantity bounds a quantity, in thousandths: a million million units are far above any order, and small enough that
// |quantity| has an exact float64.
const maxQuantity = 1_000_000_000_000 * money.QuantityScale

// parseQuantity reads a decimal number of at most three decimals. The result is 0 unless the breach is 0.
func parseQuantity(b []byte, decimal byte) (money.Quantity, Breach) {
	n, ok := parseNumber(b, decimal)
	if !ok {
		return 0, BadQuantity
	}
	v, fit := n.Scaled(money.QuantityDecimals)
	switch {
	case fit == money.TooFine:
		return 0, FractionalQuantity
	case fit == money.TooLarge || v > maxQuantity:
		return 0, AmountOutOfRange
	case n.negative:
		return -money.Quantity(v), 0
	}
	return money.Quantity(v), 0
}

// parsePrice reads a decimal number of at most six decimals. The result is 0 unless the breach is 0.
func parsePrice(b []byte, decimal byte) (money.Price, Breach) {
	n, ok := parseNumber(b, decimal)
	if !ok {
		return 0, BadPrice
	}
	v, fit := n.Scaled(money.PriceDecimals)
	switch {
	case fit == money.TooFine:
		return 0, PriceDecimals
	case fit == money.TooLarge:
		return 0, AmountOutOfRange
	case n.negative:
		return -money.Price(v), 0
	}
	return money.Price(v), 0
}

// number is a decimal number as it was written.
type number struct {
	money.Decimal
	negative bool
}

// parseNumber reads a decimal number with an optional sign and blanks around it. It accepts no exponent, no NaN and no
// separators of thousands. Digits behind the 15th significant one are rounded away: see [money.Decimal].
func parseNumber(b []byte, decimal byte) (n number, ok bool) {
	b, n.negative = sign(trimSpace(b))
	if len(b) <= money.SignificantDigits {
		n.Decimal, ok = parseShort(b, decimal)
		return n, ok
	}
	for _, c := range b {
		switch d := c - '0'; {
		case d <= 9:
			n.Digit(d)
		case c == decimal && !n.HasPoint():
			n.Point()
		default:
			return number{}, false
		}
	}
	return n, n.Count() > 0
}

// parseShort reads a number of so few bytes that all its digits count.
func parseShort(b []byte, decimal byte) (_ money.Decimal, ok bool) {
	v, digits, decimals := uint64(0), len(b), 0
	for i, c := range b {
		switch d := uint64(c - '0'); {
		case d <= 9:
			v = 10*v + d
		case c == decimal && digits == len(b):
			digits, decimals = len(b)-1, len(b)-1-i
		default:
			return money.Decimal{}, false
		}
	}
	return money.NewDecimal(v, decimals), digits > 0
}

// sign cuts one leading sign off.
func sign(b []byte) (rest []byte, neg bool) {
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		return b[1:], b[0] == '-'
	}
	return b, false
}

// parseAmount reads a decimal number, rounded to four decimals: totals are computed. The result is 0 unless the breach is 0.
func parseAmount(b []byte, decimal byte) (money.Amount, Breach) {
	n, ok := parseNumber(b, decimal)
	if !ok {
		return 0, BadAmount
	}
	v, fit := n.Rounded(money.AmountDecimals)
	switch {
	case fit != money.Exact:
		return 0, AmountOutOfRange
	case n.negative:
		return -money.Amount(v), 0
	}
	return money.Amount(v), 0
}
