package retail

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/clientele/clientele/pkg/calendar"
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

// LineBatch is a piece of the lines table, column by column. An empty text stands for null. Status may be empty where no line
// has one.
type LineBatch struct {
	Customer, Invoice, Code, Description, Country, Status TextColumn

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
	for i, c := range [...]TextColumn{b.Customer, b.Invoice, b.Code, b.Description, b.Country, b.Status} {
		if i == 5 && (c.Len() == 0 || c.Len() == len(b.Time) && c.empty()) {
			continue // no text of it is asked for
		}
		if err := c.check(len(b.Time)); err != nil {
			return err
		}
	}
	return nil
}

// Lines are transaction lines in memory: flat columns, texts as numbers in dictionaries. Customer 0 is a guest.
//
//	lines := retail.NewLines(rows)
//	err := lines.Append(batch)              // as often as there are batches
//	kept, err := rules.Apply(lines)
type Lines struct {
	Customer, Invoice, Code, Description, Country, Status []uint32

	Time, Quantity, Price []int64
	Amount                []int64 // as delivered, or quantity × price
	Source                []uint16

	Customers, Descriptions, Countries, Statuses Dict
	Invoices, Codes                              KeyedDict

	// Room, if not nil, is memory for the kept lines, of as many rows as there are lines.
	Room []Row

	kinds   *kinds // what [Decide] found out
	shards  []*Lines
	scratch []uint32
	room    int // of a shard: the most lines; -1 for any number
	sealed  bool
}

// NewLines returns room for about n lines.
func NewLines(n int) *Lines {
	l := emptyLines()
	ids, numbers := make([]uint32, 6*n), make([]int64, 4*n)
	id := func(i int) []uint32 { return ids[i*n : i*n : (i+1)*n] }
	number := func(i int) []int64 { return numbers[i*n : i*n : (i+1)*n] }
	l.Customer, l.Invoice, l.Code, l.Description, l.Country, l.Status = id(0), id(1), id(2), id(3), id(4), id(5)
	l.Time, l.Quantity, l.Price, l.Amount = number(0), number(1), number(2), number(3)
	l.Source = make([]uint16, 0, n)
	return l
}

func emptyLines() *Lines {
	return &Lines{
		Customers: newDict(), Descriptions: newDict(), Countries: newDict(), Statuses: newDict(),
		Invoices: newKeyedDict(), Codes: newKeyedDict(), room: -1,
	}
}

// NewShards returns lines in parts that are filled by a goroutine each: part i takes exactly rows[i] lines. When all are
// full, [Lines.Seal] makes them one.
func NewShards(rows []int) (*Lines, []*Lines) {
	n := 0
	for _, r := range rows {
		n += r
	}
	l, at := NewLines(n), 0
	l.shorten(n)
	for _, r := range rows {
		s, to := emptyLines(), at+r
		s.Customer, s.Invoice, s.Code = l.Customer[at:at:to], l.Invoice[at:at:to], l.Code[at:at:to]
		s.Description, s.Country, s.Status = l.Description[at:at:to], l.Country[at:at:to], l.Status[at:at:to]
		s.Time, s.Quantity, s.Price, s.Amount = l.Time[at:at:to], l.Quantity[at:at:to], l.Price[at:at:to], l.Amount[at:at:to]
		s.Source = l.Source[at:at:to]
		s.room, at = r, to
		l.shards = append(l.shards, s)
	}
	return l, l.shards
}

// Len returns the number of lines.
func (l *Lines) Len() int { return len(l.Time) }

// Worth returns what a line is worth: below zero where it gives something back, by its sign or by what [Decide] found to mark that.
func (l *Lines) Worth(i int) money.Amount {
	if l.kinds == nil {
		return money.Amount(l.Amount[i])
	}
	return l.kinds.amount(i)
}

// Append adds a batch, which may be reused afterwards. It wraps [ErrColumns] where the batch contradicts itself and [ErrRange]
// where a quantity × price is out of range; nothing is added then.
func (l *Lines) Append(b LineBatch) error {
	if l.sealed || l.shards != nil {
		return errors.New("append lines: they are sealed, or in shards")
	}
	if err := b.check(); err != nil {
		return fmt.Errorf("append lines: %w", err)
	}
	n := uint64(l.Len()) + uint64(len(b.Time))
	if n >= math.MaxUint32 || l.room >= 0 && n > uint64(l.room) {
		return fmt.Errorf("append lines: more than there is room for")
	}
	var err error
	if l.Amount, err = appendAmounts(l.Amount, &b); err != nil {
		return fmt.Errorf("append lines: %w", err)
	}
	l.Description, l.scratch = appendIDs(l.Description, &l.Descriptions, b.Description, l.scratch)
	l.Customer, l.scratch = appendIDs(l.Customer, &l.Customers, b.Customer, l.scratch)
	l.Country, l.scratch = appendIDs(l.Country, &l.Countries, b.Country, l.scratch)
	l.Code, l.scratch = appendIDs(l.Code, &l.Codes.Dict, b.Code, l.scratch)
	l.Invoice, l.scratch = appendIDs(l.Invoice, &l.Invoices.Dict, b.Invoice, l.scratch)
	if b.Status.empty() {
		l.Status = appendZeros(l.Status, len(b.Time), l.room >= 0)
	} else {
		l.Status, l.scratch = appendIDs(l.Status, &l.Statuses, b.Status, l.scratch)
	}
	l.Time = append(l.Time, b.Time...)
	l.Quantity = append(l.Quantity, b.Quantity...)
	l.Price = append(l.Price, b.Price...)
	if b.Source == 0 {
		l.Source = appendZeros(l.Source, len(b.Time), l.room >= 0)
		return nil
	}
	for range b.Time {
		l.Source = append(l.Source, b.Source)
	}
	return nil
}

// appendZeros adds n zeros. Memory that is still as it was made has them already, and need not be touched.
func appendZeros[T uint16 | uint32](dst []T, n int, asMade bool) []T {
	if asMade && cap(dst)-len(dst) >= n {
		return dst[:len(dst)+n]
	}
	return append(dst, make([]T, n)...)
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
func appendIDs(dst []uint32, dict *Dict, col TextColumn, scratch []uint32) (ids, _ []uint32) {
	if col.Codes == nil {
		for i := range col.texts() {
			dst = append(dst, dict.intern(col.Data[col.Offsets[i]:col.Offsets[i+1]]))
		}
		return dst, scratch
	}
	scratch = scratch[:0]
	for i := range col.texts() {
		scratch = append(scratch, dict.intern(col.Data[col.Offsets[i]:col.Offsets[i+1]]))
	}
	for _, code := range col.Codes {
		dst = append(dst, scratch[code])
	}
	return dst, scratch
}

// Cut drops every line outside the window.
func (l *Lines) Cut(w Window) {
	n := 0
	for i, t := range l.Time {
		if !w.Contains(calendar.DateOf(t)) {
			continue
		}
		if n != i {
			l.Customer[n], l.Invoice[n], l.Code[n] = l.Customer[i], l.Invoice[i], l.Code[i]
			l.Description[n], l.Country[n], l.Status[n] = l.Description[i], l.Country[i], l.Status[i]
			l.Time[n], l.Quantity[n], l.Price[n], l.Amount[n] = t, l.Quantity[i], l.Price[i], l.Amount[i]
			l.Source[n] = l.Source[i]
		}
		n++
	}
	l.shorten(n)
}

// shorten sets the length of every column.
func (l *Lines) shorten(n int) {
	l.Customer, l.Invoice, l.Code = l.Customer[:n], l.Invoice[:n], l.Code[:n]
	l.Description, l.Country, l.Status = l.Description[:n], l.Country[:n], l.Status[:n]
	l.Time, l.Quantity, l.Price, l.Amount = l.Time[:n], l.Quantity[:n], l.Price[:n], l.Amount[:n]
	l.Source = l.Source[:n]
}

// Seal makes shards one and renumbers every dictionary in byte order. Nothing can be appended afterwards. Sealing twice does
// nothing. It panics if a shard is not full.
func (l *Lines) Seal() {
	if l.sealed {
		return
	}
	for _, s := range l.shards {
		if s.Len() != s.room {
			panic(fmt.Sprintf("retail: a shard of %d lines has %d", s.room, s.Len()))
		}
		s.sealed = true
	}
	l.sealed = true
	// The longest first: the others fill up beside it.
	inParallel(
		func() {
			l.sealColumn(func(l *Lines) ([]uint32, *Dict) { return l.Invoice, &l.Invoices.Dict }, l.Invoices.seal)
		},
		func() {
			l.sealColumn(func(l *Lines) ([]uint32, *Dict) { return l.Description, &l.Descriptions }, func() []uint32 { return l.Descriptions.seal(nil) })
		},
		func() { l.sealColumn(func(l *Lines) ([]uint32, *Dict) { return l.Code, &l.Codes.Dict }, l.Codes.seal) },
		func() {
			l.sealColumn(func(l *Lines) ([]uint32, *Dict) { return l.Customer, &l.Customers }, func() []uint32 { return l.Customers.seal(nil) })
		},
		func() {
			l.sealColumn(func(l *Lines) ([]uint32, *Dict) { return l.Country, &l.Countries }, func() []uint32 { return l.Countries.seal(nil) })
		},
		func() {
			l.sealColumn(func(l *Lines) ([]uint32, *Dict) { return l.Status, &l.Statuses }, func() []uint32 { return l.Statuses.seal(nil) })
		},
	)
	l.shards = nil
}

// inParallel does pieces of work on all cores, beginning them in their order.
func inParallel(work ...func()) {
	var next atomic.Int32
	var wg sync.WaitGroup
	for range min(len(work), runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(work); i = int(next.Add(1)) - 1 {
				work[i]()
			}
		})
	}
	wg.Wait()
}

// sealColumn renumbers a column of texts, of the lines or of their shards, by what seal returns for the dictionary of all.
func (l *Lines) sealColumn(column func(*Lines) ([]uint32, *Dict), seal func() []uint32) {
	ids, all := column(l)
	numbers := make([][]uint32, len(l.shards))
	for i, s := range l.shards {
		_, dict := column(s)
		numbers[i] = make([]uint32, dict.Len())
		for id := range numbers[i] {
			numbers[i][id] = all.intern(dict.bytes(uint32(id)))
		}
	}
	to := seal()
	if len(l.shards) == 0 {
		renumber(ids, to)
	}
	for i, s := range l.shards {
		ids, dict := column(s)
		*dict = Dict{}
		renumber(numbers[i], to)
		renumber(ids, numbers[i])
	}
}

func renumber(ids, to []uint32) {
	if len(to) == 1 { // the empty text alone, which keeps its number
		return
	}
	for i, id := range ids {
		ids[i] = to[id]
	}
}
