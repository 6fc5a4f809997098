package model_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/model/modeltest"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/table"
)

func open(t *testing.T, url string) *objstore.Store {
	t.Helper()
	s, err := objstore.Open(context.Background(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// checked returns options whose allocator must be empty at the end.
func checked(t *testing.T) table.Options {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	t.Cleanup(func() { mem.AssertSize(t, 0) })
	return table.Options{Allocator: mem, Scratch: t.TempDir()}
}

func code(err error) int { return fault.CodeOf(err) }

func TestWriteLoad(t *testing.T) {
	ctx := context.Background()
	customers := modeltest.Customers(300, 1)
	for _, url := range []string{"mem://" + t.Name(), "file://" + t.TempDir()} {
		store, opts := open(t, url), checked(t)
		b := modeltest.Bundle(t, customers, 4, 1)
		if _, err := model.Load(ctx, store, b.Manifest.ModelID, opts); code(err) != fault.ExitMissing {
			t.Errorf("%s: load before write: %v", url, err)
		}
		for _, run := range []string{"p/2011-12-10/first-00000000", "p/2011-12-11/second-00000000"} {
			if err := model.Write(ctx, store, b, model.Provenance{Run: run, Code: "abc"}, opts); err != nil {
				t.Fatal(err)
			}
		}
		got, err := model.Load(ctx, store, b.Manifest.ModelID, opts)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(b, got, cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: loaded (-written +loaded):\n%s", url, diff)
		}
		if err := got.Replay(); err != nil {
			t.Error(err)
		}
		text, _, err := store.Read(ctx, contract.ProvenancePath(b.Manifest.ModelID))
		if err != nil || !bytes.Contains(text, []byte("first")) {
			t.Errorf("%s: provenance %s, %v: the first writer's must stay", url, text, err)
		}
	}
}

func TestWriteRaces(t *testing.T) {
	ctx := context.Background()
	store := open(t, "file://"+t.TempDir())
	customers := modeltest.Customers(100, 1)
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		b := modeltest.Bundle(t, customers, 3, 1)
		wg.Go(func() { errs[i] = model.Write(ctx, store, b, model.Provenance{Run: fmt.Sprint(i)}, table.Options{}) })
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			t.Errorf("copy %d: %v", i, err)
		}
	}
	b := modeltest.Bundle(t, customers, 3, 1)
	if _, err := model.Load(ctx, store, b.Manifest.ModelID, table.Options{}); err != nil {
		t.Error(err)
	}
}

func TestWriteRefusesAChangedModel(t *testing.T) {
	b := modeltest.Bundle(t, modeltest.Customers(60, 1), 2, 1)
	b.Model.Centroids[0][0]++
	store := open(t, "mem://"+t.Name())
	if err := model.Write(context.Background(), store, b, model.Provenance{}, table.Options{}); err == nil {
		t.Fatal("a model that is not its fit was written")
	}
	if _, err := store.Stat(context.Background(), contract.ModelPath(b.Manifest.ModelID)); err == nil {
		t.Error("its manifest is there")
	}
}

// TestDamage changes, cuts and removes each object of a bundle in turn.
func TestDamage(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	store := open(t, "file://"+dir)
	b := modeltest.Bundle(t, modeltest.Customers(80, 1), 2, 1)
	if err := model.Write(ctx, store, b, model.Provenance{}, table.Options{}); err != nil {
		t.Fatal(err)
	}
	m := b.Manifest
	for _, object := range []string{
		contract.ModelPath(m.ModelID), contract.BlobPath(m.Blobs.Model.SHA256),
		contract.BlobPath(m.Blobs.Reference.SHA256), contract.BlobPath(m.Blobs.Golden.SHA256),
	} {
		path := filepath.Join(dir, filepath.FromSlash(object))
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		flipped := bytes.Clone(good)
		flipped[len(good)/2] ^= 0x11
		for name, bad := range map[string][]byte{"flipped": flipped, "cut": good[:len(good)/2], "empty": {}, "none": nil} {
			want := fault.ExitBadData
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if bad == nil {
				want = fault.ExitMissing
			}
			if bad != nil {
				if err := os.WriteFile(path, bad, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := model.Load(ctx, store, m.ModelID, checked(t)); code(err) != want {
				t.Errorf("%s %s: %v, want code %d", object, name, err, want)
			}
			if err := os.WriteFile(path, good, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := model.Load(ctx, store, m.ModelID, table.Options{}); err != nil {
		t.Error("mended:", err)
	}
}

func TestNewerVersions(t *testing.T) {
	ctx := context.Background()
	b := modeltest.Bundle(t, modeltest.Customers(60, 1), 2, 1)
	write := func(t *testing.T, store *objstore.Store, name string, v any) {
		t.Helper()
		text, err := contract.Canonical(v)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.CreateBytes(ctx, name, text); err != nil {
			t.Fatal(err)
		}
	}
	// A manifest of version 3, in a shape that this program cannot know.
	store := open(t, "mem://"+t.Name())
	id := strings.Repeat("ab", 32)
	write(t, store, contract.ModelPath(id), map[string]any{"version": 3, "segments": "elsewhere"})
	_, err := model.Load(ctx, store, id, table.Options{})
	if code(err) != fault.ExitBadData || !strings.Contains(err.Error(), "version 3") || !strings.Contains(err.Error(), "up to 2") {
		t.Errorf("newer manifest: %v", err)
	}
	// A model of version 3 in a manifest of version 2.
	newer := map[string]any{"version": 3, "space": "spherical"}
	text, _ := contract.Canonical(newer)
	m := b.Manifest
	m.FitID = contract.SHA256(text)
	b.Manifest = m
	if err := b.Identify(m.Segments, nil, model.Parent{}); err != nil {
		t.Fatal(err)
	}
	m = b.Manifest
	m.Blobs = model.Blobs{Model: model.Blob{SHA256: m.FitID, Size: int64(len(text))}}
	write(t, store, contract.BlobPath(m.FitID), newer)
	write(t, store, contract.ModelPath(m.ModelID), m)
	_, err = model.Load(ctx, store, m.ModelID, table.Options{})
	if code(err) != fault.ExitBadData || !strings.Contains(err.Error(), "version 3") || !strings.Contains(err.Error(), "up to 2") {
		t.Errorf("newer model: %v", err)
	}
}

func TestLoadRefusesStrangeIDs(t *testing.T) {
	store := open(t, "mem://"+t.Name())
	for _, id := range []string{"", "../HEAD", strings.Repeat("g", 64), strings.Repeat("AB", 32)} {
		if _, err := model.Load(context.Background(), store, id, table.Options{}); code(err) != fault.ExitMissing {
			t.Errorf("%q: %v", id, err)
		}
	}
}
