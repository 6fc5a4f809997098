package lines_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/finding"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/objstore"
)

func account(t *testing.T, root *objstore.Store) lines.Account {
	t.Helper()
	a, err := open(t, root, contract.Run{}).Snapshot.Account()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAccount(t *testing.T) {
	root := store(t)
	// 33 records on 36 physical lines: 10 + 5 accepted in two years, 4 superseded by a later sheet, 14 rejected, of which 3
	// on the 1st, 2 on the 400th, 1 of a year without a line, 8 of no day. One accepted record has two more lines.
	c := change("1", runOf("a"), "1 x 10", "400 y 5")
	c.Partitions[0].Amount, c.Partitions[1].Amount = 100, 50
	c.Delivery.Records, c.Delivery.Lines = 33, 36
	c.Delivery.Rejected = lines.Tally{Records: 14, Lines: 15, Amount: 140}
	c.Delivery.Superseded = lines.Tally{Records: 4, Lines: 4, Amount: 40}
	c.Delivery.RejectedDays = []lines.DayTally{
		{Day: 1, Tally: lines.Tally{Records: 3, Lines: 3, Amount: 30}}, {Day: 400, Tally: lines.Tally{Records: 2, Lines: 3, Amount: 20}},
		{Day: 800, Tally: lines.Tally{Records: 1, Lines: 1, Amount: 10}},
	}
	put(t, root, runOf("a"), c)
	want := lines.Account{
		Delivered:  lines.Tally{Records: 33, Lines: 36, Amount: 330},
		Rejected:   lines.Tally{Records: 14, Lines: 15, Amount: 140},
		Superseded: lines.Tally{Records: 4, Lines: 4, Amount: 40},
		InForce:    lines.Tally{Records: 15, Lines: 17, Amount: 150},
	}
	if diff := cmp.Diff(want, account(t, root)); diff != "" {
		t.Error(diff)
	}
	if parts := open(t, root, contract.Run{}).Snapshot.Parts; parts[1].Rejected != (lines.Tally{Records: 2, Lines: 3, Amount: 20}) {
		t.Errorf("the later year: %+v", parts[1])
	}
	// The 1st is delivered again by another, in part: what it replaces is superseded; the 400th is the same, and is not counted
	// again, nor are the records rejected on it.
	c = change("2", runOf("b"), "1 z 9", "400 y 5")
	c.Partitions[0].Amount, c.Partitions[1].Amount = 90, 50
	c.Delivery.Records, c.Delivery.Lines = 16, 16
	c.Delivery.Rejected = lines.Tally{Records: 2, Lines: 2}
	c.Delivery.RejectedDays = []lines.DayTally{{Day: 1, Tally: tally(1)}, {Day: 400, Tally: tally(1)}}
	put(t, root, runOf("b"), c)
	// Delivery 1 has no line of the 1st any more, so its share of that year is gone, with what could not be put to a day.
	want = lines.Account{
		Delivered: lines.Tally{Records: 17, Lines: 18, Amount: 160}, Rejected: lines.Tally{Records: 3, Lines: 4, Amount: 20},
		InForce: lines.Tally{Records: 14, Lines: 14, Amount: 140},
	}
	if diff := cmp.Diff(want, account(t, root)); diff != "" {
		t.Error(diff)
	}
	// A day of two is replaced: what was accepted of it is superseded.
	c = change("3", runOf("c"), "2 v 7", "3 u 2")
	c.Partitions[0].Amount, c.Partitions[1].Amount = 70, 20
	put(t, root, runOf("c"), c)
	c = change("4", runOf("d"), "2 w 8")
	c.Partitions[0].Amount = 80
	put(t, root, runOf("d"), c)
	want.Delivered = lines.Tally{Records: 34, Lines: 35, Amount: 330}
	want.Superseded = lines.Tally{Records: 7, Lines: 7, Amount: 70}
	want.InForce = lines.Tally{Records: 24, Lines: 24, Amount: 240}
	if diff := cmp.Diff(want, account(t, root)); diff != "" {
		t.Error(diff)
	}
}

// What was found of a delivery is known until all of its days were delivered again, be they the same; of two years, year by year.
func TestFindingsUntilDeliveredAgain(t *testing.T) {
	root := store(t)
	deliver := func(id string, finds []finding.Finding, days ...string) {
		t.Helper()
		c := change(id, runOf(id), days...)
		c.Delivery.Findings = finds
		put(t, root, runOf(id), c)
	}
	known := func(want ...string) {
		t.Helper()
		deliveries, err := open(t, root, contract.Run{}).Snapshot.Deliveries(t.Context(), 0, 1000)
		var got []string
		for _, d := range deliveries {
			for _, f := range d.Findings {
				got = append(got, d.ID+" "+f.Code)
			}
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
	deliver("1", []finding.Finding{{Code: finding.RejectedShare}}, "1 x 10", "2 y 5", "400 z 5")
	deliver("2", nil, "1 u 11") // the second is still as it was found
	known("1 rejected_share")
	deliver("3", []finding.Finding{{Code: finding.UnreadMoney}}, "1 v 12", "2 y 5") // the other year has a line of the first delivery
	known("1 rejected_share", "3 unread_money")
	deliver("4", nil, "3 w 1", "400 z 5")
	known("3 unread_money")
	deliver("5", nil, "1 x 10", "2 y 5")
	known()
}

// Whatever is delivered, in whatever mode, the chain adds up, nothing in it is below zero, and what is in force is what the
// partitions say.
func TestAccountAddsUp(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	root := store(t)
	for i := range 200 {
		id := strconv.Itoa(r.IntN(120)) // some come again
		of := runOf("r"+strconv.Itoa(i), calendar.Date(100+r.IntN(5)))
		c := change(id, of)
		days := map[calendar.Date]bool{}
		for range 1 + r.IntN(6) {
			day := calendar.Date(360 + r.IntN(12)) // over the end of a year
			if days[day] {
				continue
			}
			days[day] = true
			rows := int64(1 + r.IntN(4))
			c.Partitions = append(c.Partitions, lines.Partition{
				Source: "shop", Day: day, Object: strconv.Itoa(int(day)) + "-" + strconv.Itoa(int(rows)), Rows: rows, Amount: money.Amount(rows * 10), Delivery: id,
			})
			c.Delivery.Records += rows + 1
			c.Delivery.Lines += rows + 2
			c.Delivery.Rejected = lines.Tally{Records: c.Delivery.Rejected.Records + 1, Lines: c.Delivery.Rejected.Lines + 1}
			if r.IntN(2) == 0 {
				c.Delivery.RejectedDays = append(c.Delivery.RejectedDays, lines.DayTally{Day: day, Tally: tally(1)})
			}
		}
		c.AllowLess, c.Everything, c.Append = true, r.IntN(5) == 0, false
		if r.IntN(5) == 0 {
			c.Everything, c.Append = false, true
		}
		if _, err := open(t, root, of).Put(t.Context(), c); err != nil && !c.Append {
			t.Fatal(err)
		}
		now := open(t, root, contract.Run{}).Snapshot
		a := account(t, root)
		partitions, _, err := now.All(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var inForce lines.Tally
		for _, p := range partitions {
			inForce.Records += p.Rows
			inForce.Amount += p.Amount
		}
		if a.InForce.Records != inForce.Records || a.InForce.Amount != inForce.Amount ||
			a.Delivered.Records != a.Rejected.Records+a.Superseded.Records+a.InForce.Records ||
			min(a.Rejected.Records, a.Superseded.Records, a.Superseded.Lines, int64(a.Superseded.Amount)) < 0 || a.InForce.Lines < a.InForce.Records {
			t.Fatalf("after %d: %+v, partitions have %+v", i, a, inForce)
		}
	}
}
