package drift

import (
	"fmt"
	"math"
	"strings"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/drift"
	"github.com/clientele/clientele/pkg/frame"
)

// binsTable has the bins of every comparison and feature, in the order of features.
func (f *evidence) binsTable() *frame.Frame {
	n := 0
	for _, a := range f.against() {
		for _, x := range a.features {
			n += len(x.Counts)
		}
	}
	t := frame.New(contract.DriftBins.Columns, n)
	row := 0
	for _, a := range f.against() {
		for _, x := range a.features {
			for i, b := range x.Counts {
				t.Strings("against")[row], t.Strings("feature")[row], t.Ints("bin")[row] = a.name, x.Name, int64(i)
				t.Strings("kind")[row], t.Strings("level")[row] = b.Kind, b.Level
				t.Floats("low")[row], t.Floats("high")[row] = finite(b.Low), finite(b.High)
				t.Ints("reference")[row], t.Ints("current")[row] = int64(b.Reference), int64(b.Current)
				t.Floats("reference_share")[row], t.Floats("current_share")[row] = of(b.Reference, x.Reference), of(b.Current, x.Current)
				row++
			}
		}
	}
	return t
}

func finite(v float64) float64 {
	if math.IsInf(v, 0) {
		return math.NaN()
	}
	return v
}

func of(part, all int) float64 {
	if all == 0 {
		return 0
	}
	return float64(part) / float64(all)
}

// why says where the two sides of a feature differ most: the medians, and the bin whose share has changed most.
func why(x drift.Feature) string {
	if x.Reference == 0 || x.Current == 0 {
		return "there is nobody to compare"
	}
	var parts []string
	switch {
	case x.Text:
	case math.IsNaN(x.Middle) || math.IsNaN(x.MiddleCurrent):
		parts = append(parts, "one side has no value")
	default:
		parts = append(parts, fmt.Sprintf("median %s then, %s now", number(x.Middle), number(x.MiddleCurrent)))
	}
	most, at := 0.0, -1
	for i, b := range x.Counts {
		if d := math.Abs(of(b.Current, x.Current) - of(b.Reference, x.Reference)); d > most {
			most, at = d, i
		}
	}
	if at < 0 {
		return strings.Join(append(parts, "every bin has the share that it had"), "; ")
	}
	b := x.Counts[at]
	return strings.Join(append(parts, fmt.Sprintf("%s: %s then, %s now", inWords(x.Counts, at), percent(of(b.Reference, x.Reference)), percent(of(b.Current, x.Current)))), "; ")
}

// inWords says what a bin holds.
func inWords(bins []drift.BinCount, at int) string {
	b := bins[at]
	switch b.Kind {
	case drift.BinMissing:
		return "no value"
	case drift.BinRare:
		return "rare values"
	case drift.BinUnseen:
		return "values never seen before"
	case drift.BinLevel:
		return fmt.Sprintf("%q", b.Level)
	}
	high := "up to " + number(b.High)
	if at+1 < len(bins) && atom(bins[at+1]) {
		high = "below " + number(bins[at+1].High)
	}
	switch {
	case atom(b):
		return "exactly " + number(b.High)
	case math.IsInf(b.Low, 0) && math.IsInf(b.High, 0):
		return "any value"
	case math.IsInf(b.Low, 0):
		return high
	case math.IsInf(b.High, 0):
		return "above " + number(b.Low)
	}
	return "above " + number(b.Low) + ", " + high
}

// atom reports whether a bin holds one value.
func atom(b drift.BinCount) bool {
	return b.Kind == drift.BinRange && math.Nextafter(b.High, math.Inf(-1)) == b.Low
}

// number writes a value with at most two decimals, without them from 100 on.
func number(v float64) string {
	if math.Abs(v) >= 100 {
		return fmt.Sprintf("%.0f", v)
	}
	text := strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.2f", v), "0"), ".")
	if text == "-0" {
		return "0"
	}
	return text
}

func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }
