package score

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/model/modeltest"
	"github.com/clientele/clientele/pkg/table"
)

// TestOwnGrid: a file gives thresholds and names, and both tables have them; without it everything is as before.
func TestOwnGrid(t *testing.T) {
	customers, file := modeltest.Customers(300, 1), filepath.Join(t.TempDir(), "grid.toml")
	c := config("file://"+t.TempDir(), "first", "2011-12-10")
	h := home(t, c)
	promote(t, c, modeltest.Bundle(t, customers, 4, 1))
	usual := score(t, c, customers)
	before, err := h.Current(t.Context(), c.Run(), contract.Score)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(`version = 1
recency = [7, 30, 90, 365]

[[segment]]
name = "Here"
recency = [4, 5]

[[segment]]
name = "Gone"
recency = [1, 3]
`), 0o600); err != nil {
		t.Fatal(err)
	}
	c.Grid = file
	if r := mustRun(t, c); !slices.EqualFunc(r.Segments, usual.Segments, func(a, b contract.SegmentResult) bool { return a.ID == b.ID && a.Customers == b.Customers }) {
		t.Errorf("segments %+v, want %+v", r.Segments, usual.Segments)
	}
	after, err := h.Current(t.Context(), c.Run(), contract.Score)
	if err != nil || after.Key == before.Key {
		t.Fatalf("the key stays %s: %v", after.Key, err)
	}
	rows, err := h.ReadTable(t.Context(), after, contract.Assignments, table.Options{})
	if err != nil {
		t.Fatal(err)
	}
	here := int64(0)
	for i, days := range customers.Ints("recency") { // both in order of customers
		want := "Gone"
		if days <= 30 {
			want = "Here"
			here++
		}
		if got := rows.Strings("rfm_name")[i]; got != want {
			t.Errorf("%s, %d days: %s, want %s", rows.Strings("customer")[i], days, got, want)
		}
	}
	grid, err := h.ReadTable(t.Context(), after, contract.SegmentGrid, table.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range grid.Strings("rfm_name") {
		if name == "Here" {
			here -= grid.Ints("customers")[i]
		}
	}
	if here != 0 {
		t.Errorf("the cross table lacks %d customers of Here", here)
	}
}

// TestGridFiles: what is wrong with a file is said with its name, and stops the step with 78.
func TestGridFiles(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"no version":   {"recency = [1, 2, 3, 4]", "version = 1"},
		"unknown key":  {"version = 1\nrecencies = [1, 2, 3, 4]", "unknown key recencies"},
		"no TOML":      {"version = 1\nrecency = [1,", "line 2"},
		"another kind": {"version = 1\nrecency = \"soon\"", "recency"},
		"a cell is missing": {"version = 1\n[[segment]]\nname = \"A\"\nrecency = [2, 5]\n[[segment]]\nname = \"B\"\nrecency = [1, 1]\nfrequency = [2, 5]",
			"no segment has the cell recency 1, frequency 1, monetary 5"},
		"a cell is there twice": {"version = 1\n[[segment]]\nname = \"A\"\n[[segment]]\nname = \"B\"\nrecency = [3]\nfrequency = [2]\nmonetary = [1]",
			"segments 1 (A) and 2 (B) both have the cell recency 3, frequency 2, monetary 1"},
	} {
		file := filepath.Join(t.TempDir(), "grid.toml")
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		conf := config("file://"+t.TempDir(), "first", "2011-12-10")
		conf.Grid = file
		customers := modeltest.Customers(60, 1)
		promote(t, conf, modeltest.Bundle(t, customers, 2, 1))
		modeltest.Preprocess(t, home(t, conf), conf.Run(), customers)
		_, err := Run(context.Background(), conf, deps(t))
		if fault.CodeOf(err) != fault.ExitConfig || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "grid.toml") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
