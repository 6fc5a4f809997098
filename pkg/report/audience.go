package report

import (
	"fmt"
	"strings"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/report/view"
)

// audience shows the lists, what came of whom the same rules took before, and what each limit does.
func (l *layout) audience() (section, error) {
	s := section{ID: "audience", Title: "Whom to contact"}
	a := l.Audience
	if a == nil {
		s.Blocks = append(s.Blocks, block{Text: "Audience did not run in this run, or it is outdated."})
		return s, nil
	}
	s.Blocks = append(s.Blocks, block{Text: fmt.Sprintf("%s of %s are on a list: each on the first whose rule fits. %s are permanently held out, and on none.",
		count(a.Listed), people(a.Customers), people(a.HeldOut))},
		block{Table: l.listTable(a)}, block{Table: followTable(a)}, block{Table: l.listedTable(a)}, block{Table: limitTable(a)})
	for _, text := range a.Statements {
		s.Blocks = append(s.Blocks, block{Note: sentence(text)})
	}
	return s, nil
}

// listName writes a list's name for people.
func listName(name string) string { return capital(strings.ReplaceAll(name, "_", " ")) }

func (l *layout) listTable(a *view.Audience) *grid {
	t := &grid{Caption: "The lists, in the order in which they take customers", Head: heads("List", "To", "Who", "#Customers", "#Usual spending in 90 days", "#Personal", "#Bulk", "#Reseller",
		"#On an earlier list", "#Held out")}
	for _, v := range a.Lists {
		t.Rows = append(t.Rows, []cell{name(listName(v.List)), text(v.Purpose), text(v.Rule), number(count(v.Customers)), number(l.money.amount(v.AtStake.Float(), 0)),
			nature(v.Nature, "personal"), nature(v.Nature, "bulk"), nature(v.Nature, "reseller"), number(count(v.Earlier)), number(count(v.HeldOut))})
	}
	return t
}

// nature writes how many customers are of a class, where any class is known.
func nature(of map[string]int64, class string) cell {
	if len(of) == 0 {
		return number(dash)
	}
	return number(count(of[class]))
}

func (l *layout) listedTable(a *view.Audience) *grid {
	t := &grid{Caption: "Segments: how their customers buy, and who is on a list",
		Head: heads("Segment", "#Customers", "#Personal", "#Bulk", "#Reseller", "#Usual spending in 90 days", "#On a list", "#Held out")}
	for _, g := range a.Segments {
		t.Rows = append(t.Rows, []cell{name(g.Name), number(count(g.Customers)), nature(g.Nature, "personal"), nature(g.Nature, "bulk"), nature(g.Nature, "reseller"),
			number(l.money.amount(g.Usual.Float(), 0)), number(count(g.Listed)), number(count(g.HeldOut))})
	}
	return t
}

func followTable(a *view.Audience) *grid {
	t := &grid{Caption: fmt.Sprintf("What those whom the same rule took on %s did in the 90 days after it", day(a.Cut)),
		Head: heads("List", "#Taken", "#Bought", "#Others of their segments", "#Bought", "Difference")}
	for _, v := range a.Lists {
		t.Rows = append(t.Rows, []cell{name(listName(v.List)), number(customersOf(v.Then)), number(bought(v.Then)), number(customersOf(v.Others)),
			number(bought(v.Others)), text(sentence(capital(v.Says)))})
	}
	return t
}

func customersOf(g *contract.FollowedGroup) string {
	if g == nil {
		return dash
	}
	return count(g.Customers)
}

func bought(g *contract.FollowedGroup) string {
	if g == nil || g.Customers == 0 {
		return dash
	}
	return share(float64(g.Bought) / float64(g.Customers))
}

func limitTable(a *view.Audience) *grid {
	t := &grid{Caption: "How many customers the rule takes with other limits, before order and hold-out",
		Head: heads("List", "Limit", "#Set to", "#Customers", "#Lower", "#Customers", "#Higher", "#Customers")}
	for _, v := range a.Limits {
		t.Rows = append(t.Rows, []cell{name(listName(v.List)), text(v.Name), number(fmt.Sprint(v.Value)), number(count(v.Customers)),
			number(fmt.Sprint(v.Lower)), number(count(v.CustomersLower)), number(fmt.Sprint(v.Higher)), number(count(v.CustomersHigher))})
	}
	return t
}
