// Package contract is the wiring diagram in code: which steps there are, what each reads and writes, how tables look, where
// objects lie, what a run is called, what a step reports and how it ends. Tasks and DAGs are held against it; it prints
// itself as JSON by `bin/pipeline contract`.
//
// A step works inside a [Session]: it begins with its inputs, which give the key; puts tables; and commits, which makes
// them visible to the next step as a whole. Killed at any instant, a reader sees all of it or none of it.
package contract

import (
	"github.com/clientele/clientele"
	"github.com/clientele/clientele/pkg/fault"
)

// Flag is one flag of a task, as contract.json shows it.
type Flag struct {
	Name     string `json:"name"`
	Env      string `json:"env"`
	Kind     string `json:"kind"` // string, int, float, bool
	Required bool   `json:"required"`
	Default  string `json:"default,omitempty"`
	Usage    string `json:"usage"`
	Secret   bool   `json:"secret,omitempty"`
}

// TaskFlags are the flags of one task.
type TaskFlags struct {
	Task  string `json:"task"`
	Flags []Flag `json:"flags"`
}

// Description is the contract as JSON. Version is that of the programs which it describes.
type Description struct {
	Version   string           `json:"version"`
	Steps     []Step           `json:"steps"`
	Tasks     []TaskFlags      `json:"tasks"`
	ExitCodes []fault.ExitCode `json:"exit_codes"`
	Verdicts  []string         `json:"drift_verdicts"`
	Acts      []string         `json:"drift_acts"`
	Actions   []string         `json:"promote_actions"`
}

// Describe returns the contract of these steps, with the flags of the given tasks.
func Describe(steps []Step, tasks []TaskFlags) Description {
	return Description{
		Version: clientele.Version(), Steps: steps, Tasks: tasks, ExitCodes: fault.ExitCodes,
		Verdicts: []string{VerdictNone, VerdictWarn, VerdictAlert, VerdictInsufficientData},
		Acts:     []string{ActNone, ActWait, ActRefit, ActRetrain, ActFixData},
		Actions:  []string{ActionBootstrap, ActionPromote, ActionHold, ActionUnchanged},
	}
}
