package xlsx_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/delivery/xlsx"
)

// counted counts how often each part is opened.
type counted struct {
	parts
	times map[string]int
}

func (c counted) Open(name string) (io.ReadCloser, error) {
	c.times[name]++
	return c.parts.Open(name)
}

// A workbook that is read twice is opened once, and its shared strings are resolved once; a choice of sheets is that of one reading.
func TestOpenOnce(t *testing.T) {
	p := counted{byHand(`<row><c t="s"><v>0</v></c></row>`, "<t>x</t>"), map[string]int{}}
	var kept any
	for _, sheet := range []string{"one & only", "none", "ONE & ONLY"} {
		book, err := xlsx.OpenOnce(p, &kept)
		if err != nil {
			t.Fatal(err)
		}
		if found := book.Select(sheet); found != (sheet != "none") {
			t.Fatalf("sheet %q: %t", sheet, found)
		}
		table, err := book.Tables().NextTable()
		if err != nil {
			t.Fatal(err)
		}
		var row record.Row
		if err := table.Rows.ReadRow(&row); err != nil || show(row.Cells) != "'x" {
			t.Errorf("%s, %v", show(row.Cells), err)
		}
	}
	want := map[string]int{"_rels/.rels": 1, "xl/_rels/workbook.xml.rels": 1, "xl/workbook.xml": 1, "xl/sharedStrings.xml": 1, "xl/worksheets/sheet1.xml": 3}
	if diff := cmp.Diff(want, p.times); diff != "" {
		t.Error(diff)
	}
}

// Texts of every length, over many blocks, are those that were written.
func TestManySharedStrings(t *testing.T) {
	const n = 200_000
	var shared, row strings.Builder
	var want []string
	text := strings.Repeat("0123456789", 30_000)
	for i := range n {
		length := i % 7
		if i%2000 == 0 {
			length = i * 13 % (256<<10 + 1)
		}
		if i == 4000 {
			length = 256 << 10 // as long as a text can be, four to a block
		}
		s := text[i%10 : i%10+length]
		fmt.Fprintf(&shared, "<si><t>%s</t></si>", s)
		if i%1000 == 0 || i > n-3 {
			fmt.Fprintf(&row, `<row r="%d"><c t="s"><v>%d</v></c></row>`, i+1, i)
			if length > 0 {
				s = "'" + s
			}
			want = append(want, fmt.Sprintf("One & only %d: %s", i+1, s))
		}
	}
	p := byHand(row.String())
	p["xl/sharedStrings.xml"] = "<sst>" + shared.String() + "</sst>"
	got, err := cells(p)
	if err != nil || !slices.Equal(want, got) {
		t.Errorf("%d rows are not the %d that were written: %v", len(got), len(want), err)
	}
}

// sharedFill has a part of n equal shared strings, which is never in memory.
type sharedFill struct {
	parts
	text string
	n    int
}

func (f sharedFill) Open(name string) (io.ReadCloser, error) {
	if name != "xl/sharedStrings.xml" {
		return f.parts.Open(name)
	}
	return io.NopCloser(&repeated{now: []byte("<sst>"), item: []byte("<si><t>" + f.text + "</t></si>"), end: []byte("</sst>"), n: f.n}), nil
}

// repeated reads now, then item n times, then end.
type repeated struct {
	now, item, end []byte
	n              int
}

func (r *repeated) Read(p []byte) (int, error) {
	switch {
	case len(r.now) > 0:
	case r.n > 0:
		r.now, r.n = r.item, r.n-1
	case r.end != nil:
		r.now, r.end = r.end, nil
	default:
		return 0, io.EOF
	}
	n := copy(p, r.now)
	r.now = r.now[n:]
	return n, nil
}

// What shared strings take is bounded, be they few and long or many and empty, and what is made for them is little more.
func TestSharedStringsAreBounded(t *testing.T) {
	const limit = 8 << 20
	long := strings.Repeat("a", 200_000)
	for _, test := range []struct {
		text   string
		n      int
		refuse bool
	}{{long, 30, false}, {long, 80, true}, {"", 1_500_000, false}, {"", 2_500_000, true}} {
		book, err := xlsx.Open(sharedFill{byHand("<row/>"), test.text, test.n})
		if err != nil {
			t.Fatal(err)
		}
		book.LimitShared(limit)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err = book.Tables().NextTable()
		runtime.ReadMemStats(&after)
		if errors.Is(err, xlsx.ErrTooLarge) != test.refuse || test.refuse && !strings.Contains(err.Error(), "shared strings take over 8 MiB") || !test.refuse && err != nil {
			t.Errorf("%d of %d bytes: %v", test.n, len(test.text), err)
		}
		// Beside them there are the scanner's buffer and the text at hand, which grew to its length by doubling.
		if made := after.TotalAlloc - before.TotalAlloc; made > limit+2<<20 {
			t.Errorf("%d of %d bytes: %d bytes were made in the memory of %d", test.n, len(test.text), made, limit)
		}
	}
}
