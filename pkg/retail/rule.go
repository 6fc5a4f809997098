package retail

import (
	"fmt"
	"slices"
	"strings"
)

// Rule is one of the rules that remove lines, in the order in which they are applied. A line counts for the first one that
// removes it. [RuleSpecs] says what each does.
type Rule uint8

// The rules.
const (
	RuleGuest Rule = iota
	RuleAdjustment
	RuleNonProduct // see [NonProducts]
	RulePrice
	RuleQuantity
	RuleDuplicate
	RuleMatched
	RuleUnmatched

	ruleCount
)

// RuleSpec declares a rule, for flags, ledger, page and docs.
type RuleSpec struct {
	Name    string // in flags and in the ledger
	Removes string // what it removes, in a few words
	Meaning string // the same in a sentence or two
	Default bool   // whether it is on unless switched off
}

// RuleSpecs declares every rule, in order.
var RuleSpecs = [ruleCount]RuleSpec{
	RuleGuest: {"guest", "no customer ID", "Lines without a customer identifier.", true},
	RuleAdjustment: {"adjustment", "bad-debt adjustments",
		"Lines of invoices that begin with A: adjustments of bad debt.", true},
	RuleNonProduct: {"non_product", "postage, fees, vouchers",
		"Lines whose code or description is not a product: fees, postage, vouchers. The list is the flag --non-product.", true},
	RulePrice: {"price", "price of zero or less", "Lines with a unit price of zero or less.", true},
	RuleQuantity: {"quantity", "negative quantity without a cancellation",
		"Lines with a quantity of zero or less whose invoice does not begin with C.", true},
	RuleDuplicate: {"duplicate", "repeats of an identical line",
		"All but the first of lines that are identical in every column. Off by default, because real baskets have identical lines.", false},
	RuleMatched: {"cancellation_matched", "cancellations and the sales they reverse",
		"Lines of invoices that begin with C, as far as an earlier sale of the same customer and product is found, together with that part of the sale.", true},
	RuleUnmatched: {"cancellation_unmatched", "cancellations with no matching sale in the window",
		"Lines of invoices that begin with C, as far as no sale is found in the window.", true},
}

// String returns the rule's name as flags and ledger show it.
func (r Rule) String() string { return RuleSpecs[r].Name }

// Rules are the rules' switches and the list of what is no product. Start from [DefaultRules].
type Rules struct {
	off         [ruleCount]bool
	NonProducts NonProducts
}

// DefaultRules has every rule as [RuleSpecs] says.
func DefaultRules() Rules {
	r := Rules{NonProducts: DefaultNonProducts()}
	for i, spec := range RuleSpecs {
		r.off[i] = !spec.Default
	}
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
		i := slices.IndexFunc(RuleSpecs[:], func(r RuleSpec) bool { return r.Name == name })
		if i < 0 {
			return fmt.Errorf("no rule %q: there are %s", name, ruleNames())
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
	for i, spec := range RuleSpecs {
		items[i] = "+" + spec.Name
		if r.off[i] {
			items[i] = "-" + spec.Name
		}
	}
	return strings.Join(items, ",")
}

func ruleNames() string {
	var names []string
	for _, r := range RuleSpecs {
		names = append(names, r.Name)
	}
	return strings.Join(names, ", ")
}
