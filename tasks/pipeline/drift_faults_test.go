package pipeline_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/demo"
)

// stamped are day, hour, customer and country of a line.
var stamped = regexp.MustCompile(`,(\d{4}-\d\d-\d\d) (\d\d):.*,(\d*),([^,]+)\r?\n$`)

// Each fault of the lines is found by its day and column, whatever the model says, and asks for other data; the same lines without it are sound.
func TestPlantedFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("-short plants no fault")
	}
	t.Parallel()
	const asOf, tuesday, since = firstDay + 200, firstDay + 179, firstDay + 160
	write := func(y *year, lost func(day calendar.Date, hour, country string) bool, faults ...demo.Fault) {
		s, err := demo.New(demo.Options{Seed: 5, Customers: 1500, From: firstDay, Days: 200, Faults: faults})
		if err != nil {
			t.Fatal(err)
		}
		var all, kept bytes.Buffer
		if _, err := s.WriteLines(t.Context(), &all); err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(all.Bytes()) {
			if at := stamped.FindSubmatch(line); at != nil {
				country := at[4]
				if bytes.HasSuffix(at[3], []byte("7")) { // a tenth of the customers abroad
					country = []byte("Atlantis")
					line = bytes.Replace(line, at[4], country, 1)
				}
				if day, err := calendar.ParseDate(string(at[1])); err == nil && lost(day, string(at[2]), string(country)) {
					continue
				}
			}
			kept.Write(line)
		}
		if err := os.WriteFile(filepath.Join(y.dir, "lines.csv"), kept.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	none := func(calendar.Date, string, string) bool { return false }
	sound := &year{t: t, dir: t.TempDir()}
	sound.root = "--root=file://" + filepath.Join(sound.dir, "root")
	write(sound, none)
	sound.segment(asOf - 7)
	if r := sound.look(asOf); len(r.Checks) > 0 {
		t.Errorf("sound lines: %+v", r.Checks)
	}
	for _, c := range []struct {
		check, column string
		day           calendar.Date
		fault         string
		lost          func(day calendar.Date, hour, country string) bool
	}{
		{"price_level", "price", tuesday, demo.PriceX100, none},
		{"doubled_day", "invoice", tuesday, demo.DoubledLines, none},
		{"shifted_clock", "time", tuesday, demo.ShiftedClock, none},
		{"dead_hours", "time", since, "", func(day calendar.Date, hour, _ string) bool { return day >= since && (hour == "12" || hour == "13") }},
		{"lost_country", "country", since, "", func(day calendar.Date, _, country string) bool { return day >= since && country == "Atlantis" }},
	} {
		y := &year{t: t, dir: t.TempDir(), ingest: []string{"--allow-shrink"}}
		y.root = "--root=file://" + filepath.Join(y.dir, "root")
		if err := os.CopyFS(filepath.Join(y.dir, "root"), os.DirFS(filepath.Join(sound.dir, "root"))); err != nil {
			t.Fatal(err)
		}
		var faults []demo.Fault
		if c.fault != "" {
			faults = []demo.Fault{{Name: c.fault, Days: demo.Days{First: c.day, Last: c.day}}}
		}
		write(y, c.lost, faults...)
		r := y.look(asOf)
		found := map[string]contract.DriftCheck{}
		for _, k := range r.Checks {
			found[k.Check] = k
		}
		// What is lost from a day on may be missed for the first time a few days later, or have been missing before by chance.
		k, ok := found[c.check]
		if off := k.Day - c.day; r.Act != contract.ActFixData || !ok || k.Column != c.column || off != 0 && (c.fault != "" || off < -3 || off > 3) {
			t.Errorf("%s: %s, %+v; want it of %s from %s on", c.check, r.Act, r.Checks, c.column, c.day)
		}
	}
}
