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
	"key of publish":    "9145257ce4c5",
	"key of recommend":  "eb8488517f4b",
	"key of explore":    "24a0f9674e32",
	"key of audience":   "a78fb7828459",
	"fit_id":            "cc44222ad4b76d58228438fbcec8155024c4db5b43f6b019fadbe98dec17c545",
	"hash of customers": "482e9000e8c3630ca15a14f4433a0d461d55cbc5e0d44ca66f27bba59df4e11c",
	"key of drift":      "372d80c3808e",
	"key of evaluate":   "ae913dd68478",
	"key of ingest":     "c4fc128cc2f4",
	"key of measure":    "07bd1efdc348",
	"key of predict":    "9604f14b268b",
	"key of preprocess": "82ab8b1e4dfe",
	"key of promote":    "4bb407a91a08",
	"key of report":     "f84e4bfd0f35",
	"key of score":      "69267c4c344b",
	"key of train":      "7bd44cf6a5be",
	"model_id":          "34473a80cd4e003c50551c36a526a21c208a0be5c8b48d22af7f19847c99da04",
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
