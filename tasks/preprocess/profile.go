package preprocess

import (
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
	before map[string]drift.Sold // by code, of the window before
}

// profileRow is a row of the profile table.
type profileRow struct {
	window, kind, day, item           string
	lines, invoices, guests, returns  int64
	repeated, quantity, money, priced int64
	index                             float64 // 0 for none
}

func newProfiler() *profiler { return &profiler{} }

// lineKey is a line as it was delivered.
type lineKey struct {
	time, quantity, price, amount                 int64
	invoice, code, description, customer, country uint32
}

// invoiceKey is an invoice of a day.
type invoiceKey struct {
	day     calendar.Date
	invoice uint32
}

type invoice struct {
	time    int64 // of its first line
	country uint32
	guest   bool
}

type dayCode struct {
	day  calendar.Date
	code uint32
}

// add takes the lines of a window, which are sealed: their texts are numbered in byte order. Nothing depends on the order of the lines.
func (p *profiler) add(window string, l *retail.Lines) {
	days, codes, dayCodes := map[calendar.Date]*profileRow{}, map[uint32]*profileRow{}, map[dayCode]*drift.Sold{}
	countries := map[dayCode]*profileRow{}
	invoices := make(map[invoiceKey]invoice, l.Len()/8)
	seen := make(map[lineKey]struct{}, l.Len())
	for i, t := range l.Time {
		day := calendar.DateOf(t)
		d := rowOf(days, day, window, contract.ProfileDay)
		c := rowOf(codes, l.Code[i], window, contract.ProfileCode)
		country := rowOf(countries, dayCode{day, l.Country[i]}, window, contract.ProfileCountry)
		for _, r := range []*profileRow{d, c, country} {
			r.add(l, i)
		}
		key := lineKey{t, l.Quantity[i], l.Price[i], l.Amount[i], l.Invoice[i], l.Code[i], l.Description[i], l.Customer[i], l.Country[i]}
		if _, again := seen[key]; again {
			d.repeated++
		}
		seen[key] = struct{}{}
		at := invoiceKey{day, l.Invoice[i]}
		v, ok := invoices[at]
		if !ok {
			v = invoice{time: t, country: l.Country[i], guest: true}
		}
		v.time, v.country, v.guest = min(v.time, t), min(v.country, l.Country[i]), v.guest && l.Customer[i] == 0
		invoices[at] = v
		if window == contract.WindowNow && l.Amount[i] > 0 && l.Quantity[i] > 0 {
			s := dayCodes[dayCode{day, l.Code[i]}]
			if s == nil {
				s = &drift.Sold{}
				dayCodes[dayCode{day, l.Code[i]}] = s
			}
			s.Quantity += float64(l.Quantity[i]) // whole numbers: exact
			s.Money += float64(l.Amount[i])
		}
	}
	hours, week := map[dayCode]*profileRow{}, map[uint32]*profileRow{}
	for at, v := range invoices {
		hour := uint32((v.time - at.day.Start()) / (calendar.DayMicros / 24))
		h := rowOf(hours, dayCode{at.day, hour}, window, contract.ProfileHour)
		w := rowOf(week, uint32(at.day.Weekday())*24+hour, window, contract.ProfileHourOfWeek)
		d, c := days[at.day], countries[dayCode{at.day, v.country}]
		for _, r := range []*profileRow{h, w, d, c} {
			r.invoices++
		}
		if v.guest {
			d.guests++
		}
	}
	p.price(window, l, days, codes, dayCodes)
	start := len(p.rows)
	for d, r := range days {
		r.day = d.String()
		p.rows = append(p.rows, *r)
	}
	for c, r := range codes {
		r.item = l.Codes.String(c)
		p.rows = append(p.rows, *r)
	}
	for k, r := range countries {
		r.day, r.item = k.day.String(), l.Countries.String(k.code)
		p.rows = append(p.rows, *r)
	}
	for k, r := range hours {
		r.day, r.item = k.day.String(), strconv.Itoa(int(k.code))
		p.rows = append(p.rows, *r)
	}
	for h, r := range week {
		r.item = strconv.Itoa(int(h))
		p.rows = append(p.rows, *r)
	}
	slices.SortFunc(p.rows[start:], compareRows)
}

// rowOf returns the row of a key, a new one at first.
func rowOf[K comparable](rows map[K]*profileRow, k K, window, kind string) *profileRow {
	r := rows[k]
	if r == nil {
		r = &profileRow{window: window, kind: kind}
		rows[k] = r
	}
	return r
}

// add counts line i.
func (r *profileRow) add(l *retail.Lines, i int) {
	r.lines++
	switch {
	case l.Amount[i] < 0:
		r.returns++
	case l.Amount[i] > 0:
		r.quantity += l.Quantity[i]
		r.money += l.Amount[i]
	}
}

// price keeps the prices of the window before, and gives every day of the last window its index over them.
func (p *profiler) price(window string, l *retail.Lines, days map[calendar.Date]*profileRow, codes map[uint32]*profileRow, dayCodes map[dayCode]*drift.Sold) {
	switch window {
	case contract.WindowBefore:
		p.before = map[string]drift.Sold{}
		for c, r := range codes {
			if c != 0 && r.money > 0 && r.quantity > 0 {
				p.before[l.Codes.String(c)] = sold(r.quantity, r.money)
			}
		}
	case contract.WindowNow:
		byDay, names := map[calendar.Date]map[string]drift.Sold{}, map[calendar.Date][]string{}
		for k, s := range dayCodes {
			name := l.Codes.String(k.code)
			if _, ok := p.before[name]; !ok || k.code == 0 {
				continue
			}
			if byDay[k.day] == nil {
				byDay[k.day] = map[string]drift.Sold{}
			}
			byDay[k.day][name] = drift.Sold{Quantity: s.Quantity / money.QuantityScale, Money: s.Money / money.Scale}
			names[k.day] = append(names[k.day], name)
		}
		for day, r := range days {
			slices.Sort(names[day])
			index, n := drift.Fisher(names[day], p.before, byDay[day])
			if r.priced = int64(n); n > 0 {
				r.index = index
			}
		}
	}
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
	for i, r := range p.rows {
		f.Strings("window")[i], f.Strings("kind")[i], f.Strings("day")[i], f.Strings("item")[i] = r.window, r.kind, r.day, r.item
		for name, v := range map[string]int64{
			"lines": r.lines, "invoices": r.invoices, "guests": r.guests, "returns": r.returns, "repeated": r.repeated,
			"quantity": r.quantity, "money": r.money, "priced_codes": r.priced,
		} {
			f.Ints(name)[i] = v
		}
		if f.Floats("price_index")[i] = r.index; r.index == 0 {
			f.Floats("price_index")[i] = math.NaN()
		}
	}
	return f
}
