package contract

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/clientele/clientele/pkg/calendar"
)

// Run names one run of one pipeline for one as-of date. All steps of the run share it.
type Run struct {
	Pipeline string        // the DAG's name
	AsOf     calendar.Date // what "today" means to every step
	Slug     string        // the run id, made fit for a path
}

// NewRun returns the run of a pipeline, an as-of date and a raw run id, such as Airflow's.
func NewRun(pipeline string, asOf calendar.Date, runID string) Run {
	return Run{Pipeline: pipeline, AsOf: asOf, Slug: Slug(runID)}
}

// String returns the run's name: <pipeline>/<as-of>/<slug>.
func (r Run) String() string { return r.Pipeline + "/" + r.AsOf.String() + "/" + r.Slug }

var (
	pipelineName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)
	slugName     = regexp.MustCompile(`^[a-z0-9-]{0,40}-[0-9a-f]{8}$`)
)

// ErrRunName says that a text is not the name of a run.
var ErrRunName = errors.New("not a run's name: want <pipeline>/<as-of>/<slug>")

// CheckPipeline returns an error unless name can stand in a path: [a-z0-9_-], at most 64.
func CheckPipeline(name string) error {
	if !pipelineName.MatchString(name) {
		return errors.New("want 1 to 64 of a-z, 0-9, _ and -, beginning with a letter or digit")
	}
	return nil
}

// ParseRun reads what [Run.String] wrote.
func ParseRun(name string) (Run, error) {
	parts := strings.Split(name, "/")
	if len(parts) != 3 || CheckPipeline(parts[0]) != nil || !slugName.MatchString(parts[2]) {
		return Run{}, fmt.Errorf("%q: %w", name, ErrRunName)
	}
	day, err := calendar.ParseDate(parts[1])
	if err != nil {
		return Run{}, fmt.Errorf("%q: %w", name, ErrRunName)
	}
	return Run{Pipeline: parts[0], AsOf: day, Slug: parts[2]}, nil
}

// Slug makes a raw run id fit for a path: lower case [a-z0-9-], at most 40, then - and 8 hex digits of the raw id's
// sha256, so that two ids never share a slug by accident.
//
//	Slug("scheduled__2026-01-05T00:00:00+00:00") = "scheduled-2026-01-05t00-00-00-00-00-4f0c…"
func Slug(runID string) string {
	var b strings.Builder
	for _, c := range []byte(strings.ToLower(runID)) {
		switch {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			b.WriteByte(c)
		case b.Len() > 0 && b.String()[b.Len()-1] != '-':
			b.WriteByte('-')
		}
	}
	s := b.String()
	if len(s) > 40 {
		s = s[:40]
	}
	sum := sha256.Sum256([]byte(runID))
	return strings.TrimRight(s, "-") + "-" + hex.EncodeToString(sum[:4])
}
