package finding_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/finding"
)

func TestSpecsAreComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range finding.Specs {
		if s.Code == "" || s.Meaning == "" || seen[s.Code] || !finding.Known(s.Code) {
			t.Errorf("%+v: want a code of its own, with its meaning", s)
		}
		seen[s.Code] = true
	}
	if finding.Known("nothing") || finding.Known("") {
		t.Error("a code that is none is known")
	}
}

func TestParseCodes(t *testing.T) {
	for text, want := range map[string][]string{
		"": nil, " , ": nil, "rule_share": {"rule_share"}, "unit_change, rule_share,unit_change": {"rule_share", "unit_change"},
	} {
		got, err := finding.ParseCodes(text)
		if err != nil || strings.Join(got, ",") != strings.Join(want, ",") {
			t.Errorf("ParseCodes(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
	if got, err := finding.ParseCodes("rule_share,rule_shares"); err == nil || got != nil || !strings.Contains(err.Error(), `no finding "rule_shares": there are `) {
		t.Errorf("an unknown code gives %v, %v", got, err)
	}
}

// Findings come in one order whatever the order in which they were found.
func TestSort(t *testing.T) {
	want := []finding.Finding{
		{Code: finding.UnitChange, Stops: true},
		{Code: finding.Duplicates, Stops: true},
		{Code: finding.RuleShare, Money: 3},
		{Code: finding.RuleShare, Money: 2, Sentence: "a"},
		{Code: finding.RuleShare, Money: 2, Sentence: "b"},
		{Code: finding.GapDays, Money: 9},
	}
	for shift := range want {
		got := append(append([]finding.Finding{}, want[shift:]...), want[:shift]...)
		finding.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("shifted by %d (-want +got):\n%s", shift, diff)
		}
	}
}

func TestOpen(t *testing.T) {
	all := []finding.Finding{{Code: "a"}, {Code: "b", Stops: true}, {Code: "c", Stops: true}}
	got := finding.Open(all, []string{"a", "c"})
	if len(got) != 1 || got[0].Code != "b" {
		t.Errorf("open %+v, want b: a does not stop, c is accepted", got)
	}
}

func TestFirst(t *testing.T) {
	all := []finding.Finding{{Sentence: "a"}, {Sentence: "b"}, {Sentence: "c"}}
	if got := finding.First(all, 2); len(got) != 2 || got[1].Sentence != "b; not shown: 1 more" || all[1].Sentence != "b" {
		t.Errorf("got %+v of %+v", got, all)
	}
	if got := finding.First(all, 3); len(got) != 3 || got[2].Sentence != "c" {
		t.Errorf("got %+v", got)
	}
}
