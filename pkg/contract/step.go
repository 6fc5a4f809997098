package contract

import (
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
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
	Explore    = "explore"
	Recommend  = "recommend"
	Predict    = "predict"
	Measure    = "measure"
	Audience   = "audience"
	Publish    = "publish"
	Report     = "report"
)

// Step is one container of the pipeline. contract.json, the DAGs' tasks and the tables in the docs are made from it.
type Step struct {
	Name     string         `json:"name"`
	Does     string         `json:"does"`     // one line for people
	Reads    []string       `json:"reads"`    // steps whose manifests it reads
	Head     bool           `json:"head"`     // reads the champion
	Writes   []frame.Schema `json:"writes"`   // tables
	Files    []string       `json:"files"`    // other files next to them
	Pointers []string       `json:"pointers"` // what it swaps
	Exits    []Exit         `json:"exits"`    // exit codes that mean something of their own in this step
	Params   []string       `json:"params"`   // flags that a person can set when triggering a run
	Secrets  []string       `json:"secrets"`  // what its pod gets from Kubernetes secrets, if the deployment names any
	Pod      Pod            `json:"pod"`
}

// Exit says when a step ends with an exit code.
type Exit struct {
	Code int    `json:"code"`
	When string `json:"when"`
}

// Pod is what a step needs to run, in Kubernetes' quantities: request and limit alike.
type Pod struct {
	Minutes int    `json:"minutes"` // after which it is stopped
	CPU     string `json:"cpu"`
	Memory  string `json:"memory"`
	Disk    string `json:"ephemeral-storage"`
}

// Steps lists the pipeline in its order. Drift comes before evaluate because its act is evidence there: fix_data blocks a
// promotion, refit and retrain excuse a change of segments.
var Steps = []Step{
	{
		Name: Ingest, Does: "read a delivery of transaction lines and store them by day",
		Writes: []frame.Schema{Lines, ConvertedLines, RegionalLines, Quarantine}, Pointers: []string{LinesStatePath()},
		Exits: []Exit{
			{fault.ExitBadData, "too many rejected records, a day that shrinks, a delivery that is written in another way than before or can be read in two ways, or lines in several currencies without a rate for each"},
			{fault.ExitTemporary, "the source is not there yet"},
			{fault.ExitConfig, "no permission, too little memory, or another time zone or currency than the stored lines have"},
		},
		Params: []string{"from", "to", "allow-missing", "chunk", "source-name", "mode", "profile", "preset", "columns", "date-layout", "encoding", "separator", "decimal",
			"sheets", "sheet", "rates", "rates-days", "max-quarantine-share", "allow-shrink"},
		Secrets: []string{"customer_key", "source_header"},
		Pod:     Pod{Minutes: 120, CPU: "1", Memory: "2Gi", Disk: "8Gi"}, // spools the delivery
	},
	{
		Name: Preprocess, Does: "clean the lines of the window and build customer features",
		Reads: []string{Ingest}, Writes: []frame.Schema{Sales, Ledger, Customers, Returns, Products, Windows, Profile},
		Exits: []Exit{
			{fault.ExitBadData, "damaged lines"},
			{fault.ExitMissing, "ingest has not run, or a day of the window has expired"},
			{fault.ExitConfig, "too little memory for the lines, customers, invoices and products of the window, or for one customer's lines"},
		},
		Params: []string{"window", "rules", "drift-window"},
		Pod:    Pod{Minutes: 120, CPU: "2", Memory: "4Gi", Disk: "4Gi"}, // holds the window's lines
	},
	{
		Name: Drift, Does: "compare customers with the training data of the current model",
		Reads: []string{Preprocess}, Head: true, Writes: []frame.Schema{Features, DriftBins, Effects}, Files: []string{"drift.json"},
		Pointers: []string{DriftStatePath("<name>")},
		Exits:    []Exit{{fault.ExitMissing, "no customers"}},
		Params:   []string{"accept"},
		Pod:      Pod{Minutes: 60, CPU: "1", Memory: "2Gi", Disk: "1Gi"},
	},
	{
		Name: Train, Does: "fit models over a range of k, choose one and write its bundle",
		Reads: []string{Preprocess, Drift}, Head: true, Writes: []frame.Schema{Sweep, SweepClusters},
		Exits: []Exit{
			{fault.ExitBadData, "too few customers for two segments, or a constant feature"},
			{fault.ExitMissing, "no customers"},
		},
		Params: []string{"k", "k-min", "k-max"},
		Pod:    Pod{Minutes: 240, CPU: "2", Memory: "4Gi", Disk: "1Gi"}, // keeps every core busy
	},
	{
		Name: Evaluate, Does: "check the candidate against the promotion gates",
		Reads: []string{Train, Drift, Preprocess}, Head: true,
		Exits:  []Exit{{fault.ExitMissing, "no candidate"}},
		Params: []string{"accept"},
		Pod:    Pod{Minutes: 60, CPU: "1", Memory: "2Gi", Disk: "1Gi"},
	},
	{
		Name: Promote, Does: "promote a candidate that passed its gates, if there is a reason",
		Reads: []string{Evaluate}, Head: true, Pointers: []string{HeadPath("<name>")},
		Exits: []Exit{
			{fault.ExitMissing, "no verdict"},
			{fault.ExitTemporary, "another run moved HEAD at the same time"},
			{fault.ExitBadData, "a part of the candidate is damaged"},
		},
		Params: []string{"promote"},
		Pod:    Pod{Minutes: 30, CPU: "500m", Memory: "1Gi", Disk: "1Gi"},
	},
	{
		Name: Score, Does: "assign every customer to a segment and list who moved",
		Reads: []string{Preprocess}, Head: true, Writes: []frame.Schema{Assignments, Segments, SegmentFeatures, SegmentGrid, Movers, Migration}, Pointers: []string{ScoreStatePath("<name>")},
		Exits: []Exit{
			{fault.ExitBadData, "a model that is newer than the program"},
			{fault.ExitMissing, "no champion"},
			{fault.ExitConfig, "an RFM grid that cannot be used"},
		},
		Params: []string{"hysteresis", "rfm-grid"},
		Pod:    Pod{Minutes: 60, CPU: "1", Memory: "2Gi", Disk: "1Gi"},
	},
	{
		Name: Explore, Does: "say how customers buy, where they are, and where the revenue comes from",
		Reads: []string{Ingest, Preprocess, Score}, Writes: []frame.Schema{Natures, CustomerNatures, NatureShares, Regions, ProductLifts, Tree, Cohorts,
			Distributions, Times, Concentration, Top, Gaps, Correlations},
		Exits: []Exit{
			{fault.ExitBadData, "damaged sales"},
			{fault.ExitMissing, "no customers or no segments"},
		},
		Params: []string{"thresholds"},
		Pod:    Pod{Minutes: 60, CPU: "1", Memory: "2Gi", Disk: "1Gi"}, // holds the window's kept lines
	},
	{
		Name: Recommend, Does: "list what to offer to every customer, judged on the last month",
		Reads: []string{Preprocess, Score}, Writes: []frame.Schema{Suggestions, Pairs, Methods},
		Exits: []Exit{
			{fault.ExitBadData, "damaged sales, or a list of products that is no text"},
			{fault.ExitMissing, "no sales or no segments"},
			{fault.ExitConfig, "too little memory for this many products"},
		},
		Params: []string{"sold-within", "exclude-products", "include-products"},
		Pod:    Pod{Minutes: 60, CPU: "2", Memory: "4Gi", Disk: "1Gi"}, // 16 bytes times the square of the products
	},
	{
		Name: Predict, Does: "forecast what customers order and spend next, and check the last forecast",
		Reads: []string{Preprocess, Score}, Writes: []frame.Schema{Predictions},
		Exits: []Exit{{fault.ExitMissing, "no customers, or no scores"}},
		Pod:   Pod{Minutes: 30, CPU: "1", Memory: "2Gi", Disk: "2Gi"},
	},
	{
		Name: Measure, Does: "say what change of the average invoice could be seen, check the test, and read campaigns that are due",
		Reads: []string{Preprocess, Score, Explore}, Writes: []frame.Schema{Arms, Reads}, Pointers: []string{CampaignsPath("<name>")},
		Exits: []Exit{
			{fault.ExitMissing, "no customers, or no scores"},
			{fault.ExitTemporary, "another process assigned a campaign at the same time"},
		},
		Params: []string{"hold-out"},
		Pod:    Pod{Minutes: 30, CPU: "1", Memory: "2Gi", Disk: "2Gi"},
	},
	{
		Name: Audience, Does: "put customers on lists, and follow up whom the same rules took 90 days ago",
		Reads:  []string{Preprocess, Drift, Score, Explore, Recommend, Predict, Measure},
		Writes: []frame.Schema{Audiences, Lists, ListLimits, SegmentAudience, Weeks, History, SegmentWeeks}, Pointers: []string{HistoryStatePath("<name>")},
		Exits: []Exit{
			{fault.ExitBadData, "damaged sales, or a model that is newer than the program"},
			{fault.ExitMissing, "no customers, no scores or no arms"},
			{fault.ExitTemporary, "another run moved the history at the same time"},
		},
		Params: []string{"lists"},
		Pod:    Pod{Minutes: 30, CPU: "1", Memory: "2Gi", Disk: "2Gi"},
	},
	{
		Name: Publish, Does: "publish the run's tables to BigQuery, all of them or none",
		Reads: []string{Preprocess, Drift, Train, Evaluate, Promote, Score, Explore, Recommend, Predict, Measure, Audience}, Writes: []frame.Schema{Runs, Gates, Findings},
		Exits: []Exit{
			{fault.ExitBadData, "BigQuery refused the data"},
			{fault.ExitMissing, "no customers"},
			{fault.ExitTemporary, "a quota, or BigQuery failed for now"},
			{fault.ExitConfig, "no permission, no such dataset, or a table there has other columns"},
		},
		Pod: Pod{Minutes: 60, CPU: "1", Memory: "2Gi", Disk: "4Gi"}, // the files on their way
	},
	{
		Name: Report, Does: "write an HTML report of the run, and what it comes to in a few sentences",
		Reads: []string{Ingest, Preprocess, Drift, Train, Evaluate, Promote, Score, Explore, Recommend, Predict, Measure, Audience}, Files: []string{"message.json", "message.txt", "report.html"},
		Exits: []Exit{{fault.ExitMissing, "no customers"}},
		Pod:   Pod{Minutes: 30, CPU: "1", Memory: "2Gi", Disk: "1Gi"},
	},
}

// Does is the one line that says what a step does.
func Does(step string) string {
	for _, s := range Steps {
		if s.Name == step {
			return s.Does
		}
	}
	return ""
}
