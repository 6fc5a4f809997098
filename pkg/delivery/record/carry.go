package record

// carried is what the records of an order have from its first one. It is for records in their order.
type carried struct {
	fields []Field // slots that are carried
	whole  bool    // the invoice is one of them: a record without it is of the order before
	known  bool
	text   [numSlots][]byte
	cells  [numSlots]Cell // of a table: kinds and times, the texts are those above
}

func newCarried(c *Columns) *carried {
	if !c.Carries() {
		return nil
	}
	k := &carried{}
	for _, f := range c.preset.Carry {
		k.whole = k.whole || f == FieldInvoice
		if f == FieldCountry && c.At[FieldRegion] >= 0 {
			k.fields = append(k.fields, FieldRegion)
		}
		for _, slot := range f.slots() {
			if c.At[slot] >= 0 {
				k.fields = append(k.fields, slot)
			}
		}
	}
	return k
}

// fill gives a record what its order's first one says, and keeps what the first one of an order says.
func (k *carried) fill(fields *[numSlots][]byte) {
	if !k.of(fields[FieldInvoice]) {
		k.keep(fields)
		return
	}
	for _, f := range k.fields {
		if len(trimSpace(fields[f])) == 0 {
			fields[f] = k.text[f]
		}
	}
}

// fillCells is fill for a row of cells.
func (k *carried) fillCells(cells *[numSlots]Cell) {
	var texts [numSlots][]byte
	for f := range cells {
		texts[f] = cells[f].Text
	}
	if !k.of(texts[FieldInvoice]) {
		k.keep(&texts)
		k.cells = *cells
		return
	}
	for _, f := range k.fields {
		if cells[f].Kind == NoCell {
			cells[f] = k.cells[f]
			cells[f].Text = k.text[f]
		}
	}
}

// of reports whether a record is of the order that is known, by its invoice.
func (k *carried) of(invoice []byte) bool {
	if !k.known {
		return false
	}
	if invoice = trimSpace(invoice); len(invoice) == 0 {
		return k.whole
	}
	return string(invoice) == string(k.text[FieldInvoice])
}

// keep makes a record's fields those of the order.
func (k *carried) keep(fields *[numSlots][]byte) {
	invoice := trimSpace(fields[FieldInvoice])
	k.known = len(invoice) > 0
	for _, f := range k.fields {
		k.text[f] = append(k.text[f][:0], fields[f]...)
	}
	k.text[FieldInvoice] = append(k.text[FieldInvoice][:0], invoice...)
}

// forget is for a record of which it is not known where its fields are: it can begin an order.
func (k *carried) forget() {
	if k != nil {
		k.known = false
	}
}
