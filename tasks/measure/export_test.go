package measure

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
	"github.com/clientele/clientele/pkg/warehouse/warehousetest"
)

// scored is a run of six customers: a to d are in Champions, of whom c entered and x left; b is held out; a and c are treated in spring.
func scored(t *testing.T, keys string) (ExportConfig, task.Deps) {
	t.Helper()
	folder := t.TempDir()
	c := ExportConfig{
		Common: task.Common{Root: "file://" + filepath.Join(folder, "root"), Name: "segments", Pipeline: "test", RunID: "r", AsOf: asOf.String()},
		List:   listSegment, Segment: "champions", Tool: "klaviyo", Keys: filepath.Join(folder, "keys.csv"), Output: filepath.Join(folder, "out.csv"),
	}
	d := task.Deps{Log: slog.New(slog.DiscardHandler), Progress: task.Silent{}, Scratch: t.TempDir(), Code: "test", Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	if err := os.WriteFile(c.Keys, []byte(keys), 0o600); err != nil {
		t.Fatal(err)
	}
	home, err := work.Open(t.Context(), c.Common, d)
	if err != nil {
		t.Fatal(err)
	}
	defer home.Close()
	texts := func(schema frame.Schema, columns map[string]string) *frame.Frame {
		f := frame.New(schema.Columns, len(strings.Fields(columns["customer"]+columns["name"])))
		for name, values := range columns {
			for i, v := range strings.Fields(values) {
				f.Strings(name)[i] = strings.Trim(v, "-")
			}
		}
		return f
	}
	commit := func(step string, result any, tables map[*frame.Schema]*frame.Frame) {
		s, err := home.Begin(t.Context(), c.Run(), step, contract.Inputs{Code: step})
		for schema, f := range tables {
			if err == nil {
				err = s.PutFrame(t.Context(), *schema, f, table.Options{})
			}
		}
		if err == nil {
			_, err = s.Commit(t.Context(), result)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	commit(contract.Score, contract.ScoreResult{ModelID: "m1"}, map[*frame.Schema]*frame.Frame{
		&contract.Segments:    texts(contract.Segments, map[string]string{"segment": "seg1 seg2", "name": "Champions Others"}),
		&contract.Assignments: texts(contract.Assignments, map[string]string{"customer": "a b c d e", "segment": "seg1 seg1 seg1 seg1 seg2"}),
		&contract.Movers:      texts(contract.Movers, map[string]string{"customer": "c x", "kind": "moved left", "from": "seg2 seg1", "to": "seg1 -"}),
	})
	commit(contract.Measure, struct{}{}, map[*frame.Schema]*frame.Frame{
		&contract.Arms: texts(contract.Arms, map[string]string{"customer": "a c d b a", "campaign": "spring spring spring hold-out hold-out",
			"arm": "treatment treatment control hold_out treatment"}),
	})
	return c, d
}

const consents = "customer,email,consent\na,a@shop.example,yes\nb,b@shop.example,yes\nc,c@shop.example,yes\nd,d@shop.example,no\nx,x@shop.example,yes\n"

// Who is in the file of each list, and what is counted of the others.
func TestExport(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(*ExportConfig)
		want string // customers
		r    contract.Export
	}{
		"segment":         {func(*ExportConfig) {}, "a c", contract.Export{Segment: "seg1", HeldOut: 1}},
		"by id":           {func(c *ExportConfig) { c.Segment = "seg1" }, "a c", contract.Export{Segment: "seg1", HeldOut: 1}},
		"entrants":        {func(c *ExportConfig) { c.List = listEntrants }, "c", contract.Export{Segment: "seg1"}},
		"leavers":         {func(c *ExportConfig) { c.List = listLeavers }, "x", contract.Export{Segment: "seg1"}},
		"campaign":        {func(c *ExportConfig) { c.Campaign = "spring" }, "a c", contract.Export{Segment: "seg1", HeldOut: 1, Control: 1}},
		"nobody consents": {func(c *ExportConfig) { c.Segment = "Others" }, "", contract.Export{Segment: "seg2"}},
	} {
		t.Run(name, func(t *testing.T) {
			config, d := scored(t, consents)
			c.set(&config)
			r, err := runExport(t.Context(), config, d)
			if err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(config.Output)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for line := range strings.Lines(string(text)) {
				if id, _, ok := strings.Cut(line, "@"); ok {
					got += " " + id
				}
			}
			if strings.TrimSpace(got) != c.want || r.Segment != c.r.Segment || r.HeldOut != c.r.HeldOut || r.Control != c.r.Control ||
				r.ModelID != "m1" || r.At != "2026-01-01T00:00:00Z" {
				t.Errorf("exported %q, want %q; %+v", got, c.want, r)
			}
			home, err := work.Open(t.Context(), config.Common, d)
			if err != nil {
				t.Fatal(err)
			}
			defer home.Close()
			sent, err := home.ReadStored(t.Context(), run.Stored{Object: r.Sent.Object, SHA256: r.Sent.SHA256}, contract.Sent, table.Options{})
			if err != nil || strings.Join(sent.Strings("customer"), " ") != c.want {
				t.Errorf("the log has %v, %v", sent, err)
			}
			log, _, err := home.Root.ReadChecked(t.Context(), contract.ExportPath("segments", r.ID), func([]byte) error { return nil })
			if err != nil || strings.Contains(string(log), "@") {
				t.Errorf("the log holds %s, %v: want no address", log, err)
			}

			d.Now = d.Now.Add(time.Hour) // again: the first log stays
			again, err := runExport(t.Context(), config, d)
			if err != nil || again.At != r.At || again.ID != r.ID {
				t.Errorf("again: %+v, %v", again, err)
			}
		})
	}
}

// What fails names what to do, and leaves neither file nor log.
func TestExportFails(t *testing.T) {
	for name, c := range map[string]struct {
		keys string
		set  func(*ExportConfig)
		code int
		want string
	}{
		"no segment":    {consents, func(c *ExportConfig) { c.Segment = "VIP" }, fault.ExitUsage, "seg1 (Champions), seg2 (Others)"},
		"no map":        {consents, func(c *ExportConfig) { c.Keys += "x" }, fault.ExitMissing, "keys.csvx"},
		"no consent":    {"customer,email\n", func(*ExportConfig) {}, fault.ExitBadData, "no column consent"},
		"no campaign":   {consents, func(c *ExportConfig) { c.Campaign = "autumn" }, fault.ExitMissing, "autumn"},
		"no run":        {consents, func(c *ExportConfig) { c.RunID = "other" }, fault.ExitMissing, "score"},
		"another file":  {consents, func(c *ExportConfig) { c.Output = c.Keys }, fault.ExitUsage, "choose another name"},
		"no such place": {consents, func(c *ExportConfig) { c.Output = filepath.Join(c.Keys, "x") }, fault.ExitConfig, "--output"},
	} {
		t.Run(name, func(t *testing.T) {
			config, d := scored(t, c.keys)
			c.set(&config)
			_, err := runExport(t.Context(), config, d)
			if fault.CodeOf(err) != c.code || !strings.Contains(fmt.Sprint(err), c.want) {
				t.Fatalf("%v is exit code %d, want %d and %q", err, fault.CodeOf(err), c.code, c.want)
			}
			if text, _ := os.ReadFile(config.Output); len(text) > 0 && string(text) != c.keys {
				t.Errorf("a file is left: %s", text)
			}
		})
	}
}

// Stopped after the customers are logged and before the log: the next try ends with both and the file.
func TestExportAgainAfterAStop(t *testing.T) {
	config, d := scored(t, consents)
	r, err := runExport(t.Context(), config, d)
	if err != nil {
		t.Fatal(err)
	}
	root := strings.TrimPrefix(config.Root, "file://")
	for _, path := range []string{filepath.Join(root, contract.ExportPath("segments", r.ID)), config.Output} {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	if again, err := runExport(t.Context(), config, d); err != nil || again != r {
		t.Errorf("again: %+v, %v, want %+v", again, err, r)
	}
	store, err := objstore.Open(t.Context(), config.Root, &objstore.Options{Scratch: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if _, err := store.Stat(t.Context(), contract.ExportPath("segments", r.ID)); err != nil {
		t.Error(err)
	}
}

// The id map may be a table in BigQuery, whose consent is a BOOL.
func TestExportKeysFromBigQuery(t *testing.T) {
	dataset := warehousetest.Start(t)
	warehousetest.Query(t, "CREATE TABLE `"+dataset+".people` (customer STRING, email STRING, consent BOOL)")
	warehousetest.Query(t, "INSERT INTO `"+dataset+".people` (customer, email, consent) VALUES ('a', 'a@shop.example', TRUE), ('c', NULL, TRUE), ('d', 'd@shop.example', NULL)")
	config, d := scored(t, "")
	config.Keys, config.KeysTable = "", dataset+".people"
	r, err := runExport(t.Context(), config, d)
	if err != nil || r.Customers != 1 || r.Left.NoAddress != 1 || r.Left.NoConsent != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	config.KeysTable = dataset + ".nobody"
	if _, err := runExport(t.Context(), config, d); fault.CodeOf(err) != fault.ExitConfig {
		t.Errorf("a table that is not there: %v, want exit code 78", err)
	}
}
