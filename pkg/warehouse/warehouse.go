package warehouse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"strings"
	"time"

	"cloud.google.com/go/bigquery"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"

	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/table"
)

// EmulatorVariable names the address of a local BigQuery, such as localhost:9050, which takes no credentials. The client
// library has no variable of its own.
const EmulatorVariable = "BIGQUERY_EMULATOR_HOST"

// LabelsVariable names labels of every table and job besides those that they have by what they are: a JSON object of texts,
// such as {"env": "prod", "cost-center": "42"}.
const LabelsVariable = "CLIENTELE_LABELS"

// The classes of errors of the warehouse.
var (
	errTemporary = fault.ErrTemporary.New("warehouse", "BigQuery failed for now")
	errPermitted = fault.ErrConfig.New("permission", "no permission in BigQuery")
	errSchema    = fault.ErrConfig.New("schema", "a table in BigQuery has other columns")
	// ErrQuery says that a query cannot be asked.
	ErrQuery   = fault.ErrUsage.New("query", "the query cannot be asked")
	errRefused = fault.ErrBadData.New("warehouse", "BigQuery refused the data")
)

// Options are how the warehouse is used.
type Options struct {
	Location       string        // of the dataset and its jobs, such as EU; "" is the dataset's own
	MaxBytesBilled int64         // for each query; 0 is the project's limit
	Patience       time.Duration // for one request with its retries; 0 is two minutes
	Scratch        string        // an empty folder for files on their way
	Tables         table.Options
	// Upload puts a file, of this name and size, where BigQuery loads it from, and returns its gs:// URI. nil sends files with
	// the requests that load them.
	Upload func(ctx context.Context, name string, src io.ReaderAt, size int64) (uri string, err error)
	Now    func() time.Time
}

// Warehouse is a dataset. Close it at the end.
type Warehouse struct {
	client    *bigquery.Client
	dataset   string // project.dataset
	datasetID string
	opts      Options
	own       map[string]string // labels
}

// named is what a dataset is called: project.dataset, by BigQuery's rules for both.
var named = regexp.MustCompile(`^(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]\.[A-Za-z0-9_]+$`)

const longestDataset = 1000 // characters, without the project

// CheckName says what is wrong with the name of a dataset, "" if nothing is.
func CheckName(dataset string) string {
	if !named.MatchString(dataset) || len(dataset[strings.LastIndexByte(dataset, '.')+1:]) > longestDataset {
		return "want project.dataset, such as my-project.clientele"
	}
	return ""
}

// Open connects to a dataset, project.dataset, with the credentials of the environment or to [EmulatorVariable].
func Open(ctx context.Context, dataset string, o Options) (*Warehouse, error) {
	if problem := CheckName(dataset); problem != "" {
		return nil, fault.ErrUsage.Errorf("warehouse", dataset, "warehouse %q: %s", dataset, problem)
	}
	own, err := ownLabels()
	if err != nil {
		return nil, err
	}
	i := strings.LastIndexByte(dataset, '.')
	project, id := dataset[:i], dataset[i+1:]
	client, err := connect(ctx, project, o)
	if err != nil {
		return nil, errPermitted.Errorf("permission", dataset, "connect to BigQuery: %w", err)
	}
	return &Warehouse{client: client, dataset: dataset, datasetID: id, opts: o, own: own}, nil
}

// connect makes the client of a project.
func connect(ctx context.Context, project string, o Options) (*bigquery.Client, error) {
	var opts []option.ClientOption
	if host := os.Getenv(EmulatorVariable); host != "" { //nolint:forbidigo // the counterpart of the storage client's STORAGE_EMULATOR_HOST
		opts = append(opts, option.WithEndpoint("http://"+strings.TrimPrefix(host, "http://")+"/bigquery/v2/"), option.WithoutAuthentication())
	}
	client, err := bigquery.NewClient(ctx, project, opts...)
	if err == nil {
		client.Location = o.Location
	}
	return client, err
}

// ownLabels are those of [LabelsVariable].
func ownLabels() (map[string]string, error) {
	text := os.Getenv(LabelsVariable) //nolint:forbidigo // it is of the deployment, like the emulator's, and no step's
	if text == "" {
		return nil, nil
	}
	var own map[string]string
	if err := json.Unmarshal([]byte(text), &own); err != nil {
		return nil, fault.Errorf(fault.ExitConfig, "labels", text, `%s: want a JSON object of texts such as {"env": "prod"}: %w`, LabelsVariable, err)
	}
	for key, value := range own {
		if !isLabel.MatchString(key) {
			return nil, fault.Errorf(fault.ExitConfig, "labels", key, "%s: %q is no name of a label: want lower case letters, digits, - and _, a letter first", LabelsVariable, key)
		}
		own[key] = label(value)
	}
	return own, nil
}

// isLabel is what BigQuery takes for a label's name.
var isLabel = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}$`)

// labelled are the labels of a table or job of a step: those of the deployment, and what it is.
func (w *Warehouse) labelled(step, run string) map[string]string {
	labels := map[string]string{}
	maps.Copy(labels, w.own)
	labels["app"], labels["step"] = "clientele", step
	if run != "" {
		labels["run"] = label(run)
	}
	return labels
}

// label makes a text one of BigQuery's labels: lower case, digits, hyphens and underscores, at most 63.
func label(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, s)
	return s[max(0, len(s)-63):]
}

// Close ends the connection.
func (w *Warehouse) Close() error { return w.client.Close() }

// Check asks whether the dataset is there, and, by a dry run, for the right to make a table in it. Nothing is changed.
func (w *Warehouse) Check(ctx context.Context) error {
	ctx, cancel := w.patient(ctx, 0)
	defer cancel()
	if _, err := w.client.Dataset(w.datasetID).Metadata(ctx); err != nil {
		return w.explain(err, "dataset")
	}
	q := w.client.Query("CREATE TABLE IF NOT EXISTS " + "`" + w.dataset + ".preflight` (checked BOOL)")
	q.Location, q.DryRun = w.opts.Location, true
	job, err := q.Run(ctx)
	if err != nil {
		return w.explain(err, "dry run")
	}
	if err := job.LastStatus().Err(); err != nil {
		return w.failed(err, job)
	}
	return nil
}

// explain gives an error of a request its class. A context's error stays as it is.
func (w *Warehouse) explain(err error, what string) error {
	var api *googleapi.Error
	object := w.dataset + "/" + what
	switch {
	case err == nil || errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &api):
		reason := ""
		if len(api.Errors) > 0 {
			reason = api.Errors[0].Reason
		}
		return classOf(api.Code, reason, api.Message).Errorf(causeOf(api.Code, reason), object, "BigQuery, %s: %w", what, err)
	}
	return errTemporary.Errorf("warehouse", object, "BigQuery, %s: %w", what, err)
}

// failed is [Warehouse.explain] for a job that was accepted and then failed.
func (w *Warehouse) failed(err error, job *bigquery.Job) error {
	var e *bigquery.Error
	reason, message := "", err.Error()
	if errors.As(err, &e) {
		reason, message = e.Reason, e.Message
	}
	link := fmt.Sprintf("https://console.cloud.google.com/bigquery?project=%s&j=bq:%s:%s&page=queryresults", w.client.Project(), job.Location(), job.ID())
	return classOf(http.StatusBadRequest, reason, message).Errorf(causeOf(0, reason), w.dataset, "job %s failed (%s): %s; see %s", job.ID(), reason, message, link)
}

// classOf says who has to act: nobody (the same succeeds later), whoever grants rights or changes settings, or whoever owns
// the data. Source: BigQuery's table of error messages. A transaction that loses against another says so in its message only.
func classOf(code int, reason, message string) *fault.Class {
	switch reason {
	case "accessDenied", "billingNotEnabled", "billingTierLimitExceeded", "bytesBilledLimitExceeded", "notFound", "required":
		return errPermitted
	case "quotaExceeded", "rateLimitExceeded", "backendError", "internalError", "jobBackendError", "jobInternalError", "jobRateLimitExceeded",
		"resourceInUse", "resourcesExceeded", "stopped", "tableUnavailable", "timeout":
		return errTemporary
	}
	switch {
	case strings.Contains(message, "aborted due to concurrent update"), strings.Contains(message, "bytes billed"):
		if strings.Contains(message, "bytes billed") {
			return errPermitted
		}
		return errTemporary
	case code == http.StatusUnauthorized, code == http.StatusForbidden, code == http.StatusNotFound:
		return errPermitted
	case code == http.StatusRequestTimeout, code == http.StatusTooManyRequests, code == http.StatusPreconditionFailed, code >= 500:
		return errTemporary
	}
	return errRefused
}

// causeOf is the word for machines.
func causeOf(code int, reason string) string {
	switch {
	case reason == "quotaExceeded" || reason == "rateLimitExceeded" || code == http.StatusTooManyRequests:
		return "quota"
	case reason == "accessDenied" || code == http.StatusForbidden || code == http.StatusUnauthorized:
		return "permission"
	case reason == "notFound" || code == http.StatusNotFound:
		return "no_dataset"
	}
	return "warehouse"
}
