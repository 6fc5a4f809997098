package xlsx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/clientele/clientele/pkg/delivery/record"
)

// ErrDamaged says that the bytes are no whole workbook.
var ErrDamaged = record.ErrContent.New("damaged", "the workbook is damaged")

// ErrTooLarge says that a workbook needs more memory than it is given.
var ErrTooLarge = record.ErrContent.New("too_large", "the workbook is too large")

// Parts are the files that a workbook is made of.
type Parts interface {
	// Open opens a part by its name without a leading slash, in any case. It returns fs.ErrNotExist if there is none.
	Open(name string) (io.ReadCloser, error)
}

// Bounds of a workbook. Excel's own are lower.
const (
	maxSheets    = 4096
	maxSheetName = 255 // bytes; Excel has 31 characters
)

// Workbook is an open workbook.
type Workbook struct {
	parts  Parts
	dates  record.DateSystem
	sheets []sheetPart
	shared string         // name of the part of shared strings, "" for none
	texts  *sharedStrings // of that part, once a table was read

	maxShared int // bytes
}

// sheetPart is a sheet and the part that has it.
type sheetPart struct {
	name, part string
	hidden     bool
}

// Open reads what a workbook has: its sheets of cells in their order, hidden ones too (see [Workbook.Visible]), and its date system. It returns
// [ErrDamaged], or the error of parts.
func Open(parts Parts) (*Workbook, error) {
	w := &Workbook{parts: parts, dates: record.Dates1900, texts: &sharedStrings{}, maxShared: maxShared}
	if err := w.open(); err != nil {
		return nil, fmt.Errorf("open workbook: %w", err)
	}
	return w, nil
}

// OpenOnce is Open where a workbook is read several times, as to look at it first: kept is what the first call opened, with the shared
// strings if a table was read, and the next ones return it with all its sheets. It is for one goroutine.
func OpenOnce(parts Parts, kept *any) (*Workbook, error) {
	w, ok := (*kept).(*Workbook)
	if !ok {
		var err error
		if w, err = Open(parts); err != nil {
			return nil, err
		}
		*kept = w
	}
	again := *w
	return &again, nil
}

// LimitShared bounds the memory of the workbook's shared strings, in bytes. Without it they may take 384 MiB.
func (w *Workbook) LimitShared(bytes int) { w.maxShared = bytes }

func (w *Workbook) open() error {
	top, err := w.relations("")
	if err != nil {
		return err
	}
	main := "xl/workbook.xml"
	for _, r := range top {
		if r.kind == "officeDocument" {
			main = r.target
		}
	}
	byID, err := w.relations(main)
	if err != nil {
		return err
	}
	for _, r := range byID {
		if r.kind == "sharedStrings" {
			w.shared = r.target
		}
	}
	return w.each(main, func(x *scanner) error {
		switch string(x.name) {
		case "workbookPr":
			v, _, err := x.attr("date1904")
			if string(v) == "1" || string(v) == "true" {
				w.dates = record.Dates1904
			}
			return err
		case "sheet":
			return w.addSheet(x, byID)
		}
		return nil
	})
}

// addSheet takes a sheet of the workbook's list, unless it is a chart.
func (w *Workbook) addSheet(x *scanner, byID map[string]relation) error {
	value, _, err := x.attr("name")
	name := string(value)
	if err != nil {
		return err
	}
	id, _, err := x.attr("id")
	if err != nil {
		return err
	}
	state, _, err := x.attr("state") // ECMA-376 part 1, 18.18.68, ST_SheetState
	if err != nil {
		return err
	}
	hidden := string(state) == "hidden" || string(state) == "veryHidden"
	r, ok := byID[string(id)]
	switch {
	case len(name) > maxSheetName:
		return damaged("a sheet's name has %d bytes", len(name))
	case !ok:
		return damaged("sheet %q has no part", name)
	case r.kind != "worksheet":
		return nil
	case len(w.sheets) == maxSheets:
		return damaged("over %d sheets", maxSheets)
	}
	w.sheets = append(w.sheets, sheetPart{name: name, part: r.target, hidden: hidden})
	return nil
}

// relation says where a part that another one needs is.
type relation struct{ kind, target string }

// relations reads the relations of a part by their ids; of "" they are the package's. A part without any has none.
func (w *Workbook) relations(of string) (map[string]relation, error) {
	folder, base := path.Split(of)
	byID := map[string]relation{}
	err := w.each(folder+"_rels/"+base+".rels", func(x *scanner) error {
		if string(x.name) != "Relationship" {
			return nil
		}
		var values [3]string
		for i, name := range [3]string{"Id", "Type", "Target"} {
			v, _, err := x.attr(name)
			if err != nil {
				return err
			}
			values[i] = string(v)
		}
		target := values[2]
		if !strings.HasPrefix(target, "/") {
			target = folder + target
		}
		if len(byID) == 2*maxSheets {
			return damaged("over %d parts", 2*maxSheets)
		}
		byID[values[0]] = relation{kind: path.Base(values[1]), target: strings.TrimPrefix(path.Clean("/"+target), "/")}
		return nil
	})
	if _, none := errors.AsType[*missingPart](err); none {
		return byID, nil
	}
	return byID, err
}

// missingPart says that a workbook lacks a part, which is damage unless it can do without.
type missingPart struct{ name string }

func (e *missingPart) Error() string {
	return fmt.Sprintf("%v: it has no part %.100q", ErrDamaged, e.name)
}

func (e *missingPart) Unwrap() error { return ErrDamaged }

// open opens a part. One that is not there is a *missingPart.
func open(parts Parts, name string) (io.ReadCloser, error) {
	f, err := parts.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &missingPart{name}
	}
	return f, err
}

// each visits the start of every element of a small part.
func (w *Workbook) each(name string, visit func(*scanner) error) error {
	f, err := open(w.parts, name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	x := newScanner(f)
	for {
		t, err := x.next()
		if err == io.EOF {
			return nil
		}
		if err == nil && t == startTag {
			err = visit(x)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
}

// SheetNames returns the names of the sheets in their order.
func (w *Workbook) SheetNames() []string {
	names := make([]string, len(w.sheets))
	for i, s := range w.sheets {
		names[i] = s.name
	}
	return names
}

// Visible leaves the sheets that a spreadsheet shows, and returns the names of the others. Where it shows none, all are left.
func (w *Workbook) Visible() (hidden []string) {
	var shown []sheetPart
	for _, s := range w.sheets {
		if s.hidden {
			hidden = append(hidden, s.name)
		} else {
			shown = append(shown, s)
		}
	}
	if len(shown) == 0 {
		return nil
	}
	w.sheets = shown
	return hidden
}

// Select leaves one sheet, by its name in any case, as spreadsheets compare it. It returns false if there is none such.
func (w *Workbook) Select(name string) bool {
	for _, s := range w.sheets {
		if strings.EqualFold(s.name, name) {
			w.sheets = []sheetPart{s}
			return true
		}
	}
	return false
}

// Tables returns the sheets as tables, in their order. Close it.
func (w *Workbook) Tables() *Sheets { return &Sheets{book: w} }

// Sheets goes through the sheets of a workbook. It is a [record.Tables].
type Sheets struct {
	book *Workbook
	next int
	file io.Closer // of the sheet that is being read
}

// NextTable is that of [record.Tables]. It returns [ErrTooLarge] too, and rows are read with
// [ErrDamaged] or the error of the workbook's parts.
func (s *Sheets) NextTable() (*record.Table, error) {
	if err := s.Close(); err != nil {
		return nil, err
	}
	if s.next == len(s.book.sheets) {
		return nil, io.EOF
	}
	if err := s.book.readShared(); err != nil {
		return nil, fmt.Errorf("read shared strings: %w", err)
	}
	at := s.book.sheets[s.next]
	s.next++
	f, err := open(s.book.parts, at.part)
	if err != nil {
		return nil, fmt.Errorf("open sheet %q: %w", at.name, err)
	}
	s.file = f
	return &record.Table{
		Name: at.name, Dates: s.book.dates,
		Rows: &sheet{name: at.name, xml: newScanner(f), shared: s.book.texts},
	}, nil
}

// Close closes the sheet that is being read.
func (s *Sheets) Close() error {
	f := s.file
	if s.file = nil; f == nil {
		return nil
	}
	return f.Close()
}

// unescape resolves the _xHHHH_ that stand for characters XML cannot hold (ECMA-376 part 1, 22.9.2.19, ST_Xstring).
func unescape(text []byte) []byte {
	at := bytes.Index(text, []byte("_x"))
	if at < 0 {
		return text
	}
	var out []byte
	for ; at >= 0; at = bytes.Index(text, []byte("_x")) {
		units, rest := escapes(text[at:])
		if len(units) == 0 {
			out = append(out, text[:at+2]...)
			text = text[at+2:]
			continue
		}
		out = append(out, text[:at]...)
		out = appendUnits(out, units)
		text = rest
	}
	return append(out, text...)
}
