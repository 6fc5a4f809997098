// Package tools_test tests the scripts behind make.
package tools_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, env []string, name string, args ...string) (said string, code int) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// The two reports are as gotestsum 1.13 and pytest 8 write them.
func TestSkippedAndFailedTestsAreListed(t *testing.T) {
	reports := t.TempDir()
	write(t, filepath.Join(reports, "go.xml"), `<testsuites><testsuite>
<testcase name="TestOne"><skipped message="=== RUN   TestOne&#xA;    one_test.go:34: X is not set&#xA;--- SKIP: TestOne (0.00s)&#xA;"></skipped></testcase>
<testcase name="TestTwo"><skipped message="=== RUN   TestTwo&#xA;    two_test.go:7: X is not set&#xA;--- SKIP: TestTwo (0.00s)&#xA;"></skipped></testcase>
<testcase classname="pkg/x" name="TestThree"><failure message="Failed" type="">=== RUN   TestThree&#xA;    three_test.go:9: got 1, want 2&#xA;--- FAIL: TestThree (0.00s)&#xA;</failure></testcase>
<testcase name="TestFive"></testcase></testsuite></testsuites>`)
	write(t, filepath.Join(reports, "airflow.xml"), `<testsuites><testsuite>
<testcase name="test_four"><skipped type="pytest.skip" message="no provider">t.py:24: no provider</skipped></testcase></testsuite></testsuites>`)
	said, code := run(t, nil, "python3", "-B", "outcome.py", reports)
	want := "\n3 tests were skipped, by 2 reports in " + reports + ":\n" +
		"  airflow: test_four: no provider\n  go: TestOne, TestTwo: X is not set\n" +
		"\nFailed: 1\n  go: pkg/x: TestThree\n    === RUN   TestThree\n        three_test.go:9: got 1, want 2\n    --- FAIL: TestThree (0.00s)\n"
	if code != 0 || said != want {
		t.Errorf("ended %d:\n%s\nwant\n%s", code, said, want)
	}
}

func TestWithoutACompilerTheRaceDetectorSaysWhatIsMissing(t *testing.T) {
	reports := t.TempDir()
	env := []string{"CC=/nowhere/cc", "REPORTS=" + reports}
	said, code := run(t, append(env, "CI="), "./race.sh")
	if code != 0 || !strings.Contains(said, "apt-get install gcc libc6-dev") {
		t.Errorf("ended %d: %s", code, said)
	}
	if said, _ := run(t, nil, "python3", "-B", "outcome.py", reports); !strings.Contains(said, "race: the race detector: the race detector needs a C compiler") {
		t.Errorf("it is not in the list of what was skipped: %s", said)
	}
	if said, code := run(t, append(env, "CI=true"), "./race.sh"); code != 1 {
		t.Errorf("with CI=true: ended %d: %s", code, said)
	}
}

func TestTheKernelsAreAsTheirGeneratorWritesThem(t *testing.T) {
	out := t.TempDir()
	if said, code := run(t, nil, "./kernels.sh", out); code != 0 {
		t.Fatalf("ended %d: %s", code, said)
	}
	for _, name := range []string{"kernel_amd64.s", "stubs_amd64.go"} {
		want, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("../pkg/cluster/internal/kernel", name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s is not what tools/kernels.sh writes now", name)
		}
	}
}

// A second delivery under another file name has another root, unless a person names the first one.
func TestMakeRunSaysThatItMakesASecondRoot(t *testing.T) {
	home := t.TempDir()
	for _, dir := range []string{"tools", "bin"} {
		if err := os.Mkdir(filepath.Join(home, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	script, err := os.ReadFile("run.sh")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(home, "tools/run.sh"), string(script))
	// A stand-in that leaves what ingest does.
	stub := "#!/bin/sh\nfor a; do case $a in --root=file://*) mkdir -p \"${a#--root=file://}/state\" && echo {} >\"${a#--root=file://}/state/lines.json\";; esac; done\n"
	write(t, filepath.Join(home, "bin/pipeline"), stub)
	if err := os.Chmod(filepath.Join(home, "bin/pipeline"), 0o700); err != nil {
		t.Fatal(err)
	}
	try := func(env ...string) string {
		t.Helper()
		said, code := run(t, env, "bash", filepath.Join(home, "tools/run.sh"))
		if code != 0 {
			t.Fatalf("%v ended %d: %s", env, code, said)
		}
		return said
	}
	if said := try("SOURCE=/in/march.csv", "ROOT="); said != "" {
		t.Errorf("the first root: %s", said)
	}
	said := try("SOURCE=/in/april.csv", "ROOT=")
	if !strings.Contains(said, "a root of its own, .clientele/april-csv-") || !strings.Contains(said, "ROOT=.clientele/march-csv-") {
		t.Errorf("the second root: %q", said)
	}
	if said := try("SOURCE=/in/april.csv", "ROOT="); said != "" {
		t.Errorf("the second root again: %s", said)
	}
	if said := try("SOURCE=/in/may.csv", "ROOT=.clientele/april"); said != "" {
		t.Errorf("a root that is named: %s", said)
	}
}
