package record

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Field is one of the eight values of a transaction line.
type Field uint8

// The fields of a transaction line, in the order of the lines table.
const (
	FieldInvoice Field = iota
	FieldCode
	FieldDescription
	FieldQuantity
	FieldTime
	FieldPrice
	FieldCustomer
	FieldCountry

	NumFields = 8
)

var fieldNames = [NumFields]string{"invoice", "code", "description", "quantity", "time", "price", "customer", "country"}

// spellings are the header names that both UCI files use (Online Retail: InvoiceNo, UnitPrice, CustomerID; Online Retail
// II: Invoice, Price, Customer ID). They are compared by headerKey.
var spellings = [NumFields][]string{
	FieldInvoice:     {"InvoiceNo", "Invoice"},
	FieldCode:        {"StockCode"},
	FieldDescription: {"Description"},
	FieldQuantity:    {"Quantity"},
	FieldTime:        {"InvoiceDate"},
	FieldPrice:       {"UnitPrice", "Price"},
	FieldCustomer:    {"CustomerID", "Customer ID"},
	FieldCountry:     {"Country"},
}

// String returns the field's name in the lines table.
func (f Field) String() string {
	if int(f) < NumFields {
		return fieldNames[f]
	}
	return fmt.Sprintf("field(%d)", uint8(f))
}

// ColumnNames says which column of a source holds a field, for those whose name in the source is not a known spelling.
type ColumnNames map[Field]string

// ParseColumnNames reads "invoice=Bill,code=SKU". A column whose name has a comma cannot be named so.
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
		case !found || headerKey(column) == "":
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

// HeaderError says that the header of a source does not name each field once.
type HeaderError struct {
	Table    string   // name of the sheet, "" for other sources
	Found    []string // the source's columns, see shownColumns; nil where it does not look like a delivery
	Problems []string // one for each field that is missing or there twice
}

// NewHeaderError returns the error of a header. It shows its columns if they look like those of a delivery.
func NewHeaderError(header []string, problems ...string) *HeaderError {
	for _, sign := range []string{",", ";", "\t", "|"} {
		if len(header) == 1 && knownColumns(strings.Split(header[0], sign)) >= deliveryColumns {
			problems = append(problems, fmt.Sprintf("its columns seem to be separated by %q", sign))
		}
	}
	return &HeaderError{Found: shownColumns(header), Problems: problems}
}

func (e *HeaderError) Error() string {
	of := "header"
	if e.Table != "" {
		of = fmt.Sprintf("header of sheet %q", e.Table)
	}
	found := "its first line is not shown, because it does not look like the header of a delivery"
	if len(e.Found) > 0 {
		found = "found the columns " + strings.Join(e.Found, ", ")
	}
	return fmt.Sprintf("read %s: %s; %s", of, strings.Join(e.Problems, "; "), found)
}

// Unwrap returns [ErrColumns].
func (e *HeaderError) Unwrap() error { return ErrColumns }

// Columns says where each field is in a record.
type Columns struct {
	Names []string // of the header
	Width int      // fields of a record
	Field []int8   // by position: the [Field] there, or -1
	At    [NumFields]int
}

// FindColumns finds each field among a header's columns, by the known spellings or by names. It returns a *[HeaderError] if a
// field has no column or two.
func FindColumns(header []string, names ColumnNames) (Columns, error) {
	c := Columns{Names: header, Width: len(header), Field: make([]int8, len(header))}
	for i := range c.Field {
		c.Field[i] = -1
	}
	var problems []string
	for f := range Field(NumFields) {
		wanted := spellings[f]
		if column, ok := names[f]; ok {
			wanted = []string{column}
		}
		var at []int
		for i, h := range header {
			if slices.ContainsFunc(wanted, func(w string) bool { return headerKey(w) == headerKey(h) }) {
				at = append(at, i)
			}
		}
		switch {
		case len(at) == 0:
			problems = append(problems, fmt.Sprintf("no column for %s, wanted %s", f, strings.Join(wanted, " or ")))
		case len(at) > 1:
			problems = append(problems, fmt.Sprintf("%d columns for %s (positions %d and %d), wanted one of %s",
				len(at), f, at[0]+1, at[1]+1, strings.Join(wanted, " or ")))
		case c.Field[at[0]] >= 0:
			problems = append(problems, fmt.Sprintf("column %s matches both %s and %s", header[at[0]], Field(c.Field[at[0]]), f))
		default:
			c.Field[at[0]], c.At[f] = int8(f), at[0]
		}
	}
	if len(problems) > 0 {
		return Columns{}, NewHeaderError(header, problems...)
	}
	return c, nil
}

// headerKey is the form in which column names are compared: lower case, without spaces and underscores.
func headerKey(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || unicode.IsSpace(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
}

// deliveryColumns is how many columns of known spellings make a first line the header of a delivery. Names that the caller
// gives do not count: with them, whoever knows a part of some other object could have the rest of it shown.
const deliveryColumns = 3

// knownColumns counts the fields that a column has a known spelling of.
func knownColumns(header []string) int {
	known := 0
	for _, names := range spellings {
		if slices.ContainsFunc(header, func(h string) bool {
			return slices.ContainsFunc(names, func(name string) bool { return headerKey(name) == headerKey(h) })
		}) {
			known++
		}
	}
	return known
}

// shownColumns returns the columns as a message may show them, at most 40; nil unless they are those of a delivery. A source
// may be any object, the first line of which may be a secret or, in a file without a header, a customer: a column that does
// not look like a name is shown as #position.
func shownColumns(header []string) []string {
	const most = 40
	if knownColumns(header) < deliveryColumns {
		return nil
	}
	var show []string
	for i, h := range header {
		if i == most {
			return append(show, fmt.Sprintf("and %d more", len(header)-most))
		}
		if !columnName.MatchString(h) {
			h = fmt.Sprintf("#%d", i+1)
		}
		show = append(show, h)
	}
	return show
}

// columnName is what the name of a column looks like.
var columnName = regexp.MustCompile(`^\pL[\pL\pN _.()-]{0,39}$`)

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

// normalCustomer returns a customer's id as it is compared: trimmed and without the ".0" that a spreadsheet's number
// column leaves behind. Empty means a guest.
func normalCustomer(b []byte) []byte {
	b = trimSpace(b)
	if len(b) > 2 && bytes.HasSuffix(b, []byte(".0")) {
		b = b[:len(b)-2]
	}
	return b
}
