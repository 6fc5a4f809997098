package preprocess

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
)

// openAtOnce is how many day files are open at a time: enough to hide a bucket's latency.
const openAtOnce = 16

// reader puts the day files of a window into memory. Their order does not matter: sealed lines have none.
type reader struct {
	home     *run.Home
	window   retail.Window
	opts     table.Options
	progress task.Progress

	bar     task.Bar
	days    []lines.Partition // of the window, once read
	sources map[string]uint16 // numbers of them, for invoices
}

// shard is a part of the lines, which takes one day after the other.
type shard struct {
	mu      sync.Mutex
	lines   *retail.Lines
	numbers [4][]int64 // scratch: times, quantities, prices, amounts
}

// read opens the day files inside the window, and no others.
func (r *reader) read(ctx context.Context, snapshot *lines.Snapshot) (*retail.Lines, error) {
	parts, err := snapshot.Window(ctx, r.window.Start(), r.window.AsOf)
	if err != nil {
		return nil, err
	}
	if len(parts) == 0 {
		return nil, r.empty(snapshot)
	}
	r.days = parts
	r.sources = map[string]uint16{}
	for _, p := range parts { // in the order of sources
		if _, ok := r.sources[p.Source]; !ok {
			r.sources[p.Source] = uint16(len(r.sources))
		}
	}
	total := int64(0)
	rows := make([]int, min(task.Workers(), len(parts)))
	for i, p := range parts {
		total += p.Rows
		rows[i%len(rows)] += int(p.Rows)
	}
	r.bar = r.progress.Bar("preprocess", total)
	defer r.bar.Done()
	lines, parted := retail.NewShards(rows)
	lines.Room = make([]retail.Row, total)
	shards := make([]shard, len(rows))
	for i := range shards {
		shards[i].lines = parted[i]
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(openAtOnce)
	for i, p := range parts {
		g.Go(func() error { return r.partition(ctx, p, &shards[i%len(shards)]) })
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return lines, nil
}

// empty is the Fault of a window without a line: it says which days there are.
func (r *reader) empty(snapshot *lines.Snapshot) error {
	has := "has no lines at all"
	if first, last, ok := snapshot.Days(); ok {
		has = fmt.Sprintf("has lines from %s to %s", first, last)
	}
	return fault.Errorf(fault.ExitMissing, "window", "",
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
	lineAmount      = contract.Lines.Index("amount")
	lineStatus      = contract.Lines.Index("status")
	lineCustomer    = contract.Lines.Index("customer")
	lineCountry     = contract.Lines.Index("country")
)

// partition reads one day file, checked against the snapshot. A missing one is a Fault of exit code 66, a damaged one of 65.
func (r *reader) partition(ctx context.Context, p lines.Partition, to *shard) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return r.home.UseStored(ctx, run.Stored{Object: p.Object, SHA256: p.SHA256}, func(src io.ReaderAt, size int64) error {
		return r.day(p, src, size, to)
	})
}

// day reads one day's table.
func (r *reader) day(p lines.Partition, src io.ReaderAt, size int64, to *shard) (err error) {
	schema := contract.Lines
	if len(p.Converted) > 0 {
		schema = contract.ConvertedLines // whose first columns are the same
	}
	t, err := table.Open(src, size, schema, r.opts)
	if err != nil {
		return r.fault(p, err)
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	rows := int64(0)
	for i := range t.NumRecords() {
		rec, err := t.Record(i)
		if err != nil {
			return r.fault(p, err)
		}
		if rows += int64(rec.Rows()); rows <= p.Rows { // what is more is told below
			err = r.add(p, rec, to)
		}
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

// add appends a batch to a part of the lines.
func (r *reader) add(p lines.Partition, rec *table.Record, to *shard) error {
	text := func(i int) retail.TextColumn { return retail.TextColumn(rec.Text(i)) }
	b := retail.LineBatch{
		Customer: text(lineCustomer), Invoice: text(lineInvoice), Code: text(lineCode),
		Description: text(lineDescription), Country: text(lineCountry), Status: text(lineStatus),
		Source: r.sources[p.Source],
	}
	to.mu.Lock()
	defer to.mu.Unlock()
	for i, column := range [...]int{lineTime, lineQuantity, linePrice, lineAmount} {
		to.numbers[i] = rec.Ints(to.numbers[i][:0], column)
	}
	b.Time, b.Quantity, b.Price, b.Amount = to.numbers[0], to.numbers[1], to.numbers[2], to.numbers[3]
	from, end := p.Day.Start(), (p.Day + 1).Start()
	for _, t := range b.Time {
		if t < from || t >= end {
			return r.fault(p, fmt.Errorf("%w: a line of %s in the file of %s", table.ErrDamaged, calendar.DateOf(t), p.Day))
		}
	}
	r.bar.Add(int64(rec.Rows()))
	return to.lines.Append(b)
}

// fault gives what is wrong with a file its exit code; a store's failure keeps its own.
func (r *reader) fault(p lines.Partition, err error) error {
	_, schema := errors.AsType[*table.SchemaError](err)
	_, version := errors.AsType[*table.VersionError](err)
	if !schema && !version && !errors.Is(err, table.ErrDamaged) {
		return fmt.Errorf("read %s: %w", p.Object, err)
	}
	return fault.Errorf(fault.ExitBadData, "damaged", r.home.Root.URI(p.Object), "read %s: %w", p.Object, err)
}

// writeSales writes the kept lines, customer by customer in byte order, each in its one order. Two goroutines fill columns
// that take about as long.
func writeSales(w *table.Writer, kept *retail.Kept) error {
	w.Grow(kept.NumRows())
	var g errgroup.Group
	g.Go(func() error {
		writeSaleTexts(w, kept)
		return nil
	})
	writeSaleNumbers(w, kept)
	if err := g.Wait(); err != nil {
		return err
	}
	return w.EndRows(kept.NumRows())
}

func writeSaleTexts(w *table.Writer, kept *retail.Kept) {
	at := contract.Sales.Index
	customer, invoice, code, country := w.Text(at("customer")), w.Text(at("invoice")), w.Text(at("code")), w.Text(at("country"))
	used := kept.Used()
	customer.SetCodes(used.Customers.Texts)
	invoice.SetCodes(used.Invoices.Texts)
	code.SetCodes(used.Codes.Texts)
	country.SetCodes(used.Countries.Texts)
	for id := range uint32(kept.NumCustomers()) {
		rows := kept.Rows(id)
		for i := range rows {
			r := &rows[i]
			customer.AppendCode(used.Customers.Code[id])
			invoice.AppendCode(used.Invoices.Code[r.Invoice])
			code.AppendCode(used.Codes.Code[r.Code])
			country.AppendCode(used.Countries.Code[r.Country])
		}
	}
}

func writeSaleNumbers(w *table.Writer, kept *retail.Kept) {
	at := contract.Sales.Index
	time, quantity, price, amount := w.Int(at("time")), w.Int(at("quantity")), w.Int(at("price")), w.Int(at("amount"))
	for id := range uint32(kept.NumCustomers()) {
		rows := kept.Rows(id)
		for i := range rows {
			r := &rows[i]
			time.Append(r.Time)
			quantity.Append(int64(r.Quantity))
			price.Append(int64(r.Price))
			amount.Append(int64(r.Amount))
		}
	}
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
