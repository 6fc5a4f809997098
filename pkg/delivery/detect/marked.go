package detect

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/finding"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/retail"
)

// Marked is a column that seems to mark returns, of which some are read as sales.
type Marked struct {
	Column string
	Words  []string // of the column that mark returns, in the order of the rows
	Stated []string // those of Words that mark returns only where a profile says so
	Read   bool     // the column is the status already
	Rows   int64    // sampled, with such a word and money above zero
	Money  money.Amount
	Of     money.Amount // Σ|amount| of the sampled lines as they are read; 0 where the column's name alone says what its yes means
}

// What tills and ledgers write for a sale and for a return, besides [retail.ReturnWords] and [retail.RefundWords]: letters and abbreviations that alone mean
// little. A column is believed where all of its words are one or the other, and both are there.
var (
	saleMarks = []string{
		"S", "SA", "SALE", "SALES", "SOLD", "SELL", "INV", "INVOICE", "IN", "SI", "ORDER", "PURCHASE", "PAYMENT", "CHARGE", "V", "VK", "VERKAUF", "KAUF", "RECHNUNG", "RE", "RG",
		"BESTELLUNG", "AUFTRAG", "VENTE", "FACTURE", "FA", "FAC", "COMMANDE", "VENTA", "FACTURA", "PEDIDO", "VENDITA", "FATTURA", "ORDINE", "VERKOOP", "FACTUUR",
	}
	returnMarks = []string{
		"R", "RT", "RTN", "REF", "CR", "CN", "CM", "CREDITS", "RK", "GS", "RÜCKNAHME", "RUECKNAHME", "RETOUREN", "STORNO",
		"AV", "AVOIRS", "RETOURS", "DEV", "NC", "DEVOLUCIONES", "RIMBORSO", "TERUGBETALING",
	}
)

// mostMarks is how many different words a column that marks returns can have.
const mostMarks = 8

// mark is a word as it is compared.
func mark(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToUpper(text), func(r rune) bool { return r == ' ' || r == '_' || r == '-' || r == '.' || r == '\u00a0' }), " ")
}

// marked finds the columns whose words mark returns that are read as sales.
func (l *look) marked(c *counted, taken map[int]bool, worth money.Amount) {
	lines := c.lines()
	if lines == nil {
		return
	}
	status := c.tables[0].at[record.FieldStatus]
	for i, name := range c.tables[0].header {
		read := slices.Contains(status, i)
		if taken[i] && !read {
			continue
		}
		m, ok := c.marks(i, lines, read)
		m.Of = worth
		if !ok && about(name, backStems) && !about(name, quantityStems) && !about(name, []string{"able", "returning", "policy"}) && (l.export == nil || l.export.Words[name] == "") {
			m, ok = c.flags(i, lines, read)
		}
		if ok {
			m.Column = name
			l.found.Marked = append(l.found.Marked, m)
		}
	}
}

// marks returns what a column marks as returns; ok is false where its words are not such as mark sales and returns.
func (c *counted) marks(at int, lines []float64, read bool) (m Marked, ok bool) {
	m.Read = read
	known := map[string]bool{} // by word, whether it is one of a return
	sales, n := false, -1
	for _, t := range c.tables {
		for _, row := range t.rows {
			n++
			if at >= len(row.Cells) || row.Cells[at].Kind != record.TextCell {
				continue
			}
			text := strings.TrimSpace(string(row.Cells[at].Text))
			word := mark(text)
			if word == "" {
				continue
			}
			back, seen := known[word]
			if !seen {
				sure := slices.Contains(retail.ReturnWords, word) || slices.Contains(retail.RefundWords, word)
				back = sure || slices.Contains(returnMarks, word)
				if !back && !slices.Contains(saleMarks, word) || len(known) == mostMarks {
					return m, false
				}
				known[word] = back
				sales = sales || !back
				if back && (!sure || !read) {
					m.Words = append(m.Words, text)
				}
				if back && !sure {
					m.Stated = append(m.Stated, text)
				}
			}
			if back && !math.IsNaN(lines[n]) && lines[n] > 0 && slices.ContainsFunc(m.Words, func(w string) bool { return mark(w) == word }) {
				m.Rows++
				m.Money += money.Amount(math.Round(lines[n] * money.Scale))
			}
		}
	}
	return m, sales && m.Rows > 0 && 2*m.Rows <= int64(n+1)
}

// What a column of yes and no has in it, as [mark] makes it.
var (
	yesMarks = []string{"TRUE", "YES", "Y", "1", "JA", "J", "WAHR", "OUI", "O", "VRAI", "SÍ", "SI", "VERDADERO", "VERO", "WAAR", "X"}
	noMarks  = []string{"FALSE", "NO", "N", "0", "NEIN", "FALSCH", "NON", "FAUX", "FALSO", "NEE", "ONWAAR"}
)

// flags returns what a column of yes and no, whose name is about returns, marks as returns.
func (c *counted) flags(at int, lines []float64, read bool) (m Marked, ok bool) {
	m.Read = read
	n := -1
	for _, t := range c.tables {
		for _, row := range t.rows {
			n++
			if at >= len(row.Cells) {
				continue
			}
			text := strings.TrimSpace(string(row.Cells[at].Text))
			switch word := mark(text); {
			case word == "" || slices.Contains(noMarks, word):
				continue
			case !slices.Contains(yesMarks, word):
				return m, false
			}
			if !slices.Contains(m.Words, text) {
				m.Words = append(m.Words, text)
			}
			if !math.IsNaN(lines[n]) && lines[n] > 0 {
				m.Rows++
				m.Money += money.Amount(math.Round(lines[n] * money.Scale))
			}
		}
	}
	m.Stated = m.Words
	return m, m.Rows > 0 && 2*m.Rows <= int64(n+1)
}

// finding says what a column marks, and how it is made to count.
func (m Marked) finding(of string, rows int) finding.Finding {
	words := strings.Join(m.Words, ", ")
	f := finding.Finding{
		Code: finding.UnmarkedReturns, Lines: m.Rows, Money: m.Money, Stops: large(m.Money, m.Of),
		Sentence: fmt.Sprintf("the column %.60q seems to mark returns, by %s: %d of %s %d rows are so, and are read as sales of %.2f", m.Column, words, m.Rows, of, rows, m.Money.Float()),
	}
	var do []string
	if !m.Read {
		do = append(do, "--columns=status="+m.Column)
	}
	if len(m.Stated) > 0 {
		do = append(do, fmt.Sprintf("return_statuses = [%s] in the profile's [meaning]", quoted(m.Stated)))
	}
	f.What = "if they are returns: " + strings.Join(do, " and ")
	return f
}

func quoted(words []string) string {
	var list []string
	for _, w := range words {
		list = append(list, fmt.Sprintf("%q", w))
	}
	return strings.Join(list, ", ")
}
