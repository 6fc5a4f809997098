package money

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
)

// SignificantDigits is how many digits of a number count. Binary floating point keeps any number of 15 digits, and what it
// writes behind them is noise: 29.81 becomes 29.810000000000002.
const SignificantDigits = 15

// fullDigits is the least number of SignificantDigits digits.
const fullDigits = 100_000_000_000_000

// Decimal is a number on its way from text, digit after digit, rounded half up to [SignificantDigits]. The zero value is a
// number without a digit.
//
//	var d money.Decimal
//	for … { d.Digit(c - '0') }     // d.Point() at the decimal separator
//	v, fit := d.Scaled(money.PriceDecimals)
type Decimal struct {
	digits   uint64
	decimals int // of digits; below zero where digits before the point did not count
	count    int
	point    bool
	full     bool // the first digit too many has come
}

// NewDecimal returns digits × 10^−decimals, of at most [SignificantDigits] digits.
func NewDecimal(digits uint64, decimals int) Decimal {
	return Decimal{digits: digits, decimals: decimals, count: 1}
}

// Digit adds a digit, 0 to 9.
func (d *Decimal) Digit(c byte) {
	d.count++
	if d.digits < fullDigits {
		d.digits = 10*d.digits + uint64(c)
		if d.point {
			d.decimals++
		}
		return
	}
	if !d.full && c >= 5 {
		d.digits++
	}
	if d.full = true; !d.point {
		d.decimals--
	}
}

// Point says that the digits to come are decimals.
func (d *Decimal) Point() { d.point = true }

// HasPoint reports whether Point was called.
func (d Decimal) HasPoint() bool { return d.point }

// Count returns how many digits there were.
func (d Decimal) Count() int { return d.count }

// Fit says whether a decimal is a whole number of some unit.
type Fit uint8

// The answers of [Decimal.Scaled].
const (
	Exact    Fit = iota
	TooFine      // it has more decimals
	TooLarge     // it has more than 18 digits, or its decimals are too many and it is large
)

// Scaled returns the number × 10^decimals where that is a whole number of at most 18 digits, else 0.
func (d Decimal) Scaled(decimals int) (int64, Fit) {
	v, shift := d.digits, decimals-d.decimals
	for ; shift < 0 && v > 0; shift++ {
		if v%10 != 0 {
			return 0, TooFine
		}
		v /= 10
	}
	if shift > 0 && v > 0 {
		if shift >= len(powers) {
			return 0, TooLarge
		}
		var over uint64
		if over, v = bits.Mul64(v, powers[shift]); over > 0 {
			return 0, TooLarge
		}
	}
	if v > Max {
		return 0, TooLarge
	}
	return int64(v), Exact
}

// powers of ten, as many as an int64 has.
var powers = func() (p [19]uint64) {
	p[0] = 1
	for i := range len(p) - 1 {
		p[i+1] = 10 * p[i]
	}
	return p
}()

// Rounded returns the number × 10^decimals, rounded half up, where that has at most 18 digits.
func (d Decimal) Rounded(decimals int) (int64, Fit) {
	for d.decimals > decimals+1 && d.digits > 0 {
		// The decimal behind the last wanted one decides, whatever comes after it.
		d.digits /= 10
		d.decimals--
	}
	if d.decimals == decimals+1 {
		d.digits = (d.digits + 5) / 10
		d.decimals--
	}
	return d.Scaled(decimals)
}

// parse reads a decimal number of at most 18 digits, exactly.
func parse(what, s string, decimals int) (int64, error) {
	bad := func(why string) (int64, error) { return 0, fmt.Errorf("parse %s %q: %s", what, s, why) }
	rest, neg := s, false
	if rest != "" && (rest[0] == '-' || rest[0] == '+') {
		neg, rest = rest[0] == '-', rest[1:]
	}
	var v int64
	digits, after, point := 0, 0, false
	for _, c := range []byte(rest) {
		switch {
		case c == '.' && !point:
			point = true
		case c < '0' || c > '9':
			return bad("not a decimal number")
		default:
			if point {
				if after++; after > decimals {
					if c != '0' {
						return bad("more than " + [...]string{3: "three", 4: "four", 6: "six", RateDecimals: "twelve"}[decimals] + " decimals")
					}
					continue
				}
			}
			digits++
			if v > (math.MaxInt64-9)/10 {
				return bad("out of range")
			}
			v = v*10 + int64(c-'0')
		}
	}
	if digits == 0 {
		return bad("not a decimal number")
	}
	for ; after < decimals; after++ {
		if v > math.MaxInt64/10 {
			return bad("out of range")
		}
		v *= 10
	}
	if v > Max {
		return bad("out of range")
	}
	if neg {
		v = -v
	}
	return v, nil
}

// text writes v × 10^−decimals with at least so many decimals, and no zeros after the others.
func text(v int64, decimals, least int) string {
	var b [24]byte
	out := b[:0]
	if v < 0 {
		out = append(out, '-')
	}
	digits := strconv.AppendUint(nil, magnitude(v), 10)
	for len(digits) <= decimals {
		digits = append([]byte{'0'}, digits...)
	}
	point := len(digits) - decimals
	for decimals > least && digits[len(digits)-1] == '0' {
		digits, decimals = digits[:len(digits)-1], decimals-1
	}
	out = append(out, digits[:point]...)
	if decimals > 0 {
		out = append(append(out, '.'), digits[point:]...)
	}
	return string(out)
}
