package preprocess

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/feature"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

// Run cleans the window's lines and builds customers. The same snapshot and flags give the same bytes, on any number of
// cores and whatever the order of the lines.
func Run(ctx context.Context, c Config, d task.Deps) (contract.PreprocessResult, error) {
	p, err := c.plan(ctx)
	if err != nil {
		return contract.PreprocessResult{}, err
	}
	j := &job{Config: c, plan: p, deps: d, opts: work.Tables(d)}
	return work.Do(ctx, c.Common, d, work.Job[contract.PreprocessResult]{Begin: j.begin, Make: j.clean, Finish: j.advance})
}

// job is one run of the step, with what it reads.
type job struct {
	Config
	plan
	home     *run.Home
	deps     task.Deps
	opts     table.Options
	snapshot string // sha256 of the one that ingest put in force in this run
	ingest   contract.IngestResult
	kept     *retail.Meaning // what was decided for the root before; nil for nothing
}

func (j *job) begin(ctx context.Context, home *run.Home) (*run.Session, error) {
	j.home = home
	m, err := home.Current(ctx, j.ReadRun(), contract.Ingest)
	if err != nil {
		return nil, err
	}
	if err := m.Decode(&j.ingest); err != nil {
		return nil, err
	}
	j.snapshot = j.ingest.Snapshot
	if err := j.recall(ctx); err != nil {
		return nil, err
	}
	// The drift window is not among the parameters either: those are part of a model's identity.
	refs := map[string]string{"snapshot": j.snapshot, "drift_window": strconv.Itoa(j.drift)}
	if j.kept != nil { // not among the parameters, which are part of a model's identity
		text, err := contract.Canonical(j.kept)
		if err != nil {
			return nil, err
		}
		refs["meaning"] = contract.SHA256(text)
	}
	return home.Begin(ctx, j.Run(), contract.Preprocess, contract.Inputs{Refs: refs, Params: j.parameters(), Code: j.deps.Code})
}

func (j *job) clean(ctx context.Context, s *run.Session) (*run.Manifest, error) {
	defer task.Ballast(j.deps.Memory.Ballast())()
	snapshot, err := lines.Read(ctx, j.home.Root, j.snapshot)
	if err != nil {
		return nil, err
	}
	if err := j.CheckAsOf(j.deps, snapshot.Zone, snapshot.Last()); err != nil {
		return nil, err
	}
	r := reader{home: j.home, window: j.window, opts: j.opts, progress: j.deps.Progress}
	var kept *retail.Kept
	var decided decided
	sold, err := r.read(ctx, snapshot)
	if err == nil {
		decided, err = j.decide(sold)
	}
	if err == nil {
		kept, err = j.rules.Apply(sold)
	}
	if errors.Is(err, retail.ErrRange) {
		return nil, fault.Errorf(fault.ExitBadData, "range", j.home.Root.URI(contract.SnapshotPath(j.snapshot)), "%w", err)
	}
	if err != nil {
		return nil, err
	}
	// The tables are made at the same time: none keeps all cores busy by itself.
	var sales, people *table.File
	var g errgroup.Group
	g.Go(func() (err error) {
		sales, err = salesFile(kept, j.opts)
		return err
	})
	customers := feature.Build(kept, j.window)
	g.Go(func() (err error) {
		people, err = frameFile(contract.Customers, customers.Frame(), j.opts)
		return err
	})
	result := resultOf(kept, customers, j.window)
	result.Meaning, result.Decisions, result.MeaningChanged = j.rules.Meaning, decided.decisions, decided.changed
	result.Converted = converted(r.days)
	look := seen{lines: sold, kept: kept, customers: customers, window: j.window, days: spansOf(r.days), changed: decided.changed}
	result.Findings, result.Chain, err = j.doubts(ctx, snapshot, r.days, look)
	err = errors.Join(err, g.Wait())
	defer closeFiles(people, sales)
	if err != nil {
		return nil, err
	}
	if err := put(ctx, s, kept, people, sales, j.opts); err != nil {
		return nil, err
	}
	returns, err := j.rules.TakenBack(sold)
	if err != nil {
		return nil, err
	}
	if err := s.PutFrame(ctx, contract.Returns, returnsFrame(sold, returns), j.opts); err != nil {
		return nil, err
	}
	if err := s.PutFrame(ctx, contract.Products, productsFrame(sold), j.opts); err != nil {
		return nil, err
	}
	input := kept.Ledger.Input().Lines // the last use of what is kept: the next windows take its place
	if err := j.driftTables(ctx, s, snapshot); err != nil {
		return nil, err
	}
	for _, f := range result.Findings {
		j.deps.Log.Warn(f.Sentence, "finding", f.Code, "stops", f.Stops, "lines", f.Lines, "money", f.Money.String(), "what", f.What)
	}
	j.deps.Log.Info("cleaned the lines", "input", input, "kept", result.Lines, "customers", result.Customers,
		"revenue", result.Revenue.String())
	return s.Commit(ctx, result)
}

// resultOf sums up. The average invoice is Σ monetary / Σ frequency over customers: guests have no row.
func resultOf(kept *retail.Kept, customers *feature.Table, w retail.Window) contract.PreprocessResult {
	sum := kept.Ledger.Kept()
	r := contract.PreprocessResult{
		Lines: sum.Lines, Customers: sum.Customers, OnlyReturns: kept.OnlyReturns, Invoices: sum.Invoices, Products: kept.Products,
		Revenue: sum.Amount, AsOf: w.AsOf, Duplicates: kept.Duplicates,
		Cancellations: contract.Cancellations{
			Matched: kept.Cancellations.Matched, Partly: kept.Cancellations.Partly, Unmatched: kept.Cancellations.Unmatched,
			Amount: kept.Cancellations.Amount,
		},
		Discounts: contract.Discounts{Lines: kept.Discounts.Lines, Amount: kept.Discounts.Amount, Allocated: kept.Discounts.Allocated},
		Filled:    kept.Filled,
	}
	if w.Days > 0 {
		start := w.Start()
		r.WindowStart = &start
	}
	var revenue money.Amount
	var invoices int64
	for i := range customers.Len() {
		revenue += money.Amount(customers.Monetary[i])
		invoices += customers.Frequency[i]
	}
	if invoices > 0 {
		r.AverageInvoice = revenue.Float() / float64(invoices)
	}
	for _, e := range kept.Ledger {
		r.Ledger = append(r.Ledger, contract.LedgerRow{
			Rule: e.Rule, Lines: e.Lines, Invoices: e.Invoices, Customers: e.Customers, Amount: e.Amount,
		})
	}
	return r
}

// put stores the tables.
func put(ctx context.Context, s *run.Session, kept *retail.Kept, customers, sales *table.File, opts table.Options) error {
	if err := s.Put(ctx, customers); err != nil {
		return err
	}
	if err := s.PutFrame(ctx, contract.Ledger, ledgerFrame(kept.Ledger), opts); err != nil {
		return err
	}
	return s.Put(ctx, sales)
}

func closeFiles(files ...*table.File) {
	for _, f := range files {
		if f != nil {
			_ = f.Close()
		}
	}
}

// frameFile makes a table of a frame.
func frameFile(schema frame.Schema, f *frame.Frame, opts table.Options) (*table.File, error) {
	w := table.NewWriter(schema, opts)
	defer w.Abort()
	if err := w.WriteFrame(f); err != nil {
		return nil, fmt.Errorf("write table %s: %w", schema.Name, err)
	}
	file, err := w.Close()
	if err != nil {
		return nil, fmt.Errorf("write table %s: %w", schema.Name, err)
	}
	return file, nil
}

// salesFile makes the table of kept lines.
func salesFile(kept *retail.Kept, opts table.Options) (*table.File, error) {
	// Coded columns, which want no compression; there are fewer rows than lines in memory.
	opts.Compression, opts.Whole = table.None, true
	w := table.NewWriter(contract.Sales, opts)
	defer w.Abort()
	if err := writeSales(w, kept); err != nil {
		return nil, fmt.Errorf("write table %s: %w", contract.Sales.Name, err)
	}
	file, err := w.Close()
	if err != nil {
		return nil, fmt.Errorf("write table %s: %w", contract.Sales.Name, err)
	}
	return file, nil
}
