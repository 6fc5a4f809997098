package cluster

import (
	"math"
	"testing"
)

// TestSpread by hand. On a line 0, 2, 3 | 10, 14: of the first cluster a is 2.5, 1.5, 2 and b 12, 10, 9, so that the silhouettes are 19/24, 17/20
// and 7/9; of the second a is 4 and b 25/3 and 37/3: 13/25 and 25/37. Quantiles are of type 7.
func TestSpread(t *testing.T) {
	p := Points{N: 5, D: 1, X: []float64{3, 10, 0, 14, 2}}
	s, err := MeanSilhouette(t.Context(), p, []int32{0, 1, 0, 1, 0}, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	first, second := []float64{7. / 9, 19. / 24, 17. / 20}, []float64{13. / 25, 25. / 37}
	want := [][5]float64{
		{first[0] + .2*(first[1]-first[0]), (first[0] + first[1]) / 2, first[1], (first[1] + first[2]) / 2, first[1] + .8*(first[2]-first[1])},
		{},
	}
	for i, q := range []float64{.1, .25, .5, .75, .9} {
		want[1][i] = second[0] + q*(second[1]-second[0])
	}
	for c := range want {
		for i := range want[c] {
			if !(math.Abs(s.Spread[c][i]-want[c][i]) < 1e-12) {
				t.Errorf("cluster %d, quantile %d: %v, want %v", c, i, s.Spread[c][i], want[c][i])
			}
		}
	}
	if none := spreadOf(nil); !math.IsNaN(none[0]) || !math.IsNaN(none[4]) {
		t.Errorf("the spread of nothing is %v", none)
	}
	if one := spreadOf([]float64{7}); one != [5]float64{7, 7, 7, 7, 7} {
		t.Errorf("the spread of one value is %v", one)
	}
}
