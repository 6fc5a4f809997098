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
	"key of publish":    "92044a7f5938",
	"key of recommend":  "195f83487c14",
	"key of explore":    "ddf695fde689",
	"key of audience":   "2b00a9ec8f47",
	"fit_id":            "16cc64c2a6adb82526666357da53788a54848a8889f1443c41b9d8b5ea008a0f",
	"hash of customers": "482e9000e8c3630ca15a14f4433a0d461d55cbc5e0d44ca66f27bba59df4e11c",
	"key of drift":      "372d80c3808e",
	"key of evaluate":   "ae913dd68478",
	"key of ingest":     "c4fc128cc2f4",
	"key of measure":    "7ec2e74c4f18",
	"key of predict":    "f20187701c18",
	"key of preprocess": "82ab8b1e4dfe",
	"key of promote":    "4bb407a91a08",
	"key of report":     "bc764da256a0",
	"key of score":      "6b09412983e2",
	"key of train":      "7bd44cf6a5be",
	"model_id":          "83e0fe17879e6c879bea505ae37a6ae180554967fa561ad45b74f3b865383894",
	"snapshot":          "736bfeead1c9a705c60a45843bb30198ef054f38582056a4f8e3f940d8f98413",
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
