package report_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"testing"

	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/report"
	"github.com/clientele/clientele/pkg/report/view"
	"github.com/clientele/clientele/pkg/report/view/viewtest"
)

// large is a shop of 100,000 customers, of whom the page holds as many as it ever does.
func large(t testing.TB) view.View {
	in := viewtest.Sample(t)
	held := view.MostCustomers + view.MostListed
	rnd := rand.New(rand.NewPCG(1, 0))
	c := &view.Customers{Mode: view.CustomersAll, Of: 100_000, Held: held, Sampled: true, Listed: true}
	in.Score.Customers = 100_000
	share := func() []float64 { return drawn(held, func() float64 { return rnd.Float64() }) }
	pick := func(of ...string) []string { return drawn(held, func() string { return of[rnd.IntN(len(of))] }) }
	number := func(most int) []int64 {
		return drawn(held, func() int64 { return 1 + int64(rnd.ExpFloat64()*float64(most)/8) })
	}
	product := func() []string {
		return drawn(held, func() string { return fmt.Sprintf("%05d", 20_000+rnd.IntN(4000)) })
	}
	place := func() []int8 { return drawn(held, func() int8 { return int8(rnd.IntN(4)) }) }
	for i := range held {
		c.ID = append(c.ID, fmt.Sprintf("c%06d", i))
	}
	c.Segment, c.Previous, c.Next, c.Later, c.LaterWeeks = place(), place(), place(), place(), number(20)
	c.Recency, c.Frequency, c.R, c.F, c.M = number(365), number(40), number(5), number(5), number(5)
	c.Monetary = drawn(held, func() float64 { return 1000 * rnd.ExpFloat64() })
	c.Usual, c.Predicted, c.Rebought, c.Returned, c.Margin = c.Monetary, c.Monetary, share(), share(), share()
	c.Cell, c.Country, c.Nature = pick("Loyal", "At risk", "New"), pick("United Kingdom", "France", "Spain"), pick("personal", "bulk", "reseller")
	c.List, c.ListCode, c.HeldOut = pick("late", "slipped", ""), product(), drawn(held, func() bool { return rnd.IntN(10) == 0 })
	for k := range view.Offers {
		c.New[k], c.Because[k], c.Again[k] = product(), product(), product()
		c.AgainShare[k], c.Both[k], c.OutOf[k] = share(), share(), share()
	}
	for m := range view.MostMonths {
		c.Months = append(c.Months, fmt.Sprintf("%d-%02d", 2010+(m+11)/12, (m+11)%12+1))
	}
	c.Spent = drawn(held*view.MostMonths, func() money.Amount {
		if rnd.IntN(4) > 0 {
			return 0
		}
		return money.Amount(rnd.IntN(500_0000))
	})
	in.Customers = c
	return view.New(in)
}

func drawn[T any](n int, one func() T) []T {
	v := make([]T, n)
	for i := range v {
		v[i] = one()
	}
	return v
}

// A page of 100,000 customers is written as a stream: all that its writing takes besides the view, added up, is less than the columns are
// twice, of which it holds one at a time. tools/page opens the file that CLIENTELE_LARGE_PAGE names.
func TestLargePage(t *testing.T) {
	v := large(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	sum := sha256.New()
	size := &counter{}
	if err := report.Page(io.MultiWriter(sum, size), v); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	took := after.TotalAlloc - before.TotalAlloc
	t.Logf("a page of %.1f MB took %.1f MB of memory, over its writing", float64(size.n)/1e6, float64(took)/1e6)
	if took > 40e6 || size.n > 7e6 {
		t.Error("that is more than 40 MB, or the page is larger than 7 MB")
	}
	if name := os.Getenv("CLIENTELE_LARGE_PAGE"); name != "" {
		f, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := report.Page(f, v); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

type counter struct{ n int }

func (c *counter) Write(p []byte) (int, error) {
	c.n += len(p)
	return len(p), nil
}
