package record

import (
	"fmt"
	"slices"
	"strings"
)

// Columns says where each field is in a record.
type Columns struct {
	Names []string      // of the header
	Width int           // fields of a record
	Field []int8        // by position: the field there, or its further slot, or -1; see [Columns.FieldAt]
	At    [numSlots]int // positions; -1 for what is in no column

	preset *Preset
	words  [numSlots]string // of a status: what it is where its column is not empty, instead of the text there
	same   bool             // the description serves as the code
	both   bool             // one column is code and description
}

// FieldAt returns the field that the column at a position holds, or a part of it.
func (c *Columns) FieldAt(position int) (Field, bool) {
	if f := c.Field[position]; f >= 0 {
		return Field(f).field(), true
	}
	return 0, false
}

// Has reports whether the records have a field.
func (c *Columns) Has(f Field) bool { return c.At[f] >= 0 }

// Carries reports whether a record can lack what one before it says, so that records must be read in their order.
func (c *Columns) Carries() bool { return c.preset != nil && len(c.preset.Carry) > 0 }

// MaxTitles is how many rows there may be above a header: the title of a report, its period, its shop. Where none of the rows up to
// there is a header, the first one is what is reported.
const MaxTitles = 20

// FindColumns finds each field among a header's columns: by names, else by those of the preset, else by the known spellings, UCI's before others.
// Names are compared without case, blanks, underscores and quotes. A time may be in two columns, "Date+Time", an invoice too,
// "Number+Store", which makes Number@Store of it, and a status in up to three, of which the first that is not empty counts.
//
// Invoice, time and customer must be there, a price or an amount, and a quantity where there is no amount. Without a code the
// description serves, and without both the records are orders. It returns a *[HeaderError] if what must be there has no column, or
// a field two.
func FindColumns(header []string, preset *Preset, names ColumnNames) (Columns, error) {
	c := finder{tight: keysOf(header, headerKey), loose: keysOf(header, looseKey)}
	c.Columns = Columns{Names: header, Width: len(header), Field: make([]int8, len(header)), preset: preset}
	for i := range c.Field {
		c.Field[i] = -1
	}
	for i := range c.At {
		c.At[i] = -1
	}
	var problems []string
	missing := map[Field]string{}
	for f := range Field(NumFields) {
		if column, ok := names[f]; ok && headerKey(column) == "" {
			continue
		}
		wanted, problem := c.find(f, names)
		if problem != "" {
			problems = append(problems, problem)
		} else if !c.Has(f) {
			missing[f] = fmt.Sprintf("no column for %s, wanted %s", f, strings.Join(wanted, " or "))
			if _, named := names[f]; named {
				problems = append(problems, missing[f])
				delete(missing, f)
			}
		}
	}
	problems = append(problems, c.lacking(missing)...)
	if len(problems) > 0 {
		if preset != nil && preset.Note != "" && !c.Has(FieldCustomer) {
			problems = append(problems, preset.Note)
		}
		return Columns{}, NewHeaderError(header, problems...)
	}
	if !c.Has(FieldCode) && c.Has(FieldDescription) {
		if _, ignored := names[FieldCode]; !ignored {
			c.At[FieldCode], c.same = c.At[FieldDescription], true
		}
	}
	return c.Columns, nil
}

// finder finds columns in a header.
type finder struct {
	Columns
	tight, loose keys
}

// lacking returns what is missing and must be there.
func (c *Columns) lacking(missing map[Field]string) (problems []string) {
	for f := range Field(NumFields) {
		needed := false
		switch f {
		case FieldInvoice, FieldTime, FieldCustomer:
			needed = true
		case FieldQuantity, FieldPrice:
			needed = !c.Has(FieldAmount)
		}
		if m := missing[f]; m != "" && needed {
			problems = append(problems, m)
		}
	}
	return problems
}

// find finds the columns of a field. wanted are the names that were looked for.
func (c *finder) find(f Field, names ColumnNames) (wanted []string, problem string) {
	column, named := names[f]
	switch {
	case named:
		wanted = []string{column}
	case c.preset != nil:
		wanted = c.preset.Columns[f]
	default:
		wanted = spellings[f]
	}
	var at []int
	for _, w := range wanted {
		found, joined := c.tight.positions(w, f)
		if joined {
			return wanted, c.take(f, found...)
		}
		if at = append(at, found...); c.preset != nil && len(at) > 0 {
			break // the first of its alternatives
		}
	}
	if len(at) == 0 && !named && c.preset == nil && (f != FieldAmount || !c.Has(FieldPrice)) {
		if at = c.other(f); len(at) > 0 {
			return wanted, c.take(f, at...)
		}
	}
	slices.Sort(at)
	switch at = slices.Compact(at); {
	case len(at) == 0:
		return wanted, ""
	case len(at) > 1:
		return wanted, fmt.Sprintf("%d columns for %s (positions %d and %d), wanted one of %s", len(at), f, at[0]+1, at[1]+1, strings.Join(wanted, " or "))
	}
	return wanted, c.take(f, at[0])
}

// other returns the columns of the first other spelling of a field that is there once and free.
func (c *finder) other(f Field) []int {
	for _, w := range otherSpellings[f] {
		at, joined := c.loose.positions(w, f)
		if free := !slices.ContainsFunc(at, func(i int) bool { return c.Field[i] >= 0 }); free && (joined || len(at) == 1) {
			return at
		}
	}
	return nil
}

// take gives columns to a field.
func (c *Columns) take(f Field, at ...int) (problem string) {
	for n, slot := range f.slots()[:len(at)] {
		i := at[n]
		if taken := c.Field[i]; taken == int8(FieldCode) && f == FieldDescription {
			c.At[slot], c.both = i, true
			continue
		} else if taken >= 0 {
			return fmt.Sprintf("column %s matches both %s and %s", c.Names[i], Field(taken).field(), f)
		}
		c.Field[i], c.At[slot] = int8(slot), i
		if f == FieldStatus && c.preset != nil {
			for column, word := range c.preset.Words {
				if headerKey(column) == headerKey(c.Names[i]) {
					c.words[slot] = word
				}
			}
		}
	}
	return ""
}
