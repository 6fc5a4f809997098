package message

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/money"
)

// day writes a date as 9 December 2011.
func day(d calendar.Date) string {
	return time.UnixMicro(d.Start()).UTC().Format("2 January 2006")
}

// count writes a whole number with thousands apart: 541,909.
func count(n int64) string { return decimal(float64(n), 0) }

// decimal writes v with so many decimals and thousands apart.
func decimal(v float64, decimals int) string {
	s := strconv.FormatFloat(math.Abs(v), 'f', decimals, 64)
	whole, rest, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if rest != "" {
		whole += "." + rest
	}
	if v < 0 && strings.Trim(s, "0.") != "" {
		return "-" + whole
	}
	return whole
}

func people(n int64) string { return many(n, "customer") }

// many writes "1 customer", "2 customers".
func many(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return count(n) + " " + noun + "s"
}

// currency writes amounts by its sign or its code, "" by neither.
type currency string

// whole writes an amount in whole units.
func (c currency) whole(m money.Amount) string {
	sign, ok := map[currency]string{"": "", "GBP": "£", "EUR": "€", "USD": "$"}[c]
	if !ok {
		sign = string(c) + " "
	}
	text := decimal(m.Float(), 0)
	if rest, negative := strings.CutPrefix(text, "-"); negative {
		return "-" + sign + rest
	}
	return sign + text
}

// plain makes a snake_case name readable.
func plain(s string) string { return strings.ReplaceAll(s, "_", " ") }

// list writes "a, b and c".
func list(items []string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:len(items)-1], ", ") + " and " + items[len(items)-1]
}

// limited leaves out what is over the bound, and says how many.
func limited(items []string) []string {
	if len(items) <= most {
		return items
	}
	return append(items[:most:most], fmt.Sprintf("%d more", len(items)-most))
}

func capital(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}

// sentence ends a text with a full stop, unless it has one.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".!?") {
		return s
	}
	return s + "."
}

// short cuts a sentence at a word, and makes one line of it.
func short(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) <= longest {
		return s
	}
	cut := string([]rune(s)[:longest])
	if i := strings.LastIndexByte(cut, ' '); i > 0 {
		cut = cut[:i]
	}
	return strings.TrimRight(cut, " ,;:(") + " …"
}
