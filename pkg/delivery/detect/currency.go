package detect

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/clientele/clientele/pkg/delivery/record"
)

// signedShare is the share of prices that must have the sign of a currency for it to be the delivery's.
const signedShare = 0.95

// PartCurrency is the part of a decision about the currency. It is no part of a reading: a root has one.
const PartCurrency = "currency"

// currency finds the currency that most rows name or, where no column does, whose sign the prices have. Several, or a sign that can be of several, leave it open: then every
// record with another sign than that of the root's currency is rejected.
func (l *look) currency() error {
	if l.named() {
		return nil
	}
	prices, signed := 0, 0
	code, mixed, example := "", false, ""
	for _, field := range []record.Field{record.FieldPrice, record.FieldAmount} {
		l.sample.each(field, func(c record.Cell, _ *table) {
			text := bytes.TrimSpace(c.Text)
			if c.Kind != record.TextCell || len(text) == 0 {
				return
			}
			if prices++; isNumber(text) {
				return
			}
			name := record.CurrencyOf(text)
			if name == "" {
				return
			}
			signed++
			switch of := record.CurrencyCode(name); {
			case code == "" && !mixed:
				code, example = of, string(text)
				mixed = of == ""
			case of != code:
				mixed = true
			}
		})
	}
	if mixed || code == "" || float64(signed) < signedShare*float64(prices) {
		return nil
	}
	l.found.Currency = code
	l.found.Decisions = append(l.found.Decisions, Decision{
		Part: PartCurrency, Value: code, From: FromSample, Examples: []string{example},
		Why: fmt.Sprintf("%d of %d prices have its sign; it holds unless --currency or the stored lines say another", signed, prices),
	})
	return nil
}

// isNumber reports whether a text is digits and signs between them alone, as nearly all are.
func isNumber(text []byte) bool {
	for _, c := range text {
		if (c < '0' || c > '9') && c != '.' && c != ',' && c != '-' {
			return false
		}
	}
	return true
}

// named finds the currency that most of the sampled rows name in a column.
func (l *look) named() bool {
	rows, by := 0, map[string]int{}
	l.sample.each(record.FieldCurrency, func(c record.Cell, _ *table) {
		text := string(bytes.TrimSpace(c.Text))
		code := cmp.Or(record.CurrencyCode(text), record.CurrencyCode(strings.ToUpper(text)))
		if text == "" {
			return
		}
		if rows++; code != "" {
			by[code]++
		}
	})
	codes := slices.SortedFunc(maps.Keys(by), func(a, b string) int { return cmp.Or(cmp.Compare(by[b], by[a]), cmp.Compare(a, b)) })
	if len(codes) == 0 {
		return false
	}
	code := codes[0]
	why := fmt.Sprintf("%d of %d rows name it", by[code], rows)
	if by[code] < rows {
		why += "; lines in others are refused, unless --rates converts them"
	}
	l.found.Currency = code
	l.found.Decisions = append(l.found.Decisions, Decision{
		Part: PartCurrency, Value: code, From: FromSample, Examples: codes[:min(3, len(codes))], Why: why + "; it holds unless --currency or the stored lines say another",
	})
	return true
}
