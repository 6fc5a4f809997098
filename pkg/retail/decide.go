package retail

import (
	"fmt"
	"slices"
	"strings"
	"unsafe"

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
	d := decider{l: l}
	if err := d.look(); err != nil {
		return given, nil, err
	}
	d.now = Meaning{Invoice: d.invoice(), Adjustments: d.adjustments(), NonProducts: d.nonProducts()}
	m := given.Or(before).Or(d.now).Or(Meaning{ReturnInvoices: NoInvoice, Discounts: DropDiscounts})
	k, err := newKinds(l, m)
	if err != nil {
		return m, nil, fmt.Errorf("meaning: %w", err)
	}
	l.kinds = k // for the rules
	return m, d.decisions, d.explain(k, m, given)
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

	// By compared number and code.
	named  int64  // numbers that name a customer
	again  bitset // of these, those that come again later with another one
	called bitset // numbers that any line has
	codes  bitset
	words  int64 // lines above zero whose description names a service, with a code that looks like a product's
}

// first is the earliest line of an invoice number that names a customer.
type first struct {
	time     int64
	customer uint32 // 0 where there is none
}

func (f *first) see(o first) {
	if f.customer == 0 || o.time < f.time || o.time == f.time && o.customer < f.customer {
		*f = o
	}
}

// look finds the first line of each invoice number, and the numbers that come again.
func (d *decider) look() error {
	if err := d.l.Seal(); err != nil {
		return err
	}
	codeKeys := &d.l.Codes.Keys
	numbers, codes := d.l.Invoices.Keys.Len(), codeKeys.Len()
	d.again, d.called, d.codes = newBitset(numbers), newBitset(numbers), newBitset(codes)
	special, names := DefaultNonProducts(), d.services()
	for from, to := range d.l.Passes(numbers, int(unsafe.Sizeof(first{}))) {
		firsts := make([]first, to-from)
		var stripes Stripes
		err := d.l.Scan(FieldTime|FieldAmount|FieldCustomer|FieldInvoice|FieldCode|FieldDescription, func() (func([]Line), func()) {
			words := int64(0)
			called, sold := newBitset(numbers), newBitset(codes)
			note := func(r *Line, key uint32) {
				called.set(key)
				sold.set(d.l.Codes.Key(r.Code))
				if names[r.Description] && r.Amount > 0 && !special.code(codeKeys.String(d.l.Codes.Key(r.Code))) {
					words++
				}
			}
			see := func(lines []Line) {
				hold := stripes.Hold()
				defer hold.Free()
				for i := range lines {
					r := &lines[i]
					key := d.l.Invoices.Key(r.Invoice)
					if r.Customer != 0 && key >= from && key < to {
						hold.Take(key)
						firsts[key-from].see(first{r.Time, r.Customer})
					}
					if from == 0 { // once, in the first pass
						note(r, key)
					}
				}
			}
			return see, func() {
				d.called.merge(called)
				d.codes.merge(sold)
				d.words += words
			}
		})
		if err == nil {
			err = d.lookAgain(firsts, from, to)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// lookAgain finds the numbers, of some, that come again, given the first line of each.
func (d *decider) lookAgain(firsts []first, from, to uint32) error {
	for _, f := range firsts {
		if f.customer != 0 {
			d.named++
		}
	}
	return d.l.Scan(FieldTime|FieldCustomer|FieldInvoice, func() (func([]Line), func()) {
		again := newBitset(len(d.again) * 64)
		see := func(lines []Line) {
			for i := range lines {
				r := &lines[i]
				key := d.l.Invoices.Key(r.Invoice)
				if r.Customer == 0 || key < from || key >= to {
					continue
				}
				if f := &firsts[key-from]; r.Customer != f.customer && r.Time-f.time >= reusedAfter*calendar.DayMicros {
					again.set(key)
				}
			}
		}
		return see, func() { d.again.merge(again) }
	})
}

// services says of every description whether it names a service that UCI's profile does not know.
func (d *decider) services() []bool {
	known := DefaultNonProducts()
	names := make([]bool, d.l.Descriptions.Len())
	for id := range names {
		text := d.l.Descriptions.String(uint32(id))
		names[id] = isService(text) && !known.description(text)
	}
	return names
}

// invoice decides whether numbers are used again: at least 1 % of them come again 7 or more days later with another customer.
func (d *decider) invoice() string {
	numbers, reused := d.named, d.again.count()
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
	all, called := int64(0), int64(0)
	for id := 1; id < keys.Len(); id++ {
		if !d.called.has(uint32(id)) {
			continue
		}
		all++
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
// and a letter or two. Words for services hold in every shop that has lines called so.
func (d *decider) nonProducts() string {
	codes := &d.l.Codes.Keys
	all, like, without := 0, 0, 0
	for id := 1; id < codes.Len(); id++ {
		if !d.codes.has(uint32(id)) {
			continue
		}
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
	n := DefaultNonProducts()
	if n.Services = d.words > 0; n.Services {
		d.why[2] += fmt.Sprintf("; %d lines with other codes are called like services", d.words)
	}
	return n.String()
}

// explain says what each decision is about.
func (d *decider) explain(k *kinds, m, given Meaning) error {
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
	about := [...]*Decision{&returns, &void, &adjust, &non, &discount, &customer}
	const (
		aboutReturns = iota
		aboutVoid
		aboutAdjust
		aboutNon
		aboutDiscount
		aboutCustomer
	)
	var all [len(about)]sample
	err := l.Scan(AllFields, func() (func([]Line), func()) {
		var mine [len(about)]sample
		note := func(to int, r *Line, d *Dict, id uint32) {
			amount := k.amount(r)
			mine[to].note(max(amount, -amount), d.String(id))
		}
		see := func(lines []Line) {
			for i := range lines {
				r := &lines[i]
				if k.customerOf(r) != r.Customer {
					note(aboutCustomer, r, &l.Invoices.Dict, r.Invoice)
				}
				switch {
				case k.isVoid(r):
					note(aboutVoid, r, &l.Statuses, r.Status)
				case k.adjustment != nil && k.adjustment.has(l.Invoices.Key(r.Invoice)):
					note(aboutAdjust, r, &l.Invoices.Dict, r.Invoice)
				case k.isDiscount(r):
					note(aboutDiscount, r, &l.Codes.Dict, r.Code)
				case k.noCode[k.codeOf(r)]:
					note(aboutNon, r, &l.Codes.Dict, r.Code)
				case k.noLabel[r.Description]:
					note(aboutNon, r, &l.Descriptions, r.Description)
				case k.isReturn(r):
					note(aboutReturns, r, &l.Invoices.Dict, r.Invoice)
				}
			}
		}
		return see, func() {
			for i := range mine {
				all[i].merge(&mine[i])
			}
		}
	})
	for i, s := range all {
		about[i].Lines, about[i].Money, about[i].Examples = s.lines, s.money, s.texts
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
		d.decisions = append(d.decisions, *one)
	}
	return err
}

// sample counts lines and keeps the three texts that are first in byte order: the same in any order of the lines.
type sample struct {
	lines int64
	money money.Amount
	texts []string
}

func (s *sample) note(amount money.Amount, text string) {
	s.lines++
	s.money += amount
	s.add(text)
}

func (s *sample) merge(o *sample) {
	s.lines += o.lines
	s.money += o.money
	for _, text := range o.texts {
		s.add(text)
	}
}

func (s *sample) add(text string) {
	if len(s.texts) == 3 && text >= s.texts[2] {
		return
	}
	at, found := slices.BinarySearch(s.texts, text)
	if found {
		return
	}
	s.texts = slices.Insert(s.texts, at, text)
	s.texts = s.texts[:min(len(s.texts), 3)]
}
