package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/objstore"
)

// ManifestVersion is the version of a manifest's JSON.
const ManifestVersion = 1

// Home is where a deployment keeps its things. Name tells registries on one root apart.
type Home struct {
	Root, Registry *objstore.Store
	Name           string
	// Memory is the most bytes that the tables read by [Home.ReadTable] and [Home.ReadStored] may take together; 0 is no bound.
	Memory int64
	held   atomic.Int64 // what those read so far take
}

// OpenHome opens both stores. registry "" means <root>/registry.
func OpenHome(ctx context.Context, root, registry, name string, opts *objstore.Options) (*Home, error) {
	if registry == "" {
		registry = trimSlash(root) + "/registry"
	}
	r, err := objstore.Open(ctx, root, opts)
	if err != nil {
		return nil, err
	}
	g, err := objstore.Open(ctx, registry, opts)
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return &Home{Root: r, Registry: g, Name: name}, nil
}

func trimSlash(s string) string {
	for len(s) > 0 && s[len(s)-1] == '/' {
		s = s[:len(s)-1]
	}
	return s
}

// Close closes both stores.
func (h *Home) Close() error { return errors.Join(h.Root.Close(), h.Registry.Close()) }

// Manifest says what a step made of what. Two copies of a step that race write the same one.
type Manifest struct {
	Version int    `json:"version"`
	Run     string `json:"run"`
	Step    string `json:"step"`
	Key     string `json:"key"`
	contract.Inputs
	Objects map[string]Stored `json:"objects"` // by the table's or file's name
	Result  json.RawMessage   `json:"result"`
}

// Stored is an object that a step made.
type Stored struct {
	Object       string `json:"object"` // relative to the root
	TableVersion int    `json:"table_version,omitempty"`
	Rows         int64  `json:"rows,omitempty"`
	Size         int64  `json:"size"`
	SHA256       string `json:"sha256"`
}

// Decode reads the step's result into v.
func (m *Manifest) Decode(v any) error {
	if err := json.Unmarshal(m.Result, v); err != nil {
		return fmt.Errorf("parse result of %s: %w", m.Step, err)
	}
	return nil
}
