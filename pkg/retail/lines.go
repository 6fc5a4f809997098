package retail

import (
	"errors"
	"fmt"
	"math"
	"sync"
)

// ErrColumns says that the columns of a batch do not belong together: lengths differ, or offsets point outside the text.
var ErrColumns = errors.New("columns do not fit together")

// TextColumn is a column of texts as Arrow keeps it: text i is Data[Offsets[i]:Offsets[i+1]]. Offsets may be empty where
// there is no text.
type TextColumn struct {
	Offsets []int32
	Data    []byte
}

// Len returns the number of texts.
func (c TextColumn) Len() int { return max(len(c.Offsets)-1, 0) }

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
	return nil
}

// LineBatch is a piece of the lines table, column by column. An empty text stands for null.
type LineBatch struct {
	Customer, Invoice, Code, Description, Country TextColumn

	Time     []int64 // µs since 1970-01-01T00:00, the shop's local time
	Quantity []int64
	Price    []int64 // Money
}

func (b *LineBatch) check() error {
	if len(b.Quantity) != len(b.Time) || len(b.Price) != len(b.Time) {
		return fmt.Errorf("%w: %d times, %d quantities, %d prices", ErrColumns, len(b.Time), len(b.Quantity), len(b.Price))
	}
	for _, c := range []TextColumn{b.Customer, b.Invoice, b.Code, b.Description, b.Country} {
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
	Customer, Invoice, Code, Description, Country []uint32

	Time, Quantity, Price []int64

	Customers, Descriptions, Countries Dict
	Invoices, Codes                    KeyedDict

	sealed bool
}

// NewLines returns room for about n lines.
func NewLines(n int) *Lines {
	return &Lines{
		Customer: make([]uint32, 0, n), Invoice: make([]uint32, 0, n), Code: make([]uint32, 0, n),
		Description: make([]uint32, 0, n), Country: make([]uint32, 0, n),
		Time: make([]int64, 0, n), Quantity: make([]int64, 0, n), Price: make([]int64, 0, n),
		Customers: newDict(), Descriptions: newDict(), Countries: newDict(),
		Invoices: newKeyedDict(), Codes: newKeyedDict(),
	}
}

// Len returns the number of lines.
func (l *Lines) Len() int { return len(l.Time) }

// fanOut is the size of a batch from which two goroutines are worth starting.
const fanOut = 1024

// Append adds a batch, which may be reused afterwards. It wraps [ErrColumns] where the batch contradicts itself; nothing
// is added then.
func (l *Lines) Append(b LineBatch) error {
	if l.sealed {
		return errors.New("append lines: they are sealed")
	}
	if err := b.check(); err != nil {
		return fmt.Errorf("append lines: %w", err)
	}
	if uint64(l.Len())+uint64(len(b.Time)) >= math.MaxUint32 {
		return fmt.Errorf("append lines: more than %d lines", uint32(math.MaxUint32))
	}
	// Two groups of columns that take about as long as each other.
	labels := func() {
		l.Description = appendIDs(l.Description, &l.Descriptions, b.Description)
		l.Customer = appendIDs(l.Customer, &l.Customers, b.Customer)
		l.Country = appendIDs(l.Country, &l.Countries, b.Country)
	}
	numbers := func() {
		l.Code = appendIDs(l.Code, &l.Codes.Dict, b.Code)
		l.Invoice = appendIDs(l.Invoice, &l.Invoices.Dict, b.Invoice)
		l.Time = append(l.Time, b.Time...)
		l.Quantity = append(l.Quantity, b.Quantity...)
		l.Price = append(l.Price, b.Price...)
	}
	if len(b.Time) < fanOut {
		labels()
		numbers()
		return nil
	}
	var wg sync.WaitGroup
	wg.Go(labels)
	numbers()
	wg.Wait()
	return nil
}

func appendIDs(dst []uint32, dict *Dict, col TextColumn) []uint32 {
	for i := range col.Len() {
		dst = append(dst, dict.intern(col.Data[col.Offsets[i]:col.Offsets[i+1]]))
	}
	return dst
}

// Cut drops every line outside the window.
func (l *Lines) Cut(w Window) {
	n := 0
	for i, t := range l.Time {
		if !w.Contains(DateOf(t)) {
			continue
		}
		if n != i {
			l.Customer[n], l.Invoice[n], l.Code[n] = l.Customer[i], l.Invoice[i], l.Code[i]
			l.Description[n], l.Country[n] = l.Description[i], l.Country[i]
			l.Time[n], l.Quantity[n], l.Price[n] = t, l.Quantity[i], l.Price[i]
		}
		n++
	}
	l.Customer, l.Invoice, l.Code = l.Customer[:n], l.Invoice[:n], l.Code[:n]
	l.Description, l.Country = l.Description[:n], l.Country[:n]
	l.Time, l.Quantity, l.Price = l.Time[:n], l.Quantity[:n], l.Price[:n]
}

// Seal renumbers every dictionary in byte order. Nothing can be appended afterwards. Sealing twice does nothing.
func (l *Lines) Seal() {
	if l.sealed {
		return
	}
	l.sealed = true
	var wg sync.WaitGroup
	wg.Go(func() {
		renumber(l.Invoice, l.Invoices.seal())
		renumber(l.Country, l.Countries.seal(nil))
	})
	wg.Go(func() {
		renumber(l.Code, l.Codes.seal())
		renumber(l.Description, l.Descriptions.seal(nil))
		renumber(l.Customer, l.Customers.seal(nil))
	})
	wg.Wait()
}

func renumber(ids, to []uint32) {
	for i, id := range ids {
		ids[i] = to[id]
	}
}
