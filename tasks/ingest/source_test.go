package ingest

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/delivery/source/sourcetest"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/objstore/gcstest"
)

// online serves the folder of deliveries, and trusts the server.
func (s *shop) online() (*sourcetest.Server, func(*Config)) {
	s.Helper()
	server := sourcetest.Start(s, sourcetest.Folder(s.sources))
	return server, func(c *Config) { c.CAFile, c.SourceTimeout = server.CAFile, 30 }
}

// secretless fails if a secret got into an object, a name of one, or the log.
func (s *shop) secretless() {
	s.Helper()
	found := s.objects()
	found["the log"] = s.log.String()
	for name, text := range found {
		if strings.Contains(name+text, sourcetest.Secret) {
			s.Errorf("a secret is in %s", name)
		}
	}
}

func TestRunByHTTPS(t *testing.T) {
	s := newShop(t)
	server, trust := s.online()
	s.file("a.csv", header+day("2011-12-01", 1, 500)+day("2011-12-02", 501, 500))
	want := s.must(s.config(filepath.Join(s.sources, "a.csv"), sourced("file")))
	t.Setenv("SHOP_HEADER", sourcetest.Credentials)
	secret := s.file("header", sourcetest.Credentials+"\n")
	for i, behaviour := range []string{"whole", "breaks", "breaks-often", "breaks-no-ranges", "chunked-breaks", "fails-once", "redirect-5", "locked", "to-other"} {
		c := s.config(server.URL(behaviour, "a.csv")+"?token="+sourcetest.Secret, trust, runID(behaviour), sourced(behaviour))
		if i%2 == 0 {
			c.SourceHeaderEnv = "SHOP_HEADER"
		} else {
			c.SourceHeaderFile = secret
		}
		got := s.must(c)
		if got.SHA256 != want.SHA256 || got.RowsAccepted != 1000 || !got.New {
			t.Errorf("%s: got %+v, by path %+v", behaviour, got, want)
		}
	}
	_, snapshot := s.current()
	objects := map[string][]string{}
	for _, p := range snapshot.Partitions {
		objects[p.Source] = append(objects[p.Source], p.Day.String()+" "+p.SHA256)
	}
	for name, list := range objects {
		if diff := cmp.Diff(objects["file"], list); diff != "" {
			t.Errorf("%s differs from the same file by path:\n%s", name, diff)
		}
	}
	s.secretless()
}

func TestRunRefusesBadServers(t *testing.T) {
	tests := []struct {
		behaviour string
		code      int
		cause     string
		texts     []string
	}{
		{"status-404", 75, "source", []string{"404 Not Found", "not there yet", "due since 2011-12-10 00:00 Europe/London"}},
		{"status-410", 75, "source", []string{"410 Gone"}},
		{"status-401", 78, "permission", []string{"401 Unauthorized"}},
		{"status-403", 78, "permission", []string{"403 Forbidden"}},
		{"to-other-403", 78, "permission", []string{"shown no credentials"}},
		{"status-400", 64, "source_refused", []string{"400 Bad Request"}},
		{"status-503", 75, "source_unavailable", []string{"timed out after 1s"}},
		{"status-429", 75, "source_unavailable", []string{"timed out after 1s"}},
		{"limits-long", 75, "source_unavailable", nil},
		{"not-modified", 75, "source_unavailable", []string{"304 Not Modified, which nobody asked for"}},
		{"silent", 75, "source_unavailable", []string{"timed out after 1s"}},
		{"drips", 75, "source_unavailable", []string{"timed out after 1s", "bytes were received"}},
		{"breaks-always", 75, "source_unavailable", []string{"timed out after 1s"}},
		{"says-more", 75, "source_unavailable", []string{"timed out after 1s"}},
		{"says-less", 65, "damaged", []string{"more than the"}},
		{"without-end", 65, "damaged", []string{"neither its length"}},
		{"endless", 65, "too_large", []string{"over 20000 bytes", "--max-bytes"}},
		{"redirect-6", 78, "redirect", []string{"more than 5 times"}},
		{"to-http", 78, "redirect", []string{"from https to http"}},
		{"changes", 65, "columns", nil}, // the later version has a broken header: nothing of the first one is left
	}
	for _, test := range tests {
		t.Run(test.behaviour, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			server, trust := s.online()
			s.file("a.csv", header+day("2011-12-01", 1, 100))
			c := s.config(server.URL(test.behaviour, "a.csv")+"?token="+sourcetest.Secret, trust, func(c *Config) {
				c.SourceHeaderFile = s.file("header", sourcetest.Credentials)
				c.MaxBytes = "20000"
				if test.cause == "source_unavailable" {
					c.SourceTimeout = 1
				}
			})
			s.fails(c, test.code, test.cause, append(test.texts, "/"+test.behaviour+"/a.csv")...)
			s.nothing()
			_, err := s.try(c)
			f := fault.Judge(err)
			if f.Code != test.code || strings.Contains(err.Error()+f.Object, sourcetest.Secret) {
				t.Errorf("a secret in %v of %+v", err, f)
			}
			s.secretless()
		})
	}
}

func TestRunRefusesItsOwnSettings(t *testing.T) {
	s := newShop(t)
	server, trust := s.online()
	url := server.URL("whole", s.name("a.csv", header+day("2011-12-01", 1, 100)))
	s.fails(s.config(url), 78, "tls", "--ca-file")
	for _, test := range []struct {
		change func(*Config)
		cause  string
		text   string
	}{
		{func(c *Config) { c.SourceHeaderEnv = "NO_SUCH_VARIABLE" }, "source_header", "NO_SUCH_VARIABLE"},
		{func(c *Config) { c.SourceHeaderFile = filepath.Join(s.sources, "none") }, "source_header", "none"},
		{func(c *Config) { c.SourceHeaderFile = s.file("h", sourcetest.Secret) }, "source_header", "want lines such as"},
		{func(c *Config) { c.CAFile = filepath.Join(s.sources, "none") }, "ca_file", "none"},
		{func(c *Config) { c.CAFile = s.file("c", "x") }, "ca_file", "no certificate"},
	} {
		s.fails(s.config(url, trust, test.change), 78, test.cause, test.text)
	}
	s.nothing()
	s.secretless()
	c := s.config(url, trust, func(c *Config) { c.MaxBytes = "100" })
	s.fails(c, 65, "too_large", "--max-bytes")
	s.fails(s.config(filepath.Join(s.sources, "a.csv"), func(c *Config) { c.MaxBytes = "100" }), 65, "too_large", "--max-bytes")
	s.nothing()
}

// name writes a delivery and returns its name on a server.
func (s *shop) name(name, text string) string {
	s.file(name, text)
	return name
}

func TestUnchangedURLIsNotFetched(t *testing.T) {
	s := newShop(t)
	server, trust := s.online()
	url := server.URL("whole", s.name("a.csv", header+day("2011-12-01", 1, 49)+"a,b\n")+"?day=1")
	asks := func(what string, c Config, statuses string) contract.IngestResult {
		t.Helper()
		server.Requests()
		r := s.must(c)
		if got := server.Statuses(); got != statuses {
			t.Errorf("%s: the server answered %q, want %q", what, got, statuses)
		}
		return r
	}
	first := asks("the first time", s.config(url, trust), "200")
	asks("the same run", s.config(url, trust), "304")
	state := s.objects()["state/lines.json"]
	again := asks("another run", s.config(url, trust, runID("r2")), "304")
	want := first
	want.New = false
	if diff := cmp.Diff(want, again); diff != "" {
		t.Errorf("a 304 gives another result:\n%s", diff)
	}
	if s.objects()["state/lines.json"] != state {
		t.Error("a 304 moved the current snapshot")
	}
	before := s.objects()
	if _, err := s.try(s.config(url, trust, runID("r2"))); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, s.objects()); diff != "" {
		t.Errorf("the same again left something:\n%s", diff)
	}

	s.must(s.config(s.file("outlet.csv", header+day("2011-12-01", 1, 5)), sourced("outlet"), runID("r3")))
	asks("another source in between", s.config(url, trust, runID("r4")), "304")
	asks("other flags", s.config(url, trust, runID("r5"), func(c *Config) { c.Columns = "country=Country" }), "200")
	asks("another URL", s.config(url+"&x=1", trust, runID("r6")), "200")
	s.fails(s.config(url, trust, runID("r7"), share(0.01)), 65, "quarantine_share")
	s.fails(s.config(url, trust, runID("r7"), appending), 65, "already_in_force")

	// Other lines of the day are current: the delivery brings its own back.
	s.must(s.config(s.file("b.csv", header+day("2011-12-01", 1, 60)), runID("r8")))
	server.Requests()
	if r := asks("what is current has changed", s.config(url, trust, runID("r9"), func(c *Config) { c.AllowShrink = true }), "200"); !r.New {
		t.Error("bringing lines back is new")
	}
	// Other content, and then the first again under its old tag.
	s.file("a.csv", header+day("2011-12-01", 1, 55))
	if r := asks("other content", s.config(url, trust, runID("r10")), "200"); !r.New || r.RowsAccepted != 55 {
		t.Errorf("got %+v", r)
	}
	asks("other content again", s.config(url, trust, runID("r11")), "304")
	last, err := Latest(context.Background(), s.config(url, trust, runID("r12")), s.deps())
	if got := server.Statuses(); err != nil || last.String() != "2011-12-01" || got != "304" {
		t.Errorf("the latest day is %s, %v; the server answered %q", last, err, got)
	}
}

// TestChangedMemoryIsForgotten: whatever bit of a memory flips, the delivery is fetched and comes to the same.
func TestChangedMemoryIsForgotten(t *testing.T) {
	s := newShop(t)
	server, trust := s.online()
	url := server.URL("whole", s.name("a.csv", header+day("2011-12-01", 1, 3)))
	want := s.must(s.config(url, trust))
	want.New = false
	var path string
	for name := range s.objects() {
		if strings.HasPrefix(name, "sources/") {
			path = filepath.Join(s.dir, name)
		}
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(whole); i += len(whole)/25 + 1 {
		changed := slices.Clone(whole)
		changed[i] ^= 1
		if err := os.WriteFile(path, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		server.Requests()
		got := s.must(s.config(url, trust, runID(fmt.Sprint("flip", i))))
		if diff := cmp.Diff(want, got); diff != "" || server.Statuses() == "304" {
			t.Fatalf("byte %d, %q: used all the same:\n%s", i, changed[max(0, i-20):min(len(changed), i+20)], diff)
		}
		if err := os.RemoveAll(filepath.Dir(path)); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWhatLeftDaysOutIsFetchedAgain: a run of a later as-of has to read what an older one was not allowed to replace.
func TestWhatLeftDaysOutIsFetchedAgain(t *testing.T) {
	s := newShop(t)
	server, trust := s.online()
	url := server.URL("whole", s.name("a.csv", header+day("2011-12-01", 1, 2)))
	asOf := func(day string) func(*Config) { return func(c *Config) { c.AsOf = day } }
	s.must(s.config(s.file("b.csv", header+day("2011-12-01", 11, 2)), runID("b"), asOf("2011-12-10")))
	if r := s.must(s.config(url, trust, runID("older"), asOf("2011-12-09"))); r.New || r.DaysKept != 1 {
		t.Errorf("an older as-of: %+v", r)
	}
	if r := s.must(s.config(url, trust, runID("later"), asOf("2011-12-11"))); !r.New || r.DaysKept != 0 {
		t.Errorf("a later as-of: %+v", r)
	}
	if diff := cmp.Diff([]string{"shop 2011-12-01: 1 2"}, s.invoices()); diff != "" {
		t.Error(diff)
	}
}

func TestSameContentUnderOtherTags(t *testing.T) {
	s := newShop(t)
	server, trust := s.online()
	s.file("a.csv", header+day("2011-12-01", 1, 50))
	url := server.URL("retagged", "a.csv")
	s.must(s.config(url, trust))
	for i, want := range []string{"200", "200", "304", "304"} { // its tag is another two more times
		server.Requests()
		r := s.must(s.config(url, trust, runID(fmt.Sprint("again", i))))
		if got := server.Statuses(); got != want || r.New {
			t.Errorf("%d: the server answered %q, want %q, and new is %v", i, got, want, r.New)
		}
	}
	if n := count(s.objects(), "sources/"); n != 3 {
		t.Errorf("%d memories, want one for each of 3 tags", n)
	}
}

func TestRunOfSeveralFiles(t *testing.T) {
	s := newShop(t)
	s.file("in-a.csv", header+day("2011-12-01", 1, 3)+day("2011-12-02", 4, 2))
	s.file("in-b.csv.gz", packed(t, header+day("2011-12-02", 6, 2)+"x,y\n"+day("2011-12-03", 8, 1)))
	r := s.must(s.config(filepath.Join(s.sources, "in-*"), share(0.5)))
	if r.RowsRead != 9 || r.RowsAccepted != 8 || r.RowsQuarantined != 1 || r.Days != 3 || r.First.String() != "2011-12-01" || r.Last.String() != "2011-12-03" {
		t.Errorf("got %+v", r)
	}
	if diff := cmp.Diff([]string{"shop 2011-12-01: 1 2 3", "shop 2011-12-02: 4 5 6 7", "shop 2011-12-03: 8"}, s.invoices()); diff != "" {
		t.Error(diff)
	}
	_, snapshot := s.current()
	var records []int64
	for _, p := range snapshot.Partitions {
		records = append(records, s.read(p.Object, p.SHA256, contract.Lines).Ints("record")...)
	}
	if diff := cmp.Diff([]int64{1, 2, 3, 4, 5, 6, 7, 9}, records); diff != "" {
		t.Errorf("records run on over files:\n%s", diff)
	}
	if len(snapshot.Deliveries) != 1 || len(snapshot.Deliveries[0].Files) != 2 {
		t.Errorf("got deliveries %+v", snapshot.Deliveries)
	}

	one, two := filepath.Join(s.sources, "in-a.csv"), filepath.Join(s.sources, "in-b.csv.gz")
	s.fails(s.config(one+"\n"+two, runID("r2"), share(0.1)), 65, "quarantine_share", "in-b.csv.gz, line 4")
	s.fails(s.config(one+"\n"+filepath.Join(s.sources, "in-c.csv"), runID("r2")), 66, "no_such_file", "in-c.csv")
	s.fails(s.config(one+"\n"+s.file("copy.csv", header+day("2011-12-01", 1, 3)+day("2011-12-02", 4, 2)), runID("r2")), 65, "twice", "copy.csv", "in-a.csv")
	s.fails(s.config(one+","+two, runID("r2")), 66, "no_such_file", "separated by line breaks")
	s.fails(s.config(two, runID("r2"), share(0.5), appending), 65, "already_in_force")
	s.fails(s.config(one+"\n"+s.file("bad.csv", "a,b\n"), runID("r2")), 65, "columns", "bad.csv")
	if count(s.objects(), "runs/test/2011-12-10/r2-") > 0 {
		t.Error("what was refused left something")
	}
	// The other order is another delivery of the same lines.
	if again := s.must(s.config(two+"\n"+one, runID("r3"), share(0.5))); !again.New || again.RowsAccepted != 8 {
		t.Errorf("in the other order: %+v", again)
	}
}

func TestTemplateAndDue(t *testing.T) {
	s := newShop(t)
	s.file("sales-20111210.csv", header+day("2011-12-09", 1, 3))
	template := filepath.Join(s.sources, "sales-{as_of:20060102}.csv")
	s.must(s.config(template))
	later := func(c *Config) { c.AsOf = "2011-12-11" }
	s.fails(s.config(template, later), 75, "source", "sales-20111211.csv", "due since 2011-12-11 00:00 Europe/London")
	// In São Paulo the day of 2018-11-04 began at 01:00, for summer time.
	s.fails(s.config(template, func(c *Config) { c.AsOf, c.Zone = "2018-11-04", "America/Sao_Paulo" }), 75, "source", "due since 2018-11-04 01:00 America/Sao_Paulo")
}

func TestRunByGS(t *testing.T) {
	bucket := gcstest.Start(t)
	s := newShop(t)
	text := header + day("2011-12-01", 1, 100)
	s.fails(s.config(bucket+"/in/a.csv"), 75, "source", bucket+"/in/a.csv", "due since")
	s.nothing()
	upload := func(name, text string) {
		t.Helper()
		gcstest.Upload(t, bucket+"/"+name, strings.NewReader(text))
	}
	upload("in/sales-2011-12-10.csv", text)
	c := s.config(bucket+"/in/sales-{as_of}.csv", func(c *Config) { c.SourceTimeout = 60 })
	first := s.must(c)
	if first.SHA256 != contract.SHA256([]byte(text)) || first.RowsAccepted != 100 {
		t.Errorf("got %+v", first)
	}
	again := c
	again.RunID = "r2"
	if r := s.must(again); r.New || r.Snapshot != first.Snapshot || !strings.Contains(s.log.String(), "nothing was fetched") {
		t.Errorf("the same generation: %+v", r)
	}
	upload("in/sales-2011-12-10.csv", header+day("2011-12-01", 1, 90))
	again.RunID = "r3"
	if r := s.must(again); !r.New || r.RowsAccepted != 90 {
		t.Errorf("another generation: %+v", r)
	}
	s.fails(s.config(bucket+"/in/sales-2011-12-10.csv", runID("r4"), func(c *Config) { c.MaxBytes = "100" }), 65, "too_large")
}

func TestRealFileByEveryWay(t *testing.T) {
	dir := os.Getenv("CLIENTELE_TESTDATA")
	if dir == "" {
		t.Skip("CLIENTELE_TESTDATA is not set: a folder that holds online-retail.csv.gz")
	}
	bucket := gcstest.Start(t)
	server := sourcetest.Start(t, sourcetest.Folder(dir))
	data, err := os.Open(filepath.Join(dir, "online-retail.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	lines := map[string]string{}
	for way, url := range map[string]string{
		"file": data.Name(), "https": server.URL("whole", "online-retail.csv.gz"), "https that breaks off": server.URL("breaks-often", "online-retail.csv.gz"),
		"gs": gcstest.Upload(t, bucket+"/o.csv.gz", data),
	} {
		s := newShop(t)
		r := s.must(s.config(url, func(c *Config) { c.CAFile = server.CAFile }))
		if r.RowsAccepted != 541_909 {
			t.Errorf("%s: got %+v", way, r)
		}
		names := slices.Sorted(maps.Keys(s.objects()))
		names = slices.DeleteFunc(names, func(n string) bool { return !strings.HasPrefix(n, "lines/shop/") })
		lines[way] = strings.Join(names, "\n")
		for _, name := range names { // named by content, and that is true
			if text := s.objectText(name); !strings.HasSuffix(name, contract.SHA256([]byte(text))+".arrow") {
				t.Errorf("%s: %s has other content", way, name)
			}
		}
	}
	for way, names := range lines {
		if names != lines["file"] || len(names) == 0 {
			t.Errorf("%s gives other partitions than the file", way)
		}
	}
}

func (s *shop) objectText(name string) string {
	s.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		s.Fatal(err)
	}
	return string(text)
}

func TestLatestNeedsADayForATemplate(t *testing.T) {
	s := newShop(t)
	server, trust := s.online()
	s.file("a.csv", header+day("2011-12-01", 1, 3))
	if last, err := Latest(context.Background(), s.config(server.URL("whole", "a.csv"), trust), s.deps()); err != nil || last.String() != "2011-12-01" {
		t.Errorf("got %s, %v", last, err)
	}
	if _, err := Latest(context.Background(), s.config("sales-{as_of}.csv"), s.deps()); fault.CodeOf(err) != fault.ExitUsage {
		t.Errorf("a template without a day: %v", err)
	}
}
