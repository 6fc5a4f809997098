package explore

import (
	"fmt"
	"math"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/explore"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/task"
)

// natureResult sums up the classes.
func natureResult(n *explore.Nature) contract.NatureResult {
	var all int64
	for _, t := range n.Totals {
		all += t.CustomerAmount
	}
	class := func(c explore.Class) contract.NatureClass {
		t := n.Totals[c]
		return contract.NatureClass{
			Lines: t.Lines, Invoices: t.Invoices, Customers: t.Customers,
			MoneyShare: share(t.CustomerAmount, all), LineMoneyShare: share(t.LineAmount, all), InvoiceMoneyShare: share(t.InvoiceAmount, all),
			WeekendShare: share(t.WeekendInvoices, t.CustomerInvoices), BreakTaken: share(t.BreakAmount, t.BreakOf),
		}
	}
	r := contract.NatureResult{
		Personal: class(explore.Personal), Bulk: class(explore.Bulk), Reseller: class(explore.Reseller),
		PackWorth: finite(n.PackWorth), CartonWorth: finite(n.CartonWorth),
		HalvesCut: n.Halves.Cut, HalvesCustomers: n.Halves.Customers, HalvesKappa: finite(n.Halves.Kappa),
	}
	for _, v := range n.Variants {
		r.Variants = append(r.Variants, contract.NatureVariant{Thresholds: v.Name, Customers: v.Customers, MoneyShare: share(v.Amount, all)})
	}
	return r
}

// statements say what the lines cannot show.
func (f *found) statements() []string {
	s, n := f.shop, f.nature
	all := []string{"Nobody has said who resells: the classes follow from quantities alone and cannot be checked against a truth."}
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if w := s.Without; w.GuestLines > 0 {
		say("%s lines of guests, worth %s, are not part of this.", task.Thousands(w.GuestLines), task.Whole(money.Amount(w.GuestAmount)))
	}
	if w := s.Without; w.OtherLines > 0 {
		say("%s lines that are no sales, worth %s, are not part of this.", task.Thousands(w.OtherLines), task.Whole(money.Amount(w.OtherAmount)))
	}
	if math.IsNaN(n.PackWorth) {
		say("Only %d products have a pack of their own; from 20 on, the others would get one of the same worth. Without a pack a purchase is never bulk.", n.OwnPacks)
	}
	if math.IsNaN(n.CartonWorth) {
		say("Only %d products have a carton of their own; from 20 on, the others would get one of the same worth. Without a carton a purchase is never a reseller's.", n.OwnCarton)
	}
	if math.IsNaN(n.Halves.Kappa) {
		say("The lines before and after %s have too few customers in common to say whether classes last.", n.Halves.Cut)
	}
	for i := range f.places {
		f.places[i].statements(say)
	}
	if f.whole == nil {
		say("The lines do not reach back 180 days, so the revenue of the last 90 days cannot be compared with the 90 days before.")
	} else if f.whole.Contribution == nil {
		say("There is no purchase in one of the last two periods of 90 days, so the change of revenue has no factors.")
	}
	if s.Tree(comparisons[1].shift, 1, func(*explore.Invoice) int32 { return 0 }) == nil {
		say("The lines do not reach back 455 days, so nothing can be compared with a year ago.")
	}
	return all
}

// natureFrame is the table of thresholds by product.
func natureFrame(s *explore.Shop, n *explore.Nature) *frame.Frame {
	amounts := make([][len(explore.Classes)]int64, len(s.Codes))
	lines := make([][len(explore.Classes)]int64, len(s.Codes))
	for i, class := range n.Lines {
		l := &s.Lines[i]
		amounts[l.Code][class] += l.Amount
		lines[l.Code][class]++
	}
	f := frame.New(contract.Natures.Columns, len(s.Codes))
	copy(f.Strings("code"), s.Codes)
	for i, c := range n.Codes {
		f.Ints("lines")[i], f.Ints("customers")[i], f.Ints("revenue")[i] = c.Lines, c.Customers, c.Amount
		f.Floats("median_price")[i] = c.Median
		f.Ints("pack")[i], f.Strings("pack_from")[i] = orNull(c.Pack), c.PackSource
		f.Ints("pack_lines")[i], f.Floats("pack_ratio")[i] = c.PackLines, c.PackRatio
		f.Ints("carton")[i], f.Strings("carton_from")[i] = orNull(c.Carton), c.CartonSource
		f.Floats("price_below")[i], f.Floats("price_from")[i], f.Floats("carton_score")[i] = c.Below, c.From, c.Score
		for class, name := range explore.Classes {
			f.Ints(name + "_lines")[i] = lines[i][class]
			f.Floats(name + "_money_share")[i] = share(amounts[i][class], c.Amount)
		}
	}
	return f
}

// customerFrame is the table of classes by customer.
func customerFrame(s *explore.Shop, n *explore.Nature) *frame.Frame {
	f := frame.New(contract.CustomerNatures.Columns, len(s.Customers))
	copy(f.Strings("customer"), s.Customers)
	name := func(c *explore.Class) string {
		if c == nil {
			return ""
		}
		return c.String()
	}
	for i := range n.Customers {
		c := &n.Customers[i]
		f.Strings("nature")[i] = c.Class.String()
		all := int64(0)
		for _, amount := range c.Amounts {
			all += amount
		}
		for class, name := range explore.Classes {
			f.Floats(name + "_money_share")[i] = share(c.Amounts[class], all)
		}
		f.Ints("reseller_dates")[i] = c.ResellerDates
		f.Floats("break_taken")[i] = math.NaN()
		if c.BreakOf > 0 {
			f.Floats("break_taken")[i] = share(c.BreakAmount, c.BreakOf)
		}
		f.Strings("before")[i], f.Strings("after")[i] = name(c.Before), name(c.After)
	}
	return f
}

func orNull(q int64) int64 {
	if q == 0 {
		return frame.NullInt
	}
	return q
}

// share returns part/whole, 0 where there is no whole.
func share(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// finite returns the number, nil where it is none.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}
