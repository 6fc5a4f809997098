package record_test

import (
	"context"
	"fmt"
	"io"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/delivery/record/recordtest"
	"github.com/clientele/clientele/pkg/delivery/text"
	"github.com/clientele/clientele/pkg/money"
)

// one reads a single record and says what became of it.
func one(t testing.TB, quantity, stamp, price, customer string) (*recordtest.Line, string) {
	t.Helper()
	rec := fmt.Sprintf("1,2,a,%s,%s,%s,%s,x\n", quantity, stamp, price, customer)
	o, err := read(t, strings.NewReader(recordtest.Header+rec), record.Options{})
	if err != nil || len(o.Lines)+len(o.Rejects) != 1 {
		t.Fatalf("%q: %d lines, %d rejects, %v", rec, len(o.Lines), len(o.Rejects), err)
	}
	if len(o.Lines) == 1 {
		return &o.Lines[0], ""
	}
	return nil, o.Rejects[0].Rules
}

const noon = "2011-01-01 12:00:00"

func TestQuantity(t *testing.T) {
	for text, want := range map[string]string{
		"6": "6", "-6": "-6", "+6": "6", "6.0": "6", "6.": "6", "6.000": "6", " 6 ": "6", "007": "7", "-0": "0", "80995": "80995",
		"1000000000000": "1000000000000", "1000000000001": "amount_out_of_range", "99999999999999999999999999": "amount_out_of_range",
		"6.5": "6.5", "0.684": "0.684", "-0.001": "-0.001", "0.0005": "fractional_quantity", "0.68400000000000005": "0.684", "": "bad_quantity", ".": "bad_quantity", "-": "bad_quantity",
		"6e0": "bad_quantity", "0x6": "bad_quantity", "1_000": "bad_quantity", "NaN": "bad_quantity", "Inf": "bad_quantity",
		"--6": "bad_quantity", "6.0.0": "bad_quantity", "1 000": "bad_quantity", "٦": "bad_quantity",
	} {
		l, got := one(t, text, noon, "0", "1")
		if l != nil {
			got = fmt.Sprint(l.Quantity)
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func TestPrice(t *testing.T) {
	for text, want := range map[string]string{
		"2.55": "2.55", "-11062.06": "-11062.06", ".5": "0.50", "5.": "5.00", "0.001": "0.001", "2.5500000000": "2.55", "1.459127": "1.459127",
		" 2.55 ": "2.55", "+1": "1.00", "999999999999.999": "999999999999.999", "1000000000000": "amount_out_of_range",
		"29.810000000000002": "29.81", "0.30000000000000004": "0.30", "0.7999999999999999": "0.80", "999999999.9999999": "1000000000.00",
		"999999999999999999999999999999": "amount_out_of_range", "2.5500001": "price_decimals", "0.00000030000000000000004": "price_decimals", "2.000000000000000000001": "2.00",
		"": "bad_price", ".": "bad_price", "1e2": "bad_price", "NaN": "bad_price", "-Inf": "bad_price", "1.2.3": "bad_price",
		"£2": "2.00", "1_0": "bad_price",
	} {
		l, got := one(t, "1", noon, text, "1")
		if l != nil {
			got = l.Price.String()
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func TestCustomer(t *testing.T) {
	for text, want := range map[string]string{
		"17850.0": "17850", "17850": "17850", " 17850.0 ": "17850", "": "", "  ": "", "17850.00": "17850.00", ".0": ".0", "A.0": "A", "a b": "a b",
	} {
		if l, rules := one(t, "1", noon, "1", text); l == nil || l.Customer != want {
			t.Errorf("%q: got %+v %s, want %q", text, l, rules, want)
		}
	}
}

// FuzzPrice: a price of at most 15 digits is read as [money.ParsePrice] reads it, and of more as that reads what is rounded to
// 15 digits by math/big.
func FuzzPrice(f *testing.F) {
	for _, s := range []string{"2.55", "-0.00010", "999999999999.9999", "123456789012345", "1.0000005", "29.810000000000002", "-.9999999999999999", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsAny(text, "\",\r\n \t\v\f") || len(text) > 100 {
			return
		}
		l, rules := one(t, "1", noon, text, "1")
		if plain, ok := (record.NumberForm{Decimal: '.'}).Plain(nil, []byte(text)); ok { // without currency and the like
			text = string(plain)
		}
		want, err := money.ParsePrice(rounded(text))
		if (err == nil) != (l != nil) || l != nil && l.Price != want {
			t.Errorf("%q: got %+v %s, ParsePrice %v %v", text, l, rules, want, err)
		}
	})
}

// rounded returns a decimal number with 15 significant digits, and anything else as it is.
func rounded(text string) string {
	r, ok := new(big.Rat).SetString(text)
	if !ok || strings.Trim(text, "0123456789.+-") != "" || r.Sign() == 0 {
		return text
	}
	unit, ten := big.NewRat(1, 1), big.NewRat(10, 1)
	least, most := big.NewRat(100_000_000_000_000, 1), big.NewRat(1_000_000_000_000_000, 1)
	for v := new(big.Rat).Abs(r); v.Cmp(least) < 0; v.Mul(v, ten) {
		unit.Mul(unit, ten)
	}
	for v := new(big.Rat).Abs(r); v.Cmp(most) >= 0; v.Quo(v, ten) {
		unit.Quo(unit, ten)
	}
	digits, _ := new(big.Rat).SetString(new(big.Rat).Mul(r, unit).FloatString(0)) // half away from zero
	return new(big.Rat).Quo(digits, unit).FloatString(120)
}

func TestLayouts(t *testing.T) {
	at := time.Date(2011, 2, 9, 7, 5, 6, 0, time.UTC)
	for _, text := range append(record.Layouts, "20060102150405", "2006-01-02", "2006/1/2 15.04", "[02|01|2006]") {
		l, err := record.ParseLayout(text)
		if err != nil {
			t.Fatal(err)
		}
		written := at.Format(text)
		want, err := time.Parse(text, written)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := l.Parse([]byte(" " + written + " ")); !ok || got != want.UnixMicro() {
			t.Errorf("%s: %q is %v %v, want %v", text, written, utc(got), ok, want)
		}
		for _, bad := range []string{"", written + "x", written[1:], "x" + written, strings.Replace(written, "2011", "20l1", 1)} {
			if got, ok := l.Parse([]byte(bad)); ok {
				t.Errorf("%s: took %q for %v", text, bad, utc(got))
			}
		}
	}
	for _, text := range []string{"", "2006", "15:04:05", "2006-01-02 04", "2006-01-02 15:05", "2006-01-02 2006", "06-01-02 2006", "Jun 2 2006", "2006-01-02 15:04:05Z07:00 -0700", "2006-01-02 3:04", "2006-01-02 15:04 PM", "2006-01-02 PM"} {
		if _, err := record.ParseLayout(text); err == nil {
			t.Errorf("took layout %q", text)
		}
	}
}

func TestTimes(t *testing.T) {
	for text, want := range map[string]string{
		"2010-12-01 08:26:00": "2010-12-01T08:26:00", "2012-02-29 23:59:59": "2012-02-29T23:59:59", "2000-02-29 00:00:00": "2000-02-29T00:00:00",
		"1969-12-31 23:59:59": "1969-12-31T23:59:59", "0001-01-01 00:00:00": "0001-01-01T00:00:00", "2010-12-01 8:26:00": "2010-12-01T08:26:00",
		"2010-12-01 08:26:00.000": "2010-12-01T08:26:00", "2010-12-01 08:26:00.1234567": "2010-12-01T08:26:00.123456",
		"2011-02-29 00:00:00": "bad_time", "1900-02-29 00:00:00": "bad_time", "2010-13-01 00:00:00": "bad_time", "2010-00-01 00:00:00": "bad_time",
		"2010-12-00 00:00:00": "bad_time", "2010-12-32 00:00:00": "bad_time", "2010-12-01 24:00:00": "bad_time", "2010-12-01 00:60:00": "bad_time",
		"2010-12-01 00:00:60": "bad_time", "2010-12-01T00:00:00": "bad_time", "2010-12-01 00:00:00Z": "bad_time", "2010-12-01 00:00:00.": "bad_time",
		"2010-12-01 00:00:00.1234567890": "bad_time", "01/12/2010 08:26": "bad_time", "2010-1-01 00:00:00": "bad_time", "x010-12-01 00:00:00": "bad_time",
		"20x0-12-01 00:00:00": "bad_time", "40513": "bad_time",
	} {
		l, got := one(t, "1", text, "1", "1")
		if l != nil {
			got = utc(l.Time).Format("2006-01-02T15:04:05.999999999")
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

// FuzzTime: what a layout takes, time.Parse reads alike.
func FuzzTime(f *testing.F) {
	for i, s := range []string{"2010-12-01 08:26:00", "2010-12-01T08:26:00.5", "2010-02-30 1:26", "31/12/1999 23:59"} {
		f.Add(s, i)
	}
	f.Fuzz(func(t *testing.T, text string, which int) {
		layout := record.Layouts[uint(which)%uint(len(record.Layouts))]
		l, err := record.ParseLayout(layout)
		if err != nil {
			t.Fatal(err)
		}
		trimmed := strings.Trim(text, " \t\n\v\f\r")
		got, ok := l.Parse([]byte(text))
		want, err := time.Parse(layout, trimmed)
		switch {
		case ok && (err != nil || got != want.Truncate(time.Microsecond).UnixMicro()):
			t.Errorf("%s: %q is %v, time.Parse says %v %v", layout, text, utc(got), want, err)
		case !ok && err == nil && want.Format(layout) == text: // time.Parse takes liberties with blanks and fractions
			t.Errorf("%s: refused %q", layout, text)
		}
	})
}

// read reads delimited text and checks what holds for every text: see recordtest.Gather.
func read(t recordtest.Fataler, src io.Reader, opts record.Options) (recordtest.Outcome, error) {
	return recordtest.Gather(t, func(sink func(*record.Block) error) (record.Counts, error) {
		return text.Read(context.Background(), src, opts, sink)
	})
}

// stamp returns a time in µs.
func stamp(t testing.TB, s string) int64 {
	t.Helper()
	at, err := time.Parse("2006-01-02T15:04:05", s)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMicro()
}

func utc(micros int64) time.Time { return time.UnixMicro(micros).UTC() }
