package preprocess

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/scratch"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
)

// reader scatters day files into partitions of customers. Their order does not matter: sealed lines have none.
type reader struct {
	home       *run.Home
	opts       table.Options
	progress   task.Progress
	memory     scratch.Budget
	partitions int // of customers; 0 is as many as suit the lines

	bar     task.Bar
	volume  size
	decode  chan struct{} // one for each file that may be decoded at a time: decoded, a large one takes tens of MiB
	lines   *retail.Lines
	shards  []shard
	sources map[string]uint16 // numbers of them, for invoices
	read    map[day]bool      // that are in lines
	spill   *os.File          // nil where all lines have room in memory
}

// shard is a part of the lines, which takes one batch after the other.
type shard struct {
	mu      sync.Mutex
	lines   *retail.Shard
	numbers [4][]int64 // scratch: times, quantities, prices, amounts
}

// day is a day file.
type day struct {
	source, object string
	day            calendar.Date
}

func dayOf(p lines.Partition) day { return day{p.Source, p.Object, p.Day} }

// open prepares for the lines of days, each of which is read once. Those that stand for all are among them.
func (r *reader) open(ctx context.Context, typical, days []lines.Partition) error {
	r.sources, r.read = map[string]uint16{}, map[day]bool{}
	volume := size{memory: r.memory, parts: r.partitions}
	distinct, names := map[day]bool{}, map[string]bool{}
	for _, p := range days {
		if !distinct[dayOf(p)] {
			volume.lines += p.Rows
			volume.file = max(volume.file, p.Rows)
		}
		distinct[dayOf(p)], names[p.Source] = true, true
	}
	for i, name := range slices.Sorted(maps.Keys(names)) {
		r.sources[name] = uint16(i)
	}
	volume.batch = min(volume.file, table.BatchRows)
	volume.shards = min(task.Workers(), len(days))
	if err := volume.check(0); err != nil {
		return err
	}
	room := retail.Room{Shards: volume.shards, Memory: r.memory.Rows(), Texts: r.memory.Texts()}
	if volume.spills() {
		file, err := scratch.File(r.opts.Scratch)
		if err != nil {
			return err
		}
		r.spill, room.Spill = file, file
	}
	r.decode = make(chan struct{}, volume.decodes())
	n := volume.partitions()
	var err error
	if room.Bounds, err = r.bounds(ctx, typical, n); err != nil {
		return err
	}
	room.Guests = (n + 3) / 4
	r.lines = retail.NewLines(room)
	r.shards = make([]shard, room.Shards)
	for i := range r.shards {
		r.shards[i].lines = r.lines.Shard(i)
	}
	r.volume = volume
	r.bar = r.progress.Bar("preprocess", volume.lines)
	return nil
}

// close frees what lines have spilled.
func (r *reader) close() {
	if r.spill != nil {
		_ = r.spill.Close()
	}
}

// Customers are cut by some lines of some files.
const (
	sampleFiles = 8
	sampleRows  = 16 << 10 // of a file, about
)

// bounds cuts the customers of some day files, which stand for all, into ranges of about as many lines each.
func (r *reader) bounds(ctx context.Context, days []lines.Partition, n int) ([]string, error) {
	if n == 1 {
		return nil, nil
	}
	var names []string
	for i := range min(sampleFiles, len(days)) {
		p := days[(2*i+1)*len(days)/(2*min(sampleFiles, len(days)))]
		every, row := max(1, p.Rows/sampleRows), int64(0)
		err := r.day(ctx, p, func(rec *table.Record) error {
			customers := rec.Text(lineCustomer)
			for i := range rec.Rows() {
				if c := customers.Bytes(i); row%every == 0 && len(c) > 0 {
					names = append(names, string(c))
				}
				row++
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(names)
	var bounds []string
	for i := 1; i < n && len(names) > 0; i++ {
		if at := names[i*len(names)/n]; len(bounds) == 0 || bounds[len(bounds)-1] != at {
			bounds = append(bounds, at)
		}
	}
	return bounds, nil
}

// add reads the day files that have not been read yet. The first error stops it, unless it is about files that are missing: then the
// others are read all the same, so that each is in the lines as a whole or not at all.
func (r *reader) add(ctx context.Context, days []lines.Partition) error {
	var g errgroup.Group
	g.SetLimit(r.volume.opens())
	var stopped atomic.Bool
	var mu sync.Mutex
	var missing error
	for i, p := range slices.DeleteFunc(slices.Clone(days), func(p lines.Partition) bool { return r.read[dayOf(p)] }) {
		g.Go(func() error {
			if stopped.Load() {
				return nil
			}
			err := r.file(ctx, p, &r.shards[i%len(r.shards)])
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				r.read[dayOf(p)] = true
			case fault.CodeOf(err) == fault.ExitMissing:
				missing = cmp.Or(missing, err)
			default:
				stopped.Store(true)
				return err
			}
			return nil
		})
	}
	return errors.Join(g.Wait(), missing)
}

// empty is the Fault of a window without a line: it says which days there are.
func empty(snapshot *lines.Snapshot, w retail.Window) error {
	has := "has no lines at all"
	if first, last, ok := snapshot.Days(); ok {
		has = fmt.Sprintf("has lines from %s to %s", first, last)
	}
	return fault.Errorf(fault.ExitMissing, "window", "",
		"no lines in the window (%s days before %s): the snapshot %s", w.Length(), w.AsOf, has)
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
	lineRegion      = contract.RegionalLines.Index("region")
)

// file puts one day file into a shard, a whole one or nothing. A missing one is a Fault of exit code 66, a damaged one of 65.
func (r *reader) file(ctx context.Context, p lines.Partition, to *shard) error {
	rows := int64(0)
	err := r.day(ctx, p, func(rec *table.Record) error {
		if rows += int64(rec.Rows()); rows > p.Rows {
			return nil // told below
		}
		return r.batch(p, rec, to)
	})
	if err == nil && rows != p.Rows {
		err = r.fault(p, fmt.Errorf("%w: %d lines, the snapshot says %d", table.ErrDamaged, rows, p.Rows))
	}
	return err
}

// day shows the batches of a day file, checked against the snapshot.
func (r *reader) day(ctx context.Context, p lines.Partition, see func(*table.Record) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return r.home.UseStored(ctx, run.Stored{Object: p.Object, SHA256: p.SHA256}, func(src io.ReaderAt, size int64) (err error) {
		r.decode <- struct{}{}
		defer func() { <-r.decode }()
		t, err := table.Open(src, size, p.Schema(), r.opts)
		if err != nil {
			return r.fault(p, err)
		}
		defer func() { err = errors.Join(err, t.Close()) }()
		for i := range t.NumRecords() {
			rec, err := t.Record(i)
			if err != nil {
				return r.fault(p, err)
			}
			err = see(rec)
			rec.Release()
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// batch appends a batch to a part of the lines.
func (r *reader) batch(p lines.Partition, rec *table.Record, to *shard) error {
	text := func(i int) retail.TextColumn { return retail.TextColumn(rec.Text(i)) }
	b := retail.LineBatch{
		Customer: text(lineCustomer), Invoice: text(lineInvoice), Code: text(lineCode),
		Description: text(lineDescription), Country: text(lineCountry), Status: text(lineStatus),
		Source: r.sources[p.Source],
	}
	if p.Regional {
		b.Region = text(lineRegion)
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
	if err := to.lines.Append(b); err != nil {
		return err
	}
	if texts := 2 * r.lines.TextBytes(); r.memory > 0 && texts > int64(r.memory) { // they are sorted beside themselves
		return tooLittle(r.memory, "sorts the distinct texts of its lines", texts)
	}
	return nil
}

// tooLittle is the Fault of a step that does not fit into --memory.
func tooLittle(memory scratch.Budget, does string, need int64) error {
	return fault.ErrConfig.Errorf("memory", "", "%s", memory.TooLittle(does, need))
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
