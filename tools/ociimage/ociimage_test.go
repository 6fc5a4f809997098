package main

import (
	"archive/tar"
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// epoch is 2023-11-14T22:13:20Z.
var epoch = time.Unix(1_700_000_000, 0)

const called = "clientele.local/ingest:1"

// laidOut is a context as tools/images.sh lays one out.
func laidOut() fstest.MapFS {
	return fstest.MapFS{
		"ingest/step": {Data: []byte("a program"), Mode: 0o755, ModTime: time.Now()},
		"ingest/tmp":  {Mode: fs.ModeDir | fs.ModeSticky | 0o777, ModTime: time.Now()},
		"train/step":  {Data: []byte("another"), Mode: 0o755},
	}
}

func built(t *testing.T) *contents {
	t.Helper()
	text, err := os.ReadFile("../../images/Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	c, err := fromDockerfile(string(text), laidOut(), map[string]string{"TASK": "ingest", "REVISION": "0123abcd", "VERSION": "1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func written(t *testing.T, c *contents, called string, created time.Time) (digest string, archive []byte) {
	t.Helper()
	archive, digest, err := c.archive(called, created)
	if err != nil {
		t.Fatal(err)
	}
	return digest, archive
}

// onDisk writes bytes to a file of the test's own.
func onDisk(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "archive.tar")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func readBack(t *testing.T, archive []byte) *contents {
	t.Helper()
	c, err := fromSaved(onDisk(t, archive))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheDockerfileMakesThisImage(t *testing.T) {
	want := &contents{
		config: v1.Config{
			User:       "65532:65532",
			Env:        []string{"PATH=/"},
			Entrypoint: []string{"/step"},
			Labels: map[string]string{
				"org.opencontainers.image.title":    "clientele ingest",
				"org.opencontainers.image.source":   "https://github.com/clientele/clientele",
				"org.opencontainers.image.version":  "1.2.3",
				"org.opencontainers.image.revision": "0123abcd",
				"org.opencontainers.image.licenses": "Apache-2.0",
			},
		},
		// Another task's program, a shell, passwd: nothing of that.
		files: map[string]file{
			"step": {mode: 0o755, data: []byte("a program")},
			"tmp":  {mode: 0o1777, folder: true, data: []byte{}},
		},
	}
	got := built(t)
	if !reflect.DeepEqual(want, got) {
		t.Errorf("built %+v\nwant  %+v", got, want)
	}
	_, archive := written(t, got, called, epoch)
	if back := readBack(t, archive); !reflect.DeepEqual(want, back) {
		t.Errorf("written and read %+v\nwant             %+v", back, want)
	}
}

func TestTheDigestFollowsFromContentAndTimeAlone(t *testing.T) {
	first, archive := written(t, built(t), called, epoch)
	again, sameArchive := written(t, built(t), called, epoch.In(time.FixedZone("", 9*3600)))
	if first != again || !bytes.Equal(archive, sameArchive) {
		t.Errorf("built twice: %s and %s", first, again)
	}
	if named, _ := written(t, built(t), "elsewhere:5000/x/ingest:2", epoch); named != first {
		t.Errorf("under another name: %s, not %s", named, first)
	}
	if later, _ := written(t, built(t), called, epoch.Add(time.Second)); later == first {
		t.Error("a second later: the same digest")
	}
	other := built(t)
	other.files["step"] = file{mode: 0o755, data: []byte("a prograM")}
	if changed, _ := written(t, other, called, epoch); changed == first {
		t.Error("another program: the same digest")
	}
}

// The archive is an OCI layout of one image that validates, with both names, and a docker-archive of the same image.
func TestTheArchiveIsALayoutAndADockerArchive(t *testing.T) {
	const name1 = "elsewhere:5000/x/ingest:1.2"
	digest, archive := written(t, built(t), name1, epoch)

	folder := t.TempDir()
	output(t, folder, nil, "tar", "-xf", onDisk(t, archive))
	index, err := layout.ImageIndexFromPath(folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	list, err := index.IndexManifest()
	if err != nil || len(list.Manifests) != 1 {
		t.Fatalf("index.json lists %+v: %v", list, err)
	}
	if got := list.Manifests[0].Digest.String(); got != digest {
		t.Errorf("index.json names %s, archive returned %s", got, digest)
	}
	want := map[string]string{"io.containerd.image.name": name1, "org.opencontainers.image.ref.name": "1.2"}
	if got := list.Manifests[0].Annotations; !reflect.DeepEqual(want, got) {
		t.Errorf("names: %v, want %v", got, want)
	}
	image, err := index.Image(list.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if created := config.Created.UTC().Format(time.RFC3339); created != "2023-11-14T22:13:20Z" || len(config.RootFS.DiffIDs) != 1 || config.OS != "linux" {
		t.Errorf("config: %+v", config)
	}

	tag, err := name.NewTag(name1)
	if err != nil {
		t.Fatal(err)
	}
	saved, err := tarball.ImageFromPath(onDisk(t, archive), &tag)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := saved.ConfigName()
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := image.ConfigName()
	if err != nil || ours != theirs {
		t.Errorf("docker load finds image %s, the layout holds %s: %v", ours, theirs, err)
	}
}

func TestADockerfileIsUnderstoodOrRefused(t *testing.T) {
	for _, test := range []struct{ name, dockerfile, want string }{
		{"empty", "", "file with no instructions"},
		{"a base", "FROM debian:12\n", "want one FROM scratch"},
		{"two stages", "FROM scratch\nFROM scratch\n", "want one FROM scratch"},
		{"before FROM", "ARG TASK\nFROM scratch\n", "want one FROM scratch"},
		{"an argument that nobody gave", "FROM scratch\nARG COLOUR\n", "ARG COLOUR needs a value"},
		{"a default", "FROM scratch\nARG TASK=ingest\n", "line 2 of the Dockerfile: ARG TASK needs a value, and takes no default"},
		{"an undeclared argument", "FROM scratch\n\nCOPY ${TASK}/ /\n", "line 3 of the Dockerfile: ${TASK} is not set"},
		{"a shell", "FROM scratch\nENTRYPOINT /step\n", "ENTRYPOINT wants a list"},
		{"a command", "FROM scratch\nRUN true\n", "RUN is not supported"},
		{"a flag", "FROM scratch\nCOPY --chmod=755 ingest/ /\n", "COPY wants a folder and /"},
		{"elsewhere", "FROM scratch\nCOPY ingest/ /bin/\n", "COPY wants a folder and /"},
		{"a folder that is not there", "FROM scratch\nCOPY drift/ /\n", "drift"},
		{"an open quote", "FROM scratch\nLABEL a=\"b\n", "quote"},
		{"half a pair", "FROM scratch\nLABEL a=b c\n", "name=value"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := fromDockerfile(test.dockerfile, laidOut(), map[string]string{"TASK": "ingest"})
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
		_, err := fromDockerfile("FROM scratch\nCOPY ingest/ /\n", context, nil)
		if err == nil || !strings.Contains(err.Error(), "odd") {
			t.Errorf("%s: got %v, want an error that names it", mode, err)
		}
	}
}

// buildah keeps the type of a file in its mode, as stat has it.
func TestAModeIsOfPermissionsAlone(t *testing.T) {
	c := &contents{files: map[string]file{}}
	if err := c.add("step", &tar.Header{Typeflag: tar.TypeReg, Name: "step", Mode: 0o100755}, strings.NewReader("a")); err != nil {
		t.Fatal(err)
	}
	if got := c.files["step"].mode; got != 0o755 {
		t.Errorf("mode %o, want 755", got)
	}
}

// What other builders add must not reach the digest: here as buildah 1.28 does it, with another time, an author and a history.
func TestABuildersMarksAreLeftBehind(t *testing.T) {
	want, _ := written(t, built(t), called, epoch)
	c := built(t)
	c.config.Labels["io.buildah.version"] = "1.28.2"
	c.config.WorkingDir = "/"
	image, err := c.image(time.Unix(1_800_000_000, 0))
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.Author, config.History = "someone", []v1.History{{CreatedBy: "COPY"}}
	if image, err = mutate.ConfigFile(image, config); err != nil {
		t.Fatal(err)
	}
	tag, err := name.NewTag("x:1")
	if err != nil {
		t.Fatal(err)
	}
	var saved bytes.Buffer
	if err := tarball.Write(tag, image, &saved); err != nil {
		t.Fatal(err)
	}
	if digest, _ := written(t, readBack(t, saved.Bytes()), called, epoch); digest != want {
		t.Errorf("taken over: %s, built here: %s", digest, want)
	}

	// A layer that is not what the config says: one that was made a second later, under the same name.
	other, err := c.image(time.Unix(1_800_000_001, 0))
	if err != nil {
		t.Fatal(err)
	}
	if config, err = other.ConfigFile(); err != nil {
		t.Fatal(err)
	}
	if image, err = mutate.ConfigFile(image, config); err != nil {
		t.Fatal(err)
	}
	saved.Reset()
	if err := tarball.Write(tag, image, &saved); err != nil {
		t.Fatal(err)
	}
	if _, err := fromSaved(onDisk(t, saved.Bytes())); err == nil {
		t.Error("an image with a layer that its config does not name was taken")
	}
}

func TestAFolderBecomesOneMoreLayerOfABase(t *testing.T) {
	_, data := written(t, built(t), called, epoch)
	base, folder, out := onDisk(t, data), t.TempDir(), filepath.Join(t.TempDir(), "spark.tar")
	if err := os.MkdirAll(filepath.Join(folder, "opt/clientele"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "opt/clientele/job.py"), []byte("the job"), 0o644); err != nil {
		t.Fatal(err)
	}
	var digest strings.Builder
	arguments := []string{"-base=" + base, "-context=" + folder, "-name=clientele.local/spark:1", "-created=1700000000", "-out=" + out}
	if err := run(arguments, &digest); err != nil {
		t.Fatal(err)
	}
	image, err := tarball.ImageFromPath(out, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(image); err != nil {
		t.Fatal(err)
	}
	if layers, err := image.Layers(); err != nil || len(layers) != 2 {
		t.Errorf("want 2 layers (got %d, %v)", len(layers), err)
	}
	got, err := fromSaved(out)
	if err != nil {
		t.Fatal(err)
	}
	before := readBack(t, data)
	if !reflect.DeepEqual(got.config, before.config) {
		t.Errorf("how the base is run has changed: %v, want %v", got.config, before.config)
	}
	if string(got.files["opt/clientele/job.py"].data) != "the job" || string(got.files["step"].data) != "a program" {
		t.Errorf("want the files of both (got %d)", len(got.files))
	}
	var again strings.Builder
	if err := run(arguments, &again); err != nil || again.String() != digest.String() {
		t.Errorf("a second time it is %q, %v", again.String(), err)
	}
	if err := run([]string{"-base=" + base, "-saved=" + base, "-name=a/b:1", "-out=" + out}, &again); err == nil {
		t.Error("a base without a context is taken")
	}
}
