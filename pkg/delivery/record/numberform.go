package record

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// NumberForm is how a delivery writes its numbers. Whole numbers without a group are alike in all forms.
type NumberForm struct {
	Decimal byte // . or ,
	Group   byte // between thousands: , . ' or a blank, which stands for every blank; 0 means none
}

// NumberForms are the forms that shops were seen to use, the simplest first.
var NumberForms = []NumberForm{
	{'.', 0}, {',', 0}, {'.', ','}, {',', '.'}, {',', ' '}, {'.', ' '}, {'.', '\''}, {',', '\''},
}

// FitNumbers returns those of the forms in which a text is a number, in their order. It changes the slice. A caller that gives
// back what it got is left with those that fit all numbers of a delivery.
func FitNumbers(forms []NumberForm, text []byte) []NumberForm {
	var buf [64]byte
	return slices.DeleteFunc(forms, func(f NumberForm) bool {
		_, _, ok := f.plain(buf[:0], text)
		return !ok
	})
}

// Plain appends a number that is written in the form as plain decimal text to dst: an optional minus, digits, and at most one
// point. It takes signs and codes of currencies, a sign before or behind, and parentheses for what is below zero.
func (f NumberForm) Plain(dst, text []byte) ([]byte, bool) {
	dst, _, ok := f.plain(dst, text)
	return dst, ok
}

// plain is Plain. currency is the sign or code of one that the number has.
func (f NumberForm) plain(dst, text []byte) (_ []byte, currency string, ok bool) {
	core, neg, currency := trimNumber(text)
	if neg {
		dst = append(dst, '-')
	}
	whole, decimals, point := bytes.Cut(core, []byte{f.Decimal})
	if dst, ok = f.appendWhole(dst, whole); !ok {
		return dst, currency, false
	}
	digits := len(whole)
	if point {
		dst = append(dst, '.')
		for _, c := range decimals {
			if c-'0' > 9 {
				return dst, currency, false
			}
		}
		dst = append(dst, decimals...)
		digits += len(decimals)
	}
	return dst, currency, digits > 0
}

// appendWhole appends the digits before the decimal separator without what is between their groups: groups of three, behind a
// comma also of two (12,34,567 in India).
func (f NumberForm) appendWhole(dst, whole []byte) (_ []byte, ok bool) {
	size, groups, threes, twos := 0, 0, true, f.Group == ','
	for i := 0; i < len(whole); {
		if c := whole[i]; c-'0' <= 9 {
			dst = append(dst, c)
			i++
			size++
			continue
		}
		n := f.groupAt(whole[i:])
		switch {
		case n == 0 || size == 0 || size > 3:
			return dst, false
		case groups == 0:
			twos = twos && size < 3
		default:
			threes, twos = threes && size == 3, twos && size == 2
		}
		groups++
		size = 0
		i += n
	}
	return dst, groups == 0 || size == 3 && (threes || twos)
}

// groupAt returns how many bytes a separator of thousands has at the beginning of b, 0 if there is none.
func (f NumberForm) groupAt(b []byte) int {
	switch r, size := utf8.DecodeRune(b); {
	case f.Group == 0:
		return 0
	case r == rune(f.Group):
		return size
	case f.Group == ' ' && (r == 0xa0 || r == 0x202f || r == 0x2009), f.Group == '\'' && r == 0x2019:
		return size
	}
	return 0
}

// trimNumber cuts blanks, one sign, one pair of parentheses, one currency and the dash for no cents off a number.
func trimNumber(b []byte) (core []byte, neg bool, currency string) {
	signed := false
	for {
		b = cutNoCents(trimBlank(b))
		if len(b) < 2 {
			return b, neg, currency
		}
		if !signed {
			if rest, minus, ok := cutSign(b); ok {
				b, neg, signed = rest, minus, true
				continue
			}
		}
		rest, found := []byte(nil), ""
		if currency == "" {
			rest, found = cutCurrency(b)
		}
		if found == "" {
			return b, neg, currency
		}
		b, currency = rest, found
	}
}

// cutNoCents cuts what price tags have for no cents: a dash or two behind the decimal separator, as in 250.- and 250,--.
func cutNoCents(b []byte) []byte {
	rest := bytes.TrimRightFunc(b, func(r rune) bool { return r == '-' || r == '\u2013' || r == '\u2014' })
	if n := len(rest); n < len(b) && n > 1 && (rest[n-1] == '.' || rest[n-1] == ',') && isDigit(rest[n-2]) {
		return rest[:n-1]
	}
	return b
}

// minusRunes are the characters that stand for a minus besides the hyphen: the minus, dashes and hyphens that word processors
// put in its place, and the wide one.
const minusRunes = "\u2212\u2010\u2011\u2012\u2013\ufe63\uff0d"

// IsMinus reports whether a character beyond ASCII stands for a minus.
func IsMinus(r rune) bool { return r >= utf8.RuneSelf && strings.ContainsRune(minusRunes, r) }

// cutSign cuts a sign off: before the number, behind it, or parentheses around it.
func cutSign(b []byte) (rest []byte, neg, ok bool) {
	first, size := utf8.DecodeRune(b)
	end, width := utf8.DecodeLastRune(b)
	switch last := len(b) - 1; {
	case b[0] == '-' || b[0] == '+':
		return b[1:], b[0] == '-', true
	case b[0] == '(' && b[last] == ')':
		return b[1:last], true, true
	case IsMinus(first):
		return b[size:], true, true
	case b[last] == '-':
		return b[:last], true, true
	case IsMinus(end):
		return b[:len(b)-width], true, true
	}
	return b, false, false
}

// cutCurrency cuts the sign or code of a currency off either end.
func cutCurrency(b []byte) (rest []byte, currency string) {
	n := bytes.IndexFunc(b, func(r rune) bool { return !currencyRune(r) })
	if n > 1 && b[n-1] == '.' {
		if r, _ := utf8.DecodeLastRune(b[:n-1]); !unicode.IsLetter(r) {
			n-- // the point of €.50 is the number's, that of Rs.50 is not
		}
	}
	if n > 0 {
		if name := string(b[:n]); knownCurrency(name) {
			return b[n:], name
		}
	}
	n = bytes.LastIndexFunc(b, func(r rune) bool { return !currencyRune(r) })
	if n < 0 {
		return b, ""
	}
	_, size := utf8.DecodeRune(b[n:])
	if name := string(b[n+size:]); knownCurrency(name) {
		return b[:n+size], name
	}
	return b, ""
}

func currencyRune(r rune) bool { return r == '.' || unicode.IsLetter(r) || unicode.Is(unicode.Sc, r) }
