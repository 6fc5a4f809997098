package record

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Field is one of the values of a transaction line.
type Field uint8

// The fields of a transaction line, in the order of the lines table but for the currency.
const (
	FieldInvoice Field = iota
	FieldCode
	FieldDescription
	FieldQuantity
	FieldTime
	FieldPrice
	FieldCustomer
	FieldCountry
	FieldAmount   // the line's total
	FieldStatus   // of the order or the line: cancelled, refunded and the like
	FieldCurrency // of the line's price and total
	FieldRegion   // county, state, store or the like, beside the country; only where a column is named for it
	FieldDiscount // money that is taken off the line's, of either sign; only where a column is named for it or a preset has one

	NumFields = iota
)

// A time can be in two columns, date and time of day, and a status in up to three, of which the first that is not empty counts. An
// invoice can be in two: a number, and the store or till that counts for itself.
// Behind the first column each has a slot of its own in a record.
const (
	slotClock = Field(NumFields + iota)
	slotStatus2
	slotStatus3
	slotStore

	numSlots = NumFields + iota
)

// field returns the field that a slot is of.
func (f Field) field() Field {
	switch f {
	case slotClock:
		return FieldTime
	case slotStatus2, slotStatus3:
		return FieldStatus
	case slotStore:
		return FieldInvoice
	}
	return f
}

// slots returns the slots of a field, its own first.
func (f Field) slots() []Field {
	switch f {
	case FieldTime:
		return []Field{FieldTime, slotClock}
	case FieldStatus:
		return []Field{FieldStatus, slotStatus2, slotStatus3}
	case FieldInvoice:
		return []Field{FieldInvoice, slotStore}
	}
	return []Field{f}
}

var fieldNames = [NumFields]string{"invoice", "code", "description", "quantity", "time", "price", "customer", "country", "amount", "status", "currency", "region", "discount"}

// String returns the field's name in the lines table.
func (f Field) String() string {
	if int(f) < NumFields {
		return fieldNames[f]
	}
	return fmt.Sprintf("field(%d)", uint8(f))
}

// ColumnNames says which column of a source holds a field, for those whose name in the source is not a known spelling. "A+B"
// are two columns, unless one is called so: see [FindColumns]. "" means that no column holds the field.
type ColumnNames map[Field]string

// ParseColumnNames reads "invoice=Bill,code=SKU". A field without a column, as in "price=", is ignored. A column whose name has a
// comma cannot be named so.
func ParseColumnNames(s string) (ColumnNames, error) {
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	names := ColumnNames{}
	for part := range strings.SplitSeq(s, ",") {
		field, column, found := strings.Cut(part, "=")
		field, column = strings.TrimSpace(field), strings.TrimSpace(column)
		i := slices.Index(fieldNames[:], field)
		switch {
		case !found:
			return nil, fmt.Errorf("parse columns %q: want field=column", part)
		case i < 0:
			return nil, fmt.Errorf("parse columns %q: no field %q, known are %s", part, field, strings.Join(fieldNames[:], ", "))
		}
		if _, twice := names[Field(i)]; twice {
			return nil, fmt.Errorf("parse columns %q: field %s is named twice", s, field)
		}
		names[Field(i)] = column
	}
	return names, nil
}

// String writes the names as [ParseColumnNames] reads them, in the order of the fields.
func (n ColumnNames) String() string {
	var parts []string
	for f := range Field(NumFields) {
		if column, ok := n[f]; ok {
			parts = append(parts, f.String()+"="+column)
		}
	}
	return strings.Join(parts, ",")
}

// trimBlank cuts every blank off both ends: those that do not break a line, those without a width and byte order marks too.
func trimBlank(b []byte) []byte {
	return bytes.TrimFunc(b, func(r rune) bool { return r < utf8.RuneSelf && isBlank(byte(r)) || isUnicodeBlank(r) })
}

// isUnicodeBlank reports whether a character beyond ASCII shows nothing.
func isUnicodeBlank(r rune) bool {
	switch r {
	case 0x180e, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x2060, 0xfeff: // no width, or a direction
		return true
	}
	return r >= utf8.RuneSelf && unicode.IsSpace(r)
}

// trimSpace cuts ASCII blanks off both ends.
func trimSpace(b []byte) []byte {
	for len(b) > 0 && isBlank(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isBlank(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

func isBlank(c byte) bool { return c == ' ' || (c >= '\t' && c <= '\r') }
