package record

import (
	"github.com/clientele/clientele/pkg/money"
)

// maxQuantity bounds a quantity: far above any order, and small enough that |quantity| has an exact float64.
const maxQuantity = 1_000_000_000_000

// parseQuantity reads a whole number with an optional sign; a point and zeros after it are accepted ("6.0"). It accepts no
// exponent, no NaN, no separators of thousands. The result is 0 unless the breach is 0.
func parseQuantity(b []byte, decimal byte) (int64, Breach) {
	b, neg := sign(trimSpace(b))
	var v int64
	digits, point, whole, fits := 0, false, true, true
	for _, c := range b {
		d := c - '0'
		switch {
		case c == decimal && !point:
			point = true
		case d > 9:
			return 0, BadQuantity
		case point:
			digits++
			whole = whole && d == 0
		default:
			digits++
			if v = v*10 + int64(d); v > maxQuantity {
				v, fits = maxQuantity, false
			}
		}
	}
	switch {
	case digits == 0:
		return 0, BadQuantity
	case !whole:
		return 0, FractionalQuantity
	case !fits:
		return 0, AmountOutOfRange
	case neg:
		return -v, 0
	}
	return v, 0
}

// parsePrice reads what [money.Parse] reads, from bytes, with blanks around it and the given decimal separator.
// The result is 0 unless the breach is 0.
func parsePrice(b []byte, decimal byte) (money.Amount, Breach) {
	b, neg := sign(trimSpace(b))
	var v int64
	digits, decimals, point, exact, fits := 0, 0, false, true, true
	for _, c := range b {
		d := c - '0'
		switch {
		case c == decimal && !point:
			point = true
			continue
		case d > 9:
			return 0, BadPrice
		case point && decimals == 4:
			digits++
			exact = exact && d == 0
			continue
		case point:
			decimals++
		}
		digits++
		if v > money.Max/10 {
			v, fits = 0, false
		}
		v = v*10 + int64(d)
	}
	for ; decimals < 4; decimals++ {
		if v > money.Max/10 {
			v, fits = 0, false
		}
		v *= 10
	}
	switch {
	case digits == 0:
		return 0, BadPrice
	case !exact:
		return 0, PriceDecimals
	case !fits:
		return 0, AmountOutOfRange
	case neg:
		return -money.Amount(v), 0
	}
	return money.Amount(v), 0
}

// sign cuts one leading sign off.
func sign(b []byte) (rest []byte, neg bool) {
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		return b[1:], b[0] == '-'
	}
	return b, false
}
