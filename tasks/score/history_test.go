package score

import (
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/model/modeltest"
)

// A customer's history grows by the present segment when that is another one, and keeps the last twelve.
func TestHistory(t *testing.T) {
	customers := modeltest.Customers(300, 1)
	b := modeltest.Bundle(t, customers, 4, 1)
	first, err := assign(b, customers, nil, 0.1)
	if err != nil {
		t.Fatal(err)
	}
	monday, _ := calendar.ParseDate("2011-12-05")
	previous, err := first.table(monday)
	if err != nil {
		t.Fatal(err)
	}
	next := week(customers)
	next.SortByText("customer")
	a, err := assign(b, next, previous, 0.1)
	if err != nil {
		t.Fatal(err)
	}
	table, err := a.table(monday + 7)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for i, got := range table.Strings("history") {
		name, before := table.Strings("segment_name")[i], table.Strings("previous")[i]
		kind, want := "joined", "2011-12-12 "+name
		switch {
		case before == table.Strings("segment")[i]:
			kind, want = "stayed", "2011-12-05 "+name
		case before != "":
			kind, want = "moved", "2011-12-05 "+b.Manifest.Segments[b.Manifest.Index(before)].Name+"; 2011-12-12 "+name
		}
		if seen[kind]++; got != want {
			t.Errorf("%s %s: %q, want %q", table.Strings("customer")[i], kind, got, want)
		}
	}
	if seen["joined"] == 0 || seen["stayed"] == 0 || seen["moved"] == 0 {
		t.Errorf("%v", seen)
	}
	a.past[0], a.last[0] = strings.Repeat("2011-01-01 New; ", 11)+"2011-11-01 Regular", "another"
	if got := strings.Split(a.history(0, monday), "; "); len(got) != 12 || got[10] != "2011-11-01 Regular" || got[11][:10] != "2011-12-05" {
		t.Errorf("%q", got)
	}
}
