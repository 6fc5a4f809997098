package demo

import (
	"bufio"
	"strconv"
	"strings"

	"github.com/clientele/clientele/pkg/calendar"
)

// writer writes invoices as CSV and counts what it writes.
type writer struct {
	w     *bufio.Writer
	seed  uint64
	dirty int // broken records in a million
	truth *Truth
	err   error

	today  calendar.Date
	dates  [2]string // today and the day after, which a shifted clock can show; with a space behind
	number int       // of the last invoice
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

func (w *writer) day(d calendar.Date) {
	w.today = d
	w.dates = [2]string{d.String() + " ", (d + 1).String() + " "}
	w.truth.Last = max(w.truth.Last, d)
}

// invoice is what the lines of an invoice have in common.
type invoice struct {
	prefix   byte // a letter or a space
	minute   int  // of the day; from 24 × 60 on it lies on the next day
	customer int  // 0 is a guest
	country  string
	orphan   bool // gives back what a fault has lost the sale of
	picture  bool // the one record that is too long comes behind it
}

// invoice writes an invoice, unless a fault loses it. Its number is used up either way, so that a fault changes nothing
// else. It may change the lines.
func (w *writer) invoice(in invoice, lines []line) {
	w.number++
	times := w.apply(&in, lines)
	if times == 0 {
		return
	}
	w.truth.Invoices++
	w.truth.Last = max(w.truth.Last, w.today+calendar.Date(in.minute/minutesOfDay))
	d := open(w.seed, tagDirty, uint64(w.number), 0)
	for _, l := range lines {
		for i := range times {
			l.copied = l.copied || i > 0
			w.record(in, l)
			w.truth.count(in, l)
		}
		// So many to a good line that they are the wanted share of all records.
		if d.below(1_000_000-w.dirty) < w.dirty {
			w.broken(dirt[d.below(len(dirt))])
		}
	}
	if in.picture && w.dirty > 0 {
		w.broken(recordTooLong)
	}
}

const minutesOfDay = 24 * 60

// record writes one good line; its fields stay in w.fields.
func (w *writer) record(in invoice, l line) {
	f := &w.fields
	f[invoiceNo] = f[invoiceNo][:0]
	if in.prefix != ' ' {
		f[invoiceNo] = append(f[invoiceNo], in.prefix)
	}
	f[invoiceNo] = strconv.AppendInt(f[invoiceNo], int64(w.number), 10)
	f[stockCode] = append(f[stockCode][:0], l.code...)
	f[description] = appendQuoted(f[description][:0], l.description)
	f[quantity] = strconv.AppendInt(f[quantity][:0], int64(l.quantity), 10)
	f[invoiceDate] = append(f[invoiceDate][:0], w.dates[in.minute/minutesOfDay]...)
	minute := in.minute % minutesOfDay
	f[invoiceDate] = append(f[invoiceDate], byte('0'+minute/600), byte('0'+minute/60%10), ':',
		byte('0'+minute%60/10), byte('0'+minute%10), ':', '0', '0')
	f[unitPrice] = appendPence(f[unitPrice][:0], l.pence)
	f[customerID] = f[customerID][:0]
	if in.customer != 0 {
		f[customerID] = strconv.AppendInt(f[customerID], int64(in.customer), 10)
	}
	f[countryName] = append(f[countryName][:0], in.country...)
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
