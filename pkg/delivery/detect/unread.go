package detect

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/finding"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/retail"
)

// Unread is a column of money that no field holds.
type Unread struct {
	Column  string
	Kind    string // of [moneyWords]
	Percent bool   // it has percents of the lines; Money is what they come to
	Rows    int64  // sampled, whose value is not zero
	Money   money.Amount
	Left    string       // the column that has a line's money less this column's, "" for none
	Of      money.Amount // Σ|amount| of the sampled lines as they are read, 0 where that cannot be told
}

// Of a column of money, the share of values that must be numbers, and the fewest rows and their share that must agree for an arithmetic
// between columns to hold.
const (
	numberShare = 0.95
	fewestAgree = 3
	agreeShare  = 0.9
	agreeWithin = 0.0101 // a cent
)

// kindDiscount and kindRefund take something off what a customer pays; the others come on top, or are in it.
const (
	kindDiscount = "discount"
	kindRefund   = "refund"
	kindReturned = "returned" // quantities
)

// Stems of names of columns about what was given back or never sold, and of quantities.
var (
	backStems     = []string{"return", "refund", "retour", "rückgabe", "erstattet", "cancel", "storn", "void", "rembours", "annul", "devol", "devuel", "reembols", "rimbors"}
	quantityStems = []string{"qty", "quantit", "menge", "anzahl", "stück", "units", "cantidad", "aantal", "qté"}
)

// about reports whether a name has one of the stems.
func about(name string, stems []string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(stems, func(s string) bool { return strings.Contains(name, s) })
}

// moneyWords are what columns of money besides prices and totals are called, in English, German, French, Spanish, Italian and Dutch.
// A stem is looked for anywhere in a name, since compounds are one word; a word must stand by itself.
var moneyWords = []struct {
	kind, meaning string
	stems, words  []string
}{
	{kindRefund, "refunds", []string{"refund", "erstattung", "rembours", "reembols", "rimbors", "terugbetal", "chargeback"}, nil},
	{kindDiscount, "discounts", []string{
		"discount", "rabatt", "nachlass", "skonto", "réduction", "reduction", "descuento", "sconto", "korting", "rebate", "markdown", "gutschein", "voucher", "coupon", "giftcard",
	}, []string{"remise", "remises"}},
	{"deposit", "deposits", []string{"deposit", "depósito", "anzahlung", "statiegeld", "cauzione"}, []string{"pfand", "acompte", "consigne"}},
	{"shipping", "shipping", []string{"shipping", "freight", "postage", "versand", "fraisdeport", "livraison", "spedizione", "verzend"}, []string{"porto", "fracht", "delivery", "envío", "envio"}},
	{"fee", "fees", []string{"gebühr", "gebuehr", "surcharge", "zuschlag", "commission", "comisión", "trinkgeld", "pourboire", "propina", "gratuity"}, []string{
		"fee", "fees", "tip", "tips", "duty", "duties", "frais",
	}},
	{"tax", "taxes", []string{"steuer", "impuesto", "imposta"}, []string{"tax", "taxes", "vat", "gst", "hst", "mwst", "ust", "tva", "iva", "btw"}},
}

// noMoney are words of a name that make its column something else: the rate of a tax, the name of a method, the postcode of an address.
var noMoney = []string{
	"address", "art", "carrier", "city", "class", "code", "codes", "company", "count", "country", "currency", "date", "datum", "days", "exempt", "grund", "id", "ids", "level", "method",
	"name", "no", "note", "nr", "nummer", "number", "pct", "percent", "percentage", "phone", "plz", "postal", "postcode", "postleitzahl", "prozent", "province", "qty", "quantity", "rate",
	"reason", "satz", "service", "state", "status", "street", "taux", "time", "type", "weight", "zip", "address1", "address2", "menge", "anzahl", "compensation",
}

// moneyKind returns what kind of money a column has by its name, as a position in [moneyWords].
func moneyKind(name string) (int, bool) {
	if strings.Contains(name, "%") {
		return 0, false
	}
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if slices.ContainsFunc(words, func(w string) bool { return slices.Contains(noMoney, w) || strings.HasSuffix(w, "satz") }) {
		return 0, false
	}
	joined := strings.Join(words, "")
	for i, m := range moneyWords {
		if slices.ContainsFunc(m.stems, func(s string) bool { return strings.Contains(joined, s) }) ||
			slices.ContainsFunc(m.words, func(s string) bool { return slices.Contains(words, s) }) {
			return i, true
		}
	}
	return 0, false
}

// percentKind is moneyKind for a column of percents: only a discount in percent takes money off a line.
func percentKind(name string) (int, bool) {
	bare := strings.NewReplacer("%", " ", "percentage", " ", "percent", " ", "prozent", " ", "pct", " ").Replace(strings.ToLower(name))
	if len(bare) == len(name) && !strings.Contains(name, "%") {
		return 0, false
	}
	kind, ok := moneyKind(bare)
	return kind, ok && moneyWords[kind].kind == kindDiscount
}

// tells reports whether a column that no field holds can give a finding, by its name.
func tells(name string) bool {
	_, money := moneyKind(name)
	_, percent := percentKind(name)
	return money || percent || about(name, backStems)
}

// percent makes a column of percents what they are of the lines, in the sample; nil if it is none of percents.
func (c *counted) percent(at int) []float64 {
	values, lines := slices.Clone(c.column(at)), c.lines()
	if values == nil || lines == nil {
		return nil
	}
	for i, v := range values {
		if math.Abs(v) > 100 {
			return nil
		}
		values[i] = math.Abs(v*lines[i]) / 100
	}
	c.columns[at] = values
	return values
}

// unread finds the columns of money that are not read, in the tables that have the header of the first.
func (l *look) unread() error {
	var tables []*table
	for i := range l.sample.tables {
		if t := &l.sample.tables[i]; t.at != nil && (len(tables) == 0 || slices.Equal(t.header, tables[0].header)) {
			tables = append(tables, t)
		}
	}
	if len(tables) == 0 {
		return nil
	}
	var o record.Options
	if err := l.found.Reading.Set(&o); err != nil {
		return err
	}
	if o.Dialect.Decimal == 0 {
		o.Dialect.Decimal = '.'
	}
	c := &counted{tables: tables, form: record.NumberForm{Decimal: o.Dialect.Decimal, Group: o.Dialect.Group}, columns: map[int][]float64{}, percents: map[int]bool{}}
	taken := map[int]bool{}
	for _, at := range tables[0].at {
		for _, i := range at {
			taken[i] = true
		}
	}
	worth := c.worth()
	l.marked(c, taken, worth)
	var free []int
	for i := range tables[0].header {
		if !taken[i] {
			free = append(free, i)
		}
	}
	l.repeated(c)
	for _, i := range free {
		c.column(i)
		kind, ok := moneyKind(tables[0].header[i])
		percent := false
		u := Unread{Column: tables[0].header[i], Of: worth}
		var values []float64
		switch {
		case !ok && about(u.Column, backStems) && about(u.Column, quantityStems):
			values, u.Kind = c.returned(i), kindReturned
		case !ok:
			kind, percent = percentKind(u.Column)
			ok = percent
		case c.percents[i]:
			percent, ok = true, moneyWords[kind].kind == kindDiscount
		}
		if percent && c.percent(i) == nil {
			ok = false
		}
		if ok {
			values, u.Kind, u.Percent = l.due(c, kind, c.column(i)), moneyWords[kind].kind, percent
		}
		for _, v := range values {
			if v != 0 && !math.IsNaN(v) {
				u.Rows++
				u.Money += money.Amount(math.Round(v * money.Scale))
			}
		}
		if u.Money == 0 {
			continue
		}
		if u.Kind == kindDiscount || u.Kind == kindRefund {
			settled, left := c.arithmetic(i, free)
			if settled {
				continue
			}
			if left >= 0 {
				u.Left = tables[0].header[left]
			}
		}
		l.found.Unread = append(l.found.Unread, u)
	}
	l.found.Whole = l.sample.whole()
	return nil
}

// due returns what of a column counts: of refunds those of orders that are sales by their status, since the others are none anyway.
func (l *look) due(c *counted, kind int, values []float64) []float64 {
	if moneyWords[kind].kind != kindRefund || values == nil {
		return values
	}
	out, n := slices.Clone(values), 0
	for _, t := range c.tables {
		for _, row := range t.rows {
			for _, at := range t.at[record.FieldStatus] {
				if at < len(row.Cells) && l.void(t.header[at], strings.TrimSpace(string(row.Cells[at].Text))) {
					out[n] = 0
				}
			}
			n++
		}
	}
	return out
}

// void reports whether an order is no sale by what a column of its status says.
func (l *look) void(column, status string) bool {
	if l.export != nil && l.export.Words[column] != "" {
		return status != ""
	}
	return slices.ContainsFunc(append(slices.Clone(retail.RefundWords), retail.VoidWords...), func(w string) bool { return strings.EqualFold(w, status) })
}

// counted are the numbers of sampled columns.
type counted struct {
	tables  []*table
	form    record.NumberForm
	columns map[int][]float64

	percents map[int]bool // columns that have a number with a sign for percent
}

// maxMoney bounds what counts as money: numbers of phones and the like are above.
const maxMoney = 1e9

// column returns the numbers of a column, NaN where there is none; nil if it is not one of numbers.
func (c *counted) column(at int) []float64 {
	if values, ok := c.columns[at]; ok {
		return values
	}
	var values []float64
	var plain []byte
	filled, numbers := 0, 0
	for _, t := range c.tables {
		for _, row := range t.rows {
			v := math.NaN()
			if at < len(row.Cells) {
				form := c.form
				switch cell := row.Cells[at]; cell.Kind {
				case record.NumberCell:
					form = record.NumberForm{Decimal: '.'}
					fallthrough
				case record.TextCell:
					text := strings.TrimSpace(string(cell.Text))
					if text == "" {
						break
					}
					filled++
					if whole, percent := strings.CutSuffix(text, "%"); percent {
						text, c.percents[at] = strings.TrimSpace(whole), true
					}
					var ok bool
					if plain, ok = form.Plain(plain[:0], []byte(text)); !ok {
						break
					}
					if n, err := strconv.ParseFloat(string(plain), 64); err == nil && math.Abs(n) <= maxMoney {
						numbers, v = numbers+1, n
					}
				case record.TimeCell, record.OddCell:
					filled++
				}
			}
			values = append(values, v)
		}
	}
	if float64(numbers) < numberShare*float64(filled) || numbers == 0 {
		values = nil
	}
	c.columns[at] = values
	return values
}

// lines returns the money of each row as it is read, NaN where that cannot be told.
func (c *counted) lines() []float64 {
	of := func(f record.Field) []float64 {
		if at := c.tables[0].at[f]; len(at) > 0 {
			return c.column(at[0])
		}
		return nil
	}
	if amount := of(record.FieldAmount); amount != nil {
		return amount
	}
	price, quantity := of(record.FieldPrice), of(record.FieldQuantity)
	if price == nil || quantity == nil {
		return nil
	}
	money := make([]float64, len(price))
	for i := range money {
		money[i] = price[i] * quantity[i]
	}
	return money
}

// returned makes of a column of quantities that were given back what they are worth by the lines they are of.
func (c *counted) returned(at int) []float64 {
	back, lines := c.column(at), c.lines()
	sold := c.tables[0].at[record.FieldQuantity]
	if back == nil || lines == nil || len(sold) == 0 {
		return nil
	}
	out := slices.Clone(c.column(sold[0]))
	for i, quantity := range out {
		out[i] = math.Abs(lines[i] * back[i])
		if quantity == 0 {
			out[i] = 0
		} else {
			out[i] /= math.Abs(quantity)
		}
	}
	return out
}

// worth is Σ|amount| of the sampled lines as they are read, 0 where that cannot be told.
func (c *counted) worth() (sum money.Amount) {
	for _, v := range c.lines() {
		if !math.IsNaN(v) {
			sum += money.Amount(math.Round(math.Abs(v) * money.Scale))
		}
	}
	return sum
}

// largePart is the part of the lines' money from which on a finding of a column stops: what is made of the lines would be of other
// money than the shop's.
const largePart = 1. / 3

func large(of, worth money.Amount) bool { return worth > 0 && of.Float() > largePart*worth.Float() }

// arithmetic says how a column that takes something off belongs to the money that is read. It is settled where another column has the
// money of a line with it, so that what is read is without it. left is the column that has the money of a line without it, -1 for none.
func (c *counted) arithmetic(off int, free []int) (settled bool, left int) {
	lines, offs := c.lines(), c.column(off)
	if lines == nil || offs == nil {
		return false, -1
	}
	for _, other := range free {
		values := c.column(other)
		if other == off || values == nil {
			continue
		}
		rows, before, after := 0, 0, 0
		for i, v := range values {
			line, off := math.Abs(lines[i]), math.Abs(offs[i])
			if !(off >= 2*agreeWithin) || math.IsNaN(line) {
				continue
			}
			rows++
			if math.Abs(line+off-math.Abs(v)) <= agreeWithin {
				before++
			}
			if math.Abs(line-off-math.Abs(v)) <= agreeWithin {
				after++
			}
		}
		if rows < fewestAgree {
			continue
		}
		if float64(before) >= agreeShare*float64(rows) {
			return true, -1
		}
		if float64(after) >= agreeShare*float64(rows) {
			return false, other
		}
	}
	return false, -1
}

// Findings are what a person should know of a delivery before it is read.
func (f *Found) Findings() []finding.Finding {
	var all []finding.Finding
	of := "the"
	if !f.Whole {
		of = "the first"
	}
	for _, u := range f.Unread {
		meaning := ""
		for _, m := range moneyWords {
			if m.kind == u.Kind {
				meaning = m.meaning
			}
		}
		if u.Kind == kindReturned {
			meaning = "quantities given back"
		}
		n := finding.Finding{
			Code: finding.UnreadMoney, Lines: u.Rows, Money: max(u.Money, -u.Money),
			Sentence: fmt.Sprintf("the column %.60q is not read: %d of %s %d rows have %s in it, %.2f together", u.Column, u.Rows, of, f.Rows, meaning, u.Money.Float()),
		}
		switch {
		case u.Left != "":
			n.Sentence += fmt.Sprintf("; the column %.60q has what is left of a line", u.Left)
			n.What = fmt.Sprintf("read what is left: --columns=%q", "amount="+u.Left+",price=")
			n.Stops = large(n.Money, u.Of)
		case u.Kind == kindReturned:
			n.What = "nothing, if the quantities have them taken off; else export quantities that have, or read a column of what was paid, --columns=amount=COLUMN,price="
		case u.Percent:
			n.What = "nothing, if the prices have them taken off; else read a column of what is left of the line: --columns=amount=COLUMN,price="
		case u.Kind == kindDiscount || u.Kind == kindRefund:
			n.What = fmt.Sprintf("nothing, if the prices have them taken off; if they are of the line, --columns=%q takes them off; else read a column of what was paid, --columns=amount=COLUMN,price=", "discount="+u.Column)
		default:
			n.What = "nothing, unless they should count as a customer's money: then read a column that has them in it, --columns=amount=COLUMN,price="
		}
		all = append(all, n)
	}
	if f.Repeated != nil {
		all = append(all, f.Repeated.finding(of, f.Rows))
	}
	for _, m := range f.Marked {
		all = append(all, m.finding(of, f.Rows))
	}
	finding.Sort(all)
	return all
}
