package score

import (
	"testing"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/model/modeltest"
)

// TestMovementAddsUp: for every segment, those who moved in and joined, less those who moved out and left, are the change.
func TestMovementAddsUp(t *testing.T) {
	customers := modeltest.Customers(300, 1)
	b := modeltest.Bundle(t, customers, 4, 1)
	first, err := assign(b, customers, nil, 0.1)
	if err != nil {
		t.Fatal(err)
	}
	previous, err := first.table(calendar.Date(15_000))
	if err != nil {
		t.Fatal(err)
	}
	next := week(customers)
	next.SortByText("customer")
	a, err := assign(b, next, previous, 0.1)
	if err != nil {
		t.Fatal(err)
	}
	a.same = true
	movers, count := a.movers()
	if count.Model != 0 || count.Behaviour == 0 || int(count.Behaviour+count.Joined+count.Left) != movers.Rows() {
		t.Errorf("%+v of %d movers: the model is the same, so nobody moved because of it", count, movers.Rows())
	}
	change := map[string]int{}
	for _, s := range previous.Strings("segment") {
		change[s]--
	}
	for _, c := range a.segment {
		change[a.id(c)]++
	}
	for i, from := range movers.Strings("from") {
		change[from]++
		change[movers.Strings("to")[i]]--
	}
	delete(change, "") // outside
	for id, left := range change {
		if left != 0 {
			t.Errorf("segment %s: %d customers more than its movers explain", id, left)
		}
	}
}

// TestCauseOfAMove: the same customers by another ruler move because of the model; what the old ruler does too is behaviour.
func TestCauseOfAMove(t *testing.T) {
	customers := modeltest.Customers(300, 1)
	old, now := modeltest.Bundle(t, customers, 4, 1), modeltest.Bundle(t, customers, 3, 1)
	first, err := assign(old, customers, nil, 0.1)
	if err != nil {
		t.Fatal(err)
	}
	previous, err := first.table(calendar.Date(15_000))
	if err != nil {
		t.Fatal(err)
	}
	a, err := assign(now, customers, previous, 0.1)
	if err != nil {
		t.Fatal(err)
	}
	if a.ruler, err = assign(old, customers, previous, 0.1); err != nil {
		t.Fatal(err)
	}
	if _, count := a.movers(); count.Behaviour != 0 || count.Model == 0 || count.Joined != 0 || count.Left != 0 {
		t.Errorf("the same customers by another model: %+v", count)
	}
	later := modeltest.Customers(300, 2) // the same keys, other purchases
	later.SortByText("customer")
	if a, err = assign(now, later, previous, 0.1); err != nil {
		t.Fatal(err)
	}
	if a.ruler, err = assign(old, later, previous, 0.1); err != nil {
		t.Fatal(err)
	}
	movers, count := a.movers()
	behave := int64(0)
	for i, c := range movers.Strings("cause") {
		if (movers.Strings("kind")[i] == moved) != (c != "") {
			t.Errorf("row %d: kind %s, cause %q", i, movers.Strings("kind")[i], c)
		}
		if c == behaviour {
			behave++
		}
	}
	if behave != count.Behaviour || count.Behaviour == 0 || count.Model == 0 {
		t.Errorf("%+v, %d of the table's by behaviour", count, behave)
	}
}
