package main

import (
	"bytes"
	"debug/elf"
	"encoding/json"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// clone copies the repository's last commit into a folder of its own.
func clone(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("-short builds no images")
	}
	if _, err := os.Stat("../../.git"); err != nil {
		t.Skip("this is no git checkout: there is no commit to build twice")
	}
	to := filepath.Join(t.TempDir(), "clone")
	output(t, "", nil, "git", "clone", "--quiet", "../..", to)
	return to
}

func output(t *testing.T, folder string, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = folder, append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s%s", name, args, err, out, stderr.String())
	}
	return strings.TrimSpace(string(out))
}

// makeImage runs `make images` for the smallest task and returns its digest and archive.
func makeImage(t *testing.T, folder, builder string, env ...string) (digest string, archive []byte) {
	t.Helper()
	// An outer make must not speak to this one.
	env = append(env, "MAKEFLAGS=", "MAKELEVEL=", "MAKEOVERRIDES=", "CLIENTELE_IMAGE_PREFIX=", "CLIENTELE_IMAGE_TAG=", "BUILDER="+builder)
	said := output(t, folder, env, "make", "images", "TASKS=demo")
	if !strings.Contains(said, "by "+builder) {
		t.Errorf("make images does not say that it used %s:\n%s", builder, said)
	}
	var digests map[string]string
	list, err := os.ReadFile(filepath.Join(folder, "dist/images/images.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(list, &digests); err != nil || len(digests) != 2 || digests["version"] != versionOf(t, folder) {
		t.Fatalf("images.json holds %s: %v", list, err)
	}
	archive, err = os.ReadFile(filepath.Join(folder, "dist/images/demo.tar"))
	if err != nil {
		t.Fatal(err)
	}
	return digests["demo"], archive
}

// versionOf returns the version of a clone.
func versionOf(t *testing.T, folder string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "VERSION"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// tagOf returns the tag by which `docker load` knows the image.
func tagOf(t *testing.T, archive []byte) string {
	t.Helper()
	list, err := tarball.LoadManifest(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive)), nil })
	if err != nil {
		t.Fatal(err)
	}
	_, tag, _ := strings.Cut(list[0].RepoTags[0], ":")
	return tag
}

// The promise of docs/images.md: one commit, one digest, wherever and whenever it is built; and the image holds one static
// program that knows its commit.
func TestOneCommitHasOneDigest(t *testing.T) {
	here := clone(t)
	digest, archive := makeImage(t, here, "ociimage")

	// Elsewhere, with other habits, and with a tag that was not there before.
	there := clone(t)
	output(t, there, nil, "git", "tag", "v9.9.9")
	old := syscall.Umask(0o077)
	again, sameArchive := makeImage(t, there, "ociimage", "TZ=Asia/Tokyo", "LC_ALL=C", "GOAMD64=v3")
	syscall.Umask(old)
	if digest != again || !bytes.Equal(archive, sameArchive) {
		t.Errorf("one commit in two folders: %s and %s", digest, again)
	}

	m := readBack(t, archive)
	if got := slices.Sorted(maps.Keys(m.files)); !slices.Equal(got, []string{"step", "tmp"}) {
		t.Errorf("the image holds %v", got)
	}
	version := versionOf(t, here)
	head := output(t, here, nil, "git", "rev-parse", "HEAD")
	if got := m.config.Labels["org.opencontainers.image.version"]; got != version {
		t.Errorf("labelled version %s, VERSION is %s", got, version)
	}
	if got := tagOf(t, archive); got != version && got != version+"."+head[:12] {
		t.Errorf("tagged %s, VERSION is %s, built from %s", got, version, head)
	}
	if got := m.config.Labels["org.opencontainers.image.revision"]; got != head {
		t.Errorf("labelled %s, built from %s", got, head)
	}
	program, err := elf.NewFile(bytes.NewReader(m.files["step"].data))
	if err != nil {
		t.Fatal(err)
	}
	if libraries, err := program.ImportedLibraries(); err != nil || len(libraries) > 0 || program.Section(".interp") != nil {
		t.Errorf("the program is not static: it wants %v (%v)", libraries, err)
	}
	step := filepath.Join(t.TempDir(), "step")
	if err := os.WriteFile(step, m.files["step"].data, 0o755); err != nil {
		t.Fatal(err)
	}
	if got := output(t, "", nil, step, "--version"); !strings.HasPrefix(got, "demo version "+version+" "+head) || strings.Contains(got, "modified") {
		t.Errorf("--version prints %q, built from %s", got, head)
	}

	// One changed file, and nothing claims to be that commit any more.
	if err := os.WriteFile(filepath.Join(there, "README.md"), []byte("changed"), 0o644); err != nil {
		t.Fatal(err)
	}
	changed, archive := makeImage(t, there, "ociimage")
	m = readBack(t, archive)
	if got := m.config.Labels["org.opencontainers.image.revision"]; got != head+"-modified" || changed == digest {
		t.Errorf("from a changed tree: labelled %s, %s", got, changed)
	}
	if err := os.WriteFile(step, m.files["step"].data, 0o755); err != nil {
		t.Fatal(err)
	}
	if got := output(t, "", nil, step, "--version"); strings.Contains(got, head) {
		t.Errorf("from a changed tree: --version prints %q", got)
	}
}

// The bound of docs/images.md, on the largest: pipeline holds every step.
func TestTheLargestImageIsUnderTwentyMegabytes(t *testing.T) {
	bin := os.Getenv("CLIENTELE_BIN")
	if bin == "" || testing.Short() {
		t.Skip("-short, or CLIENTELE_BIN is not set: make test-go builds the programs and sets it")
	}
	program, err := os.ReadFile(filepath.Join(bin, "pipeline"))
	if err != nil {
		t.Fatal(err)
	}
	m := &contents{files: map[string]file{"step": {mode: 0o755, data: program}}}
	if _, archive := written(t, m, "clientele.local/pipeline:1", epoch); len(archive) > 20_000_000 {
		t.Errorf("%d bytes", len(archive))
	}
}

// The Dockerfile by other builders, where they are there: the very same archive.
func TestEveryBuilderMakesTheSameImage(t *testing.T) {
	if testing.Short() {
		t.Skip("-short builds no images")
	}
	builders := []string{}
	if _, err := exec.LookPath("buildah"); err == nil && os.Getuid() == 0 {
		builders = append(builders, "buildah")
	}
	if exec.Command("docker", "info").Run() == nil {
		builders = append(builders, "docker")
	}
	if len(builders) == 0 {
		t.Skip("neither root with buildah nor a docker daemon here: images/Dockerfile was built by ociimage alone")
	}
	folder := clone(t)
	want, archive := makeImage(t, folder, "ociimage")
	for _, builder := range builders {
		if got, other := makeImage(t, folder, builder); got != want || !bytes.Equal(archive, other) {
			t.Errorf("%s: %s, ociimage: %s", builder, got, want)
		}
	}
}
