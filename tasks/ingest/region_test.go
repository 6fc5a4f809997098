package ingest

import (
	"slices"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
)

func countyOf(c *Config) { c.Columns = "region=County" }

// TestRegion: the column that is named is stored with the lines of the days that have any; every other day is the very object that it is
// without the name.
func TestRegion(t *testing.T) {
	text := "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country,County\n" +
		"1,22,mug,3,2011-12-01 10:00:00,1.00,7,UK,\n" +
		"2,22,mug,3,2011-12-02 10:00:00,1.00,7,UK, Kent \n2,23,cup,3,2011-12-02 10:00:00,1.00,7,UK,Kent\n" +
		"3,22,mug,3,2011-12-02 11:00:00,1.00,8,UK,\n4,22,mug,3,2011-12-02 12:00:00,1.00,9,Spain,Kent\n"
	plain, named := newShop(t), newShop(t)
	plain.must(plain.config(plain.file("a.csv", text)))
	named.must(named.config(named.file("a.csv", text), countyOf))
	_, before := plain.current()
	_, after := named.current()
	for i, p := range after.Partitions {
		of := before.Partitions[i]
		if p.Day.String() == "2011-12-01" {
			if p.Object != of.Object || p.Regional {
				t.Errorf("%s without a region: %+v, want %+v", p.Day, p, of)
			}
			continue
		}
		if !p.Regional || of.Regional || p.Amount != of.Amount || p.Rows != of.Rows {
			t.Errorf("%s: %+v beside %+v", p.Day, p, of)
		}
		f := named.read(p.Object, p.SHA256, contract.RegionalLines)
		if got := f.Strings("region"); !slices.Equal(got, []string{"Kent", "Kent", "", "Kent"}) {
			t.Errorf("regions %q", got)
		}
		if got := f.Strings("country"); !slices.Equal(got, []string{"UK", "UK", "UK", "Spain"}) {
			t.Errorf("countries %q", got)
		}
	}
	named.fails(named.config(named.file("b.csv", strings.Replace(text, "County", "Shire", 1)), countyOf, runID("b")), 65, "columns", "no column for region, wanted County")
}

// TestRegionOfAnOrder: an export that says the region in an order's first line says it of all its lines, in other currencies too.
func TestRegionOfAnOrder(t *testing.T) {
	s := newShop(t)
	text := "Name,Email,Financial Status,Paid at,Currency,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Billing Country,Billing Province,Cancelled at\n" +
		"#1,a@mail.example,paid,2011-12-02 10:00:00 +0000,EUR,2011-12-02 10:00:00 +0000,1,Mug,2.00,M,GB,Kent,\n" +
		"#1,,,,,2011-12-02 10:00:00 +0000,2,Cup,3.00,C,,,\n" +
		"#2,b@mail.example,paid,2011-12-02 11:00:00 +0000,GBP,2011-12-02 11:00:00 +0000,1,Mug,2.00,M,GB,,\n"
	rates := s.file("rates.csv", "date,currency,rate\n2011-12-02,EUR,0.5\n")
	s.must(s.config(s.file("orders.csv", text), rated(rates), func(c *Config) { c.Columns = "region=Billing Province" }))
	_, snapshot := s.current()
	p := snapshot.Partitions[0]
	f := s.read(p.Object, p.SHA256, contract.RegionalLines)
	if got := f.Strings("region"); !slices.Equal(got, []string{"Kent", "Kent", ""}) || !p.Regional || len(p.Converted) != 1 {
		t.Errorf("regions %q, %+v", got, p)
	}
	if got := f.Ints("original_amount")[:2]; !slices.Equal(got, []int64{20_000, 60_000}) {
		t.Errorf("original amounts %v", got)
	}
}
