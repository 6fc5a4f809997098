package preprocess

import (
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/drift"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/retail"
)

// profiler collects the rows of the profile table, window by window.
type profiler struct {
	rows   []profileRow
	before []drift.Sold // by code, of the window before
}

// profileRow is a row of the profile table.
type profileRow struct {
	window, kind, day, item string
	counts
	priced int64
	index  float64 // 0 for none
}

// add takes the lines of the window that they are cut to; every window is one of the same lines. Nothing depends on their order.
func (p *profiler) add(window string, l *retail.Lines) error {
	all := newProfiled(window, l)
	err := l.Each(func() (func([]retail.Line), func()) {
		mine := newProfiled(window, l)
		return mine.see, func() { all.merge(mine) }
	})
	if err != nil {
		return err
	}
	var hours tally[counts]
	var week [7 * 24]counts
	err = all.eachInvoice(l, func(key uint64, v billed) {
		day := keyDay(key)
		hour := (v.time - day.Start()) / (calendar.DayMicros / 24)
		d := all.days.at(dayKey(day, 0))
		for _, c := range []*counts{d, all.places.at(dayKey(day, v.country)), hours.at(dayKey(day, uint32(hour))), &week[int64(day.Weekday())*24+hour]} {
			c.invoices++
		}
		if v.guest {
			d.guests++
		}
	})
	if err != nil {
		return err
	}
	start := len(p.rows)
	row := func(kind, day, item string, c counts) {
		p.rows = append(p.rows, profileRow{window: window, kind: kind, day: day, item: item, counts: c})
	}
	for i, key := range all.days.keys {
		row(contract.ProfileDay, keyDay(key).String(), "", all.days.values[i])
	}
	p.price(window, all, p.rows[start:])
	for i, key := range all.places.keys {
		row(contract.ProfileCountry, keyDay(key).String(), l.Countries.String(uint32(key)), all.places.values[i])
	}
	for i, key := range hours.keys {
		row(contract.ProfileHour, keyDay(key).String(), strconv.Itoa(int(uint32(key))), hours.values[i])
	}
	for code, c := range all.codes {
		if c.lines > 0 {
			row(contract.ProfileCode, "", l.Codes.String(uint32(code)), c)
		}
	}
	for hour, c := range week {
		if c.invoices > 0 {
			row(contract.ProfileHourOfWeek, "", strconv.Itoa(hour), c)
		}
	}
	slices.SortFunc(p.rows[start:], compareRows)
	return nil
}

// price keeps the prices of the window before, and gives every day of the last window, one of rows each, its index over them.
func (p *profiler) price(window string, all *profiled, rows []profileRow) {
	switch window {
	case contract.WindowBefore:
		p.before = all.soundPrices()
	case contract.WindowNow:
		all.eachPriced(p.before, func(day calendar.Date, index float64, n int) {
			if n > 0 {
				r := &rows[all.days.of(dayKey(day, 0))]
				r.priced, r.index = int64(n), index
			}
		})
	}
}

// eachPriced shows each day's price index over what was sold before, by code, and the number of products that it rests on.
func (p *profiled) eachPriced(before []drift.Sold, see func(day calendar.Date, index float64, n int)) {
	var was, is []drift.Sold
	byCode := make([]soldOn, len(p.codes))
	for _, day := range slices.Sorted(maps.Keys(p.sold)) {
		clear(byCode)
		for i, code := range p.sold[day].keys {
			byCode[code] = p.sold[day].values[i]
		}
		was, is = was[:0], is[:0]
		for code, b := range before { // in their order, on which sums of floating-point numbers depend
			if v := byCode[code]; v.quantity > 0 && b.Quantity > 0 && b.Money > 0 {
				was, is = append(was, b), append(is, sold(v.quantity, v.money))
			}
		}
		index, n := drift.Fisher(was, is)
		see(day, index, n)
	}
}

// soundPrices returns what was sold, by code, but for the days whose prices are in another unit than on most days: they were found when they
// were the last window's, and sound days must not be measured by them.
func (p *profiled) soundPrices() []drift.Sold {
	sums, daily := make([]soldOn, len(p.codes)), make([][]float64, len(p.codes))
	for code, c := range p.codes {
		if code != 0 && c.money > 0 && c.quantity > 0 {
			sums[code] = soldOn{c.quantity, c.money}
		}
	}
	for _, on := range p.sold {
		for i, code := range on.keys {
			if v := sold(on.values[i].quantity, on.values[i].money); code != 0 {
				daily[code] = append(daily[code], v.Money/v.Quantity)
			}
		}
	}
	usual := make([]drift.Sold, len(p.codes))
	for code, prices := range daily {
		if len(prices) > 0 {
			slices.Sort(prices)
			quantity := sold(sums[code].quantity, 0).Quantity
			usual[code] = drift.Sold{Quantity: quantity, Money: quantity * prices[len(prices)/2]}
		}
	}
	p.eachPriced(usual, func(day calendar.Date, index float64, n int) {
		if !drift.OtherUnit(index, int64(n)) {
			return
		}
		on := p.sold[day]
		for i, code := range on.keys {
			sums[code].quantity -= on.values[i].quantity
			sums[code].money -= on.values[i].money
		}
	})
	before := make([]drift.Sold, len(p.codes))
	for code, s := range sums {
		before[code] = sold(s.quantity, s.money)
	}
	return before
}

func sold(quantity, amount int64) drift.Sold {
	return drift.Sold{Quantity: float64(quantity) / money.QuantityScale, Money: float64(amount) / money.Scale}
}

func compareRows(a, b profileRow) int {
	for _, c := range [][2]string{{a.kind, b.kind}, {a.day, b.day}, {a.item, b.item}} {
		if c[0] != c[1] {
			if c[0] < c[1] {
				return -1
			}
			return 1
		}
	}
	return 0
}

// table returns the rows as the profile table.
func (p *profiler) table() *frame.Frame {
	f := frame.New(contract.Profile.Columns, len(p.rows))
	window, kind, day, item, index := f.Strings("window"), f.Strings("kind"), f.Strings("day"), f.Strings("item"), f.Floats("price_index")
	lines, invoices, guests, returns := f.Ints("lines"), f.Ints("invoices"), f.Ints("guests"), f.Ints("returns")
	repeated, quantity, amount, priced := f.Ints("repeated"), f.Ints("quantity"), f.Ints("money"), f.Ints("priced_codes")
	for i, r := range p.rows {
		window[i], kind[i], day[i], item[i] = r.window, r.kind, r.day, r.item
		lines[i], invoices[i], guests[i], returns[i] = r.lines, r.invoices, r.guests, r.returns
		repeated[i], quantity[i], amount[i], priced[i] = r.repeated, r.quantity, r.money, r.priced
		if index[i] = r.index; r.index == 0 {
			index[i] = math.NaN()
		}
	}
	return f
}
