package maintain

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
)

// erasePartition stores a day's lines without the customers.
func (k *Keeper) erasePartition(ctx context.Context, e Erasure, f Found, p lines.Partition) (lines.Partition, error) {
	gone := int64(0)
	file, err := k.without(ctx, f, e.People, func(rows *frame.Frame, i int) error {
		gone++
		amount, err := lineAmount(rows, i)
		p.Amount -= amount
		return err
	})
	if err != nil {
		return p, err
	}
	defer func() { _ = file.Close() }()
	if gone == 0 {
		return p, nil
	}
	p.Rows, p.SHA256 = file.Rows, file.SHA256
	p.Object = contract.PartitionPath(p.Source, p.Day, p.SHA256)
	if p.Rows == 0 {
		return p, nil
	}
	return p, create(ctx, k.Home.Root, p.Object, file)
}

// lineAmount is what ingest adds up of a line.
func lineAmount(rows *frame.Frame, i int) (money.Amount, error) {
	if c := rows.Column("amount"); c != nil && c.Ints[i] != frame.NullInt {
		return money.Amount(c.Ints[i]), nil
	}
	return money.Price(rows.Ints("price")[i]).Times(money.Quantity(rows.Ints("quantity")[i]))
}

func create(ctx context.Context, store *objstore.Store, name string, file *table.File) error {
	if _, err := store.Create(ctx, name, file, file.Size); err != nil && !errors.Is(err, objstore.ErrExists) {
		return err
	}
	return nil
}

// deleteSnapshots deletes every snapshot and part that names one of these objects. One that the bucket keeps stays: it holds nobody, and
// what it names is not there.
func (k *Keeper) deleteSnapshots(ctx context.Context, held map[string]Found, now time.Time) error {
	items, err := k.Home.Root.List(ctx, "lines/index/")
	if err != nil {
		return err
	}
	names := map[string][]string{}
	for _, item := range items {
		if names[item.Name] != nil {
			continue
		}
		text, _, err := k.Home.Root.Read(ctx, item.Name)
		if errors.Is(err, objstore.ErrNotFound) {
			continue // overwritten or deleted before; what is kept of it names objects that are not there
		}
		if err != nil {
			return err
		}
		if names[item.Name], err = lines.Names(item.Name, text); err != nil {
			return err
		}
	}
	bad := map[string]bool{}
	for object := range held {
		bad[object] = true
	}
	for range 2 { // parts, then the roots that list them
		for object, of := range names {
			if slices.ContainsFunc(of, func(n string) bool { return bad[n] }) {
				bad[object] = true
			}
		}
	}
	// The roots go first: a part without its root is found again.
	slices.SortFunc(items, func(a, b objstore.Item) int {
		return cmp.Compare(strings.Count(a.Name, "/"), strings.Count(b.Name, "/"))
	})
	for _, item := range items {
		if bad[item.Name] && !item.Until.After(now) {
			if err := k.Home.Root.Delete(ctx, item.Name, item.Generation); err != nil {
				return err
			}
		}
	}
	return nil
}

// eraseQuarantine takes the customers' records out of the rejected ones. The object keeps its name: nothing names its content.
func (k *Keeper) eraseQuarantine(ctx context.Context, e Erasure, _ int, found []Found, _ *contract.EraseResult) error {
	for _, f := range found {
		if f.Kind != contract.Quarantine.Name || !f.Live || f.kept(e.Now) {
			continue
		}
		file, err := k.without(ctx, f, e.People, nil)
		if err != nil {
			return err
		}
		text := make([]byte, file.Size)
		_, err = file.ReadAt(text, 0)
		err = errors.Join(err, file.Close())
		if err == nil {
			_, err = k.Home.Root.Swap(ctx, f.Name, f.Generation, text)
		}
		if err != nil {
			return fmt.Errorf("rewrite %s: %w", f.Name, err)
		}
	}
	return nil
}

// inRun matches what a step has made in a run.
var inRun = regexp.MustCompile(`^runs/([^/]+/[^/]+/[^/]+)/([^/]+)/([^/]+)/([^/]+)$`)

// renamed is the name of a table's object without the customers: beside the old one, so that whoever reads sees a whole table.
func renamed(object, sha256 string) string {
	name, ending := path.Base(object), path.Ext(object)
	name = strings.TrimSuffix(name, ending)
	name, _, _ = strings.Cut(name, "-erased-")
	return path.Join(path.Dir(object), name+"-erased-"+sha256[:12]+ending)
}

// eraseRuns makes the tables of runs again and lets their manifests name them. What no manifest names is deleted later.
func (k *Keeper) eraseRuns(ctx context.Context, e Erasure, _ int, found []Found, _ *contract.EraseResult) error {
	for _, f := range found {
		in := inRun.FindStringSubmatch(f.Name)
		if in == nil || f.Where != InRoot || !f.Live {
			continue
		}
		of, err := contract.ParseRun(in[1])
		if err != nil {
			continue // nothing of ours
		}
		err = k.Home.Rewrite(ctx, of, in[2], in[3], func(m *run.Manifest) (bool, error) {
			for name, st := range m.Objects {
				if st.Object != f.Name {
					continue
				}
				if f.Kind == kindPage { // report writes it again
					delete(m.Objects, name)
					return true, nil
				}
				file, err := k.without(ctx, f, e.People, nil)
				if err != nil {
					return false, err
				}
				defer func() { _ = file.Close() }()
				st.Object, st.Rows, st.Size, st.SHA256 = renamed(f.Name, file.SHA256), file.Rows, file.Size, file.SHA256
				m.Objects[name] = st
				return true, create(ctx, k.Home.Root, st.Object, file)
			}
			return false, nil
		})
		if errors.Is(err, objstore.ErrNotFound) {
			continue // a step that was stopped, or is at work: it will not commit
		}
		if err != nil {
			return err
		}
	}
	return nil
}

var (
	inCampaign = regexp.MustCompile(`^campaigns/([^/]+)/([^/]+)/[^/]+$`)
	inExport   = regexp.MustCompile(`^exports/([^/]+)/([^/]+)/[^/]+$`)
)

// reviseJSON changes a sealed JSON object.
func reviseJSON[T any](ctx context.Context, store *objstore.Store, name string, change func(*T) (bool, error)) (text []byte, err error) {
	var v T
	text, attrs, err := store.ReadChecked(ctx, name, func(text []byte) error {
		v = *new(T)
		if err := cmp.Or(contract.CheckSeal(text), json.Unmarshal(text, &v)); err != nil {
			return fault.ErrBadData.Errorf("damaged", store.URI(name), "%s is damaged: %w. To repair it, restore it from a backup or an earlier generation", name, err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	changed, err := change(&v)
	if err != nil || !changed {
		return text, err
	}
	if text, err = contract.Sealed(v); err != nil {
		return nil, fmt.Errorf("encode %s: %w", name, err)
	}
	_, err = store.Swap(ctx, name, attrs.Generation, text)
	if errors.Is(err, objstore.ErrConflict) {
		return nil, fault.ErrLostSwap.Errorf("lost_swap", store.URI(name), "move %s: another process moved it at the same moment: %w", name, err)
	}
	return text, err
}

// rewriteStored makes a table of customers again, if st names it.
func (k *Keeper) rewriteStored(ctx context.Context, e Erasure, f Found, st *contract.StoredArms) (bool, error) {
	if st.Object != f.Name {
		return false, nil
	}
	file, err := k.without(ctx, f, e.People, nil)
	if err != nil {
		return false, err
	}
	defer func() { _ = file.Close() }()
	*st = contract.StoredArms{Object: renamed(f.Name, file.SHA256), SHA256: file.SHA256, Rows: file.Rows}
	return true, create(ctx, k.Home.Root, st.Object, file)
}

// eraseCampaigns takes the customers out of the arms that were assigned. The plan says how many.
func (k *Keeper) eraseCampaigns(ctx context.Context, e Erasure, _ int, found []Found, _ *contract.EraseResult) error {
	for _, f := range found {
		in := inCampaign.FindStringSubmatch(f.Name)
		if in == nil || f.Where != InRoot || !f.Live || f.Kind != contract.Arms.Name {
			continue
		}
		_, err := reviseJSON(ctx, k.Home.Root, contract.PlanPath(in[1], in[2]), func(c *contract.Campaign) (bool, error) {
			changed, err := k.rewriteStored(ctx, e, f, &c.Arms)
			if changed && c.Erased == nil {
				c.Erased = map[string]int64{}
			}
			for arm, n := range f.Arms {
				if changed {
					c.Erased[arm] += n
				}
			}
			return changed, err
		})
		if err != nil && !errors.Is(err, objstore.ErrNotFound) {
			return err
		}
	}
	return nil
}

// eraseExports takes the customers out of the log of what was sent.
func (k *Keeper) eraseExports(ctx context.Context, e Erasure, _ int, found []Found, _ *contract.EraseResult) error {
	for _, f := range found {
		in := inExport.FindStringSubmatch(f.Name)
		if in == nil || f.Where != InRoot || !f.Live || f.Kind != contract.Sent.Name {
			continue
		}
		_, err := reviseJSON(ctx, k.Home.Root, contract.ExportPath(in[1], in[2]), func(x *contract.Export) (bool, error) {
			return k.rewriteStored(ctx, e, f, &x.Sent)
		})
		if err != nil && !errors.Is(err, objstore.ErrNotFound) {
			return err
		}
	}
	return nil
}

// exports lists what went out with the customers.
func (k *Keeper) exports(ctx context.Context, found []Found, list []contract.ErasedExport) ([]contract.ErasedExport, error) {
	for _, f := range found {
		in := inExport.FindStringSubmatch(f.Name)
		if in == nil || f.Where != InRoot || f.Kind != contract.Sent.Name {
			continue
		}
		var x contract.Export
		text, _, err := k.Home.Root.Read(ctx, contract.ExportPath(in[1], in[2]))
		if errors.Is(err, objstore.ErrNotFound) {
			continue // it never came to a file
		}
		if err == nil {
			err = json.Unmarshal(text, &x)
		}
		if err != nil {
			return nil, err
		}
		list = append(list, contract.ErasedExport{ID: x.ID, Tool: x.Tool, List: x.List, Segment: x.Segment, At: x.At, Customers: f.Rows})
	}
	return list, nil
}

// deleteFound deletes what held the customers. What cannot be deleted is in the receipt.
func (k *Keeper) deleteFound(ctx context.Context, e Erasure, _ int, found []Found, _ *contract.EraseResult) error {
	for _, f := range found {
		if k.left(f, e.Now) != nil || f.Kind == contract.Quarantine.Name && f.Live {
			continue
		}
		if err := k.store(f.Where).Delete(ctx, f.Name, f.Generation); err != nil {
			return err
		}
	}
	return nil
}
