package recommend

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/demo"
	"github.com/clientele/clientele/pkg/table"
	demotask "github.com/clientele/clientele/tasks/demo"
	"github.com/clientele/clientele/tasks/ingest"
	"github.com/clientele/clientele/tasks/preprocess"
)

// parse runs the flags through a program's declaration of them.
func parse[C any](t *testing.T, flags []cli.Flag, read func(*cli.Context) C, args ...string) (c C) {
	t.Helper()
	app := &cli.App{Flags: flags, Action: func(ctx *cli.Context) error { c = read(ctx); return nil }}
	if err := app.Run(append([]string{"test"}, args...)); err != nil {
		t.Fatal(err)
	}
	return c
}

// The pairs that were planted in the demo shop are what goes first with their first code.
func TestPlantedPairsAreFirst(t *testing.T) {
	folder := t.TempDir()
	dc := parse(t, demotask.Flags(), demotask.NewConfig, "--out-dir="+folder, "--seed=11", "--customers=500")
	if _, err := demotask.Run(t.Context(), dc, deps(t)); err != nil {
		t.Fatal(err)
	}
	c := config(t)
	c.AsOf = "2025-12-02"
	common := []string{"--root=" + c.Root, "--pipeline=" + c.Pipeline, "--run-id=" + c.RunID, "--as-of=" + c.AsOf}
	ic := parse(t, ingest.Flags(), ingest.NewConfig, append(common, "--source="+filepath.Join(folder, "lines.csv"))...)
	if _, err := ingest.Run(t.Context(), ic, deps(t)); err != nil {
		t.Fatal(err)
	}
	pc := parse(t, preprocess.Flags(), preprocess.NewConfig, append(common, "--window=all")...)
	if _, err := preprocess.Run(t.Context(), pc, deps(t)); err != nil {
		t.Fatal(err)
	}
	h := home(t, c)
	m, err := h.Current(t.Context(), c.Run(), contract.Preprocess)
	if err != nil {
		t.Fatal(err)
	}
	customers, err := h.ReadTable(t.Context(), m, contract.Customers, table.Options{})
	if err != nil {
		t.Fatal(err)
	}
	scored(t, c, customers.Strings("customer"))

	r := mustRun(t, c)
	if r.Listed != int64(customers.Rows()) {
		t.Errorf("%d of %d customers have a list", r.Listed, customers.Rows())
	}
	text, err := os.ReadFile(filepath.Join(folder, "truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	var truth demo.Truth
	if err := json.Unmarshal(text, &truth); err != nil {
		t.Fatal(err)
	}
	first := map[string]string{}
	f := made(t, c, contract.Pairs)
	for i, code := range f.Strings("code") {
		if f.Ints("rank")[i] == 1 {
			first[code] = f.Strings("with")[i]
		}
	}
	for _, pair := range truth.Pairs {
		if first[pair[0]] != pair[1] {
			t.Errorf("%s goes first with %s, planted was %s", pair[0], first[pair[0]], pair[1])
		}
	}
	if len(truth.Pairs) == 0 {
		t.Error("nothing was planted")
	}
}
