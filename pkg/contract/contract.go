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
	"github.com/clientele/clientele/pkg/table"
)

// The steps, by the name of their task.
const (
	Ingest     = "ingest"
	Preprocess = "preprocess"
	Drift      = "drift"
	Train      = "train"
	Evaluate   = "evaluate"
	Promote    = "promote"
	Score      = "score"
	Report     = "report"
)

// Step is one container of the pipeline.
type Step struct {
	Name     string         `json:"name"`
	Does     string         `json:"does"`     // one line for people
	Reads    []string       `json:"reads"`    // steps whose manifests it reads
	Head     bool           `json:"head"`     // reads the model in force
	Writes   []table.Schema `json:"writes"`   // tables
	Files    []string       `json:"files"`    // other files beside them
	Pointers []string       `json:"pointers"` // what it swaps
}

// Steps lists the pipeline in its order. Drift comes before evaluate because its act is evidence there: fix_data blocks a
// promotion, refit and retrain excuse a change of segments.
var Steps = []Step{
	{Name: Ingest, Does: "takes a delivery in: every record accepted or quarantined", Writes: []table.Schema{Lines, Quarantine}, Pointers: []string{"state/lines.json"}},
	{Name: Preprocess, Does: "cleans the window's lines with every pound accounted for, and builds customers", Reads: []string{Ingest}, Writes: []table.Schema{Sales, Ledger, Customers}},
	{Name: Drift, Does: "compares customers with those that the model in force was trained on", Reads: []string{Preprocess}, Head: true, Writes: []table.Schema{Features, Effects}, Pointers: []string{"state/<name>/drift.json"}},
	{Name: Train, Does: "sweeps k, chooses one by the stated rule, writes the bundle", Reads: []string{Preprocess, Drift}, Head: true, Writes: []table.Schema{Sweep}},
	{Name: Evaluate, Does: "holds the candidate against the gates", Reads: []string{Train, Drift, Preprocess}, Head: true},
	{Name: Promote, Does: "makes a candidate that passed the model in force", Reads: []string{Evaluate}, Head: true, Pointers: []string{"<name>/HEAD.json"}},
	{Name: Score, Does: "gives every customer a segment by the model in force", Reads: []string{Preprocess}, Head: true, Writes: []table.Schema{Assignments, Segments, Movers}, Pointers: []string{"state/<name>/score.json"}},
	{Name: Report, Does: "makes one page for people", Reads: []string{Ingest, Preprocess, Drift, Train, Evaluate, Promote, Score}, Files: []string{"report.html"}},
}

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

// Describe returns the contract with the flags of the given tasks.
func Describe(tasks []TaskFlags) Description {
	return Description{
		Version: clientele.Version(), Steps: Steps, Tasks: tasks, ExitCodes: fault.ExitCodes,
		Verdicts: []string{VerdictNone, VerdictWarn, VerdictAlert, VerdictInsufficientData},
		Acts:     []string{ActNone, ActWait, ActRefit, ActRetrain, ActFixData},
		Actions:  []string{ActionBootstrap, ActionPromote, ActionHold, ActionUnchanged},
	}
}
