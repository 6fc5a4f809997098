package warehouse

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/bigquery"
	"google.golang.org/api/iterator"

	"github.com/clientele/clientele/pkg/contract"
)

// customerColumn is what the column of customers is called in every table, published or staged.
const customerColumn = "customer"

// queried is how many customers a query names: at 68 bytes each, below the 1 MB that BigQuery allows a query's text. Source: BigQuery,
// Quotas and limits, query jobs.
const queried = 10_000

// Holding returns the tables of the dataset, staging tables among them, that have rows of these customers, with how many. What is
// still in a table's streaming buffer cannot be deleted; nothing here streams.
func (w *Warehouse) Holding(ctx context.Context, customers []string) ([]contract.ErasedTable, error) {
	found := []contract.ErasedTable{}
	if len(customers) == 0 {
		return found, nil
	}
	tables, err := w.withCustomers(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range tables {
		n := int64(0)
		for some := range slices.Chunk(customers, queried) {
			rows, err := w.erasing(ctx, "SELECT COUNT(*) FROM `"+w.dataset+"."+name+"` WHERE "+those(some), name)
			if err != nil {
				return nil, err
			}
			var values []bigquery.Value
			if err := rows.Next(&values); err != nil {
				return nil, w.explain(err, name)
			}
			counted, ok := values[0].(int64)
			if !ok {
				return nil, fmt.Errorf("count the rows of %s: %v is no number", name, values[0])
			}
			n += counted
		}
		if n > 0 {
			found = append(found, contract.ErasedTable{Table: w.dataset + "." + name, Rows: n})
		}
	}
	return found, nil
}

// failSafe is how long Google's support can bring rows back once time travel has ended, and timeTravel how long anybody can where a
// dataset says nothing else. Source: BigQuery, Data retention with time travel and fail-safe.
const failSafe, timeTravel = 7 * 24 * time.Hour, 7 * 24 * time.Hour

// Keeps returns for how long rows that are deleted from the dataset can be had back.
func (w *Warehouse) Keeps(ctx context.Context) (time.Duration, error) {
	meta, err := w.client.Dataset(w.datasetID).Metadata(ctx)
	if err != nil {
		return 0, w.explain(err, w.dataset)
	}
	return cmp.Or(meta.MaxTimeTravel, timeTravel) + failSafe, nil
}

// Forget deletes the rows of these customers from every table of the dataset. They can be had back for as long as [Warehouse.Keeps] says.
func (w *Warehouse) Forget(ctx context.Context, customers []string) error {
	held, err := w.Holding(ctx, customers)
	if err != nil {
		return err
	}
	for _, t := range held {
		name := strings.TrimPrefix(t.Table, w.dataset+".")
		for some := range slices.Chunk(customers, queried) {
			if _, err := w.erasing(ctx, "DELETE FROM `"+w.dataset+"."+name+"` WHERE "+those(some), name); err != nil {
				return err
			}
		}
	}
	return nil
}

// those is the condition that a row is of one of the customers. It has salted hashes and no id: BigQuery keeps the text of a query, and
// logs have it.
func those(customers []string) string {
	var raw [16]byte
	rand.Read(raw[:])
	salt := hex.EncodeToString(raw[:])
	hashes := make([]string, len(customers))
	for i, c := range customers {
		sum := sha256.Sum256([]byte(salt + c))
		hashes[i] = "'" + hex.EncodeToString(sum[:]) + "'"
	}
	return "TO_HEX(SHA256(CONCAT('" + salt + "', " + customerColumn + "))) IN (" + strings.Join(hashes, ", ") + ")"
}

// withCustomers returns the names of the tables that have the column.
func (w *Warehouse) withCustomers(ctx context.Context) (names []string, err error) {
	for list := w.client.Dataset(w.datasetID).Tables(ctx); ; {
		t, err := list.Next()
		if errors.Is(err, iterator.Done) {
			slices.Sort(names)
			return names, nil
		}
		if err != nil {
			return nil, w.explain(err, "tables")
		}
		meta, err := t.Metadata(ctx)
		if status(err) == 404 {
			continue // a staging table that has expired
		}
		if err != nil {
			return nil, w.explain(err, t.TableID)
		}
		has := slices.ContainsFunc(meta.Schema, func(f *bigquery.FieldSchema) bool {
			return f.Name == customerColumn && f.Type == bigquery.StringFieldType
		})
		if has && (meta.Type == bigquery.RegularTable || meta.Type == "") {
			names = append(names, t.TableID)
		}
	}
}

func (w *Warehouse) erasing(ctx context.Context, sql, what string) (*bigquery.RowIterator, error) {
	q := w.client.Query(sql)
	q.Location, q.MaxBytesBilled = w.opts.Location, w.opts.MaxBytesBilled
	q.Labels = w.labelled("erase", "")
	return w.rows(ctx, q, what)
}
