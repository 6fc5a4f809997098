package record

import (
	"fmt"
	"strings"
)

// Preset says how an export of a known system is written.
type Preset struct {
	Name    string             // as in a profile
	Title   string             // for people
	Source  string             // where its columns are documented
	Signs   []string           // columns by which the export is recognised: all of them are there
	Columns map[Field][]string // the columns of a field, the best first; "A+B" are two that make one
	Words   map[string]string  // status column → what the status is where that column says anything but no
	Carry   []Field            // what stands on the first record of an order only; with the invoice, that too
	Layouts []string           // in which its times are known to be, the usual first; none where they are the shop's choice
	Zone    string             // whose times they are, for people; "" where it is not documented
	Note    string             // for people who want more than the export has
	// CodeOrDescription says that a product without a code is known by its description.
	CodeOrDescription bool
}

// ParsePreset returns the preset of a name.
func ParsePreset(name string) (*Preset, error) {
	var known []string
	for _, p := range Presets {
		if p.Name == name {
			return p, nil
		}
		known = append(known, p.Name)
	}
	return nil, fmt.Errorf("unknown preset %q, known are %s", name, strings.Join(known, ", "))
}

// FindPreset returns the preset of the export that has this header, or nil. Where several could have it, it is the one with most
// signs.
func FindPreset(header []string) *Preset {
	columns := keysOf(header, headerKey)
	var found *Preset
	for _, p := range Presets {
		all := true
		for _, sign := range p.Signs {
			all = all && columns.has(sign)
		}
		if all && (found == nil || len(p.Signs) > len(found.Signs)) {
			found = p
		}
	}
	return found
}
