package segment_test

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/clientele/clientele/pkg/segment"
)

// TestMatch: sums derived by hand from all permutations.
func TestMatch(t *testing.T) {
	for name, test := range map[string]struct {
		cost [][]float64
		want []int
	}{
		"nothing": {nil, nil},
		"one":     {[][]float64{{7}}, []int{0}},
		// Columns 012, 021, 102, 120, 201, 210 cost 6, 11, 5, 9, 7, 6.
		"square": {[][]float64{{4, 1, 3}, {2, 0, 5}, {3, 2, 2}}, []int{1, 0, 2}},
		// More columns than rows: row 0 takes column 3 (1), row 1 column 0 (2): 3; any other pair is 4 or more.
		"wide": {[][]float64{{9, 5, 8, 1}, {2, 6, 9, 3}}, []int{3, 0}},
		// More rows than columns: the same turned, two rows stay alone.
		"tall": {[][]float64{{9, 2}, {5, 6}, {8, 9}, {1, 3}}, []int{1, -1, -1, 0}},
		// Greedy would take 1 for row 0 and be left with 100: 101. The optimum is 2 + 1.
		"greed fails": {[][]float64{{1, 2}, {1, 100}}, []int{1, 0}},
		// All equal: every pairing is an optimum; rows take columns in turn.
		"ties": {[][]float64{{1, 1, 1}, {1, 1, 1}}, []int{0, 1}},
		// Two optima of cost 3 (1+2, 2+1): the first row's first column is taken.
		"a tie of two": {[][]float64{{1, 2}, {1, 2}}, []int{0, 1}},
		"no columns":   {[][]float64{{}, {}}, []int{-1, -1}},
		"negative":     {[][]float64{{-1, -5}, {-2, -3}}, []int{1, 0}}, // −5 − 2 = −7 against −1 − 3 = −4
	} {
		t.Run(name, func(t *testing.T) {
			got, err := segment.Match(test.cost)
			if err != nil {
				t.Fatal(err)
			}
			if name == "a tie of two" {
				if len(got) != 2 || test.cost[0][got[0]]+test.cost[1][got[1]] != 3 {
					t.Fatalf("match = %v", got)
				}
				again, _ := segment.Match(test.cost)
				if !slices.Equal(got, again) {
					t.Errorf("%v, then %v", got, again)
				}
				return
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("match = %v, want %v", got, test.want)
			}
		})
	}
	for _, bad := range [][][]float64{{{1, 2}, {1}}, {{math.NaN()}}, {{math.Inf(1)}}} {
		if _, err := segment.Match(bad); err == nil {
			t.Errorf("%v is no error", bad)
		}
	}
}

// TestMatchIsOptimal holds it against every pairing there is.
func TestMatchIsOptimal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, m := rapid.IntRange(1, 5).Draw(t, "n"), rapid.IntRange(1, 5).Draw(t, "m")
		cost := make([][]float64, n)
		for i := range cost {
			for range m {
				cost[i] = append(cost[i], float64(rapid.IntRange(0, 9).Draw(t, "cost")))
			}
		}
		got, err := segment.Match(cost)
		if err != nil {
			t.Fatal(err)
		}
		sum, pairs, seen := 0.0, 0, map[int]bool{}
		for i, j := range got {
			if j < 0 {
				continue
			}
			if seen[j] {
				t.Fatalf("column %d twice: %v", j, got)
			}
			seen[j] = true
			sum += cost[i][j]
			pairs++
		}
		if best := least(cost, 0, map[int]bool{}, max(0, n-m)); pairs != min(n, m) || sum != best {
			t.Fatalf("%v: %v costs %v with %d pairs, the least is %v", cost, got, sum, pairs, best)
		}
	})
}

// least tries every pairing; skips is how many rows may stay alone.
func least(cost [][]float64, i int, used map[int]bool, skips int) float64 {
	if i == len(cost) {
		return 0
	}
	best := math.Inf(1)
	if skips > 0 {
		best = least(cost, i+1, used, skips-1)
	}
	for j, c := range cost[i] {
		if !used[j] {
			used[j] = true
			best = min(best, c+least(cost, i+1, used, skips))
			delete(used, j)
		}
	}
	return best
}

// people writes n customers of one segment before and one after.
func people(groups ...[3]int) (before, after []int32) {
	for _, g := range groups {
		for range g[2] {
			before, after = append(before, int32(g[0])), append(after, int32(g[1]))
		}
	}
	return before, after
}

func TestTrace(t *testing.T) {
	for name, test := range map[string]struct {
		groups          [][3]int // segment before, segment after, customers
		kBefore, kAfter int
		keeps           []int
		lineage         []segment.Lineage
		gone            []int
	}{
		"relabelled": {[][3]int{{0, 1, 10}, {1, 2, 20}, {2, 0, 30}}, 3, 3, []int{2, 0, 1},
			[]segment.Lineage{segment.Survived, segment.Survived, segment.Survived}, nil},
		// 0 is cut 60 : 40. The larger has Jaccard 0.6 and goes on with the id, the other has none left.
		"split": {[][3]int{{0, 0, 60}, {0, 1, 40}, {1, 2, 50}}, 2, 3, []int{0, -1, 1},
			[]segment.Lineage{segment.Split, segment.Split, segment.Survived}, nil},
		// 0 and 1 become one: Jaccard 60/100 with 0, 40/100 with 1.
		"merged": {[][3]int{{0, 0, 60}, {1, 0, 40}, {2, 1, 50}}, 3, 2, []int{0, 2},
			[]segment.Lineage{segment.Merged, segment.Survived}, []int{1}},
		// Each of four went to the new one with 20 of 100: 80 of its 80 come from others, no quarter of any, Jaccard 20/160.
		"emerged": {[][3]int{{0, 0, 80}, {1, 1, 80}, {2, 2, 80}, {3, 3, 80}, {0, 4, 20}, {1, 4, 20}, {2, 4, 20}, {3, 4, 20}}, 4, 5, []int{0, 1, 2, 3, -1},
			[]segment.Lineage{segment.Survived, segment.Survived, segment.Survived, segment.Survived, segment.Emerged}, nil},
		// Of 1, 6 went to segment 1, of 0 nobody: 6 shared of 20 in either, a Jaccard index of 0.3 exactly. Half of 1 went to
		// segment 0, which is therefore merged; segment 1 is no piece of it, as most of its customers come from 2.
		"at the threshold": {[][3]int{{0, 0, 50}, {1, 0, 6}, {1, 1, 6}, {2, 1, 8}, {2, 2, 50}}, 3, 3, []int{0, 1, 2},
			[]segment.Lineage{segment.Merged, segment.Survived, segment.Survived}, nil},
		"nobody": {nil, 1, 1, []int{-1}, []segment.Lineage{segment.Emerged}, []int{0}},
	} {
		t.Run(name, func(t *testing.T) {
			before, after := people(test.groups...)
			origins, gone, err := segment.Trace(before, after, test.kBefore, test.kAfter)
			if err != nil {
				t.Fatal(err)
			}
			var keeps []int
			var lineage []segment.Lineage
			for _, o := range origins {
				keeps, lineage = append(keeps, o.Keeps), append(lineage, o.Lineage)
			}
			var lost []int
			for _, g := range gone {
				lost = append(lost, g.Segment)
			}
			if !slices.Equal(keeps, test.keeps) || !slices.Equal(lineage, test.lineage) || !slices.Equal(lost, test.gone) {
				t.Errorf("keeps %v, lineage %v, gone %v; want %v, %v, %v", keeps, lineage, lost, test.keeps, test.lineage, test.gone)
			}
		})
	}
	before, after := people([3]int{0, 0, 60}, [3]int{1, 0, 40}, [3]int{2, 0, 3}, [3]int{2, 1, 97})
	origins, gone, err := segment.Trace(before, after, 3, 2)
	if err != nil {
		t.Fatal(err)
	}
	// 103 customers: 60 of 0, 40 of 1, and 3 of 2, which is below 5 % and not named.
	if diff := cmp.Diff([]segment.Share{{Segment: 0, Share: 60.0 / 103}, {Segment: 1, Share: 40.0 / 103}}, origins[0].Parents); diff != "" {
		t.Error(diff)
	}
	if len(gone) != 1 || !slices.Equal(gone[0].Heirs, []segment.Share{{Segment: 0, Share: 1}}) {
		t.Errorf("gone %+v", gone)
	}
	for _, bad := range [][2][]int32{{{0}, nil}, {{2}, {0}}, {{0}, {-1}}} {
		if _, _, err := segment.Trace(bad[0], bad[1], 1, 1); err == nil {
			t.Errorf("%v is no error", bad)
		}
	}
}

// TestTraceOfTheSameSegments: whatever a second fit calls them, the same groups keep their ids.
func TestTraceOfTheSameSegments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.IntRange(1, 8).Draw(t, "k")
		before := rapid.SliceOfN(rapid.Int32Range(0, int32(k-1)), k, 60).Draw(t, "before")
		for c := range k {
			before[c] = int32(c) // nobody is empty
		}
		names := rapid.Permutation(ints(k)).Draw(t, "names")
		after := make([]int32, len(before))
		for i, b := range before {
			after[i] = int32(names[b])
		}
		origins, gone, err := segment.Trace(before, after, k, k)
		if err != nil || len(gone) != 0 {
			t.Fatal(gone, err)
		}
		for b, a := range names {
			if o := origins[a]; o.Keeps != b || o.Jaccard != 1 || o.Lineage != segment.Survived {
				t.Fatalf("segment %d of before is %d: %+v", b, a, o)
			}
		}
		order := rapid.Permutation(ints(len(before))).Draw(t, "order")
		b2, a2 := make([]int32, len(order)), make([]int32, len(order))
		for to, from := range order {
			b2[to], a2[to] = before[from], after[from]
		}
		if again, _, err := segment.Trace(b2, a2, k, k); err != nil || cmp.Diff(origins, again) != "" {
			t.Fatalf("the order of customers counts: %v %s", err, cmp.Diff(origins, again))
		}
	})
}

func ints(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}
