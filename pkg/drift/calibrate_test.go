package drift

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
)

// calibrating says whether the whole grid runs, in minutes, and not its seeded sample.
var calibrating = os.Getenv("CLIENTELE_CALIBRATE") != ""

// kinds are what features of quiet shops look like; each draws one value.
var kinds = []struct {
	name string
	draw func(*rand.Rand) float64
}{
	{"normal", func(r *rand.Rand) float64 { return r.NormFloat64() }},
	{"lognormal", func(r *rand.Rand) float64 { return math.Exp(1.5 * r.NormFloat64()) }},
	{"zero-inflated", func(r *rand.Rand) float64 {
		if r.Float64() < 0.7 {
			return 0
		}
		return math.Exp(r.NormFloat64())
	}},
	{"counts", func(r *rand.Rand) float64 { return math.Floor(r.ExpFloat64() / 0.7) }},
}

// batch draws ten features on both sides, two of every kind, from one distribution.
func batch(reference, current int, rng *rand.Rand) []Column {
	var out []Column
	for i := range 2 * len(kinds) {
		k := kinds[i%len(kinds)]
		c := Column{Name: fmt.Sprint(k.name, i), Log: k.name != "normal", Reference: make([]float64, reference), Current: make([]float64, current)}
		for i := range c.Reference {
			c.Reference[i] = k.draw(rng)
		}
		for i := range c.Current {
			c.Current[i] = k.draw(rng)
		}
		out = append(out, c)
	}
	for i := range 2 {
		c := Column{Name: fmt.Sprint("country", i), Text: true, ReferenceText: make([]string, reference), CurrentText: make([]string, current)}
		zipf := rand.NewZipf(rng, 2, 1, 37) // 38 levels, as unequal as the countries of a shop at home
		for i := range c.ReferenceText {
			c.ReferenceText[i] = strconv.FormatUint(zipf.Uint64(), 10)
		}
		for i := range c.CurrentText {
			c.CurrentText[i] = strconv.FormatUint(zipf.Uint64(), 10)
		}
		out = append(out, c)
	}
	return out
}

// rates counts the runs in which some feature's adjusted p-value is at most alpha, and in which some feature is an alert.
func rates(t *testing.T, runs int, run func(seed uint64) ([]Column, []int32)) (found, alerts int) {
	t.Helper()
	type outcome struct{ found, alert bool }
	out := make([]outcome, runs)
	for i := range out {
		columns, pair := run(uint64(i))
		for _, f := range compare(t, columns, pair) {
			out[i].found = out[i].found || f.Adjusted <= DefaultAlpha
			out[i].alert = out[i].alert || f.Verdict == Alert
		}
	}
	for _, o := range out {
		if o.found {
			found++
		}
		if o.alert {
			alerts++
		}
	}
	return found, alerts
}

// most is how many of n quiet runs may have a finding: alpha and three standard errors.
func most(n int) int {
	return int(float64(n) * (DefaultAlpha + 3*math.Sqrt(DefaultAlpha*(1-DefaultAlpha)/float64(n))))
}

// Where nothing moved, a run of ten features has a finding at most as often as alpha says. Fewer rows make no difference: p-values are
// exact whatever the sizes. make calibrate runs the grid of docs/drift.md.
func TestFalseFindings(t *testing.T) {
	runs, sizes := 100, []int{30, 300}
	if calibrating {
		runs, sizes = 1000, []int{30, 100, 300, 1000, 3000, 10_000}
	}
	for _, n := range sizes {
		found, alerts := rates(t, runs, func(seed uint64) ([]Column, []int32) {
			return batch(5000, n, rand.New(rand.NewPCG(uint64(n), seed))), nil
		})
		t.Logf("%d against 5,000: %d of %d quiet runs with a finding, %d with an alert", n, found, runs, alerts)
		if found > most(runs) || alerts > most(runs) {
			t.Errorf("%d against 5,000: %d findings and %d alerts in %d quiet runs, want at most %d", n, found, alerts, runs, most(runs))
		}
	}
}

// repeating is a quiet shop: every customer has a rate and a usual value of his own, and buys by them in every week. It returns what each
// bought in a window of 13 weeks, and in another one that ends some weeks later. Who bought in neither is in no sample.
func repeating(customers, apart int, rng *rand.Rand) ([]Column, []int32) {
	const window = 13
	var was, is [3][]float64
	var pair []int32
	for range customers {
		rate, value := 0.1*math.Exp(rng.NormFloat64()), 20*math.Exp(rng.NormFloat64())
		var orders, money [2]float64
		last := [2]float64{-1, -1}
		for week := range window + apart {
			for rng.Float64() < rate/(1+rate) {
				spent := value * math.Exp(0.5*rng.NormFloat64())
				for side, from := range [2]int{0, apart} {
					if week >= from && week < from+window {
						orders[side]++
						money[side] += spent
						last[side] = float64(from + window - week)
					}
				}
			}
		}
		at := int32(-1)
		if orders[0] > 0 {
			at = int32(len(was[0]))
			was[0], was[1], was[2] = append(was[0], orders[0]), append(was[1], money[0]), append(was[2], last[0])
		}
		if orders[1] > 0 {
			is[0], is[1], is[2] = append(is[0], orders[1]), append(is[1], money[1]), append(is[2], last[1])
			pair = append(pair, at)
		}
	}
	var out []Column
	for i, name := range []string{"frequency", "monetary", "recency"} {
		out = append(out, Column{Name: name, Log: i < 2, Reference: was[i], Current: is[i]})
	}
	return out, pair
}

// Windows that share weeks and customers, of a shop where nothing moved: weekly runs share twelve of thirteen weeks.
func TestFalseFindingsOfOverlappingWindows(t *testing.T) {
	runs, sizes, weeks := 150, []int{400}, []int{1, 13}
	if calibrating {
		runs, sizes, weeks = 1000, []int{100, 400, 2000}, []int{1, 4, 13}
	}
	for _, n := range sizes {
		for _, apart := range weeks {
			found, alerts := rates(t, runs, func(seed uint64) ([]Column, []int32) {
				return repeating(n, apart, rand.New(rand.NewPCG(uint64(100*n+apart), seed)))
			})
			t.Logf("%d customers, %d weeks apart: %d of %d quiet runs with a finding, %d with an alert", n, apart, found, runs, alerts)
			if found > most(runs) || alerts > most(runs) {
				t.Errorf("%d customers, %d weeks apart: %d findings and %d alerts in %d quiet runs, want at most %d", n, apart, found, alerts, runs, most(runs))
			}
		}
	}
}

// How often a shift of one feature of ten is an alert: by a quarter of a deviation never, as that does not matter (PSI 0.06 in the limit of fine bins);
// by a whole one always from 300 rows on. make calibrate prints the table of docs/drift.md.
func TestPowerBySize(t *testing.T) {
	runs, sizes, shifts := 20, []int{300}, []float64{0.25, 1}
	if calibrating {
		runs, sizes, shifts = 200, []int{30, 100, 300, 1000, 3000}, []float64{0.25, 0.5, 0.75, 1}
	}
	for _, n := range sizes {
		for _, by := range shifts {
			hits, wrong := 0, 0.0 // wrong: the share of alerts that are false, added up over runs
			for seed := range runs {
				columns := batch(5000, n, rand.New(rand.NewPCG(uint64(n), uint64(seed))))
				for i := range columns[0].Current {
					columns[0].Current[i] += by
				}
				right, others := 0, 0
				for i, f := range compare(t, columns, nil) {
					switch {
					case f.Verdict == Alert && i == 0:
						right++
					case f.Verdict == Alert:
						others++
					}
				}
				hits += right
				wrong += float64(others) / float64(max(right+others, 1))
			}
			t.Logf("%d against 5,000, moved by %g deviations: %d of %d alerts; %.1f %% of a run's alerts are of other features", n, by, hits, runs, 100*wrong/float64(runs))
			if wrong > float64(most(runs)) {
				t.Errorf("%d rows, moved by %g: %.1f %% of the alerts of a run are of features that did not move", n, by, 100*wrong/float64(runs))
			}
			if n >= 300 && (by <= 0.25 && hits > 0 || by >= 1 && hits < runs) {
				t.Errorf("%d rows, moved by %g: %d of %d alerts", n, by, hits, runs)
			}
		}
	}
}

// P-values of quiet windows are spread as they should be: a tenth of them is at most 0.1, and half of them at most 0.5.
func TestPValuesAreSpread(t *testing.T) {
	runs := 300
	var p []float64
	for seed := range runs {
		columns, pair := repeating(300, 4, rand.New(rand.NewPCG(77, uint64(seed))))
		p = append(p, compare(t, columns[:1], pair)[0].P)
	}
	slices.Sort(p)
	for _, q := range []float64{0.1, 0.5} {
		at, _ := slices.BinarySearch(p, q+1e-12)
		if got, deviation := float64(at)/float64(runs), math.Sqrt(q*(1-q)/float64(runs)); math.Abs(got-q) > 3*deviation {
			t.Errorf("%.3f of the p-values are at most %g, want %g ± %.3f", got, q, q, 3*deviation)
		}
	}
}
