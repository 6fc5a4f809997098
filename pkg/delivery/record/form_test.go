package record_test

import (
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/clientele/clientele/pkg/delivery/record"
)

func TestLayoutParts(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ layout, text, want string }{
		{"02/01/2006 03:04 PM", "01/02/2023 01:33 PM", "2023-02-01T13:33:00"},
		{"1/2/2006 3:04:05 PM", "1/2/2023 12:05:06 a.m.", "2023-01-02T00:05:06"},
		{"1/2/2006, 3:04:05 PM", "1/2/2023, 12:05:06\u202fpm", "2023-01-02T12:05:06"},
		{"1/2/2006 3:04PM", "1/2/2023 0:05PM", ""},
		{"1/2/2006 3:04PM", "1/2/2023 13:05PM", ""},
		{"2006-01-02 15:04:05 UTC", "2023-07-02 13:33:00 UTC", "2023-07-02T14:33:00"},
		{"2006-01-02 15:04:05 MST", "2023-07-02 13:33:00 GMT", "2023-07-02T14:33:00"},
		{"2006-01-02 15:04:05 UTC", "2023-07-02 13:33:00 CEST", ""},
		{"2006-01-02 15:04:05 MST", "2023-07-02 13:33:00 CEST", "2023-07-02T12:33:00"},
		{"2006-01-02 15:04:05 MST", "2023-01-02 13:33:00 EST", "2023-01-02T18:33:00"},
		{"2006-01-02 3:04 PM MST", "2023-07-02 1:33 PM PDT", "2023-07-02T21:33:00"},
		{"2006-01-02 15:04:05 MST", "2023-07-02 13:33:00 BST", "2023-07-02T13:33:00"}, // the shop's own
		{"2006-01-02 15:04:05 MST", "2023-07-02 13:33:00 CST", ""},                    // of Chicago, Shanghai or Havana
		{"2006-01-02 15:04:05 MST", "2023-07-02 13:33:00 IST", ""},
		{"Mon Jan _2 15:04:05 MST 2006", "Mon Jan  2 13:33:00 CET 2023", "2023-01-02T12:33:00"},
		{"Mon Jan 02 2006 15:04:05 GMT-0700 (MST)", "Mon Jan 02 2023 13:33:00 GMT+0100 (CET)", "2023-01-02T12:33:00"},
		{"Mon Jan 02 2006 15:04:05 GMT-0700 (MST)", "Mon Jan 02 2023 13:33:00 GMT+0100 (heure normale d’Europe centrale)", "2023-01-02T12:33:00"},
		{"Mon Jan 02 2006 15:04:05 GMT-0700 (MST)", "Mon Jan 02 2023 13:33:00 GMT-0600 (CST)", "2023-01-02T19:33:00"}, // the offset says it
		{"Mon Jan 02 2006 15:04:05 GMT-0700 (MST)", "Mon Jan 02 2023 13:33:00 GMT+0100 (CET", ""},
		{"2006-01-02 15:04:05 (MST)", "2023-01-02 13:33:00 (CET)", "2023-01-02T12:33:00"},
		{"2006-01-02 15:04:05.999999 UTC", "2023-07-02 13:33:00.25 UTC", ""}, // the fraction is no part of a layout
		{"2006-01-02 15:04:05 UTC", "2023-01-02 13:33:00.25 UTC", "2023-01-02T13:33:00.25"},
		{"2006-01-02T15:04:05Z07:00", "2023-07-02T23:33:00Z", "2023-07-03T00:33:00"},
		{"2006-01-02T15:04:05Z07:00", "2023-01-02T13:33:00.123+05:30", "2023-01-02T08:03:00.123"},
		{"2006-01-02T15:04:05Z07:00", "2023-01-02T13:33:00+0530", ""},
		{"2006-01-02 15:04:05 -0700", "2023-01-02 13:33:00 +0100", "2023-01-02T12:33:00"},
		{"2006-01-02 15:04:05-07", "2023-01-02 13:33:00-05", "2023-01-02T18:33:00"},
		{"Mon Jan _2 2006 15:04:05 GMT-0700", "Mon Jan  2 2023 13:33:00 GMT+0100", "2023-01-02T12:33:00"},
		{"2/1/06 15:04", "01/02/23 13:33", "2023-02-01T13:33:00"},
		{"2/1/06", "1/2/69", "1969-02-01T00:00:00"},
		{"2/1/06", "1/2/68", "2068-02-01T00:00:00"},
		{"02-Jan-2006 15:04", "02-Jan-2023 13:33", "2023-01-02T13:33:00"},
		{"2. Jan 2006", "2. März 2023", "2023-03-02T00:00:00"},
		{"2. January 2006", "2. Dez. 2023", "2023-12-02T00:00:00"},
		{"2 Jan 2006 15:04", "2 févr. 2023 13:33", "2023-02-02T13:33:00"},
		{"Monday, 2 Jan 2006", "Dienstag, 3 JANUAR 2023", "2023-01-03T00:00:00"},
		{"2-Jan-2006", "03-déc.-2025", "2025-12-03T00:00:00"},
		{"2 Jan 2006", "3 dic. 2025", "2025-12-03T00:00:00"},
		{"2 Jan 2006", "2 Foo 2023", ""},
		{"2006-01-02 15:04:05", "2023-01-02 13:33:00,25", "2023-01-02T13:33:00.25"},
		{"2nd January 2006", "3th Dec 2025", "2025-12-03T00:00:00"},
		{"2nd January 2006", "3 Dec 2025", ""},
		{"2 de Jan de 2006", "3 of diciembre of 2025", ""},
		{"unix", "1672666380", "2023-01-02T13:33:00"},
		{"unix", "1688304780.5", "2023-07-02T14:33:00.5"},
		{"unix", "+1688304780", ""},
		{"unix", "-1", ""},
		{"unix", "999999999999", ""},
		{"unixmilli", "1688304780500", "2023-07-02T14:33:00.5"},
		{"unixmilli", "1688304780500.1", ""},
		{"2006-01-02", "\ufeff2023-01-02\u00a0", "2023-01-02T00:00:00"},
		{"2006-01-02 15:04 -0700", "9999-12-31 23:59 -0800", ""}, // another year in the shop
	} {
		l, err := record.ParseLayout(test.layout)
		if err != nil {
			if test.want != "" {
				t.Error(err)
			}
			continue
		}
		got := ""
		if micros, ok := l.In(london).Parse([]byte(test.text)); ok {
			got = utc(micros).Format("2006-01-02T15:04:05.999999")
		}
		if got != test.want {
			t.Errorf("%s: %q is %q, want %q", test.layout, test.text, got, test.want)
		}
	}
}

func TestFitLayouts(t *testing.T) {
	for _, test := range []struct {
		texts []string
		want  []string
	}{
		{[]string{"2023-01-02 13:33:00"}, []string{"2006-01-02 15:04:05"}},
		{[]string{"01/02/2023 13:33"}, []string{"2/1/2006 15:04", "1/2/2006 15:04"}},
		{[]string{"01/02/2023 13:33", "13/02/2023 09:00"}, []string{"2/1/2006 15:04"}},
		{[]string{"01/02/23 13:33", "01/13/23 09:00"}, []string{"1/2/06 15:04"}},
		{[]string{"01/02/2023 01:33 PM"}, []string{"2/1/2006 3:04 PM", "1/2/2006 3:04 PM"}},
		{[]string{"2023-01-02 13:33:00 UTC"}, []string{"2006-1-2 15:04:05 UTC"}},
		{[]string{"2023-01-02 13:33:00 +0100"}, []string{"2006-1-2 15:04:05 -0700"}},
		{[]string{"2023-01-02T13:33:00Z", "2023-01-02T13:33:00.5+01:00"}, []string{"2006-1-2T15:04:05Z07:00"}},
		{[]string{"2023-01-02 13:33:00 GMT", "2023-07-02 13:33:00 CEST"}, []string{"2006-1-2 15:04:05 MST"}},
		{[]string{"3. Dez. 2025"}, []string{"2. Jan 2006"}},
		{[]string{"03-déc.-2025"}, []string{"2-Jan-2006"}},
		{[]string{"Mon Dec 01 2025 10:15:00 GMT+0100 (CET)"}, []string{"Mon Jan 02 2006 15:04:05 GMT-0700 (MST)"}},
		{[]string{"2023-01-02 13:33:00 CST"}, nil},
		{[]string{"02-Jan-2023 13:33"}, []string{"2-Jan-2006 15:04"}},
		{[]string{"20230102"}, []string{"20060102"}},
		{[]string{"20230102133300"}, []string{"20060102150405"}},
		{[]string{"1672666380"}, []string{"unix"}},
		{[]string{"1672666380000"}, []string{"unixmilli"}},
		{[]string{"2023-01-02 13:33:00", "yesterday"}, nil},
	} {
		left := slices.Clone(record.CandidateLayouts())
		for _, text := range test.texts {
			left = record.FitLayouts(left, []byte(text))
		}
		var got []string
		for _, l := range record.DistinctLayouts(left) {
			got = append(got, l.String())
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%q: got %q, want %q", test.texts, got, test.want)
		}
	}
}

func TestNumberForms(t *testing.T) {
	plain, point, comma := record.NumberForm{Decimal: '.'}, record.NumberForm{Decimal: '.', Group: ','}, record.NumberForm{Decimal: ',', Group: '.'}
	blank, swiss := record.NumberForm{Decimal: ',', Group: ' '}, record.NumberForm{Decimal: '.', Group: '\''}
	for _, test := range []struct {
		form record.NumberForm
		text string
		want string // "" where it is no number
	}{
		{plain, "12.50", "12.50"}, {plain, "1,250.00", ""}, {plain, "1 250", ""}, {plain, "£12.50", "12.50"}, {plain, "-£12.50", "-12.50"}, {plain, "£-12.50", "-12.50"},
		{plain, "($12.50)", "-12.50"}, {plain, "$(12.50)", "-12.50"}, {plain, "12.50-", "-12.50"}, {plain, "−12.50", "-12.50"}, {plain, "--12", ""}, {plain, "-12-", ""}, {plain, "(-12)", ""},
		{plain, "12.50 EUR", "12.50"}, {plain, "EUR 12.50", "12.50"}, {plain, "CHF12", "12"}, {plain, "12 kg", ""}, {plain, "XYZ 12", ""}, {plain, "€12€", ""}, {plain, "12 %", ""},
		{plain, "€.50", ".50"}, {plain, "Rs.50", "50"}, {plain, "kr. 50", "50"}, {plain, "R$.50", ".50"}, {plain, "US$ 5", "5"}, {plain, "5.", "5."}, {plain, ".", ""}, {plain, "£", ""}, {plain, "", ""},
		{plain, "1e5", ""}, {plain, "NaN", ""}, {plain, "()", ""}, {plain, "-", ""}, {plain, "\u00a012\u00a0", "12"},
		{point, "1,250.00", "1250.00"}, {point, "1250.00", "1250.00"}, {point, "1,250,000", "1250000"}, {point, "12,50", ""}, {point, "1,2500", ""}, {point, "1250,000", ""}, {point, ",250", ""},
		{point, "12,34,567.89", "1234567.89"}, {point, "1,00,000", "100000"}, {point, "123,45,678", ""}, {point, "1,234,56,789", ""}, {point, "1,250.0,0", ""}, {point, "1,,250", ""},
		{comma, "1.250,00", "1250.00"}, {comma, "12,34", "12.34"}, {comma, "12.34", ""}, {comma, "12.34.567", ""}, {comma, "1.250 €", "1250"}, {comma, "-1.250,5", "-1250.5"},
		{blank, "1 250,00", "1250.00"}, {blank, "1\u202f250,00\u00a0€", "1250.00"}, {blank, "1\u00a0250\u00a0000", "1250000"}, {blank, "1  250", ""},
		{plain, "250.-", "250"}, {comma, "1.250,-", "1250"}, {comma, "250,--", "250"}, {swiss, "CHF 1'250.–", "1250"}, {comma, "-250,- €", "-250"}, {plain, "-.-", ""}, {plain, "250 .-", ""},
		{plain, "\u201312.50", "-12.50"}, {plain, "\u201012.50", "-12.50"}, {plain, "\uff0d12.50", "-12.50"}, {plain, "12.50\u2013", "-12.50"}, {plain, "\u2013-12.50", ""},
		{swiss, "1'250.50", "1250.50"}, {swiss, "1’250.50", "1250.50"},
	} {
		got, ok := test.form.Plain(nil, []byte(test.text))
		if ok != (test.want != "") || ok && string(got) != test.want {
			t.Errorf("%c %q: %q is %q %v, want %q", test.form.Decimal, test.form.Group, test.text, got, ok, test.want)
		}
	}
}

func TestFitNumbers(t *testing.T) {
	left := slices.Clone(record.NumberForms)
	for _, text := range []string{"27.10", "1,250.00", "4"} {
		left = record.FitNumbers(left, []byte(text))
	}
	if !slices.Equal(left, []record.NumberForm{{Decimal: '.', Group: ','}}) {
		t.Errorf("left %v", left)
	}
}

// FuzzForms: what is read as a number is one once it is plain, whatever stood around it, and what is read as a time is one that a
// line can have.
func FuzzForms(f *testing.F) {
	for i, s := range []string{"(£1,250.00)", "1.250,00 €", "1'000", "Rs.5", "−1 000,5", "02-Jan-2023 13:33", "Mon, 2 Jan 2006 3:04PM", "1672666380", "2023-01-02T13:33:00.5+01:00"} {
		f.Add([]byte(s), uint(i))
	}
	zone, err := time.LoadLocation("America/St_Johns")
	if err != nil {
		f.Fatal(err)
	}
	first, last := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro(), time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	plain := regexp.MustCompile(`^-?(\d+\.?\d*|\.\d+)$`)
	f.Fuzz(func(t *testing.T, text []byte, which uint) {
		form := record.NumberForms[which%uint(len(record.NumberForms))]
		if got, ok := form.Plain(nil, text); ok && !plain.Match(got) {
			t.Errorf("%q is %q", text, got)
		}
		l := record.CandidateLayouts()[which%uint(len(record.CandidateLayouts()))].In(zone)
		if got, ok := l.Parse(text); ok && (got < first || got >= last) {
			t.Errorf("%s: %q is %v", l, text, utc(got))
		}
	})
}

// A time as people and their programs write it in many languages is of one known layout, or of several that mean the same.
func TestTimesInWords(t *testing.T) {
	for text, want := range map[string]string{
		"30 déc. 2025 à 10:15": "2025-12-30T10:15:00", "30 décembre 2025 à 10h15": "2025-12-30T10:15:00", "30/12/2025 à 10:15": "2025-12-30T10:15:00", "30/12/2025 10h15": "2025-12-30T10:15:00",
		"30. Dez. 2025 10:15 Uhr": "2025-12-30T10:15:00", "30. Dezember 2025 um 10:15": "2025-12-30T10:15:00", "30.12.2025, 10:15 Uhr": "2025-12-30T10:15:00", "30.12.25 10.15": "2025-12-30T10:15:00",
		"30 de diciembre de 2025 10:15": "2025-12-30T10:15:00", "30 de diciembre de 2025, 10:15": "2025-12-30T10:15:00", "30 de dic. de 2025 a las 10:15": "2025-12-30T10:15:00",
		"30 de dezembro de 2025 às 10:15": "2025-12-30T10:15:00", "30 dicembre 2025 ore 10:15": "2025-12-30T10:15:00", "30 december 2025 om 10:15": "2025-12-30T10:15:00",
		"30 maj 2025 kl. 10.15": "2025-05-30T10:15:00", "30 augusti 2025 10:15": "2025-08-30T10:15:00", "30 sierpnia 2025 10:15": "2025-08-30T10:15:00", "30.12.2025 klo 10.15": "2025-12-30T10:15:00",
		"2025年12月3日 10:15": "2025-12-03T10:15:00", "2025年12月03日 10時15分": "2025-12-03T10:15:00", "2025年12月3日10:15:20": "2025-12-03T10:15:20", "2025년 12월 03일 10:15": "2025-12-03T10:15:00",
		"2025. 12. 03. 10:15": "2025-12-03T10:15:00", "12/30/2025, 10:15:00 AM": "2025-12-30T10:15:00", "December 30, 2025 at 10:15 PM": "2025-12-30T22:15:00",
		"30th December 2025": "2025-12-30T00:00:00", "December 3rd, 2025 10:15 AM": "2025-12-03T10:15:00", "Dec-30-25": "2025-12-30T00:00:00", "30DEC2025 10:15": "2025-12-30T10:15:00",
		"Tue 30/12/2025 10:15": "2025-12-30T10:15:00", "Di, 30.12.2025 10:15": "2025-12-30T10:15:00", "30-12-2025 10.15.20": "2025-12-30T10:15:20",
		"2025-12-30 10:15:00 GMT+01:00": "2025-12-30T09:15:00", "2025-12-30 10:15:00,123": "2025-12-30T10:15:00.123",
	} {
		fit := record.FitLayouts(slices.Clone(record.CandidateLayouts()), []byte(text))
		if len(fit) == 0 {
			t.Errorf("no layout takes %q", text)
		}
		for _, l := range fit {
			if micros, _ := l.Parse([]byte(text)); utc(micros).Format("2006-01-02T15:04:05.999999") != want {
				t.Errorf("%s takes %q for %s, want %s", l, text, utc(micros), want)
			}
		}
	}
}
