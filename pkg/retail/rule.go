package retail

import (
	"fmt"
	"slices"
	"strings"
)

// Rule is one of the rules that take lines away, in the order in which they are asked. A line is counted at the first
// one that takes it.
type Rule uint8

// The rules.
const (
	RuleGuest      Rule = iota // no customer
	RuleAdjustment             // invoice A…: bad debt
	RuleNonProduct             // fees, postage, vouchers: see [NonProducts]
	RulePrice                  // unit price ≤ 0
	RuleQuantity               // quantity ≤ 0 and no cancellation
	RuleDuplicate              // later copies of an equal line
	RuleMatched                // cancellation_matched: a C… line and the sale that it takes back
	RuleUnmatched              // cancellation_unmatched: what of a C… line finds no sale

	ruleCount
)

var ruleNames = [ruleCount]string{
	"guest", "adjustment", "non_product", "price", "quantity", "duplicate", "cancellation_matched", "cancellation_unmatched",
}

// String returns the rule's name as flags and ledger show it.
func (r Rule) String() string { return ruleNames[r] }

// Rules are the rules' switches and the list of what is no product. Start from [DefaultRules].
type Rules struct {
	off         [ruleCount]bool
	NonProducts NonProducts
}

// DefaultRules has all rules on but duplicate: two equal lines can be real.
func DefaultRules() Rules {
	r := Rules{NonProducts: DefaultNonProducts()}
	r.off[RuleDuplicate] = true
	return r
}

// On reports whether the rule takes lines.
func (r Rules) On(rule Rule) bool { return !r.off[rule] }

// Switch turns a rule on or off.
func (r *Rules) Switch(rule Rule, on bool) { r.off[rule] = !on }

// Set applies switches written as "+duplicate,-cancellation_matched". A name without sign, an unknown one and one that is
// switched both ways are errors; the receiver is unchanged then.
func (r *Rules) Set(s string) error {
	next, seen := *r, map[Rule]bool{}
	for item := range strings.SplitSeq(s, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		sign, name := item[0], item[1:]
		if sign != '+' && sign != '-' {
			return fmt.Errorf("rule %q has no sign: write +%s or -%s", item, item, item)
		}
		i := slices.Index(ruleNames[:], name)
		if i < 0 {
			return fmt.Errorf("no rule %q: there are %s", name, strings.Join(ruleNames[:], ", "))
		}
		rule, on := Rule(i), sign == '+'
		if before, ok := seen[rule]; ok && before != on {
			return fmt.Errorf("rule %s is switched on and off", name)
		}
		seen[rule] = on
		next.Switch(rule, on)
	}
	*r = next
	return nil
}

// String writes every switch, as [Rules.Set] reads it: the same rules, the same text.
func (r Rules) String() string {
	items := make([]string, ruleCount)
	for i, name := range ruleNames {
		items[i] = "+" + name
		if r.off[i] {
			items[i] = "-" + name
		}
	}
	return strings.Join(items, ",")
}
