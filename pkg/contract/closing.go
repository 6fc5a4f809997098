package contract

import (
	"log/slog"

	"github.com/clientele/clientele/pkg/money"
)

// What a result adds to its step's closing record. A value that the step does not have is absent: texts that are empty, and
// counts of what was not looked at.

// Closing counts records, and the money of those that were rejected.
func (r IngestResult) Closing() []slog.Attr {
	attrs := append([]slog.Attr{slog.Bool("new", r.New)}, rows(r.RowsRead, r.RowsAccepted, r.RowsQuarantined)...)
	return append(attrs, slog.String("rejected_money", r.RejectedMoney.String()))
}

// rows counts records that were read, accepted and rejected.
func rows(in, out, rejected int64) []slog.Attr {
	attrs := []slog.Attr{slog.Int64("rows_in", in), slog.Int64("rows_out", out), slog.Int64("rejected", rejected)}
	if in > 0 {
		attrs = append(attrs, slog.Float64("rejected_share", float64(rejected)/float64(in)))
	}
	return attrs
}

// Closing counts lines and customers.
func (r PreprocessResult) Closing() []slog.Attr {
	attrs := []slog.Attr{slog.Int64("rows_out", r.Lines), slog.Int64("customers", r.Customers), slog.String("revenue", r.Revenue.String()),
		slog.Int("findings", len(r.Findings))}
	if len(r.Ledger) > 0 { // its first row is the input
		attrs = append(attrs, slog.Int64("rows_in", r.Ledger[0].Lines))
	}
	return attrs
}

// Closing has what drift found, and of which model.
func (r DriftResult) Closing() []slog.Attr {
	attrs := append([]slog.Attr{slog.String("verdict", r.Verdict), slog.String("act", r.Act)}, inForce(r.Model, r.Seq)...)
	if r.Age != nil {
		attrs = append(attrs, slog.Int("model_age_days", *r.Age))
	}
	if r.Frozen != nil {
		attrs = append(attrs, slog.Int("frozen_days", *r.Frozen))
	}
	return attrs
}

// Closing names the candidate.
func (r TrainResult) Closing() []slog.Attr { return inForce(r.ModelID, 0) }

// Closing has the verdict on the candidate.
func (r EvaluateResult) Closing() []slog.Attr {
	return append([]slog.Attr{slog.String("verdict", r.Verdict)}, inForce(r.Candidate, 0)...)
}

// Closing names the model in force.
func (r PromoteResult) Closing() []slog.Attr {
	return append([]slog.Attr{slog.String("action", r.Action)}, inForce(r.ModelID, r.Seq)...)
}

// Closing counts customers and their money, by which model.
func (r ScoreResult) Closing() []slog.Attr {
	var revenue money.Amount
	for _, s := range r.Segments {
		revenue += s.Revenue
	}
	attrs := append(inForce(r.ModelID, r.Seq), slog.Int64("customers", r.Customers), slog.String("revenue", revenue.String()))
	if !r.First {
		attrs = append(attrs, slog.Int64("moved", r.Moved))
	}
	return attrs
}

// Closing names the model that is back in force.
func (r RollbackResult) Closing() []slog.Attr {
	return append([]slog.Attr{slog.String("action", ActionRollback)}, inForce(r.ModelID, r.Seq)...)
}

// Closing names the champion, which stays.
func (r SteerResult) Closing() []slog.Attr {
	return append([]slog.Attr{slog.String("action", r.Action)}, inForce(r.ModelID, r.Seq)...)
}

// Closing says whether any step made anything, and the model that scored.
func (r PipelineResult) Closing() []slog.Attr {
	return append([]slog.Attr{slog.Bool("new", r.New)}, inForce(r.ModelID, 0)...)
}

// inForce names a model and its revision of HEAD, each if there is one.
func inForce(model string, seq int64) (attrs []slog.Attr) {
	if model != "" {
		attrs = append(attrs, slog.String("model_id", model))
	}
	if seq > 0 {
		attrs = append(attrs, slog.Int64("seq", seq))
	}
	return attrs
}
