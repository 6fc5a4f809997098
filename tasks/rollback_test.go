package tasks_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
)

// TestRolledBackStaysRolledBack: a shop's model is promoted twice and rolled back; the next scheduled run holds, says why, and leaves
// the model in force.
func TestRolledBackStaysRolledBack(t *testing.T) {
	folder := os.Getenv("CLIENTELE_CASES")
	if folder == "" {
		t.Skip("CLIENTELE_CASES is not set: it names the folder of the shops' files")
	}
	source, err := filepath.Abs(filepath.Join(folder, "17-rollback-undone", "lines.csv"))
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	result := filepath.Join(t.TempDir(), "result.json")
	head := func() string {
		text, err := os.ReadFile(filepath.Join(root, "registry", "segments", "HEAD.json"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	run := func(asOf string) contract.PromoteResult {
		t.Helper()
		args := []string{"--root=file://" + root, "--source=" + source, "--as-of=" + asOf, "--run-id=" + asOf, "--result=" + result}
		if code, _, stderr := program(t, "pipeline", args...); code != 0 {
			t.Fatalf("as of %s it ended %d: %s", asOf, code, stderr)
		}
		var all struct {
			Steps struct {
				Promote contract.PromoteResult `json:"promote"`
			} `json:"steps"`
		}
		text, err := os.ReadFile(result)
		if err == nil {
			err = json.Unmarshal(text, &all)
		}
		if err != nil {
			t.Fatal(err)
		}
		return all.Steps.Promote
	}
	for _, asOf := range []string{"2023-01-01", "2023-07-01"} {
		if p := run(asOf); p.Action == contract.ActionHold {
			t.Fatalf("as of %s: %+v, want a model in its place", asOf, p)
		}
	}
	if code, _, stderr := program(t, "registry", "rollback", "--root=file://"+root, "--pipeline=rollback", "--run-id=manual", "--as-of=2023-07-02"); code != 0 {
		t.Fatalf("the rollback ended %d: %s", code, stderr)
	}
	back := head()
	if p := run("2023-07-08"); p.Action != contract.ActionHold || !strings.Contains(p.Why, "roll") {
		t.Errorf("the run after the rollback: %+v, want a hold that says why", p)
	}
	if now := head(); now != back {
		t.Errorf("HEAD was\n%s\nand is\n%s", back, now)
	}
}
