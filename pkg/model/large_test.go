package model_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/clientele/clientele/pkg/drift"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model"
)

// many returns customers from … to−1, who spend what their number says: the same customer the same in every call.
func many(from, to int) *frame.Frame {
	f := frame.New([]frame.Spec{{Name: "customer", Kind: frame.Text}, {Name: "monetary", Kind: frame.Int}}, to-from)
	for i := range to - from {
		f.Strings("customer")[i], f.Ints("monetary")[i] = fmt.Sprintf("c%07d", from+i), int64((from+i)*7919%1000)
	}
	return f
}

// With more customers than a model keeps, the reference is those of the smallest hashes, and today's are held to its range. Of customers who
// have stayed all are found in it, and a twentieth who are new are a twentieth; without the range those outside of it would be entrants.
func TestMoreCustomersThanAModelKeeps(t *testing.T) {
	for _, n := range []int{60_000, 120_000} {
		trained := many(0, n)
		b := &model.Bundle{Model: model.Model{Drawn: "key"}, Reference: model.Sample(trained, model.ReferenceRows)}
		b.Model.Customers.Rows = n
		if b.Reference.Rows() != 50_000 {
			t.Fatalf("%d of %d customers are kept, want 50,000", b.Reference.Rows(), n)
		}
		if got := b.InRange(trained).Strings("customer"); !slices.Equal(got, b.Reference.Strings("customer")) {
			t.Errorf("%d customers have stayed, and %d of them are compared with the 50,000", n, len(got))
		}
		gone := n / 20
		row := map[string]int32{}
		for i, c := range b.Reference.Strings("customer") {
			row[c] = int32(i)
		}
		pairs := func(today *frame.Frame) (pair []int32, entrants int) {
			for _, c := range today.Strings("customer") {
				at, ok := row[c]
				if !ok {
					at = -1
					entrants++
				}
				pair = append(pair, at)
			}
			return pair, entrants
		}
		today := many(gone, n+gone)
		in := b.InRange(today)
		pair, entrants := pairs(in)
		found, err := drift.Compare([]drift.Column{{
			Name: "monetary", Reference: model.Numbers(b.Reference.Column("monetary")), Current: model.Numbers(in.Column("monetary")),
		}}, pair, drift.Options{})
		if err != nil {
			t.Fatal(err)
		}
		f := found[0]
		// A binomial share of 50,000/n of the new ones: four deviations.
		want := float64(gone) * 50_000 / float64(n)
		if off := float64(entrants) - want; off*off > 16*want || f.Overlap != in.Rows()-entrants || f.Verdict != drift.None || f.Reference != 50_000 {
			t.Errorf("%d customers: %d of %d entrants are compared, want about %.0f; %s", n, entrants, gone, want, f.Verdict)
		}
		if _, all := pairs(today); all < n-50_000 {
			t.Errorf("%d customers: without the range %d would look like entrants, want the %d outside of the sample", n, all, n-50_000)
		}
	}
}
