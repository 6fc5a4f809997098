package predict

import (
	"math"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/invoice"
)

// DueDays is the period in which a customer who is due must have come.
const DueDays = 30

// Due says whether customers come when their own average gap is over: only then is there a date of the next order to speak of.
type Due struct {
	Bands []Band // by days since the last order, in own average gaps, ascending
	Early Band   // below half a gap
	Near  Band   // from half a gap to one and a half
}

// Band is the customers between two multiples of their own gap, and how many of them came within [DueDays].
type Band struct {
	From, To  float64 // To is +Inf in the last
	Customers int
	Came      int
}

// Rate is the share who came, NaN of none.
func (b Band) Rate() float64 { return float64(b.Came) / float64(b.Customers) }

// NewDue counts customers with three or more orders before the cut, given as their purchases by day.
func NewDue(customers [][]invoice.Invoice, cut calendar.Date) Due {
	limits := []float64{0, .5, 1, 1.5, 2, math.Inf(1)}
	d := Due{Bands: make([]Band, len(limits)-1), Early: Band{From: 0, To: .5}, Near: Band{From: .5, To: 1.5}}
	for i := range d.Bands {
		d.Bands[i].From, d.Bands[i].To = limits[i], limits[i+1]
	}
	for _, days := range customers {
		before := invoice.Before(days, cut)
		if len(before) < 3 {
			continue
		}
		first, last := before[0].Day, before[len(before)-1].Day
		gaps := float64(cut-last) / (float64(last-first) / float64(len(before)-1))
		came := 0
		if len(invoice.Within(days, cut, cut+DueDays)) > 0 {
			came = 1
		}
		for _, b := range []*Band{&d.Bands[0], &d.Bands[1], &d.Bands[2], &d.Bands[3], &d.Bands[4], &d.Early, &d.Near} {
			if gaps >= b.From && gaps < b.To {
				b.Customers++
				b.Came += came
			}
		}
	}
	return d
}

// Rises reports whether those near their own gap come more often than those early in it: by half as much again, and by more than
// two standard errors of the difference.
func (d Due) Rises() bool {
	if d.Early.Customers < 30 || d.Near.Customers < 30 {
		return false
	}
	early, near := d.Early.Rate(), d.Near.Rate()
	se := math.Sqrt(early*(1-early)/float64(d.Early.Customers) + near*(1-near)/float64(d.Near.Customers))
	return near >= 1.5*early && near-early > 2*se
}
