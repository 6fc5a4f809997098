package inspect

import (
	"github.com/clientele/clientele/pkg/delivery/detect"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/profile"
	"github.com/clientele/clientele/pkg/retail"
)

// meaning decides what the lines mean, as preprocess does on the lines of its window, and adds that to the result and the profile.
func (g *gatherer) meaning(r *Result, p *profile.Profile) error {
	if g.lines.Len() == 0 {
		return nil
	}
	made, decisions, err := retail.Decide(g.lines.Lines, p.Meaning, retail.Meaning{})
	if err != nil {
		return fault.ErrConfig.Errorf("profile", "", "%w", err)
	}
	for _, d := range decisions {
		out := Decision{
			Part: d.Field, Value: d.Value, From: detect.FromSample, Why: d.Why, Lines: d.Lines, Money: d.Money,
			Examples: d.Examples, Change: keys(d.Field),
		}
		if d.Stated {
			out.From = detect.FromStated
		}
		for _, a := range d.Alternatives {
			if a == d.Value {
				continue
			}
			out.Alternatives = append(out.Alternatives, detect.Alternative{Value: a})
		}
		r.Decisions = append(r.Decisions, out)
	}
	p.Meaning = made
	return nil
}

// keys returns the keys of a profile that change a decision.
func keys(field string) string {
	switch field {
	case "returns":
		return "meaning.return_invoices, meaning.return_statuses"
	case "customers":
		return "--columns=customer=…"
	}
	return "meaning." + field
}
