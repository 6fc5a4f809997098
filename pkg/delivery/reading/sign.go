package reading

import (
	"errors"
	"strings"
)

// separators are the names of field separators; the first of each is what is shown.
var separators = []struct {
	name string
	sign byte
}{{"comma", ','}, {"semicolon", ';'}, {"tab", '\t'}, {"pipe", '|'}, {`\t`, '\t'}}

// ParseSeparator reads a field separator: its name or the character itself.
func ParseSeparator(s string) (byte, error) {
	for _, known := range separators {
		if strings.EqualFold(s, known.name) {
			return known.sign, nil
		}
	}
	if len(s) == 1 && strings.ContainsAny(s, ",;|\t:^~") {
		return s[0], nil
	}
	return 0, errors.New("want comma, semicolon, tab, pipe or one of , ; | : ^ ~")
}

// SeparatorName returns the name of a field separator.
func SeparatorName(sign byte) string {
	for _, known := range separators {
		if known.sign == sign {
			return known.name
		}
	}
	return string(sign)
}

// ParseDecimal reads a decimal separator.
func ParseDecimal(s string) (byte, error) {
	switch s {
	case ".", "point":
		return '.', nil
	case ",", "comma":
		return ',', nil
	}
	return 0, errors.New("want point or comma")
}

// DecimalName returns the name of a decimal separator.
func DecimalName(sign byte) string {
	if sign == ',' {
		return "comma"
	}
	return "point"
}

// groups are the names of what stands between thousands.
var groups = []struct {
	name string
	sign byte
}{{"none", 0}, {"comma", ','}, {"point", '.'}, {"space", ' '}, {"apostrophe", '\''}}

// ParseGroup reads what stands between thousands: its name or the character itself. None is 0. A space stands for every blank
// that shops use for it.
func ParseGroup(s string) (byte, error) {
	for _, known := range groups {
		if s == known.name || len(s) == 1 && s[0] == known.sign {
			return known.sign, nil
		}
	}
	return 0, errors.New("want none, comma, point, space or apostrophe")
}

// GroupName returns the name of what stands between thousands.
func GroupName(sign byte) string {
	for _, known := range groups {
		if known.sign == sign {
			return known.name
		}
	}
	return string(sign)
}
