package warehouse

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"cloud.google.com/go/bigquery"
	"google.golang.org/api/googleapi"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/scratch"
	"github.com/clientele/clientele/pkg/table"
)

// Source is a table file of the run.
type Source struct {
	Schema frame.Schema
	SHA256 string
	// Use opens the file and calls use with it.
	Use func(ctx context.Context, use func(src io.ReaderAt, size int64) error) error
}

// Publication is what a run publishes.
type Publication struct {
	Key     string // of the publish step: the same content has the same key
	AsOf    calendar.Date
	Run     string
	ModelID string        // "" without scores
	Model   *model.Bundle // that scored, for nearest; nil makes no function
	Tables  []Source
}

// Published is a table that is visible.
type Published struct {
	Table string
	Rows  int64
	Money string // sum over its money columns, a decimal
}

// Receipt says what became visible.
type Receipt struct {
	Tables []Published
	Bytes  int64 // of the loaded files
	Jobs   int
}

// staleAfter is when BigQuery removes a staging table that a killed run has left.
const staleAfter = 24 * time.Hour

// Publish makes the publication visible, all of it or nothing. Doing it again with the same key gives the same rows. It needs
// the rights to run jobs in the project, and to edit the dataset, which must exist. Errors are of the classes of pkg/fault.
func (w *Warehouse) Publish(ctx context.Context, p Publication) (Receipt, error) {
	var r Receipt
	if err := w.prepare(ctx, p); err != nil {
		return r, err
	}
	tables := make([]staging, 0, len(p.Tables))
	for _, s := range p.Tables {
		t, size, err := w.stage(ctx, p, s)
		if err != nil {
			return r, fmt.Errorf("load %s: %w", s.Schema.Name, err)
		}
		tables = append(tables, t)
		r.Bytes += size
		r.Jobs++
		r.Tables = append(r.Tables, Published{s.Schema.Name, t.rows, t.money.String()})
	}
	if err := w.execute(ctx, p, "commit", script(w.dataset, p, tables)); err != nil {
		return r, fmt.Errorf("publish the loaded rows: %w", err)
	}
	r.Jobs++
	if made := views(w.dataset, p); made != nil {
		if err := w.execute(ctx, p, "views", strings.Join(made, ";\n")); err != nil {
			return r, fmt.Errorf("make the views: %w", err)
		}
		r.Jobs++
	}
	if p.Model != nil {
		if err := w.routines(ctx, p); err != nil {
			return r, fmt.Errorf("make the functions: %w", err)
		}
		r.Jobs++
	}
	for _, t := range tables { // they are in the published tables; an expiry removes what is left here
		_ = w.client.Dataset(w.datasetID).Table(t.table).Delete(ctx)
	}
	return r, nil
}

// execute runs statements as one job, once.
func (w *Warehouse) execute(ctx context.Context, p Publication, what, sql string) error {
	q := w.client.Query(sql)
	q.Location, q.Labels, q.MaxBytesBilled = w.opts.Location, w.labelled("publish", p.Run), w.opts.MaxBytesBilled
	return w.once(ctx, jobID(p.Key, what), nil, func(id string) (*bigquery.Job, error) {
		q.JobID = id
		ctx, cancel := w.patient(ctx, 0)
		defer cancel()
		return q.Run(ctx)
	})
}

// prepare makes the tables that are missing, and adds nullable columns that are.
func (w *Warehouse) prepare(ctx context.Context, p Publication) error {
	if err := w.table(ctx, publicationsName, &bigquery.TableMetadata{Description: "What is published.", Schema: publications, Labels: w.labelled("publish", p.Run)}); err != nil {
		return err
	}
	for _, s := range p.Tables {
		for _, now := range []bool{false, true} {
			name := s.Schema.Name
			if now {
				name = current(name)
			}
			if err := w.table(ctx, name, metadata(s.Schema, now, w.labelled("publish", p.Run))); err != nil {
				return err
			}
		}
	}
	return nil
}

// table makes a table as wanted, or extends it.
func (w *Warehouse) table(ctx context.Context, name string, want *bigquery.TableMetadata) error {
	ctx, cancel := w.patient(ctx, 0)
	defer cancel()
	t := w.client.Dataset(w.datasetID).Table(name)
	have, err := t.Metadata(ctx)
	if status(err) == http.StatusNotFound {
		if err = t.Create(ctx, want); status(err) != http.StatusConflict {
			return w.explain(err, name)
		}
		have, err = t.Metadata(ctx) // another copy was first
	}
	if err != nil {
		return w.explain(err, name)
	}
	add, err := missing(w.dataset+"."+name, have.Schema, want.Schema)
	if err != nil {
		return errSchema.Errorf("schema", w.dataset+"."+name, "%w", err)
	}
	if add == nil {
		return nil
	}
	q := w.client.Query(addColumns(w.dataset+"."+name, add))
	q.Location, q.Labels = w.opts.Location, want.Labels
	job, err := q.Run(ctx)
	if err != nil {
		return w.explain(err, name)
	}
	return w.wait(ctx, job)
}

// stage loads a table file into a table of its own.
func (w *Warehouse) stage(ctx context.Context, p Publication, s Source) (t staging, size int64, err error) {
	f, err := scratch.File(w.opts.Scratch)
	if err != nil {
		return t, 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	t = staging{Source: s, table: "staging_" + p.Key + "_" + s.Schema.Name}
	err = s.Use(ctx, func(src io.ReaderAt, size int64) error {
		r, err := table.Open(src, size, s.Schema, w.opts.Tables)
		if err != nil {
			return err
		}
		t.rows, t.money, err = writeParquet(f, r, s.Schema)
		return errors.Join(err, r.Close())
	})
	if err != nil {
		return t, 0, err
	}
	if size, err = f.Seek(0, io.SeekCurrent); err != nil {
		return t, 0, err
	}
	expired := func() bool {
		_, err := w.client.Dataset(w.datasetID).Table(t.table).Metadata(ctx)
		return status(err) == http.StatusNotFound
	}
	uri := ""
	if w.opts.Upload != nil {
		if uri, err = w.opts.Upload(ctx, s.Schema.Name+".parquet", f, size); err != nil {
			return t, size, err
		}
	}
	err = w.once(ctx, jobID(p.Key, s.Schema.Name), expired, func(id string) (*bigquery.Job, error) {
		ctx, cancel := w.patient(ctx, size)
		defer cancel()
		return w.load(ctx, id, p, t, f, uri)
	})
	return t, size, err
}

// load starts the job that loads a Parquet file from where it was uploaded to; with "", it is sent with the request.
func (w *Warehouse) load(ctx context.Context, id string, p Publication, t staging, f *os.File, uri string) (*bigquery.Job, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	fields := staged(t.Schema)
	into := w.client.Dataset(w.datasetID).Table(t.table)
	err := into.Create(ctx, &bigquery.TableMetadata{
		Description: "Rows of a run that are not yet published.", Schema: fields, Labels: w.labelled("publish", p.Run), ExpirationTime: w.opts.Now().Add(staleAfter)})
	if err != nil && status(err) != http.StatusConflict {
		return nil, err
	}
	config := bigquery.FileConfig{SourceFormat: bigquery.Parquet, Schema: fields, ParquetOptions: &bigquery.ParquetOptions{}}
	sent, stored := bigquery.NewReaderSource(f), bigquery.NewGCSReference(uri)
	sent.FileConfig, stored.FileConfig = config, config
	var src bigquery.LoadSource = sent
	if uri != "" {
		src = stored
	}
	l := into.LoaderFrom(src)
	l.JobID, l.Location, l.Labels = id, w.opts.Location, w.labelled("publish", p.Run)
	l.WriteDisposition = bigquery.WriteTruncate
	return l.Run(ctx)
}

// jobID returns the id of a job without its attempt.
func jobID(key, what string) string { return "clientele_" + key + "_" + what }

// attempts bounds how many ids of one job are tried: each rerun after a failed job uses one.
const attempts = 50

// once runs a job to its end. An id that exists is this very job of an earlier try: it is waited for, and the next id is taken
// if it has failed, or if what it made is gone (nil: it lasts). On SIGTERM the job is cancelled.
func (w *Warehouse) once(ctx context.Context, base string, gone func() bool, start func(id string) (*bigquery.Job, error)) error {
	for n := 1; n <= attempts; n++ {
		id := fmt.Sprintf("%s_%d", base, n)
		job, err := start(id)
		mine := err == nil
		if code := status(err); code == http.StatusConflict || code >= 500 { // done before, or only the reply is lost
			if found, missing := w.client.JobFromIDLocation(ctx, id, w.opts.Location); missing == nil {
				job, err = found, nil
			}
		}
		if err != nil {
			return w.explain(err, id)
		}
		err = w.wait(ctx, job)
		if mine || ctx.Err() != nil || err == nil && (gone == nil || !gone()) {
			return err
		}
	}
	return errTemporary.Errorf("job", base, "%d jobs of this id have failed: look at them in BigQuery, then publish from a new run", attempts)
}

// wait returns when the job has ended.
func (w *Warehouse) wait(ctx context.Context, job *bigquery.Job) error {
	st, err := job.Wait(ctx)
	if ctx.Err() != nil {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		_ = job.Cancel(stop) // the context's error is what is returned
		return ctx.Err()
	}
	if err != nil {
		return w.explain(err, job.ID())
	}
	if err := st.Err(); err != nil {
		return w.failed(err, job)
	}
	return nil
}

// patient bounds a request with its retries, which the client repeats for as long as it is given. size are the bytes that go
// with it, at no less than a mebibyte a second.
func (w *Warehouse) patient(ctx context.Context, size int64) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, cmp.Or(w.opts.Patience, 2*time.Minute)+time.Duration(size>>20)*time.Second)
}

// status returns the HTTP status of an error of the API, 0 for any other.
func status(err error) int {
	var api *googleapi.Error
	if errors.As(err, &api) {
		return api.Code
	}
	return 0
}
