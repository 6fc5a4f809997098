package measure

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/measure"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
)

// version is of the JSON of a campaign, a read and the list of campaigns.
const version = 1

// known is the list of campaigns as it was read.
type known struct {
	contract.Campaigns
	generation int64
}

// readKnown returns the list; none yet is an empty one.
func readKnown(ctx context.Context, home *run.Home) (known, error) {
	k := known{Campaigns: contract.Campaigns{Version: version}}
	attrs, err := decode(ctx, home.Root, contract.CampaignsPath(home.Name), &k)
	if errors.Is(err, objstore.ErrNotFound) {
		return known{Campaigns: contract.Campaigns{Version: version}}, nil
	}
	k.generation = attrs.Generation
	return k, err
}

// decode reads a sealed JSON object. A damaged one is an error of class [fault.ErrBadData].
func decode(ctx context.Context, store *objstore.Store, path string, v any) (objstore.Attrs, error) {
	_, attrs, err := store.ReadChecked(ctx, path, func(text []byte) error {
		var head struct {
			Version int `json:"version"`
		}
		if err := cmp.Or(contract.CheckSeal(text), json.Unmarshal(text, &head)); err != nil {
			return fault.ErrBadData.Errorf("campaign", store.URI(path), "%s is damaged: %w. To repair it, restore it from a backup or an earlier generation", path, err)
		}
		if head.Version > version {
			return fault.Newer("campaign", store.URI(path), head.Version, version)
		}
		return json.Unmarshal(text, v)
	})
	return attrs, err
}

// add puts a campaign on the list.
func (k known) add(ctx context.Context, home *run.Home, e contract.CampaignEntry) error {
	if slices.Contains(k.List, e) {
		return nil
	}
	next := contract.Campaigns{Version: version, List: append(slices.Clone(k.List), e)}
	slices.SortFunc(next.List, func(a, b contract.CampaignEntry) int { return cmp.Compare(a.ID, b.ID) })
	text, err := contract.Sealed(next)
	if err != nil {
		return err
	}
	path := contract.CampaignsPath(home.Name)
	_, err = home.Root.Swap(ctx, path, k.generation, text)
	if errors.Is(err, objstore.ErrConflict) {
		return fault.ErrLostSwap.Errorf("lost_swap", home.Root.URI(path), "move %s: another process assigned a campaign at the same moment: %w", path, err)
	}
	return err
}

// until returns the campaigns that were assigned by that day.
func (k known) until(asOf calendar.Date) []contract.CampaignEntry {
	out := []contract.CampaignEntry{}
	for _, e := range k.List {
		if e.AsOf <= asOf {
			out = append(out, e)
		}
	}
	return out
}

// campaign is one that was assigned, with its arms.
type campaign struct {
	contract.Campaign
	arm map[string]string // by customer
}

// readCampaign reads a campaign. One that was never assigned is an error of class [fault.ErrMissing].
func readCampaign(ctx context.Context, home *run.Home, id string, opts table.Options) (*campaign, error) {
	c := &campaign{arm: map[string]string{}}
	path := contract.PlanPath(home.Name, id)
	if _, err := decode(ctx, home.Root, path, &c.Campaign); errors.Is(err, objstore.ErrNotFound) {
		return nil, fault.ErrMissing.Errorf("campaign", home.Root.URI(path), "there is no campaign %s: assign it first with `measure assign`: %w", id, err)
	} else if err != nil {
		return nil, err
	}
	arms, err := home.ReadStored(ctx, run.Stored{Object: c.Arms.Object, SHA256: c.Arms.SHA256}, contract.Arms, opts)
	if err != nil {
		return nil, err
	}
	for i, name := range arms.Strings("customer") {
		c.arm[name] = arms.Strings("arm")[i]
	}
	return c, nil
}

// of returns a customer's arm: as assigned, and a newcomer's by the same hash.
func (c *campaign) of(customer string) string {
	if arm := c.arm[customer]; arm != "" {
		return arm
	}
	return armOf(c.Campaign, customer)
}

// armOf returns the arm by hash: the permanent hold-out first, then the campaign's own control arm.
func armOf(c contract.Campaign, customer string) string {
	switch {
	case heldOut(customer, c.HoldOutShare):
		return contract.ArmHoldOut
	case measure.Hash(c.Salt, customer) < c.ControlShare:
		return contract.ArmControl
	}
	return contract.ArmTreatment
}

// heldOut reports whether a customer gets nothing from any campaign.
func heldOut(customer string, share float64) bool {
	return measure.Hash(contract.HoldOut, customer) < share
}

// reads returns the looks at a campaign so far, in order.
func reads(ctx context.Context, home *run.Home, id string) ([]contract.Read, error) {
	var all []contract.Read
	for {
		path := contract.ReadPath(home.Name, id, len(all)+1)
		var r contract.Read
		_, err := decode(ctx, home.Root, path, &r)
		if errors.Is(err, objstore.ErrNotFound) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		if r.N != len(all)+1 || r.Campaign != id {
			return nil, fault.ErrBadData.Errorf("campaign", home.Root.URI(path), "%s is look %d at %s", path, r.N, r.Campaign)
		}
		all = append(all, r)
	}
}

// armsTable has the arms of campaigns and of the permanent hold-out.
func armsTable(customers []string, holdOut float64, campaigns []*campaign) *frame.Frame {
	t := frame.New(contract.Arms.Columns, len(customers)*(1+len(campaigns)))
	at := 0
	put := func(customer, id, arm string) {
		t.Strings("customer")[at], t.Strings("campaign")[at], t.Strings("arm")[at] = customer, id, arm
		at++
	}
	all := slices.Clone(campaigns)
	permanent := &campaign{Campaign: contract.Campaign{ID: contract.HoldOut, HoldOutShare: holdOut}}
	all = append(all, permanent)
	slices.SortFunc(all, func(a, b *campaign) int { return cmp.Compare(a.ID, b.ID) })
	for _, c := range all {
		for _, name := range customers {
			put(name, c.ID, c.of(name))
		}
	}
	return t
}

// running returns the id of the campaign that runs on a day, "" for none: of several the one that started last, then the first id.
func running(of []*campaign, day calendar.Date) string {
	id, start := "", calendar.Date(0)
	for _, c := range of {
		if c.Start <= day && day < c.End && (id == "" || c.Start > start) {
			id, start = c.ID, c.Start
		}
	}
	return id
}

// what names a campaign in messages.
func what(c contract.Campaign) string {
	return fmt.Sprintf("campaign %s, %s to before %s", c.ID, c.Start, c.End)
}
