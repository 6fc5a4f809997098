package demo

import (
	"bufio"
	"strconv"
	"strings"

	"github.com/clientele/clientele/pkg/retail"
)

// writer writes invoices as CSV and counts what it writes.
type writer struct {
	w     *bufio.Writer
	seed  uint64
	dirty int // broken records in a million lines
	truth *Truth
	err   error

	date   string // of the day at hand, with a space behind
	number int    // of the last invoice
	buf    []byte
	fields [8][]byte
}

// firstNumber is the number before the first invoice's.
const firstNumber = 500_000

// The columns, in the order of the UCI file.
const (
	invoiceNo = iota
	stockCode
	description
	quantity
	invoiceDate
	unitPrice
	customerID
	countryName
)

func (w *writer) header() {
	w.number = firstNumber
	w.put([]byte("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"))
}

func (w *writer) day(d retail.Date) {
	w.date = d.String() + " "
	w.truth.Last = d
}

// invoice writes an invoice. Prefix is a letter or a space; customer 0 is a guest.
func (w *writer) invoice(prefix byte, minute, customer int, country string, lines []line) {
	w.number++
	w.truth.Invoices++
	d := open(w.seed, tagDirty, uint64(w.number), 0)
	for _, l := range lines {
		w.record(prefix, minute, customer, country, l)
		w.truth.count(prefix, customer, l)
		if d.below(1_000_000) < w.dirty {
			w.broken(faults[d.below(len(faults))])
		}
	}
}

// record writes one good line; its fields stay in w.fields.
func (w *writer) record(prefix byte, minute, customer int, country string, l line) {
	f := &w.fields
	f[invoiceNo] = f[invoiceNo][:0]
	if prefix != ' ' {
		f[invoiceNo] = append(f[invoiceNo], prefix)
	}
	f[invoiceNo] = strconv.AppendInt(f[invoiceNo], int64(w.number), 10)
	f[stockCode] = append(f[stockCode][:0], l.code...)
	f[description] = appendQuoted(f[description][:0], l.description)
	f[quantity] = strconv.AppendInt(f[quantity][:0], int64(l.quantity), 10)
	f[invoiceDate] = append(f[invoiceDate][:0], w.date...)
	f[invoiceDate] = append(f[invoiceDate], byte('0'+minute/600), byte('0'+minute/60%10), ':',
		byte('0'+minute%60/10), byte('0'+minute%10), ':', '0', '0')
	f[unitPrice] = appendPence(f[unitPrice][:0], l.pence)
	f[customerID] = f[customerID][:0]
	if customer != 0 {
		f[customerID] = strconv.AppendInt(f[customerID], int64(customer), 10)
	}
	f[countryName] = append(f[countryName][:0], country...)
	w.join(f[:])
}

// join writes the fields as one record.
func (w *writer) join(fields [][]byte) {
	w.buf = w.buf[:0]
	for i, f := range fields {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		w.buf = append(w.buf, f...)
	}
	w.put(append(w.buf, '\n'))
	w.truth.Records++
}

// put keeps the first error: the writer's caller asks once, at the end.
func (w *writer) put(b []byte) {
	if _, err := w.w.Write(b); err != nil && w.err == nil {
		w.err = err
	}
}

func (w *writer) flush() error {
	if err := w.w.Flush(); w.err == nil {
		w.err = err
	}
	return w.err
}

// appendQuoted appends s as a CSV field, in quotes where it must be.
func appendQuoted(dst []byte, s string) []byte {
	if !strings.ContainsAny(s, ",\"") {
		return append(dst, s...)
	}
	dst = append(dst, '"')
	dst = append(dst, strings.ReplaceAll(s, `"`, `""`)...)
	return append(dst, '"')
}

// appendPence appends an amount of pence in pounds: 255 is 2.55, 0 is 0.
func appendPence(dst []byte, pence int) []byte {
	if pence < 0 {
		dst, pence = append(dst, '-'), -pence
	}
	dst = strconv.AppendInt(dst, int64(pence/100), 10)
	if pence%100 == 0 {
		return dst
	}
	return append(dst, '.', byte('0'+pence%100/10), byte('0'+pence%10))
}

// faults are the ways in which a record is broken, named after the rule that should catch it.
var faults = []string{
	"wrong_fields", "missing_invoice", "missing_code", "bad_quantity", "fractional_quantity",
	"bad_price", "price_decimals", "bad_time", "bad_encoding",
}

// broken writes the last record once more, broken in one way.
func (w *writer) broken(fault string) {
	fields := w.fields // the slices are shared: a fault sets another slice, it never writes into one
	cut := len(fields)
	switch fault {
	case "wrong_fields":
		cut = 5
	case "missing_invoice":
		fields[invoiceNo] = nil
	case "missing_code":
		fields[stockCode] = nil
	case "bad_quantity":
		fields[quantity] = []byte("six")
	case "fractional_quantity":
		fields[quantity] = []byte("2.5")
	case "bad_price":
		fields[unitPrice] = []byte("n/a")
	case "price_decimals":
		fields[unitPrice] = []byte("2.55001")
	case "bad_time":
		fields[invoiceDate] = []byte("2024-02-30 10:15:00")
	case "bad_encoding":
		fields[description] = []byte("GIFT \xa35")
	}
	w.join(fields[:cut])
	w.truth.Broken[fault]++
}
