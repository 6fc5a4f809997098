package inspect

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/clientele/clientele/pkg/delivery/detect"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/profile"
	"github.com/clientele/clientele/pkg/retail"
)

// Memory of a line in memory, with its texts, and the least and the most lines that are looked at.
const (
	lineBytes = 512
	fewest    = 1_000_000
	most      = 50_000_000
)

// gatherer puts lines into memory, as many as there is room for.
type gatherer struct {
	lines gathered
	limit int64
	total money.Amount
	batch batch
	stakes

	guests     int64
	guestMoney money.Amount
	forms      map[string]int64 // of customers' ids, see form
}

type gathered struct{ *retail.Lines }

func (g gathered) lines() int64 { return int64(g.Len()) }

// newGatherer returns a gatherer. words are ids that mean nobody, besides the known ones: what is read names them as customers, so that
// what they are worth can be told.
func newGatherer(memory int, words []string) *gatherer {
	limit := int64(most)
	if memory > 0 {
		limit = min(most, max(fewest, int64(memory)/4/lineBytes))
	}
	g := &gatherer{lines: gathered{retail.NewLines(retail.Room{})}, limit: limit, forms: map[string]int64{}}
	g.words = map[string]bool{}
	for _, word := range words {
		g.words[strings.ToLower(strings.TrimSpace(word))] = true
	}
	return g
}

// add takes what the reader made of a stretch of the delivery.
func (g *gatherer) add(b *record.Block) error {
	for i := range b.Runs {
		if err := b.Runs[i].Each(g.line); err != nil {
			return err
		}
	}
	return g.flush()
}

func (g *gatherer) line(l *record.Line) error {
	amount := l.Amount
	var err error
	if !l.HasAmount {
		if amount, err = l.Price.Times(l.Quantity); err != nil {
			return err
		}
	}
	g.total = plus(g.total, amount)
	g.take(l, amount)
	if len(l.Customer) == 0 {
		g.guests++
		g.guestMoney = plus(g.guestMoney, amount)
	} else if f := form(l.Customer); len(g.forms) < 1000 || g.forms[f] > 0 {
		g.forms[f]++
	}
	if g.lines.lines()+int64(len(g.batch.time)) < g.limit {
		g.batch.add(l)
	}
	return nil
}

// plus adds an amount, unless the sum is out of range.
func plus(sum, amount money.Amount) money.Amount {
	if more, err := sum.Plus(amount); err == nil {
		return more
	}
	return sum
}

func (g *gatherer) flush() error {
	if len(g.batch.time) == 0 {
		return nil
	}
	err := g.lines.Append(g.batch.columns())
	g.batch.reset()
	return err
}

// batch gathers the columns of some lines.
type batch struct {
	texts                         [7]text
	time, quantity, price, amount []int64
}

type text struct {
	offsets []int32
	data    []byte
}

func (t *text) add(b []byte) {
	if len(t.offsets) == 0 {
		t.offsets = append(t.offsets, 0)
	}
	t.data = append(t.data, b...)
	t.offsets = append(t.offsets, int32(len(t.data)))
}

func (b *batch) add(l *record.Line) {
	for i, v := range [...][]byte{l.Customer, l.Invoice, l.Code, l.Description, l.Country, l.Status, l.Region} {
		b.texts[i].add(v)
	}
	b.time, b.quantity, b.price = append(b.time, l.Time), append(b.quantity, int64(l.Quantity)), append(b.price, int64(l.Price))
	amount := int64(frame.NullInt)
	if l.HasAmount {
		amount = int64(l.Amount)
	}
	b.amount = append(b.amount, amount)
}

func (b *batch) columns() retail.LineBatch {
	column := func(i int) retail.TextColumn {
		return retail.TextColumn{Offsets: b.texts[i].offsets, Data: b.texts[i].data}
	}
	return retail.LineBatch{
		Customer: column(0), Invoice: column(1), Code: column(2), Description: column(3), Country: column(4), Status: column(5), Region: column(6),
		Time: b.time, Quantity: b.quantity, Price: b.price, Amount: b.amount,
	}
}

func (b *batch) reset() {
	for i := range b.texts {
		b.texts[i].offsets, b.texts[i].data = b.texts[i].offsets[:0], b.texts[i].data[:0]
	}
	b.time, b.quantity, b.price, b.amount = b.time[:0], b.quantity[:0], b.price[:0], b.amount[:0]
}

// decide adds who a customer is to the result, and what the lines mean to the profile.
func (g *gatherer) decide(r *Result, p *profile.Profile) error {
	forms := slices.SortedFunc(maps.Keys(g.forms), func(a, b string) int { return int(g.forms[b] - g.forms[a]) })
	who := Decision{
		Part: "customer", Value: strings.Join(forms[:min(len(forms), 3)], ", "), From: detect.FromSample, Change: "--columns=customer=…, read.missing",
		Lines: g.guests, Money: g.guestMoney, Examples: forms[:min(len(forms), 3)],
		Why: fmt.Sprintf("ids are shown by their form, 9 for a digit and a for a letter; %d of %d lines name nobody and are guests'", g.guests, r.Accepted),
	}
	if g.guests > 0 {
		who.Alternatives = []detect.Alternative{{Value: "another column", Why: "a column that is filled on every line makes customers of the guests"}}
	}
	r.Decisions = append(r.Decisions, who)
	return g.meaning(r, p)
}

// form writes an id so that it shows how ids look and nobody's own: 9 for a digit, a and A for letters.
func form(id []byte) string {
	return strings.Map(func(c rune) rune {
		switch {
		case unicode.IsDigit(c):
			return '9'
		case unicode.IsUpper(c):
			return 'A'
		case unicode.IsLetter(c):
			return 'a'
		}
		return c
	}, strings.ToValidUTF8(string(id[:min(len(id), 32)]), ""))
}
