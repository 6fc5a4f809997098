package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// host is a registry in memory.
func host(t *testing.T) string {
	t.Helper()
	in, end, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	said, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- runServe(in, out) }()
	t.Cleanup(func() {
		if err := end.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	address := make([]byte, 64)
	n, err := said.Read(address)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(address[:n]))
}

// stored writes an archive called task.tar.
func stored(t *testing.T, task string, created int64) (path, digest string) {
	t.Helper()
	digest, archive := written(t, built(t), called, time.Unix(created, 0))
	path = filepath.Join(t.TempDir(), task+".tar")
	if err := os.WriteFile(path, archive, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, digest
}

func TestAPushedImageKeepsItsDigest(t *testing.T) {
	to := host(t) + "/clientele"
	path, digest := stored(t, "ingest", 1)
	for range 2 { // the second time it is there
		var out bytes.Buffer
		if err := runPush([]string{"-to=" + to, path}, &out); err != nil {
			t.Fatal(err)
		}
		if want := to + "/ingest@" + digest + "\n"; out.String() != want {
			t.Errorf("printed %q, want %q", out.String(), want)
		}
	}
	for _, where := range []string{to + "/ingest:1", to + "/ingest@" + digest} {
		ref, err := name.ParseReference(where)
		if err != nil {
			t.Fatal(err)
		}
		there, err := remote.Image(ref)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := there.Digest(); err != nil || got.String() != digest {
			t.Errorf("%s is %v (%v), want %s", where, got, err, digest)
		}
		if layers, err := there.Layers(); err != nil || len(layers) != 1 {
			t.Errorf("%s has layers %v (%v), want one", where, layers, err)
		}
	}
}

func TestATagThatIsAnotherImageIsNotMoved(t *testing.T) {
	to := host(t) + "/clientele"
	first, digest := stored(t, "ingest", 1)
	second, other := stored(t, "ingest", 2)
	if digest == other {
		t.Fatal("want two images")
	}
	if err := runPush([]string{"-to=" + to, first}, &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	err := runPush([]string{"-to=" + to, second}, &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), "a tag never moves") {
		t.Errorf("got %v, want a refusal", err)
	}
}

func TestWhatCannotBePushedIsNamed(t *testing.T) {
	broken := onDisk(t, []byte("no archive"))
	for _, arguments := range [][]string{{"-to=x/y"}, {broken}, {"-to=127.0.0.1:1/clientele", broken}} {
		if err := runPush(arguments, &bytes.Buffer{}); err == nil {
			t.Errorf("%v: want an error", arguments)
		}
	}
}
