// Package tasks_test holds the end-to-end tests: the real binaries, as a person or a scheduler starts them.
//
// The scripts in testdata are txtar files. Besides testscript's own commands they have
//
//	code N PROGRAM ARGS…   runs a program and asserts its exit code
//	none GLOB…             asserts that no file matches
//	same FILE…             asserts that all files have the same bytes
//	edit GLOB OLD NEW      replaces a text in every file that matches, which must hold it
//
// After a failure a script always asserts what must not exist.
package tasks_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/clientele/clientele/pkg/delivery/source/sourcetest"
)

// bin is the folder of the programs under test.
var bin string

func TestMain(m *testing.M) {
	flag.Parse() // for testing.Short
	code, err := withPrograms(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// withPrograms builds every task's program, unless CLIENTELE_BIN names a folder that has them. With -short none is started.
func withPrograms(run func() int) (int, error) {
	if bin = os.Getenv("CLIENTELE_BIN"); bin != "" || testing.Short() {
		return run(), nil
	}
	dir, err := os.MkdirTemp("", "clientele-bin-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	bin = dir
	if err := os.Chmod(dir, 0o755); err != nil { // a test starts a program as another user
		return 0, err
	}
	mains, err := filepath.Glob("*/cmd")
	if err != nil || len(mains) == 0 {
		return 0, fmt.Errorf("no task found: %w", err)
	}
	for _, path := range mains {
		name := filepath.Dir(path)
		cmd := exec.Command("go", "build", "-tags", "disable_grpc_modules", "-o", filepath.Join(dir, name), "./"+path)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return 0, fmt.Errorf("build %s: %w\n%s", name, err, out)
		}
	}
	return run(), nil
}

// noPrograms is why a test is skipped with -short.
const noPrograms = "-short starts no programs"

func TestScripts(t *testing.T) {
	if testing.Short() {
		t.Skip(noPrograms)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", bin+string(os.PathListSeparator)+e.Getenv("PATH"))
			e.Setenv("TMPDIR", filepath.Join(e.WorkDir, ".tmp"))
			e.Setenv("CLIENTELE_ROOT", "file://"+filepath.Join(e.WorkDir, "root"))
			e.Setenv("CLIENTELE_PIPELINE", "test")
			e.Setenv("CLIENTELE_RUN_ID", "r1")
			return serve(e)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"code": codeOf, "none": none, "same": same, "edit": edit},
	})
}

// serve starts a server of the script's files, which the programs trust.
func serve(e *testscript.Env) error {
	server := sourcetest.New(sourcetest.Folder(e.WorkDir))
	server.CAFile = filepath.Join(e.WorkDir, ".ca.pem")
	stop, err := server.Run()
	if err != nil {
		return err
	}
	e.Defer(stop)
	e.Setenv("SERVER", server.Base)
	e.Setenv("SERVER_CA", server.CAFile)
	e.Setenv("CLIENTELE_CA_FILE", server.CAFile)
	return nil
}

// codeOf runs a program and asserts its exit code.
func codeOf(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N PROGRAM ARGS…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("%s ended %d, want %d", args[1], got, want)
	}
}

// none asserts that no file matches any of the globs.
func none(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: none GLOB…")
	}
	for _, glob := range args {
		found, err := filepath.Glob(ts.MkAbs(glob))
		ts.Check(err)
		if len(found) > 0 {
			ts.Fatalf("must not exist: %v", found)
		}
	}
}

// same asserts that all files have the same bytes.
func same(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: same FILE FILE…")
	}
	first := ts.ReadFile(args[0])
	for _, name := range args[1:] {
		if ts.ReadFile(name) != first {
			ts.Fatalf("%s differs from %s", name, args[0])
		}
	}
}

// edit replaces a text in every file that matches, which must hold it.
func edit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: edit GLOB OLD NEW")
	}
	found, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(found) == 0 {
		ts.Fatalf("%s matches no file", args[0])
	}
	for _, name := range found {
		text, err := os.ReadFile(name)
		ts.Check(err)
		if !bytes.Contains(text, []byte(args[1])) {
			ts.Fatalf("%s does not hold %q", name, args[1])
		}
		ts.Check(os.WriteFile(name, bytes.ReplaceAll(text, []byte(args[1]), []byte(args[2])), 0o600))
	}
}

// program runs a task's program in its own process and returns its exit code and what it printed.
func program(t testing.TB, name string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := command(t, name, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), out.String(), errs.String()
	}
	if err != nil {
		t.Fatalf("run %s: %v", name, err)
	}
	return 0, out.String(), errs.String()
}

// must runs a program that has to end well and returns what it printed.
func must(t testing.TB, name string, args ...string) (stdout string) {
	t.Helper()
	code, stdout, stderr := program(t, name, args...)
	if code != 0 {
		t.Fatalf("%s %v ended %d:\n%s", name, args, code, stderr)
	}
	return stdout
}

func command(t testing.TB, name string, args ...string) *exec.Cmd {
	t.Helper()
	if testing.Short() {
		t.Skip(noPrograms)
	}
	return exec.Command(filepath.Join(bin, name), args...)
}

// realFile returns the path of the UCI Online Retail file, or skips the test, saying so.
func realFile(t testing.TB) string {
	t.Helper()
	folder := os.Getenv("CLIENTELE_TESTDATA")
	if folder == "" {
		t.Skip("CLIENTELE_TESTDATA is not set: it names the folder of online-retail.csv.gz")
	}
	path, err := filepath.Abs(filepath.Join(folder, "online-retail.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// files returns the content of every file below a folder by its relative path; none if the folder does not exist. Lock
// files and unfinished ones are no objects.
func files(t testing.TB, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case d.IsDir() && d.Name() == ".tmp":
			return filepath.SkipDir
		case d.IsDir() || d.Name() == ".lock":
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(folder, path)
		all[rel] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
