package retail

import (
	"errors"
	"fmt"

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
