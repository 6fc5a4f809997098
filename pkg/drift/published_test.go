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

// Party by gender of A. Agresti (An Introduction to Categorical Data Analysis, 2007, p. 39), the example of R's chisq.test: X² = 30.07 with two
// degrees of freedom, p = 2.954e-07.
func TestChi2Published(t *testing.T) {
	party := func(democrat, independent, republican int) []string {
		return slices.Concat(slices.Repeat([]string{"Democrat"}, democrat), slices.Repeat([]string{"Independent"}, independent), slices.Repeat([]string{"Republican"}, republican))
	}
	f := compare(t, []Column{{Name: "party", Text: true, ReferenceText: party(762, 327, 468), CurrentText: party(484, 239, 477)}}, nil)[0]
	if math.Abs(f.Chi2-30.07) > 0.005 || math.Abs(f.P-2.954e-7) > 5e-11 || f.PName != PChi2 {
		t.Errorf("X² %v, p %v (%s); want 30.07, 2.954e-07 (%s)", f.Chi2, f.P, f.PName, PChi2)
	}
}

// The artificial data of the Consumer Price Index Manual (ILO, 2004, tables 19.1 and 19.2: prices and quantities of six commodities in five
// periods), and its Fisher indices to the first period (table 19.5).
func TestFisherPublished(t *testing.T) {
	price := [][]float64{{1, 1, 1, 1, 1, 1}, {1.2, 3, 1.3, 0.7, 1.4, 0.8}, {1, 1, 1.5, 0.5, 1.7, 0.6}, {0.8, 0.5, 1.6, 0.3, 1.9, 0.4}, {1, 1, 1.6, 0.1, 2, 0.2}}
	quantity := [][]float64{{1, 1, 2, 1, 4.5, 0.5}, {0.8, 0.9, 1.9, 1.3, 4.7, 0.6}, {1, 1.1, 1.8, 3, 5, 0.8}, {1.2, 1.2, 1.9, 6, 5.6, 1.3}, {0.9, 1.2, 2, 12, 6.5, 2.5}}
	sold := func(period int) (out []Sold) {
		for i, p := range price[period] {
			out = append(out, Sold{Quantity: quantity[period][i], Money: p * quantity[period][i]})
		}
		return out
	}
	for period, want := range []float64{1, 1.4011, 1.2721, 1.1762, 1.0712} {
		if got, n := Fisher(sold(0), sold(period)); math.Abs(got-want) > 5e-5 || n != 6 {
			t.Errorf("period %d: %.5f over %d, want %v over 6", period+1, got, n, want)
		}
	}
}

// The migraine study of the SAS/STAT documentation of PROC FREQ (Koch and others): better of 27 and 25 women with and without the drug were
// 16 and 5, of 28 and 26 men 12 and 7. Breslow and Day's test has X² = 1.4929, p = 0.2218 with Mantel and Haenszel's estimate of the ratio;
// with the likelihood's, which makes X² the smallest, it differs in the third digit.
func TestBreslowDayPublished(t *testing.T) {
	if p := oneRatio([]Followed{{Customers: 25, Bought: 5}, {Customers: 26, Bought: 7}}, []Followed{{Customers: 27, Bought: 16}, {Customers: 28, Bought: 12}}); math.Abs(p-0.2218) > 0.001 {
		t.Errorf("p %v, want 0.2218", p)
	}
}

// Besag and Clifford (1991, section 2): a p-value is h/l where the h-th draw that reaches the statistic is the l-th, and (g + 1)/n where n − 1 draws
// have g < h. Here h is 20.
func TestBesagCliffordByHand(t *testing.T) {
	for _, c := range []struct {
		every, most, draws int
		want               float64
	}{
		{1, 1000, leastDraws, 1},
		{7, 1000, leastDraws, 1.0 / 7},   // the 20th is the 140th draw; more are made for the 95th percentile alone
		{40, 1000, 800, 20.0 / 800},      // the 20th is the 800th
		{100, 1000, 1000, 11.0 / 1001},   // ten of a thousand
		{2000, 1000, 1000, 1.0 / 1001},   // none
		{40, 100, leastDraws, 5.0 / 200}, // four of 199
	} {
		n := 0
		got := sequential(c.most, 1, func() float64 {
			if n++; n%c.every == 0 {
				return 1
			}
			return 0
		})
		if math.Abs(got.P-c.want) > 1e-15 || got.Draws != c.draws || n != c.draws {
			t.Errorf("one draw of %d, at most %d: p %v of %d draws, want %v of %d", c.every, c.most, got.P, n, c.want, c.draws)
		}
	}
	// One feature among 30 can be found: its p-value is at least 1/(draws + 1), and Benjamini and Hochberg multiply it by 30.
	o := Options{}.WithDefaults()
	if p := 30.0 / float64(o.draws(30)+1); p > o.Alpha/19 {
		t.Errorf("%d draws for 30 features: the smallest adjusted p-value is %v", o.draws(30), p)
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
