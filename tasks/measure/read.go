package measure

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/invoice"
	"github.com/clientele/clientele/pkg/measure"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

// runRead looks at a campaign, by hand.
func runRead(ctx context.Context, c ReadConfig, d task.Deps) (r contract.Read, err error) {
	home, err := work.Open(ctx, c.Common, d)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, home.Close()) }()
	of, err := readCampaign(ctx, home, c.Campaign, work.Tables(d))
	if err != nil {
		return r, err
	}
	asOf := c.Run().AsOf
	if asOf <= of.Start {
		return r, fault.ErrUsage.Errorf("campaign", "", "%s: nothing can be read on %s, before its first day is over", what(of.Campaign), asOf)
	}
	u, err := find(ctx, home, c.Common)
	if err != nil {
		return r, err
	}
	s, err := load(ctx, home, u, asOf, d)
	if err != nil {
		return r, err
	}
	return look(ctx, home, of, s, contract.Read{Run: c.Run().String(), AsOf: asOf})
}

// look reads a campaign and adds the look to its history. The same look again, by the same run and step, is not added twice.
func look(ctx context.Context, home *run.Home, of *campaign, s *shop, by contract.Read) (contract.Read, error) {
	for {
		earlier, err := reads(ctx, home, of.ID)
		if err != nil {
			return contract.Read{}, err
		}
		for _, r := range earlier {
			if by.Key != "" && r.Run == by.Run && r.Key == by.Key {
				return r, nil
			}
		}
		r := of.read(s, by.AsOf, earlier)
		r.Run, r.Key = by.Run, by.Key
		text, err := contract.Sealed(r)
		if err != nil {
			return r, err
		}
		_, err = home.Root.CreateBytes(ctx, contract.ReadPath(home.Name, of.ID, r.N), text)
		if !errors.Is(err, objstore.ErrExists) {
			return r, err
		}
	}
}

// assigned are the customers of a campaign on a day, by arm: those of the start, whether or not they have bought since, and newcomers
// from their first purchase.
func (c *campaign) assigned(s *shop, until calendar.Date) (arms map[string][]string, invoices map[string][]invoice.Invoice) {
	arms, invoices = map[string][]string{}, map[string][]invoice.Invoice{}
	in := map[string]bool{}
	for name := range c.arm {
		in[name] = true
	}
	for i, name := range s.names {
		invoices[name] = s.invoices[i]
		if len(invoice.Before(s.invoices[i], until)) > 0 {
			in[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(in)) {
		arm := c.of(name)
		arms[arm] = append(arms[arm], name)
	}
	return arms, invoices
}

// sides are the two arms of a comparison, as persons.
type sides struct{ treated, control []measure.Person }

// people sums up both arms at a cap. All customers of either count, buyers or not.
func (c *campaign) people(arms map[string][]string, invoices map[string][]invoice.Invoice, p measure.Period, limit float64) sides {
	names := slices.Concat(arms[contract.ArmTreatment], arms[contract.ArmControl])
	of := make([][]invoice.Invoice, len(names))
	for i, name := range names {
		of[i] = invoices[name]
	}
	all, _ := measure.People(of, p, limit)
	n := len(arms[contract.ArmTreatment])
	return sides{all[:n], all[n:]}
}

// read compares the arms as of a day.
func (c *campaign) read(s *shop, asOf calendar.Date, earlier []contract.Read) contract.Read {
	p := measure.Period{Start: c.Start, End: min(c.End, asOf)}
	arms, invoices := c.assigned(s, p.End)
	limit := measure.Uncapped
	if c.Cap != nil {
		limit = *c.Cap
	}
	capped, raw := c.people(arms, invoices, p, limit), c.people(arms, invoices, p, measure.Uncapped)
	r := contract.Read{
		Version: version, Campaign: c.ID, N: len(earlier) + 1, AsOf: asOf, Until: p.End, Interval: c.Interval, Causal: c.ControlShare > 0,
		Arms: []contract.ReadArm{armResult(contract.ArmTreatment, raw.treated, capped.treated), armResult(contract.ArmControl, raw.control, capped.control)},
		Why:  []string{}, Earlier: []calendar.Date{},
	}
	for _, e := range earlier {
		r.Earlier = append(r.Earlier, e.AsOf)
	}
	z := measure.Z
	if c.Interval == contract.AlwaysValid {
		z = measure.AlwaysValid(int(r.Arms[0].Buyers+r.Arms[1].Buyers), c.PlannedEnd, .05)
	}
	effect := measure.Adjusted(capped.treated, capped.control, z)
	r.Effect, r.Plain = effectResult(effect), effectResult(measure.Plain(capped.treated, capped.control, z))
	r.Uncapped = effectResult(measure.Adjusted(raw.treated, raw.control, z))
	r.Guards = append(guards(raw, z), s.lost(arms, p, z)...)
	var control [][]invoice.Invoice
	for _, name := range arms[contract.ArmControl] {
		control = append(control, invoices[name])
	}
	target := measure.Through(measure.Values(control, p), c.Rise, limit)
	r.Target = contract.Defined(target)
	_, sample := measure.SampleRatio([]int{len(arms[contract.ArmTreatment]), len(arms[contract.ArmControl])}, []float64{1 - c.ControlShare, c.ControlShare})
	r.SampleP = contract.Defined(sample)
	c.judge(&r, s, effect, target)
	return r
}

// judge gives the verdict, and says what limits it.
func (c *campaign) judge(r *contract.Read, s *shop, effect measure.Effect, target float64) {
	r.Verdict = effect.Judge(target)
	r.BetterThan = effect.Said() && effect.Low > 0
	not := func(format string, args ...any) {
		r.Verdict, r.BetterThan = measure.CannotSay, false
		r.Why = append(r.Why, fmt.Sprintf(format, args...))
	}
	if !effect.Said() {
		not("an arm has fewer than two customers, or an average that is not above 0")
	}
	if r.SampleP != nil && *r.SampleP < measure.MismatchP {
		not("the arms do not have the customers that their shares promise (p %.2g): something other than the hash chose them", *r.SampleP)
	}
	if c.Interval == contract.FixedHorizon {
		if r.Until < c.End {
			not("the interval holds once, on %s, and this look is before it", c.End)
		} else if n := len(r.Earlier); n > 0 {
			r.Why = append(r.Why, fmt.Sprintf("this is look %d at an interval that holds for one: it errs more often than 5 %%", n+1))
		}
	}
	for _, arm := range slices.Sorted(maps.Keys(c.Erased)) {
		r.Why = append(r.Why, fmt.Sprintf("n fell by %d: so many customers of the arm %s are forgotten", c.Erased[arm], arm))
	}
	if from := c.Start - measure.HistoryDays; s.first > from {
		r.Why = append(r.Why, fmt.Sprintf("the window reaches back to %s, not to %s: what is known from before is less", s.first, from))
	}
	if !r.Causal {
		r.Verdict, r.BetterThan = contract.VerdictNotCausal, false
		r.Why = append(r.Why, "nothing was randomised: no change can be put down to the campaign")
	}
}

func armResult(arm string, raw, capped []measure.Person) contract.ReadArm {
	a := contract.ReadArm{Arm: arm, Customers: int64(len(raw))}
	for _, p := range raw {
		a.Invoices += int64(p.N)
		if p.N > 0 {
			a.Buyers++
		}
		a.Revenue += money.Amount(int64(p.Y*money.Scale + .5))
	}
	a.Average, a.Capped = contract.Defined(measure.RatioOf(raw).Value), contract.Defined(measure.RatioOf(capped).Value)
	return a
}

func effectResult(e measure.Effect) contract.EffectResult {
	return contract.EffectResult{Value: contract.Defined(e.Value), Low: contract.Defined(e.Low), High: contract.Defined(e.High)}
}

// guards are what must not suffer while the average rises, each a customer of the arm.
func guards(raw sides, z float64) []contract.ReadGuard {
	each := func(of []measure.Person, value func(measure.Person) float64) measure.Ratio {
		out := make([]measure.Person, len(of))
		for i, p := range of {
			out[i] = measure.Person{Y: value(p), N: 1}
		}
		return measure.RatioOf(out)
	}
	var out []contract.ReadGuard
	for _, g := range []struct {
		name, why string
		value     func(measure.Person) float64
	}{
		{"revenue", "revenue a customer, uncapped", func(p measure.Person) float64 { return p.Y }},
		{"orders", "invoices a customer", func(p measure.Person) float64 { return p.N }},
		{"buyers", "share of customers with an invoice", func(p measure.Person) float64 { return min(p.N, 1) }},
	} {
		e := measure.Compare(each(raw.treated, g.value), each(raw.control, g.value), z)
		out = append(out, contract.ReadGuard{Guard: g.name, EffectResult: effectResult(e), Why: g.why})
	}
	return out
}

// lost are the guards of what customers of the arms gave back or were let off in a period.
func (s *shop) lost(arms map[string][]string, p measure.Period, z float64) []contract.ReadGuard {
	var out []contract.ReadGuard
	for _, g := range []struct{ name, kind, why string }{
		{"returns", contract.KindReturn, "money of returns a customer"}, {"discounts", contract.KindDiscount, "money of discounts a customer"},
	} {
		if s.returned == nil {
			out = append(out, contract.ReadGuard{Guard: g.name, Why: "cannot be said: preprocess of this run does not tell " + g.name + " by day"})
			continue
		}
		each := func(names []string) measure.Ratio {
			people := make([]measure.Person, len(names))
			for i, name := range names {
				total := money.Amount(0)
				for _, r := range s.returned[name] {
					if r.kind == g.kind && r.day >= p.Start && r.day < p.End {
						total += r.amount
					}
				}
				people[i] = measure.Person{Y: total.Float(), N: 1}
			}
			return measure.RatioOf(people)
		}
		e := measure.Compare(each(arms[contract.ArmTreatment]), each(arms[contract.ArmControl]), z)
		if !e.Said() {
			g.why = "cannot be said: an arm has fewer than two customers, or no " + g.name
		}
		out = append(out, contract.ReadGuard{Guard: g.name, EffectResult: effectResult(e), Why: g.why})
	}
	return out
}

// whyOf joins what limits a verdict.
func whyOf(r contract.Read) string { return strings.Join(r.Why, "; ") }
