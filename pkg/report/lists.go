package report

import (
	"fmt"
	"strings"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/report/view"
)

// listWords say what to do with each list of audience.
var listWords = map[string]string{
	"late":           "Call those who are late",
	"slipped":        "Stop the slide",
	"one_order_away": "One order away from the top",
	"regulars":       "Offer what they buy regularly",
	"second_order":   "Win the second order",
}

// listName writes a list's name for people.
func listName(name string) string {
	if words, ok := listWords[name]; ok {
		return words
	}
	return capital(strings.ReplaceAll(name, "_", " "))
}

func (l *layout) todo() panel {
	a := l.Audience
	if a == nil {
		return absent(8, "What to do", "No lists: audience did not run in this run, or its output is outdated. It needs scores and sales; bin/pipeline runs it after measure.")
	}
	p := panel{Span: 8, Title: "What to do", Lead: "Each customer is on one list only: the first whose rule fits.", Source: "audience.arrow, lists.arrow"}
	var acts []action
	for i, v := range a.Lists {
		acts = append(acts, action{Rank: i + 1, Title: listName(v.List), Text: sentence(capital(v.Rule)) + " Purpose: " + v.Purpose + ".", Customers: count(v.Customers),
			Money: l.money.round(v.AtStake), Follow: sentence(capital(v.Says)), List: v.List, Primary: i == 0, Downloadable: l.saves(v.Customers)})
	}
	p.Blocks = append(p.Blocks, block{Actions: acts})
	note := fmt.Sprintf("In 90 days: what these customers usually spend. It is what is at stake, not what a list brings. %s are held out: they are on no list and in no file, so that an effect can be measured (see Goal).", capital(people(a.HeldOut)))
	p.Blocks = append(p.Blocks, block{Note: note})
	if l.saves(a.Listed) {
		p.Blocks = append(p.Blocks, block{Downloads: []download{{Of: "lists", Label: "All " + count(a.Listed), Says: "customers on a list, as CSV"}}})
	}
	p.Numbers = []*grid{l.listTable(a), followTable(a), limitTable(a)}
	return p
}

func (l *layout) listTable(a *view.Audience) *grid {
	t := &grid{ID: "lists", Caption: "The lists, in the order in which they take customers", Head: heads("List", "To", "#Customers", "#Usual spending in 90 days", "#Personal", "#Bulk", "#Reseller",
		"#On an earlier list", "#Held out")}
	for _, v := range a.Lists {
		t.Rows = append(t.Rows, []cell{name(listName(v.List)), text(v.Purpose), number(count(v.Customers)), number(l.money.amount(v.AtStake.Float(), 0)),
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

func followTable(a *view.Audience) *grid {
	t := &grid{ID: "followed", Caption: fmt.Sprintf("What became of those whom the same rules took on %s, in the 90 days after", day(a.Cut)),
		Head: heads("List", "#Taken", "#Of them bought", "#Others of their segments", "#Of these bought", "Difference")}
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
	t := &grid{ID: "limits", Caption: "How many customers each rule takes if its limits are moved, before the order of the lists and the hold-out",
		Head: heads("List", "Limit", "#Set to", "#Takes", "#Lower", "#Would take", "#Higher", "#Then takes")}
	for _, v := range a.Limits {
		t.Rows = append(t.Rows, []cell{name(listName(v.List)), text(plain(v.Name)), number(fmt.Sprint(v.Value)), number(count(v.Customers)),
			number(fmt.Sprint(v.Lower)), number(count(v.CustomersLower)), number(fmt.Sprint(v.Higher)), number(count(v.CustomersHigher))})
	}
	return t
}
