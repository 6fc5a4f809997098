package record

import (
	"fmt"
	"math/bits"
	"strings"
)

// Breach is a set of rules that a record broke. The zero value is a good record.
type Breach uint32

// The checks of a record. A record that cannot be split into its fields (WrongFields, BadQuote, UnterminatedQuote,
// RecordTooLong) is checked for BadEncoding only; every other record is checked for everything. [Checks] says what each is.
const (
	WrongFields Breach = 1 << iota
	BadQuote
	UnterminatedQuote
	RecordTooLong
	BadEncoding
	MissingInvoice
	MissingCode
	BadQuantity
	FractionalQuantity
	BadTime
	BadPrice
	PriceDecimals
	AmountOutOfRange
	BadValue
	RoundedID
	BadAmount
	AmountMismatch
	OtherCurrency
	Forgotten

	NumBreaches = iota
)

// unlocated are the checks of a record in which it is not known where a field is.
const unlocated = WrongFields | BadQuote | UnterminatedQuote | RecordTooLong

// Check declares a check of a record, for tables, messages and docs.
type Check struct {
	Name    string
	Meaning string
	field   Field // that it is about, of the checks that are about one: see [Breach.field]
}

// Checks declares every check, in the order of their bits.
var Checks = [NumBreaches]Check{
	{Name: "wrong_fields", Meaning: "Not as many fields as the header has."},
	{Name: "bad_quote", Meaning: "Text after the quote that ends a field."},
	{Name: "unterminated_quote", Meaning: "A quoted field without an end."},
	{Name: "record_too_long", Meaning: "More bytes than a record may have."},
	{Name: "bad_encoding", Meaning: "Bytes that are not in the delivery's encoding."},
	{Name: "missing_invoice", Meaning: "No invoice number.", field: FieldInvoice},
	{Name: "missing_code", Meaning: "No product code.", field: FieldCode},
	{Name: "bad_quantity", Meaning: "A quantity that is not a number.", field: FieldQuantity},
	{Name: "fractional_quantity", Meaning: "A quantity with more than three decimals.", field: FieldQuantity},
	{Name: "bad_time", Meaning: "A time that does not exist or is not in the delivery's date layout.", field: FieldTime},
	{Name: "bad_price", Meaning: "A price that is not a decimal number.", field: FieldPrice},
	{Name: "price_decimals", Meaning: "A price with more than six decimals.", field: FieldPrice},
	{Name: "amount_out_of_range", Meaning: "A quantity above 10^12, or a price or amount that its decimal of 18 digits cannot hold.", field: FieldQuantity},
	{Name: "bad_value", Meaning: "An error or a truth value of a spreadsheet in a text column."},
	{Name: "rounded_id", Meaning: "An invoice, code or customer in scientific notation (6.34E+15): a spreadsheet has rounded the number, and several became one."},
	{Name: "bad_amount", Meaning: "A line total or discount that is not a decimal number.", field: FieldAmount},
	{Name: "amount_mismatch", Meaning: "A line total that is not quantity × price, within half a cent for each unit and half a cent, or a discount of more than the line.", field: FieldAmount},
	{Name: "other_currency", Meaning: "A line in another currency than --currency, by its currency column or the sign of its price or total, and no rate to convert it by.", field: FieldPrice},
	{Name: "forgotten", Meaning: "A customer who is forgotten (registry erase). Nothing of the record is kept, and it counts for no limit on rejected records."},
}

// field returns the field that a single check is about, if it is about one.
func (b Breach) field() (Field, bool) {
	return Checks[bits.TrailingZeros32(uint32(b))].field, b >= MissingInvoice && b <= AmountOutOfRange || b >= BadAmount && b != Forgotten
}

// String returns the names of the rules, separated by commas.
func (b Breach) String() string {
	var names []string
	for i := range b.each() {
		names = append(names, Checks[i].Name)
	}
	return strings.Join(names, ",")
}

// each goes through the positions of the rules in the set.
func (b Breach) each() func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for rest := uint32(b); rest != 0; rest &= rest - 1 {
			if !yield(bits.TrailingZeros32(rest)) {
				return
			}
		}
	}
}

// Example is the first record that broke a rule, for people.
type Example struct {
	Record int64  // ordinal, from 1; 0 means that none broke the rule
	File   string // of a delivery of several, "" otherwise
	Sheet  string // of a workbook, "" for other sources
	Line   int64  // of the source, or row of the sheet, from 1
	Field  string // the source's column, or "" where the rule is about the record as a whole
	Value  string // the value there, at most 80 bytes; "" where it could give a customer away, and with a customer key # for each digit
}

// String writes the example as a message shows it.
func (e Example) String() string {
	at := fmt.Sprintf("line %d", e.Line)
	if e.Sheet != "" {
		at = fmt.Sprintf("sheet %q, row %d", e.Sheet, e.Line)
	}
	if e.File != "" {
		at = e.File + ", " + at
	}
	switch {
	case e.Field == "" && e.Value == "":
		return at
	case e.Field == "":
		return at + ": " + e.Value
	case e.Value == "":
		return at + ", column " + e.Field
	}
	return fmt.Sprintf("%s, column %s: %q", at, e.Field, e.Value)
}
