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

// profiled is what one worker has counted.
type profiled struct {
	window   string
	lines    *retail.Lines
	days     map[calendar.Date]*profileRow
	codes    map[uint32]*profileRow
	places   map[dayCode]*profileRow // by country
	sold     map[dayCode]*drift.Sold
	invoices map[invoiceKey]invoice
	seen     map[lineKey]struct{} // lines of one partition
}

func newProfiled(window string, l *retail.Lines) *profiled {
	return &profiled{
		window: window, lines: l, days: map[calendar.Date]*profileRow{}, codes: map[uint32]*profileRow{}, places: map[dayCode]*profileRow{},
		sold: map[dayCode]*drift.Sold{}, invoices: map[invoiceKey]invoice{}, seen: map[lineKey]struct{}{},
	}
}

// see takes the lines of a partition: equal ones are in the same.
func (p *profiled) see(lines []retail.Line) {
	clear(p.seen)
	var d, country *profileRow
	var at dayCode
	for i := range lines {
		l := &lines[i]
		if now := (dayCode{calendar.DateOf(l.Time), l.Country}); d == nil || now != at {
			at = now
			d, country = rowOf(p.days, at.day, p.window, contract.ProfileDay), rowOf(p.places, at, p.window, contract.ProfileCountry)
		}
		d.add(l)
		country.add(l)
		rowOf(p.codes, l.Code, p.window, contract.ProfileCode).add(l)
		key := lineKey{l.Time, l.Quantity, l.Price, l.Amount, l.Invoice, l.Code, l.Description, l.Customer, l.Country}
		if _, again := p.seen[key]; again {
			d.repeated++
		} else {
			p.seen[key] = struct{}{}
		}
		p.invoice(invoiceKey{at.day, l.Invoice}, invoice{time: l.Time, country: l.Country, guest: l.Customer == 0})
		if p.window == contract.WindowNow && l.Amount > 0 && l.Quantity > 0 {
			s := soldOf(p.sold, dayCode{at.day, l.Code})
			s.Quantity += float64(l.Quantity) // whole numbers: exact
			s.Money += float64(l.Amount)
		}
	}
}

func (p *profiled) invoice(at invoiceKey, of invoice) {
	if v, ok := p.invoices[at]; ok {
		of = invoice{time: min(v.time, of.time), country: min(v.country, of.country), guest: v.guest && of.guest}
	}
	p.invoices[at] = of
}

func (p *profiled) merge(o *profiled) {
	for at, r := range o.days {
		rowOf(p.days, at, p.window, contract.ProfileDay).plus(r)
	}
	for at, r := range o.codes {
		rowOf(p.codes, at, p.window, contract.ProfileCode).plus(r)
	}
	for at, r := range o.places {
		rowOf(p.places, at, p.window, contract.ProfileCountry).plus(r)
	}
	for at, s := range o.sold {
		to := soldOf(p.sold, at)
		to.Quantity += s.Quantity
		to.Money += s.Money
	}
	for at, v := range o.invoices {
		p.invoice(at, v)
	}
}

func soldOf(sold map[dayCode]*drift.Sold, at dayCode) *drift.Sold {
	s := sold[at]
	if s == nil {
		s = &drift.Sold{}
		sold[at] = s
	}
	return s
}

// add takes the lines of the window that they are cut to. Nothing depends on the order of the lines.
func (p *profiler) add(window string, l *retail.Lines) error {
	all := newProfiled(window, l)
	err := l.Each(func() (func([]retail.Line), func()) {
		mine := newProfiled(window, l)
		return mine.see, func() { all.merge(mine) }
	})
	if err != nil {
		return err
	}
	days, codes, countries := all.days, all.codes, all.places
	hours, week := map[dayCode]*profileRow{}, map[uint32]*profileRow{}
	for at, v := range all.invoices {
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
	p.price(window, l, days, codes, all.sold)
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
	return nil
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

// add counts a line.
func (r *profileRow) add(l *retail.Line) {
	r.lines++
	switch {
	case l.Amount < 0:
		r.returns++
	case l.Amount > 0:
		r.quantity += l.Quantity
		r.money += l.Amount
	}
}

// plus adds what another worker has counted of lines.
func (r *profileRow) plus(o *profileRow) {
	r.lines += o.lines
	r.returns += o.returns
	r.repeated += o.repeated
	r.quantity += o.quantity
	r.money += o.money
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
