package measure

import (
	"context"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/invoice"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

// upstream is what the step reads.
type upstream struct {
	preprocess, score, explore *run.Manifest
}

// find looks for the steps in this run, and else in --from-run. Explore may be absent.
func find(ctx context.Context, home *run.Home, c task.Common) (u upstream, err error) {
	if u.preprocess, err = home.Current(ctx, c.ReadRun(), contract.Preprocess); err != nil {
		return u, err
	}
	for step, to := range map[string]**run.Manifest{contract.Score: &u.score, contract.Explore: &u.explore} {
		m, err := home.Current(ctx, c.Run(), step)
		if fault.CodeOf(err) == fault.ExitMissing && c.FromRun != "" {
			m, err = home.Current(ctx, c.ReadRun(), step)
		}
		if fault.CodeOf(err) == fault.ExitMissing && step == contract.Explore {
			continue
		}
		if err != nil {
			return u, err
		}
		*to = m
	}
	return u, nil
}

// shop is a run's customers with their invoices.
type shop struct {
	names    []string // customers, in byte order
	invoices [][]invoice.Invoice
	segment  []string // name of the segment, "" for none
	sales    *frame.Frame
	returned map[string][]returned // by customer; nil where preprocess did not say, as an earlier program's does not
	first    calendar.Date         // day of the first invoice; the as-of without one
}

// returned is what a customer gave back, or was let off, on a day.
type returned struct {
	kind   string // contract.KindReturn or KindDiscount
	day    calendar.Date
	amount money.Amount // above zero
}

// readReturns reads them by customer.
func readReturns(ctx context.Context, home *run.Home, preprocess *run.Manifest, opts table.Options) (map[string][]returned, error) {
	if _, ok := preprocess.Objects[contract.Returns.Name]; !ok {
		return nil, nil
	}
	f, err := home.ReadTable(ctx, preprocess, contract.Returns, opts)
	if err != nil {
		return nil, err
	}
	out := map[string][]returned{}
	for i, name := range f.Strings("customer") {
		day, err := calendar.ParseDate(f.Strings("day")[i])
		if err != nil {
			return nil, fault.Errorf(fault.ExitBadData, "returns", "", "row %d of the table returns of run %s: %w", i, preprocess.Run, err)
		}
		out[name] = append(out[name], returned{f.Strings("kind")[i], day, -money.Amount(f.Ints("amount")[i])})
	}
	return out, nil
}

// load reads the tables.
func load(ctx context.Context, home *run.Home, u upstream, asOf calendar.Date, d task.Deps) (*shop, error) {
	opts := work.Tables(d)
	sales, err := home.ReadTable(ctx, u.preprocess, contract.Sales, opts, "customer", "invoice", "code", "time", "quantity", "price", "amount")
	if err != nil {
		return nil, err
	}
	assignments, err := home.ReadTable(ctx, u.score, contract.Assignments, opts)
	if err != nil {
		return nil, err
	}
	book, err := invoice.New(sales.Strings("customer"), sales.Strings("invoice"), sales.Ints("time"), sales.Ints("amount"))
	if err != nil {
		return nil, fault.Errorf(fault.ExitBadData, "sales", "", "the lines of run %s: %w", u.preprocess.Run, err)
	}
	s := &shop{names: book.Customers, sales: sales, first: asOf, invoices: make([][]invoice.Invoice, len(book.Customers)), segment: make([]string, len(book.Customers))}
	if s.returned, err = readReturns(ctx, home, u.preprocess, opts); err != nil {
		return nil, err
	}
	segments := map[string]string{}
	for i, c := range assignments.Strings("customer") {
		segments[c] = assignments.Strings("segment_name")[i]
	}
	for c, name := range book.Customers {
		s.invoices[c], s.segment[c] = book.Of(c), segments[name]
		s.first = min(s.first, s.invoices[c][0].Day)
	}
	return s, nil
}
