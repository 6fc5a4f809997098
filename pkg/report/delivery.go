package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/money"
)

// delivery says what was delivered, how it was read, and which records were rejected.
func (l *layout) delivery() panel {
	p := panel{Span: 6, Title: "The delivery", Source: "ingest's result"}
	in := l.Ingest
	if in == nil {
		p.Blocks = []block{{Note: "This run ingested no delivery: it uses lines stored earlier."}}
		return p
	}
	p.Lead = capital(l.deliveryWords())
	if in.RowsQuarantined == 0 {
		p.Blocks = append(p.Blocks, block{Text: fmt.Sprintf("Rejected records: none of %s.", many(in.RowsRead, "record"))})
	} else {
		p.Blocks = append(p.Blocks, block{Text: fmt.Sprintf("Rejected records: %s of %s (%s) failed a check and are not used. The money in them, as far as it can be read, is %s.", count(in.RowsQuarantined),
			many(in.RowsRead, "record"), share(float64(in.RowsQuarantined)/float64(in.RowsRead)), l.money.whole(in.RejectedMoney))})
		t := &grid{ID: "rejected", Caption: "Reasons for rejection; one record can fail several checks", Head: heads("Check", "#Records")}
		for _, q := range in.Quarantine {
			t.Rows = append(t.Rows, []cell{name(plain(q.Rule)), number(count(q.Rows))})
		}
		p.Blocks = append(p.Blocks, block{Table: t})
	}
	if facts := readFacts(in.Reading); len(facts) > 0 {
		p.Blocks = append(p.Blocks, block{Heading: "How the file was read"}, block{Facts: facts})
	}
	return p
}

// rejected shows some of the rejected records and where all of them lie, nil where there are none.
func (l *layout) rejected() *panel {
	in := l.Ingest
	if in == nil || in.RowsQuarantined == 0 {
		return nil
	}
	where := contract.QuarantinePath(in.Source, in.Delivery)
	p := panel{Span: 12, Title: "What was rejected", Lead: fmt.Sprintf("The first records that failed each check. All %s are in the table quarantine, in the object %s of the root.", count(in.RowsQuarantined), where), Source: where}
	if len(l.Rejected) == 0 {
		p.Blocks = []block{{Note: "The rejected records have expired, so there are no examples."}}
		return &p
	}
	t := &grid{ID: "examples", Caption: "Rejected records, by their place in the delivery", Head: heads("Record", "Failed", "As it was read"), Page: 10, Sort: true}
	hidden := false
	for _, r := range l.Rejected {
		var failed []string
		for _, rule := range r.Rules {
			failed = append(failed, plain(rule))
		}
		raw := code(r.Raw)
		if r.Raw == "" {
			raw, hidden = text(dash), true
		}
		t.Rows = append(t.Rows, []cell{{Text: count(r.Record), Head: true, Sort: fmt.Sprint(r.Record)}, text(strings.Join(failed, ", ")), raw})
	}
	p.Blocks = []block{{Table: t}}
	if hidden {
		p.Blocks = append(p.Blocks, block{Note: "The text of a record can name a customer, so it is only on a page that holds all customers (--page-customers=all)."})
	}
	return &p
}

// layoutWords write the layout of dates in letters that people know.
var layoutWords = strings.NewReplacer("2006", "YYYY", "01", "MM", "02", "DD", "15", "hh", "04", "mm", "05", "ss")

// readFacts are the values of how a delivery was read, by name.
func readFacts(reading json.RawMessage) []fact {
	var values map[string]any
	if len(reading) == 0 || json.Unmarshal(reading, &values) != nil {
		return nil
	}
	var facts []fact
	for k, v := range values {
		said := fmt.Sprint(v)
		if m, ok := v.(map[string]any); ok {
			var pairs []string
			for from, to := range m {
				pairs = append(pairs, fmt.Sprintf("%s: %v", from, to))
			}
			slices.Sort(pairs)
			said = strings.Join(pairs, ", ")
		}
		if k == "date_layout" {
			said = layoutWords.Replace(said)
		}
		if said != "" && said != "[]" {
			facts = append(facts, fact{capital(plain(k)), said})
		}
	}
	slices.SortFunc(facts, func(a, b fact) int { return strings.Compare(a.Label, b.Label) })
	return facts
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
		if r.Stage == contract.ChainWindow {
			t.Rows = append(t.Rows, l.converted(decimals)...)
		}
	}
	return t
}

// converted is each other currency's part of the window.
func (l *layout) converted(decimals int) (rows [][]cell) {
	for _, c := range l.Converted {
		from := currency(c.Currency)
		rows = append(rows, []cell{{Text: "of it, from " + c.Currency, Note: from.exact(c.Original, decimals) + " as delivered", Head: true},
			number(count(c.Records)), number(l.money.exact(c.Amount, decimals))})
	}
	return rows
}
