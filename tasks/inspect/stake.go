package inspect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/clientele/clientele/pkg/delivery/detect"
	"github.com/clientele/clientele/pkg/delivery/reading"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/money"
)

// stake is what of the lines a decision is about: with another one they would be read as something else, or not at all.
type stake struct {
	lines    int64
	money    money.Amount // Σ |amount|; it stays at the end of its range
	examples samples
}

// samples are at most three different texts, the first of a delivery.
type samples []string

func (s *samples) add(text func() string) {
	const most = 3
	if len(*s) == most {
		return
	}
	if t := text(); !slices.Contains(*s, t) {
		*s = append(*s, t)
	}
}

func (s *stake) add(amount money.Amount, example func() string) {
	s.lines++
	s.money = plus(s.money, max(amount, -amount))
	s.examples.add(example)
}

// stakes are those of the parts of a reading.
type stakes struct {
	all      stake // what concerns every line
	times    samples
	prices   samples
	encoding stake // lines with a sign beyond ASCII
	group    stake // with a number of a thousand or more
	missing  stake // of customers who are nobody by a word that was found or stated
	words    map[string]bool
}

// take counts a line. Its customer becomes nobody where a word says so.
func (s *stakes) take(l *record.Line, amount money.Amount) {
	s.all.add(amount, func() string { return shown(l, amount) })
	s.times.add(func() string { return at(l.Time) })
	s.prices.add(l.Price.String)
	for _, text := range [...][]byte{l.Description, l.Code, l.Country, l.Invoice} {
		if text := strings.ToValidUTF8(string(text), ""); strings.ContainsFunc(text, func(r rune) bool { return r > 0x7f }) {
			s.encoding.add(amount, func() string { return cut(text) })
			break
		}
	}
	price, quantity := int64(l.Price), int64(l.Quantity)
	if max(price, -price) >= 1000*money.PriceScale || max(quantity, -quantity) >= 1000*money.QuantityScale || l.HasAmount && max(l.Amount, -l.Amount) >= 1000*money.Scale {
		s.group.add(amount, func() string { return fmt.Sprintf("%s × %s", l.Quantity, l.Price) })
	}
	if len(s.words) > 0 && len(l.Customer) > 0 && s.words[strings.ToLower(string(l.Customer))] {
		s.missing.add(amount, func() string { return string(l.Customer) })
		l.Customer = nil
	}
}

// shown writes a line as it was read, without its customer.
func shown(l *record.Line, amount money.Amount) string {
	what := cmp.Or(string(l.Code), string(l.Description), "an order")
	return fmt.Sprintf("%s: %s × %s at %s = %s on %s", cut(string(l.Invoice)), l.Quantity, cut(what), l.Price, amount, at(l.Time))
}

// at writes a time so that nobody takes its month for its day.
func at(micros int64) string { return time.UnixMicro(micros).UTC().Format("2 January 2006 15:04") }

func cut(text string) string {
	const most = 40
	if text = strings.ToValidUTF8(text, ""); len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// of returns what a part of a reading is about, with examples and what would hold of the lines instead. Where nothing needs a decision, that is no line.
func (s *stakes) of(d detect.Decision, zone *time.Location) (stake, []detect.Alternative) {
	if d.Value == "" {
		return stake{examples: d.Examples}, d.Alternatives
	}
	out, more := s.all, []detect.Alternative(nil)
	switch d.Part {
	case "encoding":
		out = s.encoding
		return out, d.Alternatives // its examples are read text: what is wrong shows
	case "group":
		out = s.group
		more = []detect.Alternative{{Value: "none", Why: "these lines would be rejected"}}
	case "missing":
		out = s.missing
		more = []detect.Alternative{{Value: "no word", Why: "each of these words would be a customer"}}
		return out, append(more, d.Alternatives...)
	case "sheets":
		for _, other := range []string{reading.SheetsAdd, reading.SheetsLatest} {
			if other != d.Value {
				more = append(more, detect.Alternative{Value: other})
			}
		}
	case "date_layout":
		if layout, err := record.ParseLayout(d.Value); err == nil {
			var read []string
			for _, text := range d.Examples {
				if micros, ok := layout.In(zone).Parse([]byte(text)); ok {
					read = append(read, fmt.Sprintf("%s is %s", text, at(micros)))
				}
			}
			d.Examples = read
		}
	case detect.PartHeader, detect.PartOther, detect.PartHidden: // what is not read
		out = stake{}
	}
	if len(d.Examples) > 0 {
		out.examples = d.Examples
	}
	return out, append(more, d.Alternatives...)
}
