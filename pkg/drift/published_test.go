package drift

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Benjamini and Hochberg's own example (1995, section 3.2: 15 comparisons of a study of thrombolysis): at 0.05 the four smallest are
// rejected, where Bonferroni's correction rejects three.
func TestBenjaminiHochbergPublished(t *testing.T) {
	p := []float64{
		0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1,
	}
	adjusted := BenjaminiHochberg(p)
	for i, q := range adjusted {
		if (q <= 0.05) != (i < 4) {
			t.Errorf("p %v is adjusted to %v", p[i], q)
		}
	}
	// By hand: 15·0.0095/4 and, from the right, 15·0.0298/7 < 15·0.0278/6.
	if math.Abs(adjusted[3]-0.035625) > 1e-12 || math.Abs(adjusted[5]-15*0.0298/7) > 1e-12 {
		t.Errorf("adjusted %v", adjusted)
	}
	back := slices.Clone(p)
	slices.Reverse(back)
	want := slices.Clone(adjusted)
	slices.Reverse(want)
	if diff := cmp.Diff(want, BenjaminiHochberg(back)); diff != "" {
		t.Error(diff)
	}
	if len(BenjaminiHochberg(nil)) != 0 {
		t.Error("nothing became something")
	}
}

// The two-sample examples of T. W. Kirkman, "Statistics to Use: Kolmogorov–Smirnov Test" (College of Saint Benedict, 1996): D = 0.45
// and P = 0.023 of 20 against 20.
func TestKSPublished(t *testing.T) {
	control := []float64{
		0.22, -0.87, -2.39, -1.79, 0.37, -1.54, 1.28, -0.31, -0.74, 1.72, 0.38, -0.17, -0.62, -1.10, 0.30, 0.15, 2.30, 0.19, -0.50, -0.09,
	}
	treatment := []float64{
		-5.13, -2.19, -2.43, -3.83, 0.50, -3.25, 4.32, 1.63, 5.18, -0.43, 7.11, 4.87, -3.10, -5.81, 3.76, 6.31, 2.58, 0.07, 5.76, 3.50,
	}
	a, b := sorted(control).values, sorted(treatment).values
	d := KS(a, b)
	if p := KSP(d, 20, 20); math.Abs(d-0.45) > 1e-12 || math.Abs(p-0.023) > 0.0005 {
		t.Errorf("D %v, P %v; want 0.45, 0.023", d, p)
	}
	if got := KS(b, a); got != d {
		t.Errorf("%v from one side, %v from the other", d, got)
	}
	if !math.IsNaN(KS(nil, a)) || !math.IsNaN(KSP(math.NaN(), 1, 1)) {
		t.Error("nothing to compare gives a number")
	}
}

// N. Smirnov, "Table for estimating the goodness of fit of empirical distributions" (1948): L(1.00) = 0.730000; and the critical values in
// any textbook, 1.2238, 1.3581 and 1.6276 at 10, 5 and 1 %.
func TestKolmogorovPublished(t *testing.T) {
	for _, c := range []struct{ lambda, want, tol float64 }{
		{1, 1 - 0.730000, 5e-7}, {1.2238, 0.10, 5e-5}, {1.3581, 0.05, 5e-5}, {1.6276, 0.01, 5e-6}, {0.1, 1, 0}, {9, 0, 1e-60},
	} {
		if got := kolmogorov(c.lambda); math.Abs(got-c.want) > c.tol {
			t.Errorf("tail at %v is %v, want %v", c.lambda, got, c.want)
		}
	}
}

// The examples of scipy.stats.wasserstein_distance's documentation: 5.0 and, with its weights 3 to 1 against 2 to 2 as so many
// values, 0.25.
func TestWassersteinPublished(t *testing.T) {
	for _, c := range []struct {
		a, b []float64
		want float64
	}{
		{[]float64{0, 1, 3}, []float64{5, 6, 8}, 5},
		{[]float64{0, 0, 0, 1}, []float64{0, 0, 1, 1}, 0.25},
		{[]float64{1, 2}, []float64{1, 2}, 0},
	} {
		if got := Wasserstein(c.a, c.b); math.Abs(got-c.want) > 1e-15 {
			t.Errorf("%v against %v: %v, want %v", c.a, c.b, got, c.want)
		}
		if got := Wasserstein(c.b, c.a); math.Abs(got-c.want) > 1e-15 {
			t.Errorf("%v against %v: %v, want %v", c.b, c.a, got, c.want)
		}
	}
	if !math.IsNaN(Wasserstein(nil, []float64{1})) {
		t.Error("nothing to compare gives a number")
	}
}

// The examples of scipy.spatial.distance.jensenshannon's documentation: 1.0 to base 2 where nothing is shared, and
// 0.46450140402245893 to base e for (1, 0) against (½, ½), which is √ln 2 times the distance to base 2.
func TestJSPublished(t *testing.T) {
	if got := JS([]int{1, 0, 0}, []int{0, 1, 0}); got != 1 {
		t.Errorf("%v, want 1", got)
	}
	if got := JS([]int{2, 0}, []int{1, 1}) * math.Sqrt(math.Ln2); math.Abs(got-0.46450140402245893) > 1e-15 {
		t.Errorf("%v, want 0.46450140402245893", got)
	}
	if got := JS([]int{1, 0, 0}, []int{7, 0, 0}); got != 0 {
		t.Errorf("%v, want 0", got)
	}
}

// By hand: 2 × 2 with rows 10, 20 against 20, 10 has 60·(10·10 − 20·20)²/(30⁴) = 20/3.
func TestChi2ByHand(t *testing.T) {
	if got := chi2([]int{10, 20}, []int{20, 10}); math.Abs(got-20.0/3) > 1e-12 {
		t.Errorf("%v, want 6.667", got)
	}
	if got := largest([]int{10, 20}, []int{20, 10}); math.Abs(got-1.0/3) > 1e-12 {
		t.Errorf("largest difference %v, want a third", got)
	}
}

// The chain of scales, by hand.
func TestScales(t *testing.T) {
	spread := make([]float64, 101)
	for i := range spread {
		spread[i] = float64(i)
	}
	few := make([]float64, 100) // the middle half is one value
	few[98], few[99] = 1, 1
	some := append(slices.Clone(few[:80]), slices.Repeat([]float64{2}, 20)...)
	for _, c := range []struct {
		v    []float64
		want float64
		name string
	}{
		{spread, 50 / 1.349, ScaleIQR},
		{some, 2 / 3.290, ScaleP90},
		{few, math.Sqrt(0.02 * 0.98), ScaleSD}, // of a share of 2 %
		{few[:50], 1, ScaleNone},
		{nil, 1, ScaleNone},
	} {
		if got, name := scaleOf(c.v); math.Abs(got-c.want) > 1e-12 || name != c.name {
			t.Errorf("scale %v (%s), want %v (%s)", got, name, c.want, c.name)
		}
	}
	if got := unitOf([]float64{-3, 0, 1, 2, 4}); got != 3 { // of 1 2 3 4
		t.Errorf("unit %v, want 3", got)
	}
	if got := unitOf([]float64{0, 0}); got != 1 {
		t.Errorf("unit of zeros %v, want 1", got)
	}
}
