package demo_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/demo"
	"github.com/clientele/clientele/pkg/money"
)

func faults(t testing.TB, s string) []demo.Fault {
	t.Helper()
	f, err := demo.ParseFaults(s)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// harm does to good records what a fault is said to do, line by line.
func harm(f demo.Fault, clean []goodRecord) (harmed []goodRecord, touched int) {
	for _, r := range clean {
		if !f.Has(day(r)) || f.Country != "" && f.Country != r.country {
			harmed = append(harmed, r)
			continue
		}
		touched++
		switch f.Name {
		case demo.PriceX100:
			r.price *= 100
			harmed = append(harmed, r)
		case demo.DoubledLines:
			harmed = append(harmed, r, r)
		case demo.ShiftedClock:
			r.time = r.time.Add(6 * time.Hour)
			harmed = append(harmed, r)
		}
	}
	return harmed, touched
}

func amount(records []goodRecord) money.Amount {
	var sum money.Amount
	for _, r := range records {
		sum += r.price * money.Amount(r.quantity)
	}
	return sum
}

// A fault does what its name says on its days, and to nothing else.
func TestFaults(t *testing.T) {
	o := options(t)
	o.Customers = 250
	clean, _ := write(t, o)
	before, _ := read(t, clean)
	for _, text := range []string{
		"price_x100@2025-09-05", "lost_country@2025-09-01..2025-09-21", "lost_country:United Kingdom@2025-09-05",
		"doubled_lines@2025-09-05", "shifted_clock@2025-09-04..2025-09-05", "dead_till@2025-09-05..2025-09-20",
		"shifted_clock@2025-12-01", "dead_till@2024-11-01..2025-12-01",
	} {
		t.Run(text, func(t *testing.T) {
			o.Faults = faults(t, text)
			data, truth := write(t, o)
			after, broken := read(t, data)
			p := plantedIn(t, truth)
			want, touched := harm(o.Faults[0], before)
			if !slices.Equal(after, want) {
				t.Fatalf("%d lines are not the %d that the fault leaves", len(after), len(want))
			}
			planted := []demo.PlantedFault{{Fault: o.Faults[0], Lines: touched, Amount: amount(after) - amount(before)}}
			if diff := cmp.Diff(planted, p.Faults); diff != "" || touched == 0 {
				t.Errorf("truth and lines differ (-lines +truth):\n%s", diff)
			}
			if p.Lines != len(after) || p.Records != len(after)+broken {
				t.Errorf("truth has %d lines of %d records, the file %d good and %d broken ones", p.Lines, p.Records, len(after), broken)
			}
			if n := len(after); n > 0 && day(after[n-1]) > p.Last {
				t.Errorf("last line on %s, truth ends on %s", day(after[n-1]), p.Last)
			}
		})
	}
}

// Faults that meet on a day are applied in the order in which they are named, and their amounts add up.
func TestFaultsTogether(t *testing.T) {
	o := options(t)
	clean, _ := write(t, o)
	before, _ := read(t, clean)
	o.Faults = faults(t, "doubled_lines@2025-09-04..2025-09-05,price_x100@2025-09-05..2025-09-06,lost_country:United Kingdom@2025-09-06,shifted_clock@2025-09-05,lost_country@2025-09-05")
	data, truth := write(t, o)
	after, _ := read(t, data)
	want := before
	for _, f := range o.Faults {
		want, _ = harm(f, want)
	}
	if !slices.Equal(after, want) {
		t.Errorf("%d lines are not the %d that the faults leave", len(after), len(want))
	}
	var sum money.Amount
	for _, f := range truth.Faults {
		sum += f.Amount
	}
	if got := amount(after) - amount(before); got != sum || got == 0 {
		t.Errorf("amounts changed by %s, the faults say %s", got, sum)
	}
}

// A return whose sale is lost is told as such: no other return is without a sale.
func TestOrphans(t *testing.T) {
	o := options(t)
	o.Faults = faults(t, "dead_till@2025-09-01..2025-09-20")
	data, truth := write(t, o)
	good, _ := read(t, data)
	if without := withoutSale(good); without == 0 || without > truth.Orphans.Lines {
		t.Errorf("%d returns have no sale, truth says at most %d", without, truth.Orphans.Lines)
	}
}

func TestFaultsThatCannotBe(t *testing.T) {
	o := options(t)
	o.Faults = faults(t, "dead_till@2024-10-31..2024-11-01,price_x100@2025-09-05..2025-09-07,dead_till@2025-12-02,price_x100@2025-09-07,"+
		"price_x100@2025-09-08,lost_country@2025-09-07,lost_country:France@2025-09-07,lost_country:Germany@2025-09-01..2025-09-30")
	want := "fault dead_till@2024-10-31..2024-11-01: want days from 2024-11-01 to 2025-12-01\n" +
		"fault dead_till@2025-12-02: want days from 2024-11-01 to 2025-12-01\n" +
		"faults price_x100@2025-09-05..2025-09-07 and price_x100@2025-09-07: one fault comes once a day\n" +
		"faults lost_country:Germany@2025-09-07 and lost_country:Germany@2025-09-01..2025-09-30: one fault comes once a day"
	if _, err := demo.New(o); err == nil || err.Error() != want {
		t.Errorf("New: %v\nwant %s", err, want)
	}
}

func TestParseFault(t *testing.T) {
	for text, want := range map[string]string{
		"price_x100@2025-09-05":              "price_x100@2025-09-05",
		"dead_till@2025-09-05..2025-09-05":   "dead_till@2025-09-05",
		"lost_country@2025-09-05":            "lost_country:Germany@2025-09-05",
		"lost_country:France@2025-09-05":     "lost_country:France@2025-09-05",
		" doubled_lines@2025-09-05 , ":       "doubled_lines@2025-09-05",
		"":                                   "",
		"price_x100":                         `fault "price_x100" has no day: write FAULT@DAY or FAULT@FIRST..LAST`,
		"fire@2025-09-05":                    `no fault "fire": there are price_x100, lost_country, doubled_lines, shifted_clock, dead_till`,
		"dead_till:France@2025-09-05":        "fault dead_till has no country",
		"lost_country:Atlantis@2025-09-05":   `no customer lives in "Atlantis"`,
		"dead_till@yesterday":                `fault dead_till: parse date "yesterday"`,
		"dead_till@2025-09-05..":             `fault dead_till: parse date ""`,
		"dead_till@2025-09-05..2025-09-04":   `fault dead_till: days "2025-09-05..2025-09-04" end before they begin`,
		"dead_till@2025-09-05..2025-09-06..": `fault dead_till: parse date "2025-09-06.."`,
	} {
		f, err := demo.ParseFaults(text)
		got := ""
		switch {
		case err != nil:
			got = err.Error()
		case len(f) > 0:
			got = f[0].String()
		}
		if len(f) > 1 || !strings.HasPrefix(got, want) || err == nil && got != want {
			t.Errorf("ParseFaults(%q) = %q, %v; want %q", text, f, err, want)
		}
	}
}

// FuzzParseFaults: what is read is written as it is read again.
func FuzzParseFaults(f *testing.F) {
	f.Add("price_x100@2025-09-05,lost_country:United Kingdom@2025-09-05..2025-09-09")
	f.Add("dead_till@-001-01-01..,@,:@..")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := demo.ParseFaults(text)
		if err != nil {
			return
		}
		for _, a := range all {
			if again, err := demo.ParseFault(a.String()); err != nil || again != a || a.Last < a.First {
				t.Errorf("%q is read as %+v, written as %q, then %+v, %v", text, a, a, again, err)
			}
		}
	})
}

// Whatever goes wrong, every record is accounted for.
func TestFaultsAreAccountedFor(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		o := demo.Options{Seed: rapid.Uint64().Draw(r, "seed"), Customers: 40, Days: 70, From: 20_000, Dirty: 10_000}
		for range rapid.IntRange(0, 6).Draw(r, "faults") {
			f := demo.Fault{Name: rapid.SampledFrom(demo.Faults).Draw(r, "fault")}
			if f.Name == demo.LostCountry {
				f.Country = "United Kingdom"
			}
			f.First = o.From + calendar.Date(rapid.IntRange(0, 69).Draw(r, "first"))
			f.Last = f.First + calendar.Date(rapid.IntRange(0, int(o.From)+69-int(f.First)).Draw(r, "days"))
			if o.Faults = append(o.Faults, f); o.Validate() != nil { // the same fault comes once a day
				o.Faults = o.Faults[:len(o.Faults)-1]
			}
		}
		data, truth := write(t, o)
		good, broken := read(t, data)
		sum := 0
		for _, n := range truth.Broken {
			sum += n
		}
		if len(good) != truth.Lines || broken != sum || truth.Records != truth.Lines+sum {
			r.Fatalf("%d good and %d broken records; truth has %d of %d, %v broken", len(good), broken, truth.Lines, truth.Records, truth.Broken)
		}
		total := truth.Sales.Amount + truth.Samples.Amount + truth.NonProducts.Amount + truth.Returns.Amount + truth.Guests.Amount
		if got := amount(good); got != total {
			r.Fatalf("amounts add up to %s, truth says %s", got, total)
		}
	})
}
