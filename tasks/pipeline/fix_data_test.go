package pipeline_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/tasks/pipeline"
)

// Broken data are not published: one day's lines came twice in the delivery, so drift's act is fix_data. Then score does not run, the
// report does, and the exit code is 65, until a person accepts the check by its code.
func TestBrokenDataAreNotScored(t *testing.T) {
	dir := shop(t)
	result, termination := filepath.Join(dir, "result.json"), filepath.Join(dir, "termination")
	program := func(args ...string) int {
		return task.Main(pipeline.Task, append(args, "--root=file://"+filepath.Join(dir, "root"), "--pipeline=test",
			"--source="+filepath.Join(dir, "lines.csv"), "--result="+result, "--termination-log="+termination))
	}
	if code := program("--run-id=first", "--as-of=2025-10-27"); code != 0 {
		t.Fatalf("the first run ended with %d", code)
	}
	inForce := []string{"registry/segments/HEAD.json", "state/segments/score.json"}
	before := read(t, dir, inForce)

	double(t, filepath.Join(dir, "lines.csv"), ",2025-10-29 ")
	if err := os.WriteFile(termination, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if code := program("--run-id=second", "--as-of=2025-11-03"); code != fault.ExitBadData {
		t.Fatalf("exit code %d, want %d", code, fault.ExitBadData)
	}

	var r struct {
		Report string                     `json:"report"`
		Steps  map[string]json.RawMessage `json:"steps"`
	}
	decode(t, result, &r)
	if _, scored := r.Steps[contract.Score]; scored || r.Steps[contract.Report] == nil || !bytes.Contains(r.Steps[contract.Promote], []byte(`"hold"`)) {
		t.Errorf("the steps' results are %s; want a hold, no score and a report", r.Steps)
	}
	if _, err := os.Stat(strings.TrimPrefix(r.Report, "file://")); err != nil {
		t.Error(err)
	}
	var left struct {
		Code           int
		Cause, Message string
		Retry          bool
	}
	decode(t, termination, &left)
	if left.Code != fault.ExitBadData || left.Cause != "fix_data" || left.Retry || !strings.Contains(left.Message, "Correct the delivery") {
		t.Errorf("termination message %+v", left)
	}
	if after := read(t, dir, inForce); after != before {
		t.Errorf("in force before:\n%s\nand after:\n%s", before, after)
	}
	for _, step := range []string{contract.Score, contract.Explore} { // explore reads score
		found, err := filepath.Glob(filepath.Join(dir, "root", "runs", "test", "2025-11-03", "*", step))
		if err != nil || len(found) > 0 || r.Steps[step] != nil {
			t.Errorf("%s left %v, %v", step, found, err)
		}
	}
	var drifted contract.DriftResult
	if err := json.Unmarshal(r.Steps[contract.Drift], &drifted); err != nil {
		t.Fatal(err)
	}
	if c := drifted.Checks; len(c) != 1 || c[0].Check != "doubled_day" || c[0].Day.String() != "2025-10-29" || c[0].Column != "invoice" || c[0].Days != 1 {
		t.Errorf("checks %+v; want the one day that was doubled", c)
	}
	if code := program("--run-id=third", "--as-of=2025-11-03", "--accept=doubled_day"); code != 0 {
		t.Errorf("with the check accepted the run ends with %d", code)
	}
}

// double repeats every line of the file with a text.
func double(t testing.TB, file, text string) {
	t.Helper()
	was, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var twice bytes.Buffer
	n := 0
	for line := range bytes.Lines(was) {
		twice.Write(line)
		if bytes.Contains(line, []byte(text)) {
			twice.Write(line)
			n++
		}
	}
	if n < 20 {
		t.Fatalf("%d lines with %q", n, text)
	}
	if err := os.WriteFile(file, twice.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// read returns the text of objects below the root.
func read(t testing.TB, dir string, objects []string) string {
	t.Helper()
	var all strings.Builder
	for _, name := range objects {
		text, err := os.ReadFile(filepath.Join(dir, "root", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

func decode(t testing.TB, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}
