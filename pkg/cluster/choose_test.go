package cluster

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fitsOf makes fits for k = first, first + 1, … with these inertias, smallest shares and silhouettes.
func fitsOf(first int, inertia, share, silhouette []float64) []Fit {
	fits := make([]Fit, len(inertia))
	for i := range fits {
		fits[i].K, fits[i].Inertia = first+i, inertia[i]
		fits[i].SmallestShare = share[i]
		fits[i].Silhouette.Mean = silhouette[i]
	}
	return fits
}

func TestChoose(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name string
		fits []Fit
		rule Rule
		want int
		why  string
	}{
		{
			// x = 0, ¼, ½, ¾, 1 and y = 1, .4, .1, .05, 0: 1 − x − y is 0, .35, .4, .2, 0.
			"elbow", fitsOf(2, []float64{100, 40, 10, 5, 0}, []float64{.3, .2, .1, .05, .02}, []float64{.5, .4, .3, .2, .1}), Rule{},
			4, "k = 4 is at the elbow of inertia over k = 2 … 6; by the silhouette it would be 2",
		},
		{
			"silhouette agrees", fitsOf(2, []float64{100, 40, 10, 5, 0}, []float64{.3, .2, .1, .05, .02}, []float64{.3, .4, .5, .2, .1}), Rule{},
			4, "k = 4 is at the elbow of inertia over k = 2 … 6; the silhouette agrees",
		},
		{
			"floor", fitsOf(2, []float64{100, 40, 10, 5, 0}, []float64{.3, .2, .004, .05, .02}, []float64{.5, .4, .3, .2, .1}), Rule{},
			3, "the elbow of inertia over k = 2 … 6 is at 4, whose smallest segment has only 0.4 % of customers (floor 1 %); k = 3 is next; by the silhouette it would be 2",
		},
		{
			"floor twice", fitsOf(2, []float64{100, 40, 10, 5, 0}, []float64{.3, .002, .004, .05, .02}, []float64{.5, .4, .3, .2, .1}), Rule{},
			5, "the elbow of inertia over k = 2 … 6 is at 4, whose smallest segment has only 0.4 % of customers, then 3, whose smallest segment has only 0.2 % of customers (floor 1 %); k = 5 is next; by the silhouette it would be 2",
		},
		{
			"a floor of its own", fitsOf(2, []float64{100, 40, 10, 5, 0}, []float64{.3, .2, .1, .05, .02}, []float64{.5, .4, .3, .2, .1}), Rule{Floor: .15},
			3, "the elbow of inertia over k = 2 … 6 is at 4, whose smallest segment has only 10 % of customers (floor 15 %); k = 3 is next; by the silhouette it would be 2",
		},
		{
			"none above the floor", fitsOf(2, []float64{100, 40, 0}, []float64{.001, .005, .002}, []float64{.5, .4, .3}), Rule{},
			3, "for every k = 2 … 4 the smallest segment has less than 1 % of customers; it is largest at k = 3, 0.5 %; the elbow of inertia is at 3; by the silhouette it would be 2",
		},
		{
			"asked for", fitsOf(2, []float64{100, 40, 10, 5, 0}, []float64{.3, .2, .1, .05, .02}, []float64{.5, .4, .3, .2, .1}), Rule{K: 5},
			5, "k = 5 was requested; the elbow of inertia over k = 2 … 6 is at 4; by the silhouette it would be 2",
		},
		{
			"a straight line goes to the smaller", fitsOf(2, []float64{90, 80, 70, 60}, []float64{.3, .2, .1, .1}, []float64{.1, .1, .1, .1}), Rule{},
			2, "k = 2 is at the elbow of inertia over k = 2 … 5; the silhouette agrees",
		},
		{
			// x = ⅓, ⅔: y = .6 and .2667 lie equally far below the chord.
			"equal distance goes to the smaller", fitsOf(2, []float64{15, 9, 4, 0}, []float64{.3, .2, .1, .1}, []float64{.1, .2, .3, .1}), Rule{},
			3, "k = 3 is at the elbow of inertia over k = 2 … 5; by the silhouette it would be 4",
		},
		{
			"one k", fitsOf(1, []float64{5}, []float64{1}, []float64{nan}), Rule{},
			1, "k = 1 is the only value tried",
		},
		{
			"above the chord is no elbow", fitsOf(2, []float64{100, 99, 98, 0}, []float64{.3, .2, .1, .1}, []float64{nan, nan, nan, nan}), Rule{},
			2, "k = 2 is at the elbow of inertia over k = 2 … 5",
		},
	} {
		got, err := Choose(c.fits, c.rule)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got.K != c.want || c.fits[got.Index].K != c.want || got.Why != c.why {
			t.Errorf("%s: k = %d, want %d\n got %s\nwant %s", c.name, got.K, c.want, got.Why, c.why)
		}
	}
}

func TestChooseReports(t *testing.T) {
	fits := fitsOf(2, []float64{100, 40, 10, 5, 0}, []float64{.3, .2, .004, .05, .02}, []float64{.5, .4, .3, .2, .1})
	c, err := Choose(fits, Rule{})
	if err != nil {
		t.Fatal(err)
	}
	want := []float64{0, .35 / math.Sqrt2, .4 / math.Sqrt2, .2 / math.Sqrt2, 0}
	for i := range want {
		if math.Abs(c.Depths[i]-want[i]) > 1e-15 {
			t.Errorf("depths %v, want %v", c.Depths, want)
		}
	}
	if diff := cmp.Diff([]PassedOver{{K: 4, SmallestShare: .004}}, c.Passed); diff != "" {
		t.Error(diff)
	}
	if c.Elbow != 4 || c.Silhouette != 2 || c.BelowFloor {
		t.Errorf("%+v", c)
	}
	if _, err := Choose(nil, Rule{}); err == nil {
		t.Error("nothing swept was taken")
	}
	if _, err := Choose(fits, Rule{K: 9}); err == nil || !strings.Contains(err.Error(), "k = 2 … 6") {
		t.Errorf("k = 9: %v, want the swept k named", err)
	}
	if c, err = Choose(fits, Rule{Floor: -1}); err != nil || c.K != 4 {
		t.Errorf("no floor: k = %d, %v", c.K, err)
	}
}

// A cluster of one person is none, however small the set.
func TestFloorOf(t *testing.T) {
	for _, c := range []struct {
		share float64
		n     int
		want  float64
	}{
		{0.01, 4000, 0.01}, {0.01, 100, 0.05}, {0.01, 50, 0.1}, {0.01, 40, 0.1}, {0.01, 5, 0.4}, {0.2, 40, 0.2}, {0, 40, 0}, {0.01, 0, 0},
	} {
		if got := FloorOf(c.share, c.n); got != c.want {
			t.Errorf("FloorOf(%g, %d) = %g, want %g", c.share, c.n, got, c.want)
		}
	}
}
