package explore

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/table"
)

// TestRegions: a region that the delivery names is described beside the country. Customers of the north prefer one product, which is found;
// those of the south and the east buy like everybody. Lines without a region count as such, and every division has all money.
func TestRegions(t *testing.T) {
	sales := drawn(400, 2, 20, 300, named)
	for i := range sales {
		var c int
		if _, err := fmt.Sscanf(sales[i].customer, "c%d", &c); err != nil {
			t.Fatal(err)
		}
		sales[i].region = []string{"North", "South", "East", "South", "North", "East", "South", ""}[c%8]
		if sales[i].region == "North" && i%3 == 0 {
			sales[i].code = "p7"
		}
	}
	r, home, err := shop(t, sales)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, x := range r.ByRegion {
		names[x.Region] = true
		if x.TooFew || x.IndexRevenue == nil || x.Growth == nil {
			t.Errorf("%+v", x)
		}
	}
	if len(r.ByRegion) != 4 || !names["North"] || !names["South"] || !names["East"] || !names[""] || len(r.Regions) != 2 {
		t.Errorf("regions %v, %d countries", names, len(r.Regions))
	}
	if len(r.RegionLifts) != 1 || r.RegionLifts[0].Region != "North" || r.RegionLifts[0].Code != "P7" || r.RegionLifts[0].EB05 <= 1 {
		t.Errorf("regions prefer %+v", r.RegionLifts)
	}
	if !strings.Contains(strings.Join(r.Statements, "\n"), "No country prefers a product") {
		t.Errorf("countries are alike, but it says %q", r.Statements)
	}
	m, err := home.Current(t.Context(), contract.Run{Pipeline: "test", AsOf: asOf, Slug: contract.Slug("r")}, contract.Explore)
	if err != nil {
		t.Fatal(err)
	}
	read := func(schema frame.Schema) *frame.Frame {
		f, err := home.ReadTable(t.Context(), m, schema, table.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	sums := func(f *frame.Frame, by, amount string, take func(i int) bool) map[string]int64 {
		all := map[string]int64{}
		for i, name := range f.Strings(by) {
			if take(i) {
				all[name] += f.Ints(amount)[i]
			}
		}
		return all
	}
	regions := read(contract.Regions)
	whole := sums(regions, "by", "revenue", func(i int) bool { return regions.Strings("month")[i] == "" })
	monthly := sums(regions, "by", "revenue", func(i int) bool { return regions.Strings("month")[i] != "" })
	shares := read(contract.NatureShares)
	natures := sums(shares, "by", "customer_revenue", func(int) bool { return true })
	tree := read(contract.Tree)
	change := sums(tree, "by", "contribution", func(i int) bool { return tree.Strings("factor")[i] == "revenue" })
	top := read(contract.Top)
	ranked := sums(top, "kind", "revenue", func(int) bool { return true })
	all := ranked["country"]
	for what, got := range map[string]int64{"regions": whole["region"], "regions by month": monthly["region"], "natures by region": natures["region"],
		"countries": whole["country"], "countries by month": monthly["country"], "largest regions": ranked["region"]} {
		if got != all || all == 0 {
			t.Errorf("%s have %d, the shop %d", what, got, all)
		}
	}
	if change["region"] != change["all"] || change["country"] != change["all"] {
		t.Errorf("changes %v", change)
	}
	if gaps := read(contract.Gaps); !slices.Contains(gaps.Strings("name"), "region") {
		t.Errorf("gaps of %v", gaps.Strings("name"))
	}
}

// TestNoRegions: without a region nothing is said of any.
func TestNoRegions(t *testing.T) {
	r, home, err := shop(t, drawn(60, 4, 10, 300, named))
	if err != nil {
		t.Fatal(err)
	}
	if r.ByRegion != nil || r.RegionLifts != nil || strings.Contains(strings.Join(r.Statements, "\n"), "regions") {
		t.Errorf("%+v", r)
	}
	m, err := home.Current(t.Context(), contract.Run{Pipeline: "test", AsOf: asOf, Slug: contract.Slug("r")}, contract.Explore)
	if err != nil {
		t.Fatal(err)
	}
	f, err := home.ReadTable(t.Context(), m, contract.Regions, table.Options{})
	if err != nil || slices.Contains(f.Strings("by"), "region") {
		t.Errorf("%v, %v", f.Strings("by"), err)
	}
}
