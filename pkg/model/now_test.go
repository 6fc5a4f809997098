package model_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/model/modeltest"
)

// A model comes back with its own drift window, whose customers are those of now in the range of the reference, sorted, whatever parts they
// came in. They change neither fit nor model, and who is forgotten is in none of its tables.
func TestNowIsKept(t *testing.T) {
	const asOf calendar.Date = 15318
	customers := modeltest.Customers(200, 1)
	b := modeltest.Bundle(t, customers, 4, 1)
	b.Reference = model.Sample(customers, 100)
	b.Model.Drawn, b.Model.Customers.Rows = "key", 200
	fit, id := b.Manifest.FitID, b.Manifest.ModelID

	now := modeltest.Customers(150, 2)
	var front, back []int
	for i := range 150 {
		if i%3 == 0 {
			front = append(front, i)
		} else {
			back = append(back, i)
		}
	}
	keep := b.Keep(model.Window{Start: asOf - 90, End: asOf})
	for _, part := range []*frame.Frame{
		modeltest.InWindow(contract.WindowBefore, customers), modeltest.InWindow(contract.WindowNow, now.Take(back)), modeltest.InWindow(contract.WindowThen, customers),
		modeltest.InWindow(contract.WindowNow, now.Take(front)),
	} {
		keep.Add(part)
	}
	keep.Done()
	want := b.InRange(now)
	if diff := cmp.Diff(want, b.Now, cmpopts.EquateNaNs()); diff != "" || want.Rows() == 0 || want.Rows() == 150 {
		t.Errorf("%d customers, want %d of 150: %s", b.Now.Rows(), want.Rows(), diff)
	}

	b = modeltest.Bundle(t, customers, 4, 1)
	keep = b.Keep(model.Window{Start: asOf - 90, End: asOf})
	keep.Add(modeltest.InWindow(contract.WindowNow, now))
	keep.Done()
	if b.Manifest.FitID != fit || b.Manifest.ModelID != id {
		t.Error("the window has changed fit_id or model_id")
	}
	store, opts := open(t, "mem://"+t.Name()), checked(t)
	if err := model.Write(t.Context(), store, b, model.Provenance{}, opts); err != nil {
		t.Fatal(err)
	}
	got, err := model.Load(t.Context(), store, b.Manifest.ModelID, opts)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b, got, cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); diff != "" || got.Now.Rows() != 150 || got.Manifest.Window.Days() != 90 {
		t.Errorf("loaded (-written +loaded):\n%s", diff)
	}
	if blobs := got.Manifest.Blobs.Customers(); len(blobs) != 3 || blobs[2] != *got.Manifest.Blobs.Now {
		t.Errorf("blobs with customers: %+v", blobs)
	}
	next, _, err := got.Without(func(c string) bool { return c == "c000007" })
	if err != nil {
		t.Fatal(err)
	}
	if err := model.Write(t.Context(), store, next, model.Provenance{}, opts); err != nil {
		t.Fatal(err)
	}
	if next, err = model.Load(t.Context(), store, next.Manifest.ModelID, opts); err != nil {
		t.Fatal(err)
	}
	for _, f := range []*frame.Frame{next.Reference, next.Golden, next.Now} {
		for _, c := range f.Strings("customer") {
			if c == "c000007" {
				t.Errorf("a table of %d customers has one who is forgotten", f.Rows())
			}
		}
	}
	if next.Now.Rows() != 149 || *next.Manifest.Window != *got.Manifest.Window {
		t.Errorf("%d customers of %v, want 149 of %v", next.Now.Rows(), next.Manifest.Window, got.Manifest.Window)
	}

	none := modeltest.Bundle(t, customers, 4, 1)
	keep = none.Keep(model.Window{Start: asOf - 90, End: asOf})
	keep.Add(modeltest.InWindow(contract.WindowBefore, customers))
	if keep.Done(); none.Now != nil || none.Manifest.Window != nil {
		t.Errorf("nobody bought, and the model keeps %v of %v", none.Now, none.Manifest.Window)
	}
}
