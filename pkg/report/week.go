package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/report/view"
)

// between writes the days of a week: 3 to 9 December 2011.
func between(w view.Week) string {
	from, err := calendar.ParseDate(w.Start)
	to, err2 := calendar.ParseDate(w.End)
	if err != nil || err2 != nil {
		return w.Start + " to " + w.End
	}
	a, b := day(from), day(to)
	for {
		i, j := strings.LastIndexByte(a, ' '), strings.LastIndexByte(b, ' ')
		if i < 0 || j < 0 || a[i:] != b[j:] && !strings.HasSuffix(b, a[i:]) {
			return a + " to " + day(to)
		}
		a, b = a[:i], b[:j]
	}
}

// mostWeeks are how many weeks a small picture shows.
const mostWeeks = 26

// weekly are the figures of the last week, each with its usual swing; nil without two weeks.
func (l *layout) weekly() []kpi {
	if l.Audience == nil || len(l.Audience.Weeks) < 2 {
		return nil
	}
	weeks := l.Audience.Weeks
	weeks = weeks[max(0, len(weeks)-mostWeeks):]
	average := func(w view.Week) view.Usual {
		return view.Usual{Value: w.Sales.Value / w.Invoices.Value, Low: view.Undefined(), High: view.Undefined()}
	}
	whole := func(v float64) string { return decimal(v, 0) }
	var all []kpi
	for _, f := range []struct {
		label string
		of    func(view.Week) view.Usual
		write func(float64) string
	}{
		{"Sales this week", func(w view.Week) view.Usual { return w.Sales }, func(v float64) string { return l.money.amount(v, 0) }},
		{"Customers who bought", func(w view.Week) view.Usual { return w.Customers }, whole},
		{"Average invoice", average, func(v float64) string { return l.money.amount(v, 2) }},
		{"First-time customers", func(w view.Week) view.Usual { return w.FirstTime }, whole},
	} {
		values := make([]float64, len(weeks))
		for i, w := range weeks {
			values[i] = float64(f.of(w).Value)
		}
		now, before := values[len(values)-1], values[len(values)-2]
		k := kpi{Label: f.label, Value: f.write(now), Note: change(now, before)}
		low, high := float64(f.of(weeks[len(weeks)-1]).Low), float64(f.of(weeks[len(weeks)-1]).High)
		if isDrawn(low) && isDrawn(high) {
			switch {
			case now < low:
				k.Note += "; less than usual"
			case now > high:
				k.Note += "; more than usual"
			default:
				k.Note += "; as usual"
			}
			k.Note += fmt.Sprintf(" (8 weeks in 10: %s to %s)", f.write(low), f.write(high))
		}
		k.Spark = sparkline(values, low, high, fmt.Sprintf("%s, %d weeks to %s: %s", f.label, len(values), weeks[len(weeks)-1].End, k.Note))
		all = append(all, k)
	}
	return all
}

// change says how a number of a week compares with that of the week before.
func change(now, before float64) string {
	switch r := now/before - 1; {
	case !isDrawn(r) || before == 0:
		return "nothing in the week before"
	case r >= 0:
		return "+" + decimal(100*r, 1) + nbsp + "% in a week"
	default:
		return decimal(100*r, 1) + nbsp + "% in a week"
	}
}

// sparkline draws values, and the band between low and high where there is one. It is nil where a value is none.
func sparkline(values []float64, low, high float64, label string) *spark {
	const width, height, edge = 216, 28, 3
	least, most := values[0], values[0]
	for _, v := range values {
		if !isDrawn(v) {
			return nil
		}
		least, most = min(least, v), max(most, v)
	}
	band := isDrawn(low) && isDrawn(high)
	if band {
		least, most = min(least, low), max(most, high)
	}
	y := func(v float64) float64 {
		if most == least {
			return edge + height/2
		}
		return edge + math.Round(10*height*(most-v)/(most-least))/10
	}
	s := &spark{Label: label}
	var xy []float64
	for i, v := range values {
		s.X, s.Y = 2+math.Round(10*width*float64(i)/float64(max(1, len(values)-1)))/10, y(v)
		xy = append(xy, s.X, s.Y)
	}
	s.Points = coordinates(xy...)
	if band {
		s.BandY, s.BandHeight = y(high), max(1, y(low)-y(high))
	}
	return s
}
