package model

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/objstore"
)

// ErrErased says that a model's customers are deleted, because one of them is forgotten.
var ErrErased = fault.ErrMissing.New("model_erased", "the model's customers are deleted")

// Mark is erased/<model_id>.json: nobody can roll back to the model any more, and that it cannot be checked is no damage.
type Mark struct {
	Version   int    `json:"version"`
	ModelID   string `json:"model_id"`
	Erasure   int    `json:"erasure"`             // number of the receipt
	Successor string `json:"successor,omitempty"` // the model without the customer, where it was HEAD's
}

func (m *Mark) fault(registry *objstore.Store) error {
	return ErrErased.Errorf("model_erased", registry.URI(contract.ErasedModelPath(m.ModelID)),
		"the customers of model %s are deleted, because one of them is forgotten: it cannot be used or rolled back to", m.ModelID)
}

// MarkErased says that the customers of a model are deleted. The first mark stays.
func MarkErased(ctx context.Context, registry *objstore.Store, m Mark) error {
	m.Version = Version
	text, err := contract.Sealed(m)
	if err != nil {
		return fmt.Errorf("encode the mark of model %s: %w", m.ModelID, err)
	}
	return createWhole(ctx, registry, contract.ErasedModelPath(m.ModelID), text, func() error {
		_, err := ReadErased(ctx, registry, m.ModelID)
		return err
	})
}

// ReadErased returns the mark of a model, nil if it has none.
func ReadErased(ctx context.Context, registry *objstore.Store, modelID string) (*Mark, error) {
	name := contract.ErasedModelPath(modelID)
	var m Mark
	_, _, err := registry.ReadChecked(ctx, name, func(text []byte) error {
		m = Mark{}
		if err := cmp.Or(contract.CheckSeal(text), json.Unmarshal(text, &m)); err != nil {
			return damaged("the mark of model "+modelID, registry.URI(name), err)
		}
		return nil
	})
	if errors.Is(err, objstore.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &m, nil
}

// Without returns the model without the customers who are gone: the same centres, limits, bins and segments, so every other customer
// gets the same answers. Its fit_id is another, over a model that says what was taken out. It reports how many reference customers
// are gone; for none it returns nil.
func (b *Bundle) Without(gone func(customer string) bool) (*Bundle, int, error) {
	reference, n := without(b.Reference, gone)
	golden, g := without(b.Golden, gone)
	now, w := b.Now, 0
	if now != nil {
		now, w = without(now, gone)
	}
	if n+g+w == 0 {
		return nil, 0, nil
	}
	next := &Bundle{Model: b.Model, Reference: reference, Golden: golden, Now: now}
	m := &next.Model
	m.Version, m.Written = Version, nil
	m.Features = FeaturesOf(reference.Specs())
	m.Erased = &Erased{FitID: b.Manifest.FitID, Customers: n}
	if before := b.Model.Erased; before != nil {
		m.Erased = &Erased{FitID: before.FitID, Customers: before.Customers + n}
	}
	if b.Model.Customers.Rows == b.Reference.Rows() { // the reference is all of them
		m.Customers = contentOf(reference)
	}
	m.Reference, m.Golden = contentOf(reference), contentOf(golden)
	fail := func(err error) (*Bundle, int, error) {
		return nil, 0, fmt.Errorf("take customers out of model %s: %w", b.Manifest.ModelID, err)
	}
	if err := m.Check(); err != nil {
		return fail(err)
	}
	_, fitID, err := m.Encode()
	if err != nil {
		return fail(err)
	}
	next.Manifest = Manifest{Version: Version, FitID: fitID, Window: b.Manifest.Window}
	segments := make([]Segment, len(b.Manifest.Segments))
	for i, s := range b.Manifest.Segments {
		segments[i] = Segment{ID: s.ID, Name: s.Name, Lineage: LineageSurvived, Parents: []Ancestor{{ID: s.ID, Share: 1}}}
	}
	if err := next.Identify(segments, nil, Parent{ModelID: b.Manifest.ModelID, FitID: b.Manifest.FitID}); err != nil {
		return fail(err)
	}
	if err := next.Replay(); err != nil {
		return fail(err)
	}
	return next, n, nil
}

// without returns the rows of the customers who stay, and how many do not.
func without(f *frame.Frame, gone func(string) bool) (*frame.Frame, int) {
	var stay []int
	for i, name := range f.Strings("customer") {
		if !gone(name) {
			stay = append(stay, i)
		}
	}
	return f.Take(stay), f.Rows() - len(stay)
}
