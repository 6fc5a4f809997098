package pipeline_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/demo"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
	"github.com/clientele/clientele/tasks/pipeline"
)

// shop writes a demo shop of 300 customers and returns its folder.
func shop(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	s, err := demo.New(demo.Options{Seed: 1, Customers: 300, From: 20_000, Days: 396})
	if err != nil {
		t.Fatal(err)
	}
	var lines, truth bytes.Buffer
	planted, err := s.WriteLines(context.Background(), &lines)
	if err != nil {
		t.Fatal(err)
	}
	if err := planted.Write(&truth); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"lines.csv": lines.Bytes(), "truth.json": truth.Bytes()} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func config(t testing.TB, args ...string) (c pipeline.Config) {
	t.Helper()
	app := &cli.App{Flags: pipeline.Flags(), Action: func(ctx *cli.Context) error { c = pipeline.NewConfig(ctx); return nil }}
	if err := app.Run(append([]string{"pipeline"}, args...)); err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	return c
}

func deps(t testing.TB, log io.Writer) task.Deps {
	t.Helper()
	return task.Deps{Log: slog.New(slog.NewTextHandler(log, nil)), Progress: task.Silent{}, Scratch: t.TempDir(), Code: "test"}
}

func TestPractice(t *testing.T) {
	dir, ctx := shop(t), context.Background()
	source, root := "--source="+filepath.Join(dir, "lines.csv"), "--root=mem://practice"
	c := config(t, source, root, "--as-of=2025-11-03", "--truth="+filepath.Join(dir, "truth.json")) // 20,000 + 396 days
	r, err := pipeline.Run(ctx, c, deps(t, io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	home, err := work.Open(ctx, c.Common, deps(t, io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = home.Close() }()
	m, err := home.Current(ctx, c.Common.Run(), contract.Score)
	if err != nil {
		t.Fatal(err)
	}
	assignments, err := home.ReadTable(ctx, m, contract.Assignments, table.Options{})
	if err != nil {
		t.Fatal(err)
	}
	kinds := kindsIn(t, filepath.Join(dir, "truth.json"))
	var planted []string
	for _, c := range assignments.Strings("customer") {
		planted = append(planted, kinds[c])
	}
	want := pairwise(assignments.Strings("segment"), planted)
	p := r.Practice
	if p == nil || p.ARI == nil || math.Abs(*p.ARI-want) > 1e-12 || p.Customers != int64(len(planted)) || p.Kinds != 7 {
		t.Fatalf("practice %+v, want %.6f over %d customers of 7 kinds", p, want, len(planted))
	}
	// Kinds overlap on purpose: found far better than by chance, far from the same groups.
	if want < 0.2 || want > 0.7 {
		t.Errorf("adjusted Rand index %.3f is not that of an honest shop", want)
	}
	var said bytes.Buffer
	if err := pipeline.Print(&said, r); err != nil || !strings.Contains(said.String(), "adjusted Rand index 0.") ||
		!strings.Contains(said.String(), "adjusted mutual information 0.") || !strings.Contains(said.String(), "variation of information ") {
		t.Errorf("printed %q, %v", said.String(), err)
	}
	// --truth changes nothing of the run.
	again, err := pipeline.Run(ctx, config(t, source, root, "--as-of=2025-11-03"), deps(t, io.Discard))
	if err != nil || again.New || again.Practice != nil || again.Run != r.Run {
		t.Errorf("without --truth: %+v, %v; want the same run, nothing new, no practice", again, err)
	}
}

// kindsIn reads the planted kinds by the plainest means.
func kindsIn(t testing.TB, path string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var truth struct {
		Kinds map[string]string `json:"customer_kinds"`
	}
	if err := json.Unmarshal(text, &truth); err != nil || len(truth.Kinds) != 300 {
		t.Fatalf("%d kinds, %v", len(truth.Kinds), err)
	}
	return truth.Kinds
}

// pairwise is the adjusted Rand index by its definition over all pairs.
func pairwise(a, b []string) float64 {
	var both, inA, inB, all float64
	for i := range a {
		for j := range i {
			all++
			if a[i] == a[j] {
				inA++
			}
			if b[i] == b[j] {
				inB++
			}
			if a[i] == a[j] && b[i] == b[j] {
				both++
			}
		}
	}
	chance := inA * inB / all
	return (both - chance) / ((inA+inB)/2 - chance)
}

// A truth that is not there or is none ends the run with its code; one of another shop says so.
func TestPracticeWithoutTruth(t *testing.T) {
	dir, ctx := shop(t), context.Background()
	run := func(root, truth string, log io.Writer) (contract.PipelineResult, error) {
		return pipeline.Run(ctx, config(t, "--source="+filepath.Join(dir, "lines.csv"), "--root=mem://"+root, "--truth="+truth), deps(t, log))
	}
	r, err := run("practice-missing", filepath.Join(dir, "no.json"), io.Discard)
	if fault.CodeOf(err) != fault.ExitMissing || len(r.Steps) != 0 {
		t.Errorf("a truth that is not there: %v after %d steps", err, len(r.Steps))
	}
	if _, err := run("practice-lines", filepath.Join(dir, "lines.csv"), io.Discard); fault.CodeOf(err) != fault.ExitBadData {
		t.Errorf("a truth that is none: %v", err)
	}
	other := filepath.Join(dir, "other.json")
	if err := os.WriteFile(other, []byte(`{"customer_kinds": {"somebody": "else"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	r, err = run("practice-other", other, &log)
	if err != nil || r.Practice == nil || r.Practice.ARI != nil || r.Practice.Customers != 0 || !strings.Contains(log.String(), "no customer of the scores is in the truth") {
		t.Errorf("the truth of another shop: %+v, %v, log %s", r.Practice, err, log.String())
	}
}
