package demo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/tasks/demo"
)

func config(t *testing.T) demo.Config {
	t.Helper()
	return demo.Config{OutDir: filepath.Join(t.TempDir(), "new", "shop"), Seed: "1", Customers: 30, From: "2024-11-01", Days: 60, Dirty: 0.004}
}

func TestFilesAgreeWithResult(t *testing.T) {
	c := config(t)
	r, err := demo.Run(context.Background(), c, task.Deps{Progress: task.Silent{}})
	if err != nil {
		t.Fatal(err)
	}
	lines, err := os.ReadFile(r.LinesFile)
	if err != nil {
		t.Fatal(err)
	}
	if got := bytes.Count(lines, []byte("\n")) - 1; got != r.Records || r.Lines == 0 || r.Lines > r.Records {
		t.Errorf("%d records in the file; result says %d, %d of them good", got, r.Records, r.Lines)
	}
	text, err := os.ReadFile(r.TruthFile)
	if err != nil {
		t.Fatal(err)
	}
	var truth struct {
		Records int               `json:"records"`
		Kinds   map[string]string `json:"customer_kinds"`
	}
	if err := json.Unmarshal(text, &truth); err != nil {
		t.Fatal(err)
	}
	if truth.Records != r.Records || len(truth.Kinds) != c.Customers {
		t.Errorf("truth: %d records, %d customers; want %d and %d", truth.Records, len(truth.Kinds), r.Records, c.Customers)
	}
}

func TestStoppedLeavesNothing(t *testing.T) {
	c := config(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := demo.Run(ctx, c, task.Deps{Progress: task.Silent{}}); !errors.Is(err, context.Canceled) {
		t.Errorf("Run after cancel: %v", err)
	}
	left, err := os.ReadDir(c.OutDir)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v; want an empty folder", left, err)
	}
}

// A run that ends between the two files, by whatever, leaves no truth about other lines; the next one tidies up.
func TestTruthIsAboutTheLinesBesideIt(t *testing.T) {
	c := config(t)
	r, err := demo.Run(context.Background(), c, task.Deps{Progress: task.Silent{}})
	if err != nil {
		t.Fatal(err)
	}
	// lines.csv cannot be replaced, as if the run were killed there.
	if err := errors.Join(os.Remove(r.LinesFile), os.MkdirAll(filepath.Join(r.LinesFile, "x"), 0o700)); err != nil {
		t.Fatal(err)
	}
	if _, err := demo.Run(context.Background(), c, task.Deps{Progress: task.Silent{}}); err == nil {
		t.Error("a folder was replaced by lines.csv")
	}
	if diff := cmp.Diff([]string{"lines.csv"}, names(t, c.OutDir)); diff != "" {
		t.Error(diff)
	}
	left := filepath.Join(c.OutDir, ".demo-123")
	if err := errors.Join(os.RemoveAll(r.LinesFile), os.WriteFile(left, nil, 0o600), os.WriteFile(filepath.Join(c.OutDir, "mine"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := demo.Run(context.Background(), c, task.Deps{Progress: task.Silent{}}); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"lines.csv", "mine", "truth.json"}, names(t, c.OutDir)); diff != "" {
		t.Error(diff)
	}
}

// names returns what is in a folder.
func names(t *testing.T, folder string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestFolderThatCannotBe(t *testing.T) {
	c := config(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c.OutDir = filepath.Join(file, "shop")
	_, err := demo.Run(context.Background(), c, task.Deps{Progress: task.Silent{}})
	if fault.CodeOf(err) != fault.ExitConfig {
		t.Errorf("Run = %v (code %d), want code %d", err, fault.CodeOf(err), fault.ExitConfig)
	}
}

func TestValidate(t *testing.T) {
	if err := config(t).Validate(); err != nil {
		t.Fatalf("the valid configuration: %v", err)
	}
	for problem, change := range map[string]func(*demo.Config){
		`--out-dir: needs a value (got " ")`:                                func(c *demo.Config) { c.OutDir = " " },
		`--seed: want a whole number, 0 or more (got "-1")`:                 func(c *demo.Config) { c.Seed = "-1" },
		`--customers: want 30 to 20000000 (got 29)`:                         func(c *demo.Config) { c.Customers = 29 },
		`--from: want a calendar day written YYYY-MM-DD (got "2024-02-30")`: func(c *demo.Config) { c.From = "2024-02-30" },
		`--days: want 60 to 3660 (got 59)`:                                  func(c *demo.Config) { c.Days = 59 },
		`--dirty: want 0 or a share from 0.000001 to 0.5 (got 0.6)`:         func(c *demo.Config) { c.Dirty = 0.6 },
		`--dirty: want 0 or a share from 0.000001 to 0.5 (got 1e-09)`:       func(c *demo.Config) { c.Dirty = 1e-9 },
		`--dirty: want 0 or a share from 0.000001 to 0.5 (got -1)`:          func(c *demo.Config) { c.Dirty = -1 },
		`--dirty: want 0 or a share from 0.000001 to 0.5 (got NaN)`:         func(c *demo.Config) { c.Dirty = math.NaN() },
		`--fault: no fault "fire": there are price_x100, lost_country, doubled_lines, shifted_clock, dead_till (got "fire@2024-11-05")`: func(c *demo.Config) { c.Fault = "fire@2024-11-05" },
		`--campaign: campaign "2": want EFFECT[:SHARE]@FIRST..LAST with an effect above 0 to 10 and a share above 0 to 1 (got "2")`:     func(c *demo.Config) { c.Campaign = "2" },
		"fault dead_till@2024-10-31: want days from 2024-11-01 to 2024-12-30\ncampaign 0.1:0.5@2024-12-31: want days from 2024-11-01 to 2024-12-30": func(c *demo.Config) {
			c.Fault, c.Campaign = "dead_till@2024-10-31", "0.1@2024-12-31"
		},
		"--customers: want 30 to 20000000 (got 0)\n--days: want 60 to 3660 (got 0)": func(c *demo.Config) { c.Customers, c.Days = 0, 0 },
	} {
		c := config(t)
		change(&c)
		err := c.Validate()
		if err == nil || err.Error() != problem || fault.CodeOf(err) != fault.ExitUsage {
			t.Errorf("Validate() = %v, want %q", err, problem)
		}
	}
}

func TestFlags(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range task.Describe(demo.Task.AllFlags()) {
		if seen[f.Name] || f.Usage == "" || f.Env != "CLIENTELE_"+strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_")) {
			t.Errorf("flag %+v: want it once, documented, with its variable", f)
		}
		seen[f.Name] = true
	}
}

// make demo writes beside the shop of make run, which stays what it was made as.
func TestMakeDemoLeavesTheShopOfMakeRun(t *testing.T) {
	cmd := exec.Command("make", "--dry-run", "--always-make", "OUT=", "demo")
	cmd.Dir = filepath.Join("..", "..")
	text, err := cmd.CombinedOutput()
	_, folder, ok := strings.Cut(string(text), "--out-dir='")
	if folder, _, _ = strings.Cut(folder, "'"); err != nil || !ok {
		t.Fatalf("make demo: %v\n%s", err, text)
	}
	run, err := os.ReadFile(filepath.Join("..", "..", "tools", "run.sh"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(run, []byte("root=${root:-.clientele/demo}")) || strings.HasPrefix(folder, ".clientele/demo/") {
		t.Errorf("make demo writes to %s, make run below .clientele/demo", folder)
	}
}
