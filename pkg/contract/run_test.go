package contract_test

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
)

func TestSlugIsFitForAPath(t *testing.T) {
	want := regexp.MustCompile(`^[a-z0-9-]{0,40}-[0-9a-f]{8}$`)
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.String().Draw(t, "run id")
		if s := contract.Slug(id); !want.MatchString(s) {
			t.Fatalf("Slug(%q) = %q", id, s)
		}
	})
}

func TestSlugKeepsIDsApart(t *testing.T) {
	// Airflow's ids differ in signs that a path cannot hold.
	a, b := contract.Slug("manual__2026-01-05T00:00:00+00:00"), contract.Slug("manual__2026-01-05T00.00.00+00.00")
	if a == b {
		t.Errorf("two run ids share the slug %s", a)
	}
	if !strings.HasPrefix(a, "manual-2026-01-05t00-00-00-00-00-") {
		t.Errorf("slug %s does not show the run id", a)
	}
}

func TestRunReadsBack(t *testing.T) {
	day, err := calendar.ParseDate("2011-12-10")
	if err != nil {
		t.Fatal(err)
	}
	run := contract.NewRun("clientele_segmentation", day, "scheduled__2011-12-10T00:00:00+00:00")
	got, err := contract.ParseRun(run.String())
	if err != nil {
		t.Fatal(err)
	}
	if got != run {
		t.Errorf("ParseRun(%s) = %v", run, got)
	}
	for _, bad := range []string{"", "x", "x/2011-12-10", "../2011-12-10/local-25bf8e1a", "x/2011-13-10/local-25bf8e1a", "x/2011-12-10/local", "x/2011-12-10/local-25bf8e1a/y"} {
		if _, err := contract.ParseRun(bad); err == nil {
			t.Errorf("ParseRun(%q) gave no error", bad)
		}
	}
}

func TestKeyDependsOnEveryInput(t *testing.T) {
	seed := uint64(1)
	base := func() contract.Inputs {
		return contract.Inputs{Refs: map[string]string{"snapshot": "s"}, Params: map[string]any{"window": 365}, Seed: &seed, Code: "c"}
	}
	first, err := contract.Key("train", base())
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^[0-9a-f]{12}$`).MatchString(first) {
		t.Errorf("key %q is not 12 hex digits", first)
	}
	other := uint64(2)
	for name, change := range map[string]func(*contract.Inputs){
		"input":     func(in *contract.Inputs) { in.Refs["snapshot"] = "t" },
		"new input": func(in *contract.Inputs) { in.Refs["head"] = "" },
		"parameter": func(in *contract.Inputs) { in.Params["window"] = 366 },
		"seed":      func(in *contract.Inputs) { in.Seed = &other },
		"code":      func(in *contract.Inputs) { in.Code = "d" },
	} {
		in := base()
		change(&in)
		if k, err := contract.Key("train", in); err != nil || k == first {
			t.Errorf("%s changed: key %s, %v; want another than %s", name, k, err, first)
		}
	}
	if k, _ := contract.Key("score", base()); k == first {
		t.Error("two steps share a key")
	}
	if k, _ := contract.Key("train", base()); k != first {
		t.Error("the same inputs gave two keys")
	}
}
