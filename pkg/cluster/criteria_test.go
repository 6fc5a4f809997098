package cluster

import (
	"context"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// By hand, from Rousseeuw's definition: 0 has a = 1, b = 10, so 9/10; 1 has a = 1, b = 9, so 8/9; 10 is alone, so 0.
func TestSilhouetteByHand(t *testing.T) {
	s, err := MeanSilhouette(t.Context(), line(0, 1, 10), []int32{0, 0, 1}, 2, 0)
	if err != nil {
		t.Fatal(err)
	}
	values := []float64{0.9, 8.0 / 9, 0}
	mean := (values[0] + values[1]) / 3
	variance := 0.0
	for _, v := range values {
		variance += (v - mean) * (v - mean) / 2
	}
	if math.Abs(s.Mean-mean) > 1e-15 || math.Abs(s.Error-math.Sqrt(variance/3)) > 1e-15 || s.Used != 3 {
		t.Errorf("%+v, want mean %v and error %v", s, mean, math.Sqrt(variance/3))
	}
}

func TestSilhouetteEdges(t *testing.T) {
	for _, c := range []struct {
		name   string
		p      Points
		labels []int32
		k      int
		want   float64
	}{
		{"all alone", line(1, 2, 3), []int32{0, 1, 2}, 3, 0},
		{"two clusters in one place", line(4, 4, 4, 4), []int32{0, 0, 1, 1}, 2, 0}, // a = b = 0
		{"one cluster", line(1, 2, 3), []int32{0, 0, 0}, 1, math.NaN()},
		{"one cluster of two that has points", line(1, 2, 3), []int32{1, 1, 1}, 2, math.NaN()},
		{"one point", line(1), []int32{0}, 1, math.NaN()},
		{"points on their centroids", line(1, 1, 5, 5), []int32{0, 0, 1, 1}, 2, 1},
	} {
		s, err := MeanSilhouette(t.Context(), c.p, c.labels, c.k, 0)
		if err != nil {
			t.Fatal(err)
		}
		if s.Mean != c.want && !(math.IsNaN(s.Mean) && math.IsNaN(c.want)) {
			t.Errorf("%s: %v, want %v", c.name, s.Mean, c.want)
		}
	}
	for _, labels := range [][]int32{{0, 1}, {0, 1, 2}, {0, -1, 1}} {
		if _, err := MeanSilhouette(t.Context(), line(1, 2, 3), labels, 2, 0); err == nil {
			t.Errorf("labels %v were taken", labels)
		}
	}
}

// The definition, written down point by point, against the sorted tiles; in one, three (a path of its own) and five
// dimensions.
func TestSilhouetteIsTheDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, k := rapid.IntRange(2, 40).Draw(t, "n"), rapid.IntRange(2, 5).Draw(t, "k")
		p := crowd(n, rapid.SampledFrom([]int{1, 3, 5}).Draw(t, "d"), rapid.Uint64().Draw(t, "points"))
		labels := make([]int32, n)
		for i := range labels {
			labels[i] = int32(rapid.IntRange(0, k-1).Draw(t, "label"))
		}
		labels[0], labels[1] = 0, 1
		s, err := MeanSilhouette(context.Background(), p, labels, k, 0)
		if err != nil {
			t.Fatal(err)
		}
		total := 0.0
		for i := range n {
			sums, counts := make([]float64, k), make([]float64, k)
			for j := range n {
				if i != j {
					sums[labels[j]] += math.Sqrt(squared(p.Row(i), p.Row(j)))
					counts[labels[j]]++
				}
			}
			own := labels[i]
			if counts[own] == 0 {
				continue
			}
			a, b := sums[own]/counts[own], math.Inf(1)
			for c := range k {
				if c != int(own) && counts[c] > 0 {
					b = min(b, sums[c]/counts[c])
				}
			}
			total += (b - a) / max(a, b)
		}
		if math.Abs(s.Mean-total/float64(n)) > 1e-12 {
			t.Fatalf("%v, by definition %v", s.Mean, total/float64(n))
		}
	})
}

// A sample says how many points it used and lies within 4 standard errors of all points.
func TestSilhouetteSample(t *testing.T) {
	p := crowd(4000, 2, 6)
	r, err := KMeans(t.Context(), p, 3, Options{Starts: 4})
	if err != nil {
		t.Fatal(err)
	}
	all, err := MeanSilhouette(t.Context(), p, r.Labels, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(5) {
		some, err := meanSilhouette(t.Context(), p, r.Labels, 3, seed, 2000, 500)
		if err != nil {
			t.Fatal(err)
		}
		if some.Used != 500 || math.Abs(some.Mean-all.Mean) > 4*some.Error || some.Error < 2*all.Error {
			t.Errorf("seed %d: %+v, of all points %+v", seed, some, all)
		}
	}
}

func TestSampleRows(t *testing.T) {
	counts := make([]int, 10)
	for seed := range uint64(5000) {
		rows := sampleRows(10, 3, stream(seed, 0, 0))
		if len(rows) != 3 || rows[0] >= rows[1] || rows[1] >= rows[2] {
			t.Fatalf("rows %v", rows)
		}
		for _, r := range rows {
			counts[r]++
		}
	}
	for r, n := range counts {
		// Binomial(5000, 0.3): mean 1500, deviation 32.4; 5 deviations.
		if n < 1338 || n > 1662 {
			t.Errorf("row %d was drawn %d times of 5000, want about 1500", r, n)
		}
	}
}

// By hand: {0, 2} and {10, 12} have spread 1 each and centroids 10 apart: (1 + 1)/10. B = 2·5² + 2·5² = 100, W = 4:
// 100/1 over 4/2 is 50.
func TestIndicesByHand(t *testing.T) {
	p := line(0, 2, 10, 12)
	r, err := KMeans(t.Context(), p, 2, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := DaviesBouldin(p, r); got != 0.2 {
		t.Errorf("Davies–Bouldin %v, want 0.2", got)
	}
	if got := CalinskiHarabasz(p, r); got != 50 {
		t.Errorf("Calinski–Harabasz %v, want 50", got)
	}
	same := Result{K: 2, Centroids: []float64{1, 1}, Labels: []int32{0, 1}, Sizes: []int{1, 1}}
	if db, ch := DaviesBouldin(line(1, 1), same), CalinskiHarabasz(line(1, 1), same); !math.IsNaN(db) || !math.IsNaN(ch) {
		t.Errorf("centroids in one place: %v and %v, want NaN", db, ch)
	}
}

func TestNearest(t *testing.T) {
	centroids := []float64{0, 0, 3, 4, 6, 8}
	if got, want := Nearest(centroids, []float64{3, 3}), (Near{1, 1, 0, math.Sqrt(18)}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	one := Nearest(centroids[:2], []float64{3, 4})
	if one.Index != 0 || one.Distance != 5 || one.Second != -1 || !math.IsNaN(one.SecondDistance) {
		t.Errorf("one centroid: %+v", one)
	}
}

func BenchmarkSilhouette4300(b *testing.B) {
	p := crowd(4334, 3, 1)
	r, err := KMeans(b.Context(), p, 4, Options{Starts: 1})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := MeanSilhouette(b.Context(), p, r.Labels, 4, 1); err != nil {
			b.Fatal(err)
		}
	}
}
