// Package reading says how a source is read: its dialect, its layout of dates and its columns, as flags and profiles state it, as a
// delivery was found to be written, and as a root keeps it for the next delivery of the same source.
//
//	kept := reading.Reading{Separator: "semicolon", Decimal: "comma"}
//	all := stated.Over(kept)
//	err := all.Set(&options)
package reading

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/clientele/clientele/pkg/delivery/record"
)

// Reading is how a source is read. "" means that a part is not decided: nothing seen so far needed a decision, and what is
// read then is what the default of [record.Options] reads.
type Reading struct {
	Preset     string            `json:"preset,omitempty" toml:"preset,omitempty"`           // a known export, such as shopify
	Encoding   string            `json:"encoding,omitempty" toml:"encoding,omitempty"`       // see [record.ParseEncoding]
	Separator  string            `json:"separator,omitempty" toml:"separator,omitempty"`     // see [ParseSeparator]
	Decimal    string            `json:"decimal,omitempty" toml:"decimal,omitempty"`         // see [ParseDecimal]
	Group      string            `json:"group,omitempty" toml:"group,omitempty"`             // of thousands, see [ParseGroup]
	DateLayout string            `json:"date_layout,omitempty" toml:"date_layout,omitempty"` // see [record.ParseLayout]
	Columns    map[string]string `json:"columns,omitempty" toml:"columns,omitempty"`         // field → column
	Sheets     string            `json:"sheets,omitempty" toml:"sheets,omitempty"`           // add or latest
	Missing    []string          `json:"missing,omitempty" toml:"missing,omitempty"`         // words for no customer, besides the known ones
}

// Auto is the value of a flag that leaves its part open; "" does so too.
const Auto = "auto"

// part is a part of a reading that is one word.
type part struct {
	name  string
	of    func(*Reading) *string
	check func(string) error
}

// parts are in the order in which people are shown them.
var parts = []part{
	{"preset", func(r *Reading) *string { return &r.Preset }, checked(record.ParsePreset)},
	{"encoding", func(r *Reading) *string { return &r.Encoding }, checked(record.ParseEncoding)},
	{"separator", func(r *Reading) *string { return &r.Separator }, checked(ParseSeparator)},
	{"decimal", func(r *Reading) *string { return &r.Decimal }, checked(ParseDecimal)},
	{"group", func(r *Reading) *string { return &r.Group }, checked(ParseGroup)},
	{"date_layout", func(r *Reading) *string { return &r.DateLayout }, checked(record.ParseLayout)},
	{"sheets", func(r *Reading) *string { return &r.Sheets }, checkSheets},
}

func checked[T any](parse func(string) (T, error)) func(string) error {
	return func(s string) error {
		_, err := parse(s)
		return err
	}
}

// The ways in which the sheets of a workbook belong together.
const (
	SheetsAdd    = "add"    // each has lines of its own
	SheetsLatest = "latest" // a day in two sheets is the later sheet's
)

func checkSheets(s string) error {
	if s == SheetsAdd || s == SheetsLatest {
		return nil
	}
	return errors.New("want add or latest")
}

// Problem is what is wrong with a part of a reading.
type Problem struct{ Part, Why, Got string }

// Problems returns everything that is wrong with a reading, in the order of its parts.
func (r Reading) Problems() []Problem {
	var all []Problem
	for _, p := range parts {
		if v := *p.of(&r); decided(v) {
			if err := p.check(v); err != nil {
				all = append(all, Problem{p.name, err.Error(), v})
			}
		}
	}
	if _, err := r.columnNames(); err != nil {
		all = append(all, Problem{"columns", err.Error(), columnList(r.Columns)})
	}
	return all
}

func decided(v string) bool { return v != "" && v != Auto }

// Clean returns the reading with every open part as "" and every other one in its one spelling.
func (r Reading) Clean() Reading {
	for _, p := range parts {
		if v := p.of(&r); *v == Auto {
			*v = ""
		}
	}
	if e, err := record.ParseEncoding(r.Encoding); err == nil {
		r.Encoding = e.String()
	}
	if sign, err := ParseSeparator(r.Separator); err == nil {
		r.Separator = SeparatorName(sign)
	}
	if sign, err := ParseDecimal(r.Decimal); err == nil {
		r.Decimal = DecimalName(sign)
	}
	if sign, err := ParseGroup(r.Group); err == nil {
		r.Group = GroupName(sign)
	}
	return r
}

// Over returns the reading with the parts that it leaves open as base has them. Columns are one part: where any is stated,
// base's are not taken, nor is its preset.
func (r Reading) Over(base Reading) Reading {
	r, base = r.Clean(), base.Clean()
	if len(r.Columns) > 0 || r.Preset != "" {
		base.Preset, base.Columns = "", nil
	}
	for _, p := range parts {
		if v := p.of(&r); *v == "" {
			*v = *p.of(&base)
		}
	}
	if len(r.Columns) == 0 {
		r.Columns = base.Columns
	}
	if len(r.Missing) == 0 {
		r.Missing = base.Missing
	}
	return r
}

// Equal reports whether two readings are the same.
func (r Reading) Equal(other Reading) bool { return len(r.Differs(other)) == 0 }

// Differs names the parts in which two readings differ, as people are shown them.
func (r Reading) Differs(other Reading) []string {
	r, other = r.Clean(), other.Clean()
	var names []string
	for _, p := range parts {
		if *p.of(&r) != *p.of(&other) {
			names = append(names, p.name)
		}
	}
	if !maps.Equal(r.Columns, other.Columns) {
		names = append(names, "columns")
	}
	if !slices.Equal(r.Missing, other.Missing) {
		names = append(names, "missing")
	}
	return names
}

// String writes what is decided, for people: `separator semicolon, decimal comma`.
func (r Reading) String() string { return r.Of(nil) }

// Of writes the named parts, all decided ones for nil.
func (r Reading) Of(names []string) string {
	r = r.Clean()
	var said []string
	say := func(name, value string) {
		switch wanted := names == nil && value != "" || slices.Contains(names, name); {
		case wanted && value == "":
			said = append(said, "no "+name)
		case wanted:
			said = append(said, name+" "+value)
		}
	}
	for _, p := range parts {
		value := *p.of(&r)
		if p.name == "date_layout" && value != "" {
			value = fmt.Sprintf("%q", value)
		}
		say(p.name, value)
	}
	say("columns", columnList(r.Columns))
	say("missing", strings.Join(r.Missing, "|"))
	if len(said) == 0 {
		return "the defaults"
	}
	return strings.Join(said, ", ")
}

// columnList writes columns as --columns takes them, in the order of the fields' names.
func columnList(columns map[string]string) string {
	var list []string
	for _, field := range slices.Sorted(maps.Keys(columns)) {
		list = append(list, field+"="+columns[field])
	}
	return strings.Join(list, ",")
}

// ParseColumns reads what --columns takes into the columns of a reading; nil for none.
func ParseColumns(list string) (map[string]string, error) {
	names, err := record.ParseColumnNames(list)
	if err != nil || len(names) == 0 {
		return nil, err
	}
	columns := map[string]string{}
	for field, column := range names {
		columns[field.String()] = column
	}
	return columns, nil
}

// columnNames returns the columns as the readers take them.
func (r Reading) columnNames() (record.ColumnNames, error) {
	if len(r.Columns) == 0 {
		return nil, nil
	}
	names := record.ColumnNames{}
	for _, field := range slices.Sorted(maps.Keys(r.Columns)) {
		found := false
		for f := range record.Field(record.NumFields) {
			if f.String() == field {
				names[f], found = r.Columns[field], true
			}
		}
		if !found {
			return nil, fmt.Errorf("no field %q", field)
		}
	}
	return names, nil
}

// Set makes options read so. What is not decided stays as it is in them.
func (r Reading) Set(o *record.Options) (err error) {
	r = r.Clean()
	if r.Preset != "" {
		if o.Preset, err = record.ParsePreset(r.Preset); err != nil {
			return err
		}
	}
	if r.Encoding != "" {
		if o.Dialect.Encoding, err = record.ParseEncoding(r.Encoding); err != nil {
			return err
		}
	}
	if r.Separator != "" {
		if o.Dialect.Separator, err = ParseSeparator(r.Separator); err != nil {
			return err
		}
	}
	if r.Decimal != "" {
		if o.Dialect.Decimal, err = ParseDecimal(r.Decimal); err != nil {
			return err
		}
	}
	if r.Group != "" {
		if o.Dialect.Group, err = ParseGroup(r.Group); err != nil {
			return err
		}
	}
	if len(r.Missing) > 0 {
		o.Missing = r.Missing
	}
	if r.DateLayout != "" {
		if o.Layout, err = record.ParseLayout(r.DateLayout); err != nil {
			return err
		}
	}
	if len(r.Columns) > 0 {
		if o.Columns, err = r.columnNames(); err != nil {
			return err
		}
	}
	return nil
}

// Parse reads a reading as a root keeps it. None, as in a root from before readings were kept, decides nothing.
func Parse(text []byte) (Reading, error) {
	var r Reading
	if len(text) == 0 {
		return r, nil
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return r, fmt.Errorf("parse reading: %w", err)
	}
	return r, nil
}
