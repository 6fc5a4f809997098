package cluster

import (
	"context"
	"encoding/csv"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// iris reads testdata/iris.csv: R. A. Fisher, "The use of multiple measurements in taxonomic problems", 1936, in the form
// that R 4 and scikit-learn 1.9 carry (rows 35 and 38 end in 0.2 and 0.1; the UCI file differs there).
func iris(t testing.TB) (p Points, species []int32) {
	t.Helper()
	f, err := os.Open("testdata/iris.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]int32{}
	p.D = 4
	for _, row := range rows[1:] {
		for _, cell := range row[:4] {
			v, err := strconv.ParseFloat(cell, 64)
			if err != nil {
				t.Fatal(err)
			}
			p.X = append(p.X, v)
		}
		if _, ok := names[row[4]]; !ok {
			names[row[4]] = int32(len(names))
		}
		species = append(species, names[row[4]])
		p.N++
	}
	return p, species
}

// blobs draws n points around k centres that lie 10 deviations apart.
func blobs(n, d, k int, seed uint64) Points {
	rng := rand.New(rand.NewPCG(seed, 0))
	p := Points{N: n, D: d, X: make([]float64, n*d)}
	for i := range n {
		for t := range d {
			p.X[i*d+t] = rng.NormFloat64()
		}
		p.X[i*d] += float64(10 * (i % k))
	}
	return p
}

// crowd draws n points without clear groups: skewed and dependent, as customers are.
func crowd(n, d int, seed uint64) Points {
	rng := rand.New(rand.NewPCG(seed, 0))
	p := Points{N: n, D: d, X: make([]float64, n*d)}
	for i := range n {
		shared := rng.NormFloat64()
		for t := range d {
			p.X[i*d+t] = shared + rng.ExpFloat64() + 0.3*rng.NormFloat64()
		}
	}
	return p
}

func line(xs ...float64) Points { return Points{N: len(xs), D: 1, X: xs} }

// Inertia: R 4 kmeans(nstart = 200), the same digits from scikit-learn 1.9.1 with n_init = 200. Silhouette, the two
// indices and the adjusted Rand index against the species: scikit-learn 1.9.1.
func TestIris(t *testing.T) {
	p, species := iris(t)
	fits, err := Sweep(t.Context(), p, []int{1, 2, 3, 4}, Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	near := func(what string, got, want, rel float64) {
		t.Helper()
		if !(math.Abs(got-want) <= rel*math.Abs(want)) {
			t.Errorf("%s = %.15g, want %.15g", what, got, want)
		}
	}
	// k = 1: 150 × the sum of the population variances of the four columns, as R's 149 * sum(apply(iris[1:4], 2, var)).
	near("inertia, k = 1", fits[0].Inertia, 681.3706, 1e-12)
	near("inertia, k = 2", fits[1].Inertia, 152.347951760358, 1e-13)
	near("inertia, k = 3", fits[2].Inertia, 78.851441426146, 1e-13)
	near("inertia, k = 4", fits[3].Inertia, 57.2284732142857, 1e-13)
	three := fits[2]
	if diff := cmp.Diff([]int{62, 50, 38}, three.Sizes); diff != "" {
		t.Error(diff)
	}
	near("silhouette", three.Silhouette.Mean, 0.55281901235641, 1e-13)
	near("Calinski–Harabasz", three.CalinskiHarabasz, 561.62775662962, 1e-12)
	near("Davies–Bouldin", three.DaviesBouldin, 0.661971546500747, 1e-12)
	near("smallest share", three.SmallestShare, 38.0/150, 1e-15)
	near("adjusted Rand index", AdjustedRand(three.Labels, species), 0.7302382722834697, 1e-12)
	// Two and four groups, and the agreement with the species by information: the definitions in Python, by double loops, expected
	// mutual information by exact fractions.
	for _, c := range []struct {
		fit                                   Fit
		silhouette, ch, db, mutual, variation float64
	}{
		{fits[1], 0.6810461692117465, 513.9245459802768, 0.40429283717304265, 0.6538380713762779, 0.600438251792861},
		{fits[2], 0.55281901235641, 561.62775662962, 0.6619715465007469, 0.755119167580048, 0.5266536794516561},
		{fits[3], 0.4980505049972879, 530.7658081872852, 0.780306983881108, 0.7172081944051018, 0.68412318471867},
	} {
		near("silhouette", c.fit.Silhouette.Mean, c.silhouette, 1e-12)
		near("Calinski–Harabasz", c.fit.CalinskiHarabasz, c.ch, 1e-12)
		near("Davies–Bouldin", c.fit.DaviesBouldin, c.db, 1e-12)
		near("adjusted mutual information", Agree(c.fit.Labels, species).Mutual, c.mutual, 1e-12)
		near("variation of information", Agree(c.fit.Labels, species).Variation, c.variation, 1e-12)
	}
	if three.Silhouette.Used != 150 {
		t.Errorf("silhouette used %d points, want all 150", three.Silhouette.Used)
	}
	one := fits[0]
	if !math.IsNaN(one.Silhouette.Mean) || !math.IsNaN(one.DaviesBouldin) || !math.IsNaN(one.CalinskiHarabasz) {
		t.Errorf("k = 1: %v %v %v, want NaN", one.Silhouette, one.DaviesBouldin, one.CalinskiHarabasz)
	}
}

// The lowest inertia of all partitions, by trying them all.
func TestSmallSetsReachTheOptimum(t *testing.T) {
	for seed := range uint64(20) {
		p := crowd(9, 2, seed)
		for k := 1; k <= 4; k++ {
			r, err := KMeans(t.Context(), p, k, Options{Starts: 500, Seed: seed})
			if err != nil {
				t.Fatal(err)
			}
			if want := exhaustive(p, k); math.Abs(r.Inertia-want) > 1e-12*want {
				t.Errorf("set %d, k = %d: inertia %v, the optimum is %v", seed, k, r.Inertia, want)
			}
		}
	}
}

// exhaustive returns the lowest inertia over every partition into at most k parts.
func exhaustive(p Points, k int) float64 {
	best := math.Inf(1)
	labels := make([]int, p.N)
	var walk func(i, used int)
	walk = func(i, used int) {
		if i == p.N {
			total := 0.0
			for c := range used {
				mean, n := make([]float64, p.D), 0.0
				for r, l := range labels {
					if l == c {
						n++
						for t := range mean {
							mean[t] += p.X[r*p.D+t]
						}
					}
				}
				for t := range mean {
					mean[t] /= n
				}
				for r, l := range labels {
					if l == c {
						total += squared(p.Row(r), mean)
					}
				}
			}
			best = min(best, total)
			return
		}
		for c := 0; c <= min(used, k-1); c++ {
			labels[i] = c
			walk(i+1, max(used, c+1))
		}
	}
	walk(0, 0)
	return best
}

func TestEqualDistanceGoesToTheLowerIndex(t *testing.T) {
	p := line(0, 1, 2)
	for _, c := range []struct {
		from   []float64
		labels []int32
		to     []float64
	}{
		{[]float64{0, 2}, []int32{0, 0, 1}, []float64{0.5, 2}}, // 1 lies between; index 0 has it, and keeps it
		{[]float64{2, 0}, []int32{1, 0, 0}, []float64{1.5, 0}},
	} {
		r, err := Refit(t.Context(), p, c.from, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.labels, r.Labels) + cmp.Diff(c.to, r.Centroids); diff != "" {
			t.Errorf("from %v: %s", c.from, diff)
		}
	}
	if n := Nearest([]float64{0, 2}, []float64{1}); n != (Near{0, 1, 1, 1}) {
		t.Errorf("Nearest at equal distance: %+v", n)
	}
}

// From 0.5 and 100 every point goes to the first. The empty one takes 11, the farthest; then 10 follows, by hand.
func TestEmptyClusterTakesTheFarthestPoint(t *testing.T) {
	p := line(0, 1, 10, 11)
	r, err := Refit(t.Context(), p, []float64{0.5, 100}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := Result{K: 2, Centroids: []float64{0.5, 10.5}, Labels: []int32{0, 0, 1, 1}, Sizes: []int{2, 2}, Inertia: 1, Iterations: 3, Converged: true, Agreement: math.NaN()}
	if diff := cmp.Diff(want, r, cmpopts.EquateNaNs()); diff != "" {
		t.Error(diff)
	}
	// Two empty ones at once: every cluster of the result has points.
	r, err = Refit(t.Context(), p, []float64{0.5, 100, 200}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if slices.Contains(r.Sizes, 0) || !r.Converged {
		t.Errorf("sizes %v, converged %v", r.Sizes, r.Converged)
	}
	// A limit of one pass leaves it empty, and says so.
	r, err = Refit(t.Context(), p, []float64{0.5, 100}, Options{MaxIterations: 1})
	if err != nil || r.Converged || r.Sizes[1] != 0 {
		t.Errorf("one pass: %+v, %v", r, err)
	}
}

func TestRefitKeepsTheOrder(t *testing.T) {
	p := line(0, 1, 2, 10, 11)
	r, err := Refit(t.Context(), p, []float64{12, -1}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]float64{10.5, 1}, r.Centroids); diff != "" {
		t.Error(diff)
	}
	fitted, err := KMeans(t.Context(), p, 2, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]float64{1, 10.5}, fitted.Centroids); diff != "" {
		t.Error("the larger cluster comes first: " + diff)
	}
}

func TestDuplicatesAndTooFewPoints(t *testing.T) {
	p := line(3, 3, 3, 7, 7, 3)
	r, err := KMeans(t.Context(), p, 2, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Inertia != 0 || !slices.Equal(r.Sizes, []int{4, 2}) {
		t.Errorf("inertia %v, sizes %v, want 0 and 4, 2", r.Inertia, r.Sizes)
	}
	var few *TooFewPointsError
	if _, err := KMeans(t.Context(), p, 3, Options{}); !errors.As(err, &few) || few.K != 3 || few.Distinct != 2 {
		t.Errorf("three clusters of two distinct points: %v", err)
	}
	if _, err := Refit(t.Context(), p, []float64{1, 2, 3}, Options{}); !errors.As(err, &few) {
		t.Errorf("refit three clusters of two distinct points: %v", err)
	}
	if _, err := Sweep(t.Context(), p, []int{2, 3}, Options{}); !errors.As(err, &few) {
		t.Errorf("sweep to three clusters of two distinct points: %v", err)
	}
	all, err := KMeans(t.Context(), line(5, 1, 9), 3, Options{})
	if err != nil || all.Inertia != 0 || !slices.Equal(all.Centroids, []float64{1, 5, 9}) {
		t.Errorf("as many clusters as points: %+v, %v", all, err)
	}
}

func TestRefusedInput(t *testing.T) {
	var coordinate *CoordinateError
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e200} {
		p := Points{N: 2, D: 2, X: []float64{0, 0, 0, bad}}
		if _, err := KMeans(t.Context(), p, 1, Options{}); !errors.As(err, &coordinate) || coordinate.Row != 1 || coordinate.Dim != 1 {
			t.Errorf("%v: %v, want point 1, coordinate 1 named", bad, err)
		}
	}
	if _, err := KMeans(t.Context(), Points{D: 3}, 2, Options{}); !errors.Is(err, ErrEmpty) {
		t.Errorf("no points: %v", err)
	}
	if _, err := KMeans(t.Context(), Points{N: 2, D: 2, X: make([]float64, 3)}, 1, Options{}); err == nil {
		t.Error("three coordinates for two points in the plane were taken")
	}
	for _, ks := range [][]int{nil, {0, 1}, {2, 2}, {3, 2}} {
		if _, err := Sweep(t.Context(), line(1, 2, 3, 4), ks, Options{}); err == nil {
			t.Errorf("sweep over %v was taken", ks)
		}
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := blobs(200, 3, 3, 1)
	if _, err := KMeans(ctx, p, 3, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("KMeans: %v", err)
	}
	if _, err := Refit(ctx, p, p.X[:9], Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Refit: %v", err)
	}
	if _, err := MeanSilhouette(ctx, p, make([]int32, p.N), 1, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("MeanSilhouette: %v", err)
	}
}

// The same bits on any number of cores, above and below the length of a block and the size of the sample.
func TestCoresDoNotMatter(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	p := crowd(2*blockRows+100, 3, 5)
	for _, opts := range []Options{{Starts: 3, Seed: 9}, {Starts: 3, Seed: 9, sampleAbove: 1000}} {
		var first []Result
		for _, cores := range []int{1, 2, 5} {
			runtime.GOMAXPROCS(cores)
			got, err := fitAll(t.Context(), p, []int{3, 6}, opts.withDefaults())
			if err != nil {
				t.Fatal(err)
			}
			s, err := MeanSilhouette(t.Context(), p.take(seq(1000)), got[0].Labels[:1000], 3, 1)
			if err != nil {
				t.Fatal(err)
			}
			got[0].Inertia += s.Mean
			if first == nil {
				first = got
			} else if diff := cmp.Diff(first, got); diff != "" {
				t.Errorf("%d cores: %s", cores, diff)
			}
		}
	}
}

func seq(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// Above the limit the starts see a sample; the finish is exact on all points, and on clear groups it is the same answer.
func TestSampledStartsFinishOnAllPoints(t *testing.T) {
	p := blobs(3000, 2, 4, 3)
	whole, err := KMeans(t.Context(), p, 4, Options{Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	sampled, err := KMeans(t.Context(), p, 4, Options{Seed: 2, sampleAbove: 300})
	if err != nil {
		t.Fatal(err)
	}
	ignore := cmpopts.IgnoreFields(Result{}, "Iterations", "Start")
	if diff := cmp.Diff(whole, sampled, ignore); diff != "" {
		t.Error(diff)
	}
	again, err := Refit(t.Context(), p, sampled.Centroids, Options{})
	if err != nil || !slices.Equal(again.Labels, sampled.Labels) || again.Iterations != 2 {
		t.Errorf("the finish is no fixed point: %d passes, %v", again.Iterations, err)
	}
}

// On clear groups the grouping does not depend on the order of points.
func TestOrderOfPoints(t *testing.T) {
	p := blobs(400, 3, 4, 8)
	r, err := KMeans(t.Context(), p, 4, Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	order := rand.New(rand.NewPCG(4, 4)).Perm(p.N)
	q, err := KMeans(t.Context(), p.take(order), 4, Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	moved := make([]int32, p.N)
	for i, row := range order {
		moved[i] = r.Labels[row]
	}
	if got := AdjustedRand(moved, q.Labels); got != 1 {
		t.Errorf("adjusted Rand index %v after a shuffle, want 1", got)
	}
	if math.Abs(q.Inertia-r.Inertia) > 1e-12*r.Inertia {
		t.Errorf("inertia %v after a shuffle, before %v", q.Inertia, r.Inertia)
	}
}

func TestSweepIsKMeans(t *testing.T) {
	p := crowd(300, 3, 2)
	opts := Options{Starts: 4, Seed: 3}
	fits, err := Sweep(t.Context(), p, []int{2, 5}, opts)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fits {
		r, err := KMeans(t.Context(), p, f.K, opts)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r, f.Result); diff != "" {
			t.Errorf("k = %d: %s", f.K, diff)
		}
	}
}
