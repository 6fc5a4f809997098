package measure

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/export"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
	"github.com/clientele/clientele/pkg/warehouse"
)

// The lists.
const (
	listSegment  = "segment"
	listEntrants = "entrants"
	listLeavers  = "leavers"
)

// ExportConfig is what export is told.
type ExportConfig struct {
	task.Common
	List        string
	Segment     string // id or name
	Campaign    string // "" for none
	Tool        string
	Keys        string // path of the retailer's id map, or
	KeysTable   string // project.dataset.table
	Output      string // path of the file to write
	CustomerKey string // "" where ingest stored customers as they are
}

// Export writes a list for a marketing tool.
var Export = task.Task[ExportConfig, contract.Export]{
	Name: "measure-export", Usage: "write a list of customers for a marketing tool",
	Description: `Writes who is in a segment, or who entered or left it since the previous scores, in the shape that a tool imports. Customers of
the hold-out are never on a file, nor are those whom the retailer's id map does not know, says no consent of, or has no address of; with --campaign only
its treatment arm is. The id map, a file or a table, has the columns customer, consent, and email or external_id; it is read and not stored. What a spreadsheet
would take for a formula gets an apostrophe in front. Who was exported is logged in exports/<name>/<id>/ before the file is written.
Reads the output of score and measure of the run, or of --from-run.`,
	Example: "measure export --root=gs://shop/clientele --pipeline=clientele --run-id=manual --as-of=2011-12-10 " +
		"--list=entrants --segment=Champions --tool=mailchimp --keys=customers.csv --output=champions.csv",
	Flags: exportFlags, Config: newExportConfig, Run: runExport,
	Says: func(r contract.Export) string {
		return fmt.Sprintf("%s customers for %s; left out: %s held out, %s in the control arm, %s without consent, %s without an address, %s unknown", task.Thousands(r.Customers), r.Tool,
			task.Thousands(r.HeldOut), task.Thousands(r.Control), task.Thousands(r.Left.NoConsent), task.Thousands(r.Left.NoAddress), task.Thousands(r.Left.Unknown))
	},
}

func exportFlags() []cli.Flag {
	return append(task.CommonFlags(),
		task.String("list", listSegment, "`LIST` to write: segment, entrants or leavers"),
		task.Required(task.String("segment", "", "`SEGMENT`, by its id or name")),
		task.String("campaign", "", "`ID` of a campaign: only customers of its treatment arm"),
		task.String("tool", string(export.Generic), "`TOOL` that imports the file: klaviyo, braze, mailchimp, google-ads or generic"),
		task.String("keys", "", "`FILE` of the retailer's id map, CSV"),
		task.String("keys-table", "", "`TABLE` in BigQuery that is the retailer's id map, project.dataset.table, instead of --keys"),
		task.Required(task.String("output", "", "`FILE` to write; another one that is there is not overwritten")),
		task.Secret(task.String("customer-key", "", "`SECRET` key that ingest hashed customer ids with; set it in the environment, not on the command line")),
	)
}

func newExportConfig(c *cli.Context) ExportConfig {
	return ExportConfig{
		Common: task.NewCommon(c), List: c.String("list"), Segment: c.String("segment"), Campaign: c.String("campaign"), Tool: c.String("tool"),
		Keys: c.String("keys"), KeysTable: c.String("keys-table"), Output: c.String("output"), CustomerKey: c.String("customer-key"),
	}
}

// Validate reports every problem at once.
func (c ExportConfig) Validate() error {
	var p task.Problems
	c.Check(&p)
	if !slices.Contains([]string{listSegment, listEntrants, listLeavers}, c.List) {
		p.Add("list", "want segment, entrants or leavers", c.List)
	}
	if !slices.Contains(export.Tools, export.Tool(c.Tool)) {
		p.Add("tool", "want klaviyo, braze, mailchimp, google-ads or generic", c.Tool)
	}
	if (c.Keys == "") == (c.KeysTable == "") {
		p.Add("keys", "want either a file, or --keys-table: without an id map nobody's consent is known", c.Keys)
	}
	if c.KeysTable != "" {
		if problem := warehouse.CheckName(c.KeysTable[:max(0, strings.LastIndexByte(c.KeysTable, '.'))]); problem != "" {
			p.Add("keys-table", "want project.dataset.table", c.KeysTable)
		}
	}
	if c.Campaign != "" {
		checkCampaign(&p, c.Campaign)
	}
	return p.Err()
}

// runExport writes the log, then the file. The same list again finds its log and writes the same file.
func runExport(ctx context.Context, c ExportConfig, d task.Deps) (r contract.Export, err error) {
	home, err := work.Open(ctx, c.Common, d)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, home.Close()) }()
	r = contract.Export{Version: version, Tool: c.Tool, List: c.List, Campaign: c.Campaign, Run: c.Run().String(), AsOf: c.Run().AsOf, At: d.Now.UTC().Format(time.RFC3339)}
	list, err := c.entries(ctx, home, work.Tables(d), &r)
	if err != nil {
		return r, err
	}
	keys, err := c.readKeys(ctx)
	if err != nil {
		return r, err
	}
	var file bytes.Buffer
	sent, left, err := export.Write(&file, export.Tool(c.Tool), list, keys)
	if err != nil {
		return r, err
	}
	r.Left, r.Customers, r.SHA256 = left, int64(len(sent)), contract.SHA256(file.Bytes())
	r.ID = contract.SHA256([]byte(strings.Join([]string{r.Run, r.ModelID, r.List, r.Segment, r.Campaign, r.Tool, r.SHA256}, " ")))[:12]
	if err := logExport(ctx, home, &r, sent, work.Tables(d)); err != nil {
		return r, err
	}
	return r, writeNew(c.Output, file.Bytes())
}

// entries returns who is on the list, without those who are held out or in another arm.
func (c ExportConfig) entries(ctx context.Context, home *run.Home, opts table.Options, r *contract.Export) ([]export.Entry, error) {
	read := func(step string, schema frame.Schema) (*run.Manifest, *frame.Frame, error) {
		m, err := home.Current(ctx, c.Run(), step)
		if fault.CodeOf(err) == fault.ExitMissing && c.FromRun != "" {
			m, err = home.Current(ctx, c.ReadRun(), step)
		}
		if err != nil {
			return nil, nil, err
		}
		f, err := home.ReadTable(ctx, m, schema, opts)
		return m, f, err
	}
	score, segments, err := read(contract.Score, contract.Segments)
	if err != nil {
		return nil, err
	}
	var result contract.ScoreResult
	if err := score.Decode(&result); err != nil {
		return nil, err
	}
	r.ModelID = result.ModelID
	names := map[string]string{}
	for i, id := range segments.Strings("segment") {
		names[id] = segments.Strings("name")[i]
		if c.Segment == id || strings.EqualFold(c.Segment, names[id]) {
			r.Segment = id
		}
	}
	schema, column := contract.Assignments, "segment"
	switch c.List {
	case listEntrants:
		schema, column = contract.Movers, "to"
	case listLeavers:
		schema, column = contract.Movers, "from"
	}
	_, people, err := read(contract.Score, schema)
	if err != nil {
		return nil, err
	}
	if r.Segment == "" && c.List == listLeavers && slices.Contains(people.Strings(column), c.Segment) {
		r.Segment = c.Segment // of the model before
	}
	if r.Segment == "" {
		return nil, fault.ErrUsage.Errorf("segment", c.Segment, "--segment: there is no segment %q: the run has %s", c.Segment, listed(segments))
	}
	_, arms, err := read(contract.Measure, contract.Arms)
	if err != nil {
		return nil, err
	}
	heldOut, treated := map[string]bool{}, map[string]bool{}
	for i, customer := range arms.Strings("customer") {
		switch {
		case arms.Strings("arm")[i] == contract.ArmHoldOut:
			heldOut[customer] = true
		case arms.Strings("campaign")[i] == c.Campaign && arms.Strings("arm")[i] == contract.ArmTreatment:
			treated[customer] = true
		}
	}
	if c.Campaign != "" && len(treated) == 0 {
		return nil, fault.ErrMissing.Errorf("campaign", c.Campaign, "--campaign: nobody is in the treatment arm of %s in run %s: assign it before measure runs", c.Campaign, r.Run)
	}
	var list []export.Entry
	for i, customer := range people.Strings("customer") {
		switch {
		case people.Strings(column)[i] != r.Segment:
		case heldOut[customer]:
			r.HeldOut++
		case c.Campaign != "" && !treated[customer]:
			r.Control++
		default:
			list = append(list, export.Entry{Customer: customer, List: c.List, Segment: r.Segment, SegmentName: cmp.Or(names[r.Segment], r.Segment), AsOf: r.AsOf.String()})
		}
	}
	return list, nil
}

// listed lists the segments for a message.
func listed(segments *frame.Frame) string {
	var all []string
	for i, id := range segments.Strings("segment") {
		all = append(all, fmt.Sprintf("%s (%s)", id, segments.Strings("name")[i]))
	}
	return strings.Join(all, ", ")
}

// readKeys reads the retailer's id map.
func (c ExportConfig) readKeys(ctx context.Context) (map[string]export.Key, error) {
	var src io.Reader
	where := cmp.Or(c.Keys, c.KeysTable)
	if c.Keys != "" {
		f, err := os.Open(c.Keys)
		if err != nil {
			return nil, fault.ErrMissing.Errorf("keys", where, "--keys: %w", err)
		}
		defer f.Close()
		src = f
	} else {
		var text bytes.Buffer
		dot := strings.LastIndexByte(where, '.')
		w, err := warehouse.Open(ctx, where[:dot], warehouse.Options{})
		if err == nil {
			err = errors.Join(w.WriteCSV(ctx, &text, where[dot+1:], export.Columns(export.Tool(c.Tool))), w.Close())
		}
		if err != nil {
			return nil, fmt.Errorf("--keys-table: %w", err)
		}
		src = &text
	}
	keys, err := export.ReadKeys(src, export.Tool(c.Tool), []byte(c.CustomerKey))
	if err != nil {
		return nil, fault.ErrBadData.Errorf("keys", where, "--keys: %s: %w", where, err)
	}
	return keys, nil
}

// logExport says who is exported: the customers, then the log that names them. Of the same export the first log stays.
func logExport(ctx context.Context, home *run.Home, r *contract.Export, sent []string, opts table.Options) error {
	t := frame.New(contract.Sent.Columns, len(sent))
	copy(t.Strings("customer"), sent)
	w := table.NewWriter(contract.Sent, opts)
	defer w.Abort()
	if err := w.WriteFrame(t); err != nil {
		return err
	}
	f, err := w.Close()
	if err != nil {
		return err
	}
	defer f.Close()
	r.Sent = contract.StoredArms{Object: contract.SentPath(home.Name, r.ID), SHA256: f.SHA256, Rows: f.Rows}
	if _, err := home.Root.Create(ctx, r.Sent.Object, f, f.Size); err != nil && !errors.Is(err, objstore.ErrExists) {
		return err
	}
	path := contract.ExportPath(home.Name, r.ID)
	text, err := contract.Sealed(r)
	if err != nil {
		return err
	}
	_, err = home.Root.CreateBytes(ctx, path, text)
	if errors.Is(err, objstore.ErrExists) {
		_, err = decode(ctx, home.Root, path, r)
	}
	return err
}

// writeNew writes a file that is there whole or not at all, and only if no other is there.
func writeNew(path string, content []byte) error {
	if old, err := os.ReadFile(path); err == nil && !bytes.Equal(old, content) {
		return fault.ErrUsage.Errorf("output", path, "--output: %s is there with other content: choose another name or remove it", path)
	}
	part := path + ".part"
	err := os.WriteFile(part, content, 0o600) // addresses
	if err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		return fault.ErrConfig.Errorf("output", path, "--output: %w", errors.Join(err, os.Remove(part)))
	}
	return nil
}
