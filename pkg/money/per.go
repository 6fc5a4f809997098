package money

import "math/bits"

// perPrice is how many millionths × thousandths are one ten-thousandth of a whole.
const perPrice = PriceScale / Scale * QuantityScale

// Per returns m / q, rounded half away from zero to the millionth. q must not be 0.
func (m Amount) Per(q Quantity) (Price, error) {
	hi, lo := bits.Mul64(magnitude(int64(m)), perPrice)
	by := magnitude(int64(q))
	if hi >= by {
		return 0, ErrOverflow
	}
	v, rest := bits.Div64(hi, lo, by)
	if rest >= by-rest {
		v++
	}
	if v > Max {
		return 0, ErrOverflow
	}
	if (m < 0) != (q < 0) {
		return -Price(v), nil
	}
	return Price(v), nil
}
