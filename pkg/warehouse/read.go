package warehouse

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"cloud.google.com/go/bigquery"
	"cloud.google.com/go/civil"
	"google.golang.org/api/iterator"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
)

// Reading says what is read of BigQuery.
type Reading struct {
	Query    string // in GoogleSQL; "" reads the table that the warehouse was opened with
	From, To string // the first and last day that is wanted, YYYY-MM-DD; "" is no bound. A query has them as @from and @to
	Zone     string // of the shop, in which a TIMESTAMP is of a day
	// Columns says which of a table's columns are wanted, in which order, and at which place of them the time is, -1 for none. The
	// fields of a record are columns with its name and a point in front: items.sku.
	Columns func(names []string) (wanted []int, at int, err error)
	Known   string // the version that was read before; "" reads whatever there is
	Run     string // for the labels of jobs; may be ""
}

// Rows is what was read.
type Rows struct {
	Version  string    // names statement and tables as they were; "" where it cannot be told whether they change
	Same     bool      // it is the known version, and nothing was read
	Rows     int64     // read
	Bytes    int64     // that the query processes, by a dry run
	Snapshot time.Time // as of which a table was read; zero for a view and a query, which are read as of the start of their job
}

// OpenTable connects to a table, project.dataset.table, or to a project alone, to read from. See [Open].
func OpenTable(ctx context.Context, name string, o Options) (*Warehouse, error) {
	project := name
	if parts := strings.Split(name, "."); len(parts) > 2 {
		project = strings.Join(parts[:len(parts)-2], ".")
	}
	if problem := CheckTable(name); problem != "" {
		return nil, fault.ErrUsage.Errorf("warehouse", name, "table %q: %s", name, problem)
	}
	own, err := ownLabels()
	if err != nil {
		return nil, err
	}
	client, err := connect(ctx, project, o)
	if err != nil {
		return nil, errPermitted.Errorf("permission", name, "connect to BigQuery: %w", err)
	}
	return &Warehouse{client: client, dataset: name, opts: o, own: own}, nil
}

var (
	tableNamed = regexp.MustCompile(`^(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9](?:\.([A-Za-z0-9_]+)\.([\pL\pN_ -]+))?$`)
	// volatile are functions that give another answer each time, over the same tables.
	volatile = regexp.MustCompile(`(?i)\b(CURRENT_(DATE|DATETIME|TIME|TIMESTAMP)|RAND|GENERATE_UUID|SESSION_USER)\b`)
	asksFrom = regexp.MustCompile(`(?i)@from\b`)
	asksTo   = regexp.MustCompile(`(?i)@to\b`)
)

const longestTable = 300 // characters

// CheckTable says what is wrong with the name of a table, project.dataset.table, or of a project; "" if nothing is.
func CheckTable(name string) string {
	parts := tableNamed.FindStringSubmatch(name)
	if parts == nil || len(parts[1]) > longestDataset || utf8.RuneCountInString(parts[2]) > longestTable {
		return "want project.dataset.table or, with a query, project"
	}
	return ""
}

// Read reads a table or a query into an Arrow file, its rows in the order of all its values, so that the same rows are the same
// bytes. A dry run comes first: more bytes than [Options.MaxBytesBilled] are an error before anything is billed. It needs the right to run
// jobs in the project and to read the tables. On SIGTERM the job is cancelled. Errors are of the classes of [Warehouse.Publish].
func (w *Warehouse) Read(ctx context.Context, r Reading, into io.WriteSeeker) (out Rows, err error) {
	if err := r.check(w.dataset); err != nil {
		return out, err
	}
	from, schema, err := w.origin(ctx, r)
	if err != nil {
		return out, err
	}
	leaves := flatten(nil, schema)
	names := make([]string, len(leaves))
	for i, l := range leaves {
		names[i] = l.name
	}
	wanted, at, err := r.Columns(names)
	if err != nil {
		return out, err
	}
	s := selection{r: r, timeAt: at}
	for _, i := range wanted {
		s.columns = append(s.columns, leaves[i])
	}
	if s.sql, err = s.statement(from.text, ""); err != nil {
		return out, fault.ErrUsage.Errorf("table", w.dataset, "table %s: %w", w.dataset, err)
	}
	dry, err := w.dry(ctx, r, s.sql)
	if err != nil {
		return out, err
	}
	out.Version, out.Bytes = from.version(r, s.sql), processed(dry)
	if out.Same = out.Version != "" && out.Version == r.Known; out.Same {
		return out, nil
	}
	if most := w.opts.MaxBytesBilled; most > 0 && out.Bytes > most {
		return out, errPermitted.Errorf("bytes_billed", w.dataset, "reading %s would process %d bytes, more than --max-bytes-billed=%d: choose fewer days by --from and --to, or raise it", w.dataset, out.Bytes, most)
	}
	if out.Snapshot = dry.CreationTime; out.Snapshot.IsZero() && w.opts.Now != nil {
		out.Snapshot = w.opts.Now()
	}
	if !from.base {
		out.Snapshot = time.Time{}
	} else if !out.Snapshot.IsZero() {
		if s.sql, err = s.statement(from.text, " FOR SYSTEM_TIME AS OF TIMESTAMP "+quoted(out.Snapshot.UTC().Format("2006-01-02 15:04:05.000")+"+00")); err != nil {
			return out, err
		}
	}
	out.Rows, err = w.fetch(ctx, r, s, into)
	return out, err
}

// check refuses a query that asks for days that are not said.
func (r Reading) check(name string) error {
	for flag, missing := range map[string]bool{"from": r.From == "" && asksFrom.MatchString(r.Query), "to": r.To == "" && asksTo.MatchString(r.Query)} {
		if missing {
			return fault.ErrUsage.Errorf("query", name, "the query has @%s: say --%s", flag, flag)
		}
	}
	return nil
}

// readable is what rows are selected from.
type readable struct {
	text   string // in SQL
	base   bool   // a table, and no view, query or external one
	tables []tableVersion
	fixed  bool // tables are all that it depends on
}

type tableVersion struct {
	Name     string `json:"name"`
	ETag     string `json:"etag"`
	Modified int64  `json:"modified"` // ms
	Rows     uint64 `json:"rows"`
}

// version names what is read; "" where that can change unseen.
func (o *readable) version(r Reading, sql string) string {
	if !o.fixed || len(o.tables) == 0 || volatile.MatchString(r.Query) {
		return ""
	}
	text, err := contract.Canonical(map[string]any{"sql": sql, "from": r.From, "to": r.To, "tables": o.tables})
	if err != nil {
		return ""
	}
	return contract.SHA256(text)
}

// origin looks at a table, or at what a query is made of. The versions of tables are read before their rows are: rows that are newer
// than their version are read once more by the next run, never missed.
func (w *Warehouse) origin(ctx context.Context, r Reading) (*readable, bigquery.Schema, error) {
	o := &readable{fixed: true}
	if r.Query == "" {
		parts := strings.Split(w.dataset, ".")
		if len(parts) < 3 {
			return nil, nil, fault.ErrUsage.Errorf("table", w.dataset, "%s names no table: want project.dataset.table, or say --query", w.dataset)
		}
		md, err := w.version(ctx, o, w.client.Dataset(parts[len(parts)-2]).Table(parts[len(parts)-1]))
		if err != nil {
			return nil, nil, err
		}
		o.text, o.base = "`"+w.dataset+"`", md.Type == bigquery.RegularTable || md.Type == ""
		return o, md.Schema, nil
	}
	query := strings.TrimRight(r.Query, "; \t\r\n")
	dry, err := w.dry(ctx, r, query)
	if err != nil {
		return nil, nil, err
	}
	o.text = "(\n" + query + "\n)"
	details, ok := dry.Details.(*bigquery.QueryStatistics)
	if !ok {
		return nil, nil, errTemporary.Errorf("warehouse", w.dataset, "BigQuery said nothing of the query's columns")
	}
	for _, t := range details.ReferencedTables {
		if _, err := w.version(ctx, o, w.client.DatasetInProject(t.ProjectID, t.DatasetID).Table(t.TableID)); err != nil {
			return nil, nil, err
		}
	}
	return o, details.Schema, nil
}

// version adds a table with its version.
func (w *Warehouse) version(ctx context.Context, o *readable, t *bigquery.Table) (*bigquery.TableMetadata, error) {
	ctx, cancel := w.patient(ctx, 0)
	defer cancel()
	md, err := t.Metadata(ctx)
	if err != nil {
		return nil, w.explain(err, t.TableID)
	}
	if md.Type != bigquery.RegularTable && md.Type != "" || md.StreamingBuffer != nil || md.LastModifiedTime.IsZero() {
		o.fixed = false // what is behind it, or on its way into it, has no version
	}
	o.tables = append(o.tables, tableVersion{t.ProjectID + "." + t.DatasetID + "." + t.TableID, md.ETag, md.LastModifiedTime.UnixMilli(), md.NumRows})
	return md, nil
}

// query makes the job of a statement.
func (w *Warehouse) query(r Reading, sql string) *bigquery.Query {
	q := w.client.Query(sql)
	q.Location, q.MaxBytesBilled = w.opts.Location, w.opts.MaxBytesBilled
	q.Labels = w.labelled("ingest", r.Run)
	if r.Query == "" {
		return q
	}
	for name, day := range map[string]string{"from": r.From, "to": r.To} {
		if d, err := civil.ParseDate(day); err == nil {
			q.Parameters = append(q.Parameters, bigquery.QueryParameter{Name: name, Value: d})
		}
	}
	slices.SortFunc(q.Parameters, func(a, b bigquery.QueryParameter) int { return strings.Compare(a.Name, b.Name) })
	return q
}

// dry asks what a statement would do.
func (w *Warehouse) dry(ctx context.Context, r Reading, sql string) (*bigquery.JobStatistics, error) {
	q := w.query(r, sql)
	q.DryRun, q.MaxBytesBilled = true, 0
	ctx, cancel := w.patient(ctx, 0)
	defer cancel()
	job, err := q.Run(ctx)
	if err != nil {
		return nil, w.explain(err, "dry run")
	}
	st := job.LastStatus()
	if err := st.Err(); err != nil {
		return nil, w.failed(err, job)
	}
	return st.Statistics, nil
}

// processed returns how many bytes a query reads: of all jobs, and of a query for itself.
func processed(s *bigquery.JobStatistics) int64 {
	if q, ok := s.Details.(*bigquery.QueryStatistics); ok {
		return max(s.TotalBytesProcessed, q.TotalBytesProcessed)
	}
	return s.TotalBytesProcessed
}

// pageRows is how many rows are asked for at a time; BigQuery sends fewer where they are large.
const pageRows = 50_000

// fetch runs a statement and writes its rows.
func (w *Warehouse) fetch(ctx context.Context, r Reading, s selection, into io.WriteSeeker) (int64, error) {
	var bits [8]byte
	if _, err := io.ReadFull(randomness, bits[:]); err != nil {
		return 0, err
	}
	var job *bigquery.Job
	q := w.query(r, s.sql)
	err := w.once(ctx, jobID(hex.EncodeToString(bits[:]), "read"), nil, func(id string) (_ *bigquery.Job, err error) {
		q.JobID = id
		ctx, cancel := w.patient(ctx, 0)
		defer cancel()
		job, err = q.Run(ctx)
		return job, err
	})
	if err != nil {
		return 0, err
	}
	it, err := job.Read(ctx)
	if err != nil {
		return 0, w.explain(err, job.ID())
	}
	it.PageInfo().MaxSize = pageRows
	return writeArrow(ctx, into, s.columns, func(row *[]bigquery.Value) error {
		err := it.Next(row)
		if err != nil && !errors.Is(err, iterator.Done) {
			return w.explain(err, job.ID())
		}
		return err
	})
}

// leaf is a column that holds one value a row, or a row of a repeated record.
type leaf struct {
	name string
	path []*bigquery.FieldSchema // from the table's column on
}

// repeated returns the names of the repeated records that the leaf is in, each with those around it.
func (l leaf) repeated() (all []string) {
	for i, f := range l.path {
		if f.Repeated {
			all = append(all, joined(l.path[:i+1]))
		}
	}
	return all
}

func joined(path []*bigquery.FieldSchema) string {
	names := make([]string, len(path))
	for i, f := range path {
		names[i] = f.Name
	}
	return strings.Join(names, ".")
}

// flatten returns the columns of a schema and the fields of its records. What no line can use is left out: repeated values, and
// types without an order.
func flatten(above []*bigquery.FieldSchema, schema bigquery.Schema) (all []leaf) {
	for _, f := range schema {
		path := append(slices.Clone(above), f)
		switch {
		case f.Type == bigquery.RecordFieldType:
			all = append(all, flatten(path, f.Schema)...)
		case f.Repeated || arrowOf(f.Type) == nil:
		default:
			all = append(all, leaf{joined(path), path})
		}
	}
	return all
}

// selection is the statement that reads rows.
type selection struct {
	r       Reading
	columns []leaf
	timeAt  int
	sql     string
}

// statement selects the columns from what is a table in SQL. A row of a repeated record is a row with what is around it; an order
// without items is none.
func (s selection) statement(from, when string) (string, error) {
	var records []string
	for _, c := range s.columns {
		if own := c.repeated(); len(own) > len(records) {
			records = own
		}
	}
	for _, c := range s.columns {
		for i, own := range c.repeated() {
			if records[i] != own {
				return "", fmt.Errorf("columns of two repeated records, %s and %s: each row of one would be with each of the other; map the columns of one", records[i], own)
			}
		}
	}
	var columns, order []string
	for i, c := range s.columns {
		columns = append(columns, fmt.Sprintf("%s AS c%d", c.expression(), i))
		if i != s.timeAt {
			order = append(order, fmt.Sprintf("c%d", i))
		}
	}
	if s.timeAt >= 0 {
		order = append([]string{fmt.Sprintf("c%d", s.timeAt)}, order...)
	}
	text := "SELECT " + strings.Join(columns, ", ") + "\nFROM " + from + " AS r0" + when
	for i, name := range records {
		l := leaf{name: name}
		for _, c := range s.columns {
			for k := range c.path {
				if joined(c.path[:k+1]) == name {
					l.path = c.path[:k+1]
				}
			}
		}
		text += fmt.Sprintf("\nCROSS JOIN UNNEST(%s) AS r%d", l.expression(), i+1)
	}
	if s.r.Query == "" {
		where, err := s.days()
		if err != nil {
			return "", err
		}
		text += where
	}
	return text + "\nORDER BY " + strings.Join(order, ", "), nil
}

// expression names the leaf in SQL: r0 is the row, r1 the row of the outermost repeated record.
func (l leaf) expression() string {
	text, depth := "r0", 0
	for i, f := range l.path {
		text += ".`" + f.Name + "`"
		if f.Repeated && i < len(l.path)-1 {
			depth++
			text = fmt.Sprintf("r%d", depth)
		}
	}
	return text
}

// days is the condition that a table's rows are of the wanted days. Its values are literals, so that a table that is partitioned by the
// time reads the partitions of these days alone.
func (s selection) days() (string, error) {
	if s.r.From == "" && s.r.To == "" {
		return "", nil
	}
	if s.timeAt < 0 {
		return "", fmt.Errorf("--from and --to need a column with the time")
	}
	c := s.columns[s.timeAt]
	var literal func(day string) string
	switch t := c.path[len(c.path)-1].Type; t {
	case bigquery.DateFieldType:
		literal = func(day string) string { return "DATE " + quoted(day) }
	case bigquery.DateTimeFieldType:
		literal = func(day string) string { return "DATETIME " + quoted(day+" 00:00:00") }
	case bigquery.TimestampFieldType:
		zone, err := time.LoadLocation(s.r.Zone)
		if err != nil {
			return "", err
		}
		literal = func(day string) string {
			begins, _ := time.ParseInLocation(time.DateOnly, day, zone) // a day that is none has been refused
			return "TIMESTAMP " + quoted(begins.UTC().Format("2006-01-02 15:04:05")+"+00")
		}
	default:
		return "", fmt.Errorf("--from and --to need a time of type DATE, DATETIME or TIMESTAMP, and column %s is %s: convert it in a --query", c.name, t)
	}
	var all []string
	if s.r.From != "" {
		all = append(all, c.expression()+" >= "+literal(s.r.From))
	}
	if s.r.To != "" {
		last, err := civil.ParseDate(s.r.To)
		if err != nil {
			return "", err
		}
		all = append(all, c.expression()+" < "+literal(last.AddDays(1).String()))
	}
	return "\nWHERE " + strings.Join(all, " AND "), nil
}
