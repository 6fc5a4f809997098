package rfm

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// Own is a grid as a shop wants it: thresholds in the place of the quantiles of the training customers, and names in the place of those
// of [Name]. Thresholds that are nil stay the model's; without Segments the names stay too.
type Own struct {
	Recency   []float64 `toml:"recency"`   // days
	Frequency []float64 `toml:"frequency"` // invoices
	Monetary  []float64 `toml:"monetary"`  // units of the currency
	Segments  []Cells   `toml:"segment"`
}

// Cells are the cells of a name: those whose scores are all within its ranges. A range is the lowest and the highest score, or one score;
// one that is nil is 1 to 5. Several Cells can have one name.
type Cells struct {
	Name      string `toml:"name"`
	Recency   []int  `toml:"recency"`
	Frequency []int  `toml:"frequency"`
	Monetary  []int  `toml:"monetary"`
}

// Check returns everything that is wrong: thresholds that are not four ascending numbers, ranges outside 1 to 5, and cells that have no
// name or two.
func (o *Own) Check() error {
	var errs []error
	for _, m := range []struct {
		name   string
		values []float64
	}{{"recency", o.Recency}, {"frequency", o.Frequency}, {"monetary", o.Monetary}} {
		if m.values != nil && !ascending(m.values) {
			errs = append(errs, fmt.Errorf("%s = %v: want %d ascending numbers, the thresholds between the scores 1 to %d", m.name, m.values, Levels-1, Levels))
		}
	}
	for i, c := range o.Segments {
		if c.Name == "" || c.Name != strings.TrimSpace(c.Name) {
			errs = append(errs, fmt.Errorf("segment %d: name %q: want a name without blanks around it", i+1, c.Name))
		}
		for _, r := range []struct {
			name  string
			given []int
		}{{"recency", c.Recency}, {"frequency", c.Frequency}, {"monetary", c.Monetary}} {
			if low, high := span(r.given); len(r.given) > 2 || low < 1 || high > Levels || low > high {
				errs = append(errs, fmt.Errorf("segment %d (%s): %s = %v: want the lowest and the highest score of 1 to %d", i+1, c.Name, r.name, r.given, Levels))
			}
		}
	}
	if len(errs) == 0 && len(o.Segments) > 0 {
		errs = o.checkCells()
	}
	return errors.Join(errs...)
}

// checkCells looks for cells without a name and with two.
func (o *Own) checkCells() (errs []error) {
	for r := Levels; r >= 1; r-- {
		for f := Levels; f >= 1; f-- {
			for m := Levels; m >= 1; m-- {
				var in []int
				for i, c := range o.Segments {
					if c.has(Score{r, f, m}) {
						in = append(in, i)
					}
				}
				switch {
				case len(in) == 0:
					errs = append(errs, fmt.Errorf("no segment has the cell recency %d, frequency %d, monetary %d", r, f, m))
				case len(in) > 1:
					errs = append(errs, fmt.Errorf("segments %d (%s) and %d (%s) both have the cell recency %d, frequency %d, monetary %d",
						in[0]+1, o.Segments[in[0]].Name, in[1]+1, o.Segments[in[1]].Name, r, f, m))
				}
			}
		}
	}
	const most = 5
	if n := len(errs); n > most {
		errs = append(errs[:most], fmt.Errorf("and %d more cells", n-most))
	}
	return errs
}

// Grid returns the model's grid with the shop's thresholds in it. The grid has been checked.
func (o *Own) Grid(g Grid) Grid {
	for _, m := range []struct {
		from []float64
		to   *Thresholds
	}{{o.Recency, &g.Recency}, {o.Frequency, &g.Frequency}, {o.Monetary, &g.Monetary}} {
		if m.from != nil {
			*m.to = Thresholds(m.from)
		}
	}
	return g
}

// Name returns the shop's name of a cell. The grid has been checked.
func (o *Own) Name(s Score) string {
	for _, c := range o.Segments {
		if c.has(s) {
			return c.Name
		}
	}
	return Name(s.R, s.F)
}

func (c Cells) has(s Score) bool {
	within := func(v int, given []int) bool {
		low, high := span(given)
		return low <= v && v <= high
	}
	return within(s.R, c.Recency) && within(s.F, c.Frequency) && within(s.M, c.Monetary)
}

// span returns the lowest and the highest score of a range.
func span(given []int) (low, high int) {
	if len(given) == 0 {
		return 1, Levels
	}
	return given[0], given[len(given)-1]
}

func ascending(values []float64) bool {
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) || i > 0 && v <= values[i-1] {
			return false
		}
	}
	return len(values) == Levels-1
}
