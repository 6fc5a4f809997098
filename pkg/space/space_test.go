package space

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// By hand: ln of 1, e², e⁴ is 0, 2, 4: mean 2, population deviation √(8/3). Recency 1, 2, 3: mean 2, deviation √(2/3).
func TestFitByHand(t *testing.T) {
	sp, err := Fit([][]float64{{1, 2, 3}, {1, math.Exp(2), math.Exp(4)}}, []Spec{
		{Feature: "recency", Transform: Identity}, {Feature: "monetary", Transform: Ln},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := [][2]float64{{2, math.Sqrt(2.0 / 3)}, {2, math.Sqrt(8.0 / 3)}}
	for i, a := range sp.Axes {
		if math.Abs(a.Center-want[i][0]) > 1e-15 || math.Abs(a.Scale-want[i][1]) > 1e-15 {
			t.Errorf("%s: mean %v, deviation %v, want %v", a.Feature, a.Center, a.Scale, want[i])
		}
	}
	z := make([]float64, 2)
	if err := sp.Apply(z, []float64{3, 1}); err != nil {
		t.Fatal(err)
	}
	// (3−2)/√(2/3) = √1.5 and (0−2)/√(8/3) = −√1.5.
	if math.Abs(z[0]-math.Sqrt(1.5)) > 1e-15 || math.Abs(z[1]+math.Sqrt(1.5)) > 1e-15 {
		t.Errorf("z = %v, want ±√1.5", z)
	}
}

func TestDefaultSpace(t *testing.T) {
	specs, err := ParseSpecs("recency, frequency:ln, monetary:ln")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Default(), specs); diff != "" {
		t.Error(diff)
	}
}

func TestRefusals(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		name   string
		column []float64
		tr     Transform
		row    int // −1: a constant
	}{
		{"constant", []float64{5, 5, 5}, Identity, -1},
		{"one row", []float64{5}, Ln, -1},
		{"null", []float64{1, 2, nan}, Identity, 2},
		{"infinite", []float64{1, inf, 2}, Identity, 1},
		{"ln of zero", []float64{0, 1, 2}, Ln, 0},
		{"ln of a negative amount", []float64{3, 1, -2.5}, Ln, 2},
		{"log1p of −1", []float64{3, -1, 2}, Log1p, 1},
	} {
		_, err := Fit([][]float64{c.column}, []Spec{{Feature: "monetary", Transform: c.tr}})
		var constant *ConstantError
		var value *ValueError
		switch {
		case c.row < 0:
			if !errors.As(err, &constant) || constant.Feature != "monetary" || !strings.Contains(err.Error(), "monetary") {
				t.Errorf("%s: %v, want a constant named", c.name, err)
			}
		default:
			if !errors.As(err, &value) || value.Row != c.row || !strings.Contains(err.Error(), "monetary") {
				t.Errorf("%s: %v, want row %d and the feature named", c.name, err, c.row)
			}
		}
	}
	if _, err := Fit([][]float64{{}}, []Spec{{Feature: "recency", Transform: Identity}}); !errors.Is(err, ErrEmpty) {
		t.Errorf("no customer: %v", err)
	}
	if _, err := Fit([][]float64{{1, 2}, {1}}, Default()[:2]); err == nil {
		t.Error("columns of different length were taken")
	}
	if _, err := Fit([][]float64{{1, 2}}, []Spec{{Feature: "recency", Transform: "sqrt"}}); err == nil {
		t.Error("an unknown transform was taken")
	}
}

func TestImputation(t *testing.T) {
	nan := math.NaN()
	column := []float64{10, nan, 20, 40, nan, 30}
	for _, c := range []struct {
		spec string
		want float64
	}{
		{"gap_mean:identity:median", 25}, // middle two of 10 20 30 40
		{"gap_mean:identity:60", 60},
	} {
		specs, err := ParseSpecs(c.spec)
		if err != nil {
			t.Fatal(err)
		}
		if got := specs[0].String(); got != c.spec {
			t.Errorf("%q is written as %q", c.spec, got)
		}
		sp, err := Fit([][]float64{column}, specs)
		if err != nil {
			t.Fatal(err)
		}
		if sp.Axes[0].Impute == nil || *sp.Axes[0].Impute != c.want {
			t.Errorf("%s: imputes %v, want %v", c.spec, sp.Axes[0].Impute, c.want)
		}
		a, b := []float64{nan}, []float64{c.want}
		if err := errors.Join(sp.Apply(a, a), sp.Apply(b, b)); err != nil || a[0] != b[0] {
			t.Errorf("%s: null lands on %v, the imputed value on %v (%v)", c.spec, a[0], b[0], err)
		}
	}
	if _, err := Fit([][]float64{{nan, nan}}, []Spec{{Feature: "gap_mean", Transform: Ln, Impute: Impute{Median: true}}}); err == nil {
		t.Error("a median of nothing was taken")
	}
	if _, err := Fit([][]float64{{nan, 2}}, []Spec{{Feature: "gap_mean", Transform: Ln, Impute: Impute{Given: true}}}); err == nil {
		t.Error("ln of an imputed 0 was taken")
	}
}

func TestParseSpecsRefuses(t *testing.T) {
	for _, text := range []string{"", "recency,,monetary", "recency:sqrt", "a:ln:NaN", "a:ln:x", "a:ln:1:2", "a,a"} {
		if specs, err := ParseSpecs(text); err == nil {
			t.Errorf("%q became %v", text, specs)
		}
	}
}

func TestSpaceSurvivesJSON(t *testing.T) {
	sp, err := Fit([][]float64{{1, 5, 9.3}, {math.NaN(), 2, 7}}, []Spec{
		{Feature: "recency", Transform: Identity}, {Feature: "gap_mean", Transform: Log1p, Impute: Impute{Median: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(sp)
	if err != nil {
		t.Fatal(err)
	}
	var back Space
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(*sp, back); diff != "" {
		t.Error(diff)
	}
	if err := back.Check(); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{`{}`, `{"axes":[{"feature":"a","transform":"ln","mean":1,"sd":0}]}`, `{"axes":[{"feature":"a","transform":"x","mean":1,"sd":1}]}`} {
		var s Space
		if err := json.Unmarshal([]byte(bad), &s); err != nil {
			t.Fatal(err)
		}
		if s.Check() == nil {
			t.Errorf("%s passes the check", bad)
		}
	}
}

// Properties: one path for one row and for columns; z has mean 0 and deviation 1; order of customers moves no bit; a
// factor on a logarithmic feature moves nothing but the mean; inputs stay untouched.
func TestSpaceProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 60).Draw(t, "n")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		columns := make([][]float64, 3)
		for i := range columns {
			columns[i] = make([]float64, n)
			for r := range columns[i] {
				columns[i][r] = math.Exp(rng.NormFloat64() * 3)
			}
		}
		before := [][]float64{slices.Clone(columns[0]), slices.Clone(columns[1]), slices.Clone(columns[2])}
		sp, err := Fit(columns, Default())
		if err != nil {
			t.Fatal(err)
		}
		z, err := sp.ApplyColumns(nil, columns)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, columns); diff != "" {
			t.Fatal("the input was changed")
		}
		for i := range 3 {
			var sum, squares float64
			for r := range n {
				one := make([]float64, 3)
				if err := sp.Apply(one, []float64{columns[0][r], columns[1][r], columns[2][r]}); err != nil {
					t.Fatal(err)
				}
				if one[i] != z[r*3+i] {
					t.Fatalf("row %d: alone %v, among others %v", r, one[i], z[r*3+i])
				}
				sum, squares = sum+one[i], squares+one[i]*one[i]
			}
			if math.Abs(sum/float64(n)) > 1e-9 || math.Abs(squares/float64(n)-1) > 1e-9 {
				t.Fatalf("axis %d has mean %v and variance %v", i, sum/float64(n), squares/float64(n))
			}
		}
		order := rng.Perm(n)
		shuffled, scaled := make([][]float64, 3), make([][]float64, 3)
		for i := range columns {
			for _, r := range order {
				shuffled[i] = append(shuffled[i], columns[i][r])
				scaled[i] = append(scaled[i], columns[i][r]*100)
			}
		}
		again, err := Fit(shuffled, Default())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(sp, again); diff != "" {
			t.Fatal("another order of customers: " + diff)
		}
		hundred, err := Fit(scaled, Default())
		if err != nil {
			t.Fatal(err)
		}
		if m := hundred.Axes[2].Center - sp.Axes[2].Center; math.Abs(m-math.Log(100)) > 1e-9 {
			t.Fatalf("×100 moves the mean of ln by %v, want ln 100", m)
		}
		if s := hundred.Axes[2].Scale / sp.Axes[2].Scale; math.Abs(s-1) > 1e-9 {
			t.Fatalf("×100 moves the deviation of ln by a factor %v", s)
		}
	})
}

func FuzzParseSpecs(f *testing.F) {
	for _, s := range []string{"recency,frequency:ln", "gap_mean:log1p:median", "a:ln:-1.5e3", "a::", ",", "a:b:c:d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		specs, err := ParseSpecs(text)
		if err != nil {
			return
		}
		parts := make([]string, len(specs))
		for i, s := range specs {
			parts[i] = s.String()
		}
		again, err := ParseSpecs(strings.Join(parts, ","))
		if err != nil {
			t.Fatalf("%q is written as %q: %v", text, parts, err)
		}
		if diff := cmp.Diff(specs, again); diff != "" {
			t.Fatal(diff)
		}
	})
}

func BenchmarkApplyColumns(b *testing.B) {
	columns := make([][]float64, 3)
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range columns {
		columns[i] = make([]float64, 4334)
		for r := range columns[i] {
			columns[i][r] = math.Exp(rng.NormFloat64())
		}
	}
	sp, err := Fit(columns, Default())
	if err != nil {
		b.Fatal(err)
	}
	dst := make([]float64, 3*4334)
	for b.Loop() {
		if _, err := sp.ApplyColumns(dst, columns); err != nil {
			b.Fatal(err)
		}
	}
}
