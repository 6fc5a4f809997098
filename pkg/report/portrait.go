package report

import (
	"fmt"
	"math"
)

// portrait is a segment's typical customer in two sentences.
func (l *layout) portrait(segment int) string {
	of, typical := l.Scores.Mean, "average"
	if len(l.Scores.Middles) > 0 {
		of, typical = l.Scores.Middle, "middle"
	}
	recency, _ := of("recency", segment)
	frequency, allFrequency := of("frequency", segment)
	invoice, allInvoice := of("average_invoice", segment)
	monetary, allMonetary := of("monetary", segment)
	if math.IsNaN(recency) || math.IsNaN(frequency) || math.IsNaN(invoice) || math.IsNaN(monetary) {
		return ""
	}
	invoices := " invoices"
	if few(frequency) == "1" {
		invoices = " invoice"
	}
	text := fmt.Sprintf("The %s customer last bought %s ago and has %s%s of %s each%s.",
		typical, dayCount(recency), few(frequency), invoices, l.money.average(invoice), l.period())
	return text + fmt.Sprintf(" Compared with all customers: %s, %s, %s.", versus(frequency/allFrequency, "as many invoices", "fewer invoices", "more invoices"),
		versus(invoice/allInvoice, "as large an invoice", "smaller invoices", "larger invoices"), versus(monetary/allMonetary, "as much spending", "less spending", "more spending"))
}

// few writes a number in about three digits, a whole one without decimals.
func few(v float64) string {
	if v == math.Trunc(v) {
		return decimal(v, 0)
	}
	return short(v)
}

func dayCount(v float64) string {
	if s := decimal(v, 0); s != "1" {
		return s + " days"
	}
	return "1 day"
}

// versus writes a ratio in words: "3.2 times as many invoices", "63 % larger invoices", "69 % less spending", "about as large an invoice".
func versus(ratio float64, as, less, more string) string {
	percent := func(x float64) string { return decimal(100*x, 0) + nbsp + "% " }
	switch {
	case math.IsNaN(ratio) || math.IsInf(ratio, 0) || ratio < 0:
		return dash
	case ratio >= 0.95 && ratio <= 1.05:
		return "about " + as
	case ratio < 1:
		return percent(1-ratio) + less
	case ratio < 2:
		return percent(ratio-1) + more
	default:
		return decimal(ratio, 1) + " times " + as
	}
}
