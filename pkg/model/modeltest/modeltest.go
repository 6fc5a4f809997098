// Package modeltest makes customers and models for tests.
package modeltest

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/clientele/clientele/pkg/cluster"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fit"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/rfm"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/space"
	"github.com/clientele/clientele/pkg/table"
)

// kinds of customers: mean days since the last purchase, invoices, and money an invoice.
var kinds = [][3]float64{{10, 20, 400}, {25, 6, 250}, {60, 2, 200}, {250, 1, 150}}

// Customers returns n plausible customers of four kinds in equal shares, sorted, with every column of the customers table.
// The same n and seed give the same customers.
func Customers(n int, seed uint64) *frame.Frame {
	rng := rand.New(rand.NewPCG(seed, 1))
	f := frame.New(contract.Customers.Columns, n)
	for i := range n {
		kind := kinds[i%len(kinds)]
		spread := func(mean, sd float64) float64 { return mean * math.Exp(sd*rng.NormFloat64()) }
		recency := min(374, 1+int64(spread(kind[0], 0.4)))
		frequency := 1 + int64(spread(kind[1]-1, 0.3))
		invoice := 1 + int64(spread(kind[2]*10_000, 0.5))
		for c := range f.Columns {
			column := &f.Columns[c]
			switch {
			case column.Name == "customer":
				column.Strings[i] = fmt.Sprintf("c%06d", i)
			case column.Kind == frame.Text:
				column.Strings[i] = []string{"United Kingdom", "France"}[i%2]
			case column.Name == "recency":
				column.Ints[i] = recency
			case column.Name == "frequency":
				column.Ints[i] = frequency
			case column.Name == "monetary":
				column.Ints[i] = frequency * invoice
			case column.Kind == frame.Float && column.Nullable && frequency < 3:
				column.Floats[i] = math.NaN()
			case column.Kind == frame.Float:
				column.Floats[i] = spread(1, 0.5)
			default:
				column.Ints[i] = 1 + int64(spread(20, 0.5))
			}
		}
	}
	return f
}

// InWindow returns customers as a part of the windows table.
func InWindow(name string, customers *frame.Frame) *frame.Frame {
	out := frame.New(contract.Windows.Columns, customers.Rows())
	for i := range out.Columns {
		if c := customers.Column(out.Columns[i].Name); c != nil {
			spec := out.Columns[i].Spec
			out.Columns[i] = *c
			out.Columns[i].Spec = spec
		}
	}
	for i := range out.Strings("window") {
		out.Strings("window")[i] = name
	}
	return out
}

// Bundle fits a model of k segments in the default space to the customers, as train does, with ids from seg-<next>.
func Bundle(t testing.TB, customers *frame.Frame, k int, next int64) *model.Bundle {
	t.Helper()
	specs := space.Default()
	columns := make([][]float64, len(specs))
	for i, s := range specs {
		columns[i] = model.Numbers(customers.Column(s.Feature))
	}
	sp, err := space.Fit(columns, specs)
	if err != nil {
		t.Fatal(err)
	}
	x, err := sp.ApplyColumns(nil, columns)
	if err != nil {
		t.Fatal(err)
	}
	r, err := cluster.KMeans(context.Background(), cluster.Points{N: customers.Rows(), D: sp.Dim(), X: x}, k, cluster.Options{Starts: 4, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	grid, err := rfm.Fit(columns[0], columns[1], columns[2])
	if err != nil {
		t.Fatal(err)
	}
	recipe := fit.Recipe{Space: specs, K: k, Starts: 4, Seed: 1}
	shadow, err := model.ShadowOf(context.Background(), customers, columns, recipe, k, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := model.Build(model.Model{
		Prepared: map[string]any{"window": "365"}, Schema: contract.Customers.Version,
		Space: *sp, Centroids: model.Centroids(r.Centroids, sp.Dim()), Grid: grid,
		Recipe: recipe, Method: model.MethodSweep, Shadow: shadow,
	}, customers)
	if err != nil {
		t.Fatal(err)
	}
	segments := make([]model.Segment, k)
	for i := range segments {
		segments[i] = model.Segment{ID: model.SegmentID(next + int64(i)), Name: fmt.Sprintf("Kind %d", i+1), Lineage: model.LineageNew}
	}
	if err := b.Identify(segments, nil, model.Parent{}); err != nil {
		t.Fatal(err)
	}
	return b
}

// Preprocess writes the customers to the run as preprocess does.
func Preprocess(t testing.TB, home *run.Home, run contract.Run, customers *frame.Frame) *run.Manifest {
	t.Helper()
	// The hash stands for the snapshot: what is read differs if the customers do, order and all.
	s := begin(t, home, run, contract.Preprocess, contract.Inputs{
		Refs: map[string]string{"ingest": customers.Hash()}, Params: map[string]any{"window": "365", "as_of": run.AsOf.String()}, Code: "test",
	})
	if err := s.PutFrame(context.Background(), contract.Customers, customers, table.Options{}); err != nil {
		t.Fatal(err)
	}
	return commit(t, s, contract.PreprocessResult{Customers: int64(customers.Rows()), AsOf: run.AsOf})
}

// Drift writes an act to the run as drift does.
func Drift(t testing.TB, home *run.Home, run contract.Run, act string) *run.Manifest {
	t.Helper()
	s := begin(t, home, run, contract.Drift, contract.Inputs{Params: map[string]any{"act": act}, Code: "test"})
	return commit(t, s, contract.DriftResult{Verdict: contract.VerdictNone, Act: act})
}

func begin(t testing.TB, home *run.Home, run contract.Run, step string, in contract.Inputs) *run.Session {
	t.Helper()
	s, err := home.Begin(context.Background(), run, step, in)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func commit(t testing.TB, s *run.Session, result any) *run.Manifest {
	t.Helper()
	m, err := s.Commit(context.Background(), result)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
