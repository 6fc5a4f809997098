package ingest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/delivery/source"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/task"
)

// chunks ingests a delivery of more than --chunk files as several, one after the other, each of which becomes current by a swap of its
// own. The same command after a failure goes on where it ended: what is stored is not read again, and what a server says is
// unchanged is not fetched. The result counts all chunks; the manifest of the run is that of the last.
func (c Config) chunks(ctx context.Context, d task.Deps, home *run.Home) (contract.IngestResult, error) {
	parts, err := c.split(ctx, d)
	if err != nil {
		return contract.IngestResult{}, err
	}
	bar := d.Progress.Bar("chunks", int64(len(parts)))
	defer bar.Done()
	var all contract.IngestResult
	taken := map[calendar.Date]string{}
	some := false
	for i, part := range parts {
		name := fmt.Sprintf("chunk %d of %d", i+1, len(parts))
		j := &job{c: part, d: d, home: home, chunk: len(parts) > 1, last: i == len(parts)-1, taken: taken}
		r, err := j.done(ctx)
		bar.Add(1)
		if missing, is := errors.AsType[*source.MissingError](err); is && c.AllowMissing {
			d.Log.Info(name+": none of its files is there", "files", len(missing.Files))
			continue
		}
		if err != nil {
			return all, fmt.Errorf("%s: %w", name, err)
		}
		some = true
		if err := deliveredDays(ctx, home, c, r.Delivery, name, taken); err != nil {
			return all, err
		}
		d.Log.Info(name+" is stored", "files", len(strings.Split(part.Source, "\n")), "new", r.New, "first", r.First, "last", r.Last, "accepted", r.RowsAccepted)
		if all, err = plus(all, r); err != nil {
			return all, err
		}
	}
	if !some {
		return all, fault.Errorf(fault.ExitMissing, "missing_days", c.in().Shown(), "--source: none of the files is there")
	}
	return all, nil
}

// split makes a configuration of each chunk.
func (c Config) split(ctx context.Context, d task.Deps) ([]Config, error) {
	where, err := c.in().Files(ctx, d)
	if err != nil {
		return nil, err
	}
	var parts []Config
	for len(where) > 0 {
		n := min(c.Chunk, len(where))
		var names []string
		for _, l := range where[:n] {
			names = append(names, l.ID())
		}
		part := c
		if part.Source = strings.Join(names, "\n"); source.HasDays(c.Source) {
			part.Ranged, part.From, part.To = true, "", ""
		}
		parts = append(parts, part)
		where = where[n:]
	}
	return parts, nil
}

// done ingests a chunk and returns its result.
func (j *job) done(ctx context.Context) (r contract.IngestResult, err error) {
	defer func() { err = errors.Join(err, j.close()) }()
	m, err := j.ingest(ctx)
	if err != nil {
		return r, err
	}
	return r, m.Decode(&r)
}

// deliveredDays notes the days whose lines are a delivery's.
func deliveredDays(ctx context.Context, home *run.Home, c Config, delivery, name string, taken map[calendar.Date]string) error {
	now, err := lines.Open(ctx, home.Root, c.Run())
	if err != nil {
		return err
	}
	partitions, _, err := now.Snapshot.All(ctx)
	if err != nil {
		return err
	}
	for _, p := range partitions {
		if p.Source == c.SourceName && p.Delivery == delivery {
			taken[p.Day] = name
		}
	}
	return nil
}

// plus adds up what chunks came to. What is of one delivery is that of the last.
func plus(a, b contract.IngestResult) (contract.IngestResult, error) {
	sum := b
	sum.New = a.New || b.New
	sum.RowsRead += a.RowsRead
	sum.RowsAccepted += a.RowsAccepted
	sum.RowsQuarantined += a.RowsQuarantined
	sum.RowsSuperseded += a.RowsSuperseded
	sum.Lines += a.Lines
	sum.RejectedLines += a.RejectedLines
	sum.Days += a.Days
	sum.DaysKept += a.DaysKept
	if a.First != nil && (b.First == nil || *a.First < *b.First) {
		sum.First = a.First
	}
	if a.Last != nil && (b.Last == nil || *a.Last > *b.Last) {
		sum.Last = a.Last
	}
	var err, err2, err3 error
	sum.AcceptedMoney, err = a.AcceptedMoney.Plus(b.AcceptedMoney)
	sum.AcceptedNet, err2 = a.AcceptedNet.Plus(b.AcceptedNet)
	sum.RejectedMoney, err3 = a.RejectedMoney.Plus(b.RejectedMoney)
	return sum, errors.Join(err, err2, err3)
}
