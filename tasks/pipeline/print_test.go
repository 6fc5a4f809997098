package pipeline_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/tasks/pipeline"
)

// Drift says wait, and the same output says that a new model was promoted: how that goes together.
func TestWaitBesidePromotedIsExplained(t *testing.T) {
	for action, want := range map[string]bool{contract.ActionPromote: true, contract.ActionHold: false} {
		var said bytes.Buffer
		err := pipeline.Print(&said, contract.PipelineResult{New: true, Steps: map[string]any{
			contract.Drift: contract.DriftResult{Act: contract.ActWait}, contract.Promote: contract.PromoteResult{Action: action},
		}})
		if got := strings.Contains(said.String(), "a full run always trains one"); err != nil || got != want {
			t.Errorf("%s: explained %v, %v:\n%s", action, got, err, said.String())
		}
	}
}
