package retailtest

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/clientele/clientele/pkg/money"
)

// AsOf is the day after the last one that [Draw] uses.
const AsOf = "2011-06-01"

// Draw draws the lines of a small shop where everything happens that rules and features care about: few customers, codes
// and times, so that lines meet; cancellations before, at and after their sales, at other prices, in part and twice; equal
// lines; spellings that compare equal; guests, fees, prices and quantities of zero and below; weights, and line totals that
// are not quantity × price.
func Draw(t *rapid.T) []Line {
	n := rapid.IntRange(0, 60).Draw(t, "lines")
	crowded := rapid.Bool().Draw(t, "crowded") // everything by one customer, of one code
	codes := []string{"22", "22a", "22A ", "POST", "gift_0001_40", "85123", "M"}
	descriptions := []string{"", "HEART", "heart", "Next Day Carriage", "zinc box"}
	lines := make([]Line, 0, n)
	first := time.Date(2011, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		label := func(s string) string { return fmt.Sprintf("%s of line %d", s, i) }
		if len(lines) > 0 && rapid.IntRange(0, 9).Draw(t, label("copy")) == 0 {
			lines = append(lines, rapid.SampledFrom(lines).Draw(t, label("copied")))
			continue
		}
		day := rapid.SampledFrom([]int{0, 1, 30, 31, 89, 90, 120, 149, 150}).Draw(t, label("day"))
		minute := rapid.SampledFrom([]int{0, 539, 540, 600, 1019, 1020, 1439}).Draw(t, label("minute"))
		l := Line{
			Invoice:     rapid.SampledFrom([]string{"1", "2", "3", "4 ", "5", "A1"}).Draw(t, label("invoice")),
			Code:        rapid.SampledFrom(codes).Draw(t, label("code")),
			Description: rapid.SampledFrom(descriptions).Draw(t, label("description")),
			Quantity:    quantity(t, label("quantity"), -1, 6),
			Time:        first.Add(time.Duration(day*24*60+minute) * time.Minute).Format("2006-01-02 15:04"),
			Price:       rapid.SampledFrom([]string{"0", "1", "1", "2.55", "0.0001", "-1", "1.459127"}).Draw(t, label("price")),
			Customer:    rapid.SampledFrom([]string{"", "7", "7", "70", "8"}).Draw(t, label("customer")),
			Country:     rapid.SampledFrom([]string{"", "UK", "EIRE"}).Draw(t, label("country")),
			Region:      rapid.SampledFrom([]string{"", "", "Kent"}).Draw(t, label("region")),
		}
		if crowded {
			l.Customer, l.Code, l.Time = "7", "22", l.Time[:len("2011-01-")]+"01 10:00"
		}
		if rapid.IntRange(0, 2).Draw(t, label("cancels")) == 0 {
			l.Invoice = rapid.SampledFrom([]string{"C6", "c6", "C7", "C8"}).Draw(t, label("cancellation"))
			l.Quantity = quantity(t, label("cancelled quantity"), -9, 1)
		}
		if worth := l.Worth(); worth != 0 && rapid.IntRange(0, 5).Draw(t, label("has a total")) == 0 {
			total := money.Amount(rapid.SampledFrom([]int64{0, 1, 33_333, 100_000}).Draw(t, label("total")))
			if worth < 0 {
				total = -total
			}
			l.Total = total.String()
		}
		lines = append(lines, l)
	}
	return lines
}

// quantity draws whole units, and every now and then kilograms.
func quantity(t *rapid.T, label string, least, most int64) money.Quantity {
	if rapid.IntRange(0, 4).Draw(t, label+" by weight") == 0 {
		return money.Quantity(rapid.Int64Range(least*money.QuantityScale, most*money.QuantityScale).Draw(t, label))
	}
	return money.Quantity(rapid.Int64Range(least, most).Draw(t, label)) * money.QuantityScale
}
