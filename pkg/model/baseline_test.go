package model_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/model/modeltest"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/table"
)

// TestBaseline by hand: of 10, 20 … 90 the value at the floor of position 8·j/10 is 10, 20, 30, 40, 50, 50 (j = 6), 60, 70 and 80. Every
// value is a ninth, and so an atom with a bin of its own; between two atoms there is nothing.
func TestBaseline(t *testing.T) {
	f := frame.New([]frame.Spec{{Name: "customer", Kind: frame.Text}, {Name: "money", Kind: frame.Money}, {Name: "gap", Kind: frame.Float, Nullable: true}}, 12)
	for i := range 12 {
		f.Ints("money")[i] = int64(i+1) * 10_0000
		f.Floats("gap")[i] = math.NaN()
	}
	copy(f.Floats("gap"), []float64{3, 3, 3, 7})
	b := model.BaselineOf(f)
	if len(b.Bins) != 2 || b.Bins[0].Feature != "money" || b.Bins[0].Nulls != 0 || b.Bins[1].Nulls != 8 {
		t.Fatalf("%+v", b.Bins)
	}
	// The value at the floor of position 11·j/10 of 10 … 120 is 20, 30, 40, 50, 60, 70, 80, 90 and 100; each has a twelfth, less than a tenth.
	if d := cmp.Diff(model.Bins{Feature: "money", Edges: []float64{20, 30, 40, 50, 60, 70, 80, 90, 100}, Counts: []int64{2, 1, 1, 1, 1, 1, 1, 1, 1, 2}}, b.Bins[0]); d != "" {
		t.Error(d)
	}
	// 3 three times is an atom, and so is 7: the floor of position 3·j/10 is 0 … 2.
	if d := cmp.Diff([]int64{0, 3, 1}, b.Bins[1].Counts); d != "" {
		t.Errorf("%v: %s", b.Bins[1], d)
	}
}

// TestBaselineIsKept: a model comes back with its bins; one of an earlier program has none.
func TestBaselineIsKept(t *testing.T) {
	store, err := objstore.Open(t.Context(), "mem://"+t.Name(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	customers := modeltest.Customers(60, 1)
	without := modeltest.Bundle(t, customers, 3, 1)
	m := without.Model
	m.Baseline = model.BaselineOf(customers)
	with, err := model.Build(m, customers)
	if err != nil {
		t.Fatal(err)
	}
	if err := with.Identify(without.Manifest.Segments, nil, model.Parent{}); err != nil {
		t.Fatal(err)
	}
	if with.Manifest.FitID == without.Manifest.FitID {
		t.Error("the bins are not part of the fit_id")
	}
	for _, b := range []*model.Bundle{without, with} {
		if err := model.Write(t.Context(), store, b, model.Provenance{}, table.Options{}); err != nil {
			t.Fatal(err)
		}
		got, err := model.Load(t.Context(), store, b.Manifest.ModelID, table.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(b.Model.Baseline, got.Model.Baseline); d != "" {
			t.Error(d)
		}
		if bins := got.Model.BinsOf("recency"); (bins != nil) != (b == with) || got.Model.BinsOf("country") != nil {
			t.Errorf("bins of recency: %v", bins)
		}
	}
}
