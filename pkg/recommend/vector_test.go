package recommend

import (
	"math"
	"slices"
	"testing"
)

// three is customers 110, 101, 111 and 010 of products A, B and C, worked out by hand: G = [3 2 2; 2 3 1; 2 1 2].
var three = [][]int32{{0, 1}, {0, 2}, {0, 1, 2}, {1}}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-6 {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// EASE on three products, λ = 1: P and B derived by hand (Steck 2019, equations 8 and 9).
func TestEASEOnThreeProducts(t *testing.T) {
	p := gramOf(three, 3)
	p.plus(p, 1)
	if !p.invert(1) {
		t.Fatal("not positive definite")
	}
	for i, want := range []float64{11. / 24, -1. / 6, -1. / 4, -1. / 6, 1. / 3, 0, -1. / 4, 0, 1. / 2} {
		near(t, "P", p.v[i], want)
	}
	row := make([]float64, 3)
	for i, want := range [][]float64{{0, 1. / 2, 1. / 2}, {4. / 11, 0, 0}, {6. / 11, 0, 0}} {
		ease(p)(row, 0, []int32{int32(i)})
		for j := range row {
			near(t, "B", row[j], want[j])
		}
	}
	ease(p)(row, 0, []int32{0})
	if r := best(row, []int32{0}, 3); !slices.Equal(r.items, []int32{1, 2}) || r.scores[0] != r.scores[1] {
		t.Errorf("for a customer of A, B and C tie and the lower code comes first: %+v", r)
	}
}

// Five baskets: AB, ABC, AC, B, AD. Counts by hand.
func TestCosineAndJaccardOnFiveBaskets(t *testing.T) {
	g := gramOf([][]int32{{0, 1}, {0, 1, 2}, {0, 2}, {1}, {0, 3}}, 4)
	row := make([]float64, 4)
	cosine(g)(row, 0, []int32{0})
	for j, want := range []float64{1, .577350, .707107, .5} {
		near(t, "cosine of A", row[j], want)
	}
	cosine(g)(row, 0, []int32{1})
	near(t, "cosine of B and C", row[2], .408248)
	jaccard(g)(row, 0, []int32{0})
	for j, want := range []float64{1, 2. / 5, 1. / 2, 1. / 4} {
		near(t, "Jaccard of A", row[j], want)
	}
	jaccard(g)(row, 0, []int32{1})
	near(t, "Jaccard of B and C", row[2], 1./4)
	lift := func(i, j int) float64 { return g.v[i*4+j] * 5 / (g.v[i*4+i] * g.v[j*4+j]) }
	near(t, "lift of A and B", lift(0, 1), 5./6)
	near(t, "lift of A and C", lift(0, 2), 5./4)
}

// The neighbours' similarity is the matrix's where a code has no more neighbours than are kept.
func TestNeighboursAreJaccard(t *testing.T) {
	h := NewHistory(shopLines(40, 12, 1))
	c := h.cut(100)
	want, got := make([]float64, len(c.codes)), make([]float64, len(c.codes))
	full, sparse := jaccard(gramOf(c.owned, len(c.codes))), h.neighbours(c, 1)
	for _, who := range c.customers {
		owned := c.owned[who]
		full(want, who, owned)
		sparse.score(got, who, owned)
		for j := range want {
			if _, has := slices.BinarySearch(owned, int32(j)); !has && math.Abs(want[j]-got[j]) > 1e-9 {
				t.Fatalf("customer %d, candidate %d: %v, want %v", who, j, got[j], want[j])
			}
		}
	}
}

// A list of 10 with hits at ranks 1 and 4 of three relevant: by the definition of the discounted gain.
func TestNumbersOfAList(t *testing.T) {
	v := rate([]int32{5, 1, 2, 7, 3, 4, 6, 8, 9, 10}, []int32{5, 7, 20})
	ideal := 1 + 1/math.Log2(3) + .5
	for q, want := range map[int]float64{hr3: 1, hr10: 1, recall10: 2. / 3, ndcg3: 1 / ideal, ndcg10: (1 + 1/math.Log2(5)) / ideal} {
		near(t, "number", v[q], want)
	}
	if v = rate([]int32{1, 2}, []int32{3}); v != [metrics]float64{} {
		t.Errorf("no hit: %v", v)
	}
}

// Of 10 products 2 are relevant: a list of 3 misses both with (8·7·6)/(10·9·8).
func TestRandomIsExact(t *testing.T) {
	near(t, "chance of no hit", without(10, 2, 3), 8.*7*6/(10*9*8))
	near(t, "chance of no hit among all", without(10, 2, 9), 0)
}

// Codes that differ in their last letters only are variants of one product.
func TestVariants(t *testing.T) {
	for code, want := range map[string]string{"85123A": "85123", "85123": "85123", "15056BL": "15056", "POST": "POST", "C2": "C2", "12A4B": "12A4B", "123A": "123A"} {
		if got := Variant(code); got != want {
			t.Errorf("%s is a variant of %s, want %s", code, got, want)
		}
	}
}
