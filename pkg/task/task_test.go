package task

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/objstore"
)

type sample struct {
	Common
	window int
	key    string
	quick  bool
}

func (s sample) Validate() error {
	var p Problems
	s.Check(&p)
	if s.window < 0 {
		p.Add("window", "want 0 or more days", s.window)
	}
	return p.Err()
}

type sampleResult struct {
	Rows int `json:"rows"`
}

func sampleTask(run func(context.Context, sample, Deps) (sampleResult, error)) Task[sample, sampleResult] {
	return Task[sample, sampleResult]{
		Name: "sample", Usage: "do a sample's work", Example: "sample --root=mem://x",
		Flags: func() []cli.Flag {
			return append(CommonFlags(), Int("window", 365, "`DAYS`"), Secret(String("customer-key", "", "a secret")), Bool("quick", "do it quickly"))
		},
		Config: func(c *cli.Context) sample {
			return sample{NewCommon(c), c.Int("window"), c.String("customer-key"), c.Bool("quick")}
		},
		Run: run,
	}
}

var good = []string{"--root=mem://x", "--pipeline=p", "--run-id=r", "--as-of=2026-01-05"}

type printed struct{ out, err bytes.Buffer }

func try(t *testing.T, run func(context.Context, sample, Deps) (sampleResult, error), args ...string) (int, *printed) {
	t.Helper()
	var p printed
	if run == nil {
		run = func(context.Context, sample, Deps) (sampleResult, error) { return sampleResult{3}, nil }
	}
	code := sampleTask(run).run(t.Context(), "sample", args, stdio{out: &p.out, err: &p.err})
	return code, &p
}

func TestAllProblemsAreNamedAtOnce(t *testing.T) {
	t.Setenv("CLIENTELE_QUICK", "perhaps")
	code, p := try(t, nil, "--root=ftp://x", "--pipeline=P", "--as-of=05.01.2026", "--window=-3", "--no-such", "value", "stray", "--head=two")
	if code != fault.ExitUsage {
		t.Errorf("exit code %d, want %d", code, fault.ExitUsage)
	}
	for _, want := range []string{
		`--root: want gs://bucket/prefix or file:///path (got "ftp://x")`,
		`--pipeline: `, `--run-id: needs a value`, `--as-of: want a calendar day written YYYY-MM-DD (got "05.01.2026")`,
		`--window: want 0 or more days (got -3)`, `--no-such: no such flag`, `"stray": not a flag`,
		`--head: want a whole number (got "two")`, `CLIENTELE_QUICK: want true or false (got "perhaps")`,
	} {
		if !strings.Contains(p.err.String(), want) {
			t.Errorf("no %q in\n%s", want, p.err.String())
		}
	}
	if p.out.Len() > 0 {
		t.Errorf("a failure printed a result: %s", p.out.String())
	}
}

func TestEveryFieldIsChecked(t *testing.T) {
	if code, p := try(t, nil, good...); code != 0 {
		t.Fatalf("the valid base ended %d: %s", code, p.err.String())
	}
	for flag, value := range map[string]string{
		"root": "", "registry": "s3://x", "name": "models", "pipeline": "../x", "run-id": " ", "as-of": "2026-02-30",
		"from-run": "yesterday", "head": "-1", "window": "1.5", "log": "xml",
	} {
		code, p := try(t, nil, append(append([]string{}, good...), "--"+flag+"="+value)...)
		if code != fault.ExitUsage || !strings.Contains(p.err.String(), "--"+flag+":") {
			t.Errorf("--%s=%s ended %d: %s", flag, value, code, p.err.String())
		}
	}
}

func TestFlagsComeFromTheEnvironmentToo(t *testing.T) {
	t.Setenv("CLIENTELE_WINDOW", "30")
	t.Setenv("CLIENTELE_CUSTOMER_KEY", "hush")
	t.Setenv("CLIENTELE_RUN_ID", "from-env")
	t.Setenv("CLIENTELE_NAME", "") // an empty variable is none
	var got sample
	run := func(_ context.Context, c sample, _ Deps) (sampleResult, error) { got = c; return sampleResult{}, nil }
	if code, p := try(t, run, append(good, "--quick", "--run-id", "given")...); code != 0 {
		t.Fatalf("ended %d: %s", code, p.err.String())
	}
	if got.window != 30 || got.key != "hush" || got.RunID != "given" || got.Name != "segments" || !got.quick {
		t.Errorf("got %+v", got)
	}
}

func TestExitCodes(t *testing.T) {
	bad := errors.New("bad")
	for _, c := range []struct {
		err  error
		code int
	}{
		{nil, 0},
		{&fault.Fault{Code: 65, Err: bad}, 65},
		{fmt.Errorf("wrapped: %w", &fault.Fault{Code: 66, Err: bad}), 66},
		{fmt.Errorf("x: %w", objstore.ErrNotFound), fault.ExitMissing},
		{fmt.Errorf("x: %w", objstore.ErrPermission), fault.ExitConfig},
		{fmt.Errorf("x: %w", objstore.ErrConflict), fault.ExitTemporary},
		{fmt.Errorf("x: %w", objstore.ErrUnavailable), fault.ExitTemporary},
		{fmt.Errorf("x: %w", objstore.ErrCorrupt), fault.ExitBadData},
		{fmt.Errorf("write: %w", syscall.ENOSPC), fault.ExitTemporary},
		{context.DeadlineExceeded, fault.ExitTemporary},
		{bad, fault.ExitInternal},
		{&fault.Fault{Code: fault.ExitNothingNew, Err: bad}, fault.ExitNothingNew},
	} {
		run := func(context.Context, sample, Deps) (sampleResult, error) { return sampleResult{1}, c.err }
		if code, p := try(t, run, good...); code != c.code {
			t.Errorf("%v ended %d, want %d: %s", c.err, code, c.code, p.err.String())
		}
	}
}

func TestASignalExplainsTheFailure(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stopped{syscall.SIGTERM})
	code, cause, _ := verdict(ctx, context.Canceled)
	if code != fault.ExitStopped || cause != "signal" {
		t.Errorf("SIGTERM ended %d for %s", code, cause)
	}
}

func TestFailureLeavesATerminationMessageAndNoResult(t *testing.T) {
	dir := t.TempDir()
	result, message := filepath.Join(dir, "deep", "return.json"), filepath.Join(dir, "termination-log")
	if err := os.WriteFile(message, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(context.Context, sample, Deps) (sampleResult, error) {
		return sampleResult{}, fault.Errorf(65, "columns", "shop.csv", "%s", strings.Repeat("no column “price” ", 1000))
	}
	if code, _ := try(t, run, append(good, "--result", result, "--termination-log", message)...); code != 65 {
		t.Fatalf("ended %d", code)
	}
	if _, err := os.Stat(filepath.Dir(result)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a failure left a result's folder: %v", err)
	}
	text, err := os.ReadFile(message)
	if err != nil {
		t.Fatal(err)
	}
	var m termination
	if err := json.Unmarshal(text, &m); err != nil || len(text) > terminationLimit {
		t.Fatalf("%d bytes, %v", len(text), err)
	}
	if m.Step != "sample" || m.Code != 65 || m.Cause != "columns" || m.Object != "shop.csv" || m.Retry || !strings.HasPrefix(m.Message, "no column") {
		t.Errorf("message %+v", m)
	}
}

func TestResultIsWrittenAlsoWhenNothingIsNew(t *testing.T) {
	result := filepath.Join(t.TempDir(), "xcom", "return.json")
	run := func(context.Context, sample, Deps) (sampleResult, error) {
		return sampleResult{9}, fault.NothingNew("")
	}
	if code, _ := try(t, run, append(good, "--result", result)...); code != fault.ExitNothingNew {
		t.Fatalf("ended %d", code)
	}
	text, err := os.ReadFile(result)
	if err != nil || string(text) != "{\n  \"rows\": 9\n}\n" {
		t.Errorf("result %q, %v", text, err)
	}
}

// A scheduler would cut a larger result or refuse it without a reason: the step writes it without blanks, and if that is too large too says
// which field is to blame.
func TestAResultThatIsTooLargeNamesItsLargestField(t *testing.T) {
	type wide struct {
		Rows int    `json:"rows"`
		Note string `json:"note"`
		Long string `json:"long"`
	}
	const rest, least = len("{\n  \"rows\": 1,\n  \"note\": \"few words\",\n  \"long\": \"\"\n}\n"), len(`{"rows":1,"note":"few words","long":""}`)
	for _, c := range []struct {
		bytes   int // with blanks
		large   bool
		code    int
		written int
	}{
		{contract.ResultLimit, false, 0, contract.ResultLimit},
		{contract.ResultLimit + 1, false, 0, contract.ResultLimit + 1 - rest + least},
		{contract.ResultLimit + rest - least, false, 0, contract.ResultLimit},
		{contract.ResultLimit + 1 + rest - least, false, fault.ExitInternal, 0},
		{contract.ResultLimit + 1, true, 0, contract.ResultLimit + 1},
	} {
		file := filepath.Join(t.TempDir(), "return.json")
		step := Task[sample, wide]{
			Name: "sample", Flags: sampleTask(nil).Flags, Config: sampleTask(nil).Config, Large: c.large,
			Run: func(context.Context, sample, Deps) (wide, error) {
				return wide{1, "few words", strings.Repeat("x", c.bytes-rest)}, nil
			},
		}
		var p printed
		if code := step.run(t.Context(), "sample", append([]string{"--result=" + file}, good...), stdio{out: &p.out, err: &p.err}); code != c.code {
			t.Errorf("%d bytes, large %v: ended %d, want %d: %s", c.bytes, c.large, code, c.code, p.err.String())
		}
		info, err := os.Stat(file)
		switch {
		case c.code == 0 && (err != nil || info.Size() != int64(c.written)):
			t.Errorf("%d bytes: %v, %v", c.bytes, info, err)
		case c.code != 0 && !errors.Is(err, os.ErrNotExist):
			t.Errorf("a result that is too large was left: %v", err)
		case c.code != 0 && !strings.Contains(p.err.String(), `"long`):
			t.Errorf("the field is not named: %s", p.err.String())
		}
	}
}

func TestLogsAreInCloudLoggingsNames(t *testing.T) {
	run := func(_ context.Context, _ sample, d Deps) (sampleResult, error) {
		d.Log.Warn("odd", "rows", 3)
		return sampleResult{}, nil
	}
	_, p := try(t, run, good...)
	var line map[string]any
	if err := json.NewDecoder(&p.err).Decode(&line); err != nil { // the closing record comes after it
		t.Fatalf("%v in %s", err, p.err.String())
	}
	labels, _ := line["logging.googleapis.com/labels"].(map[string]any)
	if line["severity"] != "WARNING" || line["message"] != "odd" || line["rows"] != 3.0 || labels["task"] != "sample" || line["time"] == nil {
		t.Errorf("log line %s", p.err.String())
	}
}

func TestHelpShowsExampleAndExitCodes(t *testing.T) {
	code, p := try(t, nil, "--help")
	if code != 0 {
		t.Fatalf("ended %d", code)
	}
	for _, want := range []string{"sample --root=mem://x", "--window", "CLIENTELE_WINDOW", " 65  ", " 75  ", "143"} {
		if !strings.Contains(p.out.String(), want) {
			t.Errorf("no %q in\n%s", want, p.out.String())
		}
	}
}

func TestVersionNamesTheBuild(t *testing.T) {
	code, p := try(t, nil, "--version")
	if code != 0 || !strings.Contains(p.out.String(), "go1.") {
		t.Errorf("ended %d: %s", code, p.out.String())
	}
}

func TestScratchIsGoneAfterwards(t *testing.T) {
	var dir string
	run := func(_ context.Context, _ sample, d Deps) (sampleResult, error) {
		dir = d.Scratch
		return sampleResult{}, os.WriteFile(filepath.Join(dir, "spool"), []byte("x"), 0o600)
	}
	if code, p := try(t, run, good...); code != 0 {
		t.Fatalf("ended %d: %s", code, p.err.String())
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("scratch folder %s is still there: %v", dir, err)
	}
}

func TestGroupPicksItsCommand(t *testing.T) {
	g := Group{Name: "group", Usage: "two", Commands: []Command{{"one", "the one", sampleTask(func(context.Context, sample, Deps) (sampleResult, error) { return sampleResult{1}, nil })}}}
	for _, c := range []struct {
		args []string
		code int
	}{{append([]string{"one"}, good...), 0}, {[]string{"three"}, 64}, {nil, 64}, {[]string{"--help"}, 0}} {
		var p printed
		if code := g.run(t.Context(), "group", c.args, stdio{out: &p.out, err: &p.err}); code != c.code {
			t.Errorf("%v ended %d, want %d", c.args, code, c.code)
		}
	}
}

// A stray word among flags is one of the problems that the default program lists; alone it is a mistyped command.
func TestGroupSaysWhatIsNoCommand(t *testing.T) {
	g := Group{Name: "group", Default: sampleTask(nil)}
	for want, args := range map[string][]string{`"stray": not a flag`: {"stray", "--no-such-flag"}, `no such command "stray"`: {"stray"}} {
		var p printed
		if code := g.run(t.Context(), "group", args, stdio{out: &p.out, err: &p.err}); code != 64 || !strings.Contains(p.err.String(), want) {
			t.Errorf("%q ended %d without %q: %s", args, code, want, p.err.String())
		}
	}
}

func TestEachFlagIsUniqueAndDocumented(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range sampleTask(nil).Describe().Flags {
		if seen[f.Name] || f.Usage == "" || f.Env != Env(f.Name) {
			t.Errorf("flag %+v", f)
		}
		seen[f.Name] = true
	}
}
