package preprocess

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/feature"
	"github.com/clientele/clientele/pkg/finding"
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
	j, err := c.job(ctx, d)
	if err != nil {
		return contract.PreprocessResult{}, err
	}
	return work.Do(ctx, c.Common, d, work.Job[contract.PreprocessResult]{Begin: j.begin, Make: j.clean, Finish: j.advance})
}

func (c Config) job(ctx context.Context, d task.Deps) (*job, error) {
	p, err := c.plan(ctx)
	if err != nil {
		return nil, err
	}
	return &job{Config: c, plan: p, deps: d, opts: work.Tables(d)}, nil
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
	refs := map[string]string{"snapshot": j.snapshot, contract.RefDriftWindow: strconv.Itoa(j.drift)}
	if j.kept != nil { // not among the parameters, which are part of a model's identity
		text, err := contract.Canonical(j.kept)
		if err != nil {
			return nil, err
		}
		refs["meaning"] = contract.SHA256(text)
	}
	return home.Begin(ctx, j.Run(), contract.Preprocess, contract.Inputs{Refs: refs, Params: j.parameters(), Code: j.deps.Code})
}

// told is what the whole of the lines says, but for the lines: what partitions and the end need of it.
type told struct {
	Meaning   retail.Meaning    `json:"meaning"`
	Decisions []retail.Decision `json:"decisions"`
	Changed   []string          `json:"changed"` // what would be decided otherwise now
	Found     []finding.Finding `json:"found"`   // of single lines
	Codes     int               `json:"codes"`   // distinct ones that lines have
	Delivered money.Amount      `json:"delivered"`
}

// surveyed is what is known once all lines have been looked at.
type surveyed struct {
	told
	snapshot *lines.Snapshot
	days     []lines.Partition // of the window
	windows  []driftWindow
	plan     *retail.Plan
}

// survey reads the lines and looks at the whole of them.
func (j *job) survey(ctx context.Context, r *reader) (*surveyed, error) {
	v := &surveyed{}
	var err error
	if v.snapshot, err = j.readSnapshot(ctx); err != nil {
		return nil, err
	}
	if v.days, v.windows, err = j.read(ctx, v.snapshot, r); err != nil {
		return nil, j.ranged(err)
	}
	r.lines.Cut(j.window)
	if err := j.decide(r.lines, &v.told); err != nil {
		return nil, err
	}
	if v.plan, err = j.rules.Plan(r.lines); err != nil {
		return nil, j.ranged(err)
	}
	if err := checkRoom(v.plan, j.deps.Memory); err != nil {
		return nil, err
	}
	v.Codes, v.Delivered = v.plan.NumCodes(), v.plan.Delivered()
	look := looked{lines: r.lines, plan: v.plan, window: j.window, days: spansOf(v.days)}
	v.Found, err = look.findings()
	return v, err
}

func (j *job) readSnapshot(ctx context.Context) (*lines.Snapshot, error) {
	snapshot, err := lines.Read(ctx, j.home.Root, j.snapshot)
	if err != nil {
		return nil, err
	}
	return snapshot, j.CheckAsOf(j.deps, snapshot.Zone, snapshot.Last())
}

func (j *job) reader() reader {
	return reader{home: j.home, opts: j.opts, progress: j.deps.Progress, memory: j.deps.Memory, partitions: j.partitions}
}

// clean is the step on one machine: what the phases do, in one process.
func (j *job) clean(ctx context.Context, s *run.Session) (*run.Manifest, error) {
	defer task.Ballast(j.deps.Memory.Ballast(), 25)() // lines have no pointers: to collect beside them costs next to nothing
	r := j.reader()
	defer r.close()
	v, err := j.survey(ctx, &r)
	if err != nil {
		return nil, err
	}
	defer v.plan.Free()
	made, err := j.make(ctx, v.plan, r.lines, spansOf(v.days))
	if err != nil {
		return nil, err
	}
	defer made.close()
	if err := put(ctx, s, made, j.opts); err != nil {
		return nil, err
	}
	if err := j.wholeTables(ctx, s, v, r.lines); err != nil {
		return nil, err
	}
	v.plan.Free()
	many, err := r.lines.Evict() // the texts of the sales take their room
	if err != nil {
		return nil, err
	}
	var sales errgroup.Group
	sales.Go(func() error { return made.putSales(ctx, s) })
	if many { // there is no room for both at once
		if err := sales.Wait(); err != nil {
			return nil, err
		}
	}
	err = s.PutTable(ctx, contract.Windows, j.opts, func(windows *table.Writer) error {
		return j.driftWindows(ctx, s, v, r.lines, func(w driftWindow) error {
			return customersOf(ctx, j.rules, r.lines, w.Window, j.deps.Memory, func(t *feature.Table) error { return windows.WriteFrame(windowFrame(w.name, t.Frame())) })
		})
	})
	if err := cmp.Or(sales.Wait(), err, r.lines.Err()); err != nil {
		return nil, err
	}
	return j.commit(ctx, s, v, made.outcome)
}

// wholeTables makes the tables that are made of lines beside the rules.
func (j *job) wholeTables(ctx context.Context, s *run.Session, v *surveyed, l *retail.Lines) error {
	err := s.PutTable(ctx, contract.Returns, j.opts, func(w *table.Writer) error {
		return v.plan.TakenBack(func(some []retail.TakenBack) error { return w.WriteFrame(returnsFrame(l, some)) })
	})
	if err != nil {
		return err
	}
	products, err := productsFrame(l)
	if err != nil {
		return err
	}
	return s.PutFrame(ctx, contract.Products, products, j.opts)
}

// commit makes the tables visible, with the step's result.
func (j *job) commit(ctx context.Context, s *run.Session, v *surveyed, came outcome) (*run.Manifest, error) {
	result := resultOf(came.totals, came.crowd, j.window)
	result.Meaning, result.Decisions, result.MeaningChanged = v.Meaning, v.Decisions, v.Changed
	result.Converted = converted(v.days)
	var err error
	if result.Findings, result.Chain, err = j.doubts(ctx, v, came); err != nil {
		return nil, err
	}
	for _, f := range result.Findings {
		j.deps.Log.Warn(f.Sentence, "finding", f.Code, "stops", f.Stops, "lines", f.Lines, "money", f.Money.String(), "what", f.What)
	}
	j.deps.Log.Info("cleaned the lines", "input", came.totals.Ledger.Input().Lines, "kept", result.Lines, "customers", result.Customers,
		"revenue", result.Revenue.String())
	return s.Commit(ctx, result)
}

// read reads every day that the window or one of drift's windows has, once, and returns the days of the window and those of drift's
// windows that can be made.
func (j *job) read(ctx context.Context, snapshot *lines.Snapshot, r *reader) ([]lines.Partition, []driftWindow, error) {
	days, err := snapshot.Window(ctx, j.window.Start(), j.window.AsOf)
	if err != nil {
		return nil, nil, err
	}
	if len(days) == 0 {
		return nil, nil, empty(snapshot, j.window)
	}
	windows, err := j.driftDays(ctx, snapshot)
	if err != nil {
		return nil, nil, err
	}
	all := slices.Clone(days)
	for _, w := range windows {
		all = append(all, w.days...)
	}
	if err := r.open(ctx, days, all); err != nil {
		return nil, nil, err
	}
	defer r.bar.Done()
	if err := r.add(ctx, days); err != nil {
		return nil, nil, err
	}
	var whole []driftWindow
	for _, w := range windows {
		err := r.add(ctx, w.days)
		if err == nil && len(w.days) == 0 {
			err = empty(snapshot, w.Window)
		}
		if fault.CodeOf(err) == fault.ExitMissing {
			j.deps.Log.Warn("a window of drift is left out: a day of it has expired, or it has no lines", "window", w.name, "error", err.Error())
			continue
		}
		if err != nil {
			return nil, nil, fmt.Errorf("drift window %s: %w", w.name, err)
		}
		whole = append(whole, w)
	}
	if err := r.lines.Seal(); err != nil {
		return nil, nil, err
	}
	if err := r.volume.check(int64(r.lines.Customers.Len() - 1)); err != nil {
		return nil, nil, err
	}
	if need := r.lines.KnownBytes(); j.deps.Memory > 0 && need > j.deps.Memory.Known() {
		return nil, nil, tooLittle(j.deps.Memory, fmt.Sprintf("knows %d customers and %d invoices", r.lines.Customers.Len()-1, r.lines.Invoices.Keys.Len()), need)
	}
	return days, whole, nil
}

// ranged gives a sum that is out of range its exit code.
func (j *job) ranged(err error) error {
	if errors.Is(err, retail.ErrRange) {
		return fault.Errorf(fault.ExitBadData, "range", j.home.Root.URI(contract.SnapshotPath(j.snapshot)), "%w", err)
	}
	return err
}

// resultOf sums up. The average invoice is Σ monetary / Σ frequency over customers: guests have no row.
func resultOf(kept retail.Totals, customers crowd, w retail.Window) contract.PreprocessResult {
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
	if customers.invoices > 0 {
		r.AverageInvoice = customers.revenue.Float() / float64(customers.invoices)
	}
	for _, e := range kept.Ledger {
		r.Ledger = append(r.Ledger, contract.LedgerRow{
			Rule: e.Rule, Lines: e.Lines, Invoices: e.Invoices, Customers: e.Customers, Amount: e.Amount,
		})
	}
	return r
}

// put stores the tables but for the sales.
func put(ctx context.Context, s *run.Session, m *made, opts table.Options) error {
	if err := s.Put(ctx, m.people); err != nil {
		return err
	}
	return s.PutFrame(ctx, contract.Ledger, ledgerFrame(m.totals.Ledger), opts)
}

// putTable ends a table and stores it.
func putTable(ctx context.Context, s *run.Session, w *table.Writer) error {
	file, err := w.Close()
	if err != nil {
		return fmt.Errorf("write a table: %w", err)
	}
	defer closeFiles(file)
	return s.Put(ctx, file)
}

func closeFiles(files ...*table.File) {
	for _, f := range files {
		if f != nil {
			_ = f.Close()
		}
	}
}
