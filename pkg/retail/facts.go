package retail

import (
	"cmp"
	"hash/fnv"
	"slices"
	"sort"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/money"
)

// Ranges are partitions that are worked on somewhere else: those of lines without a customer, by invoice number, and then those of
// customers.
type Ranges struct {
	Guests int      `json:"guests"` // 1 or more
	Bounds []string `json:"bounds"` // as in a [Room]
}

// Partitions returns how many there are.
func (r Ranges) Partitions() int { return r.Guests + len(r.Bounds) + 1 }

// Customer returns the partition of a customer.
func (r Ranges) Customer(name string) int {
	return r.Guests + sort.Search(len(r.Bounds), func(k int) bool { return name < r.Bounds[k] })
}

// Guest returns the partition of lines without a customer that have an invoice number, as compared.
func (r Ranges) Guest(number string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(number))
	return int(h.Sum32() % uint32(r.Guests))
}

// InvoiceName is an invoice, whatever the dictionaries.
type InvoiceName struct {
	Number string        `json:"number"`           // as compared
	Source uint16        `json:"source,omitempty"` // this and the day where an invoice is number and day
	Day    calendar.Date `json:"day"`
}

// NamedInvoice is an invoice with lines without a customer, whose other lines name just one.
type NamedInvoice struct {
	Invoice  InvoiceName `json:"invoice"`
	Customer string      `json:"customer"`
}

// SpreadLine is a product line with the discounts that it bears. Equal lines have a part each.
type SpreadLine struct {
	Customer, Invoice, Code, Description, Country, Status, Region string
	Time, Quantity, Price, Amount                                 int64
	Source                                                        uint16
	Parts                                                         []money.Amount
}

// Facts are what the rules have to know of lines that are in other partitions. What they list is exceptions: codes apart, sound lines
// have few.
type Facts struct {
	Sold      []string       `json:"sold"`      // compared codes that are sold at a positive price
	Named     []NamedInvoice `json:"named"`     // see [NamedInvoice]
	Above     []InvoiceName  `json:"above"`     // invoices with a line above zero, of those with one that can be a discount
	Several   []InvoiceName  `json:"several"`   // invoices that more than one partition has lines of
	Allocated []InvoiceName  `json:"allocated"` // invoices whose discounts are taken off their products
	Spread    []SpreadLine   `json:"spread"`
}

func (k *kinds) invoiceName(at uint32) InvoiceName {
	if k.days == nil {
		return InvoiceName{Number: k.l.Invoices.Keys.String(at)}
	}
	d := k.days[at]
	return InvoiceName{k.l.Invoices.Keys.String(d.key), uint16(d.source), d.day}
}

// invoiceNamed is the inverse of invoiceName.
func (k *kinds) invoiceNamed(n InvoiceName) (uint32, bool) {
	key, ok := k.l.Invoices.Keys.find(n.Number)
	if !ok || k.days == nil {
		return key, ok
	}
	from := k.daysFrom[key]
	at, ok := slices.BinarySearchFunc(k.days[from:k.daysFrom[key+1]], invoiceDay{key, uint32(n.Source), n.Day}, compareDays)
	return uint32(from) + uint32(at), ok
}

// find returns the number of a text of a sealed dictionary.
func (d *Dict) find(text string) (uint32, bool) {
	at, ok := sort.Find(d.Len(), func(id int) int { return cmp.Compare(text, d.String(uint32(id))) })
	return uint32(at), ok
}

// Facts returns what the plan says to partitions of its lines. They do not depend on the order of lines.
func (p *Plan) Facts(of Ranges) (*Facts, error) {
	l, f := p.l, &Facts{Sold: []string{}, Named: []NamedInvoice{}, Above: []InvoiceName{}, Several: []InvoiceName{}, Allocated: []InvoiceName{}, Spread: []SpreadLine{}}
	parts := make([]int32, l.Customers.Len())
	for id := range parts {
		parts[id] = int32(of.Customer(l.Customers.String(uint32(id))))
	}
	const several = -1
	where := make([]int32, p.invoices) // 1 + the partition of an invoice's lines, 0 for none
	above := newBitset(p.invoices)
	var stripes Stripes
	err := l.Scan(FieldAmount|FieldCustomer|FieldCode|p.invoiceFields(), func() (func([]Line), func()) {
		discounts := newBitset(p.invoices)
		see := func(lines []Line) {
			hold := stripes.Hold()
			defer hold.Free()
			for i := range lines {
				r := &lines[i]
				at, customer := p.invoiceOf(r), p.customerOf(r)
				part := parts[customer]
				if customer == 0 {
					part = int32(of.Guest(l.Invoices.Keys.String(l.Invoices.Key(r.Invoice))))
				}
				hold.Take(at)
				if where[at] == 0 {
					where[at] = part + 1
				} else if where[at] != part+1 {
					where[at] = several
				}
				if r.Amount < 0 && p.above.has(at) && !p.sold.has(p.codeOf(r)) {
					discounts.set(at)
				}
			}
		}
		return see, func() { above.merge(discounts) }
	})
	if err != nil {
		return nil, err
	}
	for code := range l.Codes.Keys.Len() {
		if p.sold.has(uint32(code)) {
			f.Sold = append(f.Sold, l.Codes.Keys.String(uint32(code)))
		}
	}
	for at := range uint32(p.invoices) {
		name := p.invoiceName(at)
		if p.named != nil && p.named[at] != 0 && name.Number != "" {
			f.Named = append(f.Named, NamedInvoice{name, l.Customers.String(p.named[at])})
		}
		if above.has(at) {
			f.Above = append(f.Above, name)
		}
		if where[at] == several {
			f.Several = append(f.Several, name)
		}
		if p.allocated[at] {
			f.Allocated = append(f.Allocated, name)
		}
	}
	f.Spread = append(f.Spread, p.spreadLines()...)
	return f, nil
}

func (p *Plan) spreadLines() (all []SpreadLine) {
	l := p.l
	for r, parts := range p.spread {
		all = append(all, SpreadLine{
			l.Customers.String(r.Customer), l.Invoices.String(r.Invoice), l.Codes.String(r.Code),
			l.Descriptions.String(r.Description), l.Countries.String(r.Country), l.Statuses.String(r.Status), l.Regions.String(r.Region),
			r.Time, r.Quantity, r.Price, r.Amount, r.Source, parts,
		})
	}
	slices.SortFunc(all, func(a, b SpreadLine) int {
		return cmp.Or(cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Time, b.Time), cmp.Compare(a.Invoice, b.Invoice), cmp.Compare(a.Code, b.Code),
			cmp.Compare(a.Quantity, b.Quantity), cmp.Compare(a.Price, b.Price), cmp.Compare(a.Amount, b.Amount), cmp.Compare(a.Description, b.Description),
			cmp.Compare(a.Country, b.Country), cmp.Compare(a.Status, b.Status), cmp.Compare(a.Region, b.Region), cmp.Compare(a.Source, b.Source))
	})
	return all
}

// elsewhere is a customer whose lines are in another partition.
const elsewhere = 1<<32 - 1

// PlanOf is [Rules.Plan] for the lines of one partition, which may have others among them that got a customer: what it does not see in
// these lines it takes from the facts.
func (r Rules) PlanOf(l *Lines, f *Facts) (*Plan, error) {
	p := r.newPlan()
	var err error
	if p.kinds, err = newKinds(l, r.Meaning); err != nil {
		return nil, err
	}
	p.key = newSortKey(p.kinds, p.totals.times)
	p.sold, p.above, p.named = newBitset(l.Codes.Keys.Len()), newBitset(p.invoices), make([]uint32, p.invoices)
	for _, code := range f.Sold {
		if id, ok := l.Codes.Keys.find(code); ok {
			p.sold.set(id)
		}
	}
	for _, name := range f.Above {
		if at, ok := p.invoiceNamed(name); ok {
			p.above.set(at)
		}
	}
	for _, n := range f.Named {
		if at, ok := p.invoiceNamed(n.Invoice); ok {
			p.named[at] = elsewhere
			if id, ok := l.Customers.find(n.Customer); ok {
				p.named[at] = id
			}
		}
	}
	if r.Meaning.Discounts == AllocateDiscounts && len(f.Allocated) > 0 {
		p.takeAllocated(f)
	}
	return p, nil
}

func (p *Plan) takeAllocated(f *Facts) {
	p.allocated, p.spread = map[uint32]bool{}, map[Line][]money.Amount{}
	for _, name := range f.Allocated {
		if at, ok := p.invoiceNamed(name); ok {
			p.allocated[at] = true
		}
	}
	l := p.l
	for _, s := range f.Spread {
		line := Line{Time: s.Time, Quantity: s.Quantity, Price: s.Price, Amount: s.Amount, Source: s.Source}
		all := true
		find := func(to *uint32, d *Dict, text string) {
			id, ok := d.find(text)
			*to, all = id, all && ok
		}
		find(&line.Customer, &l.Customers, s.Customer)
		find(&line.Description, &l.Descriptions, s.Description)
		find(&line.Country, &l.Countries, s.Country)
		find(&line.Status, &l.Statuses, s.Status)
		find(&line.Region, &l.Regions, s.Region)
		line.Invoice, line.Code = l.Invoices.find(s.Invoice), l.Codes.find(s.Code)
		if all && (line.Invoice != 0 || s.Invoice == "") && (line.Code != 0 || s.Code == "") {
			p.spread[line] = s.Parts
		}
	}
}

// find returns the number of a text of a sealed dictionary, 0 if it is not there.
func (d *KeyedDict) find(text string) uint32 {
	key := string(appendCompared(nil, []byte(text)))
	at, ok := sort.Find(d.Len(), func(id int) int {
		return cmp.Or(cmp.Compare(key, d.Keys.String(d.Key(uint32(id)))), cmp.Compare(text, d.String(uint32(id))))
	})
	if !ok {
		return 0
	}
	return uint32(at)
}

// LoadOf appends those of all lines that are of a partition, with the customers that they got.
func (p *Plan) LoadOf(of Ranges, partition int, dst []Line) (_ []Line, err error) {
	n := len(dst)
	for part := range p.l.parts() {
		if dst, err = p.l.load(p.l.shelf, part, dst); err != nil {
			return dst, err
		}
	}
	for _, r := range dst[n:] {
		customer := p.customerOf(&r)
		if customer == elsewhere || (customer == 0) != (partition < of.Guests) {
			continue
		}
		if r.Customer != customer {
			p.numFilled++
			r.Customer = customer
		}
		dst[n] = r
		n++
	}
	return dst[:n], nil
}

// Account is what the rules did with the lines of a partition.
type Account struct {
	Ledger        Ledger          `json:"ledger"` // of it; invoices that are in several partitions are not counted
	Several       []SharedInvoice `json:"several"`
	Cancellations Cancellations   `json:"cancellations"`
	Discounts     Discounts       `json:"discounts"`
	Filled        int64           `json:"filled"`
	Duplicates    int64           `json:"duplicates"`
	OnlyReturns   int64           `json:"only_returns"`
}

// SharedInvoice is an invoice of several partitions, with a bit for each row of the ledger that it is in.
type SharedInvoice struct {
	Invoice InvoiceName `json:"invoice"`
	Rows    uint32      `json:"rows"`
}

// Account returns what a worker has done, with the one partition whose plan it has. It uses the worker up.
func (w *Worker) Account(f *Facts) Account {
	a := Account{
		Several: []SharedInvoice{}, Cancellations: w.cancel, Discounts: w.discounts, Filled: w.numFilled, Duplicates: w.duplicates, OnlyReturns: w.only,
	}
	for _, name := range f.Several {
		at, ok := w.invoiceNamed(name)
		if !ok {
			continue
		}
		shared := SharedInvoice{Invoice: name}
		for row, order := range ledgerOrder() {
			if set := w.tally.sets[order].invoices; set.has(at) {
				set.clear(at)
				shared.Rows |= 1 << row
			}
		}
		if shared.Rows != 0 {
			a.Several = append(a.Several, shared)
		}
	}
	a.Ledger = w.tally.ledger()
	return a
}

// ledgerOrder returns which row of a tally each row of a ledger is.
func ledgerOrder() [ledgerRows]int {
	order := [ledgerRows]int{rowInput}
	for i := range rowKept + 1 {
		order[1+i] = i
	}
	return order
}

// SumAccounts adds up the accounts of all partitions. products are the distinct codes of kept lines. An error is of [ErrLedger].
func SumAccounts(products int64, accounts []Account) (Totals, error) {
	t := Totals{Products: products, Ledger: make(Ledger, ledgerRows)}
	shared := map[InvoiceName]uint32{}
	for _, a := range accounts {
		t.Cancellations.add(a.Cancellations)
		t.Discounts.add(a.Discounts)
		t.Filled += a.Filled
		t.Duplicates += a.Duplicates
		t.OnlyReturns += a.OnlyReturns
		for i, e := range a.Ledger {
			to := &t.Ledger[i]
			to.Rule = e.Rule
			to.Lines += e.Lines
			to.Invoices += e.Invoices
			to.Customers += e.Customers
			to.Amount += e.Amount
			to.Sales += e.Sales
			to.Returns += e.Returns
		}
		for _, s := range a.Several {
			shared[s.Invoice] |= s.Rows
		}
	}
	for _, rows := range shared {
		for i := range t.Ledger {
			t.Ledger[i].Invoices += int64(rows >> i & 1)
		}
	}
	return t, t.Ledger.Check()
}
