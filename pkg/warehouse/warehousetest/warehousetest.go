// Package warehousetest starts a local BigQuery for tests, and types SQL by Google's own analyzer.
//
//	dataset := warehousetest.Start(t) // test-project.test_3f…, an empty dataset; BIGQUERY_EMULATOR_HOST points there until the test ends
//
// Both are Python packages; the interpreter that has them is named by the variable CLIENTELE_BIGQUERY (tools/bigquery.sh
// makes it). Where that is unset the test is skipped, saying so; on a build server (CI=true) it fails.
//
// The server is DuckDB behind BigQuery's REST interface. It proves nothing about quotas, about types (the analyzer does), or
// about a job id that is used twice, which it takes for a new job: a test that needs it puts a proxy in between.
package warehousetest

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// Variable names the environment variable that holds the path of the Python interpreter.
const Variable = "CLIENTELE_BIGQUERY"

// project of all datasets.
const project = "test-project"

var server = sync.OnceValues(launch)

// python returns the interpreter, or ends the test.
func python(t testing.TB) string {
	t.Helper()
	path := os.Getenv(Variable) //nolint:forbidigo // a package for tests only
	if path == "" {
		if os.Getenv("CI") == "true" { //nolint:forbidigo // likewise
			t.Fatalf("%s is not set: it must be the path of a Python with tools/bigquery/requirements.txt", Variable)
		}
		t.Skipf("%s is not set: it must be the path of a Python with tools/bigquery/requirements.txt", Variable)
	}
	return path
}

// Start makes sure that the server runs, points BIGQUERY_EMULATOR_HOST to it until t ends, and returns the name of a new,
// empty dataset. A test that calls it cannot be parallel.
func Start(t testing.TB) string {
	t.Helper()
	python(t)
	host, err := server()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("BIGQUERY_EMULATOR_HOST", host)
	var b [8]byte
	rand.Read(b[:])
	id := "test_" + hex.EncodeToString(b[:])
	post(t, "datasets", map[string]any{"datasetReference": map[string]string{"projectId": project, "datasetId": id}})
	return project + "." + id
}

// Storage returns the folder that the server takes for Cloud Storage: it reads gs://bucket/x from bucket/x below it.
func Storage(t testing.TB) string {
	t.Helper()
	if _, err := server(); err != nil {
		t.Fatal(err)
	}
	return storage
}

// Query returns the rows of a query, each value as BigQuery's JSON has it, nil for null.
func Query(t testing.TB, sql string) [][]any {
	t.Helper()
	var answer struct {
		Rows []struct {
			F []struct{ V any }
		}
		Errors []struct{ Message string } // of a query that failed: the status is 200 all the same
	}
	if err := json.Unmarshal(post(t, "queries", map[string]any{"query": sql, "useLegacySql": false, "maxResults": 100000}), &answer); err != nil {
		t.Fatal(err)
	}
	if len(answer.Errors) > 0 {
		t.Fatalf("%s: %s", sql, answer.Errors[0].Message)
	}
	rows := make([][]any, len(answer.Rows))
	for i, r := range answer.Rows {
		for _, f := range r.F {
			rows[i] = append(rows[i], f.V)
		}
	}
	return rows
}

func post(t testing.TB, what string, body any) []byte {
	t.Helper()
	host, err := server()
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post("http://"+host+"/bigquery/v2/projects/"+project+"/"+what, "application/json", bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s: %v: %s", what, resp.Status, err, answer)
	}
	return answer
}

// Analyze types statements against tables, by their names and the types of their columns, and returns what is wrong with each.
func Analyze(t testing.TB, tables map[string]map[string]string, statements []string) []string {
	t.Helper()
	asked, err := json.Marshal(map[string]any{"tables": tables, "statements": statements})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python(t), script("analyze.py"))
	cmd.Stdin = bytes.NewReader(asked)
	var problems strings.Builder
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("analyze: %v: %s", err, problems.String())
	}
	var answers []*string
	if err := json.Unmarshal(out, &answers); err != nil || len(answers) != len(statements) {
		t.Fatalf("analyze: %d answers to %d statements: %v", len(answers), len(statements), err)
	}
	wrong := make([]string, len(answers))
	for i, a := range answers {
		if a != nil {
			wrong[i] = *a
		}
	}
	return wrong
}

// script returns the path of a program in tools/bigquery.
func script(name string) string {
	_, here, _, _ := runtime.Caller(0)
	folder := filepath.Dir(here)
	if !filepath.IsAbs(folder) { // -trimpath: the test runs in the folder of its package
		folder, _ = os.Getwd()
	}
	for ; folder != filepath.Dir(folder); folder = filepath.Dir(folder) {
		if path := filepath.Join(folder, "tools", "bigquery", name); exists(path) {
			return path
		}
	}
	return name
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// inputs keeps the server's standard input open: the server ends when it is closed, however this process dies.
var inputs []io.Closer

// storage is the server's folder for gs://. It is left to the machine's clean-up, as nothing runs at the end of all tests.
var storage string

// launch starts the server on a free port of this machine and waits until it answers.
func launch() (host string, err error) {
	for range 3 { // another process may take the port in between
		if host, err = tryLaunch(os.Getenv(Variable)); err == nil { //nolint:forbidigo // a package for tests only
			return host, nil
		}
	}
	return "", err
}

func tryLaunch(python string) (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	host := l.Addr().String()
	_, port, _ := net.SplitHostPort(host)
	l.Close()
	if storage, err = os.MkdirTemp("", "clientele-bigquery-"); err != nil {
		return "", err
	}
	cmd := exec.Command(python, script("emulator.py"), port, storage)
	input, err := cmd.StdinPipe()
	if err != nil {
		return "", err
	}
	inputs = append(inputs, input)
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("start the local BigQuery: %w", err)
	}
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) { //nolint:forbidigo // a package for tests only
		resp, err := http.Get("http://" + host + "/bigquery/v2/projects/" + project + "/datasets")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return host, nil
			}
		}
	}
	return "", errors.Join(fmt.Errorf("the local BigQuery does not answer on %s", host), cmd.Process.Kill())
}
