package retail_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/retail/retailtest"
)

// testData is the folder of the real file; without it tests that need it are skipped.
var testData = os.Getenv("CLIENTELE_TESTDATA")

func TestAppendRefuses(t *testing.T) {
	one := retailtest.CSV(t, "1,22,X,1,2011-01-03 10:00,1,7,UK")
	for name, spoil := range map[string]func(*retail.LineBatch){
		"short column":      func(b *retail.LineBatch) { b.Quantity = nil },
		"no texts":          func(b *retail.LineBatch) { b.Country = retail.TextColumn{} },
		"offset past end":   func(b *retail.LineBatch) { b.Code.Offsets = []int32{0, 3} },
		"offsets backwards": func(b *retail.LineBatch) { b.Code.Offsets = []int32{2, 0} },
		"offset below zero": func(b *retail.LineBatch) { b.Code.Offsets = []int32{-1, 2} },
	} {
		l := retail.NewLines(retail.Room{})
		b := retailtest.Batch(one)
		spoil(&b)
		if err := l.Append(b); !errors.Is(err, retail.ErrColumns) || l.Len() != 0 {
			t.Errorf("%s: got error %v and %d lines, want ErrColumns and none", name, err, l.Len())
		}
	}
	l := retailtest.Lines(t, nil)
	if err := l.Seal(); err != nil {
		t.Fatal(err)
	}
	if err := l.Append(retailtest.Batch(one)); err == nil {
		t.Error("sealed lines took another one")
	}
}

// Numbers of a sealed dictionary order as bytes do; those of a keyed one by key first.
func TestSealOrders(t *testing.T) {
	l := retailtest.Lines(t, retailtest.CSV(t, `
c2,22b,é,1,2011-01-03 10:00,1,9,UK
 C2,22A,z,1,2011-01-03 10:00,1,10,EIRE
10,22a ,z`+"\x00"+`,1,2011-01-03 10:00,1,,
10,22,longer than eight bytes B,1,2011-01-03 10:00,1,9,UK
9,22,longer than eight bytes A,1,2011-01-03 10:00,1,9,UK`))
	var guest retail.Line
	for _, line := range inside(t, l) {
		if line.Customer == 0 {
			guest = line
		}
	}
	for _, d := range []*retail.Dict{&l.Customers, &l.Descriptions, &l.Countries, &l.Invoices.Keys, &l.Codes.Keys} {
		for i := 1; i < d.Len(); i++ {
			if a, b := d.String(uint32(i-1)), d.String(uint32(i)); a >= b {
				t.Errorf("%q stands before %q", a, b)
			}
		}
	}
	for _, d := range []*retail.KeyedDict{&l.Invoices, &l.Codes} {
		for i := range d.Len() {
			text, key := d.String(uint32(i)), d.Keys.String(d.Key(uint32(i)))
			if want := strings.ToUpper(strings.TrimSpace(text)); key != want {
				t.Errorf("%q has key %q, want %q", text, key, want)
			}
		}
	}
	if got := l.Customers.String(0); got != "" {
		t.Errorf("the guest is customer %q", got)
	}
	if got := l.Codes.String(guest.Code); got != "22a " {
		t.Errorf("code as written is %q, want %q", got, "22a ")
	}
}

// Rows stand in the order of time even where times span all of int64 and cannot be packed beside invoice and code.
func TestOrderOfExtremes(t *testing.T) {
	b := retailtest.Batch(retailtest.CSV(t, `
1,22,X,1,2011-01-03 10:00,1,7,UK
2,23,X,1,2011-01-03 10:00,1,7,UK
3,24,X,1,2011-01-03 10:00,1,7,UK
1,25,X,1,2011-01-03 10:00,1,7,UK
1,24,X,1,2011-01-03 10:00,1,7,UK`))
	b.Time = []int64{math.MaxInt64, 1, math.MinInt64, 0, 0}
	kept, err := retail.DefaultRules().Apply(retailtest.Join(t, []retail.LineBatch{b}))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range kept.Rows(1) {
		got = append(got, fmt.Sprint(r.Time, " ", kept.Codes.String(r.Code)))
	}
	want := []string{fmt.Sprint(math.MinInt64, " 24"), "0 24", "0 25", "1 23", fmt.Sprint(math.MaxInt64, " 22")}
	if !slices.Equal(got, want) {
		t.Errorf("rows %q, want %q", got, want)
	}
}

// inside returns the lines of the window.
func inside(t *testing.T, l *retail.Lines) (all []retail.Line) {
	t.Helper()
	var mu sync.Mutex
	err := l.Each(func() (func([]retail.Line), func()) {
		return func(some []retail.Line) {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, some...)
		}, func() {}
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestCut(t *testing.T) {
	l := retailtest.Lines(t, retailtest.CSV(t, `
1,22,X,1,2011-01-02 23:59,1,7,UK
2,22,X,2,2011-01-03 00:00,1,7,UK
3,22,X,3,2011-01-04 23:59,1,7,UK
4,22,X,4,2011-01-05 00:00,1,7,UK`))
	asOf, _ := calendar.ParseDate("2011-01-05")
	l.Cut(retail.Window{AsOf: asOf, Days: 2}) // [3 January, 5 January)
	for range 2 {                             // and may be cut again
		if got := inside(t, l); len(got) != 2 || got[0].Quantity != 2000 || got[1].Quantity != 3000 {
			t.Errorf("the window has %+v, want those of quantities 2000 and 3000", got)
		}
		l.Cut(retail.Window{AsOf: asOf - 1, Days: 1})
		if got := inside(t, l); len(got) != 1 || got[0].Quantity != 2000 {
			t.Errorf("a shorter window has %+v", got)
		}
		l.Cut(retail.Window{AsOf: asOf, Days: 2})
	}
}

func TestParseWindow(t *testing.T) {
	asOf, _ := calendar.ParseDate("2011-12-10")
	for _, s := range []string{"365", "1", "all"} {
		w, err := retail.ParseWindow(asOf, s)
		if err != nil || w.Length() != s {
			t.Errorf("%q: got %v, %v", s, w, err)
		}
		if !w.Contains(asOf-1) || w.Contains(asOf) {
			t.Errorf("%q: holds the as-of or not the day before", s)
		}
	}
	for _, s := range []string{"", "0", "-1", "ALL", "1.5", "99999999"} {
		if _, err := retail.ParseWindow(asOf, s); err == nil {
			t.Errorf("%q passed", s)
		}
	}
}
