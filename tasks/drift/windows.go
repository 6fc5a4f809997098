package drift

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/drift"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/money"
)

// windows compares the last window with the model's own, with the one before and with the same days a year ago, and follows the customers
// of then.
func (j *job) windows(f *evidence, b *model.Bundle, all *frame.Frame, closures *drift.Closures, opts drift.Options) (err error) {
	f.without = map[string]string{}
	if all == nil {
		return nil
	}
	now := window(all, contract.WindowNow)
	compare := func(dst *[]drift.Feature, was, now *frame.Frame) error {
		*dst, err = drift.Compare(columns(was, now), pairs(was.Strings("customer"), now.Strings("customer")), opts)
		return err
	}
	for name, dst := range map[string]*[]drift.Feature{contract.WindowBefore: &f.found.Before, contract.WindowYearAgo: &f.found.YearAgo} {
		switch was := window(all, name); {
		case now.Rows() == 0:
			f.without[name] = nobodyNow
		case was.Rows() == 0:
			f.without[name] = "nobody bought in that window, or the lines do not reach back so far"
		default:
			if err := compare(dst, was, now); err != nil {
				return err
			}
		}
	}
	if f.without[againstTrained] = j.otherWindow(b, now); f.without[againstTrained] == "" {
		delete(f.without, againstTrained)
		was, _ := opened(b.Now, closures, b.Manifest.Window.End)
		is, _ := opened(b.InRange(now), closures, j.Run().AsOf)
		if err := compare(&f.found.Trained, was, is); err != nil {
			return err
		}
	}
	f.forward, err = b.Follow(func(visit func(*frame.Frame) error) error { return visit(all) })
	if base := j.baseline(); err == nil && base != nil && f.forward != nil {
		f.found.Effects = append(f.found.Effects, drift.Forward(base, f.forward, opts))
	}
	return err
}

const nobodyNow = "nobody bought in the last window"

// otherWindow says why today's window cannot be compared with the model's own, "" if it can.
func (j *job) otherWindow(b *model.Bundle, now *frame.Frame) string {
	if b.Now == nil {
		return "the model has no drift window of its own: an earlier version trained it, or nobody bought in the window"
	}
	if then, days := b.Manifest.Window.Days(), contract.DriftWindow(j.preprocess.Refs); then != days {
		return fmt.Sprintf("the model's window has %d days, and today's %d (preprocess --drift-window)", then, days)
	}
	if now.Rows() == 0 {
		return nobodyNow
	}
	return ""
}

// baseline is what customers did after they were assigned, at training; of a model that does not say so, when it was first looked at; nil
// before.
func (j *job) baseline() []drift.Followed {
	if j.trained != nil {
		return j.trained
	}
	for _, p := range slices.Backward(j.past) {
		if p.Forward != nil {
			return p.Forward
		}
	}
	return nil
}

// window returns the rows of one window. They are one block of the table.
func window(all *frame.Frame, name string) *frame.Frame {
	var rows []int
	for i, w := range all.Strings("window") {
		if w == name {
			rows = append(rows, i)
		}
	}
	out := all.Take(rows)
	out.Columns = slices.DeleteFunc(out.Columns, func(c frame.Column) bool { return c.Name == "window" })
	return out
}

// lineProfile is the profile table.
type lineProfile struct {
	now, before, yearAgo []drift.Day
	codes                map[string]map[string]drift.Sold // by window
	snapshot             []calendar.Date
	rejected             map[string][]drift.Rejected // by window, in the order of days
}

// readProfile reads the table; nil gives an empty profile.
func readProfile(t *frame.Frame) *lineProfile {
	p := &lineProfile{codes: map[string]map[string]drift.Sold{}, rejected: map[string][]drift.Rejected{}}
	if t == nil {
		return p
	}
	days := map[string]*[]drift.Day{contract.WindowNow: &p.now, contract.WindowBefore: &p.before, contract.WindowYearAgo: &p.yearAgo}
	at := map[[2]string]int{} // by window and day
	text, ints := t.Strings, t.Ints
	for i, w := range text("window") {
		day, err := calendar.ParseDate(text("day")[i])
		switch {
		case err != nil || text("kind")[i] != contract.ProfileDay:
		case w == contract.WindowSnapshot:
			p.snapshot = append(p.snapshot, day)
		case days[w] != nil:
			at[[2]string{w, text("day")[i]}] = len(*days[w])
			*days[w] = append(*days[w], drift.Day{
				Day: day, Lines: ints("lines")[i], Invoices: ints("invoices")[i], Guests: ints("guests")[i], Returns: ints("returns")[i],
				Repeated: ints("repeated")[i], PriceIndex: t.Floats("price_index")[i], PricedCodes: ints("priced_codes")[i], Countries: map[string]int64{},
			})
		}
	}
	for i, w := range text("window") {
		item := text("item")[i]
		var d *drift.Day
		if row, ok := at[[2]string{w, text("day")[i]}]; ok {
			d = &(*days[w])[row]
		}
		switch kind := text("kind")[i]; {
		case kind == contract.ProfileCode:
			if p.codes[w] == nil {
				p.codes[w] = map[string]drift.Sold{}
			}
			p.codes[w][item] = drift.Sold{Quantity: float64(ints("quantity")[i]) / money.QuantityScale, Money: float64(ints("money")[i]) / money.Scale}
		case kind == contract.ProfileCountry && d != nil:
			if d.Countries[item] += ints("invoices")[i]; item == "" {
				d.NoCountry += ints("lines")[i]
			}
		case kind == contract.ProfileHour && d != nil:
			if h, err := strconv.Atoi(item); err == nil && h >= 0 && h < len(d.Hours) {
				d.Hours[h] += ints("invoices")[i]
			}
		}
	}
	for _, w := range []string{contract.WindowBefore, contract.WindowNow} {
		p.rejected[w] = rejections(t, w, *days[w])
	}
	return p
}

// rejections reads what was rejected of a window, in the order of days: of every day with lines or rejected records, and of every delivery.
func rejections(t *frame.Frame, window string, days []drift.Day) []drift.Rejected {
	type of struct {
		day      calendar.Date
		delivery string
	}
	at := map[of]drift.Rejected{}
	for _, d := range days {
		at[of{day: d.Day}] = drift.Rejected{Day: d.Day, Of: d.Lines}
	}
	for i, w := range t.Strings("window") {
		kind := t.Strings("kind")[i]
		day, err := calendar.ParseDate(t.Strings("day")[i])
		if w != window || err != nil || kind != contract.ProfileDelivery && kind != contract.ProfileRejected {
			continue
		}
		key, n := of{day, t.Strings("item")[i]}, t.Ints("lines")[i]
		r := at[key]
		r.Day, r.Delivery = day, key.delivery
		switch {
		case kind == contract.ProfileDelivery:
			r.Of += n
		case key.delivery == "":
			r.Records, r.Of = n, r.Of+n
		default:
			r.Records = n
		}
		at[key] = r
	}
	return slices.SortedFunc(maps.Values(at), func(a, b drift.Rejected) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Delivery, b.Delivery))
	})
}

// priceLevel is what happened to the prices of products that sold in both windows, and what is new.
type priceLevel struct {
	Index    *float64 `json:"index"` // Fisher, over the window before
	Products int      `json:"products"`
	New      int      `json:"new_products"`
	NewShare *float64 `json:"new_revenue_share"`
}

func (p *lineProfile) price() priceLevel {
	now, before := p.codes[contract.WindowNow], p.codes[contract.WindowBefore]
	var names []string
	for c := range now {
		names = append(names, c)
	}
	slices.Sort(names)
	var out priceLevel
	var was, is []drift.Sold
	for _, c := range names {
		was, is = append(was, before[c]), append(is, now[c])
	}
	index, n := drift.Fisher(was, is)
	out.Index, out.Products = drift.Measured(index), n
	fresh, all := 0.0, 0.0
	for _, c := range names {
		all += now[c].Money
		if _, ok := before[c]; !ok && before != nil {
			out.New++
			fresh += now[c].Money
		}
	}
	if before != nil {
		out.NewShare = drift.Measured(fresh / all)
	}
	return out
}

// newCountries are those that the last window has invoices from, and the window before none.
type newCountries struct {
	Unseen []string `json:"unseen"`
	Share  *float64 `json:"invoice_share"` // of the last window's invoices; null without a window before
}

func (p *lineProfile) newCountries() newCountries {
	out := newCountries{Unseen: []string{}}
	if len(p.before) == 0 {
		return out
	}
	known, fresh := map[string]bool{"": true}, map[string]int64{}
	for _, d := range p.before {
		for c, n := range d.Countries {
			known[c] = known[c] || n > 0
		}
	}
	var part, all int64
	for _, d := range p.now {
		all += d.Invoices
		for c, n := range d.Countries {
			if !known[c] && n > 0 {
				fresh[c] += n
				part += n
			}
		}
	}
	out.Unseen = append(out.Unseen, slices.Sorted(maps.Keys(fresh))...)
	out.Share = drift.Measured(float64(part) / float64(all))
	return out
}

// checks looks for broken days.
func (j *job) checks(p *lineProfile) []drift.Check {
	checks, accepted := append(drift.CheckLines(p.before, p.now), drift.CheckRejections(p.rejected[contract.WindowBefore], p.rejected[contract.WindowNow])...), j.accepted()
	for i := range checks {
		checks[i].Accepted = slices.Contains(accepted, checks[i].Name)
	}
	return checks
}
