package retail

import (
	"slices"
	"strings"
	"unicode"
)

// ServiceWords are what shops call lines that are no products: postage and delivery, packing, gift cards and vouchers, tips, donations,
// rounding, tax, deposits and fees, or sums of the lines above, in English, German, French, Spanish, Italian, Dutch and the Scandinavian languages. A description is
// a service if it is one of them as a whole, but for numbers, prices and signs, or begins or ends with one of [serviceCosts]; so is a code
// without digits that is one of them. Words that are also the name
// of a product somewhere (Porto, gift wrap, manual) are not among them.
var ServiceWords = []string{
	// postage and delivery
	"POSTAGE", "POST", "DOTCOM POSTAGE", "POSTAGE AND PACKING", "POSTAGE AND PACKAGING", "POSTAGE PACKING", "P P", "CARRIAGE", "NEXT DAY CARRIAGE",
	"SHIPPING", "SHIPPING COST", "SHIPPING COSTS", "SHIPPING FEE", "SHIPPING CHARGE", "SHIPPING AND HANDLING", "SHIPPING HANDLING", "SHIPPING INSURANCE",
	"STANDARD SHIPPING", "EXPRESS SHIPPING", "FREE SHIPPING", "FLAT RATE", "FREIGHT", "HANDLING", "HANDLING FEE",
	"DELIVERY", "DELIVERY CHARGE", "DELIVERY CHARGES", "DELIVERY COST", "DELIVERY FEE", "STANDARD DELIVERY", "EXPRESS DELIVERY", "HOME DELIVERY", "NEXT DAY DELIVERY",
	"VERSAND", "VERSANDKOSTEN", "PORTOKOSTEN", "VERSANDKOSTENPAUSCHALE", "PORTO UND VERPACKUNG", "PORTO VERPACKUNG", "PORTO UND VERSAND", "PORTO VERSAND", "LIEFERUNG", "LIEFERGEBÜHR", "LIEFERKOSTEN", "FRACHT", "NACHNAHMEGEBÜHR",
	"FRAIS DE PORT", "FRAIS DE LIVRAISON", "FRAIS D EXPEDITION", "LIVRAISON", "GASTOS DE ENVIO", "GASTOS DE ENVÍO", "ENVIO", "ENVÍO",
	"SPEDIZIONE", "SPESE DI SPEDIZIONE", "SPESE DI TRASPORTO", "VERZENDKOSTEN", "VERZENDING", "BEZORGKOSTEN", "FRAKT", "FRAGT", "LEVERING",
	// gift cards and vouchers
	"GIFT CARD", "GIFTCARD", "GIFT VOUCHER", "GIFT CERTIFICATE", "E GIFT CARD", "EGIFT CARD", "VOUCHER", "STORE CREDIT",
	"GUTSCHEIN", "GESCHENKGUTSCHEIN", "GESCHENKKARTE", "CARTE CADEAU", "BON D ACHAT", "CHEQUE CADEAU", "TARJETA REGALO", "BUONO REGALO", "CARTA REGALO", "CADEAUBON", "GAVEKORT", "PRESENTKORT",
	// sums of the lines above
	"TOTAL", "TOTALS", "SUBTOTAL", "SUB TOTAL", "SUBTOTALS", "ORDER TOTAL", "INVOICE TOTAL", "GRAND TOTAL", "SUMME", "GESAMT", "GESAMTSUMME", "ZWISCHENSUMME", "ENDSUMME",
	"GESAMTBETRAG", "RECHNUNGSBETRAG", "SOUS TOTAL", "TOTAL GENERAL", "TOTAL GÉNÉRAL", "TOTAL TTC", "TOTAL HT", "IMPORTE TOTAL", "TOTALE", "SUBTOTALE", "TOTALE GENERALE", "TOTAAL", "SUBTOTAAL", "EINDTOTAAL",
	// money that is no sale
	"TIP", "TIPS", "GRATUITY", "TRINKGELD", "POURBOIRE", "PROPINA", "MANCIA", "FOOI", "DONATION", "DONATIONS", "CHARITY DONATION", "SPENDE", "DONACION", "DONACIÓN", "DONAZIONE", "DONATIE",
	"ROUNDING", "ROUNDING DIFFERENCE", "ROUNDING ADJUSTMENT", "CASH ROUNDING", "RUNDUNG", "RUNDUNGSDIFFERENZ", "ARRONDI", "REDONDEO", "ARROTONDAMENTO", "AFRONDING",
	"TAX", "SALES TAX", "VAT", "GST", "MWST", "MEHRWERTSTEUER", "UMSATZSTEUER", "TVA", "IVA", "BTW", "IMPORT DUTY", "CUSTOMS DUTY",
	"DEPOSIT", "PFAND", "EINWEGPFAND", "CONSIGNE", "STATIEGELD", "BOTTLE DEPOSIT",
	"FEE", "FEES", "SERVICE CHARGE", "SERVICE FEE", "BANK CHARGES", "BANK CHARGE", "AMAZON FEE", "AMAZONFEE", "PAYPAL FEE", "PAYMENT FEE", "TRANSACTION FEE", "BOOKING FEE", "SURCHARGE",
	"GEBÜHR", "BEARBEITUNGSGEBÜHR", "SERVICEGEBÜHR", "MINDERMENGENZUSCHLAG", "COMISION", "COMISIÓN", "COMMISSIONE",
	"ADJUSTMENT", "ADJUST BAD DEBT", "DISCOUNT", "RABATT", "REMISE", "DESCUENTO", "SCONTO", "KORTING",
}

// serviceStems are those that begin codes of services only: SHIPPING-UK.
var serviceStems = []string{"SHIPPING", "POSTAGE", "VERSAND", "VERSANDKOSTEN", "GIFT CARD", "GIFTCARD", "GIFT VOUCHER", "GIFT CERTIFICATE", "STORE CREDIT"}

// serviceCosts begin or end descriptions of services only, whoever is named beside them: Versandkosten DHL, UPS shipping costs.
var serviceCosts = []string{
	"SHIPPING COST", "SHIPPING COSTS", "SHIPPING FEE", "SHIPPING CHARGE", "SHIPPING CHARGES", "DELIVERY CHARGE", "DELIVERY CHARGES", "DELIVERY COST", "DELIVERY COSTS", "DELIVERY FEE",
	"POSTAGE AND PACKING", "POSTAGE AND PACKAGING", "SHIPPING AND HANDLING", "VERSANDKOSTEN", "VERSANDKOSTENPAUSCHALE", "PORTOKOSTEN", "LIEFERKOSTEN", "LIEFERGEBÜHR", "FRACHTKOSTEN",
	"PORTO UND VERPACKUNG", "PORTO UND VERSAND", "FRAIS DE PORT", "FRAIS DE LIVRAISON", "FRAIS D EXPÉDITION", "GASTOS DE ENVÍO", "GASTOS DE ENVIO", "COSTES DE ENVÍO",
	"SPESE DI SPEDIZIONE", "SPESE DI TRASPORTO", "VERZENDKOSTEN", "BEZORGKOSTEN", "FRAKTKOSTNAD", "FRAGTOMKOSTNINGER",
}

// serviceWord is a text as it is compared with [ServiceWords]: its words of letters in upper case, with single blanks between them.
func serviceWord(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToUpper(text), func(r rune) bool { return !unicode.IsLetter(r) }), " ")
}

// isService reports whether a description names a service.
func isService(text string) bool {
	if text == "" || len(text) > 60 { // longer than any of them
		return false
	}
	word := serviceWord(text)
	return slices.Contains(ServiceWords, word) || slices.ContainsFunc(serviceCosts, func(cost string) bool {
		return word == cost || strings.HasPrefix(word, cost+" ") || strings.HasSuffix(word, " "+cost)
	})
}

// isServiceCode reports whether a code as compared names a service.
func isServiceCode(key string) bool {
	if strings.ContainsAny(key, "0123456789") || len(key) > 60 {
		return false
	}
	word := serviceWord(key)
	return slices.Contains(ServiceWords, word) || slices.ContainsFunc(serviceStems, func(stem string) bool { return strings.HasPrefix(word, stem+" ") })
}
