package pipeline

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// wiring is what the DAGs are held against.
const wiring = "../../dags/clientele/contract.json"

// A flag that is renamed here and not there would break a Monday.
func TestTheDAGsHaveThisContract(t *testing.T) {
	text, err := json.MarshalIndent(Description(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, '\n')
	got, err := os.ReadFile(wiring)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, text) {
		t.Errorf("%s is not what `bin/pipeline contract` prints: run `make contract` (-have +want):\n%s",
			wiring, cmp.Diff(string(got), string(text)))
	}
}
