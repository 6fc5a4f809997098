package retail

import (
	"fmt"

	"github.com/clientele/clientele/pkg/money"
)

// Row is a kept line.
type Row struct {
	Time     int64          // µs since 1970-01-01T00:00, the shop's local time
	Quantity money.Quantity // what is left of it
	Price    money.Price    // of one unit
	Amount   money.Amount   // what that is worth, see [Row.Part]

	Invoice, Code, Country uint32 // as written
	InvoiceKey, CodeKey    uint32 // as compared
	Return                 bool   // a return line, of a quantity and an amount below zero; kept only with cancellation_unmatched off
}

// Part returns what n of the row's quantity is worth: n × price, and of what the row's amount differs from quantity × price,
// the share that n has in the quantity. Each is rounded to the ten-thousandth, and what comes out is not beyond zero nor the
// amount. n is 0, or of the quantity's sign and not above it. All of the quantity is worth the row's amount, and none of it
// nothing.
func (r *Row) Part(n money.Quantity) money.Amount {
	if n == r.Quantity {
		return r.Amount
	}
	part := times(r.Price, n)
	if extra := r.Amount - times(r.Price, r.Quantity); extra != 0 {
		part += extra.Part(n, r.Quantity)
	}
	return min(max(part, min(r.Amount, 0)), max(r.Amount, 0))
}

// times returns what was found to be in range when the lines were appended.
func times(p money.Price, q money.Quantity) money.Amount {
	amount, err := p.Times(q)
	if err != nil {
		panic(fmt.Sprintf("retail: %s × %s: %v", p, q, err))
	}
	return amount
}

// Returns are a customer's return lines that reached the cancellation rules, in full quantity, whether they found their
// sale or not.
type Returns struct {
	Lines    int64
	Invoices int64        // distinct
	Value    money.Amount // Σ −amount
}

// Cancellations counts return lines by how much of them found its sale.
type Cancellations struct {
	Matched   int64 // in full
	Partly    int64
	Unmatched int64        // not at all
	Amount    money.Amount // of what found its sale, negative
}

// Discounts are the discount lines that no earlier rule took.
type Discounts struct {
	Lines     int64
	Amount    money.Amount // of all, negative
	Allocated money.Amount // the part that was taken off product lines, negative
}

// Kept is the outcome of [Rules.Apply]: the lines that no rule took, customer by customer, and the account of all others.
type Kept struct {
	Customers, Countries Dict // of the lines, which themselves are not held on to
	Invoices, Codes      KeyedDict

	Ledger        Ledger
	Cancellations Cancellations
	Discounts     Discounts
	Filled        int64 // lines without a customer that got the one customer of their invoice
	Duplicates    int64 // later copies that reached the rule duplicate, taken or not
	Products      int64 // distinct codes over kept lines
	OnlyReturns   int64 // customers with return lines that reached the cancellation rules and no kept sale line

	Returns []Returns // by customer
	sales   []uint32  // by customer: kept sale lines
	rows    []Row
	spans   []rowSpan // by customer: its rows
}

type rowSpan struct{ from, to int }

// NumCustomers returns the number of customer ids; 0 is the guest, and a customer may have no row.
func (k *Kept) NumCustomers() int { return len(k.spans) }

// Rows returns the kept lines of a customer in the order of (time, invoice, code, price, quantity as delivered,
// description, country, amount, status, invoice and code as written). With cancellation_unmatched off there may be return lines among them.
func (k *Kept) Rows(customer uint32) []Row {
	s := k.spans[customer]
	return k.rows[s.from:s.to]
}

// NumSales returns how many kept lines of a customer are sale lines: no returns.
func (k *Kept) NumSales(customer uint32) int { return int(k.sales[customer]) }

// NumRows returns the number of kept lines of all customers and guests. With cancellation_unmatched off the remainders
// of cancellations matched in part are among them, so that their amounts add up to the ledger's; the ledger counts
// those lines at cancellation_matched.
func (k *Kept) NumRows() int {
	n := 0
	for _, s := range k.spans {
		n += s.to - s.from
	}
	return n
}

// Coding numbers the texts of kept lines from 0, in byte order (invoices and codes as compared, then as written).
type Coding struct {
	Texts []string
	Code  []int32 // by the number that a [Row] has; -1 for the empty text and for one that no kept line has
}

// UsedTexts are the texts that kept lines have.
type UsedTexts struct{ Customers, Invoices, Codes, Countries Coding }

// Used returns the texts that kept lines have: the dictionaries of [Kept] hold those of all lines.
func (k *Kept) Used() UsedTexts {
	customers, countries := newBitset(k.Customers.Len()), newBitset(k.Countries.Len())
	invoices, codes := newBitset(k.Invoices.Len()), newBitset(k.Codes.Len())
	for c := range k.spans {
		rows := k.Rows(uint32(c))
		if len(rows) > 0 {
			customers.set(uint32(c))
		}
		for i := range rows {
			invoices.set(rows[i].Invoice)
			codes.set(rows[i].Code)
			countries.set(rows[i].Country)
		}
	}
	return UsedTexts{
		k.Customers.coding(customers, true), k.Invoices.coding(invoices, false), k.Codes.coding(codes, false),
		k.Countries.coding(countries, true),
	}
}
