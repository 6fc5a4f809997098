package model

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fit"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/rfm"
	"github.com/clientele/clientele/pkg/space"
)

// Version of the model's and the manifest's JSON. A reader takes every version up to its own: a rollback may reach back years.
const Version = 2

// Model is the pure function of a customer that training found, and all that it was found from. Its canonical JSON is
// what the fit_id is taken over: it holds no URI, no run, no time and no code version.
type Model struct {
	Version int `json:"version"`

	// Prepared are the parameters of preprocess that made the customers: rules, window and the like.
	Prepared map[string]any `json:"prepared"`
	// Features is the customers table as it was trained on; Schema is its version. Reference and golden customers have these
	// columns and no others.
	Features []Feature `json:"features"`
	Schema   int       `json:"schema"`

	// Recipe is what the fit was made by, and what makes it again. A refit has the recipe of the model that it moved on.
	Recipe fit.Recipe `json:"recipe"`
	Method string     `json:"method"` // MethodSweep or MethodRefit

	Space     space.Space `json:"space"`
	Centroids [][]float64 `json:"centroids"` // k rows of one coordinate of Space each
	Grid      rfm.Grid    `json:"grid"`

	Customers Content `json:"customers"` // training customers, sorted
	Reference Content `json:"reference"` // what is kept of them to compare with
	Golden    Content `json:"golden"`    // with their answers
	// Drawn says by what the reference was drawn where it is a sample: "key", or "" of an earlier program, which drew by the seed too.
	Drawn string `json:"drawn,omitempty"`

	Baseline *Baseline `json:"baseline,omitempty"`
	Shadow   *Shadow   `json:"shadow,omitempty"`

	// Erased says that customers were taken out of the reference and the golden customers after training. Everything else is as it was
	// fitted, so recipe and customers do not make this model again. Nil for a model as it was trained.
	Erased *Erased `json:"erased,omitempty"`

	// Written is the canonical JSON of a model that an earlier version wrote, in the shape of then: its identity is about that.
	// Nil for this version.
	Written []byte `json:"-"`
}

// Erased is how a model without customers who are forgotten comes from the one that was trained.
type Erased struct {
	FitID     string `json:"fit_id"`    // of the model that was trained
	Customers int    `json:"customers"` // that were taken out of its reference
}

// The methods.
const (
	MethodSweep = "sweep" // k and centroids were found anew
	MethodRefit = "refit" // space and k are those of the model before, and its centroids were moved on
)

// Baseline is what later customers are compared with to find drift, frozen with the model.
type Baseline struct {
	Bins []Bins `json:"bins"` // in the order of Features
}

// Bins count the baseline's values of one feature: bin i holds those above Edges[i−1] and not above Edges[i], the outer
// ones are open.
type Bins struct {
	Feature string    `json:"feature"`
	Edges   []float64 `json:"edges"`  // ascending
	Counts  []int64   `json:"counts"` // one more than Edges
	Nulls   int64     `json:"nulls"`
}

// ShadowFolds is what a customer's hash is divided by for the shadow: it is fitted on the remainders other than 0.
const ShadowFolds = 5

// Shadow is the same recipe fitted without a fifth of the customers, so that these can judge it.
type Shadow struct {
	Customers int         `json:"customers"` // that it was fitted on
	Space     space.Space `json:"space"`
	Centroids [][]float64 `json:"centroids"` // as the model's, but of its own Space
}

// HeldOut reports whether the shadow is fitted without that customer: the first eight bytes of the sha256 of the key, as a
// big-endian number, divided by [ShadowFolds] leave 0.
func HeldOut(customer string) bool {
	sum := sha256.Sum256([]byte(customer))
	return binary.BigEndian.Uint64(sum[:8])%ShadowFolds == 0
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

// Encode returns the model's canonical JSON, in the shape of its version, and its sha256, the fit_id. Numbers that are not
// finite are an error.
func (m *Model) Encode() (text []byte, fitID string, err error) {
	if m.Written != nil {
		return m.Written, contract.SHA256(m.Written), nil
	}
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
	if err := checkCentroids(m.Centroids, m.Space.Dim()); err != nil {
		return err
	}
	if m.Shadow != nil {
		if err := m.Shadow.Space.Check(); err != nil {
			return fmt.Errorf("shadow: %w", err)
		}
		if err := checkCentroids(m.Shadow.Centroids, m.Shadow.Space.Dim()); err != nil {
			return fmt.Errorf("shadow: %w", err)
		}
	}
	if err := m.Baseline.check(); err != nil {
		return err
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

func checkCentroids(centroids [][]float64, dim int) error {
	if len(centroids) == 0 {
		return errors.New("the model has no centroid")
	}
	for i, c := range centroids {
		if len(c) != dim {
			return fmt.Errorf("centroid %d has %d coordinates, the space has %d", i, len(c), dim)
		}
		if slices.ContainsFunc(c, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }) {
			return fmt.Errorf("centroid %d is not finite", i)
		}
	}
	return nil
}

// check returns an error unless every feature has its bins once. Nil passes.
func (b *Baseline) check() error {
	if b == nil {
		return nil
	}
	seen := map[string]bool{}
	for _, f := range b.Bins {
		if seen[f.Feature] || len(f.Counts) != len(f.Edges)+1 || !slices.IsSorted(f.Edges) || f.Nulls < 0 ||
			slices.ContainsFunc(f.Counts, func(n int64) bool { return n < 0 }) {
			return fmt.Errorf("the baseline's bins of %s do not fit together", f.Feature)
		}
		seen[f.Feature] = true
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
