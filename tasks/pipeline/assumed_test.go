package pipeline_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/tasks/pipeline"
)

// What was assumed of an unknown file is said at the end, not only in a step's log.
func TestWhatWasAssumedIsSaid(t *testing.T) {
	for meaning, want := range map[*retail.Meaning]string{
		{Invoice: retail.ByNumber, NonProducts: retail.DefaultNonProducts().String()}:                               "an invoice is its number; amounts below zero are returns; codes with fewer than two digits",
		{Invoice: retail.ByNumberAndDay, NonProducts: retail.GeneralNonProducts().String(), ReturnInvoices: "RT.*"}: "an invoice is its number and day; amounts below zero are returns, and invoices like RT.*; codes and words of services",
	} {
		var said bytes.Buffer
		err := pipeline.Print(&said, contract.PipelineResult{New: true, Steps: map[string]any{
			contract.Ingest:     contract.IngestResult{Reading: []byte(`{"separator":"semicolon","decimal":"comma","date_layout":"2.1.2006"}`)},
			contract.Preprocess: contract.PreprocessResult{Meaning: *meaning},
		}})
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{"\nread    separator semicolon, decimal comma\n", "\ndates   2.1.2006\n", "\nlines   " + want} {
			if !strings.Contains(said.String(), line) {
				t.Errorf("no %q in\n%s", line, said.String())
			}
		}
	}
}
