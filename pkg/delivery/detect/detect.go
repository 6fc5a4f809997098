// Package detect finds out how a delivery is written, from a bounded sample of it: encoding, separators, columns, the layout of its
// dates and what stands for a missing customer.
//
//	found, err := detect.Look(ctx, delivery, detect.Options{Stated: flags, Kept: earlier})
//	err = found.Reading.Set(&options)
//
// What is stated wins over what is kept from earlier deliveries of the source, and that over what the sample shows. Where two
// readings fit, or where the kept one does not and another does, it returns an error that names both: nothing is guessed.
package detect

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/clientele/clientele/pkg/delivery/reading"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/delivery/source"
)

// Options say what is known beforehand.
type Options struct {
	Stated reading.Reading // by flags and profile
	Kept   reading.Reading // of the source, from its deliveries before
	Sheet  string          // the only sheet of a workbook that is read; "" means all
	Zone   *time.Location  // of the shop; nil means UTC
	Unpack source.UnpackOptions
	// SharedStrings bounds the memory for the shared strings of a workbook, in bytes; 0 means 384 MiB.
	SharedStrings int

	hidden func(sheets []string) // receives the names of sheets that are not shown
}

// Found is how a delivery is read.
type Found struct {
	Reading   reading.Reading // all that is decided
	Format    string          // delimited text, workbook, parquet or arrow
	Packing   string          // what it is compressed with, "" for nothing
	Columns   []Column        // of the header, in its order; nil if it is not that of a delivery
	Sheets    []string        // of a workbook
	Decisions []Decision      // in the order of a reading's parts
	Currency  string          // ISO 4217 code of the one whose sign every price has, "" for none
	Rows      int             // sampled
	Unread    []Unread        // columns of money that are not read, in the order of the header
	Marked    []Marked        // columns that seem to mark returns, in the order of the header
	Repeated  *Repeated       // a total that is on every line of its order; nil for none
	Whole     bool            // the sample is all of the delivery
}

// Column is a column of a delivery and the field of a line that it holds, "" for none.
type Column struct {
	Name  string `json:"name"`
	Field string `json:"field"`
}

// The origins of a decision.
const (
	FromStated  = "stated"  // a flag or the profile
	FromKept    = "kept"    // the deliveries of the source before
	FromSample  = "found"   // the sample shows it
	FromDefault = "default" // nothing in the sample needs a decision
)

// The parts of a delivery that are not read, and are decisions too.
const (
	PartHeader = "header"               // titles above the header
	PartOther  = "sheets_without_lines" // of a workbook
	PartHidden = "hidden_sheets"
)

// Decision is how one part of a reading was decided.
type Decision struct {
	Part         string        `json:"part"`  // of [reading.Reading], in snake case
	Value        string        `json:"value"` // "" where nothing needs a decision
	From         string        `json:"from"`
	Why          string        `json:"why"`
	Examples     []string      `json:"examples,omitempty"` // at most three, as written
	Alternatives []Alternative `json:"alternatives,omitempty"`
}

// Alternative is what a part could be instead.
type Alternative struct {
	Value string `json:"value"`
	Why   string `json:"why"` // what it would make of the delivery
}

// Classes of deliveries that are refused.
var (
	// ErrReading says that a delivery is written in another way than those of its source before.
	ErrReading = record.ErrContent.New("reading", "the delivery is written in another way than those before")
	// ErrDates says that two layouts of dates fit.
	ErrDates = record.ErrContent.New("date_layout_ambiguous", "two layouts of dates fit")
	// ErrHalfConverted says that a spreadsheet has turned some of the dates over.
	ErrHalfConverted = record.ErrContent.New("half_converted_dates", "some dates have day and month the wrong way round")
	// ErrNumbers says that two readings of the numbers fit.
	ErrNumbers = record.ErrContent.New("numbers_ambiguous", "two readings of the numbers fit")
	// ErrEncoding says that the text is in an encoding that no reader takes.
	ErrEncoding = record.ErrContent.New("encoding", "the encoding is not supported")
)

// Look samples a delivery and returns how it is read. A delivery that cannot be read at all, as without the wanted columns, is no
// error here: whoever reads it has a better message. It returns [ErrReading], [ErrDates], [ErrHalfConverted], [ErrNumbers],
// [ErrEncoding], ctx's error, or those of package source.
func Look(ctx context.Context, d *source.Delivery, o Options) (*Found, error) {
	o.Stated, o.Kept = o.Stated.Clean(), o.Kept.Clean()
	s, err := take(ctx, d, o)
	if err != nil {
		return nil, err
	}
	l := &look{ctx: ctx, delivery: d, o: o, sample: s, found: &Found{Format: s.kind.String(), Packing: s.packing, Sheets: s.sheets}}
	return l.all()
}

// look is one delivery being looked at.
type look struct {
	ctx      context.Context // of the call of Look
	delivery *source.Delivery
	o        Options
	sample   *sample
	found    *Found
	sep      byte
	bytewise record.Encoding // of delimited text, where it has one byte a character
	export   *record.Preset  // nil for none
	free     reading.Reading // what would be decided if nothing were kept
	misfits  []string        // parts of the kept reading that do not fit
}

func (l *look) all() (*Found, error) {
	for _, step := range []func() error{l.encoding, l.structure, l.numbers, l.currency, l.dates, l.sheets, l.missing, l.unread} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	if len(l.misfits) > 0 {
		slices.Sort(l.misfits)
		names := slices.Compact(l.misfits)
		return nil, ErrReading.Errorf("reading", l.delivery.Name,
			"%s does not fit how deliveries of this source are read (%s): it seems to have %s; nothing was stored. If that is right, state it by a flag or in the profile",
			l.delivery.Name, l.o.Kept.Of(names), l.free.Of(names))
	}
	for _, t := range l.sample.tables {
		l.found.Rows += len(t.rows)
	}
	return l.found, nil
}

// decide settles a part: what is stated, what is kept unless it does not fit and the sample shows something else, or what the
// sample shows.
func (l *look) decide(d Decision, set func(*reading.Reading, string), get func(reading.Reading) string, keptFits bool) string {
	shown, stated, kept := d.Value, get(l.o.Stated), get(l.o.Kept)
	set(&l.free, shown)
	switch {
	case stated != "":
		d.Value, d.From = stated, FromStated
		set(&l.free, stated)
	case kept != "" && (keptFits || shown == "" || shown == kept):
		d.Value, d.From = kept, FromKept
		set(&l.free, kept)
	case kept != "":
		l.misfits = append(l.misfits, d.Part)
		d.From = FromSample
	case shown != "":
		d.From = FromSample
	default:
		d.From = FromDefault
	}
	set(&l.found.Reading, d.Value)
	l.found.Decisions = append(l.found.Decisions, d)
	return d.Value
}

// sheets settles how the sheets of a workbook belong together, if that is stated or kept: what they hold tells it otherwise, when
// all of them are read.
func (l *look) sheets() error {
	if len(l.sample.sheets) < 2 || l.o.Sheet != "" {
		return nil
	}
	d := Decision{Part: "sheets", Why: fmt.Sprintf("it has %d sheets", len(l.sample.sheets))}
	l.decide(d, func(r *reading.Reading, v string) { r.Sheets = v }, func(r reading.Reading) string { return r.Sheets }, true)
	return nil
}

// shown cuts a value for a message.
func shown(text string) string {
	text = strings.TrimSpace(text)
	if len(text) > 40 {
		text = strings.ToValidUTF8(text[:40], "") + "…"
	}
	return fmt.Sprintf("%q", text)
}

// isContent reports whether an error is of a file's content: then whoever reads it all reports it.
func isContent(err error) bool { return errors.Is(err, record.ErrContent) }
