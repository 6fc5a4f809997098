package preprocess

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/retail/retailtest"
)

// Six products at 1.00 to 6.00 on ten days: two days on which all cost a hundredfold do not count as what was sold before, and prices that
// rise by half do.
func TestSoundPrices(t *testing.T) {
	const codes, days = 6, 10
	on := func(other int64) func(int) int64 { // percent of the price, on days 3 and 7
		return func(day int) int64 {
			if day%4 == 3 {
				return other
			}
			return 100
		}
	}
	for name, factor := range map[string]func(day int) int64{
		"sound":         on(100),
		"dearer":        func(day int) int64 { return 100 + 50*int64(day/5) },
		"two of pence":  on(10_000),
		"two of pounds": on(1),
	} {
		p := &profiled{priced: true, codes: make([]counts, codes+1), sold: map[calendar.Date]*tally[soldOn]{}}
		var want [codes + 1]soldOn
		for day := range days {
			for code := 1; code <= codes; code++ {
				v := soldOn{int64(code) * money.QuantityScale, int64(code*code) * money.Scale / 100 * factor(day)}
				*p.soldOn(calendar.Date(15_000 + day)).at(uint64(code)) = v
				p.codes[code].lines++
				p.codes[code].quantity += v.quantity
				p.codes[code].money += v.money
				if f := factor(day); f >= 20 && f <= 500 {
					want[code].quantity += v.quantity
					want[code].money += v.money
				}
			}
		}
		for code, got := range p.soundPrices() {
			if got != sold(want[code].quantity, want[code].money) {
				t.Errorf("%s, code %d: %+v, want %+v", name, code, got, want[code])
			}
		}
	}
}

// Invoices are counted on each of their days, in one pass over the window or, where many invoices are known, in one for each day.
func TestInvoicesOfTheProfile(t *testing.T) {
	var sold []retailtest.Line
	want := map[string]counts{}
	for i := range 900 { // three lines an invoice, of one day and the next
		day, invoice := 1+(i/3+i%3/2)%6, i/3
		l := retailtest.Line{Invoice: fmt.Sprint(invoice), Code: "22", Quantity: money.QuantityScale, Price: "1", Country: "UK", Customer: fmt.Sprint(invoice % 7)}
		l.Time = fmt.Sprintf("2011-03-%02d 10:%02d", day, i%60)
		if invoice%7 == 0 {
			l.Customer = ""
		}
		sold = append(sold, l)
		c := want[l.Time[:10]]
		if c.lines++; i%3 != 1 {
			c.invoices++
			if l.Customer == "" {
				c.guests++
			}
		}
		want[l.Time[:10]] = c
	}
	delete(want, "2011-03-06") // the window ends before it
	end, err := calendar.ParseDate("2011-03-06")
	if err != nil {
		t.Fatal(err)
	}
	for name, room := range map[string]retail.Room{"one pass": {}, "many": {Texts: 1}, "some": {Texts: 600 * billedBytes, Guests: 3, Bounds: []string{"3"}}} {
		file, err := os.Create(filepath.Join(t.TempDir(), "spill"))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		room.Spill = file
		l := retail.NewLines(room)
		for some := range slices.Chunk(sold, 100) {
			if err := l.Append(retailtest.Batch(some)); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Seal(); err != nil {
			t.Fatal(err)
		}
		l.Cut(retail.Window{AsOf: end, Days: 30})
		p := &profiler{}
		if err := p.add(contract.WindowYearAgo, l); err != nil {
			t.Fatal(err)
		}
		hours, got := map[string]int64{}, map[string]counts{}
		for _, r := range p.rows {
			switch r.kind {
			case contract.ProfileDay:
				got[r.day] = counts{lines: r.lines, invoices: r.invoices, guests: r.guests}
			case contract.ProfileHour:
				hours[r.day] += r.invoices
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s: got %+v\nwant %+v", name, got, want)
		}
		for day, n := range hours {
			if n != want[day].invoices {
				t.Errorf("%s: hours of %s have %d invoices, want %d", name, day, n, want[day].invoices)
			}
		}
	}
}
