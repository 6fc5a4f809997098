package cluster

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"syscall"
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

// BenchmarkOfAFile is our side of tools/bench: it reads numbers of eight bytes, which are how many points, of how many coordinates, k, the
// points and a label for each, and writes what it took and found to CLIENTELE_ANSWER.
func BenchmarkOfAFile(b *testing.B) {
	file := os.Getenv("CLIENTELE_NUMBERS")
	if file == "" {
		b.Skip("CLIENTELE_NUMBERS is not set: tools/bench makes the file")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	x := make([]float64, len(text)/8)
	for i := range x {
		x[i] = math.Float64frombits(binary.LittleEndian.Uint64(text[8*i:]))
	}
	n, d, k := int(x[0]), int(x[1]), int(x[2])
	p, labels := Points{N: n, D: d, X: x[3 : 3+n*d]}, make([]int32, n)
	for i, label := range x[3+n*d:] {
		labels[i] = int32(label)
	}
	withVectors(b, os.Getenv("CLIENTELE_VECTORS"))
	for name, work := range map[string]func() (map[string]any, error){
		"refit": func() (map[string]any, error) {
			r, err := Refit(b.Context(), p, p.X[:k*d], Options{})
			return map[string]any{"iterations": r.Iterations, "inertia": r.Inertia}, err
		},
		"sweep": func() (map[string]any, error) {
			var inertia []float64
			fits, err := Sweep(b.Context(), p, []int{2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, Options{Seed: 1, Starts: 10})
			for _, f := range fits {
				inertia = append(inertia, f.Inertia)
			}
			return map[string]any{"inertia": inertia}, err
		},
		"silhouette": func() (map[string]any, error) {
			s, err := MeanSilhouette(b.Context(), p, labels, k, 1)
			return map[string]any{"mean": s.Mean}, err
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				var before, after syscall.Rusage
				_ = syscall.Getrusage(syscall.RUSAGE_SELF, &before)
				began := time.Now()
				answer, err := work()
				if err != nil {
					b.Fatal(err)
				}
				answer["seconds"] = time.Since(began).Seconds()
				_ = syscall.Getrusage(syscall.RUSAGE_SELF, &after)
				answer["cpu"] = float64(after.Utime.Nano()+after.Stime.Nano()-before.Utime.Nano()-before.Stime.Nano()) / 1e9
				answer["tier"] = vectors().String()
				text, err := json.Marshal(answer)
				if err != nil {
					b.Fatal(err)
				}
				if err := os.WriteFile(os.Getenv("CLIENTELE_ANSWER"), text, 0o600); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
