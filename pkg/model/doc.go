// Package model keeps what training found: a bundle that says where a customer belongs, and that anyone can check.
//
// A [Bundle] is a [Model] (space, centroids, grid: the pure function of a customer), the identities of its segments, a
// reference of the customers that it was trained on, and golden customers with the answers they must get.
//
//	m := &model.Model{…}                             // fitted by tasks/train
//	b, err := model.Build(m, customers)              // draws reference and golden customers, gives the fit_id
//	err = b.Identify(segments, nil, model.Parent{})       // gives the model_id
//	err = model.Write(ctx, store, b, provenance, table.Options{})
//
//	b, err = model.Load(ctx, store, modelID, table.Options{}) // every blob verified
//	a, err := b.Assign(customers)                    // the one code path of training and scoring
//
// Two names are given by content. The fit_id is the sha256 of the model's canonical JSON, which holds the logical hashes
// of reference, golden customers and training customers: the same data and the same parameters give the same fit_id on
// any store, on any day, in any order of the lines. It is also the name of the model's blob. The model_id is the sha256
// of the fit_id, the segments' identities with their lineage, the segments that are gone, and the parent's fit_id. Where a model came from ([Provenance]) is kept beside
// it and is in neither.
//
// The bundle has a version. Every earlier one is read for good, by its own frozen shapes (v1.go): its identities are hashes over
// these. The reference and golden tables have the columns that the model lists, whatever the customers table has become.
package model
