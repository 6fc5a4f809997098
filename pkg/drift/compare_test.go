package drift

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func compare(t testing.TB, columns []Column, pair []int32) []Feature {
	t.Helper()
	out, err := Compare(columns, pair, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestVerdicts(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	ref := normals(4000, 0, rng)
	same, little, far := normals(3000, 0, rng), normals(3000, 0.4, rng), normals(3000, 1, rng)
	levels := func(n int, share float64) []string {
		out := make([]string, n)
		for i := range out {
			if out[i] = "France"; rng.Float64() < share {
				out[i] = "United Kingdom"
			}
		}
		return out
	}
	all := func(v string, n int) []string {
		out := make([]string, n)
		for i := range out {
			out[i] = v
		}
		return out
	}
	for _, c := range []struct {
		name string
		Column
		want Verdict
	}{
		{"quiet", Column{Reference: ref, Current: same}, None},
		{"itself", Column{Reference: ref, Current: ref}, None},
		// A shift of one deviation has PSI near 1 (the divergence of two normals, 1²), one of 0.4 near 0.16.
		{"far off", Column{Reference: ref, Current: far}, Alert},
		{"a little off", Column{Reference: ref, Current: little}, Warn},
		{"few now", Column{Reference: ref, Current: same[:29]}, InsufficientData},
		{"few then", Column{Reference: ref[:29], Current: far}, InsufficientData},
		{"few, and far off", Column{Reference: ref, Current: constant(9, 30)}, Alert},
		{"none now", Column{Reference: ref}, InsufficientData},
		{"all null now", Column{Reference: ref, Current: nulls(500)}, Alert},
		{"all null always", Column{Reference: nulls(400), Current: nulls(500)}, None},
		{"constant", Column{Reference: constant(7, 400), Current: constant(7, 500)}, None},
		{"another constant, larger", Column{Reference: constant(7, 400), Current: constant(8, 500)}, Alert},
		{"another constant, smaller", Column{Reference: constant(7, 400), Current: constant(6, 500)}, Alert},
		{"infinite now", Column{Reference: ref, Current: constant(math.Inf(1), 500)}, Alert},
		{"text, quiet", Column{Text: true, ReferenceText: levels(3000, 0.9), CurrentText: levels(3000, 0.9)}, None},
		{"text, moved", Column{Text: true, ReferenceText: levels(3000, 0.9), CurrentText: levels(3000, 0.5)}, Alert},
		{"text never seen", Column{Text: true, ReferenceText: levels(3000, 0.9), CurrentText: all("Spain", 3000)}, Alert},
	} {
		f := compare(t, []Column{c.Column}, nil)[0]
		if f.Verdict != c.want {
			t.Errorf("%s: %s, want %s: %+v", c.name, f.Verdict, c.want, f)
		}
	}
	f := compare(t, []Column{{Text: true, ReferenceText: levels(3000, 0.9), CurrentText: append(levels(900, 0.9), all("Spain", 100)...)}}, nil)[0]
	if f.Unseen != 0.1 || f.PName != PChi2 && f.PName != PPermutation {
		t.Errorf("a tenth from Spain: %+v", f)
	}
	if _, err := Compare(nil, nil, Options{}); err == nil {
		t.Error("no feature was taken")
	}
	for _, o := range []Options{{Materiality: -1}, {Alpha: 1}, {Alpha: -0.1}, {Materiality: math.NaN()}} {
		if _, err := Compare([]Column{{Reference: ref, Current: same}}, nil, o); err == nil {
			t.Errorf("limits %+v were taken", o)
		}
	}
}

// Missing values have a test of their own: a fifth of the values is gone.
func TestMissing(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	ref, cur := normals(2000, 0, rng), normals(2000, 0, rng)
	for i := range cur {
		if i%5 == 0 {
			cur[i] = math.NaN()
		}
	}
	f := compare(t, []Column{{Name: "f", Reference: ref, Current: cur}}, nil)[0]
	if f.MissingCurrent != 0.2 || f.MissingReference != 0 || f.MissingAdjusted > 0.01 || f.Verdict == None {
		t.Errorf("%+v", f)
	}
}

// One empty, constant, all-missing or infinite column never touches another column's statistics.
func TestColumnsAreApart(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	text := func(share float64) []string {
		out := make([]string, 500)
		for i := range out {
			if out[i] = "France"; rng.Float64() < share {
				out[i] = "Spain"
			}
		}
		return out
	}
	gaps := normals(500, 0, rng)
	copy(gaps[100:200], nulls(100))
	fine := normals(500, 0, rng)
	good := []Column{
		{Name: "quiet", Reference: fine, Current: normals(500, 0.1, rng)}, {Name: "moved", Reference: normals(500, 0, rng), Current: normals(500, 1, rng)},
		{Name: "gaps", Reference: fine, Current: gaps}, {Name: "text", Text: true, ReferenceText: text(0.5), CurrentText: text(0.2)},
	}
	alone := compare(t, good, nil)
	if alone[0].Verdict != None || alone[1].Verdict != Alert || alone[2].Verdict == None || alone[3].Verdict != Alert {
		t.Fatalf("%s, %s, %s, %s; want none, alert, not none, alert", alone[0].Verdict, alone[1].Verdict, alone[2].Verdict, alone[3].Verdict)
	}
	bad := map[string]Column{"texts without a value": {Text: true, ReferenceText: make([]string, 500), CurrentText: make([]string, 500)}}
	for name, v := range map[string][]float64{"constant": constant(1, 500), "missing": nulls(500), "infinite": constant(math.Inf(-1), 500)} {
		bad[name], bad[name+" then"], bad[name+" now"] = Column{Reference: v, Current: v}, Column{Reference: v, Current: fine}, Column{Reference: fine, Current: v}
	}
	for name, c := range bad {
		c.Name = name
		// Of p-values only how fine they are may depend on the number of tests, and their correction does.
		got := compare(t, append([]Column{c}, good...), nil)[1:]
		if diff := cmp.Diff(alone, got, cmpopts.EquateNaNs(), cmpopts.IgnoreFields(Feature{}, "P", "Draws", "Adjusted", "MissingP", "MissingAdjusted")); diff != "" {
			t.Errorf("beside %s: %s", name, diff)
		}
		for i := range got {
			if math.IsNaN(got[i].Adjusted) || math.Abs(got[i].P-alone[i].P) > 0.001 {
				t.Errorf("beside %s: %s has p %v, adjusted %v, and alone %v", name, got[i].Name, got[i].P, got[i].Adjusted, alone[i].P)
			}
		}
	}
}

// Invariance: any scale from 1e-6 to 1e6, any order of rows, one core or two; everything doubled moves effects by O(1/n).
func TestInvariance(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	n := 400
	ref, cur, pair := normals(n, 3, rng), normals(n, 3.5, rng), make([]int32, n)
	for i := range pair {
		if pair[i] = -1; i%2 == 0 {
			pair[i] = int32(i)
		}
	}
	want := compare(t, []Column{{Name: "f", Reference: ref, Current: cur, Log: true}}, pair)[0]
	if want.Overlap != n/2 || !math.IsNaN(want.KSP) {
		t.Errorf("%+v: half are on both sides, so KS has no p-value", want)
	}
	same := func(name string, f Feature) {
		t.Helper()
		if diff := cmp.Diff(want, f, cmpopts.EquateNaNs(), cmpopts.EquateApprox(1e-9, 1e-12)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for _, scale := range []float64{1e-6, 1e6} {
		a, b := make([]float64, n), make([]float64, n)
		for i := range a {
			a[i], b[i] = scale*ref[i], scale*cur[i]
		}
		f := compare(t, []Column{{Name: "f", Reference: a, Current: b, Log: true}}, pair)[0]
		f.Middle, f.MiddleCurrent = f.Middle/scale, f.MiddleCurrent/scale // these have the feature's unit
		for i := range f.Counts {
			f.Counts[i].Low, f.Counts[i].High = f.Counts[i].Low/scale, f.Counts[i].High/scale
		}
		same(fmt.Sprint("scale ", scale), f)
	}
	order, at := rng.Perm(n), make([]int32, n)
	moved := make([]float64, n)
	for to, from := range order {
		moved[to], at[from] = ref[from], int32(to)
	}
	pairs := make([]int32, n)
	for i, p := range pair {
		if pairs[i] = -1; p >= 0 {
			pairs[i] = at[p]
		}
	}
	same("order", compare(t, []Column{{Name: "f", Reference: moved, Current: cur, Log: true}}, pairs)[0])
	for _, cores := range []int{1, 2} {
		old := runtime.GOMAXPROCS(cores)
		same("cores", compare(t, []Column{{Name: "f", Reference: ref, Current: cur, Log: true}}, pair)[0])
		runtime.GOMAXPROCS(old)
	}
	twice := compare(t, []Column{{Name: "f", Reference: append(append([]float64{}, ref...), ref...), Current: append(append([]float64{}, cur...), cur...), Log: true}}, nil)[0]
	for name, d := range map[string]float64{
		"PSI": twice.PSI - want.PSI, "JS": twice.JS - want.JS, "KS": twice.KS - want.KS, "Wasserstein": twice.Wasserstein/want.Wasserstein - 1,
	} {
		if math.Abs(d) > 20.0/float64(n) {
			t.Errorf("%s of everything twice is off by %v", name, d)
		}
	}
}

// Power: one shifted feature among 20 is found, and a lognormal (σ = 1) that doubled is found from 300 on beside 0, 1 and 10 outliers of a
// million. PSI of a shift by ln 2 = 0.69 deviations is 0.48 in the limit of fine bins.
func TestPower(t *testing.T) {
	for _, outliers := range []int{0, 1, 10} {
		rng := rand.New(rand.NewPCG(6, uint64(outliers)))
		columns := make([]Column, 20)
		for i := range columns {
			columns[i] = Column{Name: fmt.Sprint("f", i), Log: true}
			for range 300 {
				columns[i].Reference = append(columns[i].Reference, math.Exp(rng.NormFloat64()))
				columns[i].Current = append(columns[i].Current, math.Exp(rng.NormFloat64()))
			}
		}
		shifted := &columns[7]
		for i := range shifted.Current {
			shifted.Current[i] *= 2
		}
		for i := range outliers {
			shifted.Current[i] = 1e6
		}
		for i, f := range compare(t, columns, nil) {
			if (f.Verdict == Alert) != (i == 7) {
				t.Errorf("%d outliers, feature %d: %s (PSI %.3f, p %.2g, adjusted %.2g, Wasserstein %.2f)", outliers, i, f.Verdict, f.PSI, f.P, f.Adjusted, f.Wasserstein)
			}
			if i == 7 && (f.Wasserstein < 0.5 || f.Wasserstein > 2.5) {
				t.Errorf("%d outliers: Wasserstein %.2f, want some deviations, not the thousands that outliers stand for", outliers, f.Wasserstein)
			}
		}
	}
}

// 98 % of customers are on both sides, as in windows a week apart: a limit for independent samples of 2,000, (1/n + 1/m)·χ²₁₁(0.99)
// = 0.025, is deaf to entrants who are ten times as large; permuting pairs is not.
func TestOverlapIsHeard(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	n := 2000
	ref, cur, pair := normals(n, 0, rng), make([]float64, n), make([]int32, n)
	copy(cur, ref)
	for i := range cur {
		if pair[i] = int32(i); i < n/50 {
			cur[i], pair[i] = 2+rng.NormFloat64()/2, -1
		}
	}
	f := compare(t, []Column{{Name: "f", Reference: ref, Current: cur}}, pair)[0]
	if f.PSI > 0.025 || f.P > 0.01 || f.Verdict != None || f.Overlap != n-n/50 {
		t.Errorf("PSI %v, p %v, %s; want a small and significant shift, which is no finding", f.PSI, f.P, f.Verdict)
	}
}

func TestNoNaNInVerdicts(t *testing.T) {
	f := compare(t, []Column{{Name: "f", Reference: nil, Current: nil}}, nil)[0]
	if _, err := json.Marshal([]float64{f.PSI, f.P, f.Adjusted, f.Noise}); err != nil || f.Verdict != InsufficientData {
		t.Errorf("%+v: %v", f, err)
	}
}

// BenchmarkOfAFile is our side of tools/bench: it reads numbers of eight bytes, which are how many rows and columns, then the reference and
// today's values of each column, and writes what it took and found to CLIENTELE_ANSWER.
func BenchmarkOfAFile(b *testing.B) {
	file := os.Getenv("CLIENTELE_NUMBERS")
	if file == "" {
		b.Skip("CLIENTELE_NUMBERS is not set: tools/bench makes the file")
	}
	x, err := readNumbers(file)
	if err != nil {
		b.Fatal(err)
	}
	n, columns := int(x[0]), make([]Column, int(x[1]))
	for i, x := 0, x[2:]; i < len(columns); i, x = i+1, x[2*n:] {
		columns[i] = Column{Name: "f", Reference: x[:n], Current: x[n : 2*n]}
	}
	b.Run("compare", func(b *testing.B) {
		for b.Loop() {
			var before, after syscall.Rusage
			_ = syscall.Getrusage(syscall.RUSAGE_SELF, &before)
			began := time.Now()
			found, err := Compare(columns, nil, Options{})
			if err != nil {
				b.Fatal(err)
			}
			answer := map[string]any{"seconds": time.Since(began).Seconds()}
			_ = syscall.Getrusage(syscall.RUSAGE_SELF, &after)
			answer["cpu"] = float64(after.Utime.Nano()+after.Stime.Nano()-before.Utime.Nano()-before.Stime.Nano()) / 1e9
			of := func(statistic func(Feature) float64) (all []float64) {
				for _, f := range found {
					all = append(all, statistic(f))
				}
				return all
			}
			answer["ks"], answer["js"] = of(func(f Feature) float64 { return f.KS }), of(func(f Feature) float64 { return f.JS })
			answer["psi"] = of(func(f Feature) float64 { return f.PSI })
			answer["wasserstein"] = of(func(f Feature) float64 { return f.Wasserstein })
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

// readNumbers reads a file of numbers of eight bytes, without holding it twice.
func readNumbers(file string) ([]float64, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	x, r := make([]float64, info.Size()/8), bufio.NewReaderSize(f, 1<<20)
	var eight [8]byte
	for i := range x {
		if _, err := io.ReadFull(r, eight[:]); err != nil {
			return nil, err
		}
		x[i] = math.Float64frombits(binary.LittleEndian.Uint64(eight[:]))
	}
	return x, nil
}

// Nothing hangs on what levels are called, and little on one row more or less of the reference.
func TestLabelsAndSizes(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	other := map[string]string{"a": "d", "b": "c", "c": "a", "d": "b"}
	levels := func(n, most int) (is, renamed []string) {
		for range n {
			l := string(rune('a' + min(rng.IntN(most), 3)))
			is, renamed = append(is, l), append(renamed, other[l])
		}
		return is, renamed
	}
	ref, refRenamed := levels(600, 8)
	cur, curRenamed := levels(500, 6)
	want := compare(t, []Column{{Name: "f", Text: true, ReferenceText: ref, CurrentText: cur}}, nil)[0]
	got := compare(t, []Column{{Name: "f", Text: true, ReferenceText: refRenamed, CurrentText: curRenamed}}, nil)[0]
	for name, d := range map[string]float64{"PSI": got.PSI - want.PSI, "JS": got.JS - want.JS, "largest": got.Largest - want.Largest, "χ²": got.Chi2 - want.Chi2} {
		if math.Abs(d) > 1e-9 || want.PSI == 0 {
			t.Errorf("%s of levels under other names is off by %v", name, d)
		}
	}
	x, now := normals(1001, 0, rng), normals(1000, 0.5, rng)
	few := compare(t, []Column{{Name: "f", Reference: x[:999], Current: now}}, nil)[0]
	many := compare(t, []Column{{Name: "f", Reference: x, Current: now}}, nil)[0]
	if few.Verdict != many.Verdict || math.Abs(few.PSI-many.PSI) > 0.01 || math.Abs(few.KS-many.KS) > 0.005 {
		t.Errorf("999 rows: %s, PSI %v, KS %v; 1,001: %s, %v, %v", few.Verdict, few.PSI, few.KS, many.Verdict, many.PSI, many.KS)
	}
}
