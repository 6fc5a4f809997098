package report

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/registry"
	"github.com/clientele/clientele/pkg/report/view"
	"github.com/clientele/clientele/pkg/table"
)

// revisions are those of HEAD up to the run's, the newest first. Later ones are left out, so that the page of a run stays what it is.
func (j *job) revisions(ctx context.Context, in view.Inputs) ([]view.Revision, error) {
	seq := int64(0)
	if in.Promote != nil {
		seq = in.Promote.Seq
	}
	if in.Score != nil {
		seq = in.Score.Seq
	}
	if seq == 0 {
		return nil, nil
	}
	all, err := registry.New(j.home).History(ctx, 0)
	if fault.CodeOf(err) == fault.ExitMissing {
		j.deps.Log.Warn("the registry has no history, so the page does without it")
		return nil, nil
	}
	var rows []view.Revision
	for _, r := range all {
		if r.Seq <= seq && len(rows) < view.MostRevisions {
			rows = append(rows, view.Revision{Seq: r.Seq, Action: r.Action, ModelID: r.ModelID, AsOf: r.AsOf, Actor: r.Actor, Reason: r.Reason})
		}
	}
	return rows, err
}

// rejected are the first records that failed each check of the delivery. Their text is kept only on a page that may hold all customers.
func (j *job) rejected(ctx context.Context, in *contract.IngestResult) (rows []view.Rejected, err error) {
	if in == nil || in.RowsQuarantined == 0 {
		return nil, nil
	}
	o, err := j.home.Root.Open(ctx, contract.QuarantinePath(in.Source, in.Delivery), 0)
	if errors.Is(err, objstore.ErrNotFound) {
		j.deps.Log.Warn("the rejected records have expired, so the page shows no examples")
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, o.Close()) }()
	r, err := table.Open(o, o.Size, contract.Quarantine, j.opts)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	record, raw, rules := contract.Quarantine.Index("record"), contract.Quarantine.Index("raw"), contract.Quarantine.Index("rules")
	seen := map[string]int{}
	var records []int64
	for k := range r.NumRecords() {
		batch, err := r.Record(k)
		if err != nil {
			return nil, err
		}
		records = batch.Ints(records[:0], record)
		texts, failed := batch.Text(raw), batch.Text(rules)
		for i, n := range records {
			checks := strings.Split(string(failed.Bytes(i)), ",")
			if !slices.ContainsFunc(checks, func(c string) bool { return seen[c] < view.MostRejected }) {
				continue
			}
			for _, c := range checks {
				seen[c]++
			}
			row := view.Rejected{Record: n, Rules: checks}
			if text := texts.Bytes(i); j.PageCustomers == view.CustomersAll {
				row.Raw = strings.ToValidUTF8(string(text[:min(len(text), view.MostRaw)]), "")
			}
			rows = append(rows, row)
		}
		batch.Release()
	}
	return rows, nil
}
