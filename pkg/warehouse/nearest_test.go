package warehouse

import (
	"fmt"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/model/modeltest"
	"github.com/clientele/clientele/pkg/space"
	"github.com/clientele/clientele/pkg/warehouse/warehousetest"
)

// everyTransform is a space with all that an axis can have.
const everyTransform = "recency:log1p:minmax,frequency:ln:robust,gap_mean:winsor=0.9:median,monetary:none"

// bundle is a model of k segments in a space, whose centroids are the places of customers: they lie between others exactly, or nearly.
func bundle(t *testing.T, customers *frame.Frame, k int, specs string, share float64) *model.Bundle {
	t.Helper()
	b := modeltest.Bundle(t, customers, k, 1)
	asked, err := space.ParseSpecs(specs)
	if err != nil {
		t.Fatal(err)
	}
	columns := make([][]float64, len(asked))
	for i, s := range asked {
		columns[i] = model.Numbers(customers.Column(s.Feature))
	}
	sp, err := space.Fit(columns, asked)
	if err != nil {
		t.Fatal(err)
	}
	if share > 0 {
		x, err := sp.ApplyColumns(nil, columns)
		if err == nil {
			sp, err = sp.Rotate(x, customers.Rows(), share)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	x, err := sp.ApplyColumns(nil, columns)
	if err != nil {
		t.Fatal(err)
	}
	b.Model.Space, b.Model.Centroids = *sp, model.Centroids(x[:k*sp.Dim()], sp.Dim())
	return b
}

// ties has customers at the same distance from two centroids: recency is 10, 20, … and both others are alike.
func ties(t *testing.T, customers *frame.Frame) *model.Bundle {
	t.Helper()
	b := modeltest.Bundle(t, customers, 3, 1)
	b.Model.Space = space.Space{Axes: []space.Axis{
		{Feature: "recency", Transform: space.Identity, Scaling: space.ZScore, Scale: 1},
		{Feature: "frequency", Transform: space.Identity, Scaling: space.ZScore, Scale: 1},
	}}
	b.Model.Centroids = [][]float64{{30, 2}, {10, 2}, {50, 2}}
	for i := range customers.Rows() {
		customers.Ints("recency")[i], customers.Ints("frequency")[i] = int64(1+i%6)*10, 2
	}
	return b
}

// The function in SQL puts every customer where Go does: in each kind of space, and at equal distance.
func TestNearest(t *testing.T) {
	for name, c := range map[string]func(*frame.Frame) *model.Bundle{
		"default":         func(f *frame.Frame) *model.Bundle { return modeltest.Bundle(t, f, 4, 7) },
		"every transform": func(f *frame.Frame) *model.Bundle { return bundle(t, f, 5, everyTransform, 0) },
		"components":      func(f *frame.Frame) *model.Bundle { return bundle(t, f, 5, everyTransform, 0.9) },
		"one segment":     func(f *frame.Frame) *model.Bundle { return bundle(t, f, 1, "recency", 0) },
		"ties":            func(f *frame.Frame) *model.Bundle { return ties(t, f) },
	} {
		t.Run(name, func(t *testing.T) {
			dataset := warehousetest.Start(t)
			customers := modeltest.Customers(200, 1)
			b := c(customers)
			b.Manifest.ModelID = strings.Repeat("ab", 32)
			p := publication(t, "k1", "2011-12-10", b.Manifest.ModelID, 1, "a")
			p.Model, p.Tables = b, []Source{source(t, contract.Customers, customers)}
			for range map[bool]int{true: 2, false: 1}[name == "default"] { // the second time the functions are there
				if _, err := publish(t, dataset, p); err != nil {
					t.Fatal(err)
				}
			}
			a, err := b.Assign(customers)
			if err != nil {
				t.Fatal(err)
			}
			if name == "ties" && a.Distance[1] != a.Second[1] {
				t.Fatalf("customer 1 is %v from the nearest and %v from the second: no tie", a.Distance[1], a.Second[1])
			}
			args := strings.Join(b.Model.Space.Features(), ", ")
			rows := warehousetest.Query(t, fmt.Sprintf("SELECT customer, `%s.%s`(%s), `%[1]s.nearest_current`(%[3]s) FROM `%[1]s.customers_current` ORDER BY customer",
				dataset, nearestName(b.Manifest.ModelID), args))
			if len(rows) != customers.Rows() {
				t.Fatalf("%d rows, want %d", len(rows), customers.Rows())
			}
			for i, r := range rows {
				want := b.Manifest.Segments[a.Nearest[i]].ID
				if r[0] != customers.Strings("customer")[i] || r[1] != want || r[2] != want {
					t.Fatalf("customer %s is in %v and %v by SQL, in %s by Go", customers.Strings("customer")[i], r[1], r[2], want)
				}
			}
		})
	}
}

// What Go refuses to place is null: no query fails for it.
func TestNearestOfNothing(t *testing.T) {
	dataset := warehousetest.Start(t)
	customers := modeltest.Customers(50, 1)
	b := bundle(t, customers, 3, "recency:ln,frequency:log1p,monetary", 0)
	b.Manifest.ModelID = strings.Repeat("cd", 32)
	p := publication(t, "k1", "2011-12-10", b.Manifest.ModelID, 1, "a")
	p.Model = b
	if _, err := publish(t, dataset, p); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{"0, 1, 1", "1, -1, 1", "1, 1, NULL", "CAST('inf' AS FLOAT64), 1, 1", "1, 1, CAST('nan' AS FLOAT64)"} {
		if got := warehousetest.Query(t, "SELECT `"+dataset+".nearest_current`("+args+")"); len(got) != 1 || got[0][0] != nil {
			t.Errorf("nearest(%s) is %v, want null", args, got)
		}
	}
}

// An older as-of date leaves nearest_current alone.
func TestNearestCurrentIsOfTheLatest(t *testing.T) {
	dataset := warehousetest.Start(t)
	customers := modeltest.Customers(50, 1)
	for _, c := range []struct{ asOf, id string }{{"2011-12-10", "aa"}, {"2011-12-03", "bb"}} {
		b := bundle(t, customers, 1, "recency", 0)
		b.Manifest.ModelID, b.Manifest.Segments[0].ID = strings.Repeat(c.id, 32), "seg-"+c.id
		p := publication(t, c.id, c.asOf, b.Manifest.ModelID, 1, "a")
		p.Model = b
		if _, err := publish(t, dataset, p); err != nil {
			t.Fatal(err)
		}
	}
	got := warehousetest.Query(t, "SELECT `"+dataset+".nearest_current`(1), `"+dataset+".nearest_aaaaaaaaaaaa`(1), `"+dataset+".nearest_bbbbbbbbbbbb`(1)")
	if want := "[[seg-aa seg-aa seg-bb]]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
}
