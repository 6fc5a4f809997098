package fit_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/clientele/clientele/pkg/fit"
)

// Of paired distances whose ratio is 0.9 for everybody the gain is 0.1 in every resample. With noise of standard deviation s on the
// pairs the interval is that of the normal approximation by the delta method.
func TestCompare(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	const n = 900
	before, after, noisy := make([]float64, n), make([]float64, n), make([]float64, n)
	residual := 0.0
	for i := range before {
		before[i] = rng.ExpFloat64()
		after[i] = 0.9 * before[i]
		noisy[i] = before[i] * (0.9 + 0.3*rng.NormFloat64())
	}
	g := fit.Compare(before, after, fit.DefaultDraws, 1)
	if math.Abs(g.Share-0.1) > 1e-12 || math.Abs(g.Low-0.1) > 1e-12 || math.Abs(g.High-0.1) > 1e-12 || g.Customers != n {
		t.Errorf("a tenth for everybody: %+v", g)
	}
	g = fit.Compare(before, noisy, fit.DefaultDraws, 1)
	for i := range before {
		d := noisy[i] - (1-g.Share)*before[i]
		residual += d * d
	}
	se := math.Sqrt(residual) / (g.Before * n)
	if math.Abs(g.Low-(g.Share-1.96*se)) > 0.15*se || math.Abs(g.High-(g.Share+1.96*se)) > 0.15*se {
		t.Errorf("interval %+v, by the delta method %v ± %v", g, g.Share, 1.96*se)
	}
	if again := fit.Compare(before, noisy, fit.DefaultDraws, 1); again != g {
		t.Errorf("the same again: %+v, want %+v", again, g)
	}
	if g := fit.Compare(nil, nil, 10, 1); g != (fit.Gain{}) {
		t.Errorf("nobody: %+v", g)
	}
	if g := fit.Compare([]float64{0, 0}, []float64{1, 1}, 10, 1); g != (fit.Gain{Customers: 2}) {
		t.Errorf("no distance before: %+v", g)
	}
}
