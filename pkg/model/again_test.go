package model_test

import (
	"slices"
	"testing"

	"github.com/clientele/clientele/pkg/cluster"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/model/modeltest"
	"github.com/clientele/clientele/pkg/rfm"
)

// The recipe gives the same fit of the same customers, a refit from its parent too; other customers or another seed give another.
func TestAgain(t *testing.T) {
	customers := modeltest.Customers(200, 1)
	b := modeltest.Bundle(t, customers, 4, 1)
	if id, err := b.Model.Again(t.Context(), customers, nil); err != nil || id != b.Manifest.FitID {
		t.Errorf("again: %s, %v; want %s", id, err, b.Manifest.FitID)
	}
	tampered := b.Model
	tampered.Centroids = slices.Clone(tampered.Centroids)
	tampered.Centroids[0] = []float64{0, 0, 0}
	changed, err := model.Build(tampered, customers)
	if err != nil {
		t.Fatal(err)
	}
	if id, err := changed.Model.Again(t.Context(), customers, nil); err != nil || id == changed.Manifest.FitID {
		t.Errorf("centroids that no recipe gave come again: %v", err)
	}

	later := modeltest.Customers(220, 2)
	columns, err := b.Columns(later)
	if err != nil {
		t.Fatal(err)
	}
	x, err := b.Model.Space.ApplyColumns(nil, columns)
	if err != nil {
		t.Fatal(err)
	}
	moved, err := cluster.Refit(t.Context(), cluster.Points{N: 220, D: 3, X: x}, slices.Concat(b.Model.Centroids...), cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	refit := b.Model
	refit.Method, refit.Centroids = model.MethodRefit, model.Centroids(moved.Centroids, 3)
	if refit.Shadow, err = model.ShadowOf(t.Context(), later, columns, refit.Recipe, 4, &model.Start{Space: &refit.Space, Centroids: moved.Centroids}); err != nil {
		t.Fatal(err)
	}
	if refit.Grid, err = rfm.Fit(columns[0], columns[1], columns[2]); err != nil {
		t.Fatal(err)
	}
	second, err := model.Build(refit, later)
	if err != nil {
		t.Fatal(err)
	}
	if id, err := second.Model.Again(t.Context(), later, &b.Model); err != nil || id != second.Manifest.FitID {
		t.Errorf("a refit again: %s, %v; want %s", id, err, second.Manifest.FitID)
	}
	if _, err := second.Model.Again(t.Context(), later, nil); err == nil {
		t.Error("a refit is made again without its parent")
	}
}
