package tasks_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/delivery/source/sourcetest"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/objstore/gcstest"
	"github.com/clientele/clientele/pkg/run"
)

// The numbers below were measured on the UCI Online Retail file with other tools, independently of this project.

// shop is a root with the programs run on it.
type shop struct {
	t    testing.TB
	root string // URL
	asOf string
	env  []string
}

func newShop(t testing.TB) *shop {
	return &shop{t: t, root: "file://" + t.TempDir(), asOf: "2011-12-10"}
}

// run runs a step that must end well and reads its result.
func (s *shop) run(result any, name string, args ...string) {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), "result.json")
	base := []string{"--root=" + s.root, "--pipeline=facts", "--as-of=" + s.asOf, "--result=" + file}
	cmd := command(s.t, name, append(base, args...)...)
	cmd.Env = append(os.Environ(), s.env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := json.Unmarshal(text, result); err != nil {
		s.t.Fatal(err)
	}
}

// home opens the root.
func (s *shop) home() *run.Home {
	h, err := run.OpenHome(s.t.Context(), s.root, "", "segments", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = h.Close() })
	return h
}

// customers reads the customers table of a run.
func (s *shop) customers(runID string) *frame.Frame {
	s.t.Helper()
	day, err := calendar.ParseDate(s.asOf)
	if err != nil {
		s.t.Fatal(err)
	}
	h, run := s.home(), contract.NewRun("facts", day, runID)
	m, err := h.Current(s.t.Context(), run, contract.Preprocess)
	if err != nil {
		s.t.Fatal(err)
	}
	f, err := h.ReadTable(s.t.Context(), m, contract.Customers, tableOptions(s.t))
	if err != nil {
		s.t.Fatal(err)
	}
	return f
}

const (
	switchesOff = "-adjustment,-non_product,-price,-quantity,-duplicate,-cancellation_matched"
	rulesOfS    = "+guest,-adjustment,+non_product,+price,-quantity,+duplicate,-cancellation_matched,+cancellation_unmatched"
	rulesOfA    = "+guest,-adjustment,-non_product,+price,-quantity,-duplicate,-cancellation_matched,+cancellation_unmatched"
)

func TestFactsOfTheRealFile(t *testing.T) {
	file := realFile(t)
	s := newShop(t)
	var in contract.IngestResult
	s.run(&in, "ingest", "--run-id=ingest", "--source="+file)
	if in.RowsRead != 541_909 || in.RowsAccepted != 541_909 || in.RowsQuarantined != 0 || in.Days != 305 ||
		in.First.String() != "2010-12-01" || in.Last.String() != "2011-12-09" || !in.New {
		t.Errorf("ingest said %+v", in)
	}
	t.Run("sales sets", s.salesSets)
	t.Run("defaults", s.defaults)
	t.Run("RFM on A", s.rfmOnA)
	t.Run("k-means on S", s.kMeansOnS)
}

// from is what a step passes to work on the one ingest.
func (s *shop) from() string {
	day, err := calendar.ParseDate(s.asOf)
	if err != nil {
		s.t.Fatal(err)
	}
	return "--from-run=" + contract.NewRun("facts", day, "ingest").String()
}

func (s *shop) salesSets(t *testing.T) {
	for _, set := range []struct {
		name, rules                string
		lines, customers, invoices int64
		products                   int64
		revenue                    string
		average                    float64 // 0 where it was not measured
	}{
		{"customer present", "+guest," + switchesOff + ",-cancellation_unmatched", 406_829, 4_372, 22_190, 3_684, "8300065.8140", 0},
		{"not cancelled", "+guest," + switchesOff + ",+cancellation_unmatched", 397_924, 4_339, 18_536, 3_665, "8911407.9040", 480.76},
		{"A", rulesOfA, 397_884, 4_338, 18_532, 3_665, "8911407.9040", 480.87},
		{"B", strings.Replace(rulesOfA, "-duplicate", "+duplicate", 1), 392_692, 4_338, 18_532, 3_665, "8887208.8940", 479.56},
		{"S", rulesOfS, 391_068, 4_334, 18_399, 3_657, "8736000.6440", 474.81},
	} {
		var r contract.PreprocessResult
		s.run(&r, "preprocess", s.from(), "--run-id="+set.name, "--window=all", "--rules="+set.rules)
		kept := r.Ledger[len(r.Ledger)-1]
		if kept.Rule != "kept" || kept.Lines != set.lines || kept.Customers != set.customers || kept.Invoices != set.invoices ||
			r.Products != set.products || !closeMoney(r.Revenue, set.revenue) {
			t.Errorf("%s: kept %+v, %d products, revenue %s; want %+v", set.name, kept, r.Products, r.Revenue, set)
		}
		if set.average != 0 && math.Abs(r.AverageInvoice-set.average) > 0.005 {
			t.Errorf("%s: average invoice %.4f, want %.2f", set.name, r.AverageInvoice, set.average)
		}
	}
}

// closeMoney compares to the penny: the published figures are rounded to it.
func closeMoney(got money.Amount, want string) bool {
	w, err := money.Parse(want)
	return err == nil && math.Abs(got.Float()-w.Float()) < 0.0051
}

func (s *shop) defaults(t *testing.T) {
	var r contract.PreprocessResult
	s.run(&r, "preprocess", s.from(), "--run-id=defaults", "--window=all")
	want := []struct {
		rule   string
		lines  int64
		amount string
	}{
		{"input", 541_909, "9747747.9340"}, {"void", 0, "0"}, {"guest", 135_080, "1447682.1200"}, {"adjustment", 0, "0"}, {"discount", 0, "0"}, {"non_product", 2_003, "14614.4940"},
		{"price", 33, "0"}, {"quantity", 0, "0"}, {"duplicate", 0, "0"}, {"cancellation_matched", 10_292, "-55.7200"},
		{"cancellation_unmatched", 1_057, "-23821.5500"}, {"kept", 393_444, "8309328.5900"},
	}
	if len(r.Ledger) != len(want) {
		t.Fatalf("ledger has %d rows, want %d: %+v", len(r.Ledger), len(want), r.Ledger)
	}
	for i, w := range want {
		got := r.Ledger[i]
		amount, err := money.Parse(w.amount)
		if err != nil {
			t.Fatal(err)
		}
		if got.Rule != w.rule || got.Lines != w.lines || got.Amount != amount {
			t.Errorf("ledger row %d: %+v, want %+v", i, got, w)
		}
	}
	if r.Customers != 4_323 || r.Invoices != 18_271 || math.Abs(r.AverageInvoice-454.78) > 0.005 {
		t.Errorf("%d customers, %d invoices, average %.4f; want 4323, 18271, 454.78", r.Customers, r.Invoices, r.AverageInvoice)
	}
	if r.Cancellations.Matched != 7_431 || r.Cancellations.Partly != 50 || r.Cancellations.Unmatched != 1_057 {
		t.Errorf("cancellations %+v, want 7431 in full, 50 in part, 1057 not", r.Cancellations)
	}
}

func (s *shop) rfmOnA(t *testing.T) {
	var r contract.PreprocessResult
	s.run(&r, "preprocess", s.from(), "--run-id=rfm", "--window=all", "--rules="+rulesOfA)
	f := s.customers("rfm")
	for _, c := range []struct {
		column                 string
		mean, q1, q2, q3, most float64
		tolerance              float64
	}{
		{"recency", 93.06, 18, 51, 142.75, 374, 0.005},
		{"frequency", 4.27, 1, 2, 5, 209, 0.005},
		{"monetary", 2054.27, 307.415, 674.485, 1661.74, 280206.02, 0.005},
	} {
		values := make([]float64, f.Rows())
		var sum float64
		for i := range values {
			values[i] = f.Column(c.column).Float(i)
			sum += values[i]
		}
		slices.Sort(values)
		got := []float64{sum / float64(len(values)), quantile(values, 0.25), quantile(values, 0.5), quantile(values, 0.75), values[len(values)-1]}
		for i, want := range []float64{c.mean, c.q1, c.q2, c.q3, c.most} {
			if math.Abs(got[i]-want) > c.tolerance {
				t.Errorf("%s: mean, quartiles, max %v; want %v", c.column, got, c)
				break
			}
		}
	}
	once := 0
	for _, n := range f.Ints("frequency") {
		if n == 1 {
			once++
		}
	}
	if once != 1_493 {
		t.Errorf("%d customers with one invoice, want 1493", once)
	}
}

// quantile is of type 7.
func quantile(sorted []float64, p float64) float64 {
	at := p * float64(len(sorted)-1)
	i := int(at)
	if i+1 == len(sorted) {
		return sorted[i]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// The figures are of the lowest inertia of 500 starts. Near-equal optima are many, so inertia is held from above and the
// rest with tolerances.
func (s *shop) kMeansOnS(t *testing.T) {
	var p contract.PreprocessResult
	s.run(&p, "preprocess", s.from(), "--run-id=kmeans", "--window=all", "--rules="+rulesOfS)
	var d contract.DriftResult
	s.run(&d, "drift", "--run-id=kmeans")
	var r contract.TrainResult
	s.run(&r, "train", "--run-id=kmeans", "--k=3")
	byK := map[int]contract.SweepResult{}
	for _, row := range r.Sweep {
		byK[row.K] = row
	}
	for _, want := range []struct {
		k                               int
		inertia, silhouette, ch, davies float64
	}{{3, 4268.1157, 0.4092, 4431.28, 0.8483}, {4, 3243.5075, 0.3724, 4342.45, 0.8749}, {5, 2785.620, 0.3426, 0, 0}} {
		got := byK[want.k]
		if got.Silhouette == nil || got.DaviesBouldin == nil || got.CalinskiHarabasz == nil {
			t.Errorf("k = %d: criteria are missing: %+v", want.k, got)
			continue
		}
		if got.Inertia > 1.0001*want.inertia || math.Abs(*got.Silhouette-want.silhouette) > 0.004 {
			t.Errorf("k = %d: inertia %.4f, silhouette %.4f; want at most %.4f × 1.0001, %.4f ± 0.004", want.k, got.Inertia, *got.Silhouette, want.inertia, want.silhouette)
		}
		if want.ch != 0 && (math.Abs(*got.CalinskiHarabasz/want.ch-1) > 0.001 || math.Abs(*got.DaviesBouldin-want.davies) > 0.02) {
			t.Errorf("k = %d: Calinski–Harabasz %.2f, Davies–Bouldin %.4f; want %.2f, %.4f", want.k, *got.CalinskiHarabasz, *got.DaviesBouldin, want.ch, want.davies)
		}
	}
	sizes := slices.Clone(r.Sizes)
	slices.SortFunc(sizes, func(a, b int) int { return b - a })
	for i, want := range []int{1918, 1456, 960} {
		if len(sizes) != 3 || math.Abs(float64(sizes[i]-want)) > 0.01*4334 {
			t.Errorf("sizes %v at k = 3, want 1918, 1456, 960, each within 1 %% of 4334", sizes)
			break
		}
	}
	s.run(&r, "train", "--run-id=kmeans", "--space=recency:log1p,frequency:log1p,monetary:log1p", "--k-max=4")
	for i, want := range []float64{6470.1, 4851.0, 3919.2} {
		if got := r.Sweep[i]; got.K != i+2 || got.Inertia > 1.0001*want || got.Inertia < want-.1 {
			t.Errorf("log1p, k = %d: inertia %.4f, want %.1f", got.K, got.Inertia, want)
		}
	}
}

// TestTheSameFitWhateverTheWay runs the pipeline on shuffled lines, on one core, and on Cloud Storage.
func TestTheSameFitWhateverTheWay(t *testing.T) {
	file := realFile(t)
	type outcome struct {
		customers, fit string
	}
	pipeline := func(s *shop, source string, flags ...string) outcome { // the steps that make a fit
		t.Helper()
		var r contract.TrainResult
		s.run(new(contract.IngestResult), "ingest", append(flags, "--run-id=r", "--source="+source)...)
		s.run(new(contract.PreprocessResult), "preprocess", "--run-id=r")
		s.run(new(contract.DriftResult), "drift", "--run-id=r")
		s.run(&r, "train", "--run-id=r", "--k-max=5")
		return outcome{s.customers("r").Hash(), r.FitID}
	}
	want := pipeline(newShop(t), file)
	if want.fit == "" {
		t.Fatal("train's result has no fit_id")
	}
	one := newShop(t)
	one.env = []string{"GOMAXPROCS=1"}
	if got := pipeline(one, file); got != want {
		t.Errorf("on one core %v, want %v", got, want)
	}
	if got := pipeline(newShop(t), shuffled(t, file)); got != want {
		t.Errorf("on shuffled lines %v, want %v", got, want)
	}
	t.Run("gs", func(t *testing.T) {
		cloud := newShop(t)
		cloud.root = gcstest.Start(t) + "/shop"
		if got := pipeline(cloud, file); got != want {
			t.Errorf("on gs:// %v, want %v", got, want)
		}
		in, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		if got := pipeline(newShop(t), gcstest.Upload(t, cloud.root+"-in/lines.csv.gz", in)); got != want {
			t.Errorf("from a gs:// source %v, want %v", got, want)
		}
	})
	server := sourcetest.Start(t, sourcetest.Folder(filepath.Dir(file)))
	for _, manner := range []string{"whole", "breaks-often"} {
		source := server.URL(manner, filepath.Base(file))
		if got := pipeline(newShop(t), source, "--ca-file="+server.CAFile); got != want {
			t.Errorf("from %s %v, want %v", source, got, want)
		}
	}
}

// shuffled writes the file with its lines in another order.
func shuffled(t *testing.T, file string) string {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	zip, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	scan := bufio.NewScanner(zip)
	for scan.Scan() {
		lines = append(lines, scan.Text())
	}
	if err := scan.Err(); err != nil {
		t.Fatal(err)
	}
	body := lines[1:]
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(body), func(i, j int) { body[i], body[j] = body[j], body[i] })
	path := filepath.Join(t.TempDir(), "shuffled.csv")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// difference says what differs between two folders' files.
func difference(a, b map[string]string) string {
	var out []string
	for name := range a {
		if other, ok := b[name]; !ok {
			out = append(out, "only first: "+name)
		} else if other != a[name] {
			out = append(out, fmt.Sprintf("differ: %s (%d and %d bytes)", name, len(a[name]), len(other)))
		}
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			out = append(out, "only second: "+name)
		}
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}
