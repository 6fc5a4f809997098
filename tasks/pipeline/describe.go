package pipeline

import (
	"context"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/tasks/drift"
	"github.com/clientele/clientele/tasks/evaluate"
	"github.com/clientele/clientele/tasks/ingest"
	"github.com/clientele/clientele/tasks/preprocess"
	"github.com/clientele/clientele/tasks/promote"
	"github.com/clientele/clientele/tasks/registry"
	"github.com/clientele/clientele/tasks/report"
	"github.com/clientele/clientele/tasks/score"
	"github.com/clientele/clientele/tasks/train"
)

// describe prints the contract: steps, tables, flags, exit codes.
var describe = task.Task[nothing, contract.Description]{
	Name: "contract", Usage: "print steps, tables, flags and exit codes as JSON",
	Example: "pipeline contract",
	Flags:   func() []cli.Flag { return nil },
	Config:  func(*cli.Context) nothing { return nothing{} },
	Run: func(context.Context, nothing, task.Deps) (contract.Description, error) {
		return Description(), nil
	},
}

// nothing is the configuration of a program without flags of its own.
type nothing struct{}

// Validate has nothing to complain of.
func (nothing) Validate() error { return nil }

// Description returns the contract with the flags of every step's task, and of the registry's commands: registry-rollback is
// `registry rollback`.
func Description() contract.Description {
	return contract.Describe([]contract.TaskFlags{
		ingest.Task.Describe(), preprocess.Task.Describe(), drift.Task.Describe(), train.Task.Describe(),
		evaluate.Task.Describe(), promote.Task.Describe(), score.Task.Describe(), report.Task.Describe(),
		registry.History.Describe(), registry.Show.Describe(), registry.Verify.Describe(), registry.Rollback.Describe(),
	})
}
