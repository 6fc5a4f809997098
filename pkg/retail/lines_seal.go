package retail

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
)

// Seal ends the appending and numbers every text in byte order. Sealing twice does nothing. An error is the spill's.
func (l *Lines) Seal() error {
	if l.sealed {
		return nil
	}
	l.sealed = true
	if err := l.seal(); err != nil {
		return fmt.Errorf("seal lines: %w", err)
	}
	for _, s := range l.shards {
		*s = Shard{lines: l, rows: s.rows}
	}
	return nil
}

func (l *Lines) seal() error {
	far := l.invoices != nil
	if far {
		if err := l.nextGeneration(); err != nil {
			return err
		}
	}
	for _, s := range l.shards {
		if err := s.open.close(); err != nil {
			return err
		}
	}
	var to numbers
	near := func(column int, all *Dict, seal func() []uint32) func() error {
		return func() error {
			*all, l.texts[column].Dict = l.texts[column].Dict, Dict{}
			to[column] = seal()
			return nil
		}
	}
	plain := func(column int, all *Dict) func() error {
		return near(column, all, func() []uint32 { return all.seal(nil) })
	}
	invoices, customers := near(columnInvoice, &l.Invoices.Dict, l.Invoices.seal), plain(columnCustomer, &l.Customers)
	if far {
		invoices, customers = l.sealInvoices, l.sealCustomers
	}
	err := inParallel( // the longest first: the others fill up beside it
		invoices, plain(columnDescription, &l.Descriptions), near(columnCode, &l.Codes.Dict, l.Codes.seal), customers,
		plain(columnCountry, &l.Countries), plain(columnStatus, &l.Statuses), plain(columnRegion, &l.Regions),
	)
	if err != nil {
		return err
	}
	if !far {
		return l.shelf.number(&to, 0)
	}
	for g := range l.invoices {
		if to[columnInvoice], err = l.invoices[g].renumbering(); err != nil {
			return err
		}
		if to[columnCustomer], err = l.customers[g].renumbering(); err != nil {
			return err
		}
		if err := l.shelf.number(&to, int32(g)); err != nil {
			return err
		}
	}
	return nil
}

func (l *Lines) sealCustomers() error {
	w := l.shelf.store.farWriter()
	l.texts[columnCustomer].Dict = Dict{}
	err := l.shelf.store.merge(l.customers, nil, func(text, _ []byte) error { return w.add(text) })
	l.Customers = Dict{far: w.to}
	return errors.Join(err, w.flush())
}

func (l *Lines) sealInvoices() error {
	runs, w, keys := l.invoices, l.shelf.store.farWriter(), l.shelf.store.farWriter()
	l.texts[columnInvoice].Dict = Dict{}
	keyed := slices.ContainsFunc(runs, func(r run) bool { return r.keyed })
	d := &l.Invoices
	err := l.shelf.store.merge(runs, appendCompared, func(text, key []byte) error {
		if keyed {
			if keys.to.n == 0 || !bytes.Equal(keys.last, key) {
				if err := keys.add(key); err != nil {
					return err
				}
			}
			d.keys = append(d.keys, uint32(keys.to.n-1))
		}
		return w.add(text)
	})
	if d.Dict, d.Keys = (Dict{far: w.to}), (Dict{far: w.to}); keyed {
		d.Keys = Dict{far: keys.to}
	}
	return errors.Join(err, w.flush(), keys.flush())
}

// inParallel does pieces of work on all cores, beginning them in their order.
func inParallel(work ...func() error) error {
	return eachPart(len(work), func() func(int) error { return func(i int) error { return work[i]() } })
}
