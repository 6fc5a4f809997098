package pipeline

import (
	"context"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/tasks/registry"
)

// describe prints the contract: steps, tables, flags, exit codes.
var describe = task.Task[nothing, contract.Description]{
	Name: "contract", Usage: "print steps, tables, flags and exit codes as JSON",
	Example: "pipeline contract", Large: true,
	Flags:  func() []cli.Flag { return nil },
	Config: func(*cli.Context) nothing { return nothing{} },
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
func Description() contract.Description { return description(steps) }

func description(steps []step) contract.Description {
	var entries []contract.Step
	var flags []contract.TaskFlags
	for _, s := range steps {
		entries = append(entries, s.Step)
		flags = append(flags, s.program.Describe())
	}
	return contract.Describe(entries, append(flags,
		registry.History.Describe(), registry.Show.Describe(), registry.Verify.Describe(), registry.Rollback.Describe(),
		registry.Freeze.Describe(), registry.Unfreeze.Describe(), registry.Deny.Describe(), registry.Allow.Describe(), registry.Erase.Describe(),
		registry.Preflight.Describe()))
}
