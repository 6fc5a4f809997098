package cluster

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// withVectors has a test use vector instructions by name, or skips it where the processor lacks them.
func withVectors(t testing.TB, name string) {
	t.Helper()
	if err := UseVectors(name); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = UseVectors("") })
}

// Whatever the vector instructions, every bit of every result is that of plain Go: around the lengths of registers, tiles and blocks,
// for one dimension and for many, and with points that lie on each other.
func TestEveryTierGivesTheSameBits(t *testing.T) {
	fits := func(tier string, p Points, most int) []Fit {
		withVectors(t, tier)
		fits, err := Sweep(t.Context(), p, []int{1, 2, most}, Options{Seed: 5, Starts: 4, sampleAbove: 5000})
		if err != nil {
			t.Fatal(err)
		}
		return fits
	}
	for _, n := range []int{7, 8, 15, 16, 17, 31, 33, 100, blockRows - 1, blockRows + 1} {
		for _, d := range []int{1, 3, 5, 16} {
			if n > 100 && d != 5 {
				continue
			}
			p := crowd(n, d, uint64(n+d))
			copy(p.X[d:], p.X[:d]) // the first two points are equal
			want := fits("go", p, 6)
			for _, tier := range []string{"avx2", "avx512"} {
				t.Run(fmt.Sprintf("%d×%d/%s", n, d, tier), func(t *testing.T) {
					withVectors(t, tier)
					if diff := cmp.Diff(want, fits(tier, p, 6), cmpopts.EquateNaNs()); diff != "" {
						t.Error(diff)
					}
				})
			}
		}
	}
}

func TestUseVectors(t *testing.T) {
	if err := UseVectors("sse"); err == nil {
		t.Error("unknown instructions were taken")
	}
	if err := UseVectors("go"); err != nil {
		t.Error(err)
	}
	if vectors() != 0 {
		t.Error("plain Go was not taken")
	}
	if err := UseVectors(""); err != nil {
		t.Error(err)
	}
}

// BenchmarkRefitOfAFile is what tools/bench/kmeans.py times: it writes the points, as float64 behind their number, dimensions and k,
// and reads what is logged.
func BenchmarkRefitOfAFile(b *testing.B) {
	file := os.Getenv("CLIENTELE_POINTS")
	if file == "" {
		b.Skip("CLIENTELE_POINTS is not set: tools/bench/kmeans.py makes the file of points")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	x := make([]float64, len(text)/8)
	for i := range x {
		x[i] = math.Float64frombits(binary.LittleEndian.Uint64(text[8*i:]))
	}
	p, k := Points{N: int(x[0]), D: int(x[1]), X: x[3:]}, int(x[2])
	withVectors(b, os.Getenv("CLIENTELE_VECTORS"))
	for b.Loop() {
		began := time.Now()
		r, err := Refit(b.Context(), p, p.X[:k*p.D], Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.Logf(`refit:{"seconds": %g, "iterations": %d, "inertia": %.17g}`, time.Since(began).Seconds(), r.Iterations, r.Inertia)
	}
}
