package record

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
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

// deliveryColumns is how many columns of known spellings make a first line the header of a delivery. Names that the caller
// gives do not count: with them, whoever knows a part of some other object could have the rest of it shown.
const deliveryColumns = 3

// isDelivery reports whether a first line looks like the header of a delivery.
func isDelivery(header []string) bool {
	known := 0
	for _, names := range spellings {
		if slices.ContainsFunc(header, func(h string) bool {
			return slices.ContainsFunc(names, func(name string) bool { return headerKey(name) == headerKey(h) })
		}) {
			known++
		}
	}
	return known >= deliveryColumns || FindPreset(header) != nil
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
		if !columnName.MatchString(h) {
			h = fmt.Sprintf("#%d", i+1)
		}
		show = append(show, h)
	}
	return show
}

// columnName is what the name of a column looks like.
var columnName = regexp.MustCompile(`^\pL[\pL\pN _.()#?/-]{0,39}$`)
