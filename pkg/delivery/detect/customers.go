package detect

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/clientele/clientele/pkg/delivery/record"
)

// An id that stands for no customer is zeros, nines or -1, one of the most frequent, and of several places or of none. A customer
// with a name of his own may buy for many countries.
const (
	mostFrequent = 5
	manyPlaces   = 4
	leastLines   = 20
)

// customerOf is what the sample has of an id.
type customerOf struct {
	id     string
	lines  int
	places map[string]bool // of a filler
	bills  map[string]bool // of a filler
}

// missing settles which ids stand for no customer.
func (l *look) missing() error {
	d := Decision{Part: "missing", Why: "no id is everybody's"}
	if words := l.o.Stated.Missing; len(words) > 0 {
		d.Value, d.From, d.Why = strings.Join(words, ", "), FromStated, "it is stated"
		l.found.Reading.Missing, l.free.Missing = words, words
		l.found.Decisions = append(l.found.Decisions, d)
		return nil
	}
	words := slices.Clone(l.o.Kept.Missing)
	if d.From = FromDefault; len(words) > 0 {
		d.From, d.Why = FromKept, "earlier deliveries had it for nobody"
	}
	for _, c := range l.frequent() {
		if !c.nobody() || slices.Contains(words, c.id) {
			continue
		}
		words = append(words, c.id)
		d.From = FromSample
		d.Why = fmt.Sprintf("it is on %d lines of %d invoices in %d countries", c.lines, len(c.bills), len(c.places))
	}
	d.Value = strings.Join(words, ", ")
	l.found.Reading.Missing, l.free.Missing = words, words
	l.found.Decisions = append(l.found.Decisions, d)
	return nil
}

// nobody reports whether an id stands for no customer: a zero, nines or -1 does where it is frequent, unless all of its lines are one
// place's.
func (c *customerOf) nobody() bool {
	if c.bills == nil || c.lines < leastLines || len(c.bills) < manyPlaces {
		return false
	}
	return len(c.places) != 1
}

// filler reports whether an id is one that stands in for another: zeros, nines or -1.
func filler(id string) bool {
	return strings.Trim(id, "0.") == "" || len(id) > 2 && strings.Trim(id, "9") == "" || id == "-1"
}

// frequent returns the ids of the most lines.
func (l *look) frequent() []*customerOf {
	byID := map[string]*customerOf{}
	var all []*customerOf
	for i := range l.sample.tables {
		t := &l.sample.tables[i]
		at, country, invoice := t.at[record.FieldCustomer], t.at[record.FieldCountry], t.at[record.FieldInvoice]
		for _, row := range t.rows {
			text := cell(row, at)
			if len(text) == 0 || len(text) > 64 {
				continue
			}
			c := byID[string(text)]
			if c == nil {
				c = &customerOf{id: string(text)}
				if filler(c.id) {
					c.places, c.bills = map[string]bool{}, map[string]bool{}
				}
				byID[c.id] = c
				all = append(all, c)
			}
			if c.lines++; c.bills == nil {
				continue
			}
			if len(country) > 0 && len(c.places) < manyPlaces {
				c.places[string(cell(row, country))] = true
			}
			if len(invoice) > 0 && len(c.bills) < manyPlaces {
				c.bills[string(cell(row, invoice))] = true
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *customerOf) int { return b.lines - a.lines })
	return all[:min(len(all), mostFrequent)]
}

func cell(row record.Row, at []int) []byte { return bytes.TrimSpace(valueOf(row.Cells, at).Text) }
