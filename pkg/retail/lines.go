package retail

import (
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"iter"
	"math"
	"sort"
	"sync"
)

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

	customers, invoices []run // of the generations before

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
	columnInvoice  // up to here they can spill
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

// TextBytes returns what the distinct texts take that have been seen so far, about, but for those that go to the spill in time.
func (l *Lines) TextBytes() (n int64) {
	l.turn.RLock()
	defer l.turn.RUnlock()
	for i := range l.texts {
		if !l.spills(i) {
			n += l.textBytes(i)
		}
	}
	return n
}

// spills reports whether the texts of a column go to the spill when there are too many.
func (l *Lines) spills(column int) bool {
	return l.room.Texts > 0 && l.room.Spill != nil && column <= columnInvoice
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

// Evict puts sealed lines that are in memory on the spill, if so many customers and invoices are there, and says whether they are.
func (l *Lines) Evict() (many bool, err error) {
	if l.invoices == nil {
		return false, nil
	}
	return true, l.shelf.evict()
}

// PassRoom returns how many values, of so many bytes each, a pass over the lines may hold.
func (l *Lines) PassRoom(bytes int) int {
	if l.room.Texts == 0 || l.invoices == nil {
		return math.MaxInt
	}
	return max(int(l.room.Texts)/bytes, 1)
}

// Passes cuts the numbers below n into stretches so that what a pass over all lines holds, of so many bytes a number, has room.
func (l *Lines) Passes(n, bytes int) iter.Seq2[uint32, uint32] {
	step := max(min(n, l.PassRoom(bytes)), 1)
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
	full := l.full()
	l.turn.RUnlock()
	if err != nil || !full {
		return err
	}
	l.turn.Lock()
	defer l.turn.Unlock()
	if !l.full() { // another shard was first
		return nil
	}
	return l.nextGeneration()
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
