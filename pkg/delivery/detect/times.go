package detect

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/delivery/reading"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/delivery/source"
	"github.com/clientele/clientele/pkg/delivery/text"
)

// timesOf gathers how times are written: texts with how often each comes, and cells that are times themselves.
type timesOf struct {
	texts  map[string]int // at most mostTexts
	order  []string
	values int // texts, each as often as it comes

	cells       int // that are times themselves
	highDays    int // of those, with a day after the twelfth
	cellExample string
}

// mostTime is how long a time can be, in bytes: the longest has a zone's name in full.
const mostTime = 96

// mostTexts bounds how many different times are kept: minutes of two years of trading.
const mostTexts = 200_000

func (t *timesOf) add(c record.Cell, dates record.DateSystem) {
	micros := c.Micros
	switch c.Kind {
	case record.TextCell:
		text := bytes.TrimSpace(c.Text)
		if len(text) == 0 || len(text) > mostTime {
			return
		}
		t.values++
		if n, ok := t.texts[string(text)]; ok || len(t.texts) < mostTexts {
			if !ok {
				t.order = append(t.order, string(text))
			}
			t.texts[string(text)] = n + 1
		}
		return
	case record.NumberCell:
		if dates == record.NoDates { // seconds since 1970, perhaps
			t.add(record.Cell{Kind: record.TextCell, Text: c.Text}, dates)
			return
		}
		serial, ok := dates.ParseSerial(c.Text)
		if !ok || calendar.DateOf(serial) <= 0 {
			return
		}
		micros = serial
	case record.TimeCell:
	default:
		return
	}
	t.cells++
	at := time.UnixMicro(micros).UTC()
	if at.Day() > 12 {
		t.highDays++
	} else if t.cellExample == "" {
		t.cellExample = at.Format("2006-01-02 15:04")
	}
}

// fit is a layout and how many of the values it does not take.
type fit struct {
	layout record.Layout
	fails  int
}

// trials is how many different texts a layout must do well on before it is tried on all.
const trials = 64

// some returns as many texts as are tried, in the bytes that layouts take.
func (t *timesOf) some() [][]byte {
	var some [][]byte
	for _, i := range spread(len(t.order), trials) {
		some = append(some, []byte(t.order[i]))
	}
	return some
}

// fits returns the layouts that take most of the texts, those that fail least first; of layouts that mean the same, one.
func (t *timesOf) fits(zone *time.Location) []fit {
	var left []fit
	tried := t.some()
	for _, l := range record.CandidateLayouts() {
		l = l.In(zone)
		failed := 0
		for _, text := range tried {
			if !plausible(l, text) {
				if failed++; failed*2 > len(tried) {
					break
				}
			}
		}
		if failed*2 <= len(tried) && failed < len(tried) {
			left = append(left, fit{layout: l})
		}
	}
	for i := range left {
		for _, text := range t.order {
			if !plausible(left[i].layout, []byte(text)) {
				left[i].fails += t.texts[text]
			}
		}
	}
	left = t.compact(left)
	slices.SortStableFunc(left, func(a, b fit) int { return a.fails - b.fails })
	var distinct []fit
	for _, f := range left {
		same := func(g fit) bool { return t.agree(f.layout, g.layout) }
		if !slices.ContainsFunc(distinct, same) {
			distinct = append(distinct, f)
		}
	}
	return distinct
}

// farApart is how many days the dates of a delivery may be from the first to the last, where another layout brings them closer.
const farApart = 25 * 366

// compact leaves out layouts by which the dates are spread over a lifetime, or are those of the first weeks of 1970, where by
// another layout that fails no more often they are not: a year of two digits passes for a day, and seconds for milliseconds.
func (t *timesOf) compact(fits []fit) []fit {
	odd := func(f fit) bool {
		first, last := int64(math.MaxInt64), int64(math.MinInt64)
		for _, text := range t.order {
			if micros, ok := f.layout.Parse([]byte(text)); ok {
				first, last = min(first, micros), max(last, micros)
			}
		}
		return (last-first)/calendar.DayMicros > farApart || last < firstSale
	}
	var sound, strange []fit
	for _, f := range fits {
		if odd(f) {
			strange = append(strange, f)
		} else {
			sound = append(sound, f)
		}
	}
	for _, f := range strange {
		if !slices.ContainsFunc(sound, func(g fit) bool { return g.fails <= f.fails }) {
			sound = append(sound, f)
		}
	}
	return sound
}

// agree reports whether two layouts mean the same time wherever both take a text.
func (t *timesOf) agree(a, b record.Layout) bool { return t.differing(a, b) == "" }

// differing returns the first text that two layouts take for different times, "" for none.
func (t *timesOf) differing(a, b record.Layout) string {
	for _, text := range t.order {
		x, okX := a.Parse([]byte(text))
		y, okY := b.Parse([]byte(text))
		if okX && okY && x != y {
			return text
		}
	}
	return ""
}

// Times outside these years are no sales: a count of seconds or a year of two digits would pass for anything.
var (
	firstYear = time.Date(1970, 1, 2, 0, 0, 0, 0, time.UTC).UnixMicro()
	firstSale = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro() // that a till has kept
	lastYear  = time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
)

func plausible(l record.Layout, text []byte) bool {
	micros, ok := l.Parse(text)
	return ok && micros >= firstYear && micros < lastYear
}

// fails counts the values that a layout does not take.
func (t *timesOf) fails(l record.Layout) (n int) {
	for _, text := range t.order {
		if _, ok := l.Parse([]byte(text)); !ok {
			n += t.texts[text]
		}
	}
	return n
}

// dates settles the layout of dates.
func (l *look) dates() error {
	t := &timesOf{texts: map[string]int{}}
	l.sample.each(record.FieldTime, func(c record.Cell, of *table) { t.add(c, of.dates) })
	stated := l.o.Stated.DateLayout != ""
	fits := t.fits(l.zone())
	if !stated && !l.sample.whole() && (t.cells > 0 && t.values > 0 || l.open(fits)) {
		t = &timesOf{texts: map[string]int{}}
		if err := l.eachTime(t.add); err != nil {
			return err
		}
		fits = t.fits(l.zone())
	}
	if t.values == 0 {
		why := "no times were found"
		if t.cells > 0 {
			why = "the cells are dates"
		}
		l.layout(Decision{Part: "date_layout", Why: why}, true)
		return nil
	}
	if !stated {
		if err := l.halfConverted(t, fits); err != nil {
			return err
		}
	}
	return l.choose(t, fits)
}

// open reports whether the sample leaves two layouts that mean different times, and nothing else decides.
func (l *look) open(fits []fit) bool {
	return l.o.Kept.DateLayout == "" && len(fits) > 1 && fits[0].fails == fits[1].fails
}

// damagedShare is the share of values that may be damaged before a layout no longer fits.
const damagedShare = 0.05

func (l *look) choose(t *timesOf, fits []fit) error {
	d := Decision{Part: "date_layout", Examples: t.order[:min(3, len(t.order))]}
	keptFits := true
	if kept := l.o.Kept.DateLayout; kept != "" {
		if layout, err := record.ParseLayout(kept); err == nil {
			fails := t.fails(layout.In(l.zone()))
			keptFits = fails == 0 || len(fits) == 0 || fails <= fits[0].fails
			if keptFits { // whatever else fits
				d.Value, d.Why = kept, fmt.Sprintf("it takes %d of %d times", t.values-fails, t.values)
				l.layout(d, true)
				return nil
			}
		}
	}
	var good []fit
	for _, f := range fits {
		if float64(f.fails) <= damagedShare*float64(t.values) && f.fails == fits[0].fails {
			good = append(good, f)
		}
	}
	switch {
	case len(good) == 0:
		d.Why = "no known layout fits"
		if l.o.Stated.DateLayout == "" && l.o.Kept.DateLayout == "" {
			return l.unfit(t, fits)
		}
	case len(good) > 1 && l.o.Stated.DateLayout == "":
		return l.ambiguous(t, good)
	default:
		d.Value = good[0].layout.String()
		d.Why = fmt.Sprintf("of the known layouts only this one takes %d of %d times", t.values-good[0].fails, t.values)
		for _, f := range fits[1:min(len(fits), 4)] {
			d.Alternatives = append(d.Alternatives, Alternative{f.layout.String(), fmt.Sprintf("%d times would be no dates", f.fails)})
		}
	}
	l.layout(d, keptFits)
	return nil
}

// zoneName finds a zone's abbreviation behind a time of day.
var zoneName = regexp.MustCompile(`:\d\d(?: [AaPp][Mm])? ([A-Z]{3,5})$`)

// unfit says that no layout takes enough of the dates, and what the best one does not take.
func (l *look) unfit(t *timesOf, fits []fit) error {
	if len(fits) == 0 {
		hint := "--date-layout says it in Go's notation"
		if zone := zoneName.FindStringSubmatch(t.order[0]); zone != nil {
			hint = fmt.Sprintf("%s is no zone that is known, or one of several countries: --zone is where it is the shop's own; else export the times with an offset such as +0100", zone[1])
		}
		return ErrDates.Errorf("date_layout", l.delivery.Name, "%s: no known layout fits its dates, such as %s: %s; nothing was stored",
			l.delivery.Name, examples(t.order[:min(3, len(t.order))]), hint)
	}
	best := fits[0]
	var left []string
	for _, text := range t.order {
		if len(left) < 3 && !plausible(best.layout, []byte(text)) {
			left = append(left, text)
		}
	}
	hint := "--date-layout says in Go's notation which holds, and the others are rejected"
	if slices.ContainsFunc(left, func(text string) bool { return strings.Trim(text, "#") == "" }) {
		hint = "a spreadsheet shows # where a column is too narrow for its dates: widen it, and export again"
	}
	return ErrDates.Errorf("date_layout", l.delivery.Name, "%s: no known layout fits its dates: %q takes most of them, but not %d of %d, such as %s; nothing was stored. %s",
		l.delivery.Name, best.layout, best.fails, t.values, examples(left), hint)
}

func (l *look) layout(d Decision, keptFits bool) {
	l.decide(d, func(r *reading.Reading, v string) { r.DateLayout = v }, func(r reading.Reading) string { return r.DateLayout }, keptFits)
}

// ambiguous names two layouts and what each makes of an example.
func (l *look) ambiguous(t *timesOf, good []fit) error {
	a, b := good[0].layout, good[1].layout
	text := t.differing(a, b)
	x, _ := a.Parse([]byte(text))
	y, _ := b.Parse([]byte(text))
	return ErrDates.Errorf("date_layout_ambiguous", l.delivery.Name,
		"%s: two layouts fit all of its dates: by %q %s is %s, by %q it is %s; nothing was stored. State the right one: --date-layout=%q or --date-layout=%q",
		l.delivery.Name, a, shown(text), day(x), b, day(y), a, b)
}

// day writes a day so that nobody takes its month for its day.
func day(micros int64) string { return time.UnixMicro(micros).UTC().Format("2 January 2006") }

func examples(texts []string) string {
	var b bytes.Buffer
	for i, text := range texts {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(shown(text))
	}
	return b.String()
}

// halfConverted refuses a column in which a spreadsheet that expects the other order of day and month has taken what it could
// for dates and left the rest as text: then all dates have days up to the twelfth, and all texts have later ones.
func (l *look) halfConverted(t *timesOf, fits []fit) error {
	swapped, left := 0, 0
	converted, kept := t.cellExample, ""
	switch {
	case t.cells > 0: // dates beside texts
		if t.highDays > 0 || len(fits) == 0 {
			return nil
		}
		swapped, left = t.cells, t.values
		for _, text := range t.order {
			if !plausible(fits[0].layout, []byte(text)) {
				continue
			}
			if low(fits[0].layout, text) {
				return nil
			}
			kept = text
		}
	case len(fits) > 0 && fits[0].fails == 0:
		return l.twoStyles(t, fits[0].layout)
	default: // the same, saved as text: two layouts, each with one kind of days
		a, b, ok := t.halves(fits)
		if !ok {
			return nil
		}
		for _, text := range t.order {
			inA, inB := plausible(a, []byte(text)), plausible(b, []byte(text))
			switch {
			case inA == inB:
				if inA {
					return nil
				}
			case inA && !low(a, text), inB && low(b, text):
				return nil
			case inA:
				swapped += t.texts[text]
				converted = text
			default:
				left += t.texts[text]
				kept = text
			}
		}
	}
	if swapped < minHalf || left < minHalf {
		return nil
	}
	return ErrHalfConverted.Errorf("half_converted_dates", l.delivery.Name,
		"%s: the dates of %d lines have days up to the 12th only, such as %s, and those of the other %d have later days only, such as %s: a spreadsheet has swapped day and month where it could. "+
			"The column cannot be repaired; nothing was stored. Export it again and do not open it in a spreadsheet on the way",
		l.delivery.Name, swapped, shown(converted), left, shown(kept))
}

// minHalf is how many lines each half of a column must have before it is called half converted.
const minHalf = 5

// halves returns two layouts of which each takes what the other does not: that of the dates with low days first. With one
// layout for nearly everything there is none.
func (t *timesOf) halves([]fit) (a, b record.Layout, ok bool) {
	type half struct {
		layout    record.Layout
		n, takes  int
		low, high int
	}
	var all []half
	tried := t.some()
	for _, layout := range record.CandidateLayouts() {
		h := half{layout: layout}
		for _, text := range tried {
			if h.n++; plausible(layout, text) {
				h.takes++
				if low(layout, string(text)) {
					h.low++
				} else {
					h.high++
				}
			}
		}
		if h.takes > 0 && h.takes < h.n && (h.low == 0 || h.high == 0) {
			all = append(all, h)
		}
	}
	for _, x := range all {
		for _, y := range all {
			if x.low > 0 && y.high > 0 && x.takes+y.takes == x.n {
				return x.layout, y.layout, true
			}
		}
	}
	return a, b, false
}

// low reports whether a time's day is at most the twelfth.
func low(l record.Layout, text string) bool {
	micros, _ := l.Parse([]byte(text))
	return time.UnixMicro(micros).UTC().Day() <= 12
}

func (l *look) zone() *time.Location {
	if l.o.Zone == nil {
		return time.UTC
	}
	return l.o.Zone
}

// eachTime visits every time of the delivery.
func (l *look) eachTime(visit func(record.Cell, record.DateSystem)) error {
	for _, f := range l.delivery.Files {
		if err := l.timesOf(f, visit); err != nil {
			return ignoreContent(err)
		}
	}
	return nil
}

func (l *look) timesOf(f *source.File, visit func(record.Cell, record.DateSystem)) (err error) {
	unpack := l.o.Unpack
	unpack.Many = true
	content, err := f.Content(l.ctx, unpack, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	each := func(t *record.Table) error { return l.rows(t, visit) }
	for more := true; more && err == nil; {
		if content.Kind == source.DelimitedText {
			err = each(&record.Table{Rows: text.NewRows(content.Text, l.sep)})
		} else {
			err = eachTable(content, l.o, each)
		}
		if err == nil {
			more, err = content.Next()
		}
	}
	return err
}

// rows visits the times of a table.
func (l *look) rows(t *record.Table, visit func(record.Cell, record.DateSystem)) error {
	var at []int
	titles := 0
	if t.Header != nil {
		if at = l.columns(t.Header)[record.FieldTime]; at == nil {
			return nil
		}
	}
	var row record.Row
	for n := 0; ; n++ {
		err := t.Rows.ReadRow(&row)
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case n%8192 == 0 && l.ctx.Err() != nil:
			return l.ctx.Err()
		case filled(row.Cells) == 0:
		case at == nil && titles <= record.MaxTitles: // titles can stand above the header
			at = l.columns(l.decode(headerOf(row.Cells)))[record.FieldTime]
			titles++
		case at == nil:
			return nil
		default:
			visit(l.utf8(valueOf(row.Cells, at)), t.Dates)
		}
	}
}
