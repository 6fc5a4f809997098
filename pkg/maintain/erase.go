package maintain

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/run"
)

// Warehouse is where rows of customers are besides the stores; package warehouse is one.
type Warehouse interface {
	// Holding returns the tables that have rows of the customers, with how many.
	Holding(ctx context.Context, customers []string) ([]contract.ErasedTable, error)
	// Keeps returns for how long rows that are deleted can be had back.
	Keeps(ctx context.Context) (time.Duration, error)
	// Forget deletes these rows.
	Forget(ctx context.Context, customers []string) error
}

// Erasure is who asks for customers to be forgotten, and how.
type Erasure struct {
	People    *People
	Actor     string
	Reason    string
	Now       time.Time
	Holder    string    // names this process
	Warehouse Warehouse // nil for none
	Approved  string    // digest of the plan that may be carried out, "" for whatever is found
}

// leaseTime is how long an erasure that does not say otherwise keeps others out. One of the same customers takes it over at once.
const leaseTime = time.Hour

// rounds is how often an erasure looks again for what a step at work has added.
const rounds = 5

// receiptVersion is of a receipt's JSON.
const receiptVersion = 1

// Plan says what an erasure would do. Nothing is changed, but that a root where nobody was ever forgotten gets the salt of its list.
func (k *Keeper) Plan(ctx context.Context, e Erasure) (contract.EraseResult, []Found, error) {
	list, err := k.salted(ctx)
	if err != nil {
		return contract.EraseResult{}, nil, err
	}
	e.People.also(list)
	found, err := k.scan(ctx, e.People)
	if err != nil {
		return contract.EraseResult{}, nil, err
	}
	r, err := k.result(ctx, e, list, found)
	r.Seq = list.Seq
	return r, found, err
}

// result sums up what was found.
func (k *Keeper) result(ctx context.Context, e Erasure, list *run.Erased, found []Found) (contract.EraseResult, error) {
	r := contract.EraseResult{
		Version: receiptVersion, At: e.Now.UTC().Format(time.RFC3339), Actor: e.Actor, Reason: e.Reason, Customers: len(e.People.given),
		Objects: []contract.ErasedKind{}, Models: []contract.ErasedModel{}, Exports: []contract.ErasedExport{}, Warehouse: []contract.ErasedTable{}, Left: []contract.ErasedLeft{},
	}
	for _, f := range found {
		i := slices.IndexFunc(r.Objects, func(o contract.ErasedKind) bool { return o.Where == f.Where && o.Kind == f.Kind })
		if i < 0 {
			r.Objects = append(r.Objects, contract.ErasedKind{Where: f.Where, Kind: f.Kind})
			i = len(r.Objects) - 1
		}
		o := &r.Objects[i]
		o.Objects, o.Rows, o.Bytes = o.Objects+1, o.Rows+f.Rows, o.Bytes+f.Size
		if !f.Live {
			o.Old++
		}
		if left := k.left(f, e.Now); left != nil {
			r.Left = append(r.Left, *left)
		}
	}
	slices.SortFunc(r.Objects, func(a, b contract.ErasedKind) int {
		return cmp.Or(cmp.Compare(a.Where, b.Where), cmp.Compare(a.Kind, b.Kind))
	})
	models, err := k.models(ctx, found)
	if err != nil {
		return r, err
	}
	r.Models = append(r.Models, models...)
	if r.Exports, err = k.exports(ctx, found, r.Exports); err != nil {
		return r, err
	}
	if e.Warehouse != nil {
		tables, err := e.Warehouse.Holding(ctx, e.People.IDs())
		if err != nil {
			return r, err
		}
		r.Warehouse = append(r.Warehouse, tables...)
		kept, err := e.Warehouse.Keeps(ctx)
		if err != nil {
			return r, err
		}
		r.WarehouseHours = int(kept.Hours())
	}
	for _, store := range []*objstore.Store{k.Home.Root, k.Home.Registry} {
		kept, err := store.Keeps(ctx)
		if err != nil && !errors.Is(err, objstore.ErrPermission) {
			return r, err
		}
		r.KeptHours = max(r.KeptHours, int(kept.Hours()))
	}
	r.Plan, err = digest(list, e, found, r.Warehouse)
	return r, err
}

// left returns why an object cannot be deleted now, nil if it can.
func (k *Keeper) left(f Found, now time.Time) *contract.ErasedLeft {
	uri := k.store(f.Where).URI(f.Name)
	switch {
	case f.Kind == kindUnreadable:
		return &contract.ErasedLeft{Object: uri, Kind: contract.LeftUnreadable, Why: "it cannot be read, so it is not known whom it holds: " + f.Unreadable}
	case f.Kind == kindText:
		return &contract.ErasedLeft{Object: uri, Kind: contract.LeftText, Why: "a text in it equals a customer's id: look whether it means the customer"}
	case f.Until.Equal(objstore.Forever):
		return &contract.ErasedLeft{Object: uri, Kind: contract.LeftHold, Why: "a hold keeps it: release the hold and run the command again"}
	case f.kept(now):
		return &contract.ErasedLeft{Object: uri, Kind: contract.LeftRetention, Until: f.Until.Format(time.DateOnly), Why: "the bucket's retention keeps it until then: run the command again on that day"}
	}
	return nil
}

// Erase forgets customers. The error is of class [fault.ErrTemporary] if another erasure is at work, or a step was faster at a write;
// the same call again goes on from where this one ended.
func (k *Keeper) Erase(ctx context.Context, e Erasure) (contract.EraseResult, error) {
	if err := k.approved(ctx, e); err != nil {
		return contract.EraseResult{}, err
	}
	number, err := k.begin(ctx, e)
	if err != nil {
		return contract.EraseResult{}, err
	}
	r, err := k.draft(ctx, e, number)
	if err != nil {
		return r, err
	}
	for round := 0; ; round++ {
		found, err := k.scan(ctx, e.People)
		if err != nil {
			return r, err
		}
		todo := slices.DeleteFunc(found, func(f Found) bool {
			return f.Kind == kindUnreadable || k.left(f, e.Now) != nil && !f.kept(e.Now)
		})
		deletable := slices.ContainsFunc(todo, func(f Found) bool { return !f.kept(e.Now) })
		if round > 0 && !deletable {
			break
		}
		if round == rounds {
			return r, fault.ErrTemporary.New("erased", "steps are at work").Errorf("erased", k.Home.Root.URL(),
				"steps at work go on writing objects with the customers: run the command again when they have ended")
		}
		if err := k.round(ctx, e, number, todo, &r); err != nil {
			return r, err
		}
	}
	if e.Warehouse != nil {
		if err := k.mine(ctx, e); err != nil {
			return r, err
		}
		if err := e.Warehouse.Forget(ctx, e.People.IDs()); err != nil {
			return r, err
		}
	}
	r.Done = true
	return r, k.end(ctx, e, number, &r)
}

// round makes everything that holds the customers again without them, and deletes what is left.
func (k *Keeper) round(ctx context.Context, e Erasure, number int, found []Found, r *contract.EraseResult) error {
	steps := []func(context.Context, Erasure, int, []Found, *contract.EraseResult) error{
		k.eraseLines, k.eraseQuarantine, k.eraseModels, k.eraseRuns, k.eraseCampaigns, k.eraseExports, k.reviseStates, k.deleteFound,
	}
	for _, step := range steps {
		if err := k.mine(ctx, e); err != nil {
			return err
		}
		if err := step(ctx, e, number, found, r); err != nil {
			return err
		}
	}
	return nil
}

// task names what an erasure is about, without saying whom.
func (e Erasure) task(list *run.Erased) string { return list.Task(e.People.IDs()) }

// begin puts the customers on the list and takes the lease, by one swap. It returns the number of the receipt.
func (k *Keeper) begin(ctx context.Context, e Erasure) (int, error) {
	list, err := run.ReadErased(ctx, k.Home.Root)
	if err != nil {
		return 0, err
	}
	next := list.With(e.People.IDs())
	task := e.task(next)
	switch l := list.Lease; {
	case l == nil || l.Task != task && !l.Until.After(e.Now):
		next.Receipts++
		next.Lease = &run.Lease{Receipt: next.Receipts}
	case l.Task != task:
		return 0, fault.ErrTemporary.Errorf("erasing", k.Home.Root.URI(contract.ErasedPath()),
			"another erasure is at work, by %s; if it was stopped, start it again, or wait until %s", l.Actor, l.Until.UTC().Format(time.RFC3339))
	default: // stopped half way, or a copy that loses the lease
		next.Lease = &run.Lease{Receipt: l.Receipt}
	}
	next.Lease.Holder, next.Lease.Task, next.Lease.Until, next.Lease.Actor = e.Holder, task, e.Now.Add(leaseTime), e.Actor
	if err := next.Write(ctx, k.Home.Root); err != nil {
		if errors.Is(err, objstore.ErrConflict) {
			return 0, fault.ErrLostSwap.Errorf("erasing", k.Home.Root.URI(contract.ErasedPath()), "another erasure began at the same moment: %w", err)
		}
		return 0, err
	}
	e.People.also(next)
	return next.Lease.Receipt, nil
}

// mine returns an error of class [fault.ErrTemporary] unless this process still has the lease.
func (k *Keeper) mine(ctx context.Context, e Erasure) error {
	list, err := run.ReadErased(ctx, k.Home.Root)
	if err == nil && (list.Lease == nil || list.Lease.Holder != e.Holder) {
		err = fault.ErrLostSwap.Errorf("erasing", k.Home.Root.URI(contract.ErasedPath()), "another process has taken this erasure over")
	}
	return err
}

// draft keeps what is found before anything is changed, for a later try finds less of it.
func (k *Keeper) draft(ctx context.Context, e Erasure, number int) (contract.EraseResult, error) {
	path := contract.ErasurePath(number)
	var r contract.EraseResult
	_, err := k.readReceipt(ctx, number, &r)
	if err == nil || !errors.Is(err, objstore.ErrNotFound) {
		return r, err
	}
	list, err := run.ReadErased(ctx, k.Home.Root)
	if err != nil {
		return r, err
	}
	found, err := k.scan(ctx, e.People)
	if err != nil {
		return r, err
	}
	if r, err = k.result(ctx, e, list, found); err != nil {
		return r, err
	}
	r.Erasure, r.Plan = number, cmp.Or(e.Approved, r.Plan)
	text, err := contract.Sealed(r)
	if err != nil {
		return r, err
	}
	_, err = k.Home.Root.CreateBytes(ctx, path, text)
	if errors.Is(err, objstore.ErrExists) {
		err = fault.ErrLostSwap.Errorf("erasing", k.Home.Root.URI(path), "another process has taken this erasure over: %w", err)
	}
	return r, err
}

func (k *Keeper) readReceipt(ctx context.Context, number int, r *contract.EraseResult) (int64, error) {
	path := contract.ErasurePath(number)
	_, attrs, err := k.Home.Root.ReadChecked(ctx, path, func(text []byte) error {
		if err := cmp.Or(contract.CheckSeal(text), json.Unmarshal(text, r)); err != nil {
			return fault.ErrBadData.Errorf("erasure", k.Home.Root.URI(path), "%s is damaged: %w. To repair it, delete it and run the command again", path, err)
		}
		return nil
	})
	return attrs.Generation, err
}

// end completes the receipt and gives the lease back.
func (k *Keeper) end(ctx context.Context, e Erasure, number int, r *contract.EraseResult) error {
	list, err := run.ReadErased(ctx, k.Home.Root)
	if err != nil {
		return err
	}
	r.Seq = list.Seq
	var before contract.EraseResult
	generation, err := k.readReceipt(ctx, number, &before)
	if err != nil {
		return err
	}
	text, err := contract.Sealed(r)
	if err != nil {
		return err
	}
	if _, err := k.Home.Root.Swap(ctx, contract.ErasurePath(number), generation, text); err != nil {
		return err
	}
	if list.Lease == nil || list.Lease.Holder != e.Holder {
		return nil
	}
	list.Lease = nil
	return list.Write(ctx, k.Home.Root)
}

// eraseLines takes the customers out of the current snapshot, and deletes those before it that name what is going to be deleted.
func (k *Keeper) eraseLines(ctx context.Context, e Erasure, number int, found []Found, _ *contract.EraseResult) error {
	held, some := map[string]Found{}, false
	for _, f := range found {
		if f.Kind == contract.Lines.Name && f.Where == InRoot {
			some = true
			if f.Live {
				held[f.Name] = f
			}
		}
	}
	list, err := run.ReadErased(ctx, k.Home.Root)
	if err != nil {
		return err
	}
	key := contract.SHA256(fmt.Appendf(nil, "erase %d", list.Seq))[:12]
	for try := 0; ; try++ {
		now, err := lines.Open(ctx, k.Home.Root, contract.NewRun("registry", 0, fmt.Sprintf("erase-%d", number)))
		if err != nil {
			return err
		}
		_, err = now.Erase(ctx, key, list.Seq, some, func(ctx context.Context, p lines.Partition) (lines.Partition, error) {
			f, ok := held[p.Object]
			if !ok {
				return p, nil
			}
			return k.erasePartition(ctx, e, f, p)
		})
		if errors.Is(err, objstore.ErrConflict) && try < rounds {
			continue
		}
		if err != nil || !some {
			return err
		}
		return k.deleteSnapshots(ctx, held, e.Now)
	}
}
