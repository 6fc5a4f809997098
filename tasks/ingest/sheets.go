package ingest

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"strings"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/delivery/reading"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/fault"
)

// What a workbook's sheets have in common is judged over the days that two of them share. From repeatedShare of the lines of the
// sheet that has fewer on, they are the same lines. Where no line agrees, each sheet has lines of its own, unless changedShare
// of them have an invoice, a product and a time of the other's: then one sheet seems to correct the other. Anything between
// cannot be told.
const (
	repeatedShare = 0.99
	changedShare  = 0.5
)

// maxSheetPairs bounds the pairs of sheets with something in common that are told apart.
const maxSheetPairs = 10_000

// sheetPair is two sheets of a file, and what they have in common.
type sheetPair struct {
	names       [2]string // the earlier sheet first
	days        int
	first, last calendar.Date
	lines       [2]int64 // of each on the days that they share
	same        int64    // lines of one that are the other's too
	keys        int64    // that have an invoice, a product and a time of the other's
}

type pairID struct{ file, a, b int }

// settle decides which lines of a day that several sheets of a workbook have count: see [Config.Sheets]. A stream that does not
// count is emptied. Where it cannot be told, it returns a Fault of the cause sheets.
func (s *spool) settle(sheets string) error {
	if sheets == reading.SheetsAdd {
		return nil
	}
	if sheets != reading.SheetsLatest {
		if err := s.soldBack(); err != nil {
			return err
		}
	}
	shared := s.shared()
	if sheets == reading.SheetsLatest || len(shared) == 0 {
		for _, day := range shared {
			s.supersede(day[:len(day)-1])
		}
		return nil
	}
	pairs, err := s.compare(shared)
	if err != nil {
		return err
	}
	for id, p := range pairs {
		switch smaller := float64(min(p.lines[0], p.lines[1])); {
		case float64(p.same) >= repeatedShare*smaller:
		case p.same == 0 && float64(p.keys) < changedShare*smaller:
			delete(pairs, id)
		default:
			return s.unclear(pairs)
		}
	}
	for _, day := range shared {
		s.supersede(losers(day, pairs))
	}
	return nil
}

// shared returns the days that several sheets of a file have, each as its parts in the order of sheets.
func (s *spool) shared() (days [][]part) {
	parts := slices.Clone(s.before)
	slices.SortStableFunc(parts, func(a, b part) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.day, b.day), cmp.Compare(a.sheet, b.sheet))
	})
	for i := 0; i < len(parts); {
		n := i + 1
		for n < len(parts) && parts[n].file == parts[i].file && parts[n].day == parts[i].day {
			n++
		}
		if n > i+1 {
			days = append(days, parts[i:n])
		}
		i = n
	}
	return days
}

// losers returns those parts of a day whose lines another part repeats: of a pair the one with fewer lines there, or else the
// earlier sheet's.
func losers(day []part, repeated map[pairID]*sheetPair) (lost []part) {
	for i, a := range day {
		for k, b := range day {
			id := pairID{a.file, min(a.sheet, b.sheet), max(a.sheet, b.sheet)}
			if i != k && repeated[id] != nil && cmp.Or(cmp.Compare(a.rows, b.rows), cmp.Compare(a.sheet, b.sheet)) < 0 {
				lost = append(lost, a)
				break
			}
		}
	}
	return lost
}

// supersede lets go of parts of a day that another part repeats or replaces. Their part of the scratch file stays unused.
func (s *spool) supersede(parts []part) {
	for _, p := range parts {
		s.superseded += p.rows
		*p.stream = stream{day: p.day}
	}
	if len(parts) > 0 {
		s.supersededDays++
	}
}

// mark is what a line is compared by, of a sheet of a day.
type mark struct {
	line, key uint64
	sheet     int
}

// compare counts what every two sheets of a file have in common. A pair that has nothing is not there.
func (s *spool) compare(shared [][]part) (map[pairID]*sheetPair, error) {
	pairs := map[pairID]*sheetPair{}
	m := marker{spool: s, seed: maphash.MakeSeed()}
	for _, day := range shared {
		if err := m.day(day); err != nil {
			return nil, err
		}
		file := day[0].file
		count := func(of func(mark) uint64, add func(*sheetPair, int64)) {
			agreeing(m.marks, of, func(a, b int, n int64) {
				id := pairID{file, a, b}
				if pairs[id] == nil && len(pairs) < maxSheetPairs {
					pairs[id] = &sheetPair{names: [2]string{s.names[tableID{file, a}], s.names[tableID{file, b}]}}
				}
				if p := pairs[id]; p != nil {
					add(p, n)
				}
			})
		}
		count(func(m mark) uint64 { return m.line }, func(p *sheetPair, n int64) { p.same += n })
		count(func(m mark) uint64 { return m.key }, func(p *sheetPair, n int64) { p.keys += n })
	}
	for _, day := range shared {
		for i, a := range day {
			for _, b := range day[i+1:] {
				if p := pairs[pairID{a.file, a.sheet, b.sheet}]; p != nil {
					p.share(a, b)
				}
			}
		}
	}
	if len(pairs) == maxSheetPairs {
		return nil, s.unclear(pairs)
	}
	return pairs, nil
}

// share counts a day that both sheets have.
func (p *sheetPair) share(a, b part) {
	if p.days == 0 || a.day < p.first {
		p.first = a.day
	}
	if p.days == 0 || a.day > p.last {
		p.last = a.day
	}
	p.days++
	p.lines[0] += a.rows
	p.lines[1] += b.rows
}

// agreeing visits every two sheets that have the same value, with how often both have it. It changes the order of marks.
func agreeing(marks []mark, of func(mark) uint64, visit func(a, b int, n int64)) {
	slices.SortFunc(marks, func(a, b mark) int { return cmp.Or(cmp.Compare(of(a), of(b)), cmp.Compare(a.sheet, b.sheet)) })
	type times struct {
		sheet int
		n     int64
	}
	var sheets []times
	for i, m := range marks {
		if i > 0 && of(marks[i-1]) != of(m) {
			sheets = sheets[:0]
		}
		if n := len(sheets); n > 0 && sheets[n-1].sheet == m.sheet {
			sheets[n-1].n++
		} else {
			sheets = append(sheets, times{m.sheet, 1})
		}
		if len(sheets) < 2 || i+1 < len(marks) && of(marks[i+1]) == of(m) {
			continue
		}
		for i, a := range sheets {
			for _, b := range sheets[i+1:] {
				visit(a.sheet, b.sheet, min(a.n, b.n))
			}
		}
	}
}

// marker makes the marks of one day after the other.
type marker struct {
	spool  *spool
	seed   maphash.Seed
	frames frames
	marks  []mark
	buf    []byte
}

func (m *marker) day(day []part) error {
	m.marks = m.marks[:0]
	for _, p := range day {
		err := m.frames.lines(m.spool, p.stream, func(l *record.Line) error {
			m.marks = append(m.marks, m.of(l, p.sheet))
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// of compares lines by what both spellings of a line have in common, and sales with sales only. Without a product code the
// description says what was sold.
func (m *marker) of(l *record.Line, sheet int) mark {
	product := l.Code
	if len(product) == 0 {
		product = l.Description
	}
	b := m.buf[:0]
	for _, text := range [][]byte{l.Invoice, product} {
		b = binary.AppendUvarint(b, uint64(len(text)))
		b = append(b, text...)
	}
	b = binary.AppendVarint(b, l.Time)
	if b = append(b, '+'); (l.Quantity < 0) != (l.Price < 0) {
		b[len(b)-1] = '-'
	}
	key := maphash.Bytes(m.seed, b)
	for _, v := range [...]int64{int64(l.Quantity), int64(l.Price), int64(l.Amount)} {
		b = binary.AppendVarint(b, v)
	}
	b = append(b, l.Customer...)
	m.buf = b
	return mark{line: maphash.Bytes(m.seed, b), key: key, sheet: sheet}
}

// unclear is the Fault where it cannot be told how sheets belong together. It names the pair of which most lines agree.
func (s *spool) unclear(pairs map[pairID]*sheetPair) error {
	ids := slices.SortedFunc(maps.Keys(pairs), func(a, b pairID) int {
		p, q := pairs[a], pairs[b]
		return cmp.Or(cmp.Compare(q.same+q.keys, p.same+p.keys), cmp.Compare(a.file, b.file), cmp.Compare(a.a, b.a), cmp.Compare(a.b, b.b))
	})
	p := pairs[ids[0]]
	for _, id := range ids { // the first that is neither repeated nor apart
		q := pairs[id]
		if smaller := float64(min(q.lines[0], q.lines[1])); float64(q.same) < repeatedShare*smaller && (q.same > 0 || float64(q.keys) >= changedShare*smaller) {
			p = q
			break
		}
	}
	agree := fmt.Sprintf("%d lines there are the same", p.same)
	if p.same == 0 {
		agree = fmt.Sprintf("no line there is the same, but %d have an invoice, a product and a time of the other sheet's", p.keys)
	}
	return fault.Errorf(fault.ExitBadData, "sheets", s.name, "sheets %q and %q have %d days in common, from %s to %s, with %d and %d lines, and %s: "+
		"--sheets=add if each has lines of its own, --sheets=latest if those of the later sheet replace the other's",
		p.names[0], p.names[1], p.days, p.first, p.last, p.lines[0], p.lines[1], agree)
}

// sheetsOfReturns are words by which people call a sheet of returns.
var sheetsOfReturns = []string{
	"return", "returns", "refund", "refunds", "credit note", "credit notes", "credits", "retoure", "retouren", "gutschrift", "gutschriften", "rückgaben", "storno", "stornos",
	"retour", "retours", "avoirs", "remboursements", "devoluciones", "reembolsos", "abonos", "resi", "rimborsi", "note di credito", "retourneringen", "creditnota's",
}

// returned adds what unmarked lines of a sheet called returns are worth.
func (s *spool) returned(sheet string, r record.Run) error {
	if !slices.Contains(sheetsOfReturns, strings.ToLower(strings.TrimSpace(sheet))) {
		return nil
	}
	return r.Each(func(l *record.Line) (err error) {
		if len(l.Status) == 0 {
			s.worth[s.table], err = s.worth[s.table].Plus(l.Amount)
		}
		return err
	})
}

// soldBack refuses a sheet beside others that is called returns and is worth more than nothing: without a sign or a mark its lines would
// be sales.
func (s *spool) soldBack() error {
	for _, at := range slices.SortedFunc(maps.Keys(s.worth), func(a, b tableID) int { return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.sheet, b.sheet)) }) {
		if s.worth[at] <= 0 || len(s.names) < 2 {
			continue
		}
		return fault.Errorf(fault.ExitBadData, "sheets", s.name, "sheet %q is called returns, but its lines are worth %s, above zero: they would count as sales. Write their quantities below zero, or "+
			"give all sheets a column Type with what each line is (sale, return); --sheets=add if they are sales, or a profile's return_invoices tells them", s.names[at], s.worth[at])
	}
	return nil
}
