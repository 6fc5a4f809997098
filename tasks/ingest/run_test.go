package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/finding"
	"github.com/clientele/clientele/pkg/frame"
)

func TestRunTakesADeliveryIn(t *testing.T) {
	s := newShop(t)
	text := header + day("2011-12-01", 1, 2) + "7,85123A,,1.0625,2011-12-01 09:00:00,x,17850,UK\n" + day("2011-12-02", 3, 1) +
		"C9,d,\"a, \"\"b\"\"\",-2,2011-12-01 10:00:00,0.1234,,\n"
	path := s.file("lines.csv", text)
	got := s.must(s.config(path, share(0.5)))
	day1, day2 := date(t, "2011-12-01"), date(t, "2011-12-02")
	want := contract.IngestResult{
		New: true, Snapshot: got.Snapshot, SHA256: contract.SHA256([]byte(text)), Source: "shop", Delivery: got.Delivery,
		RowsRead: 5, RowsAccepted: 4, RowsQuarantined: 1, Lines: 5, RejectedLines: 1, AcceptedMoney: 461_468, AcceptedNet: 456_532, Currency: "GBP", Days: 2, First: &day1, Last: &day2,
		Quarantine: []contract.RuleCount{{Rule: "bad_price", Rows: 1}, {Rule: "fractional_quantity", Rows: 1}},
		Missing:    []contract.ColumnCount{{Column: "code"}, {Column: "description"}, {Column: "customer", Rows: 1}, {Column: "country", Rows: 1}},
		Reading:    json.RawMessage(`{"separator":"comma","decimal":"point","date_layout":"2006-01-02 15:04:05"}`),
		Findings: []finding.Finding{{
			Code: finding.RejectedShare, Lines: 1, Sentence: "1 of 5 records (20.0 %) of the delivery break a check and were not stored: bad_price 1, fractional_quantity 1",
			What: "correct these records where they come from and deliver again; the table quarantine has each of them with the check",
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	hash, snapshot := s.current()
	if hash != got.Snapshot || snapshot.Zone != "Europe/London" || snapshot.Currency != "GBP" || snapshot.Parent != "" || len(snapshot.Partitions) != 2 {
		t.Fatalf("the current snapshot is %s: %+v", hash, snapshot)
	}
	p := snapshot.Partitions[0]
	lines := s.read(p.Object, p.SHA256, contract.Lines)
	wantLines := frame.New(contract.Lines.Columns, 3)
	for i, row := range [][]any{
		{"1", "85123A", "HOLDER", 6_000, "08:00", 2_550_000, frame.NullInt, "17850", "United Kingdom", "", 1},
		{"2", "85123A", "HOLDER", 6_000, "08:01", 2_550_000, frame.NullInt, "17850", "United Kingdom", "", 2},
		{"C9", "d", `a, "b"`, -2_000, "10:00", 123_400, frame.NullInt, "", "", "", 5},
	} {
		for k, v := range row {
			c := &wantLines.Columns[k]
			switch v := v.(type) {
			case int:
				c.Ints[i] = int64(v)
			case string:
				if c.Kind == frame.Text {
					c.Strings[i] = v
				} else {
					c.Ints[i] = day1.Start() + clock(t, v)
				}
			}
		}
	}
	if diff := cmp.Diff(wantLines, lines); diff != "" {
		t.Error(diff)
	}
	q := s.read(contract.QuarantinePath("shop", got.Delivery), "", contract.Quarantine)
	row := []any{q.Strings("delivery")[0], q.Ints("record")[0], q.Strings("raw")[0], q.Strings("rules")[0], q.Rows()}
	if diff := cmp.Diff([]any{got.Delivery, int64(3), "7,85123A,,1.0625,2011-12-01 09:00:00,x,17850,UK", "fractional_quantity,bad_price", 1}, row); diff != "" {
		t.Error(diff)
	}
	m, err := s.home().Current(context.Background(), s.config(path).Run(), contract.Ingest)
	if err != nil || m.Key != got.Delivery {
		t.Errorf("the run's manifest is %+v, %v", m, err)
	}
}

func date(t testing.TB, s string) calendar.Date {
	t.Helper()
	d, err := calendar.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func clock(t testing.TB, s string) int64 {
	t.Helper()
	l, err := record.ParseLayout("2006-01-02 15:04")
	if err != nil {
		t.Fatal(err)
	}
	v, ok := l.Parse([]byte("1970-01-01 " + s))
	if !ok {
		t.Fatal(s)
	}
	return v
}

func TestRunTheSameAgain(t *testing.T) {
	s := newShop(t)
	text := header + day("2011-12-01", 1, 3) + day("2011-12-02", 4, 3)
	path := s.file("lines.csv", text)
	result := s.must(s.config(path))
	before := s.objects()
	if diff := cmp.Diff(result, s.must(s.config(path))); diff != "" {
		t.Errorf("the same run again:\n%s", diff)
	}
	if diff := cmp.Diff(before, s.objects()); diff != "" {
		t.Errorf("the same run again moved objects:\n%s", diff)
	}
	// Another run, and another file of the same lines: nothing new, no new snapshot, the same pointer.
	for id, p := range map[string]string{"r2": path, "r3": s.file("packed.csv", packed(t, text))} {
		again := s.must(s.config(p, runID(id)))
		if again.New || again.Snapshot != result.Snapshot {
			t.Errorf("run %s: %+v", id, again)
		}
	}
	after := s.objects()
	if after["state/lines.json"] != before["state/lines.json"] || snapshots(after) != 1 || count(after, "lines/shop/") != 2 {
		t.Errorf("nothing was new, and there are %d snapshots and %d partitions", snapshots(after), count(after, "lines/shop/"))
	}
	r, err := s.try(s.config(path, runID("r4"), func(c *Config) { c.ExitNothingNew = true }))
	if fault.CodeOf(err) != fault.ExitNothingNew || r.New || r.Snapshot != result.Snapshot {
		t.Errorf("--exit-nothing-new: %+v, %v", r, err)
	}
	if _, err := s.try(s.config(path, func(c *Config) { c.ExitNothingNew = true })); err != nil {
		t.Errorf("--exit-nothing-new in the run that it was new to: %v", err)
	}
}

func count(objects map[string]string, prefix string) (n int) {
	for name := range objects {
		if strings.HasPrefix(name, prefix) {
			n++
		}
	}
	return n
}

// snapshots counts the root objects of snapshots.
func snapshots(objects map[string]string) (n int) {
	for name := range objects {
		if strings.HasPrefix(name, "lines/index/") && strings.Count(name, "/") == 2 {
			n++
		}
	}
	return n
}

// TestRunStoppedAnywhere takes away what comes last, first the run's pointer, then the manifest, then the swap …, as if the
// step had been killed before it, and runs it again: the same bytes.
func TestRunStoppedAnywhere(t *testing.T) {
	for _, mode := range []string{modeReplace, modeAppend} {
		s := newShop(t)
		path := s.file("lines.csv", header+day("2011-12-01", 1, 3)+day("2011-12-02", 4, 3))
		c := s.config(path, func(c *Config) { c.Mode = mode })
		s.must(c)
		want := s.objects()
		for n, part := range []string{"/current.json", "/_MANIFEST.json", "state/lines.json", "lines/index/", "quarantine/", "lines/shop/2011-12-02"} {
			for name := range s.objects() {
				if strings.Contains(name, part) || n > 0 && strings.HasPrefix(name, "runs/") || n > 2 && strings.HasPrefix(name, "state/") {
					if err := os.Remove(filepath.Join(s.dir, name)); err != nil {
						t.Fatal(err)
					}
				}
			}
			s.must(c)
			if diff := cmp.Diff(want, s.objects()); diff != "" {
				t.Errorf("%s, stopped before %s and run again:\n%s", mode, part, diff)
			}
		}
	}
}

func TestRunReplaces(t *testing.T) {
	s := newShop(t)
	s.must(s.config(s.file("a.csv", header+day("2011-12-01", 1, 2)+day("2011-12-02", 3, 2)), runID("a")))
	s.must(s.config(s.file("other.csv", header+day("2011-12-02", 100, 1)), runID("b"), sourced("outlet")))
	r := s.must(s.config(s.file("b.csv", header+day("2011-12-02", 13, 2)+day("2011-12-03", 15, 1)), runID("c")))
	want := []string{"outlet 2011-12-02: 100", "shop 2011-12-01: 1 2", "shop 2011-12-02: 13 14", "shop 2011-12-03: 15"}
	if diff := cmp.Diff(want, s.invoices()); diff != "" || !r.New {
		t.Errorf("new is %v\n%s", r.New, diff)
	}
	_, snapshot := s.current()
	if len(snapshot.Deliveries) != 3 {
		t.Errorf("deliveries: %+v", snapshot.Deliveries)
	}
	// A delivery that no longer holds a partition is not listed.
	s.must(s.config(s.file("c.csv", header+day("2011-12-01", 21, 2)), runID("d")))
	if _, snapshot = s.current(); len(snapshot.Deliveries) != 3 || snapshot.Parent != r.Snapshot {
		t.Errorf("parent %s, deliveries: %+v", snapshot.Parent, snapshot.Deliveries)
	}
}

// TestRunOfAnOlderAsOfKeepsLaterLines: a dated source, corrected on the 25th, and the 24th again (a backfill, a cleared run).
func TestRunOfAnOlderAsOfKeepsLaterLines(t *testing.T) {
	s := newShop(t)
	asOf := func(day string) func(*Config) { return func(c *Config) { c.AsOf = day } }
	older := func(c *Config) { c.AllowOlder = true }
	on24 := s.file("24.csv", header+day("2011-11-22", 1, 1)+day("2011-11-23", 11, 2))
	s.must(s.config(on24, runID("a"), asOf("2011-11-24")))
	s.must(s.config(s.file("25.csv", header+day("2011-11-23", 21, 2)+day("2011-11-24", 31, 1)), runID("b"), asOf("2011-11-25")))
	corrected := []string{"shop 2011-11-22: 1", "shop 2011-11-23: 21 22", "shop 2011-11-24: 31"}

	// The 24th again: nothing of it is new, the pointer does not move.
	before := s.objects()["state/lines.json"]
	r := s.must(s.config(on24, runID("again"), asOf("2011-11-24")))
	if diff := cmp.Diff(corrected, s.invoices()); diff != "" || r.New || r.DaysKept != 1 || s.objects()["state/lines.json"] != before {
		t.Errorf("%+v\n%s", r, diff)
	}
	if !strings.Contains(s.log.String(), "--allow-older") {
		t.Errorf("the log does not say how to replace them: %s", s.log.String())
	}
	// A file of that day with fewer lines of the corrected day, and a day that nobody has delivered: the new day comes into
	// force; a day that stays cannot shrink.
	r = s.must(s.config(s.file("late.csv", header+day("2011-11-21", 5, 1)+day("2011-11-23", 12, 1)), runID("late"), asOf("2011-11-24")))
	if diff := cmp.Diff(append([]string{"shop 2011-11-21: 5"}, corrected...), s.invoices()); diff != "" || !r.New || r.DaysKept != 1 {
		t.Errorf("%+v\n%s", r, diff)
	}
	// Another source has days of its own.
	if r = s.must(s.config(on24, runID("outlet"), asOf("2011-11-24"), sourced("outlet"))); !r.New || r.DaysKept != 0 {
		t.Errorf("another source: %+v", r)
	}
	// Unless said, and by an equal or later as-of.
	if r = s.must(s.config(on24, runID("again"), asOf("2011-11-24"), older)); !r.New || r.DaysKept != 0 {
		t.Errorf("--allow-older: %+v", r)
	}
	if r = s.must(s.config(s.file("24b.csv", header+day("2011-11-23", 41, 2)), runID("equal"), asOf("2011-11-24"))); !r.New || r.DaysKept != 0 {
		t.Errorf("an equal as-of: %+v", r)
	}
}

// TestRunReplacesLinesOfUnknownAsOf: a snapshot from before partitions had an as-of.
func TestRunReplacesLinesOfUnknownAsOf(t *testing.T) {
	s := newShop(t)
	s.must(s.config(s.file("a.csv", header+day("2011-12-01", 1, 2)), runID("a")))
	hash, snapshot := s.current()
	p, d := snapshot.Partitions[0], snapshot.Deliveries[0]
	text := fmt.Sprintf(`{"version":1,"zone":"Europe/London","currency":"GBP","key_mark":"","parent":"",
		"deliveries":[{"id":%q,"source":"shop","files":[%q]}],
		"partitions":[{"source":"shop","day":"2011-12-01","object":%q,"rows":2,"sha256":%q,"delivery":%q}]}`, d.ID, d.Files[0], p.Object, p.SHA256, d.ID)
	old := contract.SHA256([]byte(text))
	if err := os.WriteFile(filepath.Join(s.dir, contract.SnapshotPath(old)), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(s.dir, "state/lines.json")
	unsealed, _, _ := strings.Cut(s.objects()["state/lines.json"], `,"seal"`) // it is from before there were seals, too
	if err := os.WriteFile(state, []byte(strings.Replace(unsealed, hash, old, 1)+"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := s.must(s.config(s.file("b.csv", header+day("2011-12-01", 11, 2)), runID("b"), func(c *Config) { c.AsOf = "2011-12-02" }))
	if diff := cmp.Diff([]string{"shop 2011-12-01: 11 12"}, s.invoices()); diff != "" || !r.New {
		t.Errorf("%+v\n%s", r, diff)
	}
}

// TestRunRefusesAFutureAsOf: after today in the shop's zone and after the day that follows the last line.
func TestRunRefusesAFutureAsOf(t *testing.T) {
	s := newShop(t)
	// 23:30 in London, where it is the 2nd; in Auckland it is the 3rd.
	s.now = time.Date(2011, 12, 2, 23, 30, 0, 0, time.UTC)
	asOf := func(day string) func(*Config) { return func(c *Config) { c.AsOf = day } }
	path := s.file("a.csv", header+day("2011-11-30", 1, 2))
	s.fails(s.config(path, asOf("2011-12-03")), fault.ExitUsage, "as_of", "2011-12-03", "today is 2011-12-02", "2011-11-30", "--allow-future-as-of")
	s.nothing()
	allowed := func(c *Config) { c.AllowFutureAsOf = true }
	for id, c := range map[string][]func(*Config){
		"today":                   {asOf("2011-12-02")},
		"the past":                {asOf("1999-01-01")},
		"the past of the lines":   {asOf("2011-11-30")},
		"allowed":                 {asOf("2027-03-01"), allowed},
		"the zone's today":        {asOf("2011-12-03"), sourced("kiwi"), func(c *Config) { c.Root, c.Zone = "mem://"+t.Name(), "Pacific/Auckland" }},
		"after lines of tomorrow": {asOf("2011-12-04"), sourced("ahead"), func(c *Config) { c.Source = s.file("ahead.csv", header+day("2011-12-03", 1, 2)) }},
	} {
		if _, err := s.try(s.config(path, append(c, runID(id))...)); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	// Now that lines of the 3rd are stored, a later delivery of earlier lines may have the 4th too, and so may an undo.
	if _, err := s.try(s.config(path, asOf("2011-12-04"), runID("behind"))); err != nil {
		t.Error(err)
	}
	hash, _ := s.current()
	undo := func(c *Config) { c.Source, c.Undo = "", hash }
	s.fails(s.config("", asOf("2011-12-05"), runID("undo"), undo), fault.ExitUsage, "as_of", "2011-12-05")
	s.must(s.config("", asOf("2011-12-04"), runID("undo"), undo))
}

func TestRunAppends(t *testing.T) {
	s := newShop(t)
	morning := s.file("morning.csv", header+day("2011-12-01", 1, 2))
	s.must(s.config(morning, runID("a"), appending))
	s.must(s.config(s.file("evening.csv", header+day("2011-12-01", 3, 1)), runID("b"), appending))
	want := []string{"shop 2011-12-01: 1 2 3"}
	if diff := cmp.Diff(want, s.invoices()); diff != "" {
		t.Error(diff)
	}
	before, _ := s.current()
	s.fails(s.config(morning, runID("c"), appending), fault.ExitBadData, "already_in_force", "count its lines twice")
	text, err := os.ReadFile(morning)
	if err != nil {
		t.Fatal(err)
	}
	s.fails(s.config(s.file("packed.csv", packed(t, string(text))), runID("d"), appending), fault.ExitBadData, "already_in_force", "2011-12-01")
	if after, _ := s.current(); after != before || count(s.objects(), "runs/test/2011-12-10/c-")+count(s.objects(), "runs/test/2011-12-10/d-") > 0 {
		t.Error("a refused file left something")
	}
	// Of another source it is another thing.
	s.must(s.config(morning, runID("e"), appending, sourced("outlet")))
	if diff := cmp.Diff(append([]string{"outlet 2011-12-01: 1 2"}, want...), s.invoices()); diff != "" {
		t.Error(diff)
	}
}

func TestRunHidesCustomers(t *testing.T) {
	s := newShop(t)
	path := s.file("lines.csv", header+day("2011-12-01", 1, 2)+"3,4,x,NaN,2011-12-01 08:00:00,1,17850,UK\n4,5,17850\n")
	r := s.must(s.config(path, share(0.5), func(c *Config) { c.CustomerKey = "0123456789abcdef" }))
	// printf 17850 | openssl dgst -sha256 -hmac 0123456789abcdef
	const id = "d86d7e407d62db01e3428fb9eb2079b9bc7ea9e45a98671d13c9f7ea86612403"
	_, snapshot := s.current()
	lines := s.read(snapshot.Partitions[0].Object, "", contract.Lines)
	q := s.read(contract.QuarantinePath("shop", r.Delivery), "", contract.Quarantine)
	got := append(lines.Strings("customer"), q.Strings("raw")...)
	want := []string{id, id, "3,4,x,NaN,2011-12-01 08:00:00,1," + id + ",UK",
		"(9 bytes, sha256 7f0b45ba9d73bb514361bcc7c7385ee7816b8945f3612c75b8d8898c0049e247)"} // printf 4,5,17850 | sha256sum
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	_, err := s.try(s.config(s.file("bad.csv", header+"3,4,x,NaN,2011-12-01 08:00:00,1,17850,UK\n4,5,17850\n"), runID("b")))
	if err == nil || strings.Contains(err.Error()+s.log.String(), "17850") {
		t.Errorf("a customer's id is in the message or the log: %v\n%s", err, s.log.String())
	}
}

func TestUndo(t *testing.T) {
	s := newShop(t)
	first := s.must(s.config(s.file("a.csv", header+day("2011-12-01", 1, 2)), runID("a")))
	second := s.must(s.config(s.file("b.csv", header+day("2011-12-01", 11, 2)), runID("b")))
	undo := func(id, snapshot string) contract.IngestResult {
		t.Helper()
		return s.must(s.config("", runID(id), func(c *Config) { c.Undo = snapshot }))
	}
	if r := undo("c", first.Snapshot); r.New || r.Snapshot != second.Snapshot {
		t.Errorf("undo of what is not current: %+v", r)
	}
	if r := undo("d", second.Snapshot); !r.New || r.Snapshot != first.Snapshot {
		t.Errorf("undo: %+v", r)
	}
	if diff := cmp.Diff([]string{"shop 2011-12-01: 1 2"}, s.invoices()); diff != "" {
		t.Error(diff)
	}
	if r := undo("d", second.Snapshot); !r.New || r.Snapshot != first.Snapshot {
		t.Errorf("the same undo again: %+v", r)
	}
	s.log.Reset()
	s.must(s.config(filepath.Join(s.sources, "b.csv"), runID("b")))
	for _, want := range []string{"is not the current one", `"snapshot":"` + second.Snapshot, `"current":"` + first.Snapshot} {
		if !strings.Contains(s.log.String(), want) {
			t.Errorf("the undone delivery's run again does not say %s:\n%s", want, s.log.String())
		}
	}
	r := undo("e", first.Snapshot)
	if diff := cmp.Diff([]string(nil), s.invoices()); diff != "" || !r.New {
		t.Errorf("undo of the first delivery: %+v\n%s", r, diff)
	}
	// The same delivery can be taken in again, now in its own currency.
	r = s.must(s.config(filepath.Join(s.sources, "b.csv"), runID("f"), func(c *Config) { c.Currency = "EUR" }))
	if _, snapshot := s.current(); !r.New || snapshot.Currency != "EUR" {
		t.Errorf("after undo: %+v, %s", r, snapshot.Currency)
	}
	empty := newShop(t)
	empty.fails(empty.config("", func(c *Config) { c.Undo = first.Snapshot }), fault.ExitMissing, "snapshot", "no lines are stored")
	empty.nothing()
}

func TestRunOnRealFile(t *testing.T) {
	dir := os.Getenv("CLIENTELE_TESTDATA")
	if dir == "" {
		t.Skip("CLIENTELE_TESTDATA is not set: a folder that holds online-retail.csv.gz")
	}
	path := filepath.Join(dir, "online-retail.csv.gz")
	var snapshots []string
	for _, procs := range []int{1, 2} {
		before := runtime.GOMAXPROCS(procs)
		s := newShop(t)
		s.root, s.dir = "mem://"+t.Name()+string(rune('0'+procs)), ""
		r := s.must(s.config(path))
		runtime.GOMAXPROCS(before)
		// As counted by Python's csv module: lines, trading days.
		if r.RowsRead != 541_909 || r.RowsAccepted != 541_909 || r.Days != 305 || r.First.String() != "2010-12-01" || r.Last.String() != "2011-12-09" {
			t.Errorf("got %+v", r)
		}
		snapshots = append(snapshots, r.Snapshot)
		if last, err := Latest(context.Background(), s.config(path), s.deps()); err != nil || last != *r.Last {
			t.Errorf("latest is %s, %v", last, err)
		}
	}
	if snapshots[0] != snapshots[1] {
		t.Errorf("on one core %s, on two %s", snapshots[0], snapshots[1])
	}
}
