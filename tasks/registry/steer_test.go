package registry

import (
	"context"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/model"
)

// steer runs one of the commands.
func (s *shop) steer(t steerTask, id string, change func(*SteerConfig)) contract.SteerResult {
	s.t.Helper()
	c := SteerConfig{Common: s.common(), Reason: "a person says so", Actor: "ada"}
	c.Pipeline, c.RunID, c.AsOf = program, id, monday.String()
	if change != nil {
		change(&c)
	}
	r, err := t.Run(context.Background(), c, s.deps)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// TestRollbackDenies: the fit that is replaced is never promoted until a person allows it, whatever becomes of the hold.
func TestRollbackDenies(t *testing.T) {
	s := open(t, "mem://"+t.Name())
	s.promote(0)
	first := s.head().FitID
	s.promote(1)
	bad := s.head().FitID
	s.must("back", func(c *RollbackConfig) { c.Reason, c.Actor = "nonsense", "ada" })
	d := s.head().Denies(bad)
	if d == nil || d.Since != 3 || !strings.Contains(d.String(), "nonsense") || s.head().Actor != "ada" || s.head().Denies(first) != nil {
		t.Fatalf("HEAD %+v", s.head())
	}
	if r := s.steer(Unfreeze, "u", nil); !r.Changed || s.head().Hold != nil || s.head().Denies(bad) == nil {
		t.Errorf("unfreeze %+v leaves %+v", r, s.head())
	}
	s.promote(2) // another model
	if s.head().Denies(bad) == nil || s.head().Actor != "test" {
		t.Errorf("a promotion forgets what is denied: %+v", s.head())
	}
	fit := func(c *SteerConfig) { c.FitID = bad }
	if r := s.steer(Deny, "d", fit); r.Changed {
		t.Errorf("denied twice: %+v", r)
	}
	if r := s.steer(Allow, "a", fit); !r.Changed || s.head().Denies(bad) != nil {
		t.Errorf("allow %+v leaves %+v", r, s.head())
	}
	if r := s.steer(Allow, "a2", fit); r.Changed {
		t.Errorf("allowed twice: %+v", r)
	}
	if r := s.steer(Deny, "d2", fit); !r.Changed || s.head().Denies(bad).Since != s.head().Seq {
		t.Errorf("deny %+v leaves %+v", r, s.head())
	}
	// A person who rolls back to a denied model wants it.
	s.must("on", func(c *RollbackConfig) { c.ToSeq = 2 })
	if s.head().Denies(bad) != nil {
		t.Errorf("the current model is denied: %+v", s.head())
	}
}

func TestFreeze(t *testing.T) {
	s := open(t, "mem://"+t.Name())
	a := s.promote(0)
	until := func(c *SteerConfig) { c.Until = "2012-01-09" }
	want := contract.SteerResult{Action: contract.ActionFreeze, ModelID: a, Seq: 2, Changed: true, Hold: "until 2012-01-09"}
	for range 2 { // the same run again
		if got := s.steer(Freeze, "f", until); got != want {
			t.Errorf("freeze = %+v, want %+v", got, want)
		}
	}
	if r := s.steer(Freeze, "f2", until); r.Changed || r.Seq != 2 {
		t.Errorf("frozen twice: %+v", r)
	}
	if h := s.head().Held(monday); h == nil || h.Since != 2 || !strings.Contains(h.Reason, "a person says so") {
		t.Errorf("hold %+v", h)
	}
	other := strings.Repeat("0", 64)
	s.steer(Deny, "d", func(c *SteerConfig) { c.FitID = other })
	if h := s.head(); h.Hold == nil || h.Hold.Since != 2 || h.Denies(other).Since != 3 {
		t.Errorf("a denial changes the hold: %+v", h)
	}
	own := SteerConfig{Common: s.common(), FitID: s.head().FitID}
	own.Pipeline, own.RunID, own.AsOf = program, "own", monday.String()
	if _, err := Deny.Run(t.Context(), own, s.deps); fault.CodeOf(err) != fault.ExitUsage {
		t.Errorf("the current fit is denied: %v", err)
	}
	err := SteerConfig{Common: s.common(), action: contract.ActionDeny, FitID: "short", Until: "soon"}.Validate()
	if fault.CodeOf(err) != fault.ExitUsage || !strings.Contains(err.Error(), "--fit") || !strings.Contains(err.Error(), "--until") {
		t.Errorf("%v", err)
	}
}

// TestRollbackToADamagedModel: a flipped bit in any part of the bundle is refused by name, and HEAD stays.
func TestRollbackToADamagedModel(t *testing.T) {
	s := open(t, "mem://"+t.Name())
	id := s.promote(0)
	s.promote(1)
	m, err := model.ReadManifest(t.Context(), s.home.Registry, id)
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{
		contract.BlobPath(m.Blobs.Model.SHA256), contract.BlobPath(m.Blobs.Reference.SHA256), contract.BlobPath(m.Blobs.Golden.SHA256), contract.ModelPath(id),
	} {
		whole, attrs, err := s.home.Registry.Read(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		bad := append([]byte{}, whole...)
		bad[len(bad)/2] ^= 1
		attrs, err = s.home.Registry.Swap(t.Context(), name, attrs.Generation, bad)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.rollback("r", nil)
		if fault.CodeOf(err) != fault.ExitBadData || !strings.Contains(fault.Judge(err).Object, name) || s.head().Seq != 2 {
			t.Errorf("part %d, %s: %v; want exit code 65 and its name", i, name, err)
		}
		if _, err := s.home.Registry.Swap(t.Context(), name, attrs.Generation, whole); err != nil {
			t.Fatal(err)
		}
	}
	s.must("r", nil)
}
