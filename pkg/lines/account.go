package lines

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/money"
)

// Tally is how much of a delivery something is: records, the physical lines that they span, and the money in them, as far as
// it can be read.
type Tally struct {
	Records int64        `json:"records"`
	Lines   int64        `json:"lines"`
	Amount  money.Amount `json:"amount"`
}

func (t Tally) negated() Tally { return Tally{-t.Records, -t.Lines, -t.Amount} }

// sum adds up tallies. The first error stays.
type sum struct {
	Tally
	err error
}

func (s *sum) add(t Tally) {
	amount, err := s.Amount.Plus(t.Amount)
	if err != nil && s.err == nil {
		s.err = err
	}
	s.Tally = Tally{s.Records + t.Records, s.Lines + t.Lines, amount}
}

// Account is what became of all that the deliveries in force delivered: Delivered = Rejected + Superseded + InForce, in
// records, in physical lines and in money.
//
// A delivery counts as long as it has lines in force, by years; its days that were stored with the same content before, or that
// a later as-of keeps, do not count a second time.
type Account struct {
	Delivered  Tally `json:"delivered"`
	Rejected   Tally `json:"rejected"`
	Superseded Tally `json:"superseded"` // by a later delivery, or by a later sheet of the same
	InForce    Tally `json:"in_force"`
	// Unpriced is how many of the lines in force have money that the snapshot does not know: it was of version 1 when they came.
	// They count as 0.
	Unpriced int64 `json:"unpriced,omitempty"`
}

// Account adds up what the root object says: it reads no part.
func (s *Snapshot) Account() (Account, error) {
	var rejected, superseded, inForce, delivered sum
	var unpriced int64
	for _, p := range s.Parts {
		rejected.add(p.Rejected)
		superseded.add(p.Superseded)
		inForce.add(Tally{Records: p.Rows, Lines: p.Rows + p.MoreLines, Amount: p.Amount})
		unpriced += p.Unpriced
	}
	delivered.add(rejected.Tally)
	delivered.add(superseded.Tally)
	delivered.add(inForce.Tally)
	for _, s := range []sum{rejected, superseded, inForce, delivered} {
		if s.err != nil {
			return Account{}, fmt.Errorf("add up the stored lines: %w", s.err)
		}
	}
	return Account{Delivered: delivered.Tally, Rejected: rejected.Tally, Superseded: superseded.Tally, InForce: inForce.Tally, Unpriced: unpriced}, nil
}

// share is what a part lists of a delivery that brings it these lines. stays are the delivered days that stay as they were, brings
// the years that it brings lines.
func (d Delivery) share(year int, first bool, accepted Tally, stays map[calendar.Date]bool, brings map[int]bool) Delivery {
	undated := d.Rejected
	s := Delivery{ID: d.ID, Source: d.Source, Files: d.Files, Records: d.Records, Lines: d.Lines, Accepted: accepted, Findings: d.Findings}
	for _, r := range d.RejectedDays {
		if stays[r.Day] || brings[r.Day.Year()] {
			undated = undated.minus(r.Tally)
		}
		if r.Day.Year() == year && !stays[r.Day] {
			s.RejectedDays = append(s.RejectedDays, r)
			s.Rejected = s.Rejected.plus(r.Tally)
		}
	}
	if first {
		s.Rejected, s.Superseded = s.Rejected.plus(undated), d.Superseded
		s.Accepted.Lines += max(0, d.Lines-d.Records-(d.Rejected.Lines-d.Rejected.Records)-(d.Superseded.Lines-d.Superseded.Records))
	}
	return s
}

// join adds a further share of the same delivery. What is rejected of a day that is listed already is the same again.
func (d *Delivery) join(o Delivery) error {
	var s sum
	s.add(d.Accepted)
	s.add(o.Accepted)
	d.Accepted = s.Tally
	undated := func(d Delivery) Tally {
		t := d.Rejected
		for _, r := range d.RejectedDays {
			t = t.minus(r.Tally)
		}
		return t
	}
	rest := undated(*d)
	if rest == (Tally{}) {
		rest = undated(o)
	}
	if d.Superseded == (Tally{}) {
		d.Superseded = o.Superseded
	}
	if d.Findings == nil {
		d.Findings = o.Findings
	}
	d.RejectedDays = slices.Clone(d.RejectedDays)
	for _, r := range o.RejectedDays {
		if !slices.ContainsFunc(d.RejectedDays, func(q DayTally) bool { return q.Day == r.Day }) {
			d.RejectedDays = append(d.RejectedDays, r)
		}
	}
	slices.SortFunc(d.RejectedDays, func(a, b DayTally) int { return cmp.Compare(a.Day, b.Day) })
	d.Rejected = rest
	for _, r := range d.RejectedDays {
		d.Rejected = d.Rejected.plus(r.Tally)
	}
	return s.err
}

func (t Tally) plus(o Tally) Tally {
	return Tally{t.Records + o.Records, t.Lines + o.Lines, t.Amount + o.Amount}
}

func (t Tally) minus(o Tally) Tally { return t.plus(o.negated()) }
