package warehouse

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"cloud.google.com/go/bigquery"
	"google.golang.org/api/iterator"

	"github.com/clientele/clientele/pkg/fault"
)

// isColumn is what a column may be called here, for names go into the query.
var isColumn = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// WriteCSV writes columns of a table of the dataset as CSV with a header; null is empty. It needs the right to read the table.
func (w *Warehouse) WriteCSV(ctx context.Context, dst io.Writer, table string, names []string) error {
	for _, name := range append([]string{table}, names...) {
		if !isColumn.MatchString(name) {
			return fault.ErrUsage.Errorf("warehouse", name, "%q is no name of a table or column: want letters, digits and _", name)
		}
	}
	q := w.client.Query("SELECT `" + strings.Join(names, "`, `") + "` FROM `" + w.dataset + "." + table + "`")
	q.Location, q.MaxBytesBilled = w.opts.Location, w.opts.MaxBytesBilled
	q.Labels = w.labelled("export", "")
	rows, err := w.rows(ctx, q, table)
	if err != nil {
		return err
	}
	out := csv.NewWriter(dst)
	if err := out.Write(names); err != nil {
		return err
	}
	for {
		var values []bigquery.Value
		if err := rows.Next(&values); errors.Is(err, iterator.Done) {
			out.Flush()
			return out.Error()
		} else if err != nil {
			return w.explain(err, table)
		}
		line := make([]string, len(values))
		for i, v := range values {
			if v != nil {
				line[i] = fmt.Sprint(v)
			}
		}
		if err := out.Write(line); err != nil {
			return err
		}
	}
}

// rows runs a query to its end and returns its rows.
func (w *Warehouse) rows(ctx context.Context, q *bigquery.Query, what string) (*bigquery.RowIterator, error) {
	job, err := q.Run(ctx)
	if err != nil {
		return nil, w.explain(err, what)
	}
	if err := w.wait(ctx, job); err != nil {
		return nil, err
	}
	rows, err := job.Read(ctx)
	return rows, w.explain(err, what)
}
