// Package contract is what steps agree on: which steps there are, what each reads, writes and needs, what the tables look like,
// where objects are stored, how a run is named, and what a step reports. The DAGs and the docs are made from it or tested
// against it; `bin/pipeline contract` prints it as JSON.
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
