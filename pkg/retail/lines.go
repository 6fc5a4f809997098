package retail

import (
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"iter"
	"math"
	"slices"
	"sort"
	"sync"

	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/money"
)

// ErrColumns says that the columns of a batch do not belong together: lengths differ, or offsets point outside the text.
var ErrColumns = errors.New("columns do not fit together")

// TextColumn is a column of texts as Arrow keeps it: text k is Data[Offsets[k]:Offsets[k+1]]. Row i has text Codes[i] or,
// where Codes is nil, text i. Offsets may be empty where there is no text.
type TextColumn struct {
	Codes   []int32
	Offsets []int32
	Data    []byte
}

// Len returns the number of rows.
func (c TextColumn) Len() int {
	if c.Codes != nil {
		return len(c.Codes)
	}
	return c.texts()
}

// empty reports whether no row has a text.
func (c TextColumn) empty() bool {
	return len(c.Offsets) == 0 || c.Offsets[0] == c.Offsets[len(c.Offsets)-1]
}

func (c TextColumn) texts() int { return max(len(c.Offsets)-1, 0) }

// text returns text k, of those that rows have codes of.
func (c TextColumn) text(k int) []byte { return c.Data[c.Offsets[k]:c.Offsets[k+1]] }

// at returns which text a row has.
func (c TextColumn) at(row int) int {
	if c.Codes == nil {
		return row
	}
	return int(c.Codes[row])
}

func (c TextColumn) check(rows int) error {
	if c.Len() != rows {
		return fmt.Errorf("%w: %d texts in a batch of %d lines", ErrColumns, c.Len(), rows)
	}
	low := int32(0)
	for _, o := range c.Offsets {
		if o < low {
			return fmt.Errorf("%w: offset %d after %d", ErrColumns, o, low)
		}
		low = o
	}
	if int(low) > len(c.Data) {
		return fmt.Errorf("%w: offset %d in %d bytes of text", ErrColumns, low, len(c.Data))
	}
	for _, code := range c.Codes {
		if uint32(code) >= uint32(c.texts()) {
			return fmt.Errorf("%w: code %d of %d texts", ErrColumns, code, c.texts())
		}
	}
	return nil
}

// LineBatch is a piece of the lines table, column by column. An empty text stands for null. Status and Region may be empty where no
// line has one.
type LineBatch struct {
	Customer, Invoice, Code, Description, Country, Status, Region TextColumn

	Time     []int64 // µs since 1970-01-01T00:00, the shop's local time
	Quantity []int64 // money.Quantity
	Price    []int64 // money.Price
	Amount   []int64 // money.Amount, frame.NullInt for one that is quantity × price; nil where all are
	Source   uint16  // distinguishes the sources of the lines; any numbers
}

func (b *LineBatch) check() error {
	if n := len(b.Time); len(b.Quantity) != n || len(b.Price) != n || b.Amount != nil && len(b.Amount) != n {
		return fmt.Errorf("%w: %d times, %d quantities, %d prices, %d amounts", ErrColumns, n, len(b.Quantity), len(b.Price), len(b.Amount))
	}
	for i, c := range [columns]TextColumn{b.Customer, b.Invoice, b.Code, b.Description, b.Country, b.Status, b.Region} {
		if i >= columnStatus && (c.Len() == 0 || c.Len() == len(b.Time) && c.empty()) {
			continue // no text of it is asked for
		}
		if err := c.check(len(b.Time)); err != nil {
			return err
		}
	}
	return nil
}

// Line is a line as the rules read it: numbers, and texts as numbers in the dictionaries of its [Lines]. Customer 0 is a guest.
type Line struct {
	Time, Quantity, Price int64 // as in a [LineBatch]
	Amount                int64 // as delivered, or quantity × price

	Customer, Invoice, Code, Description, Country, Status, Region uint32

	Source uint16
}

// lineBytes is what a line takes.
const lineBytes = 64

// Room says how lines are cut into partitions and where they are kept. The zero value is one partition of customers and one of
// guests, in memory. No outcome depends on it.
type Room struct {
	Shards int      // how many goroutines append; 0 is one
	Bounds []string // ascending: partition i has the customers from Bounds[i-1] on to before Bounds[i], in byte order
	Guests int      // partitions of lines without a customer, by invoice; 0 is one
	Memory int64    // bytes that lines take before they go to Spill; without Spill there is no bound
	Spill  Spill

	// Texts are the bytes that the distinct customers and invoice numbers take while they are numbered, before they go to Spill too,
	// and what a pass over all lines then takes for what it knows of each; 0 is no bound.
	Texts int64
}

// Spill takes lines that have no room in memory.
type Spill interface {
	io.ReaderAt
	io.WriterAt
}

// Lines are transaction lines, scattered as they come into partitions by their customer. Texts are numbers in dictionaries.
//
//	lines := retail.NewLines(retail.Room{})
//	err := lines.Append(batch)              // as often as there are batches
//	lines.Cut(window)
//	kept, err := rules.Apply(lines)
type Lines struct {
	Customers, Descriptions, Countries, Statuses, Regions Dict
	Invoices, Codes                                       KeyedDict

	room   Room
	seed   maphash.Seed
	shelf  *shelf
	shards []*Shard
	texts  [columns]texts // until they are sealed
	turn   sync.RWMutex   // is held to append, and alone to begin a generation
	runs   [columns][]run // of the generations before
	window Window
	cut    bool
	sealed bool
	kinds  *kinds // what [Decide] found out
}

// texts are the distinct texts of a column in the order in which they are seen, shared by all shards: many texts are in the batches of
// several, and a batch asks once for each.
type texts struct {
	mu sync.Mutex
	Dict
}

// NewLines returns room for lines.
func NewLines(room Room) *Lines {
	room.Shards, room.Guests = max(room.Shards, 1), max(room.Guests, 1)
	l := &Lines{room: room, seed: maphash.MakeSeed()}
	l.shelf = newShelf(&store{memory: room.Memory, spill: room.Spill}, l.parts())
	for c := range l.texts {
		l.texts[c].Dict = newDict()
	}
	for range room.Shards {
		l.shards = append(l.shards, &Shard{lines: l, open: l.shelf.writer()})
	}
	return l
}

// parts returns the number of partitions: those of guests come first.
func (l *Lines) parts() int { return l.room.Guests + len(l.room.Bounds) + 1 }

// Shard takes lines from one goroutine, or from several that take turns.
type Shard struct {
	lines *Lines
	open  *writer
	rows  int

	// Of the batch.
	ids     [columns][]uint32
	amounts []int64
	parts   []int // by text of the customers
	scratch []uint32
}

// columns of texts.
const (
	columnCustomer = iota
	columnInvoice
	columnCode
	columnDescription
	columnCountry
	columnStatus
	columnRegion
	columns
)

// Shard returns the part of the lines that goroutine i appends to.
func (l *Lines) Shard(i int) *Shard { return l.shards[i] }

// Append adds a batch to the first shard: see [Shard.Append].
func (l *Lines) Append(b LineBatch) error { return l.shards[0].Append(b) }

// Len returns how many lines have been appended, whatever the window.
func (l *Lines) Len() int {
	n := 0
	for _, s := range l.shards {
		n += s.rows
	}
	return n
}

// TextBytes returns what the distinct texts take that have been seen so far, about, but for those on the spill.
func (l *Lines) TextBytes() (n int64) {
	for i := range l.texts {
		n += l.textBytes(i)
	}
	return n
}

func (l *Lines) textBytes(column int) int64 {
	t := &l.texts[column]
	t.mu.Lock()
	defer t.mu.Unlock()
	return int64(t.size())
}

// Err returns what went wrong with the spill where that could not be returned: texts that were asked for are empty then.
func (l *Lines) Err() error { return l.shelf.store.err() }

// KnownBytes returns about what is held at once of all customers and invoices of sealed lines: first bits in the sets of the ledger and the
// rules, whom an invoice names and what it is called; at the end their texts in the table of sales.
func (l *Lines) KnownBytes() int64 {
	const sets = int64(ledgerRows+8) / 8 // bytes
	customers, invoices := int64(l.Customers.Len()), int64(l.Invoices.Len())
	rules := sets*customers + (4+3+sets)*invoices
	sales := l.Customers.textBytes() + l.Invoices.textBytes() + 5*(customers+invoices)
	return max(rules, sales) + 4*int64(len(l.Invoices.keys))
}

// Evict puts sealed lines that are in memory on the spill, if so many customers and invoices are there.
func (l *Lines) Evict() error {
	if l.runs[columnInvoice] == nil {
		return nil
	}
	return l.shelf.evict()
}

// Passes cuts the numbers below n into stretches so that what a pass over all lines holds, of so many bytes a number, has room.
func (l *Lines) Passes(n, bytes int) iter.Seq2[uint32, uint32] {
	step := n
	if l.room.Texts > 0 && l.runs[columnInvoice] != nil {
		step = max(int(l.room.Texts)/bytes, 1)
	}
	return func(yield func(from, to uint32) bool) {
		for from := 0; from < n; from += step {
			if !yield(uint32(from), uint32(min(from+step, n))) {
				return
			}
		}
	}
}

// Append adds a batch, which may be reused afterwards. It wraps [ErrColumns] where the batch contradicts itself and [ErrRange]
// where a quantity × price is out of range; nothing is added then.
func (s *Shard) Append(b LineBatch) error {
	l := s.lines
	l.turn.RLock()
	err := s.append(b)
	l.turn.RUnlock()
	if err != nil || !l.full() {
		return err
	}
	l.turn.Lock()
	defer l.turn.Unlock()
	if !l.full() { // another shard was first
		return nil
	}
	return l.nextGeneration()
}

// full reports whether the texts that are numbered have outgrown their room.
func (l *Lines) full() bool {
	return l.room.Texts > 0 && l.room.Spill != nil && l.textBytes(columnCustomer)+l.textBytes(columnInvoice) > l.room.Texts
}

// nextGeneration puts the texts of the large columns aside, with the lines that have their numbers.
func (l *Lines) nextGeneration() error {
	for _, s := range l.shards {
		if err := s.open.flush(); err != nil {
			return err
		}
	}
	for c := range l.texts {
		if !isLarge(c) {
			continue
		}
		r, err := l.shelf.store.spilled(&l.texts[c].Dict, comparedBy(c))
		if err != nil {
			return err
		}
		l.runs[c] = append(l.runs[c], r)
	}
	l.shelf.generation++
	return nil
}

func (s *Shard) append(b LineBatch) (err error) {
	if s.lines.sealed {
		return errors.New("append lines: they are sealed")
	}
	if err := b.check(); err != nil {
		return fmt.Errorf("append lines: %w", err)
	}
	if s.rows+len(b.Time) > math.MaxInt32 {
		return fmt.Errorf("append lines: more than %d in a shard", math.MaxInt32)
	}
	if s.amounts, err = appendAmounts(s.amounts[:0], &b); err != nil {
		return fmt.Errorf("append lines: %w", err)
	}
	for i, c := range [columns]TextColumn{b.Customer, b.Invoice, b.Code, b.Description, b.Country, b.Status, b.Region} {
		if s.ids[i] = s.ids[i][:0]; i >= columnStatus && c.empty() {
			s.ids[i] = append(s.ids[i], make([]uint32, len(b.Time))...)
			continue
		}
		s.ids[i], s.scratch = s.lines.texts[i].appendIDs(s.ids[i], c, s.scratch)
	}
	room := &s.lines.room
	s.parts = s.parts[:0]
	for i := range b.Customer.texts() {
		name := b.Customer.text(i)
		s.parts = append(s.parts, room.Guests+sort.Search(len(room.Bounds), func(k int) bool { return string(name) < room.Bounds[k] }))
	}
	for i, t := range b.Time {
		customer, part := s.ids[columnCustomer][i], 0
		if customer != 0 {
			part = s.parts[b.Customer.at(i)]
		} else if room.Guests > 1 {
			part = int(maphash.Bytes(s.lines.seed, b.Invoice.text(b.Invoice.at(i))) % uint64(room.Guests))
		}
		to, err := s.open.next(part)
		if err != nil {
			return fmt.Errorf("append lines: %w", err)
		}
		*to = Line{
			Time: t, Quantity: b.Quantity[i], Price: b.Price[i], Amount: s.amounts[i],
			Customer: customer, Invoice: s.ids[columnInvoice][i], Code: s.ids[columnCode][i], Description: s.ids[columnDescription][i],
			Country: s.ids[columnCountry][i], Status: s.ids[columnStatus][i], Region: s.ids[columnRegion][i], Source: b.Source,
		}
	}
	s.rows += len(b.Time)
	return nil
}

// appendAmounts adds what each line is worth. What it returns with an error is dst.
func appendAmounts(dst []int64, b *LineBatch) ([]int64, error) {
	was := len(dst)
	for i, q := range b.Quantity {
		// Of a delivered total too: what is left of a line after a return is worked out from its price.
		amount, err := money.Price(b.Price[i]).Times(money.Quantity(q))
		if err != nil {
			return dst[:was], fmt.Errorf("%w: amount of one line: %w", ErrRange, err)
		}
		if b.Amount != nil && b.Amount[i] != frame.NullInt {
			amount = money.Amount(b.Amount[i])
		}
		dst = append(dst, int64(amount))
	}
	return dst, nil
}

// appendIDs adds a column of texts as their numbers, looking each text of the column up once. scratch is for reuse.
func (t *texts) appendIDs(dst []uint32, col TextColumn, scratch []uint32) (ids, _ []uint32) {
	scratch = scratch[:0]
	t.mu.Lock()
	for i := range col.texts() {
		scratch = append(scratch, t.intern(col.text(i)))
	}
	t.mu.Unlock()
	if col.Codes == nil {
		return append(dst, scratch...), scratch
	}
	for _, code := range col.Codes {
		dst = append(dst, scratch[code])
	}
	return dst, scratch
}

// Cut makes everything look at the lines of a window alone, until they are cut otherwise.
func (l *Lines) Cut(w Window) { l.window, l.cut, l.kinds = w, true, nil }

// Seal ends the appending and numbers every text in byte order. Sealing twice does nothing. An error is the spill's.
func (l *Lines) Seal() error {
	if l.sealed {
		return nil
	}
	l.sealed = true
	if err := l.seal(); err != nil {
		return fmt.Errorf("seal lines: %w", err)
	}
	for _, s := range l.shards {
		*s = Shard{lines: l, rows: s.rows}
	}
	return nil
}

func (l *Lines) seal() error {
	far := l.runs[columnInvoice] != nil
	if far {
		if err := l.nextGeneration(); err != nil {
			return err
		}
	}
	for _, s := range l.shards {
		if err := s.open.close(); err != nil {
			return err
		}
	}
	var to numbers
	near := func(column int, all *Dict, seal func() []uint32) func() error {
		return func() error {
			*all, l.texts[column].Dict = l.texts[column].Dict, Dict{}
			to[column] = seal()
			return nil
		}
	}
	plain := func(column int, all *Dict) func() error {
		return near(column, all, func() []uint32 { return all.seal(nil) })
	}
	invoices, customers := near(columnInvoice, &l.Invoices.Dict, l.Invoices.seal), plain(columnCustomer, &l.Customers)
	if far {
		invoices, customers = l.sealInvoices, l.sealCustomers
	}
	err := inParallel( // the longest first: the others fill up beside it
		invoices, plain(columnDescription, &l.Descriptions), near(columnCode, &l.Codes.Dict, l.Codes.seal), customers,
		plain(columnCountry, &l.Countries), plain(columnStatus, &l.Statuses), plain(columnRegion, &l.Regions),
	)
	if err != nil {
		return err
	}
	if !far {
		return l.shelf.number(&to, 0)
	}
	for g := range l.runs[columnInvoice] {
		for _, c := range []int{columnInvoice, columnCustomer} {
			if to[c], err = l.runs[c][g].renumbering(); err != nil {
				return err
			}
		}
		if err := l.shelf.number(&to, g); err != nil {
			return err
		}
	}
	return nil
}

func (l *Lines) sealCustomers() error {
	w := l.shelf.store.farWriter()
	l.texts[columnCustomer].Dict = Dict{}
	err := l.shelf.store.merge(l.runs[columnCustomer], nil, func(text, _ []byte) error { return w.add(text) })
	l.Customers = Dict{far: w.to}
	return errors.Join(err, w.flush())
}

func (l *Lines) sealInvoices() error {
	runs, w, keys := l.runs[columnInvoice], l.shelf.store.farWriter(), l.shelf.store.farWriter()
	l.texts[columnInvoice].Dict = Dict{}
	keyed := slices.ContainsFunc(runs, func(r run) bool { return r.keyed })
	d := &l.Invoices
	err := l.shelf.store.merge(runs, appendCompared, func(text, key []byte) error {
		if keyed {
			if keys.to.n == 0 || !bytes.Equal(keys.last, key) {
				if err := keys.add(key); err != nil {
					return err
				}
			}
			d.keys = append(d.keys, uint32(keys.to.n-1))
		}
		return w.add(text)
	})
	if d.Dict, d.Keys = (Dict{far: w.to}), (Dict{far: w.to}); keyed {
		d.Keys = Dict{far: keys.to}
	}
	return errors.Join(err, w.flush(), keys.flush())
}

// inParallel does pieces of work on all cores, beginning them in their order.
func inParallel(work ...func() error) error {
	return eachPart(len(work), func() func(int) error { return func(i int) error { return work[i]() } })
}
