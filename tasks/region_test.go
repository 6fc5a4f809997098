package tasks_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/tasks/pipeline"
)

// TestRegionFromTheDelivery: a column that is named as the region is on the page and in explore's result, and changes nothing of the model:
// the fit is that of the delivery without it.
func TestRegionFromTheDelivery(t *testing.T) {
	text, err := os.ReadFile("testdata/identity.csv")
	if err != nil {
		t.Fatal(err)
	}
	var with strings.Builder
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		line = strings.TrimRight(line, "\r")
		customer := strings.Split(line, ",")[6]
		region := "North"
		if customer != "" && customer[len(customer)-1]%2 == 0 {
			region = "South"
		}
		if i == 0 {
			region = "County"
		}
		with.WriteString(line + "," + region + "\n")
	}
	source := filepath.Join(t.TempDir(), "shop.csv")
	if err := os.WriteFile(source, []byte(with.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	var c pipeline.Config
	app := &cli.App{Flags: pipeline.Flags(), Action: func(ctx *cli.Context) error {
		c = pipeline.NewConfig(ctx)
		return c.Validate()
	}}
	root := t.TempDir()
	if err := app.Run([]string{
		"pipeline", "--source=" + source, "--source-name=shop", "--root=file://" + root, "--pipeline=identity", "--run-id=pin",
		"--as-of=2011-12-10", "--zone=Europe/London", "--currency=GBP", "--columns=region=County",
	}); err != nil {
		t.Fatal(err)
	}
	d := task.Deps{Log: slog.New(slog.DiscardHandler), Progress: task.Silent{}, Scratch: t.TempDir(), Code: "pinned"}
	result, err := pipeline.Run(context.Background(), c, d)
	if err != nil {
		t.Fatal(err)
	}
	if fit := result.Steps[contract.Train].(contract.TrainResult).FitID; fit != pinned["fit_id"] {
		t.Errorf("fit_id %s, want that without regions", fit)
	}
	explored := result.Steps[contract.Explore].(contract.ExploreResult)
	var apart money.Amount
	for _, g := range explored.Regions {
		apart += g.Revenue
	}
	for _, g := range explored.ByRegion {
		apart -= g.Revenue
	}
	if len(explored.ByRegion) != 2 || apart != 0 {
		t.Errorf("regions %+v, which differ from countries by %v", explored.ByRegion, apart)
	}
	page, err := os.ReadFile(strings.TrimPrefix(result.Report, "file://"))
	if err != nil || !strings.Contains(string(page), "Regions of the delivery") || !strings.Contains(string(page), "South") {
		t.Errorf("the page does not show the regions: %v", err)
	}
}
