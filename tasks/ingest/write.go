package ingest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
)

// uploads is how many finished partitions are on their way to the store at once: a bucket answers slowly, and takes many. A
// day's lines are small; so that a large day does not count many times, each keeps little in memory.
const uploads = 16

// writer makes objects of a spooled delivery. All of them are named by their content or by the delivery's, so that a second
// try finds those of the first.
type writer struct {
	home     *run.Home
	spool    *spool
	source   string
	delivery string
	opts     table.Options
	workers  int
	empty    [len(canBeEmpty)]atomic.Int64 // lines without the column, as written
}

// canBeEmpty are the columns that a line need not have.
var canBeEmpty = [...]string{"code", "description", "customer", "country"}

// missing lists the columns that lines lack, all of them, in the order of the table.
func (w *writer) missing() []contract.ColumnCount {
	out := make([]contract.ColumnCount, len(canBeEmpty))
	for i, name := range canBeEmpty {
		out[i] = contract.ColumnCount{Column: name, Rows: w.empty[i].Load()}
	}
	return out
}

// partitions writes a table of lines for each day and returns them in the order of days.
func (w *writer) partitions(ctx context.Context, bar task.Bar) ([]lines.Partition, error) {
	days := w.spool.dates()
	out := make([]lines.Partition, len(days))
	sending := make(chan struct{}, uploads)
	var next atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for range min(w.workers, len(days)) {
		g.Go(func() error {
			opts := w.opts
			opts.Compression = table.None // the columns are coded
			b := newLinesBuilder(opts)
			defer b.abort()
			for i := int(next.Add(1)) - 1; i < len(days) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				file, err := b.build(w.spool, days[i])
				if err != nil {
					return fmt.Errorf("make lines of %s: %w", days[i], err)
				}
				amount, from, regional := b.amount, b.converted(), w.spool.days[days[i]].placed
				for i, n := range b.empty {
					w.empty[i].Add(n)
				}
				sending <- struct{}{}
				g.Go(func() (err error) {
					defer func() {
						_ = file.Close()
						<-sending
					}()
					out[i], err = w.send(ctx, days[i], file, amount)
					out[i].Converted, out[i].Regional = from, regional
					bar.Add(file.Rows)
					return err
				})
			}
			return context.Cause(ctx)
		})
	}
	return out, g.Wait()
}

func (w *writer) send(ctx context.Context, day calendar.Date, file *table.File, amount money.Amount) (lines.Partition, error) {
	p := lines.Partition{
		Source: w.source, Day: day, Object: contract.PartitionPath(w.source, day, file.SHA256),
		Rows: file.Rows, Amount: amount, SHA256: file.SHA256, Delivery: w.delivery,
	}
	return p, create(ctx, w.home.Root, p.Object, file)
}

// create stores a table. One that is there has the same content, for its name says so.
func create(ctx context.Context, store *objstore.Store, name string, file *table.File) error {
	_, err := store.Create(ctx, name, file, file.Size)
	if errors.Is(err, objstore.ErrExists) {
		return nil
	}
	return err
}

// quarantine writes the table of rejected records.
func (w *writer) quarantine(ctx context.Context) (rows int64, err error) {
	t := table.NewWriter(contract.Quarantine, w.opts)
	defer t.Abort()
	var f frames
	err = f.each(w.spool, w.spool.rejects, func(ordinal, breach uint64, raw []byte) error {
		t.Text(0).Append(w.delivery)
		t.Int(1).Append(int64(ordinal))
		t.Text(2).AppendBytes(raw)
		t.Text(3).Append(record.Breach(breach).String())
		return t.EndRow()
	})
	if err != nil {
		return 0, fmt.Errorf("make quarantine: %w", err)
	}
	file, err := t.Close()
	if err != nil {
		return 0, fmt.Errorf("make quarantine: %w", err)
	}
	defer func() { _ = file.Close() }()
	return file.Rows, create(ctx, w.home.Root, contract.QuarantinePath(w.source, w.delivery), file)
}

// linesBuilder makes tables of lines, one after the other, in the same memory.
type linesBuilder struct {
	opts    table.Options
	writers map[string]*table.Writer // by the name of their table
	frames  frames
	amount  money.Amount // of the lines of the table made last
	empty   [len(canBeEmpty)]int64
	by      record.Foreign
}

func newLinesBuilder(opts table.Options) *linesBuilder {
	return &linesBuilder{opts: opts, writers: map[string]*table.Writer{}}
}

func (b *linesBuilder) abort() {
	for _, w := range b.writers {
		w.Abort()
	}
}

// writer returns an empty table.
func (b *linesBuilder) writer(schema frame.Schema) *table.Writer {
	w := b.writers[schema.Name]
	if w == nil {
		w = table.NewWriter(schema, b.opts)
		b.writers[schema.Name] = w
	} else {
		w.Reset()
	}
	return w
}

// converted is what the lines of the table made last were converted from.
func (b *linesBuilder) converted() (all []lines.Converted) {
	for _, c := range converted(record.Counts{Foreign: b.by}) {
		all = append(all, lines.Converted(c))
	}
	return all
}

// build makes the table of a day's lines in the order of their records.
func (b *linesBuilder) build(s *spool, day calendar.Date) (*table.File, error) {
	schema := lines.Schema(s.days[day].foreign, s.days[day].placed)
	t := b.writer(schema)
	b.amount, b.by, b.empty = 0, record.Foreign{}, [len(canBeEmpty)]int64{}
	text := func(name string) *table.TextColumn { return t.Text(schema.Index(name)) }
	number := func(name string) *table.IntColumn { return t.Int(schema.Index(name)) }
	invoice, code, description := text("invoice"), text("code"), text("description")
	customer, country, status := text("customer"), text("country"), text("status")
	quantity, stamp, price := number("quantity"), number("time"), number("price")
	amount, ordinal := number("amount"), number("record")
	var currency, region *table.TextColumn
	var original *table.IntColumn
	if schema.Index("original_currency") >= 0 {
		currency, original = text("original_currency"), number("original_amount")
	}
	if schema.Index("region") >= 0 {
		region = text("region")
	}
	next := func(c *table.TextColumn, v []byte, same record.Same) {
		if same != 0 {
			c.AppendAgain(v)
		} else {
			c.AppendBytes(v)
		}
	}
	orNull := func(c *table.IntColumn, v money.Amount, has bool) {
		if has {
			c.Append(int64(v))
		} else {
			c.Append(frame.NullInt)
		}
	}
	add := func(l *record.Line) (err error) {
		if b.amount, err = b.amount.Plus(l.Amount); err != nil {
			return fault.ErrBadData.Errorf("range", "", "sum the money of the day: %w", err)
		}
		for i, text := range [...][]byte{l.Code, l.Description, l.Customer, l.Country} {
			if len(text) == 0 {
				b.empty[i]++
			}
		}
		next(invoice, l.Invoice, l.Same&record.SameInvoice)
		code.AppendBytes(l.Code)
		description.AppendBeside(code, l.Description)
		quantity.Append(int64(l.Quantity))
		stamp.Append(l.Time)
		price.Append(int64(l.Price))
		orNull(amount, l.Amount, l.HasAmount)
		next(customer, l.Customer, l.Same&record.SameCustomer)
		next(country, l.Country, l.Same&record.SameCountry)
		next(status, l.Status, l.Same&record.SameStatus)
		ordinal.Append(l.Record)
		if region != nil {
			region.AppendBytes(l.Region)
		}
		if currency != nil {
			currency.Append(l.Currency)
			orNull(original, l.Original, l.Currency != "")
			b.by.Count(l)
		}
		return t.EndRow()
	}
	if err := b.frames.lines(s, s.days[day], add); err != nil {
		return nil, err
	}
	return t.Close()
}
