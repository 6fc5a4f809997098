package retail_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/retail/retailtest"
)

// TestTakenBack by hand: C2 and C3 give goods back on one day, C4 more than was ever bought; D is a discount on an invoice of sales. Guests,
// adjustments and postage do not count.
func TestTakenBack(t *testing.T) {
	lines := retailtest.CSV(t, `
1,22,MUG,10,2011-01-03 10:00,2,7,UK
1,D,Discount,-1,2011-01-03 10:00,3,7,UK
C2,22,MUG,-2,2011-01-04 10:00,2,7,UK
C3,22,MUG,-1,2011-01-04 12:00,2,7,UK
C4,22,MUG,-50,2011-01-05 12:00,2,8,UK
C5,22,MUG,-1,2011-01-05 12:00,2,,UK
C6,POST,POSTAGE,-1,2011-01-05 12:00,9,8,UK
A7,B,Adjust bad debt,1,2011-01-05 12:00,-100,8,UK
8,22,MUG,1,2011-01-05 12:00,2,8,UK`)
	for try := range 5 {
		rand.New(rand.NewPCG(3, uint64(try))).Shuffle(len(lines), func(i, k int) { lines[i], lines[k] = lines[k], lines[i] })
		l := retailtest.Lines(t, lines)
		plan, err := retail.DefaultRules().Plan(l)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		err = plan.TakenBack(func(some []retail.TakenBack) error {
			for _, b := range some {
				got = append(got, fmt.Sprint(l.Customers.String(b.Customer), " ", b.Day, " ", b.Discount, " ", b.Lines, " ", b.Amount))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"7 2011-01-03 true 1 -3.0000", "7 2011-01-04 false 2 -6.0000", "8 2011-01-05 false 1 -100.0000"}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
	}
}
