package preprocess

import (
	"fmt"
	"math"

	"github.com/clientele/clientele/pkg/finding"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/retail"
)

// The limits of the finding about prices that are totals, said in words by [finding.Specs].
const (
	leastSlope = 0.7 // of ln price over ln quantity, within products
	mostSlope  = 1.3
	leastFit   = 0.5 // of the variance of ln price, that ln quantity explains
	leastLines = 100 // of products that are sold in several quantities
)

// scatter is what the lines of a product have: sums of ln quantity (x) and ln price (y) in thousandths, which are exact in any order.
type scatter struct {
	n, x, y, xx, xy, yy int64

	worth money.Amount
}

func (s *scatter) add(o *scatter) {
	s.n, s.x, s.y, s.worth = s.n+o.n, s.x+o.x, s.y+o.y, s.worth+o.worth
	s.xx, s.xy, s.yy = s.xx+o.xx, s.xy+o.xy, s.yy+o.yy
}

// totalPrices finds that the prices of products grow with their quantities, by least squares within products: then the column holds what
// the line costs, and is multiplied by the quantity once more. A price for one is the same at any quantity, or lower for many.
func (s *looked) totalPrices() ([]finding.Finding, error) {
	l := s.lines
	codes := l.Codes.Keys.Len()
	all := make([]scatter, codes)
	err := l.Scan(retail.WorthFields, func() (func([]retail.Line), func()) {
		mine, logs := make([]scatter, codes), &logs{}
		see := func(lines []retail.Line) {
			for i := range lines {
				r := &lines[i]
				key := l.Codes.Key(r.Code)
				if key == 0 || r.Quantity <= 0 || r.Price <= 0 {
					continue
				}
				x, y := logs.thousandths(r.Quantity), logs.thousandths(r.Price)
				mine[key].add(&scatter{1, x, y, x * x, x * y, y * y, s.plan.Worth(r)})
			}
		}
		return see, func() {
			for key := range mine {
				all[key].add(&mine[key])
			}
		}
	})
	if err != nil {
		return nil, err
	}
	var about sum
	var within, across, prices float64
	for key := range all {
		c := &all[key]
		n := float64(c.n)
		if squares := float64(c.xx) - float64(c.x)*float64(c.x)/n; c.n > 1 && squares > 1 { // 1 is rounding
			within += squares
			across += float64(c.xy) - float64(c.x)*float64(c.y)/n
			prices += float64(c.yy) - float64(c.y)*float64(c.y)/n
			about.add(sum{c.n, c.worth})
		}
	}
	if about.lines < leastLines || across < leastSlope*within || across > mostSlope*within || across*across < leastFit*within*prices {
		return nil, nil
	}
	return []finding.Finding{{
		Code: finding.PriceIsTotal, Lines: about.lines, Money: about.amount, Stops: true,
		Sentence: fmt.Sprintf("Prices grow with quantities: twice as many of a product have %.1f times the price. The price seems to be the line's total, and is multiplied by the quantity.",
			math.Exp2(across/within)),
		What: "If it is the total, say so: --columns=amount=COLUMN,price= with the column's name, in a root of its own. If it is the price of one, accept " + finding.PriceIsTotal + ".",
	}}, nil
}

// logs remembers logarithms: a shop has few quantities and prices.
type logs [1 << 10]struct{ of, log int64 }

// thousandths returns 1,000 ln v, rounded, of a number above zero.
func (l *logs) thousandths(v int64) int64 {
	e := &l[mixed(uint64(v))%uint64(len(l))]
	if e.of != v {
		e.of, e.log = v, int64(math.Round(1000*math.Log(float64(v))))
	}
	return e.log
}
