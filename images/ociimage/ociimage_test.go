package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// epoch is 2023-11-14T22:13:20Z.
var epoch = time.Unix(1_700_000_000, 0)

// laidOut is a context as tools/images.sh lays one out.
func laidOut() fstest.MapFS {
	return fstest.MapFS{
		"ingest/step": {Data: []byte("a program"), Mode: 0o755, ModTime: time.Now()},
		"ingest/tmp":  {Mode: fs.ModeDir | fs.ModeSticky | 0o777, ModTime: time.Now()},
		"train/step":  {Data: []byte("another"), Mode: 0o755},
	}
}

func theDockerfile(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func built(t *testing.T) *Image {
	t.Helper()
	m, err := build(theDockerfile(t), laidOut(), map[string]string{"TASK": "ingest", "REVISION": "0123abcd"}, "amd64")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func written(t *testing.T, m *Image, name string, created time.Time) (digest string, archive []byte) {
	t.Helper()
	var out bytes.Buffer
	digest, err := m.Write(&out, name, created)
	if err != nil {
		t.Fatal(err)
	}
	return digest, out.Bytes()
}

func TestTheDockerfileMakesThisImage(t *testing.T) {
	want := &Image{
		Architecture: "amd64",
		Settings: Settings{
			User:       "65532:65532",
			Env:        []string{"PATH=/"},
			Entrypoint: []string{"/step"},
			Labels: map[string]string{
				"org.opencontainers.image.title":    "clientele ingest",
				"org.opencontainers.image.source":   "https://github.com/clientele/clientele",
				"org.opencontainers.image.revision": "0123abcd",
				"org.opencontainers.image.licenses": "Apache-2.0",
			},
		},
		// Another task's program, a shell, passwd: nothing of that.
		Files: map[string]File{
			"step": {Mode: 0o755, Data: []byte("a program")},
			"tmp":  {Mode: fs.ModeDir | fs.ModeSticky | 0o777},
		},
	}
	got := built(t)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("built (-want +got):\n%s", diff)
	}
	_, archive := written(t, got, "clientele.local/ingest:1", epoch)
	back, err := Read(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range back.Files { // a tar knows no nil
		if f.Mode.IsDir() && len(f.Data) == 0 {
			back.Files[name] = File{Mode: f.Mode}
		}
	}
	if diff := cmp.Diff(want, back); diff != "" {
		t.Errorf("written and read (-want +got):\n%s", diff)
	}
}

func TestTheDigestFollowsFromContentAndTimeAlone(t *testing.T) {
	first, archive := written(t, built(t), "clientele.local/ingest:1", epoch)
	again, sameArchive := written(t, built(t), "clientele.local/ingest:1", epoch.In(time.FixedZone("", 9*3600)))
	if first != again || !bytes.Equal(archive, sameArchive) {
		t.Errorf("built twice: %s and %s", first, again)
	}
	if named, _ := written(t, built(t), "elsewhere:5000/x/ingest:2", epoch); named != first {
		t.Errorf("under another name: %s, not %s", named, first)
	}
	if later, _ := written(t, built(t), "clientele.local/ingest:1", epoch.Add(time.Second)); later == first {
		t.Error("a second later: the same digest")
	}
	other := built(t)
	other.Files["step"] = File{Mode: 0o755, Data: []byte("a prograM")}
	if changed, _ := written(t, other, "clientele.local/ingest:1", epoch); changed == first {
		t.Error("another program: the same digest")
	}
}

// The layout's own rules (OCI image specification 1.0: image-layout.md, manifest.md): every blob lies under its digest with its
// size, and index → manifest → config and layer leads to each.
func TestTheArchiveIsALayout(t *testing.T) {
	digest, archive := written(t, built(t), "elsewhere:5000/x/ingest:1.2", epoch)
	files, err := readTar(bytes.NewReader(archive), false)
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range files {
		if hex, ok := strings.CutPrefix(name, "blobs/sha256/"); ok && digestOf(f.Data) != "sha256:"+hex {
			t.Errorf("%s holds %s", name, digestOf(f.Data))
		}
	}
	follow := func(d descriptor, into any) {
		t.Helper()
		data := files["blobs/"+strings.Replace(d.Digest, ":", "/", 1)].Data
		if len(data) != d.Size || len(data) == 0 {
			t.Fatalf("%s has %d bytes, not %d", d.Digest, len(data), d.Size)
		}
		if into == nil {
			return
		}
		if err := json.Unmarshal(data, into); err != nil {
			t.Fatal(err)
		}
	}
	var idx index
	if err := json.Unmarshal(files["index.json"].Data, &idx); err != nil || len(idx.Manifests) != 1 {
		t.Fatalf("index.json: %d manifests, %v", len(idx.Manifests), err)
	}
	if idx.Manifests[0].Digest != digest {
		t.Errorf("index.json names %s, Write said %s", idx.Manifests[0].Digest, digest)
	}
	want := map[string]string{"io.containerd.image.name": "elsewhere:5000/x/ingest:1.2", "org.opencontainers.image.ref.name": "1.2"}
	if diff := cmp.Diff(want, idx.Manifests[0].Annotations); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	var m manifest
	follow(idx.Manifests[0], &m)
	var c config
	follow(m.Config, &c)
	if len(m.Layers) != 1 || len(c.RootFS.DiffIDs) != 1 || c.Created != "2023-11-14T22:13:20Z" || c.OS != "linux" {
		t.Errorf("manifest %+v, config %+v", m, c)
	}
	follow(m.Layers[0], nil)
}

func TestADockerfileIsUnderstoodOrRefused(t *testing.T) {
	for _, test := range []struct{ name, dockerfile, want string }{
		{"empty", "", "no FROM scratch"},
		{"a base", "FROM debian:12\n", "want one FROM scratch"},
		{"two stages", "FROM scratch\nFROM scratch\n", "line 2 of the Dockerfile: want one FROM scratch"},
		{"before FROM", "ARG TASK\nFROM scratch\n", "line 1 of the Dockerfile: ARG before FROM"},
		{"an argument that nobody gave", "FROM scratch\nARG COLOUR\n", "ARG COLOUR needs a value"},
		{"a default", "FROM scratch\nARG TASK=ingest\n", "ARG TASK=ingest needs a value"},
		{"an undeclared argument", "FROM scratch\n\nCOPY ${TASK}/ /\n", "line 3 of the Dockerfile: ${TASK} is set nowhere"},
		{"a shell", "FROM scratch\nENTRYPOINT /step\n", "ENTRYPOINT wants a list"},
		{"a command", "FROM scratch\nRUN true\n", "RUN is not known"},
		{"a flag", "FROM scratch\nCOPY --chmod=755 ingest/ /\n", "COPY wants a folder and /"},
		{"elsewhere", "FROM scratch\nCOPY ingest/ /bin/\n", "COPY wants a folder and /"},
		{"a folder that is not there", "FROM scratch\nCOPY drift/ /\n", "drift"},
		{"an open quote", "FROM scratch\nLABEL a=\"b\n", "quote"},
		{"a quote of the other kind", "FROM scratch\nLABEL a='b'\n", "not known here"},
		{"half a pair", "FROM scratch\nLABEL a\n", "name=value"},
		{"two users", "FROM scratch\nUSER a b\n", "USER wants one word"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := build(test.dockerfile, laidOut(), map[string]string{"TASK": "ingest"}, "amd64")
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error that says %q", err, test.want)
			}
		})
	}
}

func TestOnlyPlainFilesAreCopied(t *testing.T) {
	for _, mode := range []fs.FileMode{fs.ModeSymlink | 0o777, fs.ModeSetuid | 0o755, fs.ModeNamedPipe | 0o644} {
		context := laidOut()
		context["ingest/odd"] = &fstest.MapFile{Mode: mode, Data: []byte("step")}
		_, err := build(theDockerfile(t), context, map[string]string{"TASK": "ingest", "REVISION": "r"}, "amd64")
		if err == nil || !strings.Contains(err.Error(), "ingest/odd") {
			t.Errorf("%s: got %v, want an error that names it", mode, err)
		}
	}
}

// What other builders add must not reach the digest: here as buildah 1.28 does it, in a docker-archive with a plain layer.
func TestABuildersMarksAreLeftBehind(t *testing.T) {
	want, _ := written(t, built(t), "clientele.local/ingest:1", epoch)
	m := built(t)
	layer, err := m.layer(time.Unix(1_800_000_000, 0))
	if err != nil {
		t.Fatal(err)
	}
	m.Settings.Labels["io.buildah.version"] = "1.28.2"
	m.Settings.WorkingDir = "/"
	c := map[string]any{"created": "2027-01-15T08:00:00Z", "architecture": "amd64", "os": "linux", "author": "someone", "config": m.Settings,
		"history": []any{map[string]string{"created_by": "COPY"}}, "rootfs": map[string]any{"type": "layers", "diff_ids": []string{digestOf(layer)}}}
	configJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	archive := &Image{Files: map[string]File{
		"manifest.json": {Mode: 0o644, Data: []byte(`[{"Config":"c.json","RepoTags":["x:1"],"Layers":["l.tar"]}]`)},
		"c.json":        {Mode: 0o644, Data: configJSON},
		"l.tar":         {Mode: 0o644, Data: layer},
	}}
	saved, err := archive.layer(epoch)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Read(bytes.NewReader(saved))
	if err != nil {
		t.Fatal(err)
	}
	if digest, _ := written(t, got, "clientele.local/ingest:1", epoch); digest != want {
		t.Errorf("taken over: %s, built here: %s", digest, want)
	}
	archive.Files["l.tar"].Data[0] ^= 1 // the layer no longer is what its config says
	if saved, err = archive.layer(epoch); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(bytes.NewReader(saved)); err == nil {
		t.Error("a damaged layer was taken")
	}
}

func FuzzRead(f *testing.F) {
	m := &Image{Architecture: "amd64", Files: map[string]File{"step": {Mode: 0o755, Data: []byte("x")}}}
	var out bytes.Buffer
	if _, err := m.Write(&out, "a/b:1", epoch); err != nil {
		f.Fatal(err)
	}
	f.Add(out.Bytes())
	f.Add(out.Bytes()[:out.Len()/2])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		// What can be read can be written, but for names and sizes that a plain tar cannot hold.
		var out bytes.Buffer
		if _, err := m.Write(&out, "a/b:1", epoch); err != nil {
			return
		}
		if _, err := Read(&out); err != nil {
			t.Errorf("read, written, and not read again: %v", err)
		}
	})
}
