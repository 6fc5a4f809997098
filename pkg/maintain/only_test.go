package maintain_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Only this package lists and deletes objects: a step names what it reads, and nothing that it wrote goes away.
func TestNobodyElseListsOrDeletes(t *testing.T) {
	call := regexp.MustCompile(`(?i)(root|registry|store|home\.\w+|store\([^)]*\))\.(List|Delete)\(`)
	calls := map[string]int{}
	for _, top := range []string{"../../pkg", "../../tasks"} {
		err := filepath.WalkDir(top, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			if n := len(call.FindAll(text, -1)); n > 0 {
				calls[filepath.Base(filepath.Dir(path))] += n
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if calls["maintain"] < 5 {
		t.Errorf("the search finds %d calls in this package, which has more", calls["maintain"])
	}
	for name, n := range calls {
		if name != "maintain" && name != "storetest" && name != "objstore" {
			t.Errorf("%s lists or deletes objects in %d places: only pkg/maintain may", name, n)
		}
	}
}
