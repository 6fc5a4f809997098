// Package money holds exact amounts of money, and the prices and quantities that they are made of.
//
//	price, err := money.ParsePrice("1.45912")     // of a litre
//	quantity, err := money.ParseQuantity("40.37")
//	amount, err := price.Times(quantity)          // 58.9047
//
// All three are whole numbers of a small unit, so sums are exact. A price times a quantity has up to nine decimals and is
// rounded to the ten-thousandth, once for each line.
package money

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"
)

// Amount is an amount in ten-thousandths of the currency's unit: 4.5 is 45,000. Sums of money are exact.
type Amount int64

// Scale is how many Amount make one unit of the currency.
const Scale = 10_000

// ErrOverflow says that a number does not fit its decimal of 18 digits.
var ErrOverflow = errors.New("amount out of range")

// Max is the largest absolute value of an Amount, a Price and a Quantity: 18 digits.
const Max = 999_999_999_999_999_999

// Plus returns m + n, exactly.
func (m Amount) Plus(n Amount) (Amount, error) {
	s := m + n
	if s > Max || s < -Max {
		return 0, ErrOverflow
	}
	return s, nil
}

// Part returns the share of m that part has in whole: m × part / whole, rounded half away from zero. |part| is at most
// |whole|, which is not 0.
func (m Amount) Part(part, whole Quantity) Amount {
	hi, lo := bits.Mul64(magnitude(int64(m)), magnitude(int64(part)))
	by := magnitude(int64(whole))
	v, rest := bits.Div64(hi, lo, by)
	if rest >= by-rest {
		v++
	}
	if (m < 0) != ((part < 0) != (whole < 0)) {
		return -Amount(v)
	}
	return Amount(v)
}

func magnitude(v int64) uint64 {
	if v < 0 {
		return -uint64(v)
	}
	return uint64(v)
}

// Float returns the amount in units of the currency.
func (m Amount) Float() float64 { return float64(m) / Scale }

// String writes the amount with exactly four decimals: "8309328.5900".
func (m Amount) String() string { return text(int64(m), 4, 4) }

// MarshalJSON writes the amount as a decimal string with four decimals.
func (m Amount) MarshalJSON() ([]byte, error) { return []byte(strconv.Quote(m.String())), nil }

// UnmarshalJSON reads what MarshalJSON wrote.
func (m *Amount) UnmarshalJSON(text []byte) error {
	s, err := strconv.Unquote(string(text))
	if err != nil {
		return fmt.Errorf("parse money %s: want a string", text)
	}
	v, err := Parse(s)
	if err != nil {
		return err
	}
	*m = v
	return nil
}

// Parse reads a decimal number of at most four decimals: "2.55", "-11062.06", "0". It takes no exponent, no sign but
// one leading minus or plus, no NaN, and no more than 14 digits before the point.
func Parse(s string) (Amount, error) {
	v, err := parse("money", s, 4)
	return Amount(v), err
}
