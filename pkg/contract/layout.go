package contract

import (
	"strconv"

	"github.com/clientele/clientele/pkg/calendar"
)

// Where things lie. Steps never build a path; these functions do. The first group is relative to the root, the second to
// the registry.

// PartitionPath is a day's accepted lines of one source, named by their content.
func PartitionPath(source string, day calendar.Date, sha256 string) string {
	return "lines/" + source + "/" + day.String() + "/" + sha256 + ".arrow"
}

// SnapshotPath is the index of a snapshot, named by its content.
func SnapshotPath(sha256 string) string { return "lines/index/" + sha256 + ".json" }

// QuarantinePath holds the records of a delivery that broke a rule.
func QuarantinePath(source, delivery string) string {
	return "quarantine/" + source + "/" + delivery + ".arrow"
}

// SeenPath is what ingest remembers of a delivery from a server or a bucket, named by what it is of; n tells several apart.
func SeenPath(sha256 string, n int) string {
	return "sources/" + sha256 + "/" + strconv.Itoa(n) + ".json"
}

// LinesStatePath is the pointer to the snapshot in force.
func LinesStatePath() string { return "state/lines.json" }

// ScoreStatePath is the pointer to the scores in force.
func ScoreStatePath(name string) string { return "state/" + name + "/score.json" }

// DriftStatePath is the pointer to the drift results that the next run compares itself with.
func DriftStatePath(name string) string { return "state/" + name + "/drift.json" }

// StepPath is the folder of what a step made in a run.
func StepPath(run Run, step, key string) string {
	return "runs/" + run.String() + "/" + step + "/" + key
}

// ManifestPath says what a step made. It is written after the objects, once.
func ManifestPath(run Run, step, key string) string {
	return StepPath(run, step, key) + "/_MANIFEST.json"
}

// CurrentPath is the pointer to the latest key of a step in a run.
func CurrentPath(run Run, step string) string {
	return "runs/" + run.String() + "/" + step + "/current.json"
}

// BlobPath is a blob of the registry, named by its content.
func BlobPath(sha256 string) string { return "blobs/sha256/" + sha256 }

// ModelPath is a model's manifest, which names its blobs.
func ModelPath(modelID string) string { return "models/" + modelID + "/manifest.json" }

// ProvenancePath says where a model came from: first wins, compared with nothing.
func ProvenancePath(modelID string) string { return "models/" + modelID + "/provenance.json" }

// EvalPath is an evaluation of a model.
func EvalPath(evalID string) string { return "evals/" + evalID + ".json" }

// HeadPath is the pointer to the model in force.
func HeadPath(name string) string { return name + "/HEAD.json" }

// HistoryPath is one revision of HEAD.
func HistoryPath(name string, seq int64, sha256 string) string {
	return name + "/history/" + strconv.FormatInt(seq, 10) + "-" + sha256 + ".json"
}
