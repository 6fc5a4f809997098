package cluster

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// planted are three far apart round clusters of n points, one of which can be asked to hold n more.
func planted(n int, seed uint64) Points {
	rng := rand.New(rand.NewPCG(seed, 5))
	p := Points{N: 3 * n, D: 2}
	for i := range p.N {
		center := [][2]float64{{0, 0}, {20, 0}, {0, 20}}[i%3]
		p.X = append(p.X, center[0]+rng.NormFloat64(), center[1]+rng.NormFloat64())
	}
	return p
}

func stable(t *testing.T, p Points, ks ...int) []Stable {
	t.Helper()
	fits, err := Sweep(t.Context(), p, ks, Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	var results []Result
	for _, f := range fits {
		results = append(results, f.Result)
	}
	out, err := Resample(t.Context(), p, results, Stability{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Three planted clusters come again in every resample: Hennig calls 0.85 highly stable, Tibshirani and Walther take the
// largest k of a strength of 0.8. With k = 4 one of them is cut in half, anywhere: below 0.6 a cluster is not to be trusted.
func TestPlantedClusters(t *testing.T) {
	s := stable(t, planted(100, 1), 1, 3, 4)
	if s[0].Strength != 1 || s[0].WorstJaccard != 1 {
		t.Errorf("one cluster: %+v, want 1 and 1", s[0])
	}
	if s[1].WorstJaccard < 0.85 || s[1].Strength-s[1].StrengthError < 0.8 {
		t.Errorf("three planted clusters: %+v", s[1])
	}
	if s[2].WorstJaccard >= 0.6 || s[2].Strength >= 0.8 {
		t.Errorf("one cut in half: %+v", s[2])
	}
}

// Own clusters {0 1 2 3} and {4 5}; the other half's centroids put 0 1 2 together and 3 with 4 5: 3 of the 6 pairs of the first
// are kept, and the one of the second.
func TestStrengthByHand(t *testing.T) {
	own, given := []int32{0, 0, 0, 0, 1, 1}, []int32{0, 0, 0, 1, 1, 1}
	if got := strength(own, given, 2); got != 0.5 {
		t.Errorf("strength %v, want 3/6", got)
	}
	if got := strength([]int32{0, 1}, []int32{0, 0}, 2); !math.IsNaN(got) {
		t.Errorf("clusters of one point: %v, want NaN", got)
	}
	// {0 1 2 3} against {0 1 2}: 3/4; {4 5} against {3 4 5}: 2/3.
	if got := jaccards(own, given, 2); got[0] != 0.75 || got[1] != 2.0/3 {
		t.Errorf("Jaccard %v, want 3/4 and 2/3", got)
	}
}

// Iris has two clusters by prediction strength, as Tibshirani and Walther find no support for more than two or three in such
// data: the species Versicolor and Virginica overlap.
func TestStrengthOfIris(t *testing.T) {
	p, _ := iris(t)
	s := stable(t, p, 2, 3, 4, 5)
	if s[0].Strength < 0.9 || s[0].WorstJaccard < 0.85 {
		t.Errorf("two clusters: %+v", s[0])
	}
	if s[3].Strength >= 0.8 {
		t.Errorf("five clusters: %+v", s[3])
	}
}

func TestResampleProperties(t *testing.T) {
	p := crowd(300, 3, 3)
	want := stable(t, p, 2, 3, 5)
	order := rand.New(rand.NewPCG(9, 9)).Perm(p.N)
	if diff := cmp.Diff(want, stable(t, p.take(order), 2, 3, 5)); diff != "" {
		t.Errorf("another order of points (-want +got):\n%s", diff)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	if diff := cmp.Diff(want, stable(t, p, 2, 3, 5)); diff != "" {
		t.Errorf("one core (-want +got):\n%s", diff)
	}
	withVectors(t, "go")
	if diff := cmp.Diff(want, stable(t, p, 2, 3, 5)); diff != "" {
		t.Errorf("without vector instructions (-want +got):\n%s", diff)
	}
}

// With as many clusters as distinct points a resample nearly never has enough: what cannot be compared is NaN, and no error.
func TestResampleOfFewPoints(t *testing.T) {
	s := stable(t, line(1, 2, 3, 4, 5, 6), 1, 6)
	if diff := cmp.Diff(Stable{Jaccard: []float64{1}, WorstJaccard: 1, Spread: [][5]float64{{1, 1, 1, 1, 1}}, Strength: 1}, s[0]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(math.NaN(), s[1].Strength, cmpopts.EquateNaNs()); diff != "" {
		t.Error(diff)
	}
	one := stable(t, line(7), 1)
	if one[0].WorstJaccard != 1 || !math.IsNaN(one[0].Strength) {
		t.Errorf("one point: %+v", one[0])
	}
}

// The same groups from every order of points, to the last bit: what names a model must not depend on customers' keys.
func TestSweepIgnoresTheOrder(t *testing.T) {
	p := crowd(500, 3, 2)
	order := rand.New(rand.NewPCG(4, 4)).Perm(p.N)
	sweep := func(p Points) []Fit {
		fits, err := Sweep(t.Context(), p, []int{2, 3, 4, 5}, Options{Seed: 1, Starts: 8})
		if err != nil {
			t.Fatal(err)
		}
		return fits
	}
	want, got := sweep(p), sweep(p.take(order))
	for i := range want {
		want[i].Labels = takeLabels(want[i].Labels, order)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("another order (-want +got):\n%s", diff)
	}
	if a := want[0].Agreement; !(a > 0 && a <= 1) {
		t.Errorf("agreement %v", a)
	}
	if s := want[2].Silhouette; len(s.Clusters) != 4 || slices.Max(s.Clusters) < s.Mean || slices.Min(s.Clusters) > s.Mean {
		t.Errorf("silhouettes by cluster: %+v", s)
	}
}

func BenchmarkResample4300(b *testing.B) {
	p := crowd(4334, 3, 1)
	fits, err := Sweep(b.Context(), p, []int{2, 3, 4, 5, 6, 7, 8, 9, 10}, Options{Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	var results []Result
	for _, f := range fits {
		results = append(results, f.Result)
	}
	for b.Loop() {
		if _, err := Resample(b.Context(), p, results, Stability{Seed: 1}); err != nil {
			b.Fatal(err)
		}
	}
}
