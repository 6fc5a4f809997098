package explore

// Group is how the purchases of one group of customers divide by nature.
type Group struct {
	ID     int32
	Totals [classes]Total
}

// ByCustomer divides purchases by a group of each customer, a number from 0 below groups, or -1 for none.
func (s *Shop) ByCustomer(n *Nature, groups int, groupOf func(customer int32) int32) []Group {
	return s.divide(n, groups, groupOf, nil)
}

// ByCountry divides purchases by the country of the invoice; a customer counts in her own.
func (s *Shop) ByCountry(n *Nature) []Group {
	return s.divide(n, len(s.Countries), func(c int32) int32 { return s.Home[c] }, func(inv *Invoice) int32 { return inv.Country })
}

func (s *Shop) divide(n *Nature, groups int, ofCustomer func(int32) int32, ofInvoice func(*Invoice) int32) []Group {
	all := make([]Group, groups)
	for i := range all {
		all[i].ID = int32(i)
	}
	for i := range s.Invoices {
		inv := &s.Invoices[i]
		g := ofCustomer(inv.Customer)
		if ofInvoice != nil {
			g = ofInvoice(inv)
		}
		if g < 0 {
			continue
		}
		t := &all[g].Totals[n.Invoices[i]]
		t.Invoices++
		t.InvoiceAmount += inv.Amount
		for k := inv.From; k < inv.To; k++ {
			t := &all[g].Totals[n.Lines[k]]
			t.Lines++
			t.LineAmount += s.Lines[k].Amount
		}
	}
	for c := range n.Customers {
		if g := ofCustomer(int32(c)); g >= 0 {
			t := &all[g].Totals[n.Customers[c].Class]
			t.Customers++
			t.CustomerAmount += n.Customers[c].money()
		}
	}
	return all
}
