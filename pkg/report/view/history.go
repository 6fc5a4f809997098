package view

import (
	"slices"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/money"
)

// Week is what was sold in seven days.
type Week struct {
	Start     string `json:"start"`
	End       string `json:"end"`
	Sales     Usual  `json:"sales"`
	Invoices  Usual  `json:"invoices"`
	Customers Usual  `json:"customers"`
	FirstTime Usual  `json:"first_time"` // customers whose first purchase it was
}

// Usual is a number with the limits between which 8 of 10 weeks before it were; undefined without enough of them.
type Usual struct {
	Value Number `json:"value"`
	Low   Number `json:"low"`
	High  Number `json:"high"`
}

// Past is what a run came to.
type Past struct {
	Run       string       `json:"run"`
	AsOf      string       `json:"as_of"`
	ModelID   string       `json:"model_id"`
	Customers int64        `json:"customers"`
	Revenue   money.Amount `json:"revenue"`
	Moved     int64        `json:"moved"`
	Verdict   string       `json:"verdict"` // of drift, "" if it did not run
	Act       string       `json:"act"`
	Cause     string       `json:"cause"` // in drift's words
}

// Then is a segment in one of the runs of the history.
type Then struct {
	AsOf      string       `json:"as_of"`
	Customers int64        `json:"customers"`
	Revenue   money.Amount `json:"revenue"`
}

// After is what the customers who were in a segment 90 days before as-of did since.
type After struct {
	ID         string `json:"id"`
	From       string `json:"from"`
	Followed   Number `json:"followed"`
	Bought     Number `json:"bought"` // share
	BoughtLow  Number `json:"bought_low"`
	BoughtHigh Number `json:"bought_high"`
	Spent      Number `json:"spent"` // each, buyers or not
	SpentLow   Number `json:"spent_low"`
	SpentHigh  Number `json:"spent_high"`
}

// Way is how many customers went from a segment to another, or stayed; "" is none.
type Way struct {
	From      string       `json:"from"`
	To        string       `json:"to"`
	Customers int64        `json:"customers"`
	Before    money.Amount `json:"before"`
	Now       money.Amount `json:"now"`
}

func weeks(in Inputs) []Week {
	f := in.table(contract.Weeks)
	if f == nil {
		return nil
	}
	usual := func(name string, i int) Usual {
		return Usual{Number(f.Column(name).Float(i)), Number(f.Floats(name + "_low")[i]), Number(f.Floats(name + "_high")[i])}
	}
	rows := make([]Week, f.Rows())
	for i := range rows {
		rows[i] = Week{f.Strings("start")[i], f.Strings("last_day")[i], usual("sales", i), usual("invoices", i), usual("customers", i), usual("first_time", i)}
	}
	return rows
}

func history(in Inputs) []Past {
	f := in.table(contract.History)
	if f == nil {
		return nil
	}
	rows := make([]Past, f.Rows())
	for i := range rows {
		rows[i] = Past{f.Strings("run")[i], f.Strings("as_of")[i], f.Strings("model_id")[i], f.Ints("customers")[i], money.Amount(f.Ints("revenue")[i]), f.Ints("moved")[i],
			f.Strings("verdict")[i], f.Strings("act")[i], f.Strings("cause")[i]}
	}
	return rows
}

// trend is the history of each segment that there is now.
func trend(in Inputs, segments []Segment) [][]Then {
	f := in.table(contract.SegmentWeeks)
	if f == nil {
		return nil
	}
	all := make([][]Then, len(segments))
	for i, id := range f.Strings("segment") {
		if k := slices.IndexFunc(segments, func(g Segment) bool { return g.ID == id }); k >= 0 {
			all[k] = append(all[k], Then{f.Strings("as_of")[i], f.Ints("customers")[i], money.Amount(f.Ints("revenue")[i])})
		}
	}
	return all
}

func after(in Inputs) []After {
	f := in.table(contract.SegmentAudience)
	if f == nil {
		return nil
	}
	rows := make([]After, f.Rows())
	for i := range rows {
		at := func(name string) Number { return Number(f.Floats(name)[i]) }
		rows[i] = After{f.Strings("segment")[i], f.Strings("followed_from")[i], at("followed"), at("bought_share"), at("bought_low"), at("bought_high"), at("spent_each"), at("spent_low"), at("spent_high")}
	}
	return rows
}

func migration(in Inputs) []Way {
	f := in.table(contract.Migration)
	if f == nil {
		return nil
	}
	rows := make([]Way, f.Rows())
	for i := range rows {
		rows[i] = Way{f.Strings("from_segment")[i], f.Strings("to_segment")[i], f.Ints("customers")[i], money.Amount(f.Ints("before")[i]), money.Amount(f.Ints("now")[i])}
	}
	return rows
}
