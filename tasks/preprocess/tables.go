package preprocess

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
)

// openAtOnce is how many day files are open at a time: enough to hide a bucket's latency.
const openAtOnce = 16

// reader puts the day files of a window into memory. Their order does not matter: sealed lines have none.
type reader struct {
	home     *contract.Home
	window   retail.Window
	opts     table.Options
	progress task.Progress

	mu    sync.Mutex
	lines *retail.Lines
	bar   task.Bar
}

// read opens the day files inside the window, and no others.
func (r *reader) read(ctx context.Context, snapshot *contract.Snapshot) (*retail.Lines, error) {
	parts := snapshot.Window(r.window.Start(), r.window.AsOf)
	if len(parts) == 0 {
		return nil, r.empty(snapshot)
	}
	rows := int64(0)
	for _, p := range parts {
		rows += p.Rows
	}
	r.bar = r.progress.Bar("preprocess", rows)
	defer r.bar.Done()
	r.lines = retail.NewLines(int(rows))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(openAtOnce)
	for _, p := range parts {
		g.Go(func() error { return r.partition(ctx, p) })
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return r.lines, nil
}

// empty is the Fault of a window without a line: it says which days there are.
func (r *reader) empty(snapshot *contract.Snapshot) error {
	has := "has no lines at all"
	if n := len(snapshot.Partitions); n > 0 {
		first, last := snapshot.Partitions[0].Day, snapshot.Partitions[0].Day
		for _, p := range snapshot.Partitions {
			first, last = min(first, p.Day), max(last, p.Day)
		}
		has = fmt.Sprintf("has lines from %s to %s", first, last)
	}
	return contract.Faultf(contract.ExitMissing, "window", "",
		"no lines in the window (%s days before %s): the snapshot %s", r.window.Length(), r.window.AsOf, has)
}

// columns of the lines table.
var (
	lineInvoice     = contract.Lines.Index("invoice")
	lineCode        = contract.Lines.Index("code")
	lineDescription = contract.Lines.Index("description")
	lineQuantity    = contract.Lines.Index("quantity")
	lineTime        = contract.Lines.Index("time")
	linePrice       = contract.Lines.Index("price")
	lineCustomer    = contract.Lines.Index("customer")
	lineCountry     = contract.Lines.Index("country")
)

// partition reads one day file, checked against the snapshot. A missing one is a Fault of exit code 66, a damaged one of 65.
func (r *reader) partition(ctx context.Context, p contract.Partition) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	o, err := r.home.OpenStored(ctx, contract.Stored{Object: p.Object, SHA256: p.SHA256})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.Close()) }()
	t, err := table.Open(o, o.Size, contract.Lines, r.opts)
	if err != nil {
		return r.fault(p, err)
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	rows := int64(0)
	var prices []int64
	for i := range t.NumRecords() {
		rec, err := t.Record(i)
		if err != nil {
			return r.fault(p, err)
		}
		prices = rec.Money(prices[:0], linePrice)
		err = r.add(p, rec, prices)
		rows += int64(rec.Rows())
		rec.Release()
		if err != nil {
			return err
		}
	}
	if rows != p.Rows {
		return r.fault(p, fmt.Errorf("%w: %d lines, the snapshot says %d", table.ErrDamaged, rows, p.Rows))
	}
	return nil
}

// add appends a batch to the lines.
func (r *reader) add(p contract.Partition, rec *table.Record, prices []int64) error {
	text := func(i int) retail.TextColumn {
		t := rec.Text(i)
		return retail.TextColumn{Offsets: t.Offsets, Data: t.Data}
	}
	b := retail.LineBatch{
		Customer: text(lineCustomer), Invoice: text(lineInvoice), Code: text(lineCode),
		Description: text(lineDescription), Country: text(lineCountry),
		Time: rec.Ints(lineTime), Quantity: rec.Ints(lineQuantity), Price: prices,
	}
	for _, t := range b.Time {
		if retail.DateOf(t) != p.Day {
			return r.fault(p, fmt.Errorf("%w: a line of %s in the file of %s", table.ErrDamaged, retail.DateOf(t), p.Day))
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bar.Add(int64(rec.Rows()))
	return r.lines.Append(b)
}

// fault gives what is wrong with a file its exit code; a store's failure keeps its own.
func (r *reader) fault(p contract.Partition, err error) error {
	_, schema := errors.AsType[*table.SchemaError](err)
	_, version := errors.AsType[*table.VersionError](err)
	if !schema && !version && !errors.Is(err, table.ErrDamaged) {
		return fmt.Errorf("read %s: %w", p.Object, err)
	}
	return contract.Faultf(contract.ExitBadData, "damaged", r.home.Root.URI(p.Object), "read %s: %w", p.Object, err)
}

// writeSales writes the kept lines, customer by customer in byte order, each in its one order.
func writeSales(w *table.Writer, kept *retail.Kept) error {
	at := contract.Sales.Index
	customer, invoice, code, country := w.Text(at("customer")), w.Text(at("invoice")), w.Text(at("code")), w.Text(at("country"))
	time, quantity, price, amount := w.Int(at("time")), w.Int(at("quantity")), w.Int(at("price")), w.Int(at("amount"))
	for id := range kept.NumCustomers() {
		name := kept.Customers.String(uint32(id))
		rows := kept.Rows(uint32(id))
		for i := range rows {
			r := &rows[i]
			customer.Append(name)
			invoice.Append(kept.Invoices.String(r.Invoice))
			code.Append(kept.Codes.String(r.Code))
			time.Append(r.Time)
			quantity.Append(r.Quantity)
			price.Append(int64(r.Price))
			amount.Append(int64(r.Amount()))
			country.Append(kept.Countries.String(r.Country))
			if err := w.EndRow(); err != nil {
				return err
			}
		}
	}
	return nil
}

// ledgerFrame returns the ledger as its table.
func ledgerFrame(l retail.Ledger) *frame.Frame {
	f := frame.New(contract.Ledger.Columns, len(l))
	for i, e := range l {
		f.Strings("rule")[i] = e.Rule
		f.Ints("lines")[i], f.Ints("invoices")[i], f.Ints("customers")[i] = e.Lines, e.Invoices, e.Customers
		f.Ints("amount")[i], f.Ints("sales")[i], f.Ints("returns")[i] = int64(e.Amount), int64(e.Sales), int64(e.Returns)
	}
	return f
}
