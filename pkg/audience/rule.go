package audience

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Names of the lists.
const (
	Late         = "late"
	Slipped      = "slipped"
	OneOrderAway = "one_order_away"
	Regulars     = "regulars"
	SecondOrder  = "second_order"
)

// Default are the lists in order, with their limits.
const Default = "late dates=3 deviations=1.5; slipped; one_order_away recency=14; regulars dates=4 from=30 to=120; second_order from=14 to=60"

// Shop is all customers on one day.
type Shop struct {
	People []Person
	worth  []float64 // revenue per customer by segment; NaN without customers
	top    int       // None without segments
}

// NewShop sums up people whose segments are numbers below segments, or None. The top is the segment of most revenue per customer; of
// equal ones the first.
func NewShop(people []Person, segments int) *Shop {
	s := &Shop{People: people, worth: make([]float64, segments), top: None}
	n := make([]float64, segments)
	for i := range people {
		if g := people[i].Segment; g != None && people[i].Dates > 0 {
			s.worth[g] += float64(people[i].Monetary) // whole numbers far below 2^53: exact in any order
			n[g]++
		}
	}
	for g := range s.worth {
		s.worth[g] /= n[g]
		if !math.IsNaN(s.worth[g]) && (s.top == None || s.worth[g] > s.worth[s.top]) {
			s.top = g
		}
	}
	return s
}

// Top is the segment of most revenue per customer, None without segments.
func (s *Shop) Top() int { return s.top }

// Rule says who belongs on a list.
type Rule struct {
	List   string
	limits []float64 // in the order of the kind's
}

// kind is what a list is.
type kind struct {
	name    string
	purpose string
	limits  []limit
	needs   func(p *Person) bool // what must be known of a customer for the rule to be asked; nil: nothing
	words   string               // the rule, for fmt: the limits in order
	takes   func(s *Shop, p *Person, v []float64) bool
}

// limit is a number in a rule that can be set.
type limit struct {
	name  string
	whole bool
	least float64
}

var kinds = []kind{
	{Late, "call", []limit{{"dates", true, 3}, {"deviations", false, 0}}, scored,
		"in the top segment, bought on %s dates or more, and away for longer than the mean gap and %s deviations of the gaps",
		func(s *Shop, p *Person, v []float64) bool {
			return p.Segment == s.top && float64(p.Dates) >= v[0] && float64(p.Recency) > p.GapMean+float64(v[1]*p.GapSD)
		}},
	{Slipped, "remind", nil, func(p *Person) bool { return scored(p) && p.Previous != None },
		"moved to a segment of less revenue per customer since the last scores, by the same model",
		func(s *Shop, p *Person, _ []float64) bool {
			return p.Previous != p.Segment && s.worth[p.Segment] < s.worth[p.Previous]
		}},
	{OneOrderAway, "offer what fits", []limit{{"recency", true, 1}}, func(p *Person) bool { return scored(p) && p.Next != None },
		"not in the top segment, %s days or more since the last purchase, and one more average order would lead there",
		func(s *Shop, p *Person, v []float64) bool {
			return p.Segment != s.top && float64(p.Recency) >= v[0] && p.Next == s.top
		}},
	{Regulars, "offer that product", []limit{{"dates", true, 2}, {"from", true, 1}, {"to", true, 1}}, nil,
		"bought one product on %s dates or more, the last time %s to %s days ago",
		func(_ *Shop, p *Person, v []float64) bool { return regular(p, v) != "" }},
	{SecondOrder, "a reason to return", []limit{{"from", true, 1}, {"to", true, 1}}, nil,
		"bought on one date, %s to %s days ago",
		func(_ *Shop, p *Person, v []float64) bool {
			return p.Dates == 1 && float64(p.Recency) >= v[0] && float64(p.Recency) <= v[1]
		}},
}

func scored(p *Person) bool { return p.Segment != None }

// regular returns the product that a customer buys regularly: the one of most dates, then the latest, then the first in byte order.
func regular(p *Person, v []float64) string {
	best := -1
	for i, c := range p.Codes {
		if float64(c.Dates) < v[0] || float64(c.Since) < v[1] || float64(c.Since) > v[2] {
			continue
		}
		if best < 0 || cmp.Or(cmp.Compare(c.Dates, p.Codes[best].Dates), cmp.Compare(p.Codes[best].Since, c.Since)) > 0 {
			best = i
		}
	}
	if best < 0 {
		return ""
	}
	return p.Codes[best].Code
}

func kindOf(name string) *kind {
	for i := range kinds {
		if kinds[i].name == name {
			return &kinds[i]
		}
	}
	return nil
}

// Parse reads lists in their order, each with its limits, such as "late dates=3 deviations=1.5; second_order from=14 to=60". A limit
// that is not given is that of [Default]; a list that is not given is not made; "" is [Default].
func Parse(text string) ([]Rule, error) {
	if strings.TrimSpace(text) == "" {
		text = Default
	}
	var rules []Rule
	for item := range strings.SplitSeq(text, ";") {
		words := strings.Fields(item)
		if len(words) == 0 {
			continue
		}
		k := kindOf(words[0])
		if k == nil {
			return nil, fmt.Errorf("there is no list %q: want %s", words[0], names())
		}
		if slices.ContainsFunc(rules, func(r Rule) bool { return r.List == k.name }) {
			return nil, fmt.Errorf("%s is there twice", k.name)
		}
		r := Rule{k.name, nil}
		if text != Default {
			r = defaultOf(k.name)
		} else {
			r.limits = make([]float64, len(k.limits))
		}
		if err := r.set(k, words[1:]); err != nil {
			return nil, err
		}
		rules = append(rules, r)
	}
	if len(rules) == 0 {
		return nil, fmt.Errorf("it names no list: want %s", names())
	}
	return rules, nil
}

func names() string {
	var all []string
	for _, k := range kinds {
		all = append(all, k.name)
	}
	return strings.Join(all, ", ")
}

// defaultOf returns a list's rule as it stands in [Default].
func defaultOf(list string) Rule {
	rules, err := Parse(Default)
	if err != nil {
		panic(err) // a constant
	}
	for _, r := range rules {
		if r.List == list {
			return Rule{list, slices.Clone(r.limits)}
		}
	}
	panic("audience: no default of " + list)
}

func (r *Rule) set(k *kind, words []string) error {
	seen := map[string]bool{}
	for _, word := range words {
		name, text, found := strings.Cut(word, "=")
		at := slices.IndexFunc(k.limits, func(l limit) bool { return l.name == name })
		if !found || at < 0 || seen[name] {
			return fmt.Errorf("%s: want %s, not %q", k.name, k.wanted(), word)
		}
		seen[name] = true
		v, err := strconv.ParseFloat(text, 64)
		l := k.limits[at]
		if err != nil || !(v >= l.least && v <= 100_000) || l.whole && v != math.Trunc(v) {
			return fmt.Errorf("%s: %s: want %s from %v to 100000, not %q", k.name, name, l.what(), l.least, text)
		}
		r.limits[at] = v
	}
	from, to := slices.IndexFunc(k.limits, called("from")), slices.IndexFunc(k.limits, called("to"))
	if from >= 0 && r.limits[from] > r.limits[to] {
		return fmt.Errorf("%s: from is after to", k.name)
	}
	return nil
}

func called(name string) func(limit) bool { return func(l limit) bool { return l.name == name } }

func (l limit) what() string {
	if l.whole {
		return "a whole number"
	}
	return "a number"
}

// wanted says which limits a list has.
func (k *kind) wanted() string {
	if len(k.limits) == 0 {
		return "no limit"
	}
	var all []string
	for _, l := range k.limits {
		all = append(all, l.name+"=…")
	}
	return strings.Join(all, " and ") + " once"
}

// String is the one spelling of a rule, which [Parse] reads.
func (r Rule) String() string {
	text := r.List
	for i, l := range kindOf(r.List).limits {
		text += fmt.Sprintf(" %s=%s", l.name, number(r.limits[i]))
	}
	return text
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// Words says the rule in words, with its limits.
func (r Rule) Words() string {
	args := make([]any, len(r.limits))
	for i, v := range r.limits {
		args[i] = number(v)
	}
	return fmt.Sprintf(kindOf(r.List).words, args...)
}

// Purpose says what the list is for.
func (r Rule) Purpose() string { return kindOf(r.List).purpose }

// Takes reports whether the rule takes a customer of the shop.
func (r Rule) Takes(s *Shop, p *Person) bool {
	k := kindOf(r.List)
	return p.Dates > 0 && (k.needs == nil || k.needs(p)) && k.takes(s, p, r.limits)
}

// Asks reports whether the rule can be asked of anybody in the shop: not where it is about what nothing is known of.
func (r Rule) Asks(s *Shop) bool {
	k := kindOf(r.List)
	return slices.ContainsFunc(s.People, func(p Person) bool { return p.Dates > 0 && (k.needs == nil || k.needs(&p)) })
}

// Code is the product that a customer is on the list for, "" for the lists that are not about one.
func (r Rule) Code(p *Person) string {
	if r.List != Regulars {
		return ""
	}
	return regular(p, r.limits)
}
