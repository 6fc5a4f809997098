package preprocess

import (
	"github.com/clientele/clientele/pkg/contract"
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

// chain follows the records from the deliveries to the kept lines.
func (j *job) chain(snapshot *lines.Snapshot, window []lines.Partition, l retail.Ledger) []contract.ChainRow {
	var stored, inside int64
	for _, p := range snapshot.Partitions {
		stored += p.Rows
	}
	for _, p := range window {
		inside += p.Rows
	}
	in, kept := l.Input(), l.Kept()
	rows := append(j.delivered(snapshot, stored),
		contract.ChainRow{Stage: contract.ChainInForce, Records: stored},
		contract.ChainRow{Stage: contract.ChainOutside, Records: stored - inside},
		row(contract.ChainWindow, inside, in.Amount),
		row(contract.ChainRemoved, in.Lines-kept.Lines, in.Amount-kept.Amount),
		row(contract.ChainKept, kept.Lines, kept.Amount))
	if stored == inside { // then all money is in the window
		at := len(rows) - 5
		rows[at] = row(contract.ChainInForce, stored, in.Amount)
		rows[at+1] = row(contract.ChainOutside, 0, 0)
	}
	return rows
}

func row(stage string, records int64, amount money.Amount) contract.ChainRow {
	return contract.ChainRow{Stage: stage, Records: records, Amount: &amount}
}

// delivered is what became of the records of the one delivery that is in force. Of several, this run's ingest knows its own only.
func (j *job) delivered(snapshot *lines.Snapshot, stored int64) []contract.ChainRow {
	in := j.ingest
	if len(snapshot.Deliveries) != 1 || snapshot.Deliveries[0].ID != in.Delivery || in.RowsRead-in.RowsQuarantined-in.RowsSuperseded != stored {
		return nil
	}
	return []contract.ChainRow{
		{Stage: contract.ChainDelivered, Records: in.RowsRead},
		{Stage: contract.ChainRejected, Records: in.RowsQuarantined},
		{Stage: contract.ChainSuperseded, Records: in.RowsSuperseded},
	}
}
