package record

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/money"
)

// drawLine draws a line of few texts, so that neighbours share some.
func drawLine(t *rapid.T, record int64) Line {
	text := func(name string, of ...string) []byte { return []byte(rapid.SampledFrom(of).Draw(t, name)) }
	l := Line{
		Record: record, Time: rapid.Int64Range(-2, 2).Draw(t, "day")*calendar.DayMicros + rapid.SampledFrom([]int64{0, 0, 1}).Draw(t, "time"),
		Quantity:  money.Quantity(rapid.Int64Range(-maxQuantity, maxQuantity).Draw(t, "quantity")),
		Price:     money.Price(rapid.Int64Range(-99_999_999, 99_999_999).Draw(t, "price")),
		HasAmount: rapid.Bool().Draw(t, "has amount"),
		Invoice:   text("invoice", "1", "2", "C3"), Code: text("code", "", "22", "23"), Description: text("description", "", "HEART £"),
		Customer: text("customer", "", "7", "8"), Country: text("country", "", "UK"), Region: text("region", "", "", "Kent"), Status: text("status", "", "paid", "refunded"),
	}
	l.Amount, _ = l.Price.Times(l.Quantity)
	if l.HasAmount {
		l.Amount = money.Amount(rapid.Int64Range(-money.Max, money.Max).Draw(t, "amount"))
	}
	return l
}

// checkSame holds what a line is said to share with the line before it in its run to be equal there.
func checkSame(t *rapid.T, same Same, before *Line, l *Line) {
	for bit, texts := range map[Same][][2][]byte{
		SameInvoice: {{before.Invoice, l.Invoice}}, SameCustomer: {{before.Customer, l.Customer}}, SameStatus: {{before.Status, l.Status}},
		SameCountry: {{before.Country, l.Country}, {before.Region, l.Region}},
	} {
		equal := true
		for _, pair := range texts {
			equal = equal && string(pair[0]) == string(pair[1])
		}
		if got := same&bit != 0; got != equal {
			t.Errorf("same & %d is %v, the texts %q", bit, got, texts)
		}
	}
}

// TestRunsBringLinesBack: a block gives the lines back that went into it, day after day, line totals and statuses too, and says what
// neighbours share; cut anywhere, a run says that it is damaged.
func TestRunsBringLinesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b Block
		e := rowEncoder{b: &b}
		var want, got []Line
		for i := range rapid.IntRange(1, 20).Draw(t, "lines") {
			l := drawLine(t, int64(i+1))
			want = append(want, l)
			e.add(&l)
		}
		b.finish(0, 0)
		for _, r := range b.Runs {
			first := len(got)
			keep := func(l *Line) error {
				c := *l
				if len(got) > first {
					checkSame(t, l.Same, &got[len(got)-1], l)
				} else if l.Same != 0 {
					t.Errorf("the first line of a run shares %b", l.Same)
				}
				c.Same = 0
				for _, text := range []*[]byte{&c.Invoice, &c.Code, &c.Description, &c.Customer, &c.Country, &c.Region, &c.Status} {
					*text = append([]byte{}, *text...)
				}
				got = append(got, c)
				return nil
			}
			if err := r.Each(keep); err != nil {
				t.Fatal(err)
			}
			r.Data = r.Data[:rapid.IntRange(0, len(r.Data)-1).Draw(t, "cut")]
			if err := r.Each(func(*Line) error { return nil }); !errors.Is(err, errRun) {
				t.Errorf("cut to %d bytes: %v", len(r.Data), err)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("lines (-want +got):\n%s", diff)
		}
	})
}
