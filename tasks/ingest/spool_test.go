package ingest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/delivery/text"
	"github.com/clientele/clientele/pkg/scratch"
)

const header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"

// fill reads a text into a spool of so many slabs.
func fill(t interface{ Fatal(...any) }, folder, delivered string, limit int) *spool {
	s := newSpool(folder, scratch.Budget(0).Lines())
	s.limit = cmp.Or(limit, s.limit)
	if _, err := text.Read(context.Background(), strings.NewReader(delivered), record.Options{Chunk: 1000}, s.add); err != nil {
		t.Fatal(err)
	}
	if err := s.end(""); err != nil {
		t.Fatal(err)
	}
	return s
}

// dump returns everything in a spool as text.
func dump(t interface{ Fatal(...any) }, s *spool) string {
	var b bytes.Buffer
	var f frames
	for _, day := range s.dates() {
		fmt.Fprintln(&b, day, s.days[day].rows)
		err := f.each(s, s.days[day], func(first, rows uint64, data []byte) error {
			return record.Run{Day: day, Rows: int(rows), Record: int64(first), Data: data}.Each(func(l *record.Line) error {
				fmt.Fprintf(&b, "%+v\n", *l)
				return nil
			})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	err := f.each(s, s.rejects, func(ordinal, breach uint64, raw []byte) error {
		fmt.Fprintf(&b, "%d %s %s\n", ordinal, record.Breach(breach), raw)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestSpoolKeepsEverythingInOrder(t *testing.T) {
	folder := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		var text strings.Builder
		text.WriteString(header)
		for range rapid.IntRange(0, 300).Draw(t, "lines") {
			day := rapid.IntRange(1, 28).Draw(t, "day")
			fmt.Fprintf(&text, "1,2,%s,%d,2011-01-%02d 10:00:00,1,1,x\n", strings.Repeat("d", rapid.IntRange(0, 400).Draw(t, "long")),
				rapid.IntRange(-9, 9).Draw(t, "quantity"), day)
			if day == 7 {
				text.WriteString("broken\n")
			}
		}
		roomy := fill(t, folder, text.String(), 0)
		defer roomy.Close()
		tight := fill(t, folder, text.String(), rapid.IntRange(1, 5).Draw(t, "slabs"))
		defer tight.Close()
		if roomy.disk != nil {
			t.Fatal("so little went to scratch")
		}
		if diff := gocmp.Diff(dump(t, roomy), dump(t, tight)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestSpoolNoticesDamage(t *testing.T) {
	text := header + strings.Repeat("1,2,"+strings.Repeat("d", 5000)+",1,2011-01-01 10:00:00,1,1,x\n", 50)
	s := fill(t, t.TempDir(), text, 2)
	defer s.Close()
	day := s.days[s.dates()[0]]
	if s.disk == nil || len(day.extents) == 0 {
		t.Fatal("nothing went to scratch")
	}
	day.extents[len(day.extents)-1].size -= 10
	var f frames
	err := f.each(s, day, func(uint64, uint64, []byte) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "read scratch file") {
		t.Errorf("cut stream: got %v", err)
	}
	if _, err := s.disk.WriteAt(bytes.Repeat([]byte{0xff}, 100), day.extents[0].from); err != nil {
		t.Fatal(err)
	}
	if err := f.each(s, day, func(uint64, uint64, []byte) error { return nil }); err == nil {
		t.Error("overwritten stream: no error")
	}
}
