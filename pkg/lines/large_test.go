package lines_test

import (
	"fmt"
	"testing"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/objstore"
)

// large stores a snapshot of sources × days, one delivery a day, and returns its hash. No day's lines exist.
func large(tb testing.TB, root *objstore.Store, sources, days int) string {
	tb.Helper()
	var partitions []lines.Partition
	var deliveries []lines.Delivery
	first := calendar.Date(18_262) // 2020-01-01
	for s := range sources {
		source := fmt.Sprintf("shop-%04d", s)
		for d := range days {
			id := contract.SHA256(fmt.Append(nil, source, d))
			p := lines.Partition{Source: source, Day: first + calendar.Date(d), Rows: 100, Amount: 12_345_600, SHA256: id, Delivery: id[:12], AsOf: first + calendar.Date(d) + 1}
			p.Object = contract.PartitionPath(source, p.Day, id)
			partitions = append(partitions, p)
			deliveries = append(deliveries, lines.Delivery{
				ID: id[:12], Source: source, Files: []string{id}, Records: 101, Lines: 101, Accepted: lines.Tally{Records: 100, Lines: 100, Amount: 12_345_600},
				Rejected: lines.Tally{Records: 1, Lines: 1, Amount: 1_000},
			})
		}
	}
	s, err := lines.New("Europe/London", "GBP", "", partitions, deliveries...)
	if err != nil {
		tb.Fatal(err)
	}
	hash, err := lines.Write(tb.Context(), root, s)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := lines.Restore(tb.Context(), root, runOf("large"), "large", hash); err != nil {
		tb.Fatal(err)
	}
	return hash
}

// next is a delivery of one line, of the day after the last.
func next(source int, day calendar.Date, id string) *lines.Change {
	of := runOf(id, 40_000)
	c := change(id, of)
	c.Delivery.Source = fmt.Sprintf("shop-%04d", source)
	c.Partitions = []lines.Partition{{Source: c.Delivery.Source, Day: day, Object: "o" + id, Rows: 1, SHA256: id, Delivery: id}}
	return c
}

// A delivery of one line writes one part and the root object, whatever else is stored.
func TestDeliveryToALargeSnapshot(t *testing.T) {
	root := store(t)
	hash := large(t, root, 20, 1825)
	put(t, root, runOf("d", 40_000), next(7, 18_262+1825, "d"))
	before, err := lines.Read(t.Context(), root, hash)
	if err != nil {
		t.Fatal(err)
	}
	after := open(t, root, contract.Run{}).Snapshot
	old := map[string]bool{}
	for _, p := range before.Parts {
		old[p.SHA256] = true
	}
	var changed []lines.Part
	for _, p := range after.Parts {
		if !old[p.SHA256] {
			changed = append(changed, p)
		}
	}
	if len(before.Parts) != 20*5 || len(changed) != 1 {
		t.Fatalf("%d parts, %d of them new", len(before.Parts), len(changed))
	}
	part, err := root.Stat(t.Context(), changed[0].Object())
	if err != nil || part.Size > 160<<10 {
		t.Errorf("the part has %d bytes, %v", part.Size, err)
	}
	text, err := root.Stat(t.Context(), contract.SnapshotPath(open(t, root, contract.Run{}).SHA256))
	if err != nil || text.Size/int64(len(after.Parts)) > 260 {
		t.Errorf("the root object has %d bytes for %d parts, %v", text.Size, len(after.Parts), err)
	}
	t.Logf("part %d bytes, root object %d bytes", part.Size, text.Size)
}

// BenchmarkDelivery is a delivery of one line to 1,000 sources × 1,825 days: reading what is current, checking, and one swap.
func BenchmarkDelivery(b *testing.B) {
	root, err := objstore.Open(b.Context(), "file://"+b.TempDir(), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer root.Close()
	large(b, root, 1000, 1825)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		id := fmt.Sprint("b", i)
		now, err := lines.Open(b.Context(), root, runOf(id, 40_000))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := now.Put(b.Context(), next(i%1000, 18_262+1825, id)); err != nil {
			b.Fatal(err)
		}
	}
	hash := func() string {
		now, err := lines.Open(b.Context(), root, contract.Run{})
		if err != nil {
			b.Fatal(err)
		}
		return now.SHA256
	}()
	if a, err := root.Stat(b.Context(), contract.SnapshotPath(hash)); err == nil {
		b.ReportMetric(float64(a.Size), "root-bytes")
	}
}
