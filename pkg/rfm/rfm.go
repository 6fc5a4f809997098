// Package rfm scores customers from 1 to 5 by recency, frequency and money, and names the cells of the grid.
//
// Thresholds come once, from the training customers; from then on a score is a function of the value alone. So customers
// with equal values always score alike, in whatever order they are listed: ranking first and cutting after does not have
// this property, and on shops where a third of the customers bought once it moves many of them.
//
//	grid, err := rfm.Fit(recency, frequency, monetary)
//	s := grid.Score(12, 5, 1480.50)
//	fmt.Println(s.R, s.F, s.M, rfm.Name(s.R, s.F)) // 5 4 4 Champions
package rfm

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Levels is the number of scores: 1 is the worst, Levels the best.
const Levels = 5

// ErrEmpty says that there is no training customer.
var ErrEmpty = errors.New("no customer to fit thresholds to")

// Thresholds are the type-7 quantiles at 0.2, 0.4, 0.6 and 0.8 of the training customers, ascending.
type Thresholds [Levels - 1]float64

// Grid holds what a score needs. Recency is in days, frequency in invoices, money in units of the currency: an
// interpolated quantile of money can lie between two ten-thousandths, so it is a float64.
type Grid struct {
	Recency   Thresholds `json:"recency"`
	Frequency Thresholds `json:"frequency"`
	Monetary  Thresholds `json:"monetary"`
}

// Score is one customer's three scores, each 1 (worst) to 5 (best).
type Score struct{ R, F, M int }

// Fit takes the thresholds from the training customers: three slices of one length, which stay untouched. The order of
// the customers does not matter. It returns [ErrEmpty] without a customer, and an error that names measure and row for a
// value that is not finite.
func Fit(recency, frequency, monetary []float64) (Grid, error) {
	var g Grid
	if len(frequency) != len(recency) || len(monetary) != len(recency) {
		return g, fmt.Errorf("fit grid: %d recencies, %d frequencies, %d amounts", len(recency), len(frequency), len(monetary))
	}
	for _, m := range []struct {
		name   string
		values []float64
		dst    *Thresholds
	}{
		{"recency", recency, &g.Recency},
		{"frequency", frequency, &g.Frequency},
		{"monetary", monetary, &g.Monetary},
	} {
		t, err := fit(m.values)
		if err != nil {
			return Grid{}, fmt.Errorf("fit %s: %w", m.name, err)
		}
		*m.dst = t
	}
	return g, nil
}

// fit returns the thresholds of one measure.
//
// Quantile j/5 of n sorted values lies at position (n−1)·j/5 (type 7 of Hyndman and Fan, "Sample quantiles in statistical
// packages", The American Statistician 50, 1996). The position is kept in whole numbers, quotient and rest, so that no
// rounding decides which values are interpolated.
func fit(values []float64) (Thresholds, error) {
	var t Thresholds
	if len(values) == 0 {
		return t, ErrEmpty
	}
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return t, fmt.Errorf("row %d is %v, want a finite number", i, v)
		}
	}
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	for j := 1; j < Levels; j++ {
		whole, rest := (len(sorted)-1)*j/Levels, (len(sorted)-1)*j%Levels
		q := sorted[whole]
		if rest > 0 {
			q += float64(float64(rest) / Levels * (sorted[whole+1] - q))
		}
		t[j-1] = q
	}
	return t, nil
}

// Score returns the scores of one customer. More is better but for recency, where less is.
func (g Grid) Score(recency, frequency, monetary float64) Score {
	return Score{
		R: Levels + 1 - g.Recency.score(recency),
		F: g.Frequency.score(frequency),
		M: g.Monetary.score(monetary),
	}
}

// score returns 1 + the number of thresholds strictly below v.
func (t Thresholds) score(v float64) int {
	s := 1
	for _, limit := range t {
		if limit < v {
			s++
		}
	}
	return s
}

// Unused is a score that no value can have, since the thresholds on both its sides coincide.
type Unused struct {
	Measure string `json:"measure"` // recency, frequency or monetary
	Score   int    `json:"score"`
}

// Unused lists the scores which no customer can have, by measure and score. It is empty for most data; where many
// customers share a value (a third of them with one invoice, say) thresholds coincide.
func (g Grid) Unused() []Unused {
	var out []Unused
	for _, m := range []struct {
		name string
		t    Thresholds
	}{
		{"recency", g.Recency}, {"frequency", g.Frequency}, {"monetary", g.Monetary},
	} {
		var scores []int
		for s := 2; s < Levels; s++ {
			if m.t[s-2] == m.t[s-1] {
				scores = append(scores, s)
			}
		}
		if m.name == "recency" {
			for i, s := range scores {
				scores[i] = Levels + 1 - s
			}
			slices.Sort(scores)
		}
		for _, s := range scores {
			out = append(out, Unused{m.name, s})
		}
	}
	return out
}

// The names of the grid's cells.
const (
	Champions         = "Champions"
	Loyal             = "Loyal"
	PotentialLoyalist = "Potential loyalist"
	New               = "New"
	Promising         = "Promising"
	NeedAttention     = "Need attention"
	AboutToSleep      = "About to sleep"
	AtRisk            = "At risk"
	CantLose          = "Can't lose"
	Hibernating       = "Hibernating"
)

// names holds the cells by frequency, 5 first, then by recency, 5 first: the table of the definitions as it is printed.
var names = [Levels][Levels]string{
	{Champions, Loyal, Loyal, CantLose, CantLose},
	{Champions, Loyal, Loyal, AtRisk, AtRisk},
	{PotentialLoyalist, PotentialLoyalist, NeedAttention, AtRisk, AtRisk},
	{PotentialLoyalist, PotentialLoyalist, AboutToSleep, Hibernating, Hibernating},
	{New, Promising, AboutToSleep, Hibernating, Hibernating},
}

// Name returns the name of the cell with recency score r and frequency score f, both 1 to 5. It panics outside.
func Name(r, f int) string { return names[Levels-f][Levels-r] }
