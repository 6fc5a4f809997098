package task

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
)

// last returns the last record of a log, which is the closing record of a program that worked for a run.
func last(t *testing.T, log string) map[string]any {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(log), "\n")
	var record map[string]any
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &record); err != nil {
		t.Fatalf("%v in %s", err, log)
	}
	return record
}

func want(t *testing.T, record, fields map[string]any) {
	t.Helper()
	for name, value := range fields {
		if record[name] != value {
			t.Errorf("%s is %v, want %v, in %v", name, record[name], value, record)
		}
	}
}

func TestAStepThatSucceedsSaysSo(t *testing.T) {
	work := func(context.Context, sample, Deps) (sampleResult, error) {
		for start := time.Now(); time.Since(start) < 20*time.Millisecond; {
		}
		return sampleResult{3}, nil
	}
	code, p := try(t, work, good...)
	if code != 0 {
		t.Fatalf("exit code %d", code)
	}
	record := last(t, p.err.String())
	want(t, record, map[string]any{
		"message": "step finished", "severity": "INFO", "step": "sample", "run": "p/2026-01-05/r-454349e4", "pipeline": "p",
		"as_of": "2026-01-05", "exit_code": 0.0, "cause": nil, "retry": nil,
	})
	for name, least := range map[string]float64{"seconds": 0.02, "cpu_seconds": 0.001, "peak_rss_bytes": 1 << 20} {
		if got, _ := record[name].(float64); got < least || got > 1e11 {
			t.Errorf("%s is %v", name, record[name])
		}
	}
}

func TestAStepThatFailsSaysWhyAndThatItFailed(t *testing.T) {
	for err, fields := range map[error]map[string]any{
		fault.Errorf(65, "columns", "shop.csv", "no column"): {"exit_code": 65.0, "cause": "columns", "retry": false},
		errors.New("bad"):        {"exit_code": 70.0, "cause": "internal", "retry": true},
		context.DeadlineExceeded: {"exit_code": 75.0, "cause": "store", "retry": true},
	} {
		_, p := try(t, func(context.Context, sample, Deps) (sampleResult, error) { return sampleResult{}, err }, good...)
		log := p.err.String()
		want(t, last(t, log), map[string]any{"message": "step failed", "severity": "ERROR", "run": "p/2026-01-05/r-454349e4"})
		want(t, last(t, log), fields)
		if first, _, _ := strings.Cut(log, "\n"); !strings.Contains(first, err.Error()) || !strings.Contains(first, `"severity":"ERROR"`) {
			t.Errorf("the record before does not say %v: %s", err, first)
		}
	}
}

func TestAFlagThatIsWrongIsAFailureToo(t *testing.T) {
	_, p := try(t, nil, append(slices.Clone(good), "--as-of=yesterday")...)
	want(t, last(t, p.err.String()), map[string]any{
		"message": "step failed", "exit_code": 64.0, "cause": "flags", "run": nil, "as_of": nil, "step": "sample",
	})
}

func TestNothingNewIsNoFailure(t *testing.T) {
	_, p := try(t, func(context.Context, sample, Deps) (sampleResult, error) {
		return sampleResult{}, fault.NothingNew("")
	}, good...)
	want(t, last(t, p.err.String()), map[string]any{"message": "step finished", "severity": "INFO", "exit_code": 99.0})
}

func TestWhatWorksForNoRunHasNoClosingRecord(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"--version"}, {"--root=mem://x"}} {
		if _, p := try(t, nil, args...); strings.Contains(p.err.String(), "step f") {
			t.Errorf("%v logged %s", args, p.err.String())
		}
	}
}

// A person sees one line, and on failure only the one that says why.
func TestClosingRecordsOnATerminal(t *testing.T) {
	_, p := try(t, nil, append(slices.Clone(good), "--log=plain")...)
	if got := p.err.String(); !strings.HasPrefix(got, "sample     finished  seconds=0") || strings.Count(got, "\n") != 1 {
		t.Errorf("printed %q", got)
	}
	_, p = try(t, func(context.Context, sample, Deps) (sampleResult, error) { return sampleResult{}, errors.New("bad") }, append(slices.Clone(good), "--log=plain")...)
	if got := p.err.String(); got != "error: bad  code=70  cause=internal  retry=true\n" {
		t.Errorf("printed %q", got)
	}
}

// Inside a larger program: with what the caller says and knows, and without the process's memory.
func TestAStepOfALargerProgram(t *testing.T) {
	result := contract.ScoreResult{ModelID: "0a", Seq: 2, Customers: 7, Moved: 1, Segments: []contract.SegmentResult{{Revenue: 10_000}, {Revenue: 25_000}}}
	var log bytes.Buffer
	Begin("score", Common{}).Finished(newLogger("json", "pipeline", stdio{err: &log}), result, "7 customers", slog.Bool("new", true))
	record := last(t, log.String())
	want(t, record, map[string]any{
		"step": "score", "model_id": "0a", "seq": 2.0, "customers": 7.0, "moved": 1.0, "revenue": "3.5000", "new": true, "says": nil, "peak_rss_bytes": nil,
	})
	log.Reset()
	Begin("score", Common{}).Finished(newLogger("plain", "pipeline", stdio{err: &log}), result, "7 customers", slog.Bool("new", true))
	if got := log.String(); !strings.HasPrefix(got, "score      7 customers  seconds=0") || !strings.HasSuffix(got, "  new=true\n") || strings.Contains(got, "model_id") {
		t.Errorf("printed %q", got)
	}
	log.Reset()
	Begin("score", Common{}).Failed(t.Context(), newLogger("json", "pipeline", stdio{err: &log}), fault.Errorf(66, "head", "", "no model"))
	want(t, last(t, log.String()), map[string]any{"message": "step failed", "step": "score", "exit_code": 66.0, "cause": "head"})
}

// A process that a large one starts is small.
func TestMemoryIsTheProgramsOwn(t *testing.T) {
	if os.Getenv("CLIENTELE_TEST_SMALL") != "" {
		_, peak := usage()
		fmt.Println("peak", peak)
		return
	}
	const large = 256 << 20
	ballast := make([]byte, large)
	for i := 0; i < len(ballast); i += 1024 {
		ballast[i] = 1
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), "CLIENTELE_TEST_SMALL=1")
	out, err := cmd.Output()
	var peak int64
	if _, scanErr := fmt.Sscanf(string(out), "peak %d", &peak); err != nil || scanErr != nil || peak < 1<<20 || peak > large/2 {
		t.Errorf("%v, %v: %s", err, scanErr, out)
	}
	runtime.KeepAlive(ballast)
}

// The names are an interface: metrics are made from them. None is unknown, and none of them has gone.
func TestFieldsHaveTheAgreedNames(t *testing.T) {
	names := strings.Fields(`time severity message logging.googleapis.com/labels
		step run pipeline as_of exit_code cause retry seconds cpu_seconds peak_rss_bytes gib_hours read_bytes written_bytes
		usual_seconds slowness new rows_in rows_out rejected rejected_share rejected_money verdict act action model_id seq
		customers revenue moved findings model_age_days frozen_days`)
	var log bytes.Buffer
	logger := newLogger("json", "x", stdio{err: &log})
	home := Common{Root: "file:///x", Name: "segments", Pipeline: "p", RunID: "r", AsOf: "2026-01-05"}
	seen := map[string]bool{}
	take := func(of any) {
		record := last(t, log.String())
		for name := range maps.Keys(record) {
			if seen[name] = true; !slices.Contains(names, name) {
				t.Errorf("%T: unknown field %s", of, name)
			}
		}
		if strings.Count(log.String(), `"new"`) > 1 {
			t.Errorf("a field twice: %s", log.String())
		}
		log.Reset()
	}
	for _, r := range []closer{
		contract.IngestResult{RowsRead: 4, RowsQuarantined: 1, RejectedMoney: 25_000_025},
		contract.PreprocessResult{Ledger: []contract.LedgerRow{{Lines: 9}}},
		contract.DriftResult{Model: "0a", Seq: 1, Age: new(int), Frozen: new(int)}, contract.TrainResult{ModelID: "0a"},
		contract.EvaluateResult{Candidate: "0a"}, contract.PromoteResult{ModelID: "0a", Seq: 1}, contract.ScoreResult{ModelID: "0a"},
		contract.RollbackResult{ModelID: "0a"}, contract.PipelineResult{ModelID: "0a"},
	} {
		c := Begin("step", home)
		c.use.whole = true
		c.use.Moved(1, 2)
		c.use.Usual(40)
		c.Finished(logger, r, "")
		if _, ok := r.(contract.IngestResult); ok {
			want(t, last(t, log.String()), map[string]any{"rejected_share": 0.25, "rejected_money": "2500.0025"})
		}
		take(r)
	}
	failed := fault.Errorf(fault.ExitBadData, "columns", "x", "no column")
	Begin("step", home).Failed(t.Context(), logger, failed)
	take(failed)
	for _, name := range names {
		if !seen[name] {
			t.Errorf("no step writes %s", name)
		}
	}
}
