package registry

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/objstore"
)

func TestName(t *testing.T) {
	s := open(t, "mem://"+t.Name())
	name := func(id, to string) (contract.NameResult, error) {
		return Name.Run(t.Context(), NameConfig{Common: s.common(), Segment: id, To: to}, s.deps)
	}
	if _, err := name("seg-0001", "Stars"); fault.CodeOf(err) != fault.ExitMissing {
		t.Errorf("without a model: %v", err)
	}
	m, err := model.ReadManifest(t.Context(), s.home.Registry, s.promote(0))
	if err != nil {
		t.Fatal(err)
	}
	first, second := m.Segments[0], m.Segments[1]
	r, err := name(first.ID, "Stars")
	if err != nil || !r.Changed || r.Name != "Stars" || r.Model != first.Name {
		t.Errorf("name %+v, %v", r, err)
	}
	var said bytes.Buffer
	if err := Name.Print(&said, r); err != nil || said.String() != first.ID+" is now named Stars (by the model: "+first.Name+"); the next score shows it\n" {
		t.Errorf("said %q, %v", said.String(), err)
	}
	for what, try := range map[string][2]string{
		"a name that another segment was given": {second.ID, "Stars"},
		"the model's name of another segment":   {first.ID, second.Name},
		"a segment that is not there":           {"seg-9999", "Nobody"},
	} {
		_, err := name(try[0], try[1])
		if fault.CodeOf(err) != fault.ExitUsage {
			t.Errorf("%s: %v", what, err)
		}
	}
	if r, err := name(first.ID, ""); err != nil || !r.Changed {
		t.Errorf("taken away: %+v, %v", r, err)
	}
	err = NameConfig{Common: s.common(), Segment: "first", To: strings.Repeat("x", 61)}.Validate()
	if fault.CodeOf(err) != fault.ExitUsage || !strings.Contains(err.Error(), "--segment") || !strings.Contains(err.Error(), "--to") {
		t.Errorf("%v", err)
	}
	other := open(t, "mem://"+t.Name()+"-refused")
	other.promote(0)
	if _, err := Name.Run(t.Context(), NameConfig{Common: other.common(), Segment: "seg-9999", To: "x"}, other.deps); err == nil {
		t.Error("a segment that is not there is named")
	}
	if _, err := other.home.Registry.Stat(t.Context(), contract.NamesPath("segments")); !errors.Is(err, objstore.ErrNotFound) {
		t.Errorf("names are written though the command was refused: %v", err)
	}
}
