package money

import (
	"errors"
	"math/bits"
)

// Rate is what one unit of a currency is worth in another, in units of 10^−12 of it: 0.85 is 850,000,000,000.
type Rate int64

// RateDecimals is how many decimals a rate has, and rateScale how many Rate make one.
const (
	RateDecimals = 12
	rateScale    = 1_000_000_000_000
)

// ParseRate reads a decimal number above zero, of at most twelve decimals and below a million.
func ParseRate(s string) (Rate, error) {
	v, err := parse("rate", s, RateDecimals)
	if err == nil && v <= 0 {
		err = errors.New("parse rate " + s + ": it must be above zero")
	}
	return Rate(v), err
}

// Amount returns what an amount is worth at the rate, rounded half away from zero to the ten-thousandth.
func (r Rate) Amount(m Amount) (Amount, error) {
	v, err := r.of(int64(m))
	return Amount(v), err
}

// Price returns what a price is at the rate, rounded half away from zero to the millionth.
func (r Rate) Price(p Price) (Price, error) {
	v, err := r.of(int64(p))
	return Price(v), err
}

// of returns v × r in the unit of v.
func (r Rate) of(v int64) (int64, error) {
	hi, lo := bits.Mul64(magnitude(v), magnitude(int64(r)))
	if hi >= rateScale {
		return 0, ErrOverflow
	}
	worth, rest := bits.Div64(hi, lo, rateScale)
	if rest >= rateScale/2 {
		worth++
	}
	if worth > Max {
		return 0, ErrOverflow
	}
	if v < 0 {
		return -int64(worth), nil
	}
	return int64(worth), nil
}
