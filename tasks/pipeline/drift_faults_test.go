package pipeline_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/demo"
	compare "github.com/clientele/clientele/pkg/drift"
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
	sound.keepsWhatWasDone()
	rejected(t, write)
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

// keepsWhatWasDone holds that training has written down what customers did in its last window, and that the look at it has read it.
func (y *year) keepsWhatWasDone() {
	y.t.Helper()
	decodeOne := func(name string, into any) {
		var found []string
		err := filepath.WalkDir(filepath.Join(y.dir, "root"), func(path string, _ fs.DirEntry, err error) error {
			if filepath.Base(path) == name && (name != "drift.json" || strings.Contains(path, "/look/")) {
				found = append(found, path)
			}
			return err
		})
		if err != nil || len(found) != 1 {
			y.t.Fatalf("%s: %v, %v; want one", name, found, err)
		}
		decode(y.t, found[0], into)
	}
	var kept struct {
		Forward []compare.Followed `json:"forward"`
	}
	var looked struct {
		Trained []compare.Followed `json:"trained"`
		Against []struct {
			Against  string     `json:"against"`
			Features []struct{} `json:"features"`
		} `json:"against"`
		Effects []struct {
			Effect string   `json:"effect"`
			Value  *float64 `json:"value"`
		} `json:"effects"`
	}
	decodeOne("provenance.json", &kept)
	decodeOne("drift.json", &looked)
	customers, bought := 0, 0
	for _, f := range kept.Forward {
		customers, bought = customers+f.Customers, bought+f.Bought
	}
	if bought == 0 || bought == customers || !slices.Equal(kept.Forward, looked.Trained) {
		y.t.Errorf("trained: %+v, and drift read %+v", kept.Forward, looked.Trained)
	}
	if len(looked.Against) < 2 || looked.Against[1].Against != "model_now" || len(looked.Against[1].Features) < 20 {
		y.t.Errorf("the last window is not compared with the one that training kept: %+v", looked.Against)
	}
	for _, e := range looked.Effects {
		if e.Effect == "forward" && e.Value != nil {
			return
		}
	}
	y.t.Errorf("the first look at a model has no forward effect: %+v", looked.Effects)
}

// rejected holds that a day of which many records were rejected is found in a shop without a model, and is sound once it is delivered again.
func rejected(t *testing.T, write func(*year, func(day calendar.Date, hour, country string) bool, ...demo.Fault)) {
	t.Helper()
	const day = firstDay + 179
	y := &year{t: t, dir: t.TempDir(), ingest: []string{"--max-quarantine-share=0.05"}}
	y.root = "--root=file://" + filepath.Join(y.dir, "root")
	write(y, func(calendar.Date, string, string) bool { return false })
	file := filepath.Join(y.dir, "lines.csv")
	sound, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	n := 0
	for line := range bytes.Lines(sound) {
		if f := bytes.Split(line, []byte(",")); bytes.Contains(line, []byte(","+day.String()+" ")) && len(f) == 8 {
			if n++; n%2 == 0 {
				f[5] = []byte("free")
				line = bytes.Join(f, []byte(","))
			}
		}
		out.Write(line)
	}
	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	r := y.look(firstDay + 200)
	if r.Act != contract.ActFixData || r.Verdict != contract.VerdictAlert || r.Model != "" || len(r.Checks) != 1 || r.Checks[0].Check != compare.CheckRejected ||
		r.Checks[0].Day != day || r.Checks[0].Column != "record" || r.Checks[0].Days != 1 {
		t.Errorf("without a model: %s, %s, %+v; want fix_data because of the records of %s", r.Act, r.Cause, r.Checks, day)
	}
	if err := os.WriteFile(file, sound, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := y.look(firstDay + 200); r.Act != contract.ActNone || len(r.Checks) > 0 {
		t.Errorf("delivered again: %s, %s, %+v; want no check", r.Act, r.Cause, r.Checks)
	}
}
