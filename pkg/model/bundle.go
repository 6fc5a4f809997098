package model

import (
	"fmt"

	"github.com/clientele/clientele/pkg/drift"
	"github.com/clientele/clientele/pkg/frame"
)

// Bundle is a model with everything that goes with it.
type Bundle struct {
	Manifest  Manifest
	Model     Model
	Reference *frame.Frame // training customers, at most ReferenceRows of them, sorted
	Golden    *frame.Frame // a handful of customers with the answers that they must get
	Now       *frame.Frame // what customers in the reference's range did in the last drift window at training, of Manifest.Window; nil without
}

// Provenance says where a model came from. The first writer's stays; nothing is compared with it.
type Provenance struct {
	Version int    `json:"version"`
	ModelID string `json:"model_id"`
	Run     string `json:"run"`
	AsOf    string `json:"as_of"`
	Key     string `json:"key"`  // of train in that run
	Code    string `json:"code"` // code version

	// Forward is what the customers of each segment did in the last window of the training, by [Bundle.Follow]: later ones are compared
	// with it. Nil where nobody had been a customer for as long, and of an earlier program.
	Forward []drift.Followed `json:"forward,omitempty"`
}

// Build makes a bundle of a fitted model and the customers that it was trained on, which must be sorted by customer. It
// fills in the model's Features, Customers, Reference and Golden, and the fit_id. [Bundle.Identify] then gives the
// segments their identities.
func Build(m Model, customers *frame.Frame) (*Bundle, error) {
	m.Version = Version
	m.Features = FeaturesOf(customers.Specs())
	if err := m.Check(); err != nil {
		return nil, fmt.Errorf("build bundle: %w", err)
	}
	b := &Bundle{Model: m, Reference: Sample(customers, ReferenceRows)}
	if b.Reference.Rows() < customers.Rows() {
		b.Model.Drawn = drawnByKey
	}
	a, err := b.Assign(customers)
	if err != nil {
		return nil, fmt.Errorf("build bundle: %w", err)
	}
	if b.Golden, err = b.golden(customers, a); err != nil {
		return nil, fmt.Errorf("build bundle: %w", err)
	}
	b.Model.Customers, b.Model.Reference, b.Model.Golden = contentOf(customers), contentOf(b.Reference), contentOf(b.Golden)
	_, fitID, err := b.Model.Encode()
	if err != nil {
		return nil, fmt.Errorf("build bundle: %w", err)
	}
	b.Manifest = Manifest{Version: Version, FitID: fitID}
	return b, nil
}

// Identify gives the bundle its segments, one a centroid in their order, those of the parent that are gone, and with them its
// model_id.
func (b *Bundle) Identify(segments []Segment, gone []Gone, parent Parent) error {
	if len(segments) != b.Model.K() {
		return fmt.Errorf("identify model: %d segments but %d centroids", len(segments), b.Model.K())
	}
	m := b.Manifest
	m.Segments, m.Gone, m.Parent, m.ParentFit = segments, gone, parent.ModelID, parent.FitID
	if err := m.checkSegments(); err != nil {
		return fmt.Errorf("identify model: %w", err)
	}
	id, err := m.identity()
	if err != nil {
		return fmt.Errorf("identify model: %w", err)
	}
	m.ModelID = id
	b.Manifest = m
	return nil
}
