package report

import (
	"fmt"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/money"
)

// findings says first what is doubtful about the lines: everything below is made of them.
func (l *layout) findings() section {
	s := section{ID: "findings", Title: "Before you trust this page"}
	t := &grid{Caption: "Findings about the lines", Head: heads("Finding", "Effect", "#Lines", "#Money", "What to do")}
	stops := int64(0)
	for _, f := range l.Findings {
		effect := cell{Text: "to know", Class: tone(contract.VerdictWarn)}
		if f.Stops {
			stops++
			effect = cell{Text: "stops promotion", Class: tone(contract.EvalFail)}
		}
		finding := name(capital(sentence(f.Sentence)))
		finding.Note = f.Code
		t.Rows = append(t.Rows, []cell{finding, effect, counted(f.Lines), l.amountOf(f.Money), text(capital(sentence(f.What)))})
	}
	if stops > 0 {
		s.Blocks = append(s.Blocks, block{Warning: fmt.Sprintf("Promotion is stopped by %s: no model of these lines becomes the current one until the delivery is corrected, "+
			"or somebody accepts findings by their code (--accept).", many(stops, "finding"))})
	}
	s.Blocks = append(s.Blocks, block{Table: t})
	return s
}

func counted(n int64) cell {
	if n == 0 {
		return number(dash)
	}
	return number(count(n))
}

func (l *layout) amountOf(m money.Amount) cell {
	if m == 0 {
		return number(dash)
	}
	return number(l.money.whole(m))
}

// chainWords says what the stages of the chain are.
var chainWords = map[string]cell{
	contract.ChainDelivered:  {Text: "delivered", Note: "records of the deliveries that are in use"},
	contract.ChainRejected:   {Text: "− rejected", Note: "failed a check"},
	contract.ChainSuperseded: {Text: "− superseded", Note: "replaced by a later delivery or sheet"},
	contract.ChainInForce:    {Text: "stored", Note: "lines in use"},
	contract.ChainOutside:    {Text: "− outside the window"},
	contract.ChainWindow:     {Text: "in the window", Note: "the input of the ledger"},
	contract.ChainRemoved:    {Text: "− removed by rules", Note: "see the ledger"},
	contract.ChainKept:       {Text: "kept"},
}

// chain is the way from the deliveries to the kept lines, nil where the run does not have it.
func (l *layout) chain() *grid {
	if len(l.Chain) == 0 {
		return nil
	}
	var amounts []money.Amount
	for _, r := range l.Chain {
		if r.Amount != nil {
			amounts = append(amounts, *r.Amount)
		}
	}
	decimals := decimalsOf(amounts...)
	t := &grid{Caption: "From the delivery to the kept lines", Head: heads("Stage", "#Records", "#Amount")}
	for i, r := range l.Chain {
		stage, ok := chainWords[r.Stage]
		if !ok {
			stage.Text = plain(r.Stage)
		}
		stage.Head = true
		amount := number(dash)
		if r.Amount != nil {
			amount = number(l.money.exact(*r.Amount, decimals))
		}
		cells := []cell{stage, number(count(r.Records)), amount}
		if i == len(l.Chain)-1 {
			t.Foot = cells
			break
		}
		t.Rows = append(t.Rows, cells)
	}
	return t
}
