package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/money"
)

// dash stands for a number that there is none of.
const dash = "–"

// nbsp keeps a number and its unit on one line.
const nbsp = "\u00a0"

// count writes a whole number with thousands apart: 541,909.
func count(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if s[0] == '-' {
		sign, s = "−", s[1:]
	}
	return sign + thousands(s)
}

func thousands(digits string) string {
	var b strings.Builder
	for i, c := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// people writes "1 customer", "2 customers".
func people(n int64) string { return many(n, "customer") }

func many(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return count(n) + " " + noun + "s"
}

// share writes a share of 0..1 as a percentage. A share that would round to 0 % or 100 % without being it keeps its sign
// of life.
func share(v float64) string {
	switch {
	case math.IsNaN(v):
		return dash
	case v > 0 && v < 0.0005:
		return "<" + nbsp + "0.1" + nbsp + "%"
	case v < 1-rounding && v >= 0.9995:
		return ">" + nbsp + "99.9" + nbsp + "%"
	}
	return decimal(v*100, 1) + nbsp + "%"
}

// rounding is what a sum of shares may be off.
const rounding = 1e-9

// decimal writes v with so many decimals and thousands apart; what is not a number is a dash.
func decimal(v float64, decimals int) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return dash
	}
	s := strconv.FormatFloat(math.Abs(v), 'f', decimals, 64)
	whole, rest, _ := strings.Cut(s, ".")
	if rest != "" {
		rest = "." + rest
	}
	sign := ""
	if v < 0 && strings.Trim(s, "0.") != "" {
		sign = "−"
	}
	return sign + thousands(whole) + rest
}

// short writes v in about three digits: 0.123, 1.23, 12.3, 123, 4,268.
func short(v float64) string {
	switch a := math.Abs(v); {
	case a == 0:
		return "0"
	case a < 0.0005:
		return strings.ReplaceAll(strconv.FormatFloat(v, 'g', 2, 64), "-", "−")
	case a < 1:
		return decimal(v, 3)
	case a < 10:
		return decimal(v, 2)
	case a < 100:
		return decimal(v, 1)
	}
	return decimal(v, 0)
}

// large writes a number in at most seven digits: 541,909, 9.75m, 12.3bn.
func large(v float64) string {
	for _, u := range []struct {
		one  float64
		name string
	}{{1e9, "bn"}, {1e6, "m"}} {
		if math.Abs(v) >= u.one {
			return short(v/u.one) + u.name
		}
	}
	return decimal(v, 0)
}

// optional writes a number that may be missing.
func optional(v *float64) string {
	if v == nil {
		return dash
	}
	return short(*v)
}

// currency writes amounts of one currency, by its sign or its code.
type currency string

func (c currency) sign() string {
	switch c {
	case "GBP":
		return "£"
	case "EUR":
		return "€"
	case "USD":
		return "$"
	case "":
		return ""
	}
	return string(c) + " "
}

// exact writes an amount with all its decimals: at least as many as given, and two.
func (c currency) exact(m money.Amount, decimals int) string {
	s := m.String()
	sign := ""
	if s[0] == '-' {
		sign, s = "−", s[1:]
	}
	whole, rest, _ := strings.Cut(s, ".")
	return sign + c.sign() + thousands(whole) + "." + rest[:max(2, decimals)]
}

// whole writes an amount in whole units, rounded half away from zero.
func (c currency) whole(m money.Amount) string { return c.amount(m.Float(), 0) }

// round writes an amount in three digits or so: £255k, £1.2m.
func (c currency) round(m money.Amount) string {
	v := m.Float()
	switch a := math.Abs(v); {
	case a >= 999_500:
		return c.before(decimal(v/1e6, 2) + "m")
	case a >= 9_950:
		return c.before(decimal(v/1e3, 0) + "k")
	case a >= 1000:
		return c.before(decimal(v/1e3, 1) + "k")
	}
	return c.amount(v, 0)
}

// average writes an average: pennies below 100, whole units above.
func (c currency) average(v float64) string {
	if math.Abs(v) < 100 {
		return c.amount(v, 2)
	}
	return c.amount(v, 0)
}

func (c currency) amount(v float64, decimals int) string {
	return c.before(decimal(v, decimals))
}

// before puts the currency before a number that is written already.
func (c currency) before(s string) string {
	if s == dash {
		return s
	}
	if rest, negative := strings.CutPrefix(s, "−"); negative {
		return "−" + c.sign() + rest
	}
	return c.sign() + s
}

// decimalsOf returns how many decimals the amounts need: 2 to 4.
func decimalsOf(amounts ...money.Amount) int {
	need := 2
	for _, m := range amounts {
		for need < 4 && int64(m)%[]int64{1: 0, 2: 100, 3: 10}[need] != 0 {
			need++
		}
	}
	return need
}

// plain makes a snake_case name readable.
func plain(s string) string { return strings.ReplaceAll(s, "_", " ") }

// brief cuts an id to what tells it apart for people.
func brief(id string) string {
	if len(id) > 12 {
		return id[:12]
	}
	return id
}

// against compares a segment's average with that of all customers.
func against(v, all float64) string {
	if math.IsNaN(v) || math.IsNaN(all) || math.IsInf(v/all, 0) || all == 0 {
		return ""
	}
	switch r := v / all; {
	case r < 0:
		return ""
	case r >= 0.95 && r <= 1.05:
		return "same as all"
	case r >= 10:
		return decimal(r, 0) + " × all"
	case r < 0.095:
		return decimal(r, 2) + " × all"
	default:
		return decimal(r, 1) + " × all"
	}
}

// list writes "a, b and c".
func list(items []string) string {
	switch len(items) {
	case 0:
		return ""
	case 1:
		return items[0]
	}
	return fmt.Sprintf("%s and %s", strings.Join(items[:len(items)-1], ", "), items[len(items)-1])
}

// sentence ends a text with a full stop, unless it has one.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".!?") {
		return s
	}
	return s + "."
}

// signed writes an amount in whole units with its sign.
func (c currency) signed(m money.Amount) string {
	if m > 0 {
		return "+" + c.whole(m)
	}
	return c.whole(m)
}

// signedRound writes an amount in three digits or so with its sign.
func (c currency) signedRound(m money.Amount) string {
	if m > 0 {
		return "+" + c.round(m)
	}
	return c.round(m)
}

// day writes a date as 9 December 2011.
func day(d calendar.Date) string {
	t := time.Unix(d.Start()/1_000_000, 0).UTC()
	return t.Format("2 January 2006")
}

// product names a product by what it is called, with its code below; by the code where it has no name.
func (l *layout) product(code string) cell {
	if called := l.Products[code]; called != "" {
		return cell{Text: called, Note: code}
	}
	return cell{Text: code}
}

// row makes a cell the row's name.
func row(c cell) cell {
	c.Head = true
	return c
}

func capital(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}
