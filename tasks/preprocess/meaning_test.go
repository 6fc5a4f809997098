package preprocess

import (
	"fmt"
	"slices"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/finding"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/retail/retailtest"
	"github.com/clientele/clientele/pkg/run"
)

// What was decided for a root holds for its later runs, and is a finding where it would be decided otherwise. What a flag states holds
// for its own run alone.
func TestWhatWasDecidedStays(t *testing.T) {
	var lines []retailtest.Line
	for i := range 60 {
		lines = append(lines, retailtest.Line{
			Invoice: fmt.Sprint(100 + i), Code: "woo-cap", Quantity: 1000, Price: "1", Time: fmt.Sprintf("2011-02-%02d 10:00", 1+i%20), Customer: fmt.Sprint(i % 7),
		})
	}
	s := newStage(t, "", lines, nil)
	ingested := s.cfg.Run().String()
	on := func(asOf string, flags ...func(*Config)) (meaning retail.Meaning, changed []string, stops bool) {
		t.Helper()
		s.cfg.AsOf, s.cfg.NonProducts, s.cfg.Discounts, s.cfg.FromRun = asOf, auto, auto, ingested
		for _, f := range flags {
			f(&s.cfg)
		}
		r, err := s.run()
		if err != nil {
			t.Fatal(err)
		}
		return r.Meaning, r.MeaningChanged, slices.ContainsFunc(r.Findings, func(f finding.Finding) bool { return f.Code == finding.MeaningChanged && f.Stops })
	}
	day := s.cfg.Run().AsOf
	first, changed, _ := on((day - 3).String())
	if first.NonProducts != "services" || len(changed) > 0 {
		t.Errorf("decided %+v, %v", first, changed)
	}
	stated := func(c *Config) { c.NonProducts, c.Discounts = "digits<1", retail.AllocateDiscounts }
	if m, changed, stops := on((day - 2).String(), stated); m.NonProducts != "digits<1" || m.Discounts != retail.AllocateDiscounts || len(changed) > 0 || stops {
		t.Errorf("stated %+v, %v, %v", m, changed, stops)
	}
	if m, changed, stops := on((day - 1).String()); m.NonProducts != "services" || m.Discounts != retail.DropDiscounts || len(changed) > 0 || stops {
		t.Errorf("a flag of an earlier run holds: %+v, %v, %v", m, changed, stops)
	}
	// Earlier lines were decided otherwise.
	other := retail.Meaning{NonProducts: retail.DefaultNonProducts().String()}
	if _, err := run.Advance(t.Context(), s.home.Root, contract.MeaningStatePath(), run.Entry[retail.Meaning]{Run: "other", AsOf: day - 1, Key: "k", Value: other}, keepMeaning); err != nil {
		t.Fatal(err)
	}
	if m, changed, stops := on(day.String()); m.NonProducts != other.NonProducts || len(changed) != 1 || !stops {
		t.Errorf("decided otherwise before: %+v, %v, %v", m, changed, stops)
	}
}
