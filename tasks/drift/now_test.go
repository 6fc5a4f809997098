package drift

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/model/modeltest"
	"github.com/clientele/clientele/pkg/table"
)

// kept trains a model of customers that keeps a drift window of so many days in which they did the same, and puts it in force.
func (s *shop) kept(customers *frame.Frame, days int) {
	s.t.Helper()
	b := modeltest.Bundle(s.t, customers, 4, 1)
	now := b.Keep(model.Window{Start: monday - calendar.Date(days), End: monday})
	now.Add(modeltest.InWindow(contract.WindowNow, customers))
	now.Done()
	s.inForce(s.config("train", monday).Run(), b)
}

// looked runs drift on customers with these windows of 90 days, and returns drift.json.
func (s *shop) looked(id string, customers *frame.Frame, windows ...*frame.Frame) document {
	s.t.Helper()
	c := s.config(id, monday+7)
	p, err := s.home.Begin(s.t.Context(), c.Run(), contract.Preprocess, contract.Inputs{
		Refs: map[string]string{contract.RefDriftWindow: strconv.Itoa(90)}, Params: map[string]any{"window": "365", "id": id}, Code: "test",
	})
	if err != nil {
		s.t.Fatal(err)
	}
	all := frame.New(contract.Windows.Columns, 0)
	for _, w := range windows {
		for i := range all.Columns {
			to, from := &all.Columns[i], &w.Columns[i]
			to.Strings, to.Ints, to.Floats = append(to.Strings, from.Strings...), append(to.Ints, from.Ints...), append(to.Floats, from.Floats...)
		}
	}
	for schema, f := range map[*frame.Schema]*frame.Frame{
		&contract.Customers: customers, &contract.Windows: all, &contract.Profile: frame.New(contract.Profile.Columns, 0),
	} {
		if err := p.PutFrame(s.t.Context(), *schema, f, table.Options{}); err != nil {
			s.t.Fatal(err)
		}
	}
	if _, err := p.Commit(s.t.Context(), contract.PreprocessResult{}); err != nil {
		s.t.Fatal(err)
	}
	if _, err := Run(s.t.Context(), c, s.deps); err != nil {
		s.t.Fatal(err)
	}
	m, err := s.home.Current(s.t.Context(), c.Run(), contract.Drift)
	if err != nil {
		s.t.Fatal(err)
	}
	text, _, err := s.home.Root.Read(s.t.Context(), m.Objects[documentName].Object)
	if err != nil {
		s.t.Fatal(err)
	}
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		s.t.Fatal(err)
	}
	return d
}

// The last window against the one at training: what moved explains, and asks for nothing; a window like the same days a year ago is a season.
func TestModelsOwnWindow(t *testing.T) {
	s := open(t, "mem://"+t.Name())
	customers := modeltest.Customers(rows, 1)
	s.kept(customers, 90)
	dear := customers.Take(all(rows))
	for i := range dear.Ints("lines") {
		dear.Ints("lines")[i] *= 3
	}
	psi := func(d document) (value float64, features int) {
		for _, c := range d.Against {
			for _, f := range c.Features {
				if c.Against != againstTrained {
					continue
				}
				if features++; f.Feature == "lines" {
					value = f.PSI
				}
				if f.Overlap != rows || f.KSP != nil || f.PName != "permutation" {
					t.Errorf("%s: overlap %d, p by %s, %v for Kolmogorov-Smirnov; all customers are on both sides", f.Feature, f.Overlap, f.PName, f.KSP)
				}
			}
		}
		return value, features
	}
	features := len(contract.Customers.Columns) - 1
	for _, c := range []struct {
		name    string
		windows []*frame.Frame
		verdict string
		act     string
		moved   bool
		cause   string
	}{
		{"quiet", []*frame.Frame{modeltest.InWindow(contract.WindowNow, customers)}, contract.VerdictNone, contract.ActNone, false, "no feature moved"},
		{"moved", []*frame.Frame{modeltest.InWindow(contract.WindowNow, dear)}, contract.VerdictWarn, contract.ActWait, true, "differs from the one at training, but the model still fits: lines (PSI"},
		{"a season", []*frame.Frame{modeltest.InWindow(contract.WindowNow, dear), modeltest.InWindow(contract.WindowYearAgo, dear)}, contract.VerdictNone, contract.ActNone, true, "no feature moved"},
		{"and none", []*frame.Frame{modeltest.InWindow(contract.WindowNow, dear), modeltest.InWindow(contract.WindowYearAgo, customers)}, contract.VerdictWarn, contract.ActWait, true, "at training"},
	} {
		d := s.looked(c.name, customers, c.windows...)
		v, n := psi(d)
		if d.Version != 2 || d.Result.Verdict != c.verdict || d.Result.Act != c.act || !strings.Contains(d.Result.Cause, c.cause) || (v > 0.2) != c.moved || n != features {
			t.Errorf("%s: version %d, %s, %s (%s), PSI %v, %d features; want %s, %s", c.name, d.Version, d.Result.Verdict, d.Result.Act, d.Result.Cause, v, n, c.verdict, c.act)
		}
		if why, ok := d.Without[againstTrained]; ok {
			t.Errorf("%s: not compared: %s", c.name, why)
		}
		if _, ok := d.Without[contract.WindowBefore]; !ok {
			t.Errorf("%s: nobody says why there is no window before: %v", c.name, d.Without)
		}
	}
	bins, compared := s.table(s.config("moved", monday+7).Run(), contract.DriftBins), s.table(s.config("moved", monday+7).Run(), contract.Features)
	count := map[string]float64{}
	for i, against := range bins.Strings("against") {
		if bins.Strings("feature")[i] == "lines" {
			count[against] += bins.Floats("current_share")[i]
		}
	}
	if compared.Rows() != 2*features || count[againstTrained] < 0.999 || count["model"] < 0.999 {
		t.Errorf("%d rows of features, shares add up to %v", compared.Rows(), count)
	}
}

// A model of an earlier version, one that kept a window of another length, and a window in which nobody bought: drift says so and goes on.
func TestNoWindowToCompare(t *testing.T) {
	customers := modeltest.Customers(rows, 1)
	now := modeltest.InWindow(contract.WindowNow, customers)
	for _, c := range []struct {
		name    string
		days    int
		windows []*frame.Frame
		want    string
	}{
		{"an earlier version", 0, []*frame.Frame{now}, "an earlier version trained it"},
		{"another length", 60, []*frame.Frame{now}, "has 60 days, and today's 90 (preprocess --drift-window)"},
		{"nobody", 90, []*frame.Frame{modeltest.InWindow(contract.WindowBefore, customers)}, "nobody bought in the last window"},
	} {
		s := open(t, "mem://"+t.Name()+c.name)
		if c.days > 0 {
			s.kept(customers, c.days)
		} else {
			s.promote(s.config("train", monday).Run(), customers)
		}
		d := s.looked("x", customers, c.windows...)
		if !strings.Contains(d.Without[againstTrained], c.want) || d.Result.Verdict != contract.VerdictNone {
			t.Errorf("%s: %s, %v; want none, and %q", c.name, d.Result.Verdict, d.Without, c.want)
		}
		for _, a := range d.Against {
			if a.Against == againstTrained {
				t.Errorf("%s: compared all the same", c.name)
			}
		}
	}
}
