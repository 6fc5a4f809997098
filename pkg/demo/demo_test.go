package demo_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/clientele/clientele/pkg/demo"
	"github.com/clientele/clientele/pkg/retail"
)

// options returns the shop that bin/demo writes by default, with some dirt.
func options(t testing.TB) demo.Options {
	t.Helper()
	from, err := retail.ParseDate("2024-11-01")
	if err != nil {
		t.Fatal(err)
	}
	return demo.Options{Seed: 1, Customers: 800, From: from, Days: 396, Dirty: 4000}
}

func write(t testing.TB, o demo.Options) ([]byte, *demo.Truth) {
	t.Helper()
	shop, err := demo.New(o)
	if err != nil {
		t.Fatal(err)
	}
	var lines bytes.Buffer
	truth, err := shop.WriteLines(context.Background(), &lines)
	if err != nil {
		t.Fatal(err)
	}
	return lines.Bytes(), truth
}

// record is a good line as a reader sees it.
type record struct {
	invoice, code, description, customer, country string
	quantity                                      int64
	price                                         retail.Money
	time                                          time.Time
}

// read parses lines with encoding/csv and tells good records from broken ones by the plainest means.
func read(t testing.TB, data []byte) (good []record, broken int) {
	t.Helper()
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord = -1
	header, err := r.Read()
	if err != nil || strings.Join(header, ",") != "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country" {
		t.Fatalf("header %q: %v", header, err)
	}
	for {
		f, err := r.Read()
		if errors.Is(err, io.EOF) {
			return good, broken
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(f) != 8 || f[0] == "" || f[1] == "" || strings.ContainsRune(f[2], '\ufffd') || strings.ToValidUTF8(f[2], "") != f[2] {
			broken++
			continue
		}
		quantity, err1 := strconv.ParseInt(f[3], 10, 64)
		at, err2 := time.Parse("2006-01-02 15:04:05", f[4])
		price, err3 := retail.ParseMoney(f[5])
		if err1 != nil || err2 != nil || err3 != nil {
			broken++
			continue
		}
		good = append(good, record{f[0], f[1], f[2], f[6], f[7], quantity, price, at})
	}
}

// planted is the part of truth.json that a reader compares.
type planted struct {
	*demo.Truth
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

func TestPlantedIsFound(t *testing.T) {
	o := options(t)
	data, truth := write(t, o)
	p := plantedIn(t, truth)
	good, broken := read(t, data)

	planted := 0
	for _, n := range p.Broken {
		planted += n
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
	products := map[string]bool{}
	for i, r := range good {
		invoices[r.invoice] = true
		to := &sales
		switch {
		case r.customer == "":
			to = &guests
		case strings.HasPrefix(r.invoice, "C"):
			to = &returns
		case strings.ToUpper(r.code) == "POST" || r.code == "M":
			to = &others
		case r.price == 0:
			to = &samples
		}
		to.Lines++
		to.Amount += r.price * retail.Money(r.quantity)
		if r.customer != "" {
			seen[r.customer] = true
			products[strings.ToUpper(r.code)] = true
		}
		if i > 0 && good[i-1] == r {
			copies++
		}
	}
	got := []any{sales, samples, others, returns, guests, copies, len(invoices), len(seen)}
	want := []any{p.Sales, p.Samples, p.NonProducts, p.Returns, p.Guests, p.Copies, p.Invoices, p.Customers}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("truth and lines differ (-truth +lines):\n%s", diff)
	}
	for _, tally := range []demo.Tally{sales, samples, others, returns, guests} {
		if tally.Lines == 0 {
			t.Errorf("a kind of line is missing: %v", got)
		}
	}
}

func TestLinesAreInOrderOfTime(t *testing.T) {
	o := options(t)
	data, truth := write(t, o)
	good, _ := read(t, data)
	last := o.From + retail.Date(o.Days-1)
	if truth.First != o.From || truth.Last != last {
		t.Errorf("truth runs from %s to %s, want %s to %s", truth.First, truth.Last, o.From, last)
	}
	for i, r := range good {
		if i > 0 && r.time.Before(good[i-1].time) {
			t.Fatalf("line %d at %s follows one at %s", i, r.time, good[i-1].time)
		}
		if d := retail.DateOf(r.time.UnixMicro()); d < o.From || d > last {
			t.Fatalf("line %d lies on %s, outside the shop's time", i, d)
		}
	}
}

// A return needs an earlier sale of the same customer and code, at the same price, with enough quantity left.
func TestEveryReturnHasItsSale(t *testing.T) {
	data, _ := write(t, options(t))
	good, _ := read(t, data)
	type key struct {
		customer, code string
		price          retail.Money
	}
	left := map[key]int64{}
	for _, r := range good {
		k := key{r.customer, strings.ToUpper(r.code), r.price}
		switch {
		case r.customer == "":
		case strings.HasPrefix(r.invoice, "C"):
			if left[k] += r.quantity; r.quantity >= 0 || left[k] < 0 {
				t.Errorf("return %v: not sold before", r)
			}
		default:
			left[k] += r.quantity
		}
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
	first, last := map[string]retail.Date{}, map[string]retail.Date{}
	spend := map[string]float64{}
	for _, r := range good {
		if r.customer == "" || r.quantity <= 0 {
			continue
		}
		d := retail.DateOf(r.time.UnixMicro())
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

// The bytes are promised. If this fails because the shop was changed on purpose, say so in changelog/ and note the new sums.
func TestSameSeedSameBytes(t *testing.T) {
	o := options(t)
	data, truth := write(t, o)
	again, _ := write(t, o)
	if !bytes.Equal(data, again) {
		t.Error("two runs of one seed differ")
	}
	o.Seed = 2
	if other, _ := write(t, o); bytes.Equal(data, other) {
		t.Error("two seeds give the same lines")
	}
	var b bytes.Buffer
	if err := truth.Write(&b); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		got  []byte
		want string // sha256 of what this generator wrote when it was made, on amd64 with Go 1.26
	}{
		"lines": {data, linesSum},
		"truth": {b.Bytes(), truthSum},
	} {
		sum := sha256.Sum256(c.got)
		if got := hex.EncodeToString(sum[:8]); got != c.want {
			t.Errorf("%s: sha256 begins with %s, want %s", what, got, c.want)
		}
	}
}

func TestSizes(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		o := demo.Options{
			Seed:      rapid.Uint64().Draw(r, "seed"),
			Customers: rapid.IntRange(demo.MinCustomers, 200).Draw(r, "customers"),
			From:      retail.Date(rapid.IntRange(0, 30_000).Draw(r, "from")),
			Days:      rapid.IntRange(demo.MinDays, 800).Draw(r, "days"),
			Dirty:     rapid.IntRange(0, 20_000).Draw(r, "dirty"),
		}
		data, truth := write(t, o)
		p := plantedIn(t, truth)
		good, broken := read(t, data)
		if len(good) != p.Lines || len(good)+broken != p.Records {
			r.Fatalf("%d good and %d broken records; truth has %d lines of %d records", len(good), broken, p.Lines, p.Records)
		}
		seen, sum := map[string]bool{}, 0
		for _, g := range good {
			if g.customer != "" {
				seen[g.customer] = true
			}
		}
		for _, k := range p.Kinds {
			sum += k.Customers
			if k.Customers == 0 {
				r.Fatalf("no customer is %s", k.Kind)
			}
		}
		if len(seen) != o.Customers || sum != o.Customers || len(p.CustomerKinds) != o.Customers {
			r.Fatalf("%d customers seen, %d in kinds, %d named; want %d", len(seen), sum, len(p.CustomerKinds), o.Customers)
		}
	})
}

func TestValidateNamesEveryProblem(t *testing.T) {
	err := demo.Options{Customers: 29, Days: 59, Dirty: -1}.Validate()
	want := "customers: want 30 to 20000000 (got 29)\ndays: want 60 to 3660 (got 59)\ndirty: want 0 to 500000 (got -1)"
	if err == nil || err.Error() != want {
		t.Errorf("Validate() = %v, want %q", err, want)
	}
}

// full is a disk that is full after n bytes.
type full struct{ n int }

func (f *full) Write(p []byte) (int, error) {
	if f.n -= len(p); f.n < 0 {
		return 0, errors.New("no space left")
	}
	return len(p), nil
}

func TestFailuresAreReported(t *testing.T) {
	shop, err := demo.New(options(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shop.WriteLines(context.Background(), &full{n: 100_000}); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("writing to a full disk: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := shop.WriteLines(ctx, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("writing after cancel: %v", err)
	}
}

func BenchmarkWriteLines(b *testing.B) {
	shop, err := demo.New(options(b))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	lines := 0
	for b.Loop() {
		truth, err := shop.WriteLines(context.Background(), io.Discard)
		if err != nil {
			b.Fatal(err)
		}
		lines += truth.Lines
	}
	b.ReportMetric(float64(lines)/b.Elapsed().Seconds(), "lines/s")
}

func Example() {
	from, _ := retail.ParseDate("2024-11-01")
	shop, _ := demo.New(demo.Options{Seed: 1, Customers: 30, From: from, Days: 60})
	truth, _ := shop.WriteLines(context.Background(), io.Discard)
	fmt.Println(truth.Customers, truth.Kinds[0].Kind, truth.Kinds[0].Customers)
	// Output: 30 loyal 6
}

const linesSum, truthSum = "5a60c617193e8476", "735a89aebb4f07d8"
