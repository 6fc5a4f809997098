package drift

import (
	"math"
	"math/rand/v2"
	"testing"
)

// placed puts n customers at distances of |N(0, 1)|·scale from the first or second of two segments.
func placed(rng *rand.Rand, n int, first, scale float64) Places {
	p := Places{Dim: 1}
	for range n {
		segment, d := int32(1), math.Abs(rng.NormFloat64())*scale
		if rng.Float64() < first {
			segment = 0
		}
		p.Nearest = append(p.Nearest, segment)
		p.Distance = append(p.Distance, d)
		p.Second = append(p.Second, d+1)
		p.Points = append(p.Points, 10*float64(segment)+d)
	}
	return p
}

func effects(t *testing.T, ref, cur Places, pair []int32) (map[string]Effect, []Segment) {
	t.Helper()
	all, segments, err := Shape(2, ref, cur, pair, Held{}, [][]float64{{0}, {10}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]Effect{}
	for _, e := range all {
		out[e.Name] = e
	}
	return out, segments
}

func TestShape(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	ref := placed(rng, 1000, 0.5, 1)
	itself := make([]int32, 1000)
	for i := range itself {
		itself[i] = int32(i)
	}
	e, segments := effects(t, ref, ref, itself)
	for _, name := range []string{EffectSegments, EffectTVD, EffectModel, EffectDistance, EffectMargin, EffectSilhouette} {
		if e[name].Value != 0 { // by definition
			t.Errorf("%s of the same customers is %v", name, e[name].Value)
		}
	}
	if e[EffectNovelty].Value > 0.01 || segments[0].Z != 0 {
		t.Errorf("novelty %v, z %v of the same customers", e[EffectNovelty].Value, segments[0].Z)
	}
	for _, c := range []struct {
		name  string
		cur   Places
		alert string
	}{
		{"quiet", placed(rng, 1000, 0.5, 1), ""},
		{"shares", placed(rng, 1000, 0.9, 1), EffectSegments},
		{"wide", placed(rng, 1000, 0.5, 2), EffectModel},
	} {
		e, _ := effects(t, ref, c.cur, nil)
		for _, name := range []string{EffectSegments, EffectModel} {
			if (e[name].Verdict == Alert) != (name == c.alert) {
				t.Errorf("%s: %s is %+v", c.name, name, e[name])
			}
		}
	}
	// The distances doubled: four times the mean square, up to chance; and nobody's distance in the reference reaches its 99th percentile
	// by more than 1 %.
	wide, _ := effects(t, ref, placed(rng, 1000, 0.5, 2), nil)
	if v := wide[EffectModel].Value; v < 2.5 || v > 3.6 {
		t.Errorf("relative change of the mean square %v, want about 3", v)
	}
	if n := wide[EffectNovelty]; n.Verdict != Alert || n.Value < NoveltyLimit {
		t.Errorf("novelty %+v", n)
	}
	if c := wide[EffectCentroids].Value; math.Abs(c-2*math.Sqrt(2/math.Pi)) > 0.15 { // the mean of |N(0, 2²)|
		t.Errorf("centroids moved by %v, want about 1.6", c)
	}
	none, _ := effects(t, ref, Places{}, nil)
	if none[EffectSegments].Verdict != InsufficientData || Measured(none[EffectModel].Value) != nil {
		t.Errorf("without customers: %+v", none)
	}
}

// Customers who are a tenth farther from the fit that has not seen them have a fifth more of squared distance: 1.25 · 1.21 − 1 is the limit then,
// and a rise of 40 % is within it. Distances are compared with theirs.
func TestHeldOut(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 10))
	ref := placed(rng, 4000, 0.5, 1)
	stretched := func(by float64) Places {
		p := ref
		p.Distance = make([]float64, len(ref.Distance))
		for i, d := range ref.Distance {
			p.Distance[i] = by * d
		}
		return p
	}
	cur := stretched(math.Sqrt(1.4))
	for _, c := range []struct {
		name  string
		held  Held
		limit float64
		want  Verdict
	}{
		{"none", Held{}, 0.25, Alert},
		{"too few", Held{Places{Distance: []float64{1}}, Places{Distance: []float64{9}, Second: []float64{9}}}, 0.25, Alert},
		{"a tenth", Held{ref, stretched(1.1)}, 1.25*1.21 - 1, Warn},
		{"nearer", Held{ref, stretched(0.9)}, 0.25, Alert},
	} {
		all, _, err := Shape(2, ref, cur, nil, c.held, [][]float64{{0}, {10}}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if e := all[2]; e.Name != EffectModel || math.Abs(e.Limit-c.limit) > 1e-9 || math.Abs(e.Value-0.4) > 1e-9 || e.Verdict != c.want {
			t.Errorf("%s: %+v, want %s beyond %v", c.name, e, c.want, c.limit)
		}
	}
	all, _, err := Shape(2, ref, stretched(1.1), nil, Held{ref, stretched(1.1)}, [][]float64{{0}, {10}}, Options{})
	if err != nil || all[4].Name != EffectDistance || all[4].Value != 0 {
		t.Errorf("distances as those of customers that no fit has seen: %+v, %v", all[4], err)
	}
}

// By hand: of 4 customers 2 each, and one has gone from the first to the second. Her swap is the only thing that varies, by ¼; so z is
// ¼/(½·(¼ + ¼)) = 1.
func TestSegmentZ(t *testing.T) {
	s := NewSides(2, []int{0, 0, 1, 1}, []int{1, 0, 1, 1}, []int32{0, 1, 2, 3})
	got := segments(s)
	if math.Abs(got[1].Z-1) > 1e-12 || math.Abs(got[0].Z+1) > 1e-12 || got[1].Current != 0.75 {
		t.Errorf("%+v", got)
	}
}

func TestForward(t *testing.T) {
	base := []Followed{{1000, 800, 0}, {1000, 200, 0}}
	for _, c := range []struct {
		name string
		now  []Followed
		want Verdict
	}{
		{"the same", base, None},
		// Odds of 4 and ¼ halved: 2/3 and 1/9.
		{"a quiet season for all alike", []Followed{{900, 600, 0}, {900, 100, 0}}, None},
		{"the segments have changed places", []Followed{{1000, 200, 0}, {1000, 800, 0}}, Alert},
		{"too few", []Followed{{10, 8, 0}, {10, 2, 0}}, InsufficientData},
		{"everybody bought", []Followed{{1000, 1000, 0}, {1000, 1000, 0}}, InsufficientData},
		{"another model", []Followed{{1000, 500, 0}}, InsufficientData},
	} {
		e := Forward(base, c.now, Options{})
		if e.Verdict != c.want {
			t.Errorf("%s: %+v, want %s", c.name, e, c.want)
		}
		if c.want == None && e.Value > 0.01 {
			t.Errorf("%s: effect %v, want about 0", c.name, e.Value)
		}
	}
	// Nobody of 28 at training, and 13 of 50 now, is a large effect by what few customers foretold, and no evidence. By another solver of
	// the same equations (Newton's method on both logits and the ratio, in Python): χ² = 4.267369
	// with one degree of freedom, p = 0.03885105.
	if e := Forward([]Followed{{113, 86, 0}, {28, 0, 0}}, []Followed{{80, 69, 0}, {50, 13, 0}}, Options{}); math.Abs(e.P-0.03885105) > 1e-7 || e.Value < ForwardLimit || e.Verdict != None {
		t.Errorf("few at training: %+v", e)
	}
}
