package report

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"io"
	"math"
	"slices"
	"testing"

	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/report/view"
)

// Columns are read back as assets/customers.js reads them: by place, size and type.
func TestPackedColumns(t *testing.T) {
	c := &view.Customers{Held: 2, Mode: view.CustomersAll, ID: []string{"a", "b"}, Segment: []int8{0, 0}, Previous: []int8{0, -1}, Next: []int8{0, 0}, Later: []int8{-1, 0},
		Recency: []int64{1, 2}, Months: []string{"2011-11", "2011-12"}, Spent: []money.Amount{12_4999, 0, 7_5000, 100_0000}}
	for k := range view.Offers {
		c.Both[k], c.OutOf[k] = []float64{math.NaN(), 197}, []float64{math.NaN(), 396}
	}
	l := layout{View: view.View{Customers: c, Scores: &view.Scores{}}}
	var text bytes.Buffer
	p, err := l.pack(&text)
	if err != nil {
		t.Fatal(err)
	}
	zipped, err := base64.StdEncoding.DecodeString(text.String())
	if err != nil {
		t.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]uint32{"spent": {12, 0, 8, 100}, "both_0": {0, 197}, "out_of_2": {0, 396}, "recency": {1, 2}} {
		at := slices.IndexFunc(p.Columns, func(c packed) bool { return c.Name == name })
		got := make([]uint32, len(want))
		if at < 0 || p.Columns[at].Type != "u4" || p.Columns[at].At%8 != 0 || p.Columns[at].Size != 4*len(want) {
			t.Fatalf("%s: %+v", name, p.Columns)
		}
		if _, err := binary.Decode(data[p.Columns[at].At:], binary.LittleEndian, got); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v; %v", name, got, want, err)
		}
	}
	if !slices.Equal(p.Months, c.Months) {
		t.Errorf("months %v", p.Months)
	}
}
