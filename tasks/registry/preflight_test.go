package registry_test

import (
	"io/fs"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/objstore/gcstest"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/warehouse/warehousetest"
	"github.com/clientele/clientele/tasks/registry"
)

func preflight(t *testing.T, c registry.PreflightConfig) (contract.PreflightResult, error) {
	t.Helper()
	c.Name, c.Pipeline, c.RunID, c.AsOf = "segments", "preflight", "manual", "2026-01-05"
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	return registry.Preflight.Run(t.Context(), c, task.Deps{Scratch: t.TempDir()})
}

// Every kind of object that the layout has is asked for, and nothing but the probe is left, however often.
func TestPreflightLeavesAProbe(t *testing.T) {
	root := t.TempDir()
	for range 2 {
		r, err := preflight(t, registry.PreflightConfig{Common: task.Common{Root: "file://" + root}})
		if err != nil || len(r.Missing) > 0 {
			t.Fatal(r.Missing, err)
		}
		all := strings.Join(r.Checked, "\n")
		for _, want := range []string{
			"objectCreator on file://" + root + "/lines/preflight/preflight/preflight.arrow",
			"objectUser on file://" + root + "/state/segments/score.json",
			"objectUser on file://" + root + "/registry/segments/HEAD.json",
			"objectCreator on file://" + root + "/registry/blobs/sha256/preflight",
			"objectViewer on file://" + root + "/registry/segments/HEAD.json",
		} {
			if !strings.Contains(all, want) {
				t.Errorf("%s was not asked for:\n%s", want, all)
			}
		}
	}
	var left []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && !strings.HasPrefix(d.Name(), ".") {
			left = append(left, strings.TrimPrefix(path, root))
		}
		return err
	})
	if err != nil || len(left) != 1 || !strings.HasPrefix(left[0], "/runs/preflight/2026-01-05/") {
		t.Errorf("left: %q, %v", left, err)
	}
}

// A bucket that refuses some names, as managed folders and conditions do: each is named with what to grant, all at once.
func TestPreflightNamesWhatToGrant(t *testing.T) {
	bucket := gcstest.Start(t)
	refused := []string{"lines/", "segments/HEAD.json", "sales.csv"}
	gcstest.Between(t, func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
		asked, _ := url.QueryUnescape(r.URL.String())
		for _, name := range refused {
			if strings.Contains(asked, name) {
				http.Error(w, `{"error":{"code":403,"message":"caller does not have storage.objects.create access"}}`, http.StatusForbidden)
				return
			}
		}
		forward.ServeHTTP(w, r)
	})
	c := registry.PreflightConfig{Common: task.Common{Root: bucket + "/shop"}, Source: bucket + "/in/sales.csv"}
	_, err := preflight(t, c)
	if fault.CodeOf(err) != fault.ExitConfig {
		t.Fatal(err)
	}
	for _, want := range []string{
		bucket + "/shop/lines/preflight/preflight/preflight.arrow: grant roles/storage.objectCreator",
		bucket + "/shop/registry/segments/HEAD.json: grant roles/storage.objectUser",
		bucket + "/in/sales.csv: grant roles/storage.objectViewer",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
	// Another account needs none of these.
	c.Programs = contract.Drift
	refused = []string{"lines/", "registry/blobs", "registry/models", "quarantine/", "sales.csv"}
	if r, err := preflight(t, c); err != nil {
		t.Error(r, err)
	}
}

// The account of erase is asked for what it alone has: to list, delete and overwrite anywhere. The steps' accounts need none of it.
func TestPreflightAsksWhoErases(t *testing.T) {
	bucket := gcstest.Start(t)
	var refused string // a method of HTTP
	gcstest.Between(t, func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
		list := r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/o")
		if r.Method == refused && (list || r.Method != http.MethodGet) {
			http.Error(w, `{"error":{"code":403,"message":"caller does not have access"}}`, http.StatusForbidden)
			return
		}
		forward.ServeHTTP(w, r)
	})
	c := registry.PreflightConfig{Common: task.Common{Root: bucket + "/shop"}, Programs: "erase"}
	r, err := preflight(t, c)
	if err != nil || !slices.Contains(r.Checked, "roles/storage.objectUser on "+bucket+"/shop") {
		t.Fatal(r, err)
	}
	for _, refused = range []string{http.MethodGet, http.MethodDelete, http.MethodPost} {
		_, err := preflight(t, c)
		for _, want := range []string{bucket + "/shop: grant roles/storage.objectUser", bucket + "/shop/registry: grant roles/storage.objectUser"} {
			if fault.CodeOf(err) != fault.ExitConfig || !strings.Contains(err.Error(), want) {
				t.Errorf("%s is refused: %q is not in %v", refused, want, err)
			}
		}
	}
	refused = http.MethodDelete
	c.Programs = ""
	if r, err := preflight(t, c); err != nil {
		t.Error(r, err)
	}
}

func TestPreflightOfABucketThatIsMissing(t *testing.T) {
	gcstest.Start(t)
	_, err := preflight(t, registry.PreflightConfig{Common: task.Common{Root: "gs://nobody-made-this/shop"}})
	if fault.CodeOf(err) != fault.ExitConfig || !strings.Contains(err.Error(), "there is no such bucket") {
		t.Error(err)
	}
}

func TestPreflightAsksTheWarehouse(t *testing.T) {
	dataset := warehousetest.Start(t)
	c := registry.PreflightConfig{Common: task.Common{Root: "file://" + t.TempDir()}, Warehouse: dataset, Programs: contract.Publish}
	r, err := preflight(t, c)
	if err != nil || !strings.Contains(strings.Join(r.Checked, "\n"), "roles/bigquery.dataEditor on the dataset") {
		t.Fatal(r, err)
	}
	c.Warehouse = dataset[:strings.LastIndex(dataset, ".")] + ".nobody_made_this"
	if _, err := preflight(t, c); fault.CodeOf(err) != fault.ExitConfig || !strings.Contains(err.Error(), "grant roles/bigquery.dataEditor") {
		t.Error(err)
	}
}

func TestPreflightKnowsItsPrograms(t *testing.T) {
	if err := (registry.PreflightConfig{Programs: "drift,oracle"}).Validate(); err == nil || !strings.Contains(err.Error(), "oracle") {
		t.Error(err)
	}
}
