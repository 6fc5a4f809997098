package retail

import (
	"fmt"
	"slices"
	"strings"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/money"
)

// Decision is something that was decided, or stated, about what a shop's lines mean, with what it is about.
type Decision struct {
	Field        string       `json:"field"`  // of [Meaning]
	Value        string       `json:"value"`  // what holds
	Now          string       `json:"now"`    // what would be decided now; "" for what is never decided, or is stated
	Stated       bool         `json:"stated"` // by a profile or a flag, not decided
	Why          string       `json:"why"`    // one sentence
	Lines        int64        `json:"lines"`  // that it is about
	Money        money.Amount `json:"money"`  // Σ |amount| of these lines
	Examples     []string     `json:"examples"`
	Alternatives []string     `json:"alternatives"`
}

// The limits of the decisions.
const (
	likeUCI        = 0.9  // share of distinct codes that are five digits and at most three letters, from which codes without digits are services
	fewWithout     = 0.02 // and the largest share of distinct codes with fewer than two digits
	reusedNumbers  = 0.01 // share of invoice numbers that come again with another customer, from which a number is none of one invoice
	reusedAfter    = 7    // days
	fewAdjustments = 0.01 // share of invoices, up to which those called A and digits are adjustments
)

// Decide fills what is not given, by what was decided before or else from the lines themselves, and says what it decided and what
// that is about. It seals the lines. The outcome does not depend on their order. An error is about a pattern or list that cannot
// be read.
func Decide(l *Lines, given, before Meaning) (Meaning, []Decision, error) {
	if wrong := append(given.Problems(), before.Problems()...); len(wrong) > 0 {
		return given, nil, fmt.Errorf("meaning: %s", strings.Join(wrong, "; "))
	}
	l.Seal()
	d := decider{l: l}
	inParallel(
		func() { d.now.Invoice = d.invoice() },
		func() { d.now.Adjustments = d.adjustments() },
		func() { d.now.NonProducts = d.nonProducts() },
	)
	m := given.Or(before).Or(d.now).Or(Meaning{ReturnInvoices: NoInvoice, Discounts: DropDiscounts})
	k, err := newKinds(l, m)
	if err != nil {
		return m, nil, fmt.Errorf("meaning: %w", err)
	}
	l.kinds = k // for the rules
	d.explain(k, m, given)
	return m, d.decisions, nil
}

// Decided returns what of a meaning was decided from the lines, now or before: not what was given.
func (m Meaning) Decided(given, before Meaning) Meaning {
	kept := Meaning{Invoice: m.Invoice, Adjustments: m.Adjustments, NonProducts: m.NonProducts}
	for _, f := range []struct{ mine, given, before *string }{
		{&kept.Invoice, &given.Invoice, &before.Invoice}, {&kept.Adjustments, &given.Adjustments, &before.Adjustments},
		{&kept.NonProducts, &given.NonProducts, &before.NonProducts},
	} {
		if *f.given != "" {
			*f.mine = *f.before
		}
	}
	return kept
}

type decider struct {
	l         *Lines
	now       Meaning // what the lines themselves say
	decisions []Decision
	why       [3]string // of invoice, adjustments, non-products
}

// invoice decides whether numbers are used again: at least 1 % of them come again 7 or more days later with another customer.
func (d *decider) invoice() string {
	l := d.l
	keys := l.Invoices.Keys.Len()
	type first struct {
		time     int64
		customer uint32
	}
	firsts, again, seen := make([]first, keys), newBitset(keys), newBitset(keys)
	for i, c := range l.Customer {
		if c == 0 {
			continue
		}
		key := l.Invoices.Key[l.Invoice[i]]
		if at := (first{l.Time[i], c}); !seen.has(key) || at.time < firsts[key].time || at.time == firsts[key].time && c < firsts[key].customer {
			firsts[key] = at
			seen.set(key)
		}
	}
	for i, c := range l.Customer {
		key := l.Invoices.Key[l.Invoice[i]]
		if c != 0 && c != firsts[key].customer && l.Time[i]-firsts[key].time >= reusedAfter*calendar.DayMicros {
			again.set(key)
		}
	}
	numbers, reused := seen.count(), again.count()
	value := ByNumber
	if reused > 0 && float64(reused) >= reusedNumbers*float64(numbers) {
		value = ByNumberAndDay
	}
	d.why[0] = fmt.Sprintf("%d of %d invoice numbers come again %d or more days later with another customer; from %g %% on they are used again", reused, numbers, reusedAfter, 100*reusedNumbers)
	return value
}

// adjustments decides whether invoices called A and digits adjust the books: they do where they are few.
func (d *decider) adjustments() string {
	keys := &d.l.Invoices.Keys
	all, called := int64(keys.Len()-1), int64(0)
	for id := range keys.Len() {
		if s := keys.String(uint32(id)); len(s) > 1 && s[0] == 'A' && strings.Trim(s[1:], "0123456789") == "" {
			called++
		}
	}
	d.why[1] = fmt.Sprintf("%d of %d invoices are called A and digits; up to %g %% they are adjustments of the books", called, all, 100*fewAdjustments)
	if float64(called) <= fewAdjustments*float64(all) { // none at all too: the first one that comes changes nothing
		return uciAdjustments
	}
	return NoInvoice
}

// nonProducts decides whether a code with fewer than two digits is a service: it is where the shop's codes are like UCI's, five digits
// and a letter or two.
func (d *decider) nonProducts() string {
	codes := &d.l.Codes.Keys
	all, like, without := 0, 0, 0
	for id := 1; id < codes.Len(); id++ {
		s := codes.String(uint32(id))
		digits := 0
		for _, c := range []byte(s) {
			if c >= '0' && c <= '9' {
				digits++
			}
		}
		all++
		if digits < 2 {
			without++
		}
		if digits == 5 && len(s) <= 8 && strings.Trim(s[:5], "0123456789") == "" {
			like++
		}
	}
	general := float64(like) < likeUCI*float64(all) || float64(without) > max(fewWithout*float64(all), 1)
	d.why[2] = fmt.Sprintf("%d of %d codes are five digits and at most three letters, %d have fewer than two digits", like, all, without)
	if all == 0 || general {
		return GeneralNonProducts().String()
	}
	return DefaultNonProducts().String()
}

// explain says what each decision is about.
func (d *decider) explain(k *kinds, m, given Meaning) {
	l := d.l
	returns := Decision{Field: "returns", Value: "amounts below zero of a product", Why: "a line below zero of a code that is also sold gives a product back",
		Alternatives: []string{"return_invoices (a pattern of invoice numbers)", "return_statuses", "discount_codes"}}
	if m.ReturnInvoices != NoInvoice {
		returns.Value += ", and invoices like " + m.ReturnInvoices
	}
	returns.Stated = given.ReturnInvoices != "" || given.ReturnStatuses != nil
	void := Decision{Field: "void_statuses", Value: "orders that are cancelled, failed or refunded by their status", Why: "the status says so",
		Stated: given.VoidStatuses != nil, Alternatives: []string{"void_statuses", "return_statuses", "sale_statuses"}}
	invoice := Decision{Field: "invoice", Value: m.Invoice, Why: d.why[0], Stated: given.Invoice != "", Alternatives: []string{ByNumber, ByNumberAndDay}}
	adjust := Decision{Field: "adjustments", Value: m.Adjustments, Why: d.why[1], Stated: given.Adjustments != "", Alternatives: []string{NoInvoice, "a pattern of invoice numbers"}}
	non := Decision{Field: "non_products", Value: m.NonProducts, Why: d.why[2], Stated: given.NonProducts != "",
		Alternatives: []string{GeneralNonProducts().String(), DefaultNonProducts().String(), "code=…, description=…"}}
	discount := Decision{Field: "discounts", Value: m.Discounts, Stated: given.Discounts != "",
		Why: "lines below zero of codes that are never sold, on invoices with a line above zero", Alternatives: []string{DropDiscounts, AllocateDiscounts, "discount_codes"}}
	customer := Decision{Field: "customers", Value: "as named", Why: "a line without a customer belongs to the one customer whom other lines of its invoice name"}
	samples := map[*Decision]*sample{&returns: {}, &void: {}, &adjust: {}, &non: {}, &discount: {}, &customer: {}}
	note := func(to *Decision, i int, text string) {
		to.Lines++
		to.Money += max(k.amount(i), -k.amount(i))
		samples[to].add(text)
	}
	for i := range l.Len() {
		if k.customer[i] != l.Customer[i] {
			note(&customer, i, l.Invoices.String(l.Invoice[i]))
		}
		switch {
		case k.isVoid(i):
			note(&void, i, l.Statuses.String(l.Status[i]))
		case k.adjustment != nil && k.adjustment[l.Invoices.Key[l.Invoice[i]]]:
			note(&adjust, i, l.Invoices.String(l.Invoice[i]))
		case k.isDiscount(i):
			note(&discount, i, l.Codes.String(l.Code[i]))
		case k.noCode[l.Codes.Key[l.Code[i]]]:
			note(&non, i, l.Codes.String(l.Code[i]))
		case k.noLabel[l.Description[i]]:
			note(&non, i, l.Descriptions.String(l.Description[i]))
		case k.isReturn(i):
			note(&returns, i, l.Invoices.String(l.Invoice[i]))
		}
	}
	for _, one := range []struct {
		decision   *Decision
		given, now string
	}{{&invoice, given.Invoice, d.now.Invoice}, {&adjust, given.Adjustments, d.now.Adjustments}, {&non, given.NonProducts, d.now.NonProducts}} {
		if one.given == "" {
			one.decision.Now = one.now
		}
	}
	for _, one := range []*Decision{&returns, &void, &invoice, &adjust, &non, &discount, &customer} {
		if s := samples[one]; s != nil {
			one.Examples = s.texts
		}
		d.decisions = append(d.decisions, *one)
	}
}

// sample keeps the three texts that are first in byte order: the same in any order of the lines.
type sample struct{ texts []string }

func (s *sample) add(text string) {
	at, found := slices.BinarySearch(s.texts, text)
	if found || at >= 3 {
		return
	}
	s.texts = slices.Insert(s.texts, at, text)
	s.texts = s.texts[:min(len(s.texts), 3)]
}
