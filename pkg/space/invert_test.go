package space_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/clientele/clientele/pkg/space"
)

// The pulls add up to the difference of squared distances, with and without components, and a value at a crossing is exactly
// keep times as far from the one as from the other.
func TestPullsAndCrossings(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	columns := make([][]float64, 3)
	for range 60 {
		columns[0] = append(columns[0], float64(1+rng.IntN(300)))
		columns[1] = append(columns[1], math.Exp(rng.NormFloat64()))
		columns[2] = append(columns[2], columns[0][len(columns[0])-1]/50+rng.Float64())
	}
	plain, err := space.Fit(columns, []space.Spec{
		{Feature: "a", Transform: space.Identity}, {Feature: "b", Transform: space.Ln}, {Feature: "c", Transform: space.Log1p},
	})
	if err != nil {
		t.Fatal(err)
	}
	x, err := plain.ApplyColumns(nil, columns)
	if err != nil {
		t.Fatal(err)
	}
	rotated, err := plain.Rotate(x, 60, 0.9)
	if err != nil {
		t.Fatal(err)
	}
	squared := func(a, b []float64) (sum float64) {
		for j := range a {
			sum += (a[j] - b[j]) * (a[j] - b[j])
		}
		return sum
	}
	place := func(sp *space.Space, row []float64) []float64 {
		out := make([]float64, sp.Dim())
		if err := sp.Apply(out, row); err != nil {
			t.Fatal(err)
		}
		return out
	}
	crossed := 0
	for name, sp := range map[string]*space.Space{"plain": plain, "components": rotated} {
		for i := range 20 {
			at := func(i int) []float64 { return []float64{columns[0][i], columns[1][i], columns[2][i]} }
			row, own, other := at(i), place(sp, at(i+20)), place(sp, at(i+40))
			here := place(sp, row)
			pulls, err := sp.Pulls(row, own, other)
			if err != nil {
				t.Fatal(err)
			}
			sum := 0.0
			for n, p := range pulls {
				sum += p.By
				if n > 0 && p.By > pulls[n-1].By {
					t.Errorf("%s: pulls %v are not in order", name, pulls)
				}
			}
			if want := squared(here, other) - squared(here, own); math.Abs(sum-want) > 1e-9 {
				t.Errorf("%s: the pulls add up to %v, want %v", name, sum, want)
			}
			for axis := range sp.Axes {
				for _, keep := range []float64{1, 0.9} {
					for _, by := range sp.Crossings(axis, here, own, other, keep) {
						z, err := sp.Axes[axis].Scaled(row[axis])
						if err != nil {
							t.Fatal(err)
						}
						v, ok := sp.Axes[axis].Value(z + by)
						moved := append([]float64{}, row...)
						if moved[axis] = v; !ok || axis > 0 && v <= 0 {
							continue // no such value
						}
						crossed++
						there := place(sp, moved)
						if got, want := math.Sqrt(squared(there, other)), keep*math.Sqrt(squared(there, own)); math.Abs(got-want) > 1e-6*(1+want) {
							t.Errorf("%s, axis %d, keep %v: %v away, want %v", name, axis, keep, got, want)
						}
					}
				}
			}
		}
	}
	if crossed < 100 {
		t.Errorf("only %d crossings were looked at", crossed)
	}
}

// The inverse of every transform gives the value back; a winsorised value at its bound has no single one.
func TestValue(t *testing.T) {
	column := []float64{1, 2, 3, 4, 50}
	for _, transform := range []space.Transform{space.Identity, space.Ln, space.Log1p, "winsor=0.8"} {
		sp, err := space.Fit([][]float64{column}, []space.Spec{{Feature: "x", Transform: transform}})
		if err != nil {
			t.Fatal(err)
		}
		a := &sp.Axes[0]
		for _, v := range column {
			z, err := a.Scaled(v)
			if err != nil {
				t.Fatal(err)
			}
			got, ok := a.Value(z)
			bound := transform == "winsor=0.8" && (v == 1 || v == 50)
			if ok == bound || ok && math.Abs(got-v) > 1e-12*v {
				t.Errorf("%s: %v comes back as %v, %v", transform, v, got, ok)
			}
		}
	}
}
