package clientele_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/clientele/clientele"
)

// documents returns every Markdown file of the repository.
func documents(t *testing.T) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", ".clientele", ".venv", "bin", "dist"}, path):
			return filepath.SkipDir
		case filepath.Ext(path) == ".md":
			found = append(found, path)
		}
		return nil
	})
	if err != nil || len(found) < 5 {
		t.Fatalf("found %v: %v", found, err)
	}
	return found
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestLinksLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#\s]+)`)
	for _, doc := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(read(t, doc), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(doc), m[1])); err != nil {
				t.Errorf("%s links to %s: %v", doc, m[1], err)
			}
		}
	}
}

func TestReadmeListsEveryTask(t *testing.T) {
	var listed []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z]+)` \\|").FindAllStringSubmatch(read(t, "README.md"), -1) {
		listed = append(listed, m[1])
	}
	mains, err := filepath.Glob("tasks/*/cmd/main.go")
	if err != nil || len(mains) == 0 {
		t.Fatalf("found %v: %v", mains, err)
	}
	for _, main := range mains {
		if name := strings.Split(filepath.ToSlash(main), "/")[1]; !slices.Contains(listed, name) {
			t.Errorf("README.md does not list the task %s", name)
		}
	}
	for _, name := range listed {
		if !slices.Contains(mains, filepath.Join("tasks", name, "cmd", "main.go")) {
			t.Errorf("README.md lists %s, which is no task", name)
		}
	}
}

func TestDocumentsNameRealTargets(t *testing.T) {
	makefile := read(t, "Makefile")
	named := regexp.MustCompile("(?m)(?:^|`)make ([a-z0-9-]+)")
	for _, doc := range documents(t) {
		for _, m := range named.FindAllStringSubmatch(read(t, doc), -1) {
			if !strings.Contains(makefile, "\n"+m[1]+":") {
				t.Errorf("%s names make %s, which the Makefile does not have", doc, m[1])
			}
		}
	}
}

// Every direct dependency has its line, with what it is for.
func TestEveryDependencyIsExplained(t *testing.T) {
	const record = "docs/adr/0005-dependencies.md"
	explained := read(t, record)
	direct := 0
	for line := range strings.Lines(read(t, "go.mod")) {
		fields := strings.Fields(line)
		if !strings.HasPrefix(line, "\t") || len(fields) != 2 {
			continue // indirect ones have a comment
		}
		direct++
		if !strings.Contains(explained, fmt.Sprintf("| %s |", fields[0])) {
			t.Errorf("%s has no line for %s", record, fields[0])
		}
	}
	if direct == 0 {
		t.Error("go.mod has no direct dependency: this test reads it wrongly")
	}
}

// A first build takes over a minute: it says so before it begins.
func TestMakeRunSaysThatItCompiles(t *testing.T) {
	out, err := exec.Command("make", "--dry-run", "--always-make", "bin/pipeline").Output()
	if err != nil {
		t.Fatal(err)
	}
	said, built := strings.Index(string(out), `echo "compiling bin/pipeline`), strings.Index(string(out), "build")
	if said < 0 || built < said {
		t.Errorf("make bin/pipeline runs\n%s", out)
	}
}

// A release has one number (docs/releasing.md). That of the images is checked by tools/ociimage, with the images.
func TestTheVersionIsOneNumber(t *testing.T) {
	version := strings.TrimSuffix(read(t, "VERSION"), "\n")
	if !regexp.MustCompile(`^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-dev)?$`).MatchString(version) {
		t.Errorf("VERSION holds %q, want 1.2.3 or 1.2.3-dev and a line's end", version)
	}
	var contract struct{ Version string }
	if err := json.Unmarshal([]byte(read(t, "dags/clientele/contract.json")), &contract); err != nil || contract.Version != version {
		t.Errorf("the DAGs are of version %q, VERSION is %s: run `make contract` (%v)", contract.Version, version, err)
	}
	if !strings.HasSuffix(version, "-dev") {
		left, err := filepath.Glob("changelog/unreleased/*")
		if _, gone := os.Stat("changelog/" + version); err != nil || gone != nil || len(left) > 0 {
			t.Errorf("%s is a release: move changelog/unreleased to changelog/%s (%v)", version, version, left)
		}
	}
	tags, err := exec.Command("git", "tag", "--points-at", "HEAD", "--list", "v[0-9]*").Output()
	if err != nil {
		t.Skip("this is no git checkout: there is no tag to compare")
	}
	for _, tag := range strings.Fields(string(tags)) {
		if tag != "v"+version {
			t.Errorf("this commit has the tag %s, VERSION is %s", tag, version)
		}
	}
}

func TestEveryProgramHasTheVersion(t *testing.T) {
	bin := os.Getenv("CLIENTELE_BIN")
	if bin == "" {
		t.Skip("CLIENTELE_BIN is not set: make test-go builds the programs and sets it")
	}
	mains, err := filepath.Glob("tasks/*/cmd/main.go")
	if err != nil || len(mains) == 0 {
		t.Fatalf("found %v: %v", mains, err)
	}
	for _, main := range mains {
		name := strings.Split(filepath.ToSlash(main), "/")[1]
		said, err := exec.Command(filepath.Join(bin, name), "--version").Output()
		if want := name + " version " + clientele.Version() + " "; err != nil || !strings.HasPrefix(string(said), want) {
			t.Errorf("%s --version prints %q, want %q and a revision (%v)", name, said, want, err)
		}
	}
}

// TestDemoLinksNoStorage: a program that writes a csv links neither Arrow nor a cloud.
func TestDemoLinksNoStorage(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "./tasks/demo/cmd").Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), "clientele/pkg/demo") {
		t.Fatalf("not the program's packages: %.200s", out)
	}
	for pkg := range strings.Lines(string(out)) {
		if strings.Contains(pkg, "apache/arrow") || strings.Contains(pkg, "cloud.google.com") || strings.Contains(pkg, "google.golang.org") {
			t.Errorf("bin/demo links %s", strings.TrimSpace(pkg))
		}
	}
}
