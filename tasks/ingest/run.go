package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/delivery/detect"
	"github.com/clientele/clientele/pkg/delivery/reading"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/delivery/source"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/intake"
	"github.com/clientele/clientele/pkg/task/work"
)

// Run ingests a delivery. Nothing is written before all of it has been read and checked against its limits and the current
// snapshot. Then come the partitions, the rejected records and a snapshot, which nobody sees; one swap of state/lines.json,
// which everybody does; and the manifest. The same file and flags give the same bytes, on any number of cores.
func Run(ctx context.Context, c Config, d task.Deps) (contract.IngestResult, error) {
	home, err := work.Open(ctx, c.Common, d)
	if err != nil {
		return contract.IngestResult{}, err
	}
	defer func() { _ = home.Close() }()
	if c.Chunk > 0 && c.Undo == "" {
		result, err := c.chunks(ctx, d, home)
		if err == nil && !result.New && c.ExitNothingNew {
			err = fault.NothingNew(c.in().Shown())
		}
		return result, advise(err)
	}
	j := &job{c: c, d: d, home: home, last: true}
	defer func() { _ = j.close() }()
	var m *run.Manifest
	if c.Undo != "" {
		m, err = j.undo(ctx)
	} else {
		m, err = j.ingest(ctx)
	}
	if err != nil {
		return contract.IngestResult{}, advise(err)
	}
	var result contract.IngestResult
	if err := m.Decode(&result); err != nil {
		return result, err
	}
	if !result.New && c.ExitNothingNew {
		return result, fault.NothingNew(c.in().Shown())
	}
	if result.New {
		work.Record(ctx, home, m, d)
	}
	return result, nil
}

// job is one ingest at work.
type job struct {
	c    Config
	d    task.Deps
	home *run.Home

	erased *run.Erased // whose lines are rejected; as it stood before anything was read

	where  []source.Location
	stated reading.Reading // by flags and profile
	read   reading.Reading // how the delivery is read
	found  *detect.Found   // by a look at it; nil without one
	opts   record.Options  // that follow from it

	chunk bool                     // the delivery is one of several of a command
	last  bool                     // and the last, or the only one
	taken map[calendar.Date]string // by earlier chunks: which has stored a day

	src   *source.Delivery
	s     *run.Session // nil while the hash of the delivery is not known
	spool *spool
}

func (j *job) close() error {
	var errs []error
	if j.src != nil {
		errs = append(errs, j.src.Close())
	}
	if j.spool != nil {
		errs = append(errs, j.spool.Close())
	}
	return errors.Join(errs...)
}

func (j *job) ingest(ctx context.Context) (m *run.Manifest, err error) {
	defer task.Ballast(j.d.Memory.Ballast(), 50)()
	if j.erased, err = run.ReadErased(ctx, j.home.Root); err != nil {
		return nil, err
	}
	past, err := j.prepare(ctx, j.c.Run())
	if err != nil {
		return nil, err
	}
	fresh, err := j.fresh(ctx)
	if err != nil {
		return nil, err
	}
	if m, err = j.open(ctx, past, past.known(), fresh); m != nil || err != nil {
		return m, err
	}
	if j.src.Known() {
		r, ok := past.result(j.c, j.s)
		if ok && j.chunk {
			if ok, err = past.holds(ctx, r); err != nil {
				return nil, err
			}
		}
		if ok {
			if err := j.c.CheckAsOf(j.d, j.c.Zone, past.lines.Snapshot.Last()); err != nil {
				return nil, err
			}
			j.d.Log.Info("the delivery has not changed, and its lines are current: nothing was fetched", "snapshot", r.Snapshot)
			return j.commit(ctx, past, r)
		}
		if m, err = j.open(ctx, past, nil, false); m != nil || err != nil {
			return m, err
		}
	}
	counts, err := j.fill(ctx)
	if err != nil {
		return nil, err
	}
	if err := j.src.Hash(ctx); err != nil {
		return nil, fault.About(j.src.Name, err)
	}
	if m, err = j.begin(ctx); m != nil || err != nil {
		return m, err
	}
	result, err := j.store(ctx, counts)
	if err != nil {
		return nil, err
	}
	j.d.Log.Info("stored the delivery", "new", result.New, "read", result.RowsRead, "accepted", result.RowsAccepted,
		"quarantined", result.RowsQuarantined, "days", result.Days, "snapshot", result.Snapshot)
	return j.commit(ctx, past, result)
}

// fresh reports whether this step has made nothing in this run yet, and the delivery is on this machine. Then it will hardly
// turn out to be done, and reading it need not wait for the hash that would tell.
func (j *job) fresh(ctx context.Context) (bool, error) {
	if slices.ContainsFunc(j.where, source.Location.Remote) {
		return false, nil
	}
	_, err := j.home.Current(ctx, j.c.Run(), contract.Ingest)
	if errors.Is(err, objstore.ErrNotFound) {
		return true, nil
	}
	return false, err
}

// prepare finds out what is known before the delivery is opened: where it is, how it is to be read, and what earlier runs have
// left of it.
func (j *job) prepare(ctx context.Context, of contract.Run) (past *recall, err error) {
	if j.where, err = j.c.in().Locations(); err != nil {
		return nil, err
	}
	if j.stated, err = j.c.in().Stated(ctx, j.d); err != nil {
		return nil, err
	}
	if err := errors.Join(j.c.LoadRates(ctx, j.d), j.c.LoadQuery(ctx, j.d)); err != nil {
		return nil, err
	}
	if past, err = j.remember(ctx, of); err != nil {
		return nil, err
	}
	kept, err := past.kept()
	j.c.Reading, j.c.RunName = j.stated.Over(kept), of.String()
	return past, err
}

// open opens the delivery, in place of one that is open, finds out how it is read, and begins the step's work if its hash is
// known: see begin. It is not where a fresh one is hashed as it is read.
func (j *job) open(ctx context.Context, past *recall, known []source.Known, fresh bool) (*run.Manifest, error) {
	if j.src != nil {
		if err := j.src.Close(); err != nil {
			return nil, err
		}
	}
	var err error
	if j.src, err = j.c.in().Open(ctx, j.d, j.where, known, fresh); err != nil {
		return nil, err
	}
	found, err := j.resolve(ctx, past)
	if err != nil {
		return nil, err
	}
	if found != nil && j.found == nil {
		intake.Say(j.d.Log, found)
	}
	if j.found = found; j.src.SHA256 == "" {
		return nil, nil
	}
	j.s = nil
	return j.begin(ctx)
}

// resolve settles how the delivery is read: as is stated, as its source was read before, or as it is found to be written. One
// that was not fetched is read as it was; then nothing is found.
func (j *job) resolve(ctx context.Context, past *recall) (found *detect.Found, err error) {
	if j.src.Known() {
		j.read, err = reading.Parse(past.seen.Result.Reading)
	} else {
		var kept reading.Reading
		if kept, err = past.kept(); err != nil {
			return nil, err
		}
		if found, err = j.c.in().Look(ctx, j.src, j.d, j.stated, kept); err != nil {
			return nil, err
		}
		j.read = found.Reading
	}
	if err != nil {
		return nil, err
	}
	j.c.Currency = j.c.in().CurrencyOf(past.lines.Snapshot.Currency, found)
	j.opts, err = j.c.readOptions(j.read)
	if j.erased != nil && j.erased.Seq > 0 {
		j.opts.Forgotten = j.erased.Has
	}
	return found, err
}

// begin begins the step's work on a delivery that is hashed, unless it has begun. It returns the manifest if an earlier try has
// done that work: then there is nothing left to do.
func (j *job) begin(ctx context.Context) (*run.Manifest, error) {
	if j.s != nil {
		return nil, nil
	}
	var err error
	j.s, err = j.home.Begin(ctx, j.c.Run(), contract.Ingest, contract.Inputs{
		Refs: map[string]string{"source": j.src.SHA256}, Params: j.c.parameters(j.read), Code: j.d.Code,
	})
	if err != nil || j.s.Done() == nil {
		return nil, err
	}
	m := j.s.Done()
	j.d.Log.Info("the same delivery was ingested before, in this run", "key", j.s.Key())
	var r contract.IngestResult
	if err := m.Decode(&r); err != nil {
		return nil, err
	}
	if !j.last { // the pointer is for the last chunk to judge
		return m, j.s.Point(ctx)
	}
	removed, err := lines.Restore(ctx, j.home.Root, j.s.Run(), r.Delivery, r.Snapshot)
	if err != nil {
		return nil, err
	}
	if removed {
		j.d.Log.Warn("the pointer to the lines was gone and names the snapshot of this delivery again: later deliveries are not in it",
			"object", j.home.Root.URI(contract.LinesStatePath()), "snapshot", r.Snapshot)
	}
	now, err := lines.Open(ctx, j.home.Root, j.s.Run())
	if err != nil {
		return nil, err
	}
	if r.Snapshot != now.SHA256 {
		j.d.Log.Warn("this run's snapshot is not the current one: a later delivery or an undo has made another current; to take this delivery in again, use a new run id",
			"snapshot", r.Snapshot, "current", now.SHA256)
	}
	return m, j.s.Point(ctx)
}

// fill reads the delivery into the spool.
func (j *job) fill(ctx context.Context) (record.Counts, error) {
	if err := j.checkMemory("reads a delivery", 0); err != nil {
		return record.Counts{}, err
	}
	j.spool = newSpool(j.d.Scratch, j.d.Memory.Lines())
	j.spool.name = j.src.Name
	counts, err := j.c.read(ctx, j.src, j.opts, j.d, "reading", j.spool.add)
	if err != nil {
		return counts, err
	}
	if err := j.spool.end(j.read.Sheets); err != nil {
		return counts, err
	}
	if j.spool.superseded > 0 {
		j.d.Log.Info("some days are in two sheets: each line counts once", "days", j.spool.supersededDays, "superseded", j.spool.superseded)
	}
	if err := j.checkDays(); err != nil {
		return counts, err
	}
	most := int64(0)
	for _, day := range j.spool.days {
		most = max(most, day.rows)
	}
	if err := j.checkMemory(fmt.Sprintf("writes a day of %d lines", most), most); err != nil {
		return counts, err
	}
	return counts, j.checkOverlap()
}

// checkMemory refuses what needs more memory than there is, for days of so many rows.
func (j *job) checkMemory(does string, rows int64) error {
	const fixed, batch = 16 << 20, 448 // bytes: whatever the delivery, and of each row that is written at a time, by all workers
	if need := fixed + min(rows, table.BatchRows)*batch; j.d.Memory > 0 && need > int64(j.d.Memory) {
		return fault.ErrConfig.Errorf("memory", j.src.Name, "%s", j.d.Memory.TooLittle(does, need))
	}
	return nil
}

// checkDays returns a Fault if the delivery has more days than a shop can have: a date layout that does not fit makes them.
func (j *job) checkDays() error {
	days := j.spool.dates()
	if len(days) <= cmp.Or(j.c.MaxDays, len(days)) {
		return nil
	}
	return fault.Errorf(fault.ExitBadData, "days", j.src.Name, "%s has %d days, from %s to %s: is the date layout right? At most --max-days=%d are taken, and nothing was stored",
		j.src.Name, len(days), days[0], days[len(days)-1], j.c.MaxDays)
}

// store writes the spooled delivery and makes it current.
func (j *job) store(ctx context.Context, counts record.Counts) (contract.IngestResult, error) {
	result := j.result(counts)
	var err error
	result.Findings = j.findings(counts)
	if result.Reading, err = contract.Canonical(j.read); err != nil {
		return result, fmt.Errorf("encode reading: %w", err)
	}
	now, err := lines.Open(ctx, j.home.Root, j.s.Run())
	if err != nil {
		return result, err
	}
	change := &lines.Change{
		Delivery: j.delivered(counts, result.Findings),
		Zone:     j.c.Zone, Currency: j.c.Currency, KeyMark: record.KeyMark([]byte(j.c.CustomerKey)), AsOf: j.s.Run().AsOf,
		Reading: result.Reading, Erasures: j.erased.Seq, Append: j.c.Mode == modeAppend, Everything: j.c.Mode == modeEverything,
		AllowOlder: j.c.AllowOlder, AllowLess: j.c.AllowShrink,
	}
	for _, day := range j.spool.dates() { // their names are not known yet, and need not be
		change.Partitions = append(change.Partitions, lines.Partition{Source: j.c.SourceName, Day: day, Rows: j.spool.days[day].rows})
	}
	if err := j.c.CheckAsOf(j.d, j.c.Zone, max(*result.Last, now.Snapshot.Last())); err != nil {
		return result, err
	}
	if err := now.Check(ctx, change); err != nil {
		return result, err
	}
	bar := j.d.Progress.Bar("writing", counts.Accepted)
	defer bar.Done()
	w := &writer{
		home: j.home, spool: j.spool, source: j.c.SourceName, delivery: j.s.Key(), workers: task.Workers(),
		opts: table.Options{Scratch: j.d.Scratch, Memory: j.d.Memory.Upload()},
	}
	if change.Partitions, err = w.partitions(ctx, bar); err != nil {
		return result, err
	}
	result.Missing = w.missing()
	quarantined, err := w.quarantine(ctx)
	if err != nil {
		return result, err
	}
	if err := balance(counts, change.Partitions, quarantined, j.spool.superseded); err != nil {
		return result, err
	}
	out, err := now.Put(ctx, change)
	if err != nil {
		return result, err
	}
	result.New, result.Snapshot, result.DaysKept = out.New, out.Snapshot, len(out.Kept)
	if n := len(out.Kept); n > 0 {
		j.d.Log.Warn("these days were delivered by a run of a later as-of and stay as they are; --allow-older replaces them",
			"as_of", change.AsOf, "days", n, "first", out.Kept[0], "last", out.Kept[n-1])
	}
	return result, nil
}

// commit ends the step's work. The lines are current by now: a signal would leave a run that does not know it.
func (j *job) commit(ctx context.Context, past *recall, r contract.IngestResult) (*run.Manifest, error) {
	m, err := j.s.Commit(context.WithoutCancel(ctx), r)
	if err == nil {
		past.keep(ctx, j.d, j.src, r)
	}
	return m, err
}

// undo makes the parent of a snapshot current, if the snapshot is. Either way the run's manifest names the current snapshot,
// for the steps that follow.
func (j *job) undo(ctx context.Context) (*run.Manifest, error) {
	s, err := j.home.Begin(ctx, j.c.Run(), contract.Ingest, contract.Inputs{
		Refs: map[string]string{"undo": j.c.Undo}, Params: map[string]any{}, Code: j.d.Code,
	})
	if err != nil {
		return nil, err
	}
	if m := s.Done(); m != nil {
		j.d.Log.Info("undone before, in this run", "key", s.Key())
		return m, s.Point(ctx)
	}
	now, err := lines.Open(ctx, j.home.Root, s.Run())
	if err != nil {
		return nil, err
	}
	if err := j.c.CheckAsOf(j.d, j.c.Zone, now.Snapshot.Last()); err != nil {
		return nil, err
	}
	result := contract.IngestResult{Source: j.c.SourceName, Delivery: s.Key(), Quarantine: []contract.RuleCount{}}
	if result.Snapshot, result.New, err = now.Undo(ctx, s.Key(), j.c.Undo); err != nil {
		return nil, err
	}
	j.d.Log.Info("undo", "undone", result.New, "snapshot", result.Snapshot)
	return s.Commit(context.WithoutCancel(ctx), result)
}

// balance returns a Fault of [fault.ExitInternal] unless every record read is in one place.
func balance(counts record.Counts, partitions []lines.Partition, quarantined, superseded int64) error {
	accepted := int64(0)
	for _, p := range partitions {
		accepted += p.Rows
	}
	if accepted+superseded == counts.Accepted && quarantined == counts.Rejected && counts.Accepted+quarantined == counts.Records {
		return nil
	}
	return fault.Errorf(fault.ExitInternal, "unbalanced", "", "%d records were read, %d accepted and %d rejected; %d lines and %d rejected records were written, %d lines superseded",
		counts.Records, counts.Accepted, counts.Rejected, accepted, quarantined, superseded)
}

func (j *job) result(counts record.Counts) contract.IngestResult {
	first, last := calendar.DateOf(counts.First), calendar.DateOf(counts.Last)
	r := contract.IngestResult{
		SHA256: j.src.SHA256, Source: j.c.SourceName, Delivery: j.s.Key(), RowsRead: counts.Records,
		RowsAccepted: counts.Accepted - j.spool.superseded, RowsSuperseded: j.spool.superseded, RowsQuarantined: counts.Rejected,
		Lines: counts.Lines, RejectedLines: counts.RejectedLines,
		AcceptedMoney: counts.AcceptedAmount, AcceptedNet: counts.AcceptedNet, RejectedMoney: counts.RejectedAmount,
		Currency: j.c.Currency, Converted: converted(counts), Rates: j.c.RatesSHA256(),
		Days: len(j.spool.days), First: &first, Last: &last, Quarantine: []contract.RuleCount{},
	}
	for _, n := range ruleCounts(counts) {
		r.Quarantine = append(r.Quarantine, n.RuleCount)
	}
	return r
}
