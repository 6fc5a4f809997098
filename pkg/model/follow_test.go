package model_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/drift"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model/modeltest"
)

// Every second customer of then has bought since, for 3.00 each; the windows come whole, or in parts.
func TestFollow(t *testing.T) {
	customers := modeltest.Customers(200, 1)
	b := modeltest.Bundle(t, customers, 4, 1)
	a, err := b.Assign(customers)
	if err != nil {
		t.Fatal(err)
	}
	want := make([]drift.Followed, 4)
	var half []int
	for i, s := range a.Nearest {
		if want[s].Customers++; i%2 == 0 {
			want[s].Bought++
			want[s].Money += 3
			half = append(half, i)
		}
	}
	now := customers.Take(half)
	for i := range now.Ints("monetary") {
		now.Ints("monetary")[i] = 3_0000
	}
	parts := []*frame.Frame{modeltest.InWindow(contract.WindowBefore, customers), modeltest.InWindow(contract.WindowNow, now), modeltest.InWindow(contract.WindowThen, customers)}
	got, err := b.Follow(func(visit func(*frame.Frame) error) error {
		for _, p := range parts {
			if err := visit(p); err != nil {
				return err
			}
		}
		return nil
	})
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if got, err := b.Follow(func(visit func(*frame.Frame) error) error { return visit(parts[1]) }); got != nil || err != nil {
		t.Errorf("without customers of then: %v, %v", got, err)
	}
}
