package predict

import (
	"math/rand/v2"
	"os"
	"testing"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/invoice"
	"github.com/clientele/clientele/pkg/invoice/invoicetest"
)

// A shop of subscriptions has due dates; one whose customers come at a steady rate has none.
func TestDue(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	var regular, steady [][]invoice.Invoice
	for i := range 600 {
		var a, b []invoice.Invoice
		for day := i % 60; day < 500; day += 60 {
			a = append(a, invoice.Invoice{Day: calendar.Date(day + rnd.IntN(5))})
		}
		for day := 0.0; day < 500; day += 1 + 60*rnd.ExpFloat64() {
			b = append(b, invoice.Invoice{Day: calendar.Date(day)})
		}
		regular, steady = append(regular, a), append(steady, b)
	}
	if d := NewDue(regular, 400); !d.Rises() {
		t.Errorf("every 60 days: %+v", d)
	}
	if d := NewDue(steady, 400); d.Rises() {
		t.Errorf("a steady rate: %+v", d)
	}
	if d := NewDue(nil, 400); d.Rises() {
		t.Error("no customers, no due date")
	}
}

// On UCI Online Retail the rate is flat up to one and a half gaps and falls after two.
func TestDueReal(t *testing.T) {
	book := invoicetest.Real(t, os.Getenv("CLIENTELE_TESTDATA"))
	var all [][]invoice.Invoice
	for c := range book.Customers {
		all = append(all, book.Days(c))
	}
	d := NewDue(all, invoicetest.AsOf-90)
	t.Logf("%+v", d)
	if d.Rises() || !(d.Bands[4].Rate() < d.Near.Rate()) {
		t.Errorf("%+v", d)
	}
}
