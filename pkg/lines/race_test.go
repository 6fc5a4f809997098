package lines_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/objstore/gcstest"
)

// 64 deliveries that do not touch each other, at one moment: every one of them is stored. Half are days of one year, half
// sources of their own.
func TestDisjointDeliveriesAtOnce(t *testing.T) {
	root, err := objstore.Open(t.Context(), gcstest.Start(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	const n = 64
	put(t, root, runOf("first"), change("first", runOf("first"), "300 x 1"))
	var seen []*lines.Current // all of them see the same
	for i := range n {
		seen = append(seen, open(t, root, runOf(fmt.Sprint("r", i))))
	}
	var wg sync.WaitGroup
	for i, now := range seen {
		c := change(fmt.Sprint(i), runOf(fmt.Sprint("r", i)), fmt.Sprintf("%d y%d 1", i+1, i))
		if i%2 == 1 {
			c.Delivery.Source = fmt.Sprint("source", i)
			c.Partitions[0].Source = c.Delivery.Source
		}
		wg.Go(func() {
			if _, err := now.Put(t.Context(), c); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	in, err := open(t, root, contract.Run{}).Snapshot.Window(t.Context(), 0, calendar.Date(400))
	if err != nil || len(in) != n+1 {
		t.Errorf("%d days are stored, want %d; %v", len(in), n+1, err)
	}
}

// 64 deliveries of the same day: one is stored, the others are told why they are not.
func TestDeliveriesOfOneDayAtOnce(t *testing.T) {
	root := store(t)
	put(t, root, runOf("first"), change("first", runOf("first"), "1 x 1"))
	var seen []*lines.Current // all of them see the same
	for i := range 64 {
		seen = append(seen, open(t, root, runOf(fmt.Sprint("r", i))))
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	won := 0
	for i, now := range seen {
		wg.Go(func() {
			_, err := now.Put(t.Context(), change(fmt.Sprint(i), runOf(fmt.Sprint("r", i)), fmt.Sprintf("1 y%d 1", i)))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				won++
			case !errors.Is(err, fault.ErrLostSwap):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won != 1 {
		t.Errorf("%d have won", won)
	}
}
