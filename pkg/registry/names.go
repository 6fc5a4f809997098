package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/objstore"
)

// Names are the names that people gave to segments, by the segment's id. They are no part of a model: whoever scores puts them in
// the place of the model's own.
type Names struct {
	given      map[string]string
	generation int64
}

// namesFile is the content of names.json.
type namesFile struct {
	Version int               `json:"version"`
	Names   map[string]string `json:"names"`
}

const namesVersion = 1

// Names returns the names that people gave. Without names.json there are none. A damaged or newer one is a Fault of exit code 65.
func (r *Registry) Names(ctx context.Context) (Names, error) {
	path, file := contract.NamesPath(r.name), namesFile{}
	_, attrs, err := r.store.ReadChecked(ctx, path, func(text []byte) error {
		file = namesFile{}
		if err := errors.Join(contract.CheckSeal(text), json.Unmarshal(text, &file)); err != nil {
			return fault.ErrBadData.Errorf("names", r.store.URI(path), "%s is damaged: %w. To repair it, restore it from a backup or an earlier generation", path, err)
		}
		if file.Version > namesVersion {
			return fault.Newer("names", r.store.URI(path), file.Version, namesVersion)
		}
		return nil
	})
	if errors.Is(err, objstore.ErrNotFound) {
		return Names{}, nil
	}
	if err != nil {
		return Names{}, fmt.Errorf("read names: %w", err)
	}
	return Names{given: file.Names, generation: attrs.Generation}, nil
}

// Ref is a hash of the names, which a step puts among its inputs; "" for none.
func (n Names) Ref() (string, error) {
	if len(n.given) == 0 {
		return "", nil
	}
	text, err := contract.Canonical(n.given)
	return contract.SHA256(text), err
}

// Apply returns the segments with the names that people gave to them. A segment of another id that the model calls the same has its
// own id added, so that names stay unique.
func (n Names) Apply(segments []model.Segment) []model.Segment {
	taken := map[string]bool{}
	for _, s := range segments {
		if name := n.given[s.ID]; name != "" {
			taken[name] = true
		}
	}
	out := make([]model.Segment, len(segments))
	for i, s := range segments {
		switch name := n.given[s.ID]; {
		case name != "":
			s.Name = name
		case taken[s.Name]:
			s.Name += " (" + s.ID + ")"
		}
		out[i] = s
	}
	return out
}

// Rename gives a segment a name, or takes the given one away for "", and reports whether that changes anything. A name that another
// segment was given is a Fault of exit code 64; names that somebody else changes at the same moment are one of 75.
func (r *Registry) Rename(ctx context.Context, segment, name string) (changed bool, err error) {
	names, err := r.Names(ctx)
	if err != nil {
		return false, err
	}
	path := contract.NamesPath(r.name)
	for id, other := range names.given {
		if id != segment && other == name {
			return false, fault.ErrUsage.Errorf("name", r.store.URI(path), "%s is called %q already: choose another name", id, name)
		}
	}
	if names.given[segment] == name {
		return false, nil
	}
	next := namesFile{Version: namesVersion, Names: map[string]string{}}
	maps.Copy(next.Names, names.given)
	next.Names[segment] = name
	if name == "" {
		delete(next.Names, segment)
	}
	text, err := contract.Sealed(next)
	if err != nil {
		return false, fmt.Errorf("encode names: %w", err)
	}
	_, err = r.store.Swap(ctx, path, names.generation, text)
	if errors.Is(err, objstore.ErrConflict) {
		now, readErr := r.Names(ctx)
		if readErr == nil && now.given[segment] == name {
			return true, nil // the store's own second try of a write whose answer was lost
		}
		return false, fault.ErrLostSwap.Errorf("lost_swap", r.store.URI(path), "somebody else renamed a segment at the same moment: %w", err)
	}
	if err != nil {
		return false, fmt.Errorf("write names: %w", err)
	}
	return true, nil
}
