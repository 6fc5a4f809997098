package drift

import (
	"context"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/drift"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/model/modeltest"
	"github.com/clientele/clientele/pkg/registry"
	"github.com/clientele/clientele/pkg/table"
)

// TestFrozenBins: customers are counted in the bins that the model has; where it has none, in those of its reference.
func TestFrozenBins(t *testing.T) {
	customers := modeltest.Customers(rows, 1)
	for name, frozen := range map[string]bool{"frozen": true, "of an earlier program": false} {
		s := open(t, "mem://"+t.Name()+name)
		b := s.promote(s.config("0", monday).Run(), customers)
		if frozen {
			m := b.Model
			m.Baseline = model.BaselineOf(customers)
			for i := range m.Baseline.Bins {
				if m.Baseline.Bins[i].Feature == "recency" {
					m.Baseline.Bins[i].Edges, m.Baseline.Bins[i].Counts = []float64{30, 100}, []int64{1, 2, 3}
				}
			}
			with, err := model.Build(m, customers)
			if err != nil {
				t.Fatal(err)
			}
			if err := with.Identify(b.Manifest.Segments, nil, model.Parent{}); err != nil {
				t.Fatal(err)
			}
			if err := model.Write(t.Context(), s.home.Registry, with, model.Provenance{}, table.Options{}); err != nil {
				t.Fatal(err)
			}
			if _, err := registry.New(s.home).Move(context.Background(), registry.Move{Run: s.config("1", monday+1).Run(), Key: "k"}, func(*registry.Revision) (*registry.Revision, error) {
				return &registry.Revision{ModelID: with.Manifest.ModelID, FitID: with.Manifest.FitID, NextSegment: 5}, nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		c := s.config("2", monday+7)
		s.run(c, older(customers, 20))
		bins, features := s.table(c.Run(), contract.DriftBins), s.table(c.Run(), contract.Features)
		type row struct {
			Low, High       float64
			Before, Now, At int64
		}
		var got []row
		sums := map[string][2]float64{}
		for i, feature := range bins.Strings("feature") {
			sum := sums[feature]
			sums[feature] = [2]float64{sum[0] + bins.Floats("reference_share")[i], sum[1] + bins.Floats("current_share")[i]}
			if feature == "recency" {
				got = append(got, row{bins.Floats("low")[i], bins.Floats("high")[i], bins.Ints("reference")[i], bins.Ints("current")[i], bins.Ints("bin")[i]})
			}
		}
		if len(sums) != features.Rows() {
			t.Errorf("%s: bins of %d features, there are %d", name, len(sums), features.Rows())
		}
		for feature, sum := range sums {
			if math.Abs(sum[0]-1) > 1e-9 || math.Abs(sum[1]-1) > 1e-9 {
				t.Errorf("%s: the shares of %s add up to %v", name, feature, sum)
			}
		}
		if !frozen {
			if len(got) < 8 {
				t.Errorf("%s: recency has %d bins", name, len(got))
			}
			continue
		}
		nan := math.NaN()
		want := []row{{nan, 30, 0, 0, 0}, {30, 100, 0, 0, 1}, {100, nan, 0, 0, 2}, {nan, nan, 0, 0, 3}}
		for _, days := range customers.Ints("recency") {
			for side, d := range []int64{days, days + 20} {
				at := 0
				if d > 100 {
					at = 2
				} else if d > 30 {
					at = 1
				}
				if side == 0 {
					want[at].Before++
				} else {
					want[at].Now++
				}
			}
		}
		same := func(x, y float64) bool { return x == y || math.IsNaN(x) && math.IsNaN(y) }
		if d := cmp.Diff(want, got, cmp.Comparer(same)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// TestWhy by hand: the medians, and the bin whose share has changed most.
func TestWhy(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	below := math.Nextafter(1, 0)
	invoices := []drift.BinCount{
		{Kind: drift.BinRange, Low: -inf, High: below, Reference: 0, Current: 0}, {Kind: drift.BinRange, Low: below, High: 1, Reference: 50, Current: 20},
		{Kind: drift.BinRange, Low: 1, High: 2.5, Reference: 25, Current: 20}, {Kind: drift.BinRange, Low: 2.5, High: inf, Reference: 25, Current: 60},
		{Kind: drift.BinMissing, Low: nan, High: nan},
	}
	fewer := []drift.BinCount{invoices[0], invoices[1], {Kind: drift.BinRange, Low: 1, High: inf, Reference: 50, Current: 50}, {Kind: drift.BinMissing, Current: 40}}
	fewer[1].Current = 10
	level := []drift.BinCount{{Kind: drift.BinLevel, Level: "UK", Reference: 90, Current: 80}, {Kind: drift.BinUnseen, Current: 20}}
	for want, x := range map[string]drift.Feature{
		"median 1.25 then, 1234 now; above 2.5: 25.0 % then, 60.0 % now": {Counts: invoices, Reference: 100, Current: 100, Middle: 1.25, MiddleCurrent: 1234.4},
		"median 1 then, 2 now; exactly 1: 50.0 % then, 10.0 % now":       {Counts: fewer, Reference: 100, Current: 100, Middle: 1, MiddleCurrent: 2},
		"values never seen before: 0.0 % then, 20.0 % now":               {Counts: level, Text: true, Reference: 100, Current: 100, Middle: nan, MiddleCurrent: nan},
		"one side has no value; every bin has the share that it had":     {Counts: invoices[:1], Reference: 1, Current: 1, Middle: nan, MiddleCurrent: 3},
		"there is nobody to compare":                                     {Counts: invoices, Reference: 100},
	} {
		if got := why(x); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := inWords(invoices, 0); got != "below 1" {
		t.Errorf("%q", got)
	}
	if got := inWords(invoices, 2); got != "above 1, up to 2.5" {
		t.Errorf("%q", got)
	}
}
