package record

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// HeaderError says that the header of a source does not name each field once.
type HeaderError struct {
	Table    string   // name of the sheet, "" for other sources
	Found    []string // the source's columns, see shownColumns; nil where it does not look like a delivery
	Problems []string // one for each field that is missing or there twice
}

// NewHeaderError returns the error of a header. It shows its columns if they look like those of a delivery.
func NewHeaderError(header []string, problems ...string) *HeaderError {
	for _, sign := range []string{",", ";", "\t", "|"} {
		if len(header) == 1 && isDelivery(strings.Split(header[0], sign)) {
			problems = append(problems, fmt.Sprintf("its columns seem to be separated by %q", sign))
		}
	}
	return &HeaderError{Found: shownColumns(header), Problems: problems}
}

func (e *HeaderError) Error() string {
	of := "header"
	if e.Table != "" {
		of = fmt.Sprintf("header of sheet %q", e.Table)
	}
	found := "its first line is not shown, because it does not look like the header of a delivery"
	if len(e.Found) > 0 {
		found = "found the columns " + strings.Join(e.Found, ", ")
	}
	return fmt.Sprintf("read %s: %s; %s", of, strings.Join(e.Problems, "; "), found)
}

// Unwrap returns [ErrColumns].
func (e *HeaderError) Unwrap() error { return ErrColumns }

// headerKey is the form in which column names are compared: lower case, without blanks, underscores, quotes and marks.
func headerKey(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '_' || r == '"' || r == '\'' || r == '`' || unicode.IsSpace(r) || isUnicodeBlank(r):
			return -1
		}
		return unicode.ToLower(r)
	}, name)
}

// looseKey is the form in which other spellings are compared: letters and digits in lower case. A sign for "number" counts.
func looseKey(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '°':
			return unicode.ToLower(r)
		case r == '#':
			return '°'
		}
		return -1
	}, name)
}

// deliveryColumns is how many columns of known spellings make a first line the header of a delivery. Names that the caller
// gives do not count: with them, whoever knows a part of some other object could have the rest of it shown.
const deliveryColumns = 3

// isDelivery reports whether a first line looks like the header of a delivery. Other spellings are ordinary words: one more of
// them is needed.
func isDelivery(header []string) bool {
	tight, loose := keysOf(header, headerKey), keysOf(header, looseKey)
	known, others := 0, 0
	for f := range spellings {
		is := slices.ContainsFunc(spellings[f], tight.has)
		if is {
			known++
		}
		if is || slices.ContainsFunc(otherSpellings[f], loose.has) {
			others++
		}
	}
	return known >= deliveryColumns || others > deliveryColumns || FindPreset(header) != nil
}

// keys are where a header's columns are, by the form in which they are compared.
type keys struct {
	key func(string) string
	at  map[string][]int
}

func keysOf(header []string, key func(string) string) keys {
	k := keys{key, map[string][]int{}}
	for i, name := range header {
		k.at[key(name)] = append(k.at[key(name)], i)
	}
	return k
}

func (k keys) has(name string) bool { return len(k.at[k.key(name)]) > 0 }

// positions returns where the columns of a name are: all of that name or, where there is none and the field may be in several,
// those of its parts, joined by +, if each is there once.
func (k keys) positions(name string, f Field) (at []int, joined bool) {
	at = slices.Clone(k.at[k.key(name)])
	parts := strings.Split(name, "+")
	if len(at) > 0 || len(parts) == 1 || len(parts) > len(f.slots()) {
		return at, false
	}
	for _, part := range parts {
		found := k.at[k.key(part)]
		if len(found) != 1 {
			return nil, false
		}
		at = append(at, found[0])
	}
	return at, true
}

// shownColumns returns the columns as a message may show them, at most 40; nil unless they are those of a delivery. A source
// may be any object, the first line of which may be a secret or, in a file without a header, a customer: a column that does
// not look like a name is shown as #position.
func shownColumns(header []string) []string {
	const most = 40
	if !isDelivery(header) {
		return nil
	}
	var show []string
	for i, h := range header {
		if i == most {
			return append(show, fmt.Sprintf("and %d more", len(header)-most))
		}
		if utf8.RuneCountInString(h) > longestName || !columnName.MatchString(h) {
			h = fmt.Sprintf("#%d", i+1)
		}
		show = append(show, h)
	}
	return show
}

// columnName is what the name of a column looks like. Its length is counted apart: a repetition of classes of letters that has a bound is
// as many copies of them, and takes milliseconds to compile at every start.
var columnName = regexp.MustCompile(`^\pL[\pL\pN _.()#?/-]*$`)

const longestName = 40 // characters
