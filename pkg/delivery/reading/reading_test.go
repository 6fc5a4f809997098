package reading_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/delivery/reading"
	"github.com/clientele/clientele/pkg/delivery/record"
)

func TestOver(t *testing.T) {
	kept := reading.Reading{Preset: "shopify", Separator: "comma", Decimal: "point", Columns: map[string]string{"code": "Lineitem sku"}}
	for name, c := range map[string]struct{ stated, want reading.Reading }{
		"nothing stated": {reading.Reading{}, kept},
		"auto is open":   {reading.Reading{Separator: "auto", Decimal: "auto"}, kept},
		"one part":       {reading.Reading{Decimal: "comma"}, reading.Reading{Preset: "shopify", Separator: "comma", Decimal: "comma", Columns: kept.Columns}},
		"columns go as a whole": {
			reading.Reading{Columns: map[string]string{"invoice": "Bill"}},
			reading.Reading{Separator: "comma", Decimal: "point", Columns: map[string]string{"invoice": "Bill"}},
		},
		"so does a preset": {reading.Reading{Preset: "square"}, reading.Reading{Preset: "square", Separator: "comma", Decimal: "point"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, c.stated.Over(kept)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDiffersAndString(t *testing.T) {
	a := reading.Reading{Separator: "comma", DateLayout: "2006-01-02"}
	b := reading.Reading{Separator: "semicolon", DateLayout: "2006-01-02", Columns: map[string]string{"price": "Cost", "code": "SKU"}}
	names := a.Differs(b)
	if diff := cmp.Diff([]string{"separator", "columns"}, names); diff != "" {
		t.Error(diff)
	}
	if got := a.Of(names); got != "separator comma, no columns" {
		t.Errorf("got %q", got)
	}
	if got := b.Of(names); got != "separator semicolon, columns code=SKU,price=Cost" {
		t.Errorf("got %q", got)
	}
	if got := a.String(); got != `separator comma, date_layout "2006-01-02"` {
		t.Errorf("got %q", got)
	}
	if got := (reading.Reading{Decimal: reading.Auto}).String(); got != "the defaults" {
		t.Errorf("got %q", got)
	}
}

func TestSet(t *testing.T) {
	var o record.Options
	r := reading.Reading{Encoding: "latin1", Separator: "tab", Decimal: "comma", DateLayout: "02.01.2006", Columns: map[string]string{"price": "Preis, netto"}}
	if err := r.Set(&o); err != nil {
		t.Fatal(err)
	}
	if o.Dialect.Encoding != record.Latin1 || o.Dialect.Separator != '\t' || o.Dialect.Decimal != ',' || o.Layout.String() != "02.01.2006" || o.Columns[record.FieldPrice] != "Preis, netto" {
		t.Errorf("got %+v", o)
	}
	before := o.Layout.String()
	if err := (reading.Reading{DateLayout: reading.Auto}).Set(&o); err != nil || o.Layout.String() != before {
		t.Errorf("got %v, %v", o.Layout, err)
	}
}

func TestKeptReading(t *testing.T) {
	want := reading.Reading{Preset: "shopify", Missing: []string{"0"}}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := reading.Parse(text); err != nil || !got.Equal(want) {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := reading.Parse(nil); err != nil || !got.Equal(reading.Reading{}) {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := reading.Parse([]byte("{")); err == nil {
		t.Error("damage was read")
	}
}

func TestSigns(t *testing.T) {
	for _, name := range []string{"comma", "semicolon", "tab", "pipe", "^"} {
		if sign, err := reading.ParseSeparator(name); err != nil || reading.SeparatorName(sign) != name {
			t.Errorf("%s: got %q, %v", name, sign, err)
		}
	}
	for _, name := range []string{"none", "comma", "point", "space", "apostrophe"} {
		if sign, err := reading.ParseGroup(name); err != nil || reading.GroupName(sign) != name {
			t.Errorf("%s: got %q, %v", name, sign, err)
		}
	}
}
