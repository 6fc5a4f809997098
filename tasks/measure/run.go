package measure

import (
	"context"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

// job is one run of the step, with what it reads.
type job struct {
	Config
	home *run.Home
	deps task.Deps
	upstream
	campaigns []contract.CampaignEntry
}

// Run plans, checks the test, and reads the campaigns that are due.
func Run(ctx context.Context, c Config, d task.Deps) (contract.MeasureResult, error) {
	j := &job{Config: c, deps: d}
	return work.Do(ctx, c.Common, d, work.Job[contract.MeasureResult]{Begin: j.begin, Make: j.make})
}

func (j *job) begin(ctx context.Context, home *run.Home) (_ *run.Session, err error) {
	j.home = home
	if j.upstream, err = find(ctx, home, j.Common); err != nil {
		return nil, err
	}
	list, err := readKnown(ctx, home)
	if err != nil {
		return nil, err
	}
	j.campaigns = list.until(j.Run().AsOf)
	text, err := contract.Canonical(j.campaigns)
	if err != nil {
		return nil, err
	}
	refs := map[string]string{contract.Preprocess: j.preprocess.Key, contract.Score: j.score.Key, "campaigns": contract.SHA256(text)}
	if j.explore != nil {
		refs[contract.Explore] = j.explore.Key
	}
	return home.Begin(ctx, j.Run(), contract.Measure, contract.Inputs{
		Refs: refs, Params: map[string]any{"hold_out": j.HoldOut, "splits": j.Splits}, Code: j.deps.Code,
	})
}

func (j *job) make(ctx context.Context, session *run.Session) (*run.Manifest, error) {
	asOf, opts := j.Run().AsOf, work.Tables(j.deps)
	s, err := load(ctx, j.home, j.upstream, asOf, j.deps)
	if err != nil {
		return nil, err
	}
	var nature *frame.Frame
	if j.explore != nil {
		if nature, err = j.home.ReadTable(ctx, j.explore, contract.Natures, opts); err != nil {
			return nil, err
		}
	}
	bar := j.deps.Progress.Bar("measure", -1)
	defer bar.Done()
	levers, base := s.levers(asOf, nature)
	r := contract.MeasureResult{Plan: s.plans(asOf), Levers: levers, LeverBase: base, Campaigns: len(j.campaigns), Reads: []contract.Read{}, Findings: []string{}}
	r.Measurable = measurable(r.Plan, asOf)
	var findings []string
	r.AA, findings = s.check(asOf, j.Splits)
	r.Findings = append(r.Findings, findings...)
	r.HoldOut = j.holdOut(s)

	var campaigns []*campaign
	var history []contract.Read
	for _, e := range j.campaigns {
		c, err := readCampaign(ctx, j.home, e.ID, opts)
		if err != nil {
			return nil, err
		}
		campaigns = append(campaigns, c)
		seen, err := j.due(ctx, session, c, s, &r)
		if err != nil {
			return nil, err
		}
		history = append(history, seen...)
	}
	r.Running = running(campaigns, asOf)
	if err := session.PutFrame(ctx, contract.Arms, armsTable(s.names, j.HoldOut, campaigns), opts); err != nil {
		return nil, err
	}
	if err := session.PutFrame(ctx, contract.Reads, readsTable(history), opts); err != nil {
		return nil, err
	}
	return session.Commit(ctx, r)
}

// due reads a campaign if it is time, and returns all looks at it so far.
func (j *job) due(ctx context.Context, session *run.Session, c *campaign, s *shop, r *contract.MeasureResult) ([]contract.Read, error) {
	asOf := j.Run().AsOf
	seen, err := reads(ctx, j.home, c.ID)
	if err != nil {
		return nil, err
	}
	// A look of this very step, before it was stopped, is taken again as it is; one of a later as-of is not of this run's time.
	over := false
	var before []contract.Read
	for _, e := range seen {
		mine := e.Run == j.Run().String() && e.Key == session.Key()
		over = over || !mine && e.Until >= c.End
		if e.AsOf <= asOf && !mine {
			before = append(before, e)
		}
	}
	fixed := c.Interval == contract.FixedHorizon
	if over || asOf <= c.Start || fixed && asOf < c.End {
		return before, nil
	}
	read, err := look(ctx, j.home, c, s, contract.Read{Run: j.Run().String(), Key: session.Key(), AsOf: asOf})
	if err != nil {
		return nil, err
	}
	r.Reads = append(r.Reads, read)
	r.Verdict = read.Verdict
	return append(before, read), nil
}

// holdOut says who is permanently held out, and how alike they are to the others.
func (j *job) holdOut(s *shop) contract.MeasureHoldOut {
	arms := make([]string, len(s.names))
	for i, name := range s.names {
		arms[i] = contract.ArmTreatment
		if heldOut(name, j.HoldOut) {
			arms[i] = contract.ArmHoldOut
		}
	}
	h := contract.MeasureHoldOut{Share: j.HoldOut}
	for _, b := range s.balance(arms, contract.Campaign{Start: j.Run().AsOf}) {
		if b.Arm == contract.ArmControl {
			continue
		}
		if b.Arm == contract.ArmHoldOut {
			h.Customers = b.Customers
		}
		h.Balance = append(h.Balance, b)
	}
	return h
}

// readsTable is the history of looks.
func readsTable(all []contract.Read) *frame.Frame {
	t := frame.New(contract.Reads.Columns, len(all))
	for i, r := range all {
		t.Strings("campaign")[i], t.Ints("read")[i], t.Strings("as_of")[i] = r.Campaign, int64(r.N), r.AsOf.String()
		t.Floats("effect")[i], t.Floats("low")[i], t.Floats("high")[i] = deref(r.Effect.Value), deref(r.Effect.Low), deref(r.Effect.High)
		t.Floats("target")[i], t.Strings("verdict")[i], t.Strings("why")[i] = deref(r.Target), r.Verdict, whyOf(r)
	}
	return t
}
