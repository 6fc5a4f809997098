package preprocess

import (
	"cmp"
	"maps"
	"slices"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/explore"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/retail"
)

// productsFrame gives every product code of sealed lines its most frequent description, of the lines above zero: those of write-offs
// often say what happened to the goods. The order of the lines does not matter.
func productsFrame(l *retail.Lines) (*frame.Frame, error) {
	var counts tally[int64] // by code and description
	err := l.Scan(retail.FieldAmount|retail.FieldCode|retail.FieldDescription, func() (func([]retail.Line), func()) {
		var mine tally[int64]
		see := func(lines []retail.Line) {
			for i := range lines {
				if r := &lines[i]; r.Code != 0 && r.Amount > 0 {
					*mine.at(uint64(r.Code)<<32 | uint64(r.Description))++
				}
			}
		}
		return see, func() {
			for i, key := range mine.keys {
				*counts.at(key) += mine.values[i]
			}
		}
	})
	if err != nil {
		return nil, err
	}
	// Codes are compared in capitals, so that several of the delivery can be one.
	type product struct {
		lines int64
		texts map[uint32]int64
	}
	products := map[string]*product{}
	for i, key := range counts.keys {
		n, description := counts.values[i], uint32(key)
		name := explore.Compared(l.Codes.String(uint32(key >> 32)))
		if name == "" {
			continue
		}
		q := products[name]
		if q == nil {
			q = &product{texts: map[uint32]int64{}}
			products[name] = q
		}
		if q.lines += n; description != 0 {
			q.texts[description] += n
		}
	}
	f := frame.New(contract.Products.Columns, len(products))
	for i, name := range slices.Sorted(maps.Keys(products)) {
		q := products[name]
		f.Strings("code")[i], f.Ints("lines")[i], f.Ints("descriptions")[i] = name, q.lines, int64(len(q.texts))
		if len(q.texts) > 0 {
			best := slices.MaxFunc(slices.Collect(maps.Keys(q.texts)), func(a, b uint32) int {
				return cmp.Or(cmp.Compare(q.texts[a], q.texts[b]), cmp.Compare(b, a)) // of equal counts the first in byte order
			})
			f.Strings("description")[i], f.Ints("described")[i] = l.Descriptions.String(best), q.texts[best]
		}
	}
	return f, nil
}

// returnsFrame is the table of what customers gave back.
func returnsFrame(l *retail.Lines, all []retail.TakenBack) *frame.Frame {
	f := frame.New(contract.Returns.Columns, len(all))
	for i, t := range all {
		f.Strings("customer")[i], f.Strings("day")[i], f.Strings("kind")[i] = l.Customers.String(t.Customer), t.Day.String(), contract.KindReturn
		if t.Discount {
			f.Strings("kind")[i] = contract.KindDiscount
		}
		f.Ints("lines")[i], f.Ints("amount")[i] = t.Lines, int64(t.Amount)
	}
	return f
}
