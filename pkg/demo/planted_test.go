package demo_test

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/delivery/text"
	"github.com/clientele/clientele/pkg/demo"
	"github.com/clientele/clientele/pkg/money"
)

// planted is the part of truth.json that a reader compares.
type planted struct {
	*demo.Truth
	Treated       []string          `json:"campaign_customers"`
	CustomerKinds map[string]string `json:"customer_kinds"`
}

func plantedIn(t testing.TB, truth *demo.Truth) planted {
	t.Helper()
	var b bytes.Buffer
	if err := truth.Write(&b); err != nil {
		t.Fatal(err)
	}
	var p planted
	if err := json.Unmarshal(b.Bytes(), &p); err != nil {
		t.Fatalf("truth is not JSON: %v", err)
	}
	return p
}

// isFee reports whether a record is no product, as the rule non_product has it: fewer than two digits, a voucher, or one of two
// services.
func isFee(r goodRecord) bool {
	digits := 0
	for _, c := range r.code {
		if '0' <= c && c <= '9' {
			digits++
		}
	}
	label := strings.ToUpper(r.description)
	return digits < 2 || strings.HasPrefix(r.code, "gift_") || label == "NEXT DAY CARRIAGE" || label == "HIGH RESOLUTION IMAGE"
}

// notPlanted are the checks that a demo's records cannot fail: values of spreadsheets and what they do to identifiers, line totals
// and currencies, of which it has none, and customers who are forgotten.
var notPlanted = map[string]bool{"bad_value": true, "rounded_id": true, "bad_amount": true, "amount_mismatch": true, "other_currency": true,
	"forgotten": true}

func TestPlantedIsFound(t *testing.T) {
	o := options(t)
	data, truth := write(t, o)
	p := plantedIn(t, truth)
	good, broken := read(t, data)

	planted := 0
	for _, n := range p.Broken {
		planted += n
	}
	for i := range record.NumBreaches {
		if rule := record.Checks[i].Name; p.Broken[rule] == 0 && !notPlanted[rule] {
			t.Errorf("no record breaks the rule %s: %v", rule, p.Broken)
		}
	}
	if broken != planted || planted == 0 || float64(broken) > 0.02*float64(p.Records) {
		t.Errorf("%d broken records of %d, planted %d; want them equal, some, and below 2 %%", broken, p.Records, planted)
	}
	if len(good) != p.Lines || len(good)+broken != p.Records {
		t.Errorf("%d good and %d broken records; truth has %d lines of %d records", len(good), broken, p.Lines, p.Records)
	}

	var sales, samples, others, returns, guests demo.Tally
	copies := 0
	invoices, seen := map[string]bool{}, map[string]bool{}
	fees := map[string]demo.Tally{}
	for i, r := range good {
		invoices[r.invoice] = true
		to := &sales
		switch {
		case r.customer == "":
			to = &guests
		case isFee(r):
			to = &others
		case strings.HasPrefix(r.invoice, "C"):
			to = &returns
		case r.price == 0:
			to = &samples
		}
		to.Lines++
		to.Amount += r.price * money.Amount(r.quantity)
		if r.customer != "" {
			seen[r.customer] = true
		}
		if i > 0 && good[i-1] == r {
			copies++
		}
		if isFee(r) {
			f := fees[r.code]
			f.Lines++
			f.Amount += r.price * money.Amount(r.quantity)
			fees[r.code] = f
		}
	}
	got := []any{sales, samples, others, returns, guests, copies, len(invoices), len(seen), fees}
	want := []any{p.Sales, p.Samples, p.NonProducts, p.Returns, p.Guests, p.Copies, p.Invoices, p.Customers, p.Fees}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("truth and lines differ (-truth +lines):\n%s", diff)
	}
	for _, tally := range []demo.Tally{sales, samples, others, returns, guests} {
		if tally.Lines == 0 {
			t.Errorf("a kind of line is missing: %v", got)
		}
	}
}

// Every rule that a csv can break is broken by the reader's own count, as often as the truth says, in a shop of any size; and
// the broken records are the wanted share of all.
func TestDirt(t *testing.T) {
	for _, dirty := range []int{1, 4000, 200_000, demo.MaxDirty} {
		for _, customers := range []int{demo.MinCustomers, 200} {
			for _, fault := range []string{"", "dead_till@2024-11-11..2024-12-30"} { // the day of the record that is too long
				o := options(t)
				o.Customers, o.Days, o.Dirty = customers, 60, dirty
				var err error
				if o.Faults, err = demo.ParseFaults(fault); err != nil {
					t.Fatal(err)
				}
				data, truth := write(t, o)
				n, err := text.Read(t.Context(), bytes.NewReader(data), record.Options{}, func(*record.Block) error { return nil })
				if err != nil {
					t.Fatal(err)
				}
				planted := 0
				for i := range record.NumBreaches {
					rule := record.Checks[i].Name
					planted += truth.Broken[rule]
					if n.Broken[i] != int64(truth.Broken[rule]) || (n.Broken[i] == 0) != notPlanted[rule] {
						t.Errorf("%d customers, dirty %d, fault %q: %d records break %s, planted %d", customers, dirty, fault, n.Broken[i], rule, truth.Broken[rule])
					}
				}
				if n.Rejected != int64(planted) || n.Records != int64(truth.Records) || n.Accepted != int64(truth.Lines) {
					t.Errorf("%+v, planted %d of %d", n, planted, truth.Records)
				}
				// Four standard errors of a binomial, and the 13 that come whatever the share.
				records := float64(n.Records)
				want := float64(dirty) / 1e6
				if off := float64(n.Rejected) - want*records; math.Abs(off) > 13+4*math.Sqrt(want*(1-want)*records) {
					t.Errorf("%d customers, dirty %d, fault %q: %d of %d records are broken", customers, dirty, fault, n.Rejected, n.Records)
				}
			}
		}
	}
	o := options(t)
	o.Customers, o.Days, o.Faults = demo.MinCustomers, 60, []demo.Fault{{Name: demo.DeadTill, Days: demo.Days{First: o.From, Last: o.From + 59}}}
	if data, truth := write(t, o); truth.Records != 0 || len(truth.Broken) != 0 || bytes.Count(data, []byte("\n")) != 1 {
		t.Errorf("a shop without a line has %d records, %v", truth.Records, truth.Broken)
	}
}

// withoutSale counts returns without an earlier sale of the same customer and code, at the same price, with enough quantity
// left.
func withoutSale(good []goodRecord) (n int) {
	type key struct {
		customer, code string
		price          money.Amount
	}
	left := map[key]int64{}
	for _, r := range good {
		k := key{r.customer, strings.ToUpper(r.code), r.price}
		switch {
		case r.customer == "" || isFee(r):
		case !strings.HasPrefix(r.invoice, "C"):
			left[k] += r.quantity
		case r.quantity >= 0 || left[k]+r.quantity < 0:
			n++
		default:
			left[k] += r.quantity
		}
	}
	return n
}

func TestEveryReturnHasItsSale(t *testing.T) {
	data, truth := write(t, options(t))
	good, _ := read(t, data)
	if n := withoutSale(good); n != 0 || truth.Returns.Lines == 0 || truth.Orphans.Lines != 0 {
		t.Errorf("%d of %d returns have no sale, truth says %d", n, truth.Returns.Lines, truth.Orphans.Lines)
	}
}

// Every kind behaves as its meaning says.
func TestKindsAreToldApart(t *testing.T) {
	o := options(t)
	data, truth := write(t, o)
	good, _ := read(t, data)
	p := plantedIn(t, truth)
	asOf := p.Last + 1

	type sums struct{ customers, recency, visits, spend, tenure float64 }
	visits := map[string]map[string]bool{}
	first, last := map[string]calendar.Date{}, map[string]calendar.Date{}
	spend := map[string]float64{}
	for _, r := range good {
		if r.customer == "" || r.quantity <= 0 || isFee(r) {
			continue
		}
		d := calendar.DateOf(r.time.UnixMicro())
		if visits[r.customer] == nil {
			visits[r.customer], first[r.customer] = map[string]bool{}, d
		}
		visits[r.customer][r.invoice] = true
		last[r.customer] = d
		spend[r.customer] += r.price.Float() * float64(r.quantity)
	}
	count := map[string]int{}
	mean := map[string]*sums{}
	for c, k := range p.CustomerKinds {
		count[k]++
		if mean[k] == nil {
			mean[k] = &sums{}
		}
		m := mean[k]
		m.customers++
		m.recency += float64(asOf - last[c])
		m.tenure += float64(asOf - first[c])
		m.visits += float64(len(visits[c]))
		m.spend += spend[c]
	}
	for _, k := range p.Kinds {
		if count[k.Kind] != k.Customers || k.Customers == 0 {
			t.Errorf("%s: %d customers, truth says %d", k.Kind, count[k.Kind], k.Customers)
		}
		m := mean[k.Kind]
		m.recency, m.visits, m.spend, m.tenure = m.recency/m.customers, m.visits/m.customers, m.spend/m.customers, m.tenure/m.customers
		t.Logf("%-9s %4.0f customers, recency %5.1f days, tenure %5.1f days, %4.1f visits, spend %8.2f", k.Kind, m.customers, m.recency, m.tenure, m.visits, m.spend)
	}
	for _, c := range []struct {
		what string
		ok   bool
	}{
		{"loyal customers were here within a month", mean["loyal"].recency < 31},
		{"new customers came in the last weeks", mean["new"].tenure < 60},
		{"fading customers have been away for two to five months", mean["fading"].recency > 60 && mean["fading"].recency < 150},
		{"lost customers have been away for half a year", mean["lost"].recency > 180},
		{"bulk buyers spend several times what loyal customers do, in fewer visits", mean["bulk"].spend > 3*mean["loyal"].spend && mean["bulk"].visits < mean["loyal"].visits/2},
		{"resellers come most often", mean["reseller"].visits > 1.8*mean["loyal"].visits},
		{"one visit is one visit", mean["one_time"].visits == 1},
	} {
		if !c.ok {
			t.Errorf("not so: %s", c.what)
		}
	}
}
