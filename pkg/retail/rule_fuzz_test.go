package retail_test

import (
	"encoding/binary"
	"errors"
	"reflect"
	"testing"

	"github.com/clientele/clientele/pkg/retail"
)

// Whatever columns a damaged file yields, they are refused or accounted for to the penny; nothing panics.
func FuzzApply(f *testing.F) {
	f.Add([]byte("C1\x00\x02\x04 22 a1 UK 7"), []byte{0, 1, 2, 3, 4, 0, 2, 4, 6, 8}, int64(-3), int64(25_500))
	f.Add([]byte{}, []byte{}, int64(0), int64(0))
	f.Add([]byte("x"), []byte{255, 0, 1, 1}, int64(1)<<62, int64(1)<<40)
	f.Add([]byte("0"), []byte{0, 1}, int64(1)<<62, int64(1)<<40)
	f.Fuzz(func(t *testing.T, text, offsets []byte, quantity, price int64) {
		var column retail.TextColumn
		column.Data = text
		for _, o := range offsets {
			column.Offsets = append(column.Offsets, int32(int8(o)))
		}
		b := retail.LineBatch{Customer: column, Invoice: column, Code: column, Description: column, Country: column}
		for i := range column.Len() {
			var word [8]byte
			copy(word[:], text[min(i, len(text)):])
			b.Time = append(b.Time, int64(binary.LittleEndian.Uint64(word[:])))
			b.Quantity = append(b.Quantity, quantity-int64(i))
			b.Price = append(b.Price, price)
		}
		l := retail.NewLines(retail.Room{})
		if err := l.Append(b); err != nil {
			if !errors.Is(err, retail.ErrColumns) && !errors.Is(err, retail.ErrRange) {
				t.Fatal(err)
			}
			return
		}
		if _, err := retail.DefaultRules().Apply(l); err != nil && !errors.Is(err, retail.ErrRange) {
			t.Fatal(err)
		}
	})
}

// A list that is read is written as it is read again.
func FuzzNonProducts(f *testing.F) {
	f.Add(retail.DefaultNonProducts().String())
	f.Add("digits<1;code=\u00a0a*; description==;")
	f.Fuzz(func(t *testing.T, s string) {
		n, err := retail.ParseNonProducts(s)
		if err != nil {
			return
		}
		again, err := retail.ParseNonProducts(n.String())
		if err != nil || !reflect.DeepEqual(n, again) {
			t.Fatalf("%q is read as %+v, written as %q, then %+v, %v", s, n, n.String(), again, err)
		}
	})
}
