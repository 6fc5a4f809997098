package detect

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clientele/clientele/pkg/delivery/reading"
	"github.com/clientele/clientele/pkg/delivery/record"
)

// numbersOf gathers how numbers are written in texts.
type numbersOf struct {
	decimal  map[byte]int // values in which a sign can only be the decimal one
	group    map[byte]int // values in which a sign can only stand between thousands
	either   map[byte]int // values in which it can be both: 1,250
	examples map[string][]string
	values   int
}

func newNumbers() *numbersOf {
	return &numbersOf{decimal: map[byte]int{}, group: map[byte]int{}, either: map[byte]int{}, examples: map[string][]string{}}
}

// add takes a value.
func (n *numbersOf) add(text []byte) {
	if n.plain(text) {
		return
	}
	core := digits(text)
	if core == "" {
		return
	}
	n.values++
	last := strings.LastIndexAny(core, ".,")
	for _, sign := range []byte(" '") {
		if i := strings.IndexByte(core, sign); i > 0 {
			if !groups(cutAt(core, last), sign) {
				return
			}
			n.saw(n.group, "group", sign, text)
		}
	}
	if last < 0 {
		return
	}
	sign, other := core[last], byte('.')+byte(',')-core[last]
	switch {
	case strings.IndexByte(core, other) >= 0:
		if strings.Count(core, string(sign)) == 1 && groups(core[:last], other) {
			n.saw(n.decimal, "decimal", sign, text)
			n.saw(n.group, "group", other, text)
		}
	case strings.Count(core, string(sign)) > 1:
		if groups(core, sign) {
			n.saw(n.group, "group", sign, text)
		}
	case groups(core, sign) && !strings.ContainsAny(core, " '"):
		n.saw(n.either, "either", sign, text)
	default:
		n.saw(n.decimal, "decimal", sign, text)
	}
}

// plain takes digits, and digits with one point that can only be the decimal one, which nearly all values are; it leaves others
// to add.
func (n *numbersOf) plain(text []byte) bool {
	point := -1
	for i, c := range text {
		switch {
		case c >= '0' && c <= '9':
		case c == '.' && point < 0 && i > 0:
			point = i
		default:
			return false
		}
	}
	switch decimals := len(text) - 1 - point; {
	case len(text) == 0:
		return false
	case point < 0:
		n.values++
		return true
	case decimals == 0 || decimals == 3 && point <= 3: // 1.250 can be a thousand
		return false
	}
	n.values++
	n.saw(n.decimal, "decimal", '.', text)
	return true
}

func (n *numbersOf) saw(where map[byte]int, what string, sign byte, text []byte) {
	if where[sign]++; where[sign] > 3 {
		return
	}
	key := what + string(sign)
	if len(n.examples[key]) < 3 {
		n.examples[key] = append(n.examples[key], string(bytes.TrimSpace(text)))
	}
}

// cutAt returns text up to a position, all of it for a negative one.
func cutAt(text string, at int) string {
	if at < 0 {
		return text
	}
	return text[:at]
}

// groups reports whether text is a whole number with a sign between each three digits.
func groups(text string, sign byte) bool {
	parts := strings.Split(text, string(sign))
	if len(parts) < 2 || len(parts[0]) < 1 || len(parts[0]) > 3 || parts[0][0] == '0' {
		return false
	}
	for i, p := range parts {
		if i > 0 && len(p) != 3 || strings.Trim(p, "0123456789") != "" {
			return false
		}
	}
	return true
}

// digits returns the digits of a number with the signs between them, without its sign, parentheses and currency; blanks become
// one kind. It is "" for what is no number.
func digits(text []byte) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError {
			r = ' '
		}
		i += size
		switch {
		case r >= '0' && r <= '9' || r == '.' || r == ',':
			b.WriteRune(r)
		case r == '\'' || r == '’':
			b.WriteByte('\'')
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case unicode.Is(unicode.Sc, r), r == '(', r == ')', r == '-', r == '+', r == '\u2014', record.IsMinus(r), unicode.IsLetter(r):
		default:
			return ""
		}
	}
	core := strings.Trim(b.String(), " .,'")
	if strings.Trim(core, " .,'") == "" {
		return ""
	}
	return core
}

// numberFields are the fields that are numbers.
var numberFields = []record.Field{record.FieldQuantity, record.FieldPrice, record.FieldAmount}

// numbers settles the decimal separator and what stands between thousands. They are those of a delivery, not of a cell.
func (l *look) numbers() error {
	n := newNumbers()
	for _, field := range numberFields {
		l.sample.each(field, func(c record.Cell, _ *table) {
			if c.Kind == record.TextCell {
				n.add(c.Text)
			}
		})
	}
	decimal, group := n.decide()
	stated := l.o.Stated.Decimal != "" || l.o.Stated.Group != ""
	if n.either[','] > 0 && decimal == 0 && group == 0 && !stated && l.o.Kept.Decimal == "" && l.o.Kept.Group == "" {
		example := n.examples["either,"][0]
		return ErrNumbers.Errorf("numbers_ambiguous", l.delivery.Name,
			"%s: the comma in %s can be a decimal comma or separate thousands, and no number tells; nothing was stored. State which: --decimal=comma or --decimal=point",
			l.delivery.Name, shown(example))
	}
	d := Decision{Part: "decimal", Why: "no number has decimals"}
	if decimal != 0 {
		d.Value = reading.DecimalName(decimal)
		d.Why = fmt.Sprintf("%d of %d numbers can only be read so", n.decimal[decimal], n.values)
		d.Examples = n.examples["decimal"+string(decimal)]
		other := byte('.') + byte(',') - decimal
		d.Alternatives = []Alternative{{reading.DecimalName(other), fmt.Sprintf("%d numbers would be none", n.decimal[decimal])}}
	}
	kept, err := reading.ParseDecimal(l.o.Kept.Decimal)
	fits := err != nil || decimal == 0 || kept == decimal
	l.decide(d, func(r *reading.Reading, v string) { r.Decimal = v }, func(r reading.Reading) string { return r.Decimal }, fits)

	d = Decision{Part: "group", Why: "no number has a sign between thousands"}
	if group != 0 {
		d.Value = reading.GroupName(group)
		d.Why = fmt.Sprintf("%d of %d numbers can only be read so", n.group[group], n.values)
		d.Examples = n.examples["group"+string(group)]
	}
	fits = group == 0 || l.o.Kept.Group == d.Value
	l.decide(d, func(r *reading.Reading, v string) { r.Group = v }, func(r reading.Reading) string { return r.Group }, fits)
	return nil
}

// decide returns the decimal sign and that between thousands, 0 for none. What can be both is settled by the other values: where
// the comma is decimal somewhere it is so everywhere.
func (n *numbersOf) decide() (decimal, group byte) {
	switch point, comma := n.decimal['.'], n.decimal[',']; {
	case point > comma:
		decimal = '.'
	case comma > 0:
		decimal = ','
	}
	best := 0
	for _, sign := range []byte(",.' ") {
		if sign != decimal && n.group[sign]+n.either[sign] > best && (n.group[sign] > 0 || decimal != 0) {
			group, best = sign, n.group[sign]+n.either[sign]
		}
	}
	if decimal == 0 && (group == '.' || group == ',') {
		decimal = '.' + ',' - group
	}
	return decimal, group
}
