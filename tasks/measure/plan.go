package measure

import (
	"fmt"
	"math"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/invoice"
	"github.com/clientele/clientele/pkg/measure"
)

const (
	period = 90   // days of a usual campaign
	rise   = 0.10 // of the average invoice value that a shop wants to see
	usual  = 0.95 // quantile of a usual cap
	halves = 0.5
)

var (
	periods   = []int{30, 60, period, 180}
	quantiles = []float64{1, .99, usual}
)

// plans says for each period and cap what could be seen. Periods that begin before the first invoice are left out.
func (s *shop) plans(asOf calendar.Date) []contract.MeasurePlan {
	rows := []contract.MeasurePlan{}
	for _, days := range periods {
		p := measure.Last(days, asOf)
		if p.Start <= s.first {
			continue
		}
		values := measure.Values(s.invoices, p)
		raw := math.NaN()
		for _, q := range quantiles {
			limit := measure.Cap(s.invoices, p.Start, q)
			people := present(measure.People(s.invoices, p, limit))
			plan := measure.NewPlan(people, halves)
			if q == 1 {
				raw = plan.Average
			}
			target := measure.Through(values, rise, limit)
			best := plan.Adjusted
			if math.IsNaN(best) {
				best = plan.MDE
			}
			rows = append(rows, contract.MeasurePlan{
				Days: days, CapQuantile: q, Cap: contract.Defined(limit), Customers: int64(plan.Customers), Buyers: int64(plan.Buyers),
				Average: contract.Defined(raw), Capped: contract.Defined(plan.Average), MDE: contract.Defined(plan.MDE), R2: contract.Defined(plan.R2),
				Adjusted: contract.Defined(plan.Adjusted), Target: contract.Defined(target), Needed: contract.Defined(plan.Needed(target)),
				Measurable: best <= target,
			})
		}
	}
	return rows
}

// present are the persons who are there.
func present(people []measure.Person, in []bool) []measure.Person {
	var out []measure.Person
	for i, p := range people {
		if in[i] {
			out = append(out, p)
		}
	}
	return out
}

// measurable says in words what it takes to see the wanted rise: the shortest period in which it can be seen, or when it could be.
func measurable(rows []contract.MeasurePlan, asOf calendar.Date) string {
	const wanted = 100 * rise
	var best *contract.MeasurePlan
	for i := range rows {
		r := &rows[i]
		if r.Adjusted == nil || r.Target == nil {
			continue
		}
		if r.Measurable {
			limit := "without a cap"
			if r.Cap != nil {
				limit = fmt.Sprintf("with invoices capped at %.2f of the shop's currency", *r.Cap)
			}
			return fmt.Sprintf("a rise of %.0f %% can be measured in %d days %s: it shows as %.2f %%, and %.2f %% is found four times in five",
				wanted, r.Days, limit, 100**r.Target, 100**r.Adjusted)
		}
		if best == nil || *r.Adjusted / *r.Target < *best.Adjusted / *best.Target {
			best = r
		}
	}
	if best == nil {
		return fmt.Sprintf("a rise of %.0f %% cannot be measured here yet: there are too few customers with invoices", wanted)
	}
	ratio := *best.Adjusted / *best.Target
	days := math.Ceil(float64(best.Days) * ratio * ratio)
	when := "within three years"
	if days <= 3*365 {
		when = "before " + (asOf + calendar.Date(days)).String()
	}
	return fmt.Sprintf("a rise of %.0f %% cannot be measured here %s: in %d days it shows as %.2f %%, and only %.2f %% or more is found four times in five; "+
		"that takes %.0f customers, and there are %d", wanted, when, best.Days, 100**best.Target, 100**best.Adjusted, deref(best.Needed), best.Customers)
}

func deref(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}

// check runs the test on halves of the last period's customers, with the usual cap.
func (s *shop) check(asOf calendar.Date, splits int) (contract.MeasureAA, []string) {
	p := measure.Last(period, asOf)
	aa := measure.NewAA(present(measure.People(s.invoices, p, measure.Cap(s.invoices, p.Start, usual))), splits, 1)
	r := contract.MeasureAA{Splits: aa.Splits}
	if aa.Splits == 0 {
		return r, []string{"the test could not be checked: no two halves of the customers have invoices in the last 90 days"}
	}
	n := float64(aa.Splits)
	low, high := measure.Wilson(aa.Rejected, aa.Splits)
	r.Rejected, r.Plain = contract.Defined(float64(aa.Rejected)/n), contract.Defined(float64(aa.Plain)/n)
	r.Low, r.High = contract.Defined(low), contract.Defined(high)
	if low > .05 || high < .05 {
		return r, []string{fmt.Sprintf("between halves without a difference the test finds one in %.1f %% of %d splits, 95 %% interval %.1f to %.1f %%: 5 %% is promised",
			100**r.Rejected, aa.Splits, 100*low, 100*high)}
	}
	return r, nil
}

// past is what a customer spent in the days before a start that covariates look at.
func past(of []invoice.Invoice, start calendar.Date) float64 {
	return invoice.Sum(invoice.Within(of, start-measure.HistoryDays, start)).Float()
}
