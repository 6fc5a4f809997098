package model

import (
	"context"
	"fmt"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/table"
)

// tablesVersion is the version of the bundle's tables since version 2 of the bundle. Before, they had the customers table's.
const tablesVersion = 3

// Schemas declares the bundle's tables of a model that is trained on today's customers table.
func Schemas() (reference, golden, now frame.Schema) {
	m := Model{Version: Version, Features: FeaturesOf(contract.Customers.Columns)}
	reference, golden, now = m.referenceSchema(), m.goldenSchema(), m.nowSchema()
	reference.Meaning = fmt.Sprintf("The baseline: the customers that the model was trained on, at most %d of them. One row per customer.", ReferenceRows)
	golden.Meaning = "Customers with the answers that the model must give again in a replay. One row per customer."
	now.Meaning = "The model's own drift window: what the baseline's customers, and others whose key is in its range of hashes, bought in the last window at training. " +
		"The manifest has its days. One row per customer; not there where nobody bought, or preprocess made no windows."
	return reference, golden, now
}

// referenceSchema declares the table of reference customers: the columns that the model lists, whatever the customers table
// has become.
func (m *Model) referenceSchema() frame.Schema {
	s := frame.Schema{Name: "reference", Version: tablesVersion}
	if m.Version == 1 {
		s.Version = m.Schema
	}
	for _, f := range m.Features {
		s.Columns = append(s.Columns, frame.Spec{Name: f.Name, Kind: kindOf(f.Kind), Nullable: f.Nullable})
	}
	return s
}

// goldenSchema declares the table of golden customers: the same columns and the answers.
func (m *Model) goldenSchema() frame.Schema {
	s := m.referenceSchema()
	s.Name = "golden"
	s.Columns = append(s.Columns[:len(s.Columns):len(s.Columns)], answers...)
	return s
}

// nowSchema declares the table of the model's own drift window: the same columns.
func (m *Model) nowSchema() frame.Schema {
	s := m.referenceSchema()
	s.Name = "now"
	return s
}

// kindOf reads what [frame.Kind] writes. An unknown word is a kind that no column has.
func kindOf(name string) frame.Kind {
	for _, k := range frame.Kinds {
		if k.String() == name {
			return k
		}
	}
	return frame.Kind(255)
}

func writeTable(ctx context.Context, registry *objstore.Store, schema frame.Schema, f *frame.Frame, opts table.Options) (Blob, error) {
	w := table.NewWriter(schema, opts)
	defer w.Abort()
	if err := w.WriteFrame(f); err != nil {
		return Blob{}, fmt.Errorf("write table %s: %w", schema.Name, err)
	}
	file, err := w.Close()
	if err != nil {
		return Blob{}, fmt.Errorf("write table %s: %w", schema.Name, err)
	}
	defer file.Close()
	return Blob{SHA256: file.SHA256, Size: file.Size},
		create(registry.Create(ctx, contract.BlobPath(file.SHA256), file, file.Size))
}

// readTable reads the columns of schema, holds them against the hash that the model has of them, if it has one, and returns them in
// today's kinds.
func readTable(o *objstore.Object, schema frame.Schema, want *Content, opts table.Options) (*frame.Frame, error) {
	r, err := table.Open(o, o.Size, schema, opts)
	if err != nil {
		return nil, fmt.Errorf("open table %s: %w", schema.Name, err)
	}
	defer r.Close()
	f, err := r.Frame()
	if err != nil {
		return nil, fmt.Errorf("read table %s: %w", schema.Name, err)
	}
	if got := contentOf(f); want != nil && got != *want {
		return nil, fmt.Errorf("table %s has content %s (%d rows), the model expects %s (%d rows)",
			schema.Name, got.SHA256, got.Rows, want.SHA256, want.Rows)
	}
	return today(f), nil
}

// today returns the columns as today's customers table has them: what was a whole number may be a quantity now. A column that
// only the model has stays as it is; one that only the customers table has is not there.
func today(f *frame.Frame) *frame.Frame {
	for i := range f.Columns {
		c := &f.Columns[i]
		for _, now := range contract.Customers.Columns {
			if now.Name != c.Name {
				continue
			}
			if c.Kind == frame.Int && now.Kind.Decimals() >= 0 {
				factor := int64(1)
				for range now.Kind.Decimals() {
					factor *= 10
				}
				for r := range c.Ints {
					c.Ints[r] *= factor
				}
				c.Kind = now.Kind
			}
			if c.Kind == now.Kind {
				c.Spec = now
			}
		}
	}
	return f
}
