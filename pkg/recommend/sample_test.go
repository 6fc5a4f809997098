package recommend

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
)

// A sample has its size, each position once, and equal contents by their share: of 300 positions of three contents a third each.
func TestSampleKeepsShares(t *testing.T) {
	content := func(i int, to []byte) []byte { return append(to, byte(i%3)) }
	at := sample(300, 30, content)
	var of [3]int
	for _, i := range at {
		of[i%3]++
	}
	if len(at) != 30 || !slices.IsSorted(at) || len(slices.Compact(slices.Clone(at))) != 30 || of != [3]int{10, 10, 10} {
		t.Errorf("sampled %v, by content %v", at, of)
	}
	if all := sample(30, 30, content); len(all) != 30 || all[29] != 29 {
		t.Errorf("of no more than are wanted all are taken: %v", all)
	}
}

// Judged on a sample, neither names nor the number of workers change a number, and the sample says so.
func TestSampledEvaluation(t *testing.T) {
	lines := shopLines(300, 40, 2)
	o := shopOptions
	o.most = 60
	want := Evaluate(NewHistory(lines), shopEnd, o)
	if want.Judged != 60 || want.JudgedOf <= 60 || want.BasketTests != 60 || want.BasketsOf <= 60 {
		t.Fatalf("judged %d of %d customers, %d of %d baskets", want.Judged, want.JudgedOf, want.BasketTests, want.BasketsOf)
	}
	o.Workers = 3
	for i := range lines {
		lines[i].Customer = fmt.Sprintf("x%c%c%c", lines[i].Customer[3], lines[i].Customer[2], lines[i].Customer[1])
	}
	if got := Evaluate(NewHistory(lines), shopEnd, o); !reflect.DeepEqual(got, want) {
		t.Errorf("renamed, by three workers: %+v\nwant %+v", got, want)
	}
}

// What each customer is offered does not depend on the workers, by any method; an error of the visitor ends the work.
func TestServeByManyWorkers(t *testing.T) {
	h := NewHistory(shopLines(200, 40, 4))
	for _, by := range []Served{{Method: Pop60}, {EASEPop, 50, .25}, {Method: Jaccard}} {
		many := shopOptions
		many.Workers = 4
		if one := serve(h, shopEnd, by, Filter{}, shopOptions); !reflect.DeepEqual(serve(h, shopEnd, by, Filter{}, many), one) {
			t.Errorf("%s: by four workers other lists", by.Method)
		}
	}
	full := errors.New("the disk is full")
	if _, err := Serve(h, shopEnd, Served{Method: Pop60}, Filter{}, shopOptions, func([]Suggestion) error { return full }); !errors.Is(err, full) {
		t.Errorf("%v, want the visitor's error", err)
	}
}
