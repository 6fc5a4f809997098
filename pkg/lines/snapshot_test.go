package lines_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/objstore"
)

func TestSnapshotIsNamedByItsContent(t *testing.T) {
	ctx, root := t.Context(), store(t)
	s, err := lines.New("Europe/London", "GBP", "", []lines.Partition{
		{Source: "b", Day: 2, Object: "y"}, {Source: "a", Day: 3, Object: "x"}, {Source: "a", Day: 1, Object: "z"}, {Source: "a", Day: 400, Object: "w"},
	})
	if err != nil {
		t.Fatal(err)
	}
	sum, err := lines.Write(ctx, root, s)
	if err != nil {
		t.Fatal(err)
	}
	got, err := lines.Read(ctx, root, sum)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Parts) != 3 { // a in two years, b in one
		t.Errorf("parts: %+v", got.Parts)
	}
	if in, err := got.Window(ctx, 2, 4); err != nil || len(in) != 2 || in[0].Object != "x" || in[1].Object != "y" {
		t.Errorf("window holds %v, %v", in, err)
	}
	if first, last, ok := got.Days(); first != 1 || last != 400 || !ok || got.Last() != 400 {
		t.Errorf("days %v to %v", first, last)
	}
	if again, err := lines.Write(ctx, root, got); err != nil || again != sum {
		t.Errorf("written again: %s, %v; want %s", again, err, sum)
	}
	if _, err := lines.Read(ctx, root, contract.SHA256(nil)); fault.CodeOf(err) != fault.ExitMissing {
		t.Errorf("a missing snapshot gave %v", err)
	}
}

// Only the parts of a window are read, and what is wrong with one is said by its name.
func TestWindowReadsItsParts(t *testing.T) {
	ctx, root := t.Context(), store(t)
	write := func(text string) string {
		t.Helper()
		sum := contract.SHA256([]byte(text))
		if _, err := root.CreateBytes(ctx, contract.SnapshotPath(sum), []byte(text)); err != nil {
			t.Fatal(err)
		}
		return sum
	}
	part := func(year int, text string) string {
		t.Helper()
		sum := contract.SHA256([]byte(text))
		if _, err := root.CreateBytes(ctx, contract.PartPath("shop", year, sum), []byte(text)); err != nil {
			t.Fatal(err)
		}
		return sum
	}
	entry := func(year int, sum string) string {
		return fmt.Sprintf(`{"source":"shop","from":"%d-01-02","to":"%[1]d-12-30","sha256":%q,"rows":1,"amount":"1.0000"}`, year, sum)
	}
	hash := write(`{"version":2,"zone":"Europe/London","currency":"GBP","key_mark":"","parent":"","parts":[` + strings.Join([]string{
		entry(2001, strings.Repeat("0", 64)),
		entry(2002, part(2002, "no json")),
		entry(2003, part(2003, `{"version":2,"source":"other","year":2003,"deliveries":[],"partitions":[{"day":"2003-01-02"}]}`)),
		entry(2004, part(2004, `{"version":3,"source":"shop","year":2004}`)),
		entry(2005, part(2005, `{"version":2,"source":"shop","year":2005,"deliveries":[],"partitions":[{"day":"2005-06-01","rows":1,"amount":"1.0000","sha256":"00","delivery":"1"}]}`)),
	}, ",") + `]}`)
	s, err := lines.Read(ctx, root, hash)
	if err != nil {
		t.Fatal(err)
	}
	for year, want := range map[int]int{2001: fault.ExitMissing, 2002: fault.ExitBadData, 2003: fault.ExitBadData, 2004: fault.ExitBadData} {
		_, err := s.Window(ctx, day(t, year, "01-01"), day(t, year, "12-31"))
		if fault.CodeOf(err) != want || !strings.Contains(fault.Judge(err).Object, fmt.Sprint("shop/", year)) {
			t.Errorf("%d: %v, about %s", year, err, fault.Judge(err).Object)
		}
	}
	in, err := s.Window(ctx, day(t, 2005, "01-01"), day(t, 2006, "01-01"))
	want := []lines.Partition{{Source: "shop", Day: day(t, 2005, "06-01"), Object: "lines/shop/2005-06-01/00.arrow", Rows: 1, Amount: 10_000, SHA256: "00", Delivery: "1"}}
	if diff := cmp.Diff(want, in); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
}

func day(t *testing.T, year int, rest string) calendar.Date {
	t.Helper()
	d, err := calendar.ParseDate(fmt.Sprintf("%d-%s", year, rest))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// A snapshot of version 1 is read; the next delivery makes it one of version 2, and an undo leads back to it.
func TestVersion1(t *testing.T) {
	ctx, root := t.Context(), store(t)
	text := []byte(`{"version":1,"zone":"Europe/London","currency":"GBP","key_mark":"","parent":"",
		"deliveries":[{"id":"1","source":"shop","files":["file of 1"]}],
		"partitions":[{"source":"shop","day":"1970-01-02","object":"x","rows":10,"sha256":"00","delivery":"1","as_of":"1970-04-11"},
			{"source":"shop","day":"1971-01-02","object":"y","rows":20,"sha256":"01","delivery":"1","as_of":"1970-04-11"}]}`)
	hash := contract.SHA256(text)
	if _, err := root.CreateBytes(ctx, contract.SnapshotPath(hash), text); err != nil {
		t.Fatal(err)
	}
	if _, err := lines.Restore(ctx, root, runOf("a"), "1", hash); err != nil {
		t.Fatal(err)
	}
	has(t, root, "shop 1 x 1", "shop 366 y 1")
	older := change("2", runOf("b", 99), "1 z 10")
	if out := put(t, root, runOf("b", 99), older); out.New || len(out.Kept) != 1 || out.Snapshot != hash {
		t.Errorf("an older as-of: %+v", out)
	}
	put(t, root, runOf("c"), change("3", runOf("c"), "1 z 9"))
	has(t, root, "shop 1 z 3", "shop 366 y 1")
	now := open(t, root, contract.Run{})
	account, err := now.Snapshot.Account()
	want := lines.Account{Delivered: tally(29), InForce: tally(29), Unpriced: 20}
	if diff := cmp.Diff(want, account); diff != "" || err != nil || now.Snapshot.Version != 2 || now.Snapshot.Parent != hash {
		t.Errorf("%v %+v\n%s", err, now.Snapshot, diff)
	}
	if back, undone, err := open(t, root, runOf("u")).Undo(ctx, "u", now.SHA256); back != hash || !undone || err != nil {
		t.Errorf("undo: %s, %v, %v", back, undone, err)
	}
	has(t, root, "shop 1 x 1", "shop 366 y 1")
}

func tally(records int64) lines.Tally { return lines.Tally{Records: records, Lines: records} }

// What could not be read again is not written.
func TestTooLarge(t *testing.T) {
	ctx, root := t.Context(), store(t)
	first := put(t, root, runOf("a"), change("1", runOf("a"), "1 x 10"))
	large := change("2", runOf("b"), "2 y 10")
	large.Delivery.Files = []string{strings.Repeat("f", objstore.MaxRead)}
	if _, err := open(t, root, runOf("b")).Put(ctx, large); !errors.Is(err, objstore.ErrTooLarge) || fault.CodeOf(err) != fault.ExitBadData {
		t.Errorf("a part: %v", err)
	}
	large = change("3", runOf("c"), "2 y 10")
	large.Reading = []byte(`"` + strings.Repeat("r", objstore.MaxRead) + `"`)
	if err := open(t, root, runOf("c")).Check(ctx, large); !errors.Is(err, objstore.ErrTooLarge) {
		t.Errorf("a root object: %v", err)
	}
	if now := open(t, root, contract.Run{}); now.SHA256 != first.Snapshot {
		t.Error("the pointer has moved")
	}
}

func TestReadings(t *testing.T) {
	root := store(t)
	read := func(id, reading string, days ...string) lines.Outcome {
		c := change(id, runOf(id), days...)
		if reading != "" {
			c.Reading = []byte(reading)
		}
		return put(t, root, runOf(id), c)
	}
	kept := func(want string) {
		t.Helper()
		if got := string(open(t, root, contract.Run{}).Snapshot.Readings["shop"]); got != want {
			t.Errorf("kept is %s, want %s", got, want)
		}
	}
	read("1", `{"decimal": "comma"}`, "1 x 10")
	kept(`{"decimal":"comma"}`)
	read("2", "", "2 y 10")
	kept(`{"decimal":"comma"}`)
	before := open(t, root, contract.Run{}).SHA256
	if out := read("3", `{"decimal":"comma"}`, "2 y 10"); out.Snapshot != before || out.New {
		t.Errorf("the same lines, read the same way: %+v", out)
	}
	// Another reading of the same lines is kept, though no line is new.
	if out := read("4", `{"decimal":"point"}`, "2 y 10"); out.Snapshot == before || out.New {
		t.Errorf("the same lines, read otherwise: %+v", out)
	}
	kept(`{"decimal":"point"}`)
	has(t, root, "shop 1 x 1", "shop 2 y 2")
}

// Parts that a delivery does not touch are those of its parent.
func TestPartsAreShared(t *testing.T) {
	root := store(t)
	put(t, root, runOf("a"), change("1", runOf("a"), "1 x 10", "400 y 10", "800 z 10"))
	before := open(t, root, contract.Run{}).Snapshot
	put(t, root, runOf("b"), change("2", runOf("b"), "401 w 10"))
	after := open(t, root, contract.Run{}).Snapshot
	if len(before.Parts) != 3 || len(after.Parts) != 3 || before.Parts[0] != after.Parts[0] || before.Parts[1] == after.Parts[1] || before.Parts[2] != after.Parts[2] {
		t.Errorf("before %+v\nafter %+v", before.Parts, after.Parts)
	}
	text, _, err := root.Read(t.Context(), after.Parts[1].Object())
	var part map[string]any
	if err != nil || json.Unmarshal(text, &part) != nil || len(part["deliveries"].([]any)) != 2 {
		t.Errorf("%v %s", err, text)
	}
}
