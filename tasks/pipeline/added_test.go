package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

// countryTable, countries and countriesTask are a step as a change would add it: its entry, and its folder.
var countryTable = frame.Schema{Name: "countries", Version: 1, Meaning: "How many customers a country has. One row per country.", Columns: []frame.Spec{
	{Name: "country", Kind: frame.Text, Nullable: true, Meaning: "Country of the customer."},
	{Name: "customers", Kind: frame.Int, Unit: "customers", Meaning: "Customers whose country it is."},
}}

var countries = contract.Step{
	Name: "countries", Does: "count customers by country", Reads: []string{contract.Preprocess}, Writes: []frame.Schema{countryTable},
	Exits:  []contract.Exit{{Code: 66, When: "no customers"}},
	Params: []string{"smallest-country"},
	Pod:    contract.Pod{Minutes: 20, CPU: "500m", Memory: "1Gi", Disk: "1Gi"},
}

type countriesConfig struct {
	task.Common
	Smallest int
}

func (c countriesConfig) Validate() error {
	var p task.Problems
	c.Check(&p)
	if c.Smallest < 1 {
		p.Add("smallest-country", "want a number of customers, 1 or more", c.Smallest)
	}
	return p.Err()
}

type countriesResult struct {
	Countries int `json:"countries"`
}

var countriesTask = task.Task[countriesConfig, countriesResult]{
	Name: countries.Name, Usage: countries.Does,
	Flags: func() []cli.Flag {
		return append(task.CommonFlags(), task.Int("smallest-country", 1, "leave out countries with fewer customers than this `NUMBER`"))
	},
	Config: func(c *cli.Context) countriesConfig {
		return countriesConfig{task.NewCommon(c), c.Int("smallest-country")}
	},
	Says: func(r countriesResult) string { return fmt.Sprintf("%d countries", r.Countries) },
	Run: func(ctx context.Context, c countriesConfig, d task.Deps) (countriesResult, error) {
		opts := table.Options{Scratch: d.Scratch}
		var home *run.Home
		var upstream *run.Manifest
		return work.Do(ctx, c.Common, d, work.Job[countriesResult]{
			Begin: func(ctx context.Context, h *run.Home) (_ *run.Session, err error) {
				home = h
				if upstream, err = h.Current(ctx, c.ReadRun(), contract.Preprocess); err != nil {
					return nil, err
				}
				return h.Begin(ctx, c.Run(), countries.Name, contract.Inputs{
					Refs: map[string]string{"preprocess": upstream.Key}, Params: map[string]any{"smallest": c.Smallest}, Code: d.Code,
				})
			},
			Make: func(ctx context.Context, s *run.Session) (*run.Manifest, error) {
				customers, err := home.ReadTable(ctx, upstream, contract.Customers, opts)
				if err != nil {
					return nil, err
				}
				counts := map[string]int64{}
				for _, country := range customers.Strings("country") {
					counts[country]++
				}
				var names []string
				for name, n := range counts {
					if n >= int64(c.Smallest) {
						names = append(names, name)
					}
				}
				slices.Sort(names)
				f := frame.New(countryTable.Columns, len(names))
				for i, name := range names {
					f.Strings("country")[i], f.Ints("customers")[i] = name, counts[name]
				}
				return commitFrame(ctx, s, f, countriesResult{len(names)}, opts)
			},
		})
	},
}

func commitFrame(ctx context.Context, s *run.Session, f *frame.Frame, r countriesResult, opts table.Options) (*run.Manifest, error) {
	if err := s.PutFrame(ctx, countryTable, f, opts); err != nil {
		return nil, err
	}
	return s.Commit(ctx, r)
}

// added is the file by which dags/tests/test_added_step.py sees the same step.
const added = "../../dags/tests/added_step.json"

// A step is one entry: the pipeline, contract.json and the docs follow from it, and so do the DAGs, which is a test of theirs.
func TestAStepIsOneEntry(t *testing.T) {
	all := slices.Insert(slices.Clone(steps), len(steps)-1, step{countries, countriesTask}) // before the report

	t.Run("pipeline", func(t *testing.T) {
		if _, err := parsed(t, all, "--smallest-country=0"); err == nil || !strings.Contains(err.Error(), "--smallest-country: want a number") {
			t.Errorf("its flag is not validated: %v", err)
		}
		cfg, err := parsed(t, all, "--smallest-country=2")
		if err != nil {
			t.Fatal(err)
		}
		var log strings.Builder
		d := task.Deps{Log: slog.New(slog.NewTextHandler(&log, nil)), Progress: task.Silent{}, Scratch: t.TempDir(), Code: "test"}
		result, err := Run(t.Context(), cfg, d)
		if err != nil {
			t.Fatal(err)
		}
		if r, ok := result.Steps[countries.Name].(countriesResult); !ok || r.Countries == 0 || !result.New {
			t.Errorf("its result is %+v", result.Steps[countries.Name])
		}
		if !strings.Contains(log.String(), "step=countries") || !strings.Contains(log.String(), "countries\"") {
			t.Errorf("it wrote no closing record:\n%s", log.String())
		}
		again, err := Run(t.Context(), cfg, d)
		if err != nil || again.New {
			t.Errorf("done again: new %v, %v", again.New, err)
		}
	})
	t.Run("run id", func(t *testing.T) {
		one, two := configured(t, all), configured(t, all, "--smallest-country=3")
		if one.Common.RunID != local || two.Common.RunID == local {
			t.Errorf("its flag does not count for the run id: %s, %s", one.Common.RunID, two.Common.RunID)
		}
	})
	t.Run("contract", func(t *testing.T) {
		c := description(all)
		entry := asJSON(map[string]any{"step": c.Steps[len(c.Steps)-2], "task": c.Tasks[len(all)-2]})
		if *update {
			if err := os.WriteFile(added, []byte(entry), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		now, err := os.ReadFile(added)
		if err != nil || string(now) != entry {
			t.Errorf("%s is not current (-have +want): %v\n%s", added, err, cmp.Diff(string(now), entry))
		}
	})
	t.Run("docs", func(t *testing.T) {
		for what, page := range map[string]string{
			"| `countries` | count customers by country | preprocess | countries | 66 no customers |":         stepsTable(all),
			"\n## countries\n\nHow many customers a country has. One row per country. Written by `countries`": tablesPage(all),
			"| `customers` | int | customers |  | Customers whose country it is. |":                           tablesPage(all),
		} {
			if !strings.Contains(page, what) {
				t.Errorf("no %q in\n%s", what, page)
			}
		}
	})
}

// Without its program an entry is a mistake that no run must find.
func TestAnEntryNeedsItsProgram(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("an entry without a program was accepted")
		}
	}()
	join([]contract.Step{countries})
}

func configured(t *testing.T, steps []step, args ...string) (cfg Config) {
	t.Helper()
	app := &cli.App{Flags: flagsOf(steps), Action: func(c *cli.Context) error { cfg = configOf(steps, c); return nil }}
	source, err := filepath.Abs("../testdata/identity.csv")
	if err != nil {
		t.Fatal(err)
	}
	args = append([]string{"pipeline", "--root=file://" + t.TempDir(), "--source=" + source, "--as-of=2011-12-10"}, args...)
	if err := app.Run(args); err != nil {
		t.Fatal(err)
	}
	return cfg
}

func parsed(t *testing.T, steps []step, args ...string) (Config, error) {
	t.Helper()
	cfg := configured(t, steps, args...)
	return cfg, errors.Join(cfg.Validate())
}
