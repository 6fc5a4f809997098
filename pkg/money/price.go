package money

import "math/bits"

// Price is what one unit of something costs, in millionths of the currency's unit: 2.55 is 2,550,000. Fuel and screws have
// prices of a fraction of a penny.
type Price int64

// Quantity is how much of something there is, in thousandths: 6 items are 6,000, and 0.684 kg are 684.
type Quantity int64

// Decimals that each has, and how many of them make one.
const (
	AmountDecimals   = 4
	PriceDecimals    = 6
	QuantityDecimals = 3

	PriceScale    = 1_000_000
	QuantityScale = 1_000
)

// perAmount is how many millionths × thousandths are one ten-thousandth.
const perAmount = PriceScale * QuantityScale / Scale

// Times returns p × q, rounded half away from zero to the ten-thousandth.
func (p Price) Times(q Quantity) (Amount, error) {
	hi, lo := bits.Mul64(magnitude(int64(p)), magnitude(int64(q)))
	if hi >= perAmount {
		return 0, ErrOverflow
	}
	var v uint64
	if hi == 0 && lo <= 1<<64-1-perAmount/2 {
		v = (lo + perAmount/2) / perAmount // by a constant: several times faster
	} else {
		var rest uint64
		if v, rest = bits.Div64(hi, lo, perAmount); rest >= perAmount/2 {
			v++
		}
	}
	if v > Max {
		return 0, ErrOverflow
	}
	if (p < 0) != (q < 0) {
		return -Amount(v), nil
	}
	return Amount(v), nil
}

// Float returns the price in units of the currency.
func (p Price) Float() float64 { return float64(p) / PriceScale }

// String writes the price with two to six decimals: "2.55", "1.45912".
func (p Price) String() string { return text(int64(p), PriceDecimals, 2) }

// ParsePrice reads what String writes, as [Parse] does, with at most six decimals.
func ParsePrice(s string) (Price, error) {
	v, err := parse("price", s, PriceDecimals)
	return Price(v), err
}

// Float returns the quantity in units.
func (q Quantity) Float() float64 { return float64(q) / QuantityScale }

// String writes the quantity with the decimals that it has: "6", "0.684".
func (q Quantity) String() string { return text(int64(q), QuantityDecimals, 0) }

// ParseQuantity reads what String writes, as [Parse] does, with at most three decimals.
func ParseQuantity(s string) (Quantity, error) {
	v, err := parse("quantity", s, QuantityDecimals)
	return Quantity(v), err
}
