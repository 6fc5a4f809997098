package measure

import (
	"context"
	"errors"
	"math"
	"slices"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/measure"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

// runAssign fixes a campaign: the arms, then the plan, then the list of campaigns. It can be stopped anywhere and run again.
func runAssign(ctx context.Context, c AssignConfig, d task.Deps) (r contract.AssignResult, err error) {
	home, err := work.Open(ctx, c.Common, d)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, home.Close()) }()
	list, err := readKnown(ctx, home)
	if err != nil {
		return r, err
	}
	path := contract.PlanPath(home.Name, c.Campaign)
	r.Plan = home.Root.URI(path)
	_, err = decode(ctx, home.Root, path, &r.Campaign)
	switch {
	case errors.Is(err, objstore.ErrNotFound):
		if r.Campaign, err = c.assign(ctx, home, d); err != nil {
			return r, err
		}
		r.New = true
	case err != nil:
		return r, err
	case !c.same(r.Campaign):
		return r, fault.ErrUsage.Errorf("assigned", r.Plan, "%s was assigned on %s with other values, and never changes: choose another --campaign", what(r.Campaign), r.AsOf)
	}
	text, err := contract.Sealed(r.Campaign)
	if err != nil {
		return r, err
	}
	if r.New {
		if _, err := home.Root.CreateBytes(ctx, path, text); err != nil {
			return r, err
		}
	}
	return r, list.add(ctx, home, contract.CampaignEntry{ID: r.ID, AsOf: r.AsOf, SHA256: contract.SHA256(text)})
}

// same reports whether a campaign is what the flags ask for.
func (c AssignConfig) same(old contract.Campaign) bool {
	return old.Salt == c.salt() && old.ControlShare == c.Control && old.HoldOutShare == c.HoldOut && old.CapQuantile == c.Quantile &&
		old.Rise == c.Rise && old.Interval == c.Interval && int(old.End-old.Start) == c.Days && (c.Start == "" || old.Start == c.start())
}

func (c AssignConfig) salt() string {
	if c.Salt == "" {
		return c.Campaign
	}
	return c.Salt
}

// assign makes the arms and the plan out of a run's customers.
func (c AssignConfig) assign(ctx context.Context, home *run.Home, d task.Deps) (contract.Campaign, error) {
	asOf := c.Run().AsOf
	u, err := find(ctx, home, c.Common)
	if err != nil {
		return contract.Campaign{}, err
	}
	s, err := load(ctx, home, u, asOf, d)
	if err != nil {
		return contract.Campaign{}, err
	}
	start := c.start()
	last := measure.Last(c.Days, asOf)
	limit := measure.Cap(s.invoices, start, c.Quantile)
	before := measure.Cap(s.invoices, last.Start, c.Quantile)
	plan := measure.NewPlan(present(measure.People(s.invoices, last, limit)), halves)
	p := contract.Campaign{
		Version: version, ID: c.Campaign, Salt: c.salt(), ControlShare: c.Control, HoldOutShare: c.HoldOut,
		Start: start, End: measure.Last(-c.Days, start).Start, CapQuantile: c.Quantile, Cap: contract.Defined(limit), Rise: c.Rise,
		Target: contract.Defined(measure.Through(measure.Values(s.invoices, last), c.Rise, before)), Interval: c.Interval,
		PlannedEnd: plan.Buyers, AsOf: asOf, Run: c.Run().String(),
	}
	arms := make([]string, len(s.names))
	t := frame.New(contract.Arms.Columns, len(s.names))
	for i, name := range s.names {
		arms[i] = armOf(p, name)
		t.Strings("customer")[i], t.Strings("campaign")[i], t.Strings("arm")[i] = name, p.ID, arms[i]
	}
	p.Balance = s.balance(arms, p)
	p.Arms, err = storeArms(ctx, home, p.ID, t, work.Tables(d))
	return p, err
}

// balance says what the customers of each arm were before the start.
func (s *shop) balance(arms []string, p contract.Campaign) []contract.CampaignBalance {
	out := []contract.CampaignBalance{}
	for _, arm := range []string{contract.ArmTreatment, contract.ArmControl, contract.ArmHoldOut} {
		b := contract.CampaignBalance{Arm: arm, Segments: map[string]float64{}}
		var spent []float64
		for i, a := range arms {
			if a == arm {
				b.Customers++
				spent = append(spent, past(s.invoices[i], p.Start))
				b.Segments[s.segment[i]]++
			}
		}
		n := float64(b.Customers)
		for name, count := range b.Segments {
			b.Segments[name] = count / n
		}
		slices.Sort(spent) // no sum depends on names
		total := math.NaN()
		if len(spent) > 0 {
			total = 0
		}
		for _, v := range spent {
			total += v
		}
		b.PastMoney, b.Share = contract.Defined(total/n), contract.Defined(n/float64(len(arms)))
		out = append(out, b)
	}
	return out
}

// storeArms writes the table of arms. One that is there already, of a try that was stopped, must be the same.
func storeArms(ctx context.Context, home *run.Home, id string, t *frame.Frame, opts table.Options) (contract.StoredArms, error) {
	var none contract.StoredArms
	w := table.NewWriter(contract.Arms, opts)
	defer w.Abort()
	if err := w.WriteFrame(t); err != nil {
		return none, err
	}
	f, err := w.Close()
	if err != nil {
		return none, err
	}
	defer f.Close()
	stored := contract.StoredArms{Object: contract.ArmsPath(home.Name, id), SHA256: f.SHA256, Rows: f.Rows}
	_, err = home.Root.Create(ctx, stored.Object, f, f.Size)
	if errors.Is(err, objstore.ErrExists) {
		o, openErr := home.Root.OpenHashed(ctx, stored.Object, stored.SHA256)
		if openErr != nil {
			return none, fault.ErrBadData.Errorf("assigned", home.Root.URI(stored.Object),
				"%s has other customers, of an earlier try that did not finish: choose another --campaign: %w", stored.Object, openErr)
		}
		return stored, o.Close()
	}
	return stored, err
}
