package registry

import (
	"bytes"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/model/modeltest"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/run"
)

func TestDiff(t *testing.T) {
	s := open(t, "mem://"+t.Name())
	diff := func(from, to int) (DiffResult, error) {
		return Diff.Run(t.Context(), DiffConfig{Common: s.common(), From: from, To: to}, s.deps)
	}
	if _, err := diff(0, 0); fault.CodeOf(err) != fault.ExitMissing {
		t.Errorf("without a model: %v", err)
	}
	s.promote(0)
	if _, err := diff(0, 0); fault.CodeOf(err) != fault.ExitMissing || !strings.Contains(err.Error(), "nothing to compare with") {
		t.Errorf("one model: %v", err)
	}
	s.promote(1)
	if _, err := diff(0, 0); fault.CodeOf(err) != fault.ExitMissing || !strings.Contains(err.Error(), "run score first") {
		t.Errorf("without scores: %v", err)
	}
	customers := modeltest.Customers(150, 7)
	of := contract.NewRun("test", monday, "scored")
	modeltest.Preprocess(t, s.home, of, customers)
	_, err := run.Insert(t.Context(), s.home.Root, contract.ScoreStatePath("segments"), run.Entry[run.ScoreState]{
		Run: of.String(), AsOf: monday, Key: "k", Value: run.ScoreState{Model: "m", Seq: 2},
	}, run.KeepScore, func(s run.ScoreState) int64 { return s.Seq })
	if err != nil {
		t.Fatal(err)
	}
	r, err := diff(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	// The models have no segment in common, so everybody changes, with all of the money.
	total := money.Amount(0)
	for _, v := range customers.Ints("monetary") {
		total += money.Amount(v)
	}
	if r.From.Seq != 1 || r.To.Seq != 2 || len(r.Segments) != 6 || r.Customers != 150 || r.Changed != 150 || r.Money != total {
		t.Errorf("diff %+v", r)
	}
	var was, is, moved money.Amount
	for _, d := range r.Segments {
		was, is, moved = was+d.From.Money, is+d.To.Money, moved+d.Moved
		if d.To.Customers-d.From.Customers != d.Enter-d.Leave || d.To.Money-d.From.Money != d.Moved {
			t.Errorf("%s does not add up: %+v", d.ID, d)
		}
	}
	if was != total || is != total || moved != 0 {
		t.Errorf("money %s, %s, moved %s; want %s twice and 0", was, is, moved, total)
	}
	if same, err := diff(2, 2); err != nil || same.Changed != 0 || same.Money != 0 || len(same.Segments) != 3 {
		t.Errorf("with itself: %+v, %v", same, err)
	}
	var said bytes.Buffer
	if err := Diff.Print(&said, r); err != nil || !strings.Contains(said.String(), "150 of 150 customers of run "+of.String()+" would change") {
		t.Errorf("said %s, %v", said.String(), err)
	}
	if _, err := diff(9, 0); fault.CodeOf(err) != fault.ExitMissing {
		t.Errorf("a revision that is not there: %v", err)
	}
	if err := (DiffConfig{Common: s.common(), From: -1, To: -1}).Validate(); fault.CodeOf(err) != fault.ExitUsage || !strings.Contains(err.Error(), "--from") || !strings.Contains(err.Error(), "--to") {
		t.Errorf("%v", err)
	}
}
