package tasks_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
	"github.com/clientele/clientele/tasks/pipeline"
)

// pinned are the identities of testdata/identity.csv.
var pinned = map[string]string{
	"fit_id":            "1f95a875371480d1f824d42e4bb900ea67e703363da7bff95d39ed40ae910510",
	"hash of customers": "87d3518e963fe76348080d03cd5ef3719698ecab33a16dafdf312aa1ea4711cf",
	"key of drift":      "e692afc9a65b",
	"key of evaluate":   "966eec4a90b6",
	"key of ingest":     "1dd21ce9188f",
	"key of preprocess": "7e57f096be96",
	"key of promote":    "968d034e93c4",
	"key of report":     "20fb7b2b419e",
	"key of score":      "16381ad0bce5",
	"key of train":      "ad10ce12a115",
	"model_id":          "2a7a1bbc9133ed5d64bbbff0afd81180fc0afbdd42356c105c07db5f05c49853",
	"snapshot":          "627388fb4459523718fb71c9254f2de44603eb2c008d4e6200224b4bcffb4b2a",
}

// TestIdentities pins what names things: the hash of a table's content, the key of every step, the fit and the model that
// testdata/identity.csv gives. Each is a hash over an encoding, so a change here renames every model and every run that a
// user has. Where that is meant, raise the version of what changed, leave a changelog entry, and pin the new value.
//
// The values are this program's own, taken once; that they are right is shown by the tests of the numbers.
func TestIdentities(t *testing.T) {
	var c pipeline.Config
	app := &cli.App{Flags: pipeline.Flags(), Action: func(ctx *cli.Context) error {
		c = pipeline.NewConfig(ctx)
		return c.Validate()
	}}
	if err := app.Run([]string{
		"pipeline", "--source=testdata/identity.csv", "--source-name=shop", "--root=file://" + t.TempDir(), "--pipeline=identity", "--run-id=pin",
		"--as-of=2011-12-10", "--zone=Europe/London", "--currency=GBP",
	}); err != nil {
		t.Fatal(err)
	}
	d := task.Deps{Log: slog.New(slog.DiscardHandler), Progress: task.Silent{}, Scratch: t.TempDir(), Code: "pinned"}
	result, err := pipeline.Run(context.Background(), c, d)
	if err != nil {
		t.Fatal(err)
	}

	home, err := work.Open(context.Background(), c.Common, d)
	if err != nil {
		t.Fatal(err)
	}
	defer home.Close()
	got := map[string]string{}
	for _, step := range contract.Steps {
		m, err := home.Current(context.Background(), c.Common.Run(), step.Name)
		if err != nil {
			t.Fatal(err)
		}
		got["key of "+step.Name] = m.Key
		if step.Name == contract.Preprocess {
			customers, err := home.ReadTable(context.Background(), m, contract.Customers, tableOptions(t))
			if err != nil {
				t.Fatal(err)
			}
			got["hash of customers"] = customers.Hash()
		}
	}
	train := result.Steps[contract.Train].(contract.TrainResult)
	got["fit_id"], got["model_id"] = train.FitID, train.ModelID
	got["snapshot"] = result.Steps[contract.Ingest].(contract.IngestResult).Snapshot

	if diff := cmp.Diff(pinned, got); diff != "" {
		t.Errorf("identities (-pinned +now):\n%s", diff)
	}
}
