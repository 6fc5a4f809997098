// Package maintain forgets customers, and collects what nothing names any more. It alone lists and deletes objects: whatever it finds
// by a listing it judges by content and by who names it, never by a name's place in the order.
//
// To forget a customer is, in this order:
//
//  1. to put the customer on the list of [run.Erased]: from then on ingest rejects the customer's records, and a step that began before
//     cannot commit;
//  2. to make of each object that holds the customer one without, and to let whatever names the old object name the new one;
//  3. to delete the old object.
//
// An object that still holds the customer is therefore work to be done, and nothing else says so: who is killed at any write and
// starts again finds what is left, and does it.
package maintain

import (
	"context"
	"log/slog"
	"strings"
	"sync"

	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
)

// People are customers to look for, by their ids as stored.
type People struct {
	given  map[string]bool
	stored func(written string) string

	mu     sync.Mutex
	erased *run.Erased     // whoever is on this list is looked for as well
	asked  map[string]bool // answers of the list
}

// NewPeople returns the customers of these ids, as people write them, and all who are on the list. key is the customer key of the root,
// nil for none; an id that is a customer's HMAC already, 64 hex digits, is taken as it is where there is a key.
func NewPeople(written []string, key []byte, hashed bool) *People {
	p := &People{given: map[string]bool{}, stored: record.StoredCustomers(key), asked: map[string]bool{}}
	for _, w := range written {
		if hashed && IsHMAC(w) {
			p.given[w] = true
		} else if id := p.stored(w); id != "" {
			p.given[id] = true
		}
	}
	return p
}

// IsHMAC reports whether a text is what ingest stores for an id under a customer key.
func IsHMAC(s string) bool {
	if len(s) != 64 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// IDs returns the ids that were given, as stored.
func (p *People) IDs() []string {
	ids := make([]string, 0, len(p.given))
	for id := range p.given {
		ids = append(ids, id)
	}
	return ids
}

// also looks for everybody on a list too.
func (p *People) also(e *run.Erased) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erased, p.asked = e, map[string]bool{}
}

// maxAsked bounds how many answers of the list are remembered.
const maxAsked = 1 << 20

// Has reports whether a customer is looked for, by the id as stored.
func (p *People) Has(id string) bool {
	if id == "" {
		return false
	}
	if p.given[id] {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.erased == nil || len(p.erased.Digests) == 0 {
		return false
	}
	is, ok := p.asked[id]
	if !ok {
		if len(p.asked) >= maxAsked {
			clear(p.asked)
		}
		is = p.erased.Has(id)
		p.asked[id] = is
	}
	return is
}

// InText reports whether one of a text's words is a customer who is looked for: as stored, or as it is written.
func (p *People) InText(text string) bool {
	return record.HasWord([]byte(text), func(word []byte) bool {
		return p.Has(string(word)) || p.Has(p.asWritten(string(word)))
	})
}

func (p *People) asWritten(word string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stored(word)
}

// Keeper works on a root and its registry.
type Keeper struct {
	Home   *run.Home // of whatever name: the work is on the registries of all names
	Tables table.Options
	Log    *slog.Logger
}

// Where an object is.
const (
	InRoot     = "root"
	InRegistry = "registry"
)

func (k *Keeper) store(where string) *objstore.Store {
	if where == InRegistry {
		return k.Home.Registry
	}
	return k.Home.Root
}

// list returns every generation of every object of both stores. A registry below the root is listed once.
func (k *Keeper) list(ctx context.Context) (root, registry []objstore.Item, err error) {
	if root, err = k.Home.Root.List(ctx, ""); err != nil {
		return nil, nil, err
	}
	if registry, err = k.Home.Registry.List(ctx, ""); err != nil {
		return nil, nil, err
	}
	if below, ok := within(k.Home.Root.URL(), k.Home.Registry.URL()); ok {
		rest := root[:0]
		for _, o := range root {
			if !strings.HasPrefix(o.Name, below) {
				rest = append(rest, o)
			}
		}
		root = rest
	}
	return root, registry, nil
}

// within returns where a store is below another, as the prefix of its names there.
func within(outer, inner string) (prefix string, ok bool) {
	rest, ok := strings.CutPrefix(inner, outer+"/")
	return rest + "/", ok
}

// URI is the address of what was found.
func (k *Keeper) URI(f Found) string { return k.store(f.Where).URI(f.Name) }
