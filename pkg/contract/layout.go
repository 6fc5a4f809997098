package contract

import (
	"strconv"
	"strings"

	"github.com/clientele/clientele/pkg/calendar"
)

// Place is a kind of object: where it is stored, who writes it, and whether it is a pointer. docs/storage.md is made from it.
type Place struct {
	Path     string   // a word in angle brackets is a placeholder
	Registry bool     // relative to --registry, else to --root
	Pointer  bool     // overwritten by compare-and-swap; every other object is created once and never changed
	Writers  []string // steps and commands; nil means every step
	Meaning  string
}

// Where objects are stored. Steps never build a path; the functions below do.
var (
	partition = Place{Path: "lines/<source>/<day>/<sha256>.arrow", Writers: []string{Ingest}, Meaning: "table lines or, with lines in several currencies, converted_lines, or, with regions, regional_lines: one source's lines of one day"}
	snapshot  = Place{Path: "lines/index/<sha256>.json", Writers: []string{Ingest}, Meaning: "a snapshot: its parts, and how each source is read"}
	part      = Place{Path: "lines/index/<source>/<year>/<sha256>.json", Writers: []string{Ingest},
		Meaning: "a part of snapshots: which files have the lines of each day, of one source and year, and what was delivered"}
	quarantine = Place{Path: "quarantine/<source>/<delivery>.arrow", Writers: []string{Ingest}, Meaning: "table quarantine: the rejected records of a delivery"}
	seen       = Place{Path: "sources/<sha256>/<n>.json", Writers: []string{Ingest},
		Meaning: "what a server reported about a delivery, so that an unchanged one is not downloaded again"}
	meaning    = Place{Path: "state/meaning.json", Pointer: true, Writers: []string{Preprocess}, Meaning: "what the shop's lines mean, as was decided, and before"}
	linesState = Place{Path: "state/lines.json", Pointer: true, Writers: []string{Ingest}, Meaning: "the current snapshot"}
	driftState = Place{Path: "state/<name>/drift.json", Pointer: true, Writers: []string{Drift}, Meaning: "earlier verdicts of drift"}
	scoreState = Place{Path: "state/<name>/score.json", Pointer: true, Writers: []string{Score}, Meaning: "the current scores, and those before"}
	erased     = Place{Path: "state/erased.json", Pointer: true, Writers: []string{"registry erase"},
		Meaning: "the customers that are forgotten, as salted hashes, by which ingest rejects them; and who is at work forgetting one"}
	receipt   = Place{Path: "erasures/<n>.json", Writers: []string{"registry erase"}, Meaning: "an erasure: what was deleted and rewritten, when and by whom, without the customers' keys"}
	asked     = Place{Path: "requests/<request>.txt", Writers: []string{"a person"}, Meaning: "ids of customers who ask to be forgotten, one a line; registry erase deletes it when they are"}
	weekly    = Place{Path: "state/<name>/history.json", Pointer: true, Writers: []string{Audience}, Meaning: "what the last run of each calendar week came to"}
	used      = Place{Path: "state/<name>/<step>/used.json", Pointer: true, Meaning: "what the step's last runs have used: time, processor time, memory, bytes; with --record-use"}
	campaigns = Place{Path: "state/<name>/campaigns.json", Pointer: true, Writers: []string{Measure}, Meaning: "the campaigns so far"}
	current   = Place{Path: "runs/<pipeline>/<as-of>/<slug>/<step>/current.json", Pointer: true, Meaning: "the step's latest key in this run"}
	output    = Place{Path: "runs/<pipeline>/<as-of>/<slug>/<step>/<key>/<name>", Meaning: "the step's other tables and files: <table>.arrow, report.html, message.txt; " +
		"of preprocess on an engine also plan-<sha256>.json and part-<n>-…, which no manifest names"}
	manifest = Place{Path: "runs/<pipeline>/<as-of>/<slug>/<step>/<key>/_MANIFEST.json", Meaning: "what the step wrote, from which inputs, and its result. Written last"}

	arms = Place{Path: "campaigns/<name>/<id>/arms.arrow", Writers: []string{Measure}, Meaning: "table arms: a campaign's customers by arm, as assigned"}
	plan = Place{Path: "campaigns/<name>/<id>/plan.json", Writers: []string{Measure},
		Meaning: "a campaign: its period, shares, cap and target, fixed when customers are assigned. Written after the arms"}
	read   = Place{Path: "campaigns/<name>/<id>/reads/<n>.json", Writers: []string{Measure}, Meaning: "one look at a campaign"}
	sent   = Place{Path: "exports/<name>/<id>/sent.arrow", Writers: []string{"measure export"}, Meaning: "table sent: the customers of an exported list"}
	logged = Place{Path: "exports/<name>/<id>/export.json", Writers: []string{"measure export"},
		Meaning: "an exported list: which, by which model, when, for which tool, and how many were left out. Written before the file"}

	blob       = Place{Path: "blobs/sha256/<sha256>", Registry: true, Writers: []string{Train}, Meaning: "a part of a model's bundle"}
	bundle     = Place{Path: "models/<model_id>/manifest.json", Registry: true, Writers: []string{Train}, Meaning: "a model: its segments and its blobs"}
	provenance = Place{Path: "models/<model_id>/provenance.json", Registry: true, Writers: []string{Train}, Meaning: "the run that first trained the model"}
	gone       = Place{Path: "erased/<model_id>.json", Registry: true, Writers: []string{"registry erase"},
		Meaning: "the model's customers are deleted, because one of them is forgotten: it cannot be rolled back to"}
	evaluation = Place{Path: "evals/<eval_id>.json", Registry: true, Writers: []string{Evaluate}, Meaning: "an evaluation, with every gate"}
	head       = Place{Path: "<name>/HEAD.json", Registry: true, Pointer: true, Writers: headWriters, Meaning: "the champion"}
	names      = Place{Path: "<name>/names.json", Registry: true, Pointer: true, Writers: []string{"registry name"}, Meaning: "the names that people gave to segments"}
	history    = Place{Path: "<name>/history/<seq>-<sha256>.json", Registry: true, Writers: headWriters, Meaning: "one revision of HEAD"}

	headWriters = []string{Promote, "registry rollback", "registry freeze", "registry unfreeze", "registry deny", "registry allow", "registry erase"}
)

// Layout lists every kind of object, root before registry, in the order of their paths.
var Layout = []Place{
	arms, plan, read, receipt, sent, logged, snapshot, part, partition, quarantine, asked, current, output, manifest, seen, used, campaigns, driftState, weekly, scoreState, erased, linesState, meaning,
	head, history, names, blob, gone, evaluation, bundle, provenance,
}

// at returns the path with these values for its words, in order.
func (p Place) at(values ...string) string {
	var b strings.Builder
	rest := p.Path
	for _, v := range values {
		before, after, _ := strings.Cut(rest, "<")
		_, rest, _ = strings.Cut(after, ">")
		b.WriteString(before + v)
	}
	return b.String() + rest
}

// PartitionPath is a day's accepted lines of one source, named by their content.
func PartitionPath(source string, day calendar.Date, sha256 string) string {
	return partition.at(source, day.String(), sha256)
}

// SnapshotPath is a snapshot, named by its content.
func SnapshotPath(sha256 string) string { return snapshot.at(sha256) }

// PartPath is the part of snapshots that has one source's days of one year, named by its content.
func PartPath(source string, year int, sha256 string) string {
	return part.at(source, strconv.Itoa(year), sha256)
}

// QuarantinePath holds the rejected records of a delivery.
func QuarantinePath(source, delivery string) string { return quarantine.at(source, delivery) }

// SeenPath is what ingest remembers of a delivery from a server or a bucket, named by what it is of; n distinguishes several.
func SeenPath(sha256 string, n int) string { return seen.at(sha256, strconv.Itoa(n)) }

// LinesStatePath is the pointer to the current snapshot.
func LinesStatePath() string { return linesState.at() }

// MeaningStatePath is the pointer to what the lines of the root mean.
func MeaningStatePath() string { return meaning.at() }

// ErasedPath is the pointer to the customers that are forgotten.
func ErasedPath() string { return erased.at() }

// ErasurePath is the receipt of an erasure, the first being 1.
func ErasurePath(n int) string { return receipt.at(strconv.Itoa(n)) }

// RequestPath is a list of customers who ask to be forgotten.
func RequestPath(request string) string { return asked.at(request) }

// ErasedModelPath says that a model's customers are deleted.
func ErasedModelPath(modelID string) string { return gone.at(modelID) }

// ScoreStatePath is the pointer to the current scores.
func ScoreStatePath(name string) string { return scoreState.at(name) }

// DriftStatePath is the pointer to the drift results that the next run compares itself with.
func DriftStatePath(name string) string { return driftState.at(name) }

// HistoryStatePath is the pointer to what the last run of each calendar week came to.
func HistoryStatePath(name string) string { return weekly.at(name) }

// UsedPath is the pointer to what the last runs of a step have used.
func UsedPath(name, step string) string { return used.at(name, step) }

// CampaignsPath is the pointer to the campaigns so far.
func CampaignsPath(name string) string { return campaigns.at(name) }

// ArmsPath has a campaign's customers by arm, as assigned.
func ArmsPath(name, id string) string { return arms.at(name, id) }

// PlanPath says what was fixed when a campaign's customers were assigned.
func PlanPath(name, id string) string { return plan.at(name, id) }

// ReadPath is one look at a campaign, the first being 1.
func ReadPath(name, id string, n int) string { return read.at(name, id, strconv.Itoa(n)) }

// SentPath has the customers of an exported list.
func SentPath(name, id string) string { return sent.at(name, id) }

// ExportPath says what was exported.
func ExportPath(name, id string) string { return logged.at(name, id) }

// OutputPath is a table or file that a step writes in a run.
func OutputPath(run Run, step, key, name string) string {
	return output.at(run.Pipeline, run.AsOf.String(), run.Slug, step, key, name)
}

// ManifestPath says what a step wrote. It is written after the objects, once.
func ManifestPath(run Run, step, key string) string {
	return manifest.at(run.Pipeline, run.AsOf.String(), run.Slug, step, key)
}

// CurrentPath is the pointer to the latest key of a step in a run.
func CurrentPath(run Run, step string) string {
	return current.at(run.Pipeline, run.AsOf.String(), run.Slug, step)
}

// BlobPath is a blob of the registry, named by its content.
func BlobPath(sha256 string) string { return blob.at(sha256) }

// ModelPath is a model's manifest, which names its blobs.
func ModelPath(modelID string) string { return bundle.at(modelID) }

// ProvenancePath says where a model came from. The first one written stays.
func ProvenancePath(modelID string) string { return provenance.at(modelID) }

// EvalPath is an evaluation of a model.
func EvalPath(evalID string) string { return evaluation.at(evalID) }

// HeadPath is the pointer to the champion.
func HeadPath(name string) string { return head.at(name) }

// NamesPath is the pointer to the names that people gave to segments.
func NamesPath(name string) string { return names.at(name) }

// HistoryPath is one revision of HEAD.
func HistoryPath(name string, seq int64, sha256 string) string {
	return history.at(name, strconv.FormatInt(seq, 10), sha256)
}
