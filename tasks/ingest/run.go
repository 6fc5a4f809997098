package ingest

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/delivery/source"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
)

// Run takes a delivery in. Nothing is written before the whole delivery has been read and held against its limits and what
// is in force; then come the partitions, the quarantine and a snapshot, which nobody sees, one swap of state/lines.json,
// which everybody does, and the manifest. The same file and flags give the same bytes, on any number of cores.
func Run(ctx context.Context, c Config, d task.Deps) (contract.IngestResult, error) {
	home, err := c.Open(ctx, d)
	if err != nil {
		return contract.IngestResult{}, err
	}
	defer func() { _ = home.Close() }()
	var m *run.Manifest
	if c.Undo != "" {
		m, err = undo(ctx, c, d, home)
	} else {
		m, err = takeIn(ctx, c, d, home)
	}
	if err != nil {
		return contract.IngestResult{}, err
	}
	var result contract.IngestResult
	if err := m.Decode(&result); err != nil {
		return result, err
	}
	if !result.New && c.ExitNothingNew {
		return result, fault.NothingNew(c.shownSource())
	}
	return result, nil
}

func takeIn(ctx context.Context, c Config, d task.Deps, home *run.Home) (*run.Manifest, error) {
	opts, err := c.readOptions()
	if err != nil {
		return nil, err
	}
	where, err := c.locations()
	if err != nil {
		return nil, err
	}
	defer task.Ballast()()
	if fresh, err := c.fresh(ctx, home, where); err != nil || fresh {
		if err != nil {
			return nil, err
		}
		return c.takeInFresh(ctx, d, home, where, opts)
	}
	past, err := c.remember(ctx, home, where, c.parameters(opts), d.Code)
	if err != nil {
		return nil, err
	}
	src, s, err := c.begin(ctx, d, home, where, past.known(), opts)
	if err != nil {
		return nil, err
	}
	defer func() { _ = src.Close() }()
	if s.Done() != nil {
		return done(ctx, d, home, s)
	}
	if src.Known() {
		if r, ok := past.result(c, s); ok {
			d.Log.Info("the delivery has not changed, and is in force: nothing was fetched", "snapshot", r.Snapshot)
			m, err := s.Commit(context.WithoutCancel(ctx), r)
			if err == nil {
				past.keep(ctx, d, src, r)
			}
			return m, err
		}
		if err := src.Close(); err != nil {
			return nil, err
		}
		whole, again, err := c.begin(ctx, d, home, where, nil, opts)
		if err != nil {
			return nil, err
		}
		if src, s = whole, again; s.Done() != nil {
			return done(ctx, d, home, s)
		}
	}
	spool := newSpool(d.Scratch)
	defer func() { _ = spool.Close() }()
	counts, err := c.fill(ctx, d, spool, src, opts)
	if err != nil {
		return nil, err
	}
	m, result, err := c.finish(ctx, d, home, s, src, spool, counts)
	if err == nil {
		past.keep(ctx, d, src, result)
	}
	return m, err
}

// fresh reports whether this step has made nothing in this run yet, and the delivery lies here. Then it will hardly turn out
// to be done, and reading it need not wait for the hash that would tell.
func (c Config) fresh(ctx context.Context, home *run.Home, where []source.Location) (bool, error) {
	if slices.ContainsFunc(where, source.Location.Remote) {
		return false, nil
	}
	_, err := home.Current(ctx, c.Run(), contract.Ingest)
	if errors.Is(err, objstore.ErrNotFound) {
		return true, nil
	}
	return false, err
}

// takeInFresh takes a delivery in that is hashed as it is read.
func (c Config) takeInFresh(ctx context.Context, d task.Deps, home *run.Home, where []source.Location, opts record.Options) (*run.Manifest, error) {
	src, err := c.openSource(ctx, d, where, nil, true)
	if err != nil {
		return nil, err
	}
	defer func() { _ = src.Close() }()
	spool := newSpool(d.Scratch)
	defer func() { _ = spool.Close() }()
	counts, err := c.fill(ctx, d, spool, src, opts)
	if err != nil {
		return nil, err
	}
	if err := src.Hash(ctx); err != nil {
		return nil, fault.About(src.Name, err)
	}
	s, err := c.session(ctx, d, home, src, opts)
	if err != nil {
		return nil, err
	}
	if s.Done() != nil { // it was stopped before it moved the run's pointer
		return done(ctx, d, home, s)
	}
	m, _, err := c.finish(ctx, d, home, s, src, spool, counts)
	return m, err
}

// done ends a step whose work an earlier try has done.
func done(ctx context.Context, d task.Deps, home *run.Home, s *run.Session) (*run.Manifest, error) {
	d.Log.Info("the same delivery was taken in before, in this run", "key", s.Key())
	m := s.Done()
	var r contract.IngestResult
	if err := m.Decode(&r); err != nil {
		return nil, err
	}
	if err := complete(ctx, d, home, s.Run(), r); err != nil {
		return nil, err
	}
	return m, s.Point(ctx)
}

// begin opens the delivery and starts the step's work on it. Close the delivery.
func (c Config) begin(ctx context.Context, d task.Deps, home *run.Home, where []source.Location, known []source.Known,
	opts record.Options) (*source.Delivery, *run.Session, error) {
	src, err := c.openSource(ctx, d, where, known, false)
	if err != nil {
		return nil, nil, err
	}
	s, err := c.session(ctx, d, home, src, opts)
	if err != nil {
		return nil, nil, errors.Join(err, src.Close())
	}
	return src, s, nil
}

// session starts the step's work on a delivery that is hashed.
func (c Config) session(ctx context.Context, d task.Deps, home *run.Home, src *source.Delivery, opts record.Options) (*run.Session, error) {
	return home.Begin(ctx, c.Run(), contract.Ingest, contract.Inputs{
		Refs: map[string]string{"source": src.SHA256}, Params: c.parameters(opts), Code: d.Code,
	})
}

// fill reads the delivery into the spool.
func (c Config) fill(ctx context.Context, d task.Deps, spool *spool, src *source.Delivery, opts record.Options) (record.Counts, error) {
	counts, err := c.read(ctx, src, opts, d, "reading", spool.add)
	if err != nil {
		return counts, err
	}
	if err := spool.end(); err != nil {
		return counts, err
	}
	if spool.superseded > 0 {
		d.Log.Info("some days are in two sheets: the lines of the later sheet count", "days", len(spool.supersededDays), "superseded", spool.superseded)
	}
	return counts, nil
}

// finish puts the spooled delivery into force and ends the step's work.
func (c Config) finish(ctx context.Context, d task.Deps, home *run.Home, s *run.Session, src *source.Delivery,
	spool *spool, counts record.Counts) (*run.Manifest, contract.IngestResult, error) {
	result, err := c.store(ctx, d, home, s, src, spool, counts)
	if err != nil {
		return nil, result, err
	}
	d.Log.Info("took the delivery in", "new", result.New, "read", result.RowsRead, "accepted", result.RowsAccepted,
		"quarantined", result.RowsQuarantined, "days", result.Days, "snapshot", result.Snapshot)
	// The lines are in force: a signal now would leave a run that does not know it.
	m, err := s.Commit(context.WithoutCancel(ctx), result)
	return m, result, err
}

// store writes the spooled delivery and puts it into force.
func (c Config) store(ctx context.Context, d task.Deps, home *run.Home, s *run.Session, src *source.Delivery,
	spool *spool, counts record.Counts) (contract.IngestResult, error) {
	result := resultOf(c, s.Key(), src, spool, counts)
	now, err := readLines(ctx, home)
	if err != nil {
		return result, err
	}
	in := &intake{
		delivery: lines.Delivery{ID: s.Key(), Source: c.SourceName, Files: src.Hashes()},
		zone:     c.Zone, currency: c.Currency, keyMark: keyMark([]byte(c.CustomerKey)), append: c.Mode == modeAppend, shrink: c.AllowShrink,
		older: c.AllowOlder, asOf: s.Run().AsOf,
	}
	for _, day := range spool.dates() { // their names are not known yet, and need not be
		in.partitions = append(in.partitions, lines.Partition{Source: c.SourceName, Day: day, Rows: spool.days[day].rows})
	}
	if err := now.check(in, s.Run()); err != nil {
		return result, err
	}
	bar := d.Progress.Bar("writing", counts.Accepted)
	defer bar.Done()
	w := &writer{
		home: home, spool: spool, source: c.SourceName, delivery: s.Key(), workers: task.Workers(),
		opts: table.Options{Scratch: d.Scratch, Memory: keep},
	}
	if in.partitions, err = w.partitions(ctx, bar); err != nil {
		return result, err
	}
	quarantined, err := w.quarantine(ctx)
	if err != nil {
		return result, err
	}
	if err := balance(counts, in.partitions, quarantined, spool.superseded); err != nil {
		return result, err
	}
	if err := now.check(in, s.Run()); err != nil { // now with the names: a day may be there out of another file
		return result, err
	}
	if result.New, err = now.isNew(ctx, home, s.Run(), in); err != nil {
		return result, err
	}
	if result.Snapshot, err = now.force(ctx, home, s.Run(), in); err != nil {
		return result, err
	}
	if kept := in.kept(now.snapshot); len(kept) > 0 {
		result.DaysKept = len(kept)
		d.Log.Warn("these days are in force from a delivery of a later as-of and stay as they are; --allow-older replaces them",
			"as_of", s.Run().AsOf, "days", len(kept), "first", slices.Min(slices.Collect(maps.Keys(kept))), "last", slices.Max(slices.Collect(maps.Keys(kept))))
	}
	return result, nil
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
	return fault.Errorf(fault.ExitInternal, "unbalanced", "", "%d records were read, %d accepted and %d rejected; %d lines and %d quarantined records were written, %d lines superseded",
		counts.Records, counts.Accepted, counts.Rejected, accepted, quarantined, superseded)
}

func resultOf(c Config, key string, src *source.Delivery, spool *spool, counts record.Counts) contract.IngestResult {
	first, last := calendar.DateOf(counts.First), calendar.DateOf(counts.Last)
	r := contract.IngestResult{
		SHA256: src.SHA256, Source: c.SourceName, Delivery: key, RowsRead: counts.Records, RowsAccepted: counts.Accepted - spool.superseded,
		RowsSuperseded:  spool.superseded,
		RowsQuarantined: counts.Rejected, Days: len(spool.days), First: &first, Last: &last, Quarantine: []contract.RuleCount{},
	}
	for _, n := range ruleCounts(counts) {
		r.Quarantine = append(r.Quarantine, n.RuleCount)
	}
	return r
}
