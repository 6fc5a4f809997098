package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/klauspost/compress/gzip"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
)

// shop is a root to ingest into, and a folder for deliveries.
type shop struct {
	testing.TB
	root    string // URL
	dir     string // of root, "" for mem://
	sources string
	log     bytes.Buffer
	logger  *slog.Logger       // the one that writes it: several runs at once share its lock
	onBar   func(title string) // called when a bar moves
	now     time.Time          // zero: no day is in the future
}

func newShop(t testing.TB) *shop {
	t.Helper()
	s := &shop{TB: t, sources: t.TempDir(), dir: filepath.Join(t.TempDir(), "root")}
	s.root = "file://" + s.dir
	return s
}

// Bar implements task.Progress.
func (s *shop) Bar(title string, _ int64) task.Bar { return &bar{s, title} }

type bar struct {
	s     *shop
	title string
}

func (b *bar) Add(int64) {
	if b.s.onBar != nil {
		b.s.onBar(b.title)
	}
}
func (*bar) Done() {}

func (s *shop) deps() task.Deps {
	if s.logger == nil {
		s.logger = slog.New(slog.NewJSONHandler(&s.log, nil))
	}
	return task.Deps{Log: s.logger, Progress: s, Scratch: s.TempDir(), Code: "test", Now: s.now}
}

// file writes a delivery and returns its path.
func (s *shop) file(name string, text string) string {
	s.Helper()
	path := filepath.Join(s.sources, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.Fatal(err)
	}
	return path
}

// day returns n good lines of a day, each with its own invoice from the number on.
func day(date string, from, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d,85123A,HOLDER,6,%s 08:%02d:00,2.55,17850.0,United Kingdom\n", from+i, date, i%60)
	}
	return b.String()
}

// config is a valid configuration of run r1 on this shop.
func (s *shop) config(path string, change ...func(*Config)) Config {
	s.Helper()
	c := valid()
	c.Root, c.Source = s.root, path
	for _, f := range change {
		f(&c)
	}
	if err := c.Validate(); err != nil {
		s.Fatal(err)
	}
	return c
}

func runID(id string) func(*Config)     { return func(c *Config) { c.RunID = id } }
func appending(c *Config)               { c.Mode = modeAppend }
func sourced(name string) func(*Config) { return func(c *Config) { c.SourceName = name } }
func share(share float64) func(*Config) { return func(c *Config) { c.MaxQuarantineShare = share } }

func (s *shop) try(c Config) (contract.IngestResult, error) {
	return Run(context.Background(), c, s.deps())
}

func (s *shop) must(c Config) contract.IngestResult {
	s.Helper()
	r, err := s.try(c)
	if err != nil {
		s.Fatal(err)
	}
	return r
}

// fails runs ingest, which must end in a Fault of that code and cause, whose message has all of the texts.
func (s *shop) fails(c Config, code int, cause string, texts ...string) {
	s.Helper()
	_, err := s.try(c)
	f := fault.Judge(err)
	if err == nil || f.Code != code || f.Cause != cause {
		s.Fatalf("got %v (%+v), want code %d, cause %s", err, f, code, cause)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			s.Errorf("the message lacks %q: %v", text, err)
		}
	}
}

// objects returns the root's objects with their content.
func (s *shop) objects() map[string]string {
	s.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(s.dir, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			return err
		}
		data, err := os.ReadFile(path)
		found[strings.TrimPrefix(path, s.dir+"/")] = string(data)
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
	return found
}

func (s *shop) nothing() {
	s.Helper()
	if found := s.objects(); len(found) > 0 {
		s.Errorf("there must be nothing, and there are %d objects, such as %v", len(found), first(found))
	}
}

func first(found map[string]string) string {
	for name := range found {
		return name
	}
	return ""
}

func (s *shop) home() *run.Home {
	s.Helper()
	h, err := run.OpenHome(context.Background(), s.root, "", "segments", nil)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = h.Close() })
	return h
}

// stored is a snapshot with what its parts say.
type stored struct {
	*lines.Snapshot
	Partitions []lines.Partition
	Deliveries []lines.Delivery
}

// current returns the current snapshot and its hash.
func (s *shop) current() (string, stored) {
	s.Helper()
	now, err := lines.Open(context.Background(), s.home().Root, contract.Run{})
	if err != nil {
		s.Fatal(err)
	}
	all := stored{Snapshot: now.Snapshot}
	if all.Partitions, all.Deliveries, err = now.Snapshot.All(context.Background()); err != nil {
		s.Fatal(err)
	}
	return now.SHA256, all
}

// read returns a table, checked against the hash that names it if there is one.
func (s *shop) read(object, sha256 string, schema frame.Schema) *frame.Frame {
	s.Helper()
	o, err := s.home().Root.Open(context.Background(), object, 0)
	if err != nil {
		s.Fatal(err)
	}
	defer o.Close()
	data, err := io.ReadAll(io.NewSectionReader(o, 0, o.Size))
	if err != nil {
		s.Fatal(err)
	}
	if got := contract.SHA256(data); sha256 != "" && got != sha256 {
		s.Fatalf("%s has sha256 %s", object, got)
	}
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(s, 0)
	r, err := table.Open(o, o.Size, schema, table.Options{Allocator: mem})
	if err != nil {
		s.Fatal(err)
	}
	defer r.Close()
	f, err := r.Frame()
	if err != nil {
		s.Fatal(err)
	}
	return f
}

// invoices returns the invoices of the current snapshot by source and day: "shop 2011-12-01: 1 2 3".
func (s *shop) invoices() []string {
	s.Helper()
	_, snapshot := s.current()
	by := map[string][]string{}
	for _, p := range snapshot.Partitions {
		f := s.read(p.Object, p.SHA256, contract.Lines)
		if int64(f.Rows()) != p.Rows {
			s.Fatalf("%s has %d rows, the snapshot says %d", p.Object, f.Rows(), p.Rows)
		}
		key := p.Source + " " + p.Day.String()
		by[key] = append(by[key], f.Strings("invoice")...)
	}
	var list []string
	for key, invoices := range by {
		slices.Sort(invoices)
		list = append(list, key+": "+strings.Join(invoices, " "))
	}
	slices.Sort(list)
	return list
}

func packed(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
