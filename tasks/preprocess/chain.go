package preprocess

import (
	"context"
	"maps"
	"math"
	"slices"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/finding"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/retail"
)

// spansOf returns days and rows.
func spansOf(parts []lines.Partition) []span {
	spans := make([]span, len(parts))
	for i, p := range parts {
		spans[i] = span{p.Day, p.Day, p.Rows}
	}
	return spans
}

// stored returns the rows of everything stored: by day from the window's first day on, by part before it.
func (j *job) stored(ctx context.Context, snapshot *lines.Snapshot) ([]span, error) {
	start := j.window.Start()
	days, err := snapshot.Window(ctx, start, math.MaxInt32)
	if err != nil {
		return nil, err
	}
	spans := spansOf(days)
	type year struct {
		source string
		year   int
	}
	inside := map[year]int64{} // of the parts that the window begins in
	for _, d := range days {
		inside[year{d.Source, d.Day.Year()}] += d.Rows
	}
	for _, p := range snapshot.Parts {
		if rows := p.Rows - inside[year{p.Source, p.From.Year()}]; p.From < start && rows > 0 {
			spans = append(spans, span{p.From, min(p.To, start-1), rows})
		}
	}
	return spans, nil
}

// doubts is what to know of the lines before trusting them: findings, and the chain from what was delivered to what is kept.
func (j *job) doubts(ctx context.Context, v *surveyed, came outcome) (found []finding.Finding, rows []contract.ChainRow, err error) {
	stored, err := j.stored(ctx, v.snapshot)
	if err != nil {
		return nil, nil, err
	}
	all, err := v.snapshot.Account()
	if err != nil {
		return nil, nil, fault.Errorf(fault.ExitBadData, "range", j.home.Root.URI(contract.SnapshotPath(j.snapshot)), "%w", err)
	}
	delivered, err := j.delivered(ctx, v)
	if err != nil {
		return nil, nil, err
	}
	look := seen{found: append(delivered, v.Found...), codes: v.Codes, outcome: came, window: j.window, days: spansOf(v.days), stored: stored, changed: v.Changed}
	return look.findings(), chain(all, v.days, v.Delivered, came.totals.Ledger), nil
}

// delivered is what ingest found in the deliveries that the window has lines of.
func (j *job) delivered(ctx context.Context, v *surveyed) ([]finding.Finding, error) {
	type of struct{ source, delivery string }
	inside := map[of]bool{}
	for _, p := range v.days {
		inside[of{p.Source, p.Delivery}] = true
	}
	deliveries, err := v.snapshot.Deliveries(ctx, j.window.Start(), j.window.AsOf)
	if err != nil {
		return nil, err
	}
	var all []finding.Finding
	var delivered, rejected sum // money of what was accepted is net
	for _, d := range deliveries {
		if inside[of{d.Source, d.ID}] {
			all = append(all, d.Findings...)
			if slices.ContainsFunc(d.Findings, func(f finding.Finding) bool { return f.Code == finding.RejectedShare }) {
				rejected.add(sum{d.Rejected.Records, d.Rejected.Amount})
			}
			delivered.add(sum{d.Accepted.Records + d.Rejected.Records, max(d.Accepted.Amount, -d.Accepted.Amount) + d.Rejected.Amount})
		}
	}
	all = finding.Join(all)
	for i := range all {
		if f := &all[i]; f.Code == finding.RejectedShare {
			f.Stops = float64(rejected.lines) > rejectedPart*float64(delivered.lines) || part(rejected.amount, delivered.amount) > rejectedPart
		}
	}
	finding.Sort(all)
	return finding.First(all, lines.MostFindings), nil
}

// chain follows the records from the deliveries to the kept lines. worth is what the lines of the window were delivered for.
func chain(all lines.Account, window []lines.Partition, worth money.Amount, l retail.Ledger) []contract.ChainRow {
	inside := int64(0)
	for _, p := range window {
		inside += p.Rows
	}
	in, kept := l.Input(), l.Kept()
	var rows []contract.ChainRow
	outside := all.InForce.Records - inside
	if all.Unpriced == 0 {
		rows = append(rows,
			tallied(contract.ChainDelivered, all.Delivered), tallied(contract.ChainRejected, all.Rejected), tallied(contract.ChainSuperseded, all.Superseded),
			row(contract.ChainInForce, all.InForce.Records, all.InForce.Amount), row(contract.ChainOutside, outside, all.InForce.Amount-worth))
	} else { // of what came before version 2 of the snapshot more is not known
		rows = append(rows, contract.ChainRow{Stage: contract.ChainInForce, Records: all.InForce.Records}, contract.ChainRow{Stage: contract.ChainOutside, Records: outside})
		if outside == 0 { // then all money is in the window
			rows = []contract.ChainRow{row(contract.ChainInForce, all.InForce.Records, worth), row(contract.ChainOutside, 0, 0)}
		}
	}
	return append(rows,
		row(contract.ChainWindow, inside, worth),
		row(contract.ChainRemoved, in.Lines-kept.Lines, worth-kept.Amount),
		row(contract.ChainKept, kept.Lines, kept.Amount))
}

// tallied is a row of what is known to the physical line.
func tallied(stage string, t lines.Tally) contract.ChainRow {
	r := row(stage, t.Records, t.Amount)
	r.Lines = &t.Lines
	return r
}

func row(stage string, records int64, amount money.Amount) contract.ChainRow {
	return contract.ChainRow{Stage: stage, Records: records, Amount: &amount}
}

// converted is what the lines of some days were converted from, by currency.
func converted(days []lines.Partition) (all []contract.Converted) {
	by := map[string]contract.Converted{}
	for _, d := range days {
		for _, c := range d.Converted {
			of := by[c.Currency]
			by[c.Currency] = contract.Converted{Currency: c.Currency, Records: of.Records + c.Records, Original: of.Original + c.Original, Amount: of.Amount + c.Amount}
		}
	}
	for _, currency := range slices.Sorted(maps.Keys(by)) {
		all = append(all, by[currency])
	}
	return all
}
