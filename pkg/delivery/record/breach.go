package record

import (
	"fmt"
	"math/bits"
	"strings"
)

// Breach is a set of rules that a record broke. The zero value is a good record.
type Breach uint32

// The rules of a record. In a record that cannot be cut into its fields (WrongFields, BadQuote, UnterminatedQuote,
// RecordTooLong) no other rule is looked at but BadEncoding; in all others every rule is.
const (
	WrongFields        Breach = 1 << iota // not as many fields as the header
	BadQuote                              // text behind the quote that ends a field
	UnterminatedQuote                     // a quoted field without end
	RecordTooLong                         // more than the bound of bytes
	BadEncoding                           // not in the encoding of the delivery
	MissingInvoice                        // blank
	MissingCode                           // blank
	BadQuantity                           // not a number
	FractionalQuantity                    // not whole
	BadTime                               // not in the delivery's date layout, or no such time
	BadPrice                              // not a decimal number
	PriceDecimals                         // more than four decimals
	AmountOutOfRange                      // quantity, price or their product is beyond decimal(18,4)
	BadValue                              // an error or a truth value of a spreadsheet where a text belongs

	NumBreaches = iota
)

// unlocated are the rules of a record in which it is not known where a field stands.
const unlocated = WrongFields | BadQuote | UnterminatedQuote | RecordTooLong

var breachNames = [NumBreaches]string{
	"wrong_fields", "bad_quote", "unterminated_quote", "record_too_long", "bad_encoding", "missing_invoice", "missing_code",
	"bad_quantity", "fractional_quantity", "bad_time", "bad_price", "price_decimals", "amount_out_of_range",
	"bad_value",
}

// breachFields are the fields that the rules from MissingInvoice on are about.
var breachFields = map[Breach]Field{
	MissingInvoice: FieldInvoice, MissingCode: FieldCode, BadQuantity: FieldQuantity, FractionalQuantity: FieldQuantity,
	BadTime: FieldTime, BadPrice: FieldPrice, PriceDecimals: FieldPrice, AmountOutOfRange: FieldQuantity,
}

// String returns the names of the rules, separated by commas.
func (b Breach) String() string {
	var names []string
	for i := range b.each() {
		names = append(names, breachNames[i])
	}
	return strings.Join(names, ",")
}

// BreachName returns the name of rule i, 0 ≤ i < [NumBreaches].
func BreachName(i int) string { return breachNames[i] }

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
	Value  string // what stands there, at most 80 bytes; "" where it could give a customer away, and with a customer key # for each digit
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
