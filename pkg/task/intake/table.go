package intake

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/delivery/source"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/warehouse"
)

// maxQuery bounds a query, as BigQuery does.
const maxQuery = 1 << 20

// checkTable notes what is wrong with a table of BigQuery and what is wanted of it.
func (c Config) checkTable(p *task.Problems, where []source.Location) {
	tables := 0
	for _, l := range where {
		name, ok := l.Table()
		if !ok {
			continue
		}
		if tables++; warehouse.CheckTable(name) != "" {
			p.Add("source", warehouse.CheckTable(name), l.String())
		}
	}
	if c.Query != "" && (tables != 1 || len(where) != 1) {
		p.Add("query", "goes with one --source=bq://project", source.Redact(c.Query))
	}
	for flag, day := range map[string]string{"from": c.From, "to": c.To} {
		if day == "" {
			continue
		}
		if _, err := calendar.ParseDate(day); err != nil {
			p.Add(flag, "want a calendar day written YYYY-MM-DD", day)
		} else if tables == 0 && !source.HasDays(c.Source) {
			p.Add(flag, "goes with {day} in --source, which has none, or with a table of BigQuery", day)
		}
	}
	if c.From != "" && c.To != "" && c.To < c.From {
		p.Add("to", "want a day that is not before --from", c.To)
	}
	if c.MaxBytesBilled < 0 {
		p.Add("max-bytes-billed", "want 0 or more", c.MaxBytesBilled)
	}
}

// LoadQuery reads the file with the query, if there is one.
func (c *Config) LoadQuery(ctx context.Context, d task.Deps) error {
	if c.Query == "" {
		return nil
	}
	opts, err := c.beside(d)
	if err != nil {
		return err
	}
	text, name, err := source.ReadText(ctx, c.Query, maxQuery, opts)
	c.query = string(text)
	if err == nil && c.query == "" {
		err = warehouse.ErrQuery.Errorf("query", name, "%s is empty", name)
	}
	return wrap("--query", err)
}

// table reads tables of BigQuery.
func (c Config) table(d task.Deps) source.TableReader {
	return func(ctx context.Context, name, known string, into *os.File) (version string, read bool, err error) {
		w, err := warehouse.OpenTable(ctx, name, warehouse.Options{
			Location: c.SourceLocation, MaxBytesBilled: c.MaxBytesBilled, Now: func() time.Time { return d.Now }, Patience: time.Duration(c.SourceTimeout) * time.Second,
		})
		if err != nil {
			return "", false, err
		}
		defer func() { err = errors.Join(err, w.Close()) }()
		got, err := w.Read(ctx, warehouse.Reading{
			Query: c.query, From: c.From, To: c.To, Zone: c.Zone, Columns: c.wanted, Known: known, Run: c.RunName,
		}, into)
		if err == nil && !got.Same {
			args := []any{"table", name, "rows", got.Rows, "bytes", got.Bytes}
			if !got.Snapshot.IsZero() {
				args = append(args, "snapshot", got.Snapshot.UTC().Format(time.RFC3339Nano))
			}
			d.Log.Info("read from BigQuery", args...)
		}
		return got.Version, !got.Same, err
	}
}

// wanted finds the columns of a line among those of a table, in the order of a line's fields.
func (c Config) wanted(names []string) (wanted []int, at int, err error) {
	var opts record.Options
	if err := c.Reading.Set(&opts); err != nil {
		return nil, -1, err
	}
	if opts.Preset == nil {
		opts.Preset = record.FindPreset(names)
	}
	found, err := record.FindColumns(names, opts.Preset, opts.Columns)
	if err != nil {
		return nil, -1, err
	}
	at = -1
	for f := range record.Field(record.NumFields) {
		for i := range names {
			if of, ok := found.FieldAt(i); ok && of == f {
				if f == record.FieldTime && at < 0 {
					at = len(wanted)
				}
				wanted = append(wanted, i)
			}
		}
	}
	return wanted, at, nil
}
