package preprocess

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/finding"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/task"
)

// far finds few lines that are over a year away from all others: a mistyped year.
func (s *seen) far() []finding.Finding {
	spans, all := slices.Clone(s.stored), int64(0)
	for _, p := range spans {
		all += p.rows
	}
	few := int64(farPart * float64(all))
	if all > 0 {
		few = max(few, 1)
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	late, rows := len(spans), int64(0)
	for i := len(spans) - 1; i > 0; i-- {
		if rows += spans[i].rows; rows > few || rows*2 > all {
			break
		}
		if spans[i].from-latest(spans[:i]) > farDays {
			late = i
		}
	}
	early := 0
	rows = 0
	for i := range late - 1 {
		if rows += spans[i].rows; rows > few || rows*2 > all {
			break
		}
		if spans[i+1].from-latest(spans[:i+1]) > farDays {
			early = i + 1
		}
	}
	var out []finding.Finding
	for _, away := range [][]span{spans[:early], spans[late:]} {
		if len(away) == 0 {
			continue
		}
		lines := int64(0)
		var days []string
		for _, p := range away {
			lines += p.rows
			if day := p.from.String(); len(days) < 3 && !slices.Contains(days, day) {
				days = append(days, day)
			}
		}
		rest := spans[early:late]
		out = append(out, finding.Finding{
			Code: finding.FarDates, Lines: lines,
			Sentence: fmt.Sprintf("%s of %s lines are over a year away from all others, which are from %s to %s: %s",
				task.Thousands(lines), task.Thousands(all), rest[0].from, latest(rest), strings.Join(days, ", ")),
			What: "correct the year in the source and deliver these days again; or name the as-of day by --as-of, so that the window is where the sales are",
		})
	}
	return out
}

func latest(spans []span) (day calendar.Date) {
	for i, p := range spans {
		if i == 0 || p.to > day {
			day = p.to
		}
	}
	return day
}

// future finds lines after the as-of day; those of that day itself may be a day that is not over.
func (s *seen) future() []finding.Finding {
	lines, first, last := int64(0), calendar.Date(0), calendar.Date(0)
	for _, p := range s.stored {
		if p.to <= s.window.AsOf {
			continue
		}
		from := max(p.from, s.window.AsOf+1)
		if lines == 0 || from < first {
			first = from
		}
		last = max(last, p.to)
		lines += p.rows
	}
	if lines == 0 {
		return nil
	}
	days := first.String()
	if first != last {
		days += " to " + last.String()
	}
	return []finding.Finding{{
		Code: finding.FutureDates, Lines: lines,
		Sentence: fmt.Sprintf("stored lines are dated after the as-of day %s and are not used: %s", s.window.AsOf, days),
		What:     "expected in a run of an earlier day; otherwise check the dates in the source",
	}}
}

// gaps finds days without sales beside many with. Holidays of two weeks are none.
func (s *seen) gaps() []finding.Finding {
	var days []calendar.Date
	for _, p := range s.days {
		days = append(days, p.from)
	}
	slices.Sort(days)
	days = slices.Compact(days)
	if len(days) < leastGaps {
		return nil
	}
	var apart []int
	for i := 1; i < len(days); i++ {
		apart = append(apart, int(days[i]-days[i-1]))
	}
	usual := slices.Clone(apart)
	slices.Sort(usual)
	limit := max(gapLimit, gapTimes*usual[len(usual)*9/10])
	var gaps []string
	silent := 0
	add := func(after, before calendar.Date) {
		silent += int(before - after - 1)
		if len(gaps) < 3 {
			gaps = append(gaps, fmt.Sprintf("%s to %s", after+1, before-1))
		}
	}
	for i, d := range apart {
		if d > limit {
			add(days[i], days[i+1])
		}
	}
	if last := days[len(days)-1]; int(s.window.AsOf-last) > limit {
		add(last, s.window.AsOf)
	}
	if silent == 0 {
		return nil
	}
	return []finding.Finding{{
		Code:     finding.GapDays,
		Sentence: fmt.Sprintf("%d days without a line in a shop that sells on most days: %s", silent, strings.Join(gaps, ", ")),
		What:     "if these days had sales, deliver them; if the shop was closed, nothing is wrong",
	}}
}

// How prices of one time are compared with those before.
const (
	cells        = 4 << 20 // codes × blocks of days that are held at most
	leastCodes   = 10      // that have a price before and after
	factor       = 100
	factorSlack  = 3 // a factor of 33 to 300 counts
	usualPart    = 0.5
	maxBlockDays = 366
)

// unit finds a day from which on prices are in another unit: pence for pounds. It compares the lowest price of each code in each
// block of days, a week where memory allows, with the one of the latest block before.
func (s *looked) unit() ([]finding.Finding, error) {
	codes := s.plan.NumCodes() + 1
	if s.plan.Lines() == 0 || codes < leastCodes {
		return []finding.Finding{}, nil
	}
	first, last := ends(s.days)
	size := max(7, (int(last-first)+1)*codes/cells+1)
	if size > maxBlockDays {
		return []finding.Finding{}, nil // nothing to compare in
	}
	blocks := int(last-first)/size + 1
	codes = s.lines.Codes.Keys.Len()             // those of other windows among them
	prices := make([]atomic.Int64, codes*blocks) // one for all workers: memory that is touched for the first time costs more than the lines
	least := func(at *atomic.Int64, price int64) {
		for was := at.Load(); was == 0 || price < was; was = at.Load() {
			if at.CompareAndSwap(was, price) {
				return
			}
		}
	}
	err := s.lines.Scan(retail.FieldTime|retail.FieldQuantity|retail.FieldPrice|retail.FieldCode, func() (func([]retail.Line), func()) {
		see := func(lines []retail.Line) {
			for i := range lines {
				r := &lines[i]
				if r.Price <= 0 || r.Quantity <= 0 {
					continue
				}
				block := int(calendar.DateOf(r.Time)-first) / size
				least(&prices[block*codes+int(s.lines.Codes.Key(r.Code))], r.Price)
			}
		}
		return see, func() {}
	})
	if err != nil {
		return nil, err
	}
	all, up, down := make([]int, blocks), make([]int, blocks), make([]int, blocks)
	latest := make([]money.Price, codes)
	for b := range blocks {
		for c := range codes {
			p := money.Price(prices[b*codes+c].Load())
			if p == 0 {
				continue
			}
			if before := latest[c]; before > 0 {
				all[b]++
				switch ratio := p.Float() / before.Float(); {
				case ratio > factor/factorSlack && ratio < factor*factorSlack:
					up[b]++
				case ratio < 1./(factor/factorSlack) && ratio > 1./(factor*factorSlack):
					down[b]++
				}
			}
			latest[c] = p
		}
	}
	out := []finding.Finding{}
	for b := range blocks {
		for _, way := range []struct {
			codes int
			words string
		}{{up[b], "high"}, {down[b], "low"}} {
			if all[b] < leastCodes || float64(way.codes) <= usualPart*float64(all[b]) || len(out) == 3 {
				continue
			}
			day := first + calendar.Date(b*size)
			one, err := s.unitFinding(day, day+calendar.Date(size), way.codes, all[b], way.words)
			if err != nil {
				return nil, err
			}
			out = append(out, one)
		}
	}
	return out, nil
}

func (s *looked) unitFinding(from, to calendar.Date, codes, all int, way string) (finding.Finding, error) {
	f := finding.Finding{
		Code: finding.UnitChange, Stops: true,
		Sentence: fmt.Sprintf("in the days from %s to %s, %d of %d products have prices about %d times as %s as before", from, min(to, s.window.AsOf)-1, codes, all, factor, way),
		What:     "check the unit and the decimal sign of the prices in the delivery of these days (--decimal), and deliver them again",
	}
	err := s.lines.Scan(retail.FieldTime|retail.FieldAmount, func() (func([]retail.Line), func()) {
		var mine sum
		see := func(lines []retail.Line) {
			for i := range lines {
				if d := calendar.DateOf(lines[i].Time); d >= from && d < to {
					mine.add(sum{1, money.Amount(max(lines[i].Amount, 0))})
				}
			}
		}
		return see, func() {
			f.Lines += mine.lines
			f.Money += mine.amount
		}
	})
	return f, err
}
