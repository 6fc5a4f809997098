package model_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/clientele/clientele/pkg/fit"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/model/modeltest"
)

// shuffled returns the rows in another order.
func shuffled(f *frame.Frame, seed uint64) *frame.Frame {
	return f.Take(rand.New(rand.NewPCG(seed, 2)).Perm(f.Rows()))
}

func TestFitIDIsAboutContent(t *testing.T) {
	customers := modeltest.Customers(400, 1)
	b := modeltest.Bundle(t, customers, 4, 1)
	again := shuffled(customers, 7)
	again.SortByText("customer")
	same := modeltest.Bundle(t, again, 4, 9)
	if b.Manifest.FitID != same.Manifest.FitID {
		t.Errorf("shuffled and sorted customers: fit %s, want %s", same.Manifest.FitID, b.Manifest.FitID)
	}
	if b.Manifest.ModelID == same.Manifest.ModelID {
		t.Error("other segment ids: the same model id")
	}
	// One ten-thousandth of one customer's money is another fit.
	customers.Ints("monetary")[17]++
	if other := modeltest.Bundle(t, customers, 4, 1); other.Manifest.FitID == b.Manifest.FitID {
		t.Error("other customers: the same fit id")
	}
}

func TestModelIDNamesFitSegmentsAndParent(t *testing.T) {
	b := modeltest.Bundle(t, modeltest.Customers(60, 1), 2, 1)
	segments := b.Manifest.Segments
	ids := map[string]string{b.Manifest.ModelID: "base"}
	for name, change := range map[string]func([]model.Segment) ([]model.Segment, model.Parent){
		"id": func(s []model.Segment) ([]model.Segment, model.Parent) {
			s[0].ID = "seg-0009"
			return s, model.Parent{}
		},
		"name": func(s []model.Segment) ([]model.Segment, model.Parent) { s[0].Name = "Other"; return s, model.Parent{} },
		"lineage": func(s []model.Segment) ([]model.Segment, model.Parent) {
			s[0].Lineage = "kept"
			return s, model.Parent{}
		},
		"order": func(s []model.Segment) ([]model.Segment, model.Parent) { slices.Reverse(s); return s, model.Parent{} },
		"parent fit": func(s []model.Segment) ([]model.Segment, model.Parent) {
			return s, model.Parent{ModelID: "m", FitID: "f"}
		},
	} {
		changed, parent := change(slices.Clone(segments))
		if err := b.Identify(changed, nil, parent); err != nil {
			t.Fatal(err)
		}
		if other, ok := ids[b.Manifest.ModelID]; ok {
			t.Errorf("%s: the same model id as %s", name, other)
		}
		ids[b.Manifest.ModelID] = name
	}
	// The parent's model_id is kept but not hashed: two models of one fit can be its parents.
	_ = b.Identify(slices.Clone(segments), nil, model.Parent{ModelID: "m1", FitID: "f"})
	one := b.Manifest.ModelID
	_ = b.Identify(slices.Clone(segments), nil, model.Parent{ModelID: "m2", FitID: "f"})
	if b.Manifest.ModelID != one {
		t.Error("the parent's model id counts")
	}
}

func TestIdentifyRefuses(t *testing.T) {
	b := modeltest.Bundle(t, modeltest.Customers(60, 1), 2, 1)
	good := b.Manifest.Segments
	for name, segments := range map[string][]model.Segment{
		"too few":    good[:1],
		"same id":    {good[0], {ID: good[0].ID, Name: "B", Lineage: model.LineageNew}},
		"same name":  {good[0], {ID: "seg-0002", Name: good[0].Name, Lineage: model.LineageNew}},
		"no name":    {good[0], {ID: "seg-0002", Lineage: model.LineageNew}},
		"strange id": {good[0], {ID: "seg-2", Name: "B", Lineage: model.LineageNew}},
	} {
		if err := b.Identify(segments, nil, model.Parent{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestAssignIsIndependentOfOtherRows(t *testing.T) {
	customers := modeltest.Customers(300, 3)
	b := modeltest.Bundle(t, customers, 4, 1)
	all, err := b.Assign(customers)
	if err != nil {
		t.Fatal(err)
	}
	for _, rows := range [][]int{{}, {0}, {299, 5, 5}} {
		some, err := b.Assign(customers.Take(rows))
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range rows {
			if some.Nearest[i] != all.Nearest[r] || some.Distance[i] != all.Distance[r] || some.Second[i] != all.Second[r] {
				t.Errorf("row %d alone: %d %v %v, among all %d %v %v", r, some.Nearest[i], some.Distance[i], some.Second[i],
					all.Nearest[r], all.Distance[r], all.Second[r])
			}
		}
	}
	for i := range all.Nearest {
		if d := all.DistanceTo(i, int(all.Nearest[i])); d != all.Distance[i] {
			t.Fatalf("row %d: distance %v to the nearest, want %v", i, d, all.Distance[i])
		}
		for c := range b.Model.K() {
			if d := all.DistanceTo(i, c); d < all.Distance[i] || c != int(all.Nearest[i]) && d < all.Second[i] {
				t.Fatalf("row %d: centroid %d at %v is nearer than %v or %v", i, c, d, all.Distance[i], all.Second[i])
			}
		}
	}
}

func TestAssignRefusesOtherTables(t *testing.T) {
	customers := modeltest.Customers(40, 1)
	b := modeltest.Bundle(t, customers, 2, 1)
	without := &frame.Frame{Columns: slices.DeleteFunc(slices.Clone(customers.Columns), func(c frame.Column) bool { return c.Name == "recency" })}
	other := customers.Take([]int{0, 1})
	for i := range other.Columns {
		if other.Columns[i].Name == "monetary" {
			other.Columns[i].Kind, other.Columns[i].Floats = frame.Float, []float64{1, 2}
		}
	}
	for want, f := range map[string]*frame.Frame{"recency": without, "monetary": other} {
		for name, err := range map[string]error{"Assign": second(b.Assign(f)), "RFM": second(b.RFM(f, nil))} {
			if e, ok := errors.AsType[*model.SchemaError](err); !ok || e.Feature != want {
				t.Errorf("%s: %v, want a SchemaError about %s", name, err, want)
			}
		}
	}
	// A column that the space does not use may go.
	unused := &frame.Frame{Columns: slices.DeleteFunc(slices.Clone(customers.Columns), func(c frame.Column) bool { return c.Name == "country" })}
	if _, err := b.Assign(unused); err != nil {
		t.Error(err)
	}
	// No money has no logarithm: the row is named, and nobody gets a made-up place.
	customers.Ints("monetary")[3] = 0
	if _, err := b.Assign(customers); err == nil || !strings.Contains(err.Error(), "monetary") || !strings.Contains(err.Error(), "row 3") {
		t.Errorf("monetary 0 in row 3: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestGoldenReplay(t *testing.T) {
	b := modeltest.Bundle(t, modeltest.Customers(300, 5), 4, 1)
	if n := b.Golden.Rows(); n < 8 || n > 3*4+2*len(b.Golden.Columns) {
		t.Errorf("%d golden customers", n)
	}
	if err := b.Replay(); err != nil {
		t.Fatal(err)
	}
	for _, centroids := range []func(){
		func() { b.Model.Centroids[0], b.Model.Centroids[1] = b.Model.Centroids[1], b.Model.Centroids[0] },
		func() { b.Model.Centroids[0][0] += 1e-6 },
		func() { b.Model.Grid.Recency[0] += 1000 },
	} {
		kept := b.Model
		b.Model.Centroids = [][]float64{}
		for _, c := range kept.Centroids {
			b.Model.Centroids = append(b.Model.Centroids, slices.Clone(c))
		}
		centroids()
		if _, ok := errors.AsType[*model.ReplayError](b.Replay()); !ok {
			t.Error("a changed model replays")
		}
		b.Model = kept
	}
}

func TestGoldenHoldsTheExtremes(t *testing.T) {
	customers := modeltest.Customers(300, 5)
	b := modeltest.Bundle(t, customers, 4, 1)
	for _, name := range []string{"recency", "frequency", "monetary"} {
		all, golden := customers.Ints(name), b.Golden.Ints(name)
		if slices.Max(golden) != slices.Max(all) || slices.Min(golden) != slices.Min(all) {
			t.Errorf("golden %s %d … %d, all %d … %d", name, slices.Min(golden), slices.Max(golden), slices.Min(all), slices.Max(all))
		}
	}
	seen := map[int64]bool{}
	for _, c := range b.Golden.Ints("golden_nearest") {
		seen[c] = true
	}
	if len(seen) != 4 {
		t.Errorf("golden customers cover %d of 4 centroids", len(seen))
	}
}

func TestOneCentroid(t *testing.T) {
	b := modeltest.Bundle(t, modeltest.Customers(20, 1), 1, 1)
	if err := b.Replay(); err != nil {
		t.Fatal(err)
	}
	for _, v := range b.Golden.Floats("golden_second") {
		if !math.IsNaN(v) {
			t.Fatalf("second of one centroid is %v, want null", v)
		}
	}
}

func TestSample(t *testing.T) {
	customers := modeltest.Customers(500, 1)
	if got := model.Sample(customers, 500); got.Hash() != customers.Hash() {
		t.Error("all fit, yet some are missing")
	}
	got := model.Sample(customers, 100)
	if got.Rows() != 100 || !slices.IsSorted(got.Strings("customer")) {
		t.Fatalf("%d rows, sorted %v", got.Rows(), slices.IsSorted(got.Strings("customer")))
	}
	// The draw is about keys: any order gives the same customers.
	other := model.Sample(shuffled(customers, 3), 100)
	other.SortByText("customer")
	if diff := cmp.Diff(got, other, cmpopts.EquateNaNs()); diff != "" {
		t.Error("another order, other customers:", diff)
	}
	// Those of today are held to the same range of hashes: with everybody still there, they are the reference.
	b := &model.Bundle{Model: model.Model{Drawn: "key", Recipe: fit.Recipe{Seed: 7}}, Reference: got}
	b.Model.Customers.Rows = customers.Rows()
	if diff := cmp.Diff(got, b.InRange(customers), cmpopts.EquateNaNs()); diff != "" {
		t.Error("the same customers, another range:", diff)
	}
	// A model of an earlier program drew by its seed and the key.
	rank := func(row int) []byte {
		sum := sha256.Sum256(append(binary.LittleEndian.AppendUint64(nil, 7), customers.Strings("customer")[row]...))
		return sum[:]
	}
	rows := make([]int, customers.Rows())
	for i := range rows {
		rows[i] = i
	}
	slices.SortFunc(rows, func(a, b int) int { return bytes.Compare(rank(a), rank(b)) })
	slices.Sort(rows[:100])
	b.Model.Drawn, b.Reference = "", customers.Take(rows[:100])
	if diff := cmp.Diff(b.Reference, b.InRange(customers), cmpopts.EquateNaNs()); diff != "" || b.Reference.Hash() == got.Hash() {
		t.Error("an earlier program's, another range:", diff)
	}
	if n := model.Sample(customers.Take(nil), 100).Rows(); n != 0 {
		t.Errorf("%d of nobody", n)
	}
}

func TestSegmentIDs(t *testing.T) {
	for n, id := range map[int64]string{1: "seg-0001", 42: "seg-0042", 12345: "seg-12345"} {
		if got := model.SegmentID(n); got != id {
			t.Errorf("id of %d is %s, want %s", n, got, id)
		}
		if got, err := model.SegmentNumber(id); err != nil || got != n {
			t.Errorf("number of %s is %d, %v", id, got, err)
		}
	}
	for _, id := range []string{"", "seg-", "seg-1", "seg-0000", "seg--001", "seg-+001", "SEG-0001", "seg-0001 "} {
		if n, err := model.SegmentNumber(id); err == nil {
			t.Errorf("%q is taken for %d", id, n)
		}
	}
	m := model.Manifest{Segments: []model.Segment{{ID: "seg-0007"}, {ID: "seg-0003"}}}
	if m.NextSegment() != 8 || (&model.Manifest{}).NextSegment() != 1 {
		t.Errorf("next %d and %d, want 8 and 1", m.NextSegment(), (&model.Manifest{}).NextSegment())
	}
	if m.Index("seg-0003") != 1 || m.Index("seg-0001") != -1 {
		t.Error("Index")
	}
}
