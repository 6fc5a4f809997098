package run

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/objstore"
)

// Erased is the pointer to the customers that are forgotten. It holds no key: each is the HMAC-SHA256 of the customer's id, as
// stored, under a salt of the root's own. Whoever has the pointer and an id can tell whether it is on the list; where ids are few
// and not hashed by a customer key, whoever has the pointer can try them all.
type Erased struct {
	Version int      `json:"version"`
	Seq     int64    `json:"seq"` // grows with every change of the list; what a step made under a lower one may hold the customers
	Salt    string   `json:"salt"`
	Digests []string `json:"digests"` // sorted
	// Receipts is how many erasures have begun: each has a receipt of its number.
	Receipts int    `json:"receipts"`
	Lease    *Lease `json:"lease,omitempty"`

	generation int64
	has        map[string]bool
}

// Lease lets one erasure at a time work on a root.
type Lease struct {
	Holder  string    `json:"holder"` // of one process
	Actor   string    `json:"actor"`
	Task    string    `json:"task"`    // what is erased: a process that carries on the same work may take the lease over
	Receipt int       `json:"receipt"` // its number
	Until   time.Time `json:"until"`
}

// erasedVersion is the version of the pointer's JSON.
const erasedVersion = 1

// ReadErased returns the pointer of a root. Where nobody was ever forgotten, Seq is 0.
func ReadErased(ctx context.Context, root *objstore.Store) (*Erased, error) {
	path := contract.ErasedPath()
	var e Erased
	_, attrs, err := root.ReadChecked(ctx, path, func(text []byte) error {
		e = Erased{}
		if err := cmp.Or(contract.CheckSeal(text), json.Unmarshal(text, &e)); err != nil {
			return fault.ErrBadData.Errorf("erased", root.URI(path), "%s is damaged: %w. To repair it, restore it from a backup or an earlier generation", path, err)
		}
		if e.Version > erasedVersion {
			return fault.Newer("list of forgotten customers", root.URI(path), e.Version, erasedVersion)
		}
		return nil
	})
	if errors.Is(err, objstore.ErrNotFound) {
		return &Erased{Version: erasedVersion}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the list of forgotten customers: %w", err)
	}
	e.generation = attrs.Generation
	e.has = map[string]bool{}
	for _, d := range e.Digests {
		e.has[d] = true
	}
	return &e, nil
}

// Has reports whether a customer is forgotten, by the id as stored.
func (e *Erased) Has(customer string) bool { return len(e.has) > 0 && e.has[e.digest(customer)] }

func (e *Erased) digest(customer string) string {
	mac := hmac.New(sha256.New, []byte(e.Salt))
	mac.Write([]byte(customer))
	return hex.EncodeToString(mac.Sum(nil))
}

// Task names a set of customers.
func (e *Erased) Task(customers []string) string {
	digests := make([]string, len(customers))
	for i, c := range customers {
		digests[i] = e.digest(c)
	}
	slices.Sort(digests)
	return contract.SHA256([]byte(strings.Join(digests, "\n")))
}

// With returns the pointer with more customers on its list. Its Seq is higher only if one of them was not on it.
func (e *Erased) With(customers []string) *Erased {
	next := &Erased{Version: erasedVersion, Seq: e.Seq, Salt: e.Salt, Receipts: e.Receipts, Lease: e.Lease, generation: e.generation, has: maps.Clone(e.has)}
	if next.has == nil {
		next.has = map[string]bool{}
	}
	if next.Salt == "" {
		var salt [32]byte
		rand.Read(salt[:])
		next.Salt = hex.EncodeToString(salt[:])
	}
	for _, c := range customers {
		next.has[next.digest(c)] = true
	}
	next.Digests = slices.Sorted(maps.Keys(next.has))
	if len(next.Digests) > len(e.Digests) {
		next.Seq++
	}
	return next
}

// Write makes the pointer what e says, unless it has changed since e was read: then the error is of class [objstore.ErrConflict].
func (e *Erased) Write(ctx context.Context, root *objstore.Store) error {
	text, err := contract.Sealed(e)
	if err != nil {
		return fmt.Errorf("encode the list of forgotten customers: %w", err)
	}
	attrs, err := root.Swap(ctx, contract.ErasedPath(), e.generation, text)
	if err != nil {
		return err
	}
	e.generation = attrs.Generation
	return nil
}

// Unchanged returns an error of class [fault.ErrTemporary] if customers were forgotten since seq was read: what was made until now
// may hold them, and has to be made again.
func Unchanged(ctx context.Context, root *objstore.Store, seq int64) error {
	now, err := ReadErased(ctx, root)
	if err != nil || now.Seq == seq {
		return err
	}
	return fault.ErrLostSwap.Errorf("erased", root.URI(contract.ErasedPath()), "a customer was forgotten while this step was at work: it has to run again, without that customer")
}
