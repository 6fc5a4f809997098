package cluster

import (
	"context"
	"math"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// Properties: every label is the nearest centroid by Nearest; centroids are means; sizes descend and add up; a refit from
// the result changes nothing; twice the coordinates give the same labels and exactly four times the inertia; a dimension
// of zeros changes no bit (so the path for three dimensions is the general one); inputs stay untouched.
func TestKMeansProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, k := rapid.IntRange(8, 80).Draw(t, "n"), rapid.IntRange(1, 6).Draw(t, "k")
		p := crowd(n, 3, rapid.Uint64().Draw(t, "points"))
		opts := Options{Starts: 3, Seed: rapid.Uint64().Draw(t, "seed")}
		before := slices.Clone(p.X)
		r, err := KMeans(context.Background(), p, k, opts)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(before, p.X) {
			t.Fatal("the input was changed")
		}
		sizes, sums := make([]int, k), make([]float64, 3*k)
		for i, c := range r.Labels {
			if got := Nearest(r.Centroids, p.Row(i)); got.Index != int(c) {
				t.Fatalf("point %d has label %d, its nearest centroid is %d", i, c, got.Index)
			}
			sizes[c]++
			for j, v := range p.Row(i) {
				sums[3*int(c)+j] += v
			}
		}
		if !slices.Equal(sizes, r.Sizes) || !slices.IsSortedFunc(sizes, func(a, b int) int { return b - a }) {
			t.Fatalf("sizes %v, labels give %v", r.Sizes, sizes)
		}
		for i, s := range sums {
			if math.Abs(s/float64(sizes[i/3])-r.Centroids[i]) > 1e-12 {
				t.Fatalf("centroid %d is no mean", i/3)
			}
		}
		again, err := Refit(context.Background(), p, r.Centroids, opts)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r, again, cmpopts.IgnoreFields(Result{}, "Iterations", "Start", "Agreement")); diff != "" {
			t.Fatal("refit: " + diff)
		}
		double, padded := Points{n, 3, nil}, Points{n, 4, nil}
		for i := range n {
			for _, v := range p.Row(i) {
				double.X = append(double.X, 2*v)
			}
			padded.X = append(append(padded.X, p.Row(i)...), 0)
		}
		d, err := KMeans(context.Background(), double, k, opts)
		if err != nil {
			t.Fatal(err)
		}
		z, err := KMeans(context.Background(), padded, k, opts)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(d.Labels, r.Labels) || d.Inertia != 4*r.Inertia {
			t.Fatalf("doubled: inertia %v against %v", d.Inertia, r.Inertia)
		}
		if !slices.Equal(z.Labels, r.Labels) || z.Inertia != r.Inertia {
			t.Fatalf("padded: inertia %v against %v", z.Inertia, r.Inertia)
		}
	})
}

func BenchmarkSweep4300(b *testing.B) {
	p := crowd(4334, 3, 1)
	for b.Loop() {
		if _, err := Sweep(b.Context(), p, []int{2, 3, 4, 5, 6, 7, 8, 9, 10}, Options{Seed: 1}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPass(b *testing.B) {
	for _, d := range []int{3, 6, 16} {
		for _, tier := range []string{"go", "avx2", "avx512"} {
			b.Run(strconv.Itoa(d)+"d/"+tier, func(b *testing.B) {
				withVectors(b, tier)
				p := crowd(100_000, d, 1)
				l := newLloyd(p, p.tiled(), 10, p.X[:10*d], false)
				for b.Loop() {
					if _, err := l.pass(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
