package model_test

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/model/modeltest"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/table"
)

// before returns a frame as version 1 of the customers table had it: units were whole numbers.
func before(f *frame.Frame) *frame.Frame {
	out := &frame.Frame{Columns: slices.Clone(f.Columns)}
	units := out.Column("units")
	units.Kind, units.Ints = frame.Int, slices.Clone(units.Ints)
	for i := range units.Ints {
		units.Ints[i] /= 1000
	}
	return out
}

// TestLoadOfTheVersionBefore: a model whose tables have whole units is loaded, units and all, and gives the answers of then.
func TestLoadOfTheVersionBefore(t *testing.T) {
	ctx := context.Background()
	customers := modeltest.Customers(60, 1)
	units := customers.Column("units")
	for i := range units.Ints {
		units.Ints[i] *= 1000
	}
	b := modeltest.Bundle(t, customers, 3, 1)
	want := b.Reference
	reference, golden := before(b.Reference), before(b.Golden)
	b.Model.Schema = 1
	b.Model.Features = model.FeaturesOf(before(customers).Specs())
	b.Model.Reference = model.Content{SHA256: reference.Hash(), Rows: reference.Rows()}
	b.Model.Golden = model.Content{SHA256: golden.Hash(), Rows: golden.Rows()}
	text, fitID, err := model.AsVersion1(b.Model)
	if err != nil {
		t.Fatal(err)
	}
	b.Manifest.Version, b.Manifest.FitID = 1, fitID
	if err := b.Identify(b.Manifest.Segments, nil, model.Parent{}); err != nil {
		t.Fatal(err)
	}
	store := open(t, "mem://"+t.Name())
	m := b.Manifest
	m.Blobs.Model = blob(t, store, text)
	m.Blobs.Reference = tableBlob(t, store, "reference", reference)
	m.Blobs.Golden = tableBlob(t, store, "golden", golden)
	if text, err = contract.Canonical(m); err != nil {
		t.Fatal(err)
	}
	if _, err := store.CreateBytes(ctx, contract.ModelPath(m.ModelID), text); err != nil {
		t.Fatal(err)
	}

	got, err := model.Load(ctx, store, m.ModelID, checked(t))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.Reference, cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("reference (-want +loaded):\n%s", diff)
	}
	if err := got.Replay(); err != nil {
		t.Error(err)
	}
}

func blob(t *testing.T, store *objstore.Store, text []byte) model.Blob {
	t.Helper()
	sum := contract.SHA256(text)
	if _, err := store.CreateBytes(context.Background(), contract.BlobPath(sum), text); err != nil {
		t.Fatal(err)
	}
	return model.Blob{SHA256: sum, Size: int64(len(text))}
}

func tableBlob(t *testing.T, store *objstore.Store, name string, f *frame.Frame) model.Blob {
	t.Helper()
	w := table.NewWriter(frame.Schema{Name: name, Version: 1, Columns: f.Specs()}, table.Options{})
	if err := w.WriteFrame(f); err != nil {
		t.Fatal(err)
	}
	file, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := store.Create(context.Background(), contract.BlobPath(file.SHA256), file, file.Size); err != nil {
		t.Fatal(err)
	}
	return model.Blob{SHA256: file.SHA256, Size: file.Size}
}

// TestLoadAfterANewColumn: the customers table gets a column after a model was written; the model is as whole as before.
func TestLoadAfterANewColumn(t *testing.T) {
	ctx, store := context.Background(), open(t, "mem://"+t.Name())
	customers := modeltest.Customers(60, 1)
	b := modeltest.Bundle(t, customers, 2, 1)
	if err := model.Write(ctx, store, b, model.Provenance{}, checked(t)); err != nil {
		t.Fatal(err)
	}
	was := contract.Customers
	t.Cleanup(func() { contract.Customers = was })
	contract.Customers.Version++
	contract.Customers.Columns = append(slices.Clone(was.Columns), frame.Spec{Name: "later", Kind: frame.Float, Nullable: true})

	got, err := model.Load(ctx, store, b.Manifest.ModelID, checked(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := got.Replay(); err != nil {
		t.Error(err)
	}
	if got.Reference.Column("later") != nil || got.Reference.Hash() != b.Model.Reference.SHA256 {
		t.Error("the reference is not as it was written")
	}
	now := &frame.Frame{Columns: append(slices.Clone(customers.Columns),
		frame.Column{Spec: contract.Customers.Columns[len(was.Columns)], Floats: make([]float64, customers.Rows())})}
	if _, err := got.Assign(now); err != nil {
		t.Error(err)
	}
}
