package fit_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/clientele/clientele/pkg/cluster"
	"github.com/clientele/clientele/pkg/fit"
	"github.com/clientele/clientele/pkg/space"
)

func recipe(features ...string) fit.Recipe {
	r := fit.Recipe{KMin: 2, KMax: 6, Starts: 8, Seed: 1, Rule: fit.DefaultRule()}
	for _, f := range features {
		r.Space = append(r.Space, space.Spec{Feature: f, Transform: space.Identity})
	}
	return r
}

// groups returns n points in each of three far apart round groups.
func groups(n int, seed uint64) [][]float64 {
	rng := rand.New(rand.NewPCG(seed, 3))
	columns := make([][]float64, 2)
	for i := range 3 * n {
		center := [][2]float64{{0, 0}, {20, 0}, {0, 20}}[i%3]
		for c := range columns {
			columns[c] = append(columns[c], center[c]+rng.NormFloat64())
		}
	}
	return columns
}

func of(t *testing.T, columns [][]float64, r fit.Recipe, keep int) *fit.Fit {
	t.Helper()
	f, err := fit.Of(t.Context(), columns, r, keep)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Three planted groups are found, and every criterion says three.
func TestPlantedGroups(t *testing.T) {
	f := of(t, groups(80, 1), recipe("x", "y"), 0)
	if c := f.Choice; c.K != 3 || !c.Natural || c.Alone != (fit.Alone{Elbow: 3, Silhouette: 3, DaviesBouldin: 3, CalinskiHarabasz: 3, Strength: 3, Jaccard: 3}) {
		t.Errorf("choice %+v", c)
	}
	if !strings.Contains(f.Choice.Why, "silhouette 3, Davies-Bouldin 3") {
		t.Errorf("why: %s", f.Choice.Why)
	}
}

// HEAD's k stays while it qualifies, unless another's elbow is deeper by more than the margin.
func TestHeadsK(t *testing.T) {
	columns := groups(80, 1)
	r := recipe("x", "y")
	if f := of(t, columns, r, 2); f.Choice.K != 3 || f.Choice.Kept {
		t.Errorf("a clearly better elbow: k = %d", f.Choice.K)
	}
	r.Rule.KeepMargin = 2
	if f := of(t, columns, r, 2); f.Choice.K != 2 || !f.Choice.Kept || !strings.Contains(f.Choice.Why, "stays") {
		t.Errorf("no better elbow: %+v", f.Choice)
	}
	if f := of(t, columns, r, 5); f.Choice.K == 5 {
		t.Error("a k that does not qualify stays")
	}
}

// Uniform points form no groups: no k is stable enough, and the finding is for the caller to say.
func TestConstructed(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	columns := make([][]float64, 3)
	for range 400 {
		for c := range columns {
			columns[c] = append(columns[c], rng.Float64())
		}
	}
	r := recipe("x", "y", "z")
	r.KMin = 3
	f := of(t, columns, r, 0)
	if f.Choice.Natural || f.Choice.BelowFloor || !strings.Contains(f.Choice.Why, "none is stable") {
		t.Errorf("choice %+v", f.Choice)
	}
}

// The elbow's chord has a range of its own: neither --k-max nor --k moves the depth of a k.
func TestChordStands(t *testing.T) {
	columns := groups(80, 4)
	wide := of(t, columns, recipe("x", "y"), 0)
	narrow, asked := recipe("x", "y"), recipe("x", "y")
	narrow.KMax, asked.KMax, asked.K = 4, 4, 12
	for name, r := range map[string]fit.Recipe{"narrow": narrow, "asked": asked} {
		f := of(t, columns, r, 0)
		for i := range 3 {
			if f.Candidates[i].K != wide.Candidates[i].K || f.Candidates[i].Depth != wide.Candidates[i].Depth {
				t.Errorf("%s: depth of k = %d is %v, want %v", name, f.Candidates[i].K, f.Candidates[i].Depth, wide.Candidates[i].Depth)
			}
		}
	}
}

func TestRefused(t *testing.T) {
	small := groups(6, 1) // 18 customers
	var few *fit.TooFewError
	if _, err := fit.Of(t.Context(), small, recipe("x", "y"), 0); !errors.As(err, &few) || few.Each != 10 {
		t.Errorf("18 customers: %v, want two segments of 10 refused", err)
	}
	columns := groups(20, 1)
	for name, bad := range map[string]float64{"NaN": math.NaN(), "Inf": math.Inf(1)} {
		broken := [][]float64{slices.Clone(columns[0]), columns[1]}
		broken[0][7] = bad
		var value *space.ValueError
		if _, err := fit.Of(t.Context(), broken, recipe("x", "y"), 0); !errors.As(err, &value) || value.Row != 7 {
			t.Errorf("%s: %v", name, err)
		}
	}
	var constant *space.ConstantError
	if _, err := fit.Of(t.Context(), [][]float64{columns[0], make([]float64, 60)}, recipe("x", "y"), 0); !errors.As(err, &constant) {
		t.Errorf("constant feature: %v", err)
	}
	// Three distinct customers: k goes as far as they reach; four segments cannot be had.
	three := make([][]float64, 1)
	for i := range 60 {
		three[0] = append(three[0], float64(i%3))
	}
	if f := of(t, three, recipe("x"), 0); f.Most != 3 || len(f.Candidates) != 2 {
		t.Errorf("three distinct customers: up to %d", f.Most)
	}
	asked := recipe("x")
	asked.K = 4
	var distinct *cluster.TooFewPointsError
	if _, err := fit.Of(t.Context(), three, asked, 0); !errors.As(err, &distinct) {
		t.Errorf("k = 4 of three distinct customers: %v", err)
	}
}

// No order of customers and no number of cores changes a number.
func TestOrderAndCores(t *testing.T) {
	columns := groups(40, 7)
	want := of(t, columns, recipe("x", "y"), 0)
	order := rand.New(rand.NewPCG(1, 8)).Perm(len(columns[0]))
	other := make([][]float64, 2)
	for c := range other {
		for _, r := range order {
			other[c] = append(other[c], columns[c][r])
		}
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	got := of(t, other, recipe("x", "y"), 0)
	if diff := cmp.Diff(want, got, cmpopts.EquateNaNs(), cmpopts.IgnoreFields(cluster.Result{}, "Labels"), cmpopts.IgnoreFields(fit.Fit{}, "Points")); diff != "" {
		t.Errorf("another order (-want +got):\n%s", diff)
	}
}

// Principal components and refits go through the same evidence.
func TestPCAAndRefit(t *testing.T) {
	columns := groups(80, 1)
	columns = append(columns, columns[0]) // says nothing new
	r := recipe("x", "y", "z")
	r.PCA = 0.99
	f := of(t, columns, r, 0)
	if f.Space.Dim() != 2 || f.Choice.K != 3 {
		t.Errorf("%d components, k = %d, want 2 and 3", f.Space.Dim(), f.Choice.K)
	}
	again, err := fit.Refit(t.Context(), columns, f.Space, f.Best().Centroids, r)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(f.Best().Centroids, again.Best().Centroids); diff != "" || !again.Choice.Natural {
		t.Errorf("refit of the same customers: %+v\n%s", again.Choice, diff)
	}
}

// A space of one axis is dominated by it; of two equal groups along one axis, that axis dominates and the other does not.
func TestDominance(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	columns := make([][]float64, 2)
	for i := range 200 {
		columns[0] = append(columns[0], float64(i%2*50)+rng.NormFloat64())
		columns[1] = append(columns[1], rng.NormFloat64())
	}
	ask := func(features ...string) []fit.Dominant {
		r := recipe(features...)
		r.K = 2
		f := of(t, columns[:len(features)], r, 0)
		d, err := fit.Dominance(t.Context(), columns[:len(features)], f.Space, f.Best().Labels, 2, 1)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	if d := ask("x"); len(d) != 1 || d[0].ARI != 1 {
		t.Errorf("one axis: %+v, want 1", d)
	}
	if d := ask("x", "y"); d[0].ARI < fit.Dominates || d[1].ARI > 0.1 {
		t.Errorf("two axes: %+v", d)
	}
}
