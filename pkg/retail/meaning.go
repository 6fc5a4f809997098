package retail

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Meaning is what a shop's lines mean, as a profile says it. Empty fields are for [Decide], which fills them.
type Meaning struct {
	// ReturnInvoices and Adjustments are regular expressions, matched against whole invoice numbers as compared; NoInvoice is none.
	ReturnInvoices string   `toml:"return_invoices,omitempty" json:"return_invoices,omitempty"` // invoices that are returns, whatever the sign
	ReturnStatuses []string `toml:"return_statuses,omitempty" json:"return_statuses,omitempty"` // statuses that make a line a return, besides [ReturnWords]
	VoidStatuses   []string `toml:"void_statuses,omitempty" json:"void_statuses,omitempty"`     // statuses that make it no sale, besides [VoidWords]
	SaleStatuses   []string `toml:"sale_statuses,omitempty" json:"sale_statuses,omitempty"`     // statuses that mean neither, although they are among those words
	Adjustments    string   `toml:"adjustments,omitempty" json:"adjustments,omitempty"`         // invoices that adjust the books, such as bad debt
	Discounts      string   `toml:"discounts,omitempty" json:"discounts,omitempty"`             // [DropDiscounts] or [AllocateDiscounts]
	DiscountCodes  []string `toml:"discount_codes,omitempty" json:"discount_codes,omitempty"`   // codes that are discounts when below zero
	NonProducts    string   `toml:"non_products,omitempty" json:"non_products,omitempty"`       // as [ParseNonProducts] reads it
	Invoice        string   `toml:"invoice,omitempty" json:"invoice,omitempty"`                 // what an invoice is: [ByNumber] or [ByNumberAndDay]
}

// What the fields of a meaning can say.
const (
	DropDiscounts     = "drop"
	AllocateDiscounts = "allocate"
	ByNumber          = "number"
	ByNumberAndDay    = "number_day"

	// NoInvoice is the pattern of invoices that there are none of.
	NoInvoice = "none"
)

// uciAdjustments are the invoices of UCI Online Retail that adjust bad debt.
const uciAdjustments = `A\d+`

// UCI is what the lines of UCI Online Retail mean.
func UCI() Meaning {
	return Meaning{
		ReturnInvoices: NoInvoice, Adjustments: uciAdjustments, Discounts: DropDiscounts, NonProducts: DefaultNonProducts().String(), Invoice: ByNumber,
	}
}

// Problems says what is wrong with a meaning, "field: why" each.
func (m Meaning) Problems() []string {
	var wrong []string
	add := func(field string, err error) {
		if err != nil {
			wrong = append(wrong, field+": "+err.Error())
		}
	}
	_, err := invoicePattern(m.ReturnInvoices)
	add("return_invoices", err)
	_, err = invoicePattern(m.Adjustments)
	add("adjustments", err)
	if m.NonProducts != "" {
		_, err = ParseNonProducts(m.NonProducts)
		add("non_products", err)
	}
	if m.Discounts != "" && m.Discounts != DropDiscounts && m.Discounts != AllocateDiscounts {
		add("discounts", fmt.Errorf("want %s or %s, got %q", DropDiscounts, AllocateDiscounts, m.Discounts))
	}
	if m.Invoice != "" && m.Invoice != ByNumber && m.Invoice != ByNumberAndDay {
		add("invoice", fmt.Errorf("want %s or %s, got %q", ByNumber, ByNumberAndDay, m.Invoice))
	}
	return wrong
}

// Or returns the meaning with what it does not say taken from another.
func (m Meaning) Or(other Meaning) Meaning {
	m.ReturnInvoices = cmp.Or(m.ReturnInvoices, other.ReturnInvoices)
	m.Adjustments = cmp.Or(m.Adjustments, other.Adjustments)
	m.Discounts = cmp.Or(m.Discounts, other.Discounts)
	m.NonProducts = cmp.Or(m.NonProducts, other.NonProducts)
	m.Invoice = cmp.Or(m.Invoice, other.Invoice)
	for _, list := range []struct{ mine, others *[]string }{
		{&m.ReturnStatuses, &other.ReturnStatuses}, {&m.VoidStatuses, &other.VoidStatuses},
		{&m.SaleStatuses, &other.SaleStatuses}, {&m.DiscountCodes, &other.DiscountCodes},
	} {
		if *list.mine == nil {
			*list.mine = slices.Clone(*list.others)
		}
	}
	return m
}

// invoicePattern returns nil for a pattern that no invoice matches.
func invoicePattern(pattern string) (*regexp.Regexp, error) {
	if pattern == "" || pattern == NoInvoice {
		return nil, nil
	}
	return regexp.Compile("^(?:" + pattern + ")$")
}

// The words of a status column that are known, as compared: see [statusWord]. Each is what exports of shops write, in English,
// German, French, Spanish, Italian and Dutch.
var (
	// VoidWords say that nothing was sold.
	VoidWords = []string{
		"CANCELLED", "CANCELED", "VOIDED", "VOID", "FAILED", "PAYMENT FAILED", "EXPIRED", "ABANDONED", "DECLINED", "REJECTED", "DRAFT",
		"QUOTE", "QUOTATION", "ESTIMATE", "PROFORMA", "PRO FORMA", "TEST", "TEST ORDER", "ANGEBOT", "DEVIS", "PRESUPUESTO", "PREVENTIVO", "OFFERTE",
		"STORNIERT", "ABGEBROCHEN", "FEHLGESCHLAGEN", "ANNULE", "ANNULEE", "ANNULÉ", "ANNULÉE", "ECHOUE", "ÉCHOUÉ", "CANCELADO", "CANCELADA", "FALLIDO",
		"ANNULLATO", "FALLITO", "GEANNULEERD", "MISLUKT",
	}
	// ReturnWords say that the line gives something back: its amount counts as negative. An order of the status refunded, in an export that has
	// no lines of the refund itself, is no sale: see [RefundWords].
	ReturnWords = []string{
		"RETURN", "RETURNED ITEM", "CREDIT", "CREDIT NOTE", "CREDIT MEMO", "CREDITNOTE", "REFUND", "GUTSCHRIFT", "RETOURE", "RÜCKGABE", "RUECKGABE",
		"RETURNS", "RET", "SALES RETURN", "SALE RETURN", "CUSTOMER RETURN", "SALES CREDIT NOTE", "CREDIT INVOICE", "CRN", "RÜCKSENDUNG", "RUECKSENDUNG",
		"RÜCKERSTATTUNG", "RUECKERSTATTUNG", "NOTE DE CREDIT", "NOTE DE CRÉDIT", "NOTA DE CREDITO", "NOTA DE CRÉDITO",
		"AVOIR", "RETOUR", "REMBOURSEMENT", "DEVOLUCION", "DEVOLUCIÓN", "ABONO", "RESO", "NOTA DI CREDITO", "CREDITNOTA",
		"STORNORECHNUNG", "RECHNUNGSKORREKTUR", "KORREKTURRECHNUNG", "RETOUR CLIENT", "FACTURA RECTIFICATIVA", "CREDITFACTUUR",
	}
	// RefundWords say that a sale was given back in full: nothing was sold in the end.
	RefundWords = []string{"REFUNDED", "FULLY REFUNDED", "RETURNED", "RETURNED TO SENDER", "CHARGEBACK", "CHARGED BACK", "RETOURNIERT", "RETOURNÉ", "ERSTATTET", "ZURÜCKGEGEBEN", "REMBOURSÉ", "REMBOURSE", "REEMBOLSADO", "DEVUELTO", "RIMBORSATO", "TERUGBETAALD"}
)

// statusWord is a status as it is compared: trimmed, in upper case, with single blanks for blanks, hyphens and underscores, and
// without the prefix WC that WooCommerce writes.
func statusWord(s string) string {
	words := strings.FieldsFunc(strings.ToUpper(s), func(r rune) bool { return r == '_' || r == '-' || r == ' ' || r == '\t' || r == '\u00a0' })
	if len(words) > 1 && words[0] == "WC" {
		words = words[1:]
	}
	return strings.Join(words, " ")
}

// has reports whether a status is one of the words.
func hasWord(words []string, status string) bool {
	word := statusWord(status)
	return word != "" && slices.ContainsFunc(words, func(w string) bool { return statusWord(w) == word })
}

// void reports whether lines of a status are no sales.
func (m Meaning) void(status string) bool {
	return !hasWord(m.SaleStatuses, status) && (hasWord(m.VoidStatuses, status) || !hasWord(m.ReturnStatuses, status) && (hasWord(VoidWords, status) || hasWord(RefundWords, status)))
}

// returns reports whether lines of a status are returns.
func (m Meaning) returns(status string) bool {
	return !hasWord(m.SaleStatuses, status) && !m.void(status) && (hasWord(m.ReturnStatuses, status) || hasWord(ReturnWords, status))
}
