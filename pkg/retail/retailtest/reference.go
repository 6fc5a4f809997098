package retailtest

import (
	"cmp"
	"math/big"
	"slices"
	"strings"

	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/retail"
)

// Reference is what the rules leave of a few lines, worked out slowly and in the plainest way: the definitions, sentence by
// sentence, over strings and maps. It shares nothing with pkg/retail but money and the switches.
type Reference struct {
	Kept          []Line // with what is left of each quantity
	Returned      []Line // return lines that reached the cancellation rules, whole
	Duplicates    int64
	Cancellations retail.Cancellations
	Ledger        map[string]retail.Entry
}

// Compared returns an invoice number or code as it is compared.
func Compared(s string) string { return strings.ToUpper(strings.TrimSpace(s)) }

// Worth returns what the line is worth.
func (l Line) Worth() money.Amount {
	if l.Total != "" {
		return money.Amount(l.DeliveredTotal())
	}
	return l.product(l.Quantity)
}

// product returns n × price, rounded half away from zero to the ten-thousandth.
func (l Line) product(n money.Quantity) money.Amount {
	return rounded(new(big.Rat).Mul(big.NewRat(int64(l.UnitPrice()), money.PriceScale), big.NewRat(int64(n), money.QuantityScale)))
}

// left returns the line with what is left of it.
func (l Line) left(n money.Quantity) Line {
	if n == l.Quantity {
		return l
	}
	amount := l.product(n)
	if extra := l.Worth() - l.product(l.Quantity); extra != 0 {
		amount += rounded(new(big.Rat).Mul(big.NewRat(int64(extra), money.Scale), big.NewRat(int64(n), int64(l.Quantity))))
	}
	amount = min(max(amount, min(l.Worth(), 0)), max(l.Worth(), 0))
	l.Quantity, l.Total = n, amount.String()
	return l
}

// rounded returns an amount of the currency's unit as money.
func rounded(r *big.Rat) money.Amount {
	m, err := money.Parse(r.FloatString(money.AmountDecimals)) // which rounds half away from zero
	if err != nil {
		panic(err)
	}
	return m
}

// shop is what a line has to be seen beside.
type shop struct {
	sold  map[string]bool // compared codes with a line above zero at a positive price
	above map[string]bool // compared invoices with a line above zero
	named map[string]map[string]bool
}

func shopOf(lines []Line) shop {
	s := shop{map[string]bool{}, map[string]bool{}, map[string]map[string]bool{}}
	for _, l := range lines {
		if l.Worth() > 0 {
			s.above[Compared(l.Invoice)] = true
			s.sold[Compared(l.Code)] = s.sold[Compared(l.Code)] || l.UnitPrice() > 0
		}
		if l.Customer != "" {
			if s.named[Compared(l.Invoice)] == nil {
				s.named[Compared(l.Invoice)] = map[string]bool{}
			}
			s.named[Compared(l.Invoice)][l.Customer] = true
		}
	}
	return s
}

// customer returns the line's customer: its own, or the only one that its invoice names.
func (s shop) customer(l Line) string {
	if names := s.named[Compared(l.Invoice)]; l.Customer == "" && len(names) == 1 {
		for name := range names {
			return name
		}
	}
	return l.Customer
}

func (s shop) returns(l Line) bool {
	return l.Quantity < 0 && l.UnitPrice() > 0 || l.Quantity > 0 && l.UnitPrice() < 0 && s.sold[Compared(l.Code)]
}

func (s shop) discounts(l Line) bool {
	return l.Worth() < 0 && !s.sold[Compared(l.Code)] && s.above[Compared(l.Invoice)]
}

// turned returns a return line with its quantity below zero and its price above.
func (l Line) turned() Line {
	if l.Quantity > 0 {
		l.Total = l.Worth().String()
		l.Quantity, l.Price = -l.Quantity, strings.TrimPrefix(l.Price, "-")
	}
	return l
}

// account is a row of the ledger in the making.
type account struct {
	lines               int64
	invoices, customers map[string]bool
	sales, returns      money.Amount
}

func (a *account) line(l Line, amount money.Amount) {
	a.lines++
	a.invoices[Compared(l.Invoice)] = true
	if l.Customer != "" {
		a.customers[l.Customer] = true
	}
	a.amount(amount)
}

func (a *account) amount(m money.Amount) {
	a.sales += max(m, 0)
	a.returns += min(m, 0)
}

// state is a line on its way through the rules.
type state struct {
	Line
	read    Line // before it was turned
	left    money.Quantity
	returns bool
}

// Apply asks the rules, whose list of non-products is taken to be the default one.
func Apply(lines []Line, rules retail.Rules) Reference {
	accounts := map[string]*account{}
	to := func(name string) *account {
		if accounts[name] == nil {
			accounts[name] = &account{invoices: map[string]bool{}, customers: map[string]bool{}}
		}
		return accounts[name]
	}
	out := Reference{}
	var reached []*state
	shop := shopOf(lines)
	for _, l := range canonical(lines) {
		l.Customer = shop.customer(l)
		to("input").line(l, l.Worth())
		if rule, taken := shop.takenAlone(l, rules); taken {
			to(rule.String()).line(l, l.Worth())
			continue
		}
		read, returns := l, shop.returns(l)
		if returns {
			l = l.turned()
		}
		if slices.ContainsFunc(reached, func(s *state) bool { return equal(s.read, read) }) {
			out.Duplicates++
			if rules.On(retail.RuleDuplicate) {
				to("duplicate").line(l, l.Worth())
				continue
			}
		}
		reached = append(reached, &state{l, read, l.Quantity, returns})
	}
	if rules.On(retail.RuleMatched) {
		match(reached)
	}
	keep := func(s *state) {
		out.Kept = append(out.Kept, s.Line.left(s.left))
	}
	for _, s := range reached {
		whole, rest := s.Worth(), s.Line.left(s.left).Worth()
		if !s.returns {
			if s.left == 0 && s.Quantity > 0 {
				to("cancellation_matched").line(s.Line, whole)
				continue
			}
			to("cancellation_matched").amount(whole - rest)
			to("kept").line(s.Line, rest)
			keep(s)
			continue
		}
		out.Returned = append(out.Returned, s.Line)
		remainder := "cancellation_unmatched"
		if !rules.On(retail.RuleUnmatched) {
			remainder = "kept"
		}
		if s.left == s.Quantity {
			out.Cancellations.Unmatched++
			to(remainder).line(s.Line, whole)
		} else {
			out.Cancellations.Amount += whole - rest
			to("cancellation_matched").line(s.Line, whole-rest)
			to(remainder).amount(rest)
			if s.left == 0 {
				out.Cancellations.Matched++
				continue
			}
			out.Cancellations.Partly++
		}
		if remainder == "kept" {
			keep(s)
		}
	}
	out.Ledger = map[string]retail.Entry{}
	for name, a := range accounts {
		out.Ledger[name] = retail.Entry{
			Rule: name, Lines: a.lines, Invoices: int64(len(a.invoices)), Customers: int64(len(a.customers)),
			Amount: a.sales + a.returns, Sales: a.sales, Returns: a.returns,
		}
	}
	return out
}

// canonical returns the lines in the order in which interchangeable ones stand: by the bytes of what was written last.
func canonical(lines []Line) []Line {
	lines = slices.Clone(lines)
	slices.SortFunc(lines, func(a, b Line) int {
		return cmp.Or(compare(a, b), strings.Compare(a.Country, b.Country), strings.Compare(a.Region, b.Region),
			cmp.Compare(a.Worth(), b.Worth()), strings.Compare(a.Status, b.Status), strings.Compare(a.Invoice, b.Invoice), strings.Compare(a.Code, b.Code))
	})
	return lines
}

// compare orders lines by (time, invoice, unit price, quantity, description).
func compare(a, b Line) int {
	return cmp.Or(strings.Compare(a.Time, b.Time), strings.Compare(Compared(a.Invoice), Compared(b.Invoice)),
		cmp.Compare(a.UnitPrice(), b.UnitPrice()), cmp.Compare(a.Quantity, b.Quantity), strings.Compare(a.Description, b.Description))
}

func equal(a, b Line) bool {
	return Compared(a.Code) == Compared(b.Code) && Compared(a.Invoice) == Compared(b.Invoice) && a.Customer == b.Customer &&
		a.Quantity == b.Quantity && a.UnitPrice() == b.UnitPrice() && a.Worth() == b.Worth() && a.Status == b.Status && a.Micros() == b.Micros() &&
		a.Description == b.Description && a.Country == b.Country && a.Region == b.Region
}

func (s shop) takenAlone(l Line, rules retail.Rules) (retail.Rule, bool) {
	digits := strings.Count(strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return '0'
		}
		return r
	}, l.Code), "0")
	description := Compared(l.Description)
	for _, x := range []struct {
		rule  retail.Rule
		takes bool
	}{
		{retail.RuleGuest, l.Customer == ""},
		{retail.RuleAdjustment, strings.HasPrefix(Compared(l.Invoice), "A")},
		{retail.RuleDiscount, s.discounts(l)},
		{retail.RuleNonProduct, digits < 2 || strings.HasPrefix(Compared(l.Code), "GIFT_") ||
			description == "NEXT DAY CARRIAGE" || description == "HIGH RESOLUTION IMAGE"},
		{retail.RulePrice, l.UnitPrice() <= 0 && !s.returns(l)},
		{retail.RuleQuantity, l.Quantity <= 0 && !s.returns(l)},
	} {
		if x.takes && rules.On(x.rule) {
			return x.rule, true
		}
	}
	return 0, false
}

// match goes through the returns in their order, and for each through all sales that it may take from.
func match(lines []*state) {
	inTime := slices.Clone(lines) // in canonical order already, but for those at midnight
	slices.SortStableFunc(inTime, func(a, b *state) int { return cmp.Compare(a.until(), b.until()) })
	for _, c := range inTime {
		if !c.returns || c.Customer == "" {
			continue
		}
		var sales []*state
		for _, s := range lines {
			if !s.returns && s.Customer == c.Customer && Compared(s.Code) == Compared(c.Code) && s.Micros() <= c.until() {
				sales = append(sales, s)
			}
		}
		slices.Reverse(sales) // descending
		slices.SortStableFunc(sales, func(a, b *state) int {
			return cmp.Compare(abs(a.UnitPrice()-c.UnitPrice()), 0) - cmp.Compare(abs(b.UnitPrice()-c.UnitPrice()), 0)
		})
		for _, s := range sales {
			n := min(-c.left, s.left)
			if n > 0 {
				c.left += n
				s.left -= n
			}
		}
	}
}

// until is the latest time of a sale that the return can take back: at midnight, the end of the day.
func (s *state) until() int64 {
	const day = 24 * 60 * 60 * 1_000_000
	if t := s.Micros(); t%day != 0 {
		return t
	}
	return s.Micros() + day - 1
}

func abs(p money.Price) money.Price { return max(p, -p) }
