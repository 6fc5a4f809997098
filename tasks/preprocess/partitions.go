package preprocess

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/feature"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/scratch"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
)

// piece is what came of one partition.
type piece struct {
	kept      retail.Kept
	customers *feature.Table
	err       error
}

// checkRoom refuses partitions that do not fit into the memory: a customer cannot be parted.
func checkRoom(p *retail.Plan, memory scratch.Budget) error {
	most := int64(0)
	for i := range p.Partitions() {
		most = max(most, int64(p.Size(i)))
	}
	if need := most * workBytes; memory > 0 && need > int64(memory) {
		return tooLittle(memory, fmt.Sprintf("holds the %d lines of one customer, or of customers beside each other", most), need)
	}
	return nil
}

// eachPiece works on the partitions of a plan, as many at a time as there are cores, and takes what comes of them in their order, which
// is that of customers in byte order. look makes what each worker does with its pieces besides; done runs afterwards, of one after
// the other.
func eachPiece(ctx context.Context, p *retail.Plan, w retail.Window, look func() (see func(*piece), done func()), take func(*piece) error) (retail.Totals, error) {
	n, cores := p.Partitions(), task.Workers()
	pool, order := make(chan *piece, 2*cores), make([]chan *piece, n)
	for range cap(pool) {
		pool <- &piece{}
	}
	for i := range order {
		order[i] = make(chan *piece, 1)
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	var workers []*retail.Worker
	var ends []func()
	for range min(cores, n) {
		worker := p.Worker()
		see, done := look()
		workers, ends = append(workers, worker), append(ends, done)
		wg.Go(func() {
			var lines []retail.Line
			var features feature.Builder
			for one := range pool { // a piece first, so that the partition whose turn it is always has one
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if one.err = ctx.Err(); one.err == nil {
					lines, one.err = p.Load(i, lines[:0])
				}
				if one.err == nil {
					worker.Partition(lines, &one.kept)
					one.customers = features.Build(&one.kept, w)
					see(one)
				}
				order[i] <- one
			}
		})
	}
	var err error
	for _, came := range order {
		one := <-came
		if err == nil {
			err = one.err
		}
		if err == nil {
			err = take(one)
		}
		pool <- one
	}
	wg.Wait()
	if err != nil {
		return retail.Totals{}, err
	}
	for _, done := range ends {
		done()
	}
	return p.Totals(workers...)
}

// customersOf makes the customers of a window, and hands them on in the order of their names.
func customersOf(ctx context.Context, rules retail.Rules, l *retail.Lines, w retail.Window, memory scratch.Budget, take func(*feature.Table) error) error {
	p, err := rules.Plan(l)
	if err != nil {
		return err
	}
	defer p.Free()
	if err := checkRoom(p, memory); err != nil {
		return err
	}
	nothing := func() (func(*piece), func()) { return func(*piece) {}, func() {} }
	_, err = eachPiece(ctx, p, w, nothing, func(one *piece) error { return take(one.customers) })
	return err
}

// made is what came of the lines of a window.
type made struct {
	outcome
	people *table.File
	sales  *table.Writer // its texts have no codes yet
	used   *retail.Uses
}

func (m *made) close() {
	closeFiles(m.people)
	m.sales.Abort()
}

// putSales ends the table of kept lines and stores it.
func (m *made) putSales(ctx context.Context, s *run.Session) error {
	recodeSales(m.sales, m.used.Texts())
	return putTable(ctx, s, m.sales)
}

// make makes the tables of a window whose lines have a plan.
func (j *job) make(ctx context.Context, p *retail.Plan, l *retail.Lines, days []span) (m *made, err error) {
	m = &made{outcome: outcome{sums: newSums(days, l)}, sales: j.salesWriter(), used: p.Uses()}
	defer func() {
		if err != nil {
			m.close()
		}
	}()
	people := table.NewWriter(contract.Customers, j.opts)
	defer people.Abort()
	look := func() (func(*piece), func()) {
		mine, uses := newSums(days, l), p.Uses()
		see := func(one *piece) {
			mine.add(&one.kept)
			uses.Add(&one.kept)
		}
		return see, func() {
			m.sums.merge(&mine)
			m.used.Merge(uses)
		}
	}
	m.totals, err = eachPiece(ctx, p, j.window, look, func(one *piece) error {
		m.crowd.add(one.customers)
		if err := appendSales(m.sales, &one.kept); err != nil {
			return err
		}
		return people.WriteFrame(one.customers.Frame())
	})
	if err != nil {
		return nil, err
	}
	if m.people, err = people.Close(); err != nil {
		return nil, fmt.Errorf("write table %s: %w", contract.Customers.Name, err)
	}
	return m, nil
}

// salesWriter begins the table of kept lines.
func (j *job) salesWriter() *table.Writer {
	opts := j.opts
	opts.Compression, opts.Whole = table.None, true // coded columns, which want no compression
	return table.NewWriter(contract.Sales, opts)
}

// appendSales adds kept lines, customer by customer in byte order, each in its one order; texts by their numbers in the dictionaries. Two
// goroutines fill columns that take about as long.
func appendSales(w *table.Writer, kept *retail.Kept) error {
	rows := kept.NumRows()
	if rows == 0 {
		return nil
	}
	var g errgroup.Group
	at := contract.Sales.Index
	g.Go(func() error {
		customer, invoice, code := w.Text(at("customer")), w.Text(at("invoice")), w.Text(at("code"))
		country, region := w.Text(at("country")), w.Text(at("region"))
		for c := range kept.Len() {
			rows := kept.Rows(c)
			for i := range rows {
				customer.AppendCode(int32(kept.Customer(c)))
				invoice.AppendCode(int32(rows[i].Invoice))
				code.AppendCode(int32(rows[i].Code))
				country.AppendCode(int32(rows[i].Country))
				region.AppendCode(int32(rows[i].Region))
			}
		}
		return nil
	})
	time, quantity, price, amount := w.Int(at("time")), w.Int(at("quantity")), w.Int(at("price")), w.Int(at("amount"))
	for c := range kept.Len() {
		rows := kept.Rows(c)
		for i := range rows {
			r := &rows[i]
			time.Append(r.Time)
			quantity.Append(int64(r.Quantity))
			price.Append(int64(r.Price))
			amount.Append(int64(r.Amount))
		}
	}
	return errors.Join(g.Wait(), w.EndRows(rows))
}

// recodeSales gives the texts the codes that the kept lines need.
func recodeSales(w *table.Writer, used retail.UsedTexts) {
	for name, c := range map[string]retail.Coding{
		"customer": used.Customers, "invoice": used.Invoices, "code": used.Codes, "country": used.Countries, "region": used.Regions,
	} {
		n, bytes := c.Size()
		w.Text(contract.Sales.Index(name)).Recode(c.Texts(), n, bytes, c.Recode)
	}
}
