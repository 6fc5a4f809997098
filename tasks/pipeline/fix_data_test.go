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
	"github.com/clientele/clientele/tasks/drift"
	"github.com/clientele/clientele/tasks/ingest"
	"github.com/clientele/clientele/tasks/pipeline"
	"github.com/clientele/clientele/tasks/preprocess"
)

// Broken data are not published: with drift's act fix_data score does not run, the report does, and the exit code is 65. The
// act is planted in drift's manifest, because drift does not return it yet; the pipeline then finds drift done.
func TestBrokenDataAreNotScored(t *testing.T) {
	dir := shop(t)
	result, termination := filepath.Join(dir, "result.json"), filepath.Join(dir, "termination")
	program := func(p task.Program, args ...string) int {
		return task.Main(p, append(args, "--root=file://"+filepath.Join(dir, "root"), "--pipeline=test",
			"--result="+result, "--termination-log="+termination))
	}
	source := "--source=" + filepath.Join(dir, "lines.csv")
	if code := program(pipeline.Task, source, "--run-id=first", "--as-of=2025-10-27"); code != 0 {
		t.Fatalf("the first run ended with %d", code)
	}
	inForce := []string{"registry/segments/HEAD.json", "state/segments/score.json"}
	before := read(t, dir, inForce)

	run := []string{"--run-id=second", "--as-of=2025-11-03"}
	for _, step := range []struct {
		program task.Program
		args    []string
	}{{ingest.Task, append(run, source)}, {preprocess.Task, run}, {drift.Task, run}} {
		if code := program(step.program, step.args...); code != 0 {
			t.Fatalf("%T ended with %d", step.program, code)
		}
	}
	plant(t, filepath.Join(dir, "root", "runs", "test", "2025-11-03", "*", "drift", "*", "_MANIFEST.json"))
	if err := os.WriteFile(termination, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if code := program(pipeline.Task, append(run, source)...); code != fault.ExitBadData {
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
}

// plant changes drift's act in the one manifest that matches to fix_data, and the pointer with its hash.
func plant(t testing.TB, glob string) {
	t.Helper()
	found, err := filepath.Glob(glob)
	if err != nil || len(found) != 1 {
		t.Fatalf("%s matches %v, %v", glob, found, err)
	}
	var m map[string]json.RawMessage
	decode(t, found[0], &m)
	was := []byte(`"act":"none"`)
	if !bytes.Contains(m["result"], was) {
		t.Fatalf("no %s in %s", was, m["result"])
	}
	m["result"] = bytes.Replace(m["result"], was, []byte(`"act":"fix_data"`), 1)
	sum := reseal(t, found[0], m)
	pointer := filepath.Join(filepath.Dir(filepath.Dir(found[0])), "current.json")
	var p map[string]json.RawMessage
	decode(t, pointer, &p)
	p["sha256"] = json.RawMessage(`"` + sum + `"`)
	reseal(t, pointer, p)
}

// reseal writes a changed object, and returns its hash.
func reseal(t testing.TB, path string, members map[string]json.RawMessage) (sha256 string) {
	t.Helper()
	delete(members, "seal")
	text, err := contract.Sealed(members)
	if err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return contract.SHA256(text)
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
