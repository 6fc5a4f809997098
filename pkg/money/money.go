// Package money holds exact amounts of money.
package money

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strconv"
)

// Amount is an amount in ten-thousandths of the currency's unit: 4.5 is 45,000. Sums of money are exact.
type Amount int64

// Scale is how many Amount make one unit of the currency.
const Scale = 10_000

// ErrOverflow says that an amount does not fit decimal128(18,4).
var ErrOverflow = errors.New("amount out of range")

// Max is the largest absolute value of decimal128(18,4).
const Max = 999_999_999_999_999_999

// Times returns quantity × price, exactly.
func (m Amount) Times(quantity int64) (Amount, error) {
	neg := (m < 0) != (quantity < 0)
	hi, lo := bits.Mul64(abs(int64(m)), abs(quantity))
	if hi != 0 || lo > Max {
		return 0, ErrOverflow
	}
	if neg {
		return -Amount(lo), nil
	}
	return Amount(lo), nil
}

// Plus returns m + n, exactly.
func (m Amount) Plus(n Amount) (Amount, error) {
	s := m + n
	if s > Max || s < -Max {
		return 0, ErrOverflow
	}
	return s, nil
}

func abs(v int64) uint64 {
	if v < 0 {
		return uint64(-(v + 1)) + 1
	}
	return uint64(v)
}

// Float returns the amount in units of the currency.
func (m Amount) Float() float64 { return float64(m) / Scale }

// String writes the amount with exactly four decimals: "8309328.5900".
func (m Amount) String() string {
	u := abs(int64(m))
	s := fmt.Sprintf("%d.%04d", u/Scale, u%Scale)
	if m < 0 {
		return "-" + s
	}
	return s
}

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
	bad := func(why string) (Amount, error) { return 0, fmt.Errorf("parse money %q: %s", s, why) }
	rest, neg := s, false
	if rest != "" && (rest[0] == '-' || rest[0] == '+') {
		neg, rest = rest[0] == '-', rest[1:]
	}
	var v int64
	digits, decimals, point := 0, 0, false
	for _, c := range []byte(rest) {
		switch {
		case c == '.' && !point:
			point = true
		case c < '0' || c > '9':
			return bad("not a decimal number")
		default:
			if point {
				if decimals++; decimals > 4 {
					if c != '0' {
						return bad("more than four decimals")
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
	for ; decimals < 4; decimals++ {
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
	return Amount(v), nil
}
