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
	RuleVoid Rule = iota // see [Meaning]
	RuleGuest
	RuleAdjustment
	RuleDiscount
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
	RuleVoid: {"void", "cancelled and failed orders",
		"Lines whose status says that the order was cancelled, failed or never paid.", true},
	RuleGuest: {"guest", "no customer ID", "Lines without a customer identifier.", true},
	RuleAdjustment: {"adjustment", "bad-debt adjustments",
		"Lines of invoices that are adjustments of the books, such as bad debt.", true},
	RuleDiscount: {"discount", "discounts",
		"Lines below zero that return nothing: their code is listed, or is never sold at a positive price, on an invoice with a line above zero. " +
			"With --discounts=allocate their amount is taken off the invoice's product lines instead.", true},
	RuleNonProduct: {"non_product", "postage, fees, vouchers",
		"Lines whose code or description is not a product: fees, postage, vouchers. The list is the flag --non-product, decided from the shop's own codes by default.", true},
	RulePrice: {"price", "price of zero or less", "Lines with a unit price of zero, or below zero that are no returns.", true},
	RuleQuantity: {"quantity", "quantity of zero or less",
		"Lines with a quantity of zero, or below zero that are no returns.", true},
	RuleDuplicate: {"duplicate", "repeats of an identical line",
		"All but the first of lines that are identical in every column. Off by default, because real baskets have identical lines.", false},
	RuleMatched: {"cancellation_matched", "returns and the sales they reverse",
		"Return lines, as far as an earlier sale of the same customer and product is found, together with that part of the sale.", true},
	RuleUnmatched: {"cancellation_unmatched", "returns with no matching sale in the window",
		"Return lines, as far as no sale is found in the window.", true},
}

// String returns the rule's name as flags and ledger show it.
func (r Rule) String() string { return RuleSpecs[r].Name }

// Rules are the rules' switches and what the shop's lines mean to them. Start from [DefaultRules].
type Rules struct {
	off     [ruleCount]bool
	Meaning Meaning
}

// DefaultRules has every rule as [RuleSpecs] says, over lines as UCI Online Retail writes them.
func DefaultRules() Rules {
	r := Rules{Meaning: UCI()}
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
