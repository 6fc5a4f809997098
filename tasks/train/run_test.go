package train

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/cluster"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/model/modeltest"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/registry"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

func config(root, run string) Config {
	return Config{
		Common: task.Common{Root: root, Name: "segments", Pipeline: "test", RunID: run, AsOf: "2011-12-10"},
		KMin:   2, KMax: 6, Starts: 4, Seed: 1, SmallestShare: cluster.DefaultFloor, MinCustomers: 1, Space: defaultSpace(),
	}
}

func deps(t testing.TB) task.Deps {
	return task.Deps{Log: slog.New(slog.DiscardHandler), Progress: task.Silent{}, Scratch: t.TempDir(), Code: "test"}
}

func home(t testing.TB, c Config) *run.Home {
	t.Helper()
	h, err := work.Open(context.Background(), c.Common, deps(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h
}

// train writes what train reads to the run and runs it.
func train(t testing.TB, c Config, customers *frame.Frame, act string) (contract.TrainResult, error) {
	t.Helper()
	h := home(t, c)
	modeltest.Preprocess(t, h, c.Run(), customers)
	modeltest.Drift(t, h, c.Run(), act)
	return Run(context.Background(), c, deps(t))
}

func must(t testing.TB, c Config, customers *frame.Frame, act string) contract.TrainResult {
	t.Helper()
	r, err := train(t, c, customers, act)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// promote makes a model HEAD, as promote does.
func promote(t testing.TB, c Config, r contract.TrainResult, next int64) {
	t.Helper()
	_, err := registry.New(home(t, c)).Move(context.Background(), registry.Move{Run: c.Run(), Key: r.ModelID},
		func(*registry.Revision) (*registry.Revision, error) {
			return &registry.Revision{ModelID: r.ModelID, FitID: r.FitID, Action: contract.ActionBootstrap, NextSegment: next}, nil
		})
	if err != nil {
		t.Fatal(err)
	}
}

func load(t testing.TB, c Config, id string) *model.Bundle {
	t.Helper()
	b, err := model.Load(context.Background(), home(t, c).Registry, id, table.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestSameFitAnywhere trains the same customers in another order, on one and two cores, in memory and in files, for another
// run and day: one fit, one model.
func TestSameFitAnywhere(t *testing.T) {
	customers := modeltest.Customers(600, 1)
	want := must(t, config("mem://"+t.Name(), "r1"), customers, contract.ActNone)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for i, root := range []string{"mem://" + t.Name() + "2", "file://" + t.TempDir()} {
		runtime.GOMAXPROCS(1 + i)
		c := config(root, fmt.Sprint("other", i))
		c.AsOf = "2011-12-17"
		order := rand.New(rand.NewPCG(uint64(i), 1)).Perm(customers.Rows())
		got := must(t, c, customers.Take(order), contract.ActNone)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-first +other):\n%s", root, diff)
		}
		if b := load(t, c, got.ModelID); b.Replay() != nil {
			t.Error(b.Replay())
		}
	}
}

func TestFirstModel(t *testing.T) {
	c, customers := config("mem://"+t.Name(), "r1"), modeltest.Customers(600, 1)
	r := must(t, c, customers, contract.ActNone)
	b := load(t, c, r.ModelID)
	if r.Parent != "" || b.Manifest.FitID != r.FitID || b.Model.K() != r.K || len(r.Sizes) != r.K {
		t.Errorf("result %+v", r)
	}
	// Ids count from 1 by descending revenue.
	a, err := b.Assign(customers)
	if err != nil {
		t.Fatal(err)
	}
	revenue := make([]int64, r.K)
	for i, at := range a.Nearest {
		revenue[at] += customers.Ints("monetary")[i]
	}
	ids := slices.Clone(r.Segments)
	slices.Sort(ids)
	for i, id := range ids {
		if id != model.SegmentID(int64(i+1)) {
			t.Errorf("ids %v, want seg-0001 …", ids)
		}
		if at := b.Manifest.Index(id); i > 0 && revenue[at] > revenue[b.Manifest.Index(ids[i-1])] {
			t.Errorf("%s has more revenue than %s", id, ids[i-1])
		}
	}
	if b.Manifest.Segments[0].Lineage != model.LineageNew || b.Model.Prepared["as_of"] != nil || b.Model.Prepared["window"] != "365" {
		t.Errorf("manifest %+v, prepared %v", b.Manifest, b.Model.Prepared)
	}
	if len(r.Sweep) != 5 || r.Sweep[0].K != 2 || r.Sweep[0].Silhouette == nil || r.Rule == "" {
		t.Errorf("sweep %+v, rule %q", r.Sweep, r.Rule)
	}
	m, err := home(t, c).Current(context.Background(), c.Run(), contract.Train)
	if err != nil {
		t.Fatal(err)
	}
	sweep, err := home(t, c).ReadTable(context.Background(), m, contract.Sweep, table.Options{})
	if err != nil {
		t.Fatal(err)
	}
	chosen := int64(0)
	for i, k := range sweep.Ints("k") {
		chosen += k * sweep.Ints("chosen")[i]
	}
	if chosen != int64(r.K) {
		t.Errorf("the sweep table chooses %d, the result %d", chosen, r.K)
	}
}

func TestRerunDoesNothing(t *testing.T) {
	c, customers := config("mem://"+t.Name(), "r1"), modeltest.Customers(200, 1)
	first := must(t, c, customers, contract.ActNone)
	// What the run itself promotes is no input of a rerun.
	promote(t, c, first, 10)
	path := contract.CurrentPath(c.Run(), contract.Train)
	before, err := home(t, c).Root.Stat(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	again := must(t, c, customers, contract.ActNone)
	after, err := home(t, c).Root.Stat(context.Background(), path)
	if err != nil || after != before {
		t.Errorf("current moved: %+v, then %+v, %v", before, after, err)
	}
	if diff := cmp.Diff(first, again); diff != "" {
		t.Error(diff)
	}
}

func TestRace(t *testing.T) {
	c, customers := config("file://"+t.TempDir(), "r1"), modeltest.Customers(150, 1)
	modeltest.Preprocess(t, home(t, c), c.Run(), customers)
	modeltest.Drift(t, home(t, c), c.Run(), contract.ActNone)
	var wg sync.WaitGroup
	results, errs := make([]contract.TrainResult, 3), make([]error, 3)
	for i := range results {
		d := deps(t)
		wg.Go(func() { results[i], errs[i] = Run(context.Background(), c, d) })
	}
	wg.Wait()
	for i := range results {
		if errs[i] != nil || cmp.Diff(results[0], results[i]) != "" {
			t.Errorf("copy %d: %v\n%s", i, errs[i], cmp.Diff(results[0], results[i]))
		}
	}
}

func TestHeadWithTheSameFitMintsNothing(t *testing.T) {
	c, customers := config("mem://"+t.Name(), "r1"), modeltest.Customers(300, 1)
	first := must(t, c, customers, contract.ActNone)
	promote(t, c, first, 20)
	next := c
	next.RunID, next.AsOf = "r2", "2011-12-17"
	again := must(t, next, customers, contract.ActNone)
	if again.ModelID != first.ModelID || again.Parent != first.ModelID || !slices.Equal(again.Segments, first.Segments) {
		t.Errorf("first %+v\nagain %+v", first, again)
	}
	if !strings.Contains(strings.Join(again.Findings, "\n"), "segments keep their IDs") {
		t.Errorf("findings %q", again.Findings)
	}
	// Other customers of the same four kinds: another fit, the same segments.
	next.RunID, next.AsOf = "r3", "2011-12-24"
	other := must(t, next, modeltest.Customers(301, 2), contract.ActNone)
	if ids := slices.Sorted(slices.Values(other.Segments)); other.Parent != first.ModelID || other.FitID == first.FitID ||
		!slices.Equal(ids, slices.Sorted(slices.Values(first.Segments))) {
		t.Errorf("parent %s, ids %v, want %s and those of before, %v", other.Parent, ids, first.ModelID, first.Segments)
	}
	if b := load(t, c, other.ModelID); b.Manifest.ParentFit != first.FitID {
		t.Errorf("parent fit %s, want %s", b.Manifest.ParentFit, first.FitID)
	}
}

// TestSegmentsGoOn: two segments more than HEAD's have new ids, counted on from HEAD's next number, and name their parents.
func TestSegmentsGoOn(t *testing.T) {
	c, customers := config("mem://"+t.Name(), "r1"), modeltest.Customers(300, 1)
	c.K = 4
	first := must(t, c, customers, contract.ActNone)
	promote(t, c, first, 20)
	more := c
	more.RunID, more.AsOf, more.K = "r2", "2011-12-17", 6
	r := must(t, more, customers, contract.ActNone)
	ids := slices.Sorted(slices.Values(r.Segments))
	if want := []string{"seg-0001", "seg-0002", "seg-0003", "seg-0004", "seg-0020", "seg-0021"}; !slices.Equal(ids, want) {
		t.Errorf("ids %v, want %v", ids, want)
	}
	for _, s := range load(t, c, r.ModelID).Manifest.Segments {
		if len(s.Parents) == 0 || s.ID >= "seg-0020" && s.Lineage != model.LineageSplit && s.Lineage != model.LineageEmerged {
			t.Errorf("segment %+v", s)
		}
	}
	fewer := c
	fewer.RunID, fewer.AsOf, fewer.K = "r3", "2011-12-17", 2
	two := must(t, fewer, customers, contract.ActNone)
	m := load(t, c, two.ModelID).Manifest
	if len(m.Gone) != 2 || len(m.Gone[0].Heirs) == 0 || m.Index(m.Gone[0].Heirs[0].ID) < 0 {
		t.Errorf("gone %+v of %v", m.Gone, two.Segments)
	}
}

// TestADamagedHeadGetsASuccessor: it cannot be compared with, and no id of before is given again.
func TestADamagedHeadGetsASuccessor(t *testing.T) {
	c, customers := config("mem://"+t.Name(), "r1"), modeltest.Customers(300, 1)
	first := must(t, c, customers, contract.ActNone)
	promote(t, c, first, 20)
	h := home(t, c)
	name := contract.BlobPath(load(t, c, first.ModelID).Manifest.Blobs.Golden.SHA256)
	text, attrs, err := h.Registry.Read(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	text = slices.Clone(text)
	text[len(text)/2] ^= 1
	if _, err := h.Registry.Swap(t.Context(), name, attrs.Generation, text); err != nil {
		t.Fatal(err)
	}
	next := c
	next.RunID, next.AsOf = "r2", "2011-12-17"
	r := must(t, next, modeltest.Customers(301, 2), contract.ActRefit)
	if slices.Min(r.Segments) != "seg-0020" || r.Parent != first.ModelID || !strings.Contains(strings.Join(r.Findings, "\n"), "cannot be read") {
		t.Errorf("%+v", r)
	}
}

func TestRefitKeepsSpaceAndK(t *testing.T) {
	c := config("mem://"+t.Name(), "r1")
	first := must(t, c, modeltest.Customers(400, 1), contract.ActNone)
	promote(t, c, first, 20)
	next := c
	next.RunID, next.AsOf, next.KMin, next.KMax = "r2", "2011-12-17", 7, 9
	r := must(t, next, modeltest.Customers(400, 2), contract.ActRefit)
	old, now := load(t, c, first.ModelID), load(t, c, r.ModelID)
	if diff := cmp.Diff(old.Model.Space, now.Model.Space); diff != "" || r.K != first.K || len(r.Sweep) != 1 {
		t.Errorf("k %d, sweep %d, space:\n%s", r.K, len(r.Sweep), diff)
	}
	if cmp.Equal(old.Model.Centroids, now.Model.Centroids) {
		t.Error("the centroids did not move")
	}
	if now.Model.Method != model.MethodRefit || old.Model.Method != model.MethodSweep {
		t.Errorf("methods %v, %v", old.Model.Method, now.Model.Method)
	}
}

func TestKAskedFor(t *testing.T) {
	for _, k := range []int{3, 8} {
		c := config(fmt.Sprintf("mem://%s%d", t.Name(), k), "r1")
		c.K = k
		r := must(t, c, modeltest.Customers(300, 1), contract.ActNone)
		if r.K != k || !strings.Contains(r.Rule, "requested") {
			t.Errorf("k %d, %q; want %d", r.K, r.Rule, k)
		}
	}
}

func TestBadCustomers(t *testing.T) {
	constant := modeltest.Customers(50, 1)
	for i := range constant.Ints("recency") {
		constant.Ints("recency")[i] = 7
	}
	twice := modeltest.Customers(50, 1).Take([]int{0, 1, 2, 3, 4, 5, 5})
	free := modeltest.Customers(50, 1)
	free.Ints("monetary")[3] = 0
	for want, customers := range map[string]*frame.Frame{
		"too few":           modeltest.Customers(3, 1),
		"0 customers":       modeltest.Customers(0, 1),
		"recency is const":  constant,
		"duplicate":         twice,
		"monetary is 0 in":  free,
		"2 distinct points": modeltest.Customers(2, 1).Take([]int{0, 0, 0, 1, 1, 1}),
	} {
		c := config("mem://"+t.Name()+strings.ReplaceAll(want, " ", "-"), "r1")
		if want == "2 distinct points" {
			c.KMin = 3
			for i := range customers.Strings("customer") {
				customers.Strings("customer")[i] = fmt.Sprint(i)
			}
		}
		_, err := train(t, c, customers, contract.ActNone)
		if fault.CodeOf(err) != fault.ExitBadData || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v (code %d)", want, err, fault.CodeOf(err))
		}
		if _, err := home(t, c).Current(context.Background(), c.Run(), contract.Train); fault.CodeOf(err) != fault.ExitMissing {
			t.Errorf("%s: a manifest is there: %v", want, err)
		}
	}
}

func TestFewDistinctCustomers(t *testing.T) {
	customers := modeltest.Customers(4, 1).Take([]int{0, 0, 1, 1, 2, 2, 3, 3})
	for i := range customers.Strings("customer") {
		customers.Strings("customer")[i] = fmt.Sprint(i)
	}
	r := must(t, config("mem://"+t.Name(), "r1"), customers, contract.ActNone)
	if len(r.Sweep) != 3 || !strings.Contains(strings.Join(r.Findings, "\n"), "only 4 distinct") {
		t.Errorf("sweep of %d, findings %q", len(r.Sweep), r.Findings)
	}
}

func TestMissingUpstream(t *testing.T) {
	c := config("mem://"+t.Name(), "r1")
	for _, step := range []string{contract.Preprocess, contract.Drift} {
		_, err := Run(context.Background(), c, deps(t))
		if fault.CodeOf(err) != fault.ExitMissing || !strings.Contains(err.Error(), step) {
			t.Errorf("without %s: %v", step, err)
		}
		modeltest.Preprocess(t, home(t, c), c.Run(), modeltest.Customers(50, 1))
	}
}

func TestStopped(t *testing.T) {
	c := config("mem://"+t.Name(), "r1")
	modeltest.Preprocess(t, home(t, c), c.Run(), modeltest.Customers(50, 1))
	modeltest.Drift(t, home(t, c), c.Run(), contract.ActNone)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Run(ctx, c, deps(t)); err == nil || fault.CodeOf(err) != 0 {
		t.Errorf("an ended context: %v, want the context's own error", err)
	}
}

func TestManifestFollowsTheBundle(t *testing.T) {
	ctx := context.Background()
	c := config("mem://"+t.Name(), "r1")
	r := must(t, c, modeltest.Customers(100, 1), contract.ActNone)
	text, _, err := home(t, c).Registry.Read(ctx, contract.ProvenancePath(r.ModelID))
	if err != nil || !strings.Contains(string(text), c.Run().String()) {
		t.Errorf("provenance %s, %v", text, err)
	}
	if _, err := home(t, c).Registry.Stat(ctx, contract.HeadPath("segments")); !errors.Is(err, objstore.ErrNotFound) {
		t.Errorf("HEAD: %v, want none", err)
	}
}

func TestValidate(t *testing.T) {
	if err := config("mem://x", "r").Validate(); err != nil {
		t.Fatal(err)
	}
	for flag, change := range map[string]func(*Config){
		"--k: ":            func(c *Config) { c.K = -1 },
		"--k-min: ":        func(c *Config) { c.KMin = 0 },
		"--k-max: ":        func(c *Config) { c.KMax = 1 },
		"--starts: ":       func(c *Config) { c.Starts = 0 },
		"--seed: ":         func(c *Config) { c.Seed = -1 },
		"--smallest-share": func(c *Config) { c.SmallestShare = math.NaN() },
		"not a numeric":    func(c *Config) { c.Space = "country" },
		"--space: ":        func(c *Config) { c.Space = "recency:sqrt" },
		"--root: ":         func(c *Config) { c.Root = "" },
	} {
		c := config("mem://x", "r")
		change(&c)
		if err := c.Validate(); fault.CodeOf(err) != fault.ExitUsage || !strings.Contains(err.Error(), flag) {
			t.Errorf("%s: %v", flag, err)
		}
	}
	c := config("mem://x", "r")
	c.K, c.Seed = 99, -1
	if err := c.Validate(); err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("two problems: %v", err)
	}
}
