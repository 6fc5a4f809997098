package model

import (
	"fmt"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fit"
	"github.com/clientele/clientele/pkg/rfm"
	"github.com/clientele/clientele/pkg/space"
)

// The shapes of version 1, frozen: its identities are hashes over them, and a rollback may reach back years. Nothing here
// changes, whatever the present shapes become.
type (
	modelV1 struct {
		Version    int            `json:"version"`
		Prepared   map[string]any `json:"prepared"`
		Features   []featureV1    `json:"features"`
		Schema     int            `json:"schema"`
		Space      spaceV1        `json:"space"`
		Centroids  [][]float64    `json:"centroids"`
		Grid       gridV1         `json:"grid"`
		Parameters map[string]any `json:"parameters"`
		Seed       uint64         `json:"seed"`
		Customers  contentV1      `json:"customers"`
		Reference  contentV1      `json:"reference"`
		Golden     contentV1      `json:"golden"`
	}
	featureV1 struct {
		Name     string `json:"name"`
		Kind     string `json:"kind"`
		Nullable bool   `json:"nullable,omitempty"`
	}
	spaceV1 struct {
		Axes []axisV1 `json:"axes"`
	}
	axisV1 struct {
		Feature   string   `json:"feature"`
		Transform string   `json:"transform"`
		Mean      float64  `json:"mean"`
		SD        float64  `json:"sd"`
		Impute    *float64 `json:"impute,omitempty"`
	}
	gridV1 struct {
		Recency   [4]float64 `json:"recency"`
		Frequency [4]float64 `json:"frequency"`
		Monetary  [4]float64 `json:"monetary"`
	}
	contentV1 struct {
		SHA256 string `json:"sha256"`
		Rows   int    `json:"rows"`
	}
	manifestV1 struct {
		Version   int         `json:"version"`
		FitID     string      `json:"fit_id"`
		ModelID   string      `json:"model_id"`
		Parent    string      `json:"parent,omitempty"`
		ParentFit string      `json:"parent_fit,omitempty"`
		Segments  []segmentV1 `json:"segments"`
		Blobs     Blobs       `json:"blobs"` // in no identity
	}
	segmentV1 struct {
		ID      string `json:"id"`
		Name    string `json:"name"`
		Lineage string `json:"lineage"`
		Parent  string `json:"parent,omitempty"`
	}
)

// identityV1 is what a model_id of version 1 is the hash of.
type identityV1 struct {
	FitID     string      `json:"fit_id"`
	Segments  []segmentV1 `json:"segments"`
	ParentFit string      `json:"parent_fit"`
}

// model returns a model of version 1 in the present shape.
func (old *modelV1) model() (Model, error) {
	written, err := contract.Canonical(old)
	if err != nil {
		return Model{}, fmt.Errorf("encode model: %w", err)
	}
	m := Model{
		Version: old.Version, Prepared: old.Prepared, Schema: old.Schema, Method: MethodSweep,
		Centroids: old.Centroids,
		Grid:      rfm.Grid{Recency: old.Grid.Recency, Frequency: old.Grid.Frequency, Monetary: old.Grid.Monetary},
		Customers: Content(old.Customers), Reference: Content(old.Reference), Golden: Content(old.Golden),
		Recipe:  old.recipe(),
		Written: written,
	}
	if method, ok := old.Parameters["method"].(string); ok {
		m.Method = method
	}
	for _, f := range old.Features {
		m.Features = append(m.Features, Feature(f))
	}
	for _, a := range old.Space.Axes {
		m.Space.Axes = append(m.Space.Axes, space.Axis{
			Feature: a.Feature, Transform: space.Transform(a.Transform), Scaling: space.ZScore, Center: a.Mean, Scale: a.SD, Impute: a.Impute,
		})
	}
	return m, nil
}

// recipe reads the parameters of version 1. The space is the one fitted: a refit kept HEAD's, whatever the flags said.
func (old *modelV1) recipe() fit.Recipe {
	number := func(name string) float64 {
		v, _ := old.Parameters[name].(float64)
		return v
	}
	r := fit.Recipe{
		K: int(number("k")), KMin: int(number("k_min")), KMax: int(number("k_max")), Starts: int(number("starts")), Seed: old.Seed,
		Rule: fit.Rule{MinShare: number("smallest_share")},
	}
	text, _ := old.Parameters["space"].(string)
	asked, err := space.ParseSpecs(text)
	for i, a := range old.Space.Axes {
		s := space.Spec{Feature: a.Feature, Transform: space.Transform(a.Transform)}
		if a.Impute != nil {
			s.Impute = space.Impute{Value: *a.Impute, Given: true}
		}
		if err == nil && i < len(asked) && asked[i].Feature == a.Feature && asked[i].Transform == s.Transform && (asked[i].Impute != space.Impute{}) == (a.Impute != nil) {
			s = asked[i]
		}
		r.Space = append(r.Space, s)
	}
	return r
}

// manifest returns a manifest of version 1 in the present shape.
func (old *manifestV1) manifest() Manifest {
	m := Manifest{
		Version: old.Version, FitID: old.FitID, ModelID: old.ModelID, Parent: old.Parent, ParentFit: old.ParentFit, Blobs: old.Blobs,
	}
	for _, s := range old.Segments {
		now := Segment{ID: s.ID, Name: s.Name, Lineage: s.Lineage}
		if s.Parent != "" {
			now.Parents = []Ancestor{{ID: s.Parent, Share: 1}}
		}
		m.Segments = append(m.Segments, now)
	}
	return m
}

// identityOfV1 returns the model_id of a manifest of version 1.
func (m *Manifest) identityOfV1() (string, error) {
	old := identityV1{FitID: m.FitID, ParentFit: m.ParentFit}
	for _, s := range m.Segments {
		was := segmentV1{ID: s.ID, Name: s.Name, Lineage: s.Lineage}
		if len(s.Parents) > 0 {
			was.Parent = s.Parents[0].ID
		}
		old.Segments = append(old.Segments, was)
	}
	text, err := contract.Canonical(old)
	if err != nil {
		return "", fmt.Errorf("encode segments: %w", err)
	}
	return contract.SHA256(text), nil
}
