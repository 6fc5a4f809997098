package cluster

import "testing"

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
