package model

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/rfm"
	"github.com/clientele/clientele/pkg/space"
)

// Version of the model's JSON. A reader takes its own version and the one before.
const Version = 1

// Model is the pure function of a customer that training found, and all that it was found from. Its canonical JSON is
// what the fit_id is taken over: it holds no URI, no run, no time and no code version.
type Model struct {
	Version int `json:"version"`

	// Prepared are the parameters of preprocess that made the customers: rules, window and the like.
	Prepared map[string]any `json:"prepared"`
	// Features is the customers table as it was trained on; Schema is its version.
	Features []Feature `json:"features"`
	Schema   int       `json:"schema"`

	Space     space.Space `json:"space"`
	Centroids [][]float64 `json:"centroids"` // k rows of one z-scored coordinate an axis of Space
	Grid      rfm.Grid    `json:"grid"`

	Parameters map[string]any `json:"parameters"` // of training, without the seed
	Seed       uint64         `json:"seed"`

	Customers Content `json:"customers"` // training customers, sorted
	Reference Content `json:"reference"` // what is kept of them to compare with
	Golden    Content `json:"golden"`    // with their answers
}

// Feature is a column of the customers table.
type Feature struct {
	Name     string `json:"name"`
	Kind     string `json:"kind"` // as frame.Kind is written
	Nullable bool   `json:"nullable,omitempty"`
}

// Content names a table by what is in it, not by how it is written: [frame.Frame.Hash].
type Content struct {
	SHA256 string `json:"sha256"`
	Rows   int    `json:"rows"`
}

func contentOf(f *frame.Frame) Content { return Content{SHA256: f.Hash(), Rows: f.Rows()} }

// FeaturesOf returns the feature schema of a customers table.
func FeaturesOf(specs []frame.Spec) []Feature {
	out := make([]Feature, len(specs))
	for i, s := range specs {
		out[i] = Feature{Name: s.Name, Kind: s.Kind.String(), Nullable: s.Nullable}
	}
	return out
}

// K returns the number of segments.
func (m *Model) K() int { return len(m.Centroids) }

// Encode returns the model's canonical JSON and its sha256, the fit_id. Numbers that are not finite are an error.
func (m *Model) Encode() (text []byte, fitID string, err error) {
	if text, err = contract.Canonical(m); err != nil {
		return nil, "", fmt.Errorf("encode model: %w", err)
	}
	return text, contract.SHA256(text), nil
}

// Check returns an error unless the model can be asked: centroids that are finite and fit the space, and thresholds in
// ascending order. A model that was read from outside must pass.
func (m *Model) Check() error {
	if err := m.Space.Check(); err != nil {
		return err
	}
	if len(m.Centroids) == 0 {
		return errors.New("the model has no centroid")
	}
	for i, c := range m.Centroids {
		if len(c) != m.Space.Dim() {
			return fmt.Errorf("centroid %d has %d coordinates, the space has %d axes", i, len(c), m.Space.Dim())
		}
		if slices.ContainsFunc(c, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }) {
			return fmt.Errorf("centroid %d is not finite", i)
		}
	}
	for _, g := range []struct {
		name string
		t    rfm.Thresholds
	}{{"recency", m.Grid.Recency}, {"frequency", m.Grid.Frequency}, {"monetary", m.Grid.Monetary}} {
		if !slices.IsSorted(g.t[:]) {
			return fmt.Errorf("the thresholds of %s are not ascending", g.name)
		}
	}
	return nil
}

// flat returns the centroids row after row, as pkg/cluster takes them.
func (m *Model) flat() []float64 {
	out := make([]float64, 0, m.K()*m.Space.Dim())
	for _, c := range m.Centroids {
		out = append(out, c...)
	}
	return out
}

// Centroids cuts a flat list of k × dim coordinates into rows.
func Centroids(flat []float64, dim int) [][]float64 {
	var rows [][]float64
	for len(flat) >= dim && dim > 0 {
		rows = append(rows, slices.Clone(flat[:dim]))
		flat = flat[dim:]
	}
	return rows
}
