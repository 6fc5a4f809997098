package pipeline

import (
	"fmt"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/tasks/audience"
	"github.com/clientele/clientele/tasks/drift"
	"github.com/clientele/clientele/tasks/evaluate"
	"github.com/clientele/clientele/tasks/explore"
	"github.com/clientele/clientele/tasks/ingest"
	"github.com/clientele/clientele/tasks/measure"
	"github.com/clientele/clientele/tasks/predict"
	"github.com/clientele/clientele/tasks/preprocess"
	"github.com/clientele/clientele/tasks/promote"
	"github.com/clientele/clientele/tasks/publish"
	"github.com/clientele/clientele/tasks/recommend"
	"github.com/clientele/clientele/tasks/report"
	"github.com/clientele/clientele/tasks/score"
	"github.com/clientele/clientele/tasks/train"
)

// steps are the pipeline's: what the contract says of each, and the program that does it. Flags, configuration, order,
// contract.json and the tables in the docs follow from this list.
var steps = join(contract.Steps,
	ingest.Task, preprocess.Task, drift.Task, train.Task, evaluate.Task, promote.Task, score.Task, explore.Task,
	recommend.Task, predict.Task, measure.Task, audience.Task, publish.Task, report.Task,
)

// step is one of the pipeline's.
type step struct {
	contract.Step
	program task.Step
}

// join puts each entry of the contract together with its program.
func join(entries []contract.Step, programs ...task.Step) []step {
	all := make([]step, len(entries))
	for i, entry := range entries {
		if i >= len(programs) || programs[i].Describe().Task != entry.Name {
			panic(fmt.Sprintf("pipeline: step %d of the contract is %s, which has no program there", i+1, entry.Name))
		}
		all[i] = step{entry, programs[i]}
	}
	return all
}

// bound is a step with its flags.
type bound struct {
	name  string
	reads []string
	task.Bound
}
