package demo

import (
	"bytes"
	"slices"
)

// dirt are the ways in which a record is broken, named after the rule that should catch it. Two more come once in a shop: a
// record that is too long, and at the end one that is torn. That is every rule of a quarantine but those about cells of workbooks
// and parquet files, line totals and currencies: a demo's records have none.
var dirt = []string{
	"wrong_fields", "bad_quote", "bad_encoding", "missing_invoice", "missing_code", "bad_quantity", "fractional_quantity",
	"bad_time", "bad_price", "price_decimals", "amount_out_of_range",
}

const (
	recordTooLong     = "record_too_long"
	unterminatedQuote = "unterminated_quote"
)

// pictureSize is longer than any record that a reader should put up with.
const pictureSize = 300 << 10

// broken writes the last record once more, broken in one way.
func (w *writer) broken(how string) {
	fields := w.fields // the slices are shared: dirt sets another slice, it never writes into one
	cut := len(fields)
	switch how {
	case "wrong_fields":
		cut = 5
	case "bad_quote":
		fields[description] = []byte(`"GIFT" BOX`)
	case "bad_encoding":
		fields[description] = []byte("GIFT \xa35")
	case "missing_invoice":
		fields[invoiceNo] = nil
	case "missing_code":
		fields[stockCode] = nil
	case "bad_quantity":
		fields[quantity] = []byte("six")
	case "fractional_quantity":
		fields[quantity] = []byte("2.0625")
	case "bad_time":
		fields[invoiceDate] = []byte("2024-02-30 10:15:00")
	case "bad_price":
		fields[unitPrice] = []byte("n/a")
	case "price_decimals":
		fields[unitPrice] = []byte("2.5500001")
	case "amount_out_of_range":
		fields[quantity] = []byte("9000000000000000")
	case recordTooLong: // somebody pasted a picture
		fields[description] = bytes.Repeat([]byte("iVBORw0KGgoAAAANSUhEUgAA"), pictureSize/24)
	}
	w.join(fields[:cut])
	w.truth.Broken[how]++
}

// rest writes what a shop with dirt has beside what came by chance: a record of every way that did not come, and the torn one.
// A shop of which a fault has lost every line has nothing that could be broken.
func (w *writer) rest() {
	if w.dirty == 0 || w.truth.Lines == 0 {
		return
	}
	for _, how := range append(slices.Clone(dirt), recordTooLong) {
		if w.truth.Broken[how] == 0 {
			w.broken(how)
		}
	}
	w.torn()
}

// torn writes the one record whose quoted field has no end. It is the last of the file: anywhere else, the next quote
// would end the field, and good lines would go with it.
func (w *writer) torn() {
	fields := w.fields
	fields[countryName] = []byte(`"United King`)
	w.join(fields[:])
	w.truth.Broken[unterminatedQuote]++
}
