package maintain

import (
	"context"
	"errors"
	"time"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/run"
)

// salted returns the list of the forgotten with its salt. Where nobody was ever forgotten the salt is made now: without one, whoever
// tries all ids could tell from a plan's digest whom it is about. Who may not write gets the list as it is.
func (k *Keeper) salted(ctx context.Context) (*run.Erased, error) {
	list, err := run.ReadErased(ctx, k.Home.Root)
	if err != nil || list.Salt != "" {
		return list, err
	}
	next := list.With(nil)
	switch err := next.Write(ctx, k.Home.Root); {
	case errors.Is(err, objstore.ErrConflict):
		return run.ReadErased(ctx, k.Home.Root)
	case errors.Is(err, objstore.ErrPermission):
		return list, nil
	case err != nil:
		return nil, err
	}
	return next, nil
}

// digest names a plan: whom it is about, and every object and table that holds them. It is "" where the list has no salt.
func digest(list *run.Erased, e Erasure, found []Found, tables []contract.ErasedTable) (string, error) {
	if list.Salt == "" {
		return "", nil
	}
	type object struct {
		Where, Kind, Name string
		Generation, Rows  int64
		Until             time.Time
	}
	plan := struct {
		Task    string
		Objects []object
		Tables  []contract.ErasedTable
	}{Task: e.task(list), Tables: tables}
	for _, f := range found {
		plan.Objects = append(plan.Objects, object{f.Where, f.Kind, f.Name, f.Generation, f.Rows, f.Until.UTC()})
	}
	text, err := contract.Canonical(plan)
	return contract.SHA256(text), err
}

// Begun returns the receipt of the last erasure if that carries out this plan, whether it is done or not; nil if it does not.
func (k *Keeper) Begun(ctx context.Context, plan string) (*contract.EraseResult, error) {
	list, err := run.ReadErased(ctx, k.Home.Root)
	if err != nil || list.Receipts == 0 || plan == "" {
		return nil, err
	}
	var r contract.EraseResult
	_, err = k.readReceipt(ctx, list.Receipts, &r)
	if errors.Is(err, objstore.ErrNotFound) {
		return nil, nil
	}
	if err != nil || r.Plan != plan {
		return nil, err
	}
	return &r, nil
}

// approved returns an error of class [fault.ErrBadData] unless what would be done now is the plan that was approved, or this erasure
// has begun with it before.
func (k *Keeper) approved(ctx context.Context, e Erasure) error {
	if e.Approved == "" {
		return nil
	}
	begun, err := k.Begun(ctx, e.Approved)
	if err != nil {
		return err
	}
	list, err := run.ReadErased(ctx, k.Home.Root)
	if err != nil || begun != nil && list.Lease != nil && list.Lease.Task == e.task(list) {
		return err
	}
	now, _, err := k.Plan(ctx, e)
	if err == nil && now.Plan != e.Approved {
		err = fault.ErrBadData.Errorf("plan_changed", k.Home.Root.URL(),
			"this is not the plan that was approved, %s: who is to be forgotten, or what holds them, has changed since. Nothing was done. The plan is %s now: look at it, and approve that",
			e.Approved, now.Plan)
	}
	return err
}

// Answered deletes a request with every generation of it that is kept, and returns what cannot be deleted yet.
func (k *Keeper) Answered(ctx context.Context, request string, now time.Time) (left []contract.ErasedLeft, err error) {
	path := contract.RequestPath(request)
	items, err := k.Home.Root.List(ctx, path)
	if err != nil {
		return nil, err
	}
	for _, item := range items {
		f := Found{Where: InRoot, Kind: kindRequest, Item: item, Rows: 1}
		if item.Name != path {
			continue
		}
		if l := k.left(f, now); l != nil {
			left = append(left, *l)
		} else if err := k.Home.Root.Delete(ctx, item.Name, item.Generation); err != nil {
			return left, err
		}
	}
	return left, nil
}
