package pipeline

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/delivery/reading"
	"github.com/clientele/clientele/pkg/retail"
)

// printAssumed says in three lines how the delivery was read and what its lines were taken for.
func printAssumed(w io.Writer, r contract.PipelineResult) error {
	in, ok := r.Steps[contract.Ingest].(contract.IngestResult)
	if !ok {
		return nil
	}
	read, err := reading.Parse(in.Reading)
	if err != nil {
		return err
	}
	how := read
	how.DateLayout, how.Columns = "", nil
	dates := cmp.Or(read.DateLayout, "dates as they are kept")
	if in.First != nil && in.Last != nil {
		dates += fmt.Sprintf(", from %s to %s", in.First, in.Last)
	}
	means := "as they are"
	if p, ok := r.Steps[contract.Preprocess].(contract.PreprocessResult); ok {
		means = meansInWords(p.Meaning)
	}
	_, err = fmt.Fprintf(w, "\nread    %s\ndates   %s\nlines   %s (make inspect shows why, flags and --profile change it)\n", how, dates, means)
	return err
}

// meansInWords says what lines were taken for, in one line.
func meansInWords(m retail.Meaning) string {
	invoice := "an invoice is its number"
	if m.Invoice == retail.ByNumberAndDay {
		invoice = "an invoice is its number and day"
	}
	returns := "amounts below zero are returns"
	if m.ReturnInvoices != "" && m.ReturnInvoices != retail.NoInvoice {
		returns += ", and invoices like " + m.ReturnInvoices
	}
	products := "codes and words of services are no products"
	if slices.Contains(strings.Split(m.NonProducts, ";"), "digits<2") {
		products = "codes with fewer than two digits are no products"
	}
	return invoice + "; " + returns + "; " + products
}
