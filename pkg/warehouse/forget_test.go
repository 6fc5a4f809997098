package warehouse

import (
	"slices"
	"testing"
	"time"

	"github.com/clientele/clientele/pkg/warehouse/warehousetest"
)

// Of every table, published, current or staged, the customers' rows go and all others stay; a second time there is nothing to do.
func TestForget(t *testing.T) {
	dataset := warehousetest.Start(t)
	if _, err := publish(t, dataset, publication(t, "k1", "2011-12-09", "m", 3, "a")); err != nil {
		t.Fatal(err)
	}
	w, err := Open(t.Context(), dataset, Options{Scratch: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	// A staging table that a killed run has left.
	if _, err := w.erasing(t.Context(), "CREATE TABLE `"+dataset+".staging_left` AS SELECT * FROM `"+dataset+".people`", "staging_left"); err != nil {
		t.Fatal(err)
	}
	who := []string{"c00001", "nobody"}
	held, err := w.Holding(t.Context(), who)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, h := range held {
		names = append(names, h.Table)
		if h.Rows != 1 {
			t.Errorf("%s has %d rows of the customer, want 1", h.Table, h.Rows)
		}
	}
	if want := []string{dataset + ".people", dataset + ".people_current", dataset + ".staging_left"}; !slices.Equal(names, want) {
		t.Errorf("held by %v, want %v", names, want)
	}
	if kept, err := w.Keeps(t.Context()); err != nil || kept != 14*24*time.Hour {
		t.Errorf("rows can be had back for %v, %v, want a week of time travel and one of fail-safe", kept, err)
	}
	for range 2 {
		if err := w.Forget(t.Context(), who); err != nil {
			t.Fatal(err)
		}
		if held, err := w.Holding(t.Context(), who); err != nil || len(held) > 0 {
			t.Errorf("afterwards held by %v, %v", held, err)
		}
	}
	if held, err := w.Holding(t.Context(), []string{"c00000", "c00002"}); err != nil || len(held) != 3 || held[0].Rows != 2 {
		t.Errorf("the others: %v, %v", held, err)
	}
}
