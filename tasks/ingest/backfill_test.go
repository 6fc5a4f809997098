package ingest

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zip"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/objstore/gcstest"
)

// days are the files of a few days by name; 2011-12-04 was a Sunday.
var dailyFiles = map[string]string{
	"2011-12-01.csv": header + day("2011-12-01", 1, 12), "2011-12-02.csv": header + day("2011-12-02", 101, 11), "2011-12-03.csv": header + day("2011-12-03", 201, 13),
	"2011-12-05.csv": header + day("2011-12-05", 301, 14), "2011-12-06.csv": header + day("2011-12-06", 401, 10), "2011-12-07.csv": header + day("2011-12-07", 501, 9),
}

func asOneFile() string {
	text := header
	for _, name := range slices.Sorted(maps.Keys(dailyFiles)) {
		text += strings.TrimPrefix(dailyFiles[name], header)
	}
	return text
}

// partitions are the names of the stored days, which are named by their content.
func (s *shop) partitions() []string {
	s.Helper()
	_, now := s.current()
	var all []string
	for _, p := range now.Partitions {
		all = append(all, p.Object)
	}
	return all
}

// lines are the stored lines by day without their place in a delivery, which is another one in each.
func (s *shop) lines() []string {
	s.Helper()
	_, now := s.current()
	var all []string
	for _, p := range now.Partitions {
		f := s.read(p.Object, p.SHA256, contract.Lines)
		rows := make([]string, f.Rows())
		for i := range rows {
			rows[i] = fmt.Sprint(f.Strings("invoice")[i], f.Strings("code")[i], f.Ints("quantity")[i], f.Ints("time")[i], f.Ints("price")[i], f.Strings("customer")[i])
		}
		all = append(all, fmt.Sprintf("%s %s %d %x", p.Source, p.Day, p.Rows, sha256.Sum256([]byte(strings.Join(rows, "\n")))))
	}
	return all
}

func wantedLines(t *testing.T, text string) []string {
	t.Helper()
	s := newShop(t)
	s.must(s.config(s.file("one.csv", text)))
	return s.lines()
}

func wantedPartitions(t *testing.T, text string) []string {
	t.Helper()
	s := newShop(t)
	s.must(s.config(s.file("one.csv", text)))
	return s.partitions()
}

func ranged(from, to string) func(*Config) {
	return func(c *Config) { c.From, c.To = from, to }
}

func chunked(n int) func(*Config) { return func(c *Config) { c.Chunk = n } }

func zipOf(t *testing.T, files map[string]string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range files {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(w, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func tarOf(t *testing.T, files map[string]string) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Size: int64(len(files[name])), Mode: 0o644})
		if err == nil {
			_, err = io.WriteString(w, files[name])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func with(files map[string]string, more ...string) map[string]string {
	all := maps.Clone(files)
	for i := 0; i < len(more); i += 2 {
		all[more[i]] = more[i+1]
	}
	return all
}

// Days of a range, by a folder, a server, a bucket; those without a file are all named, and nothing is stored.
func TestDaysOfARange(t *testing.T) {
	want := wantedPartitions(t, asOneFile())
	bucket := gcstest.Start(t)
	s := newShop(t)
	server, trust := s.online()
	for name, text := range dailyFiles {
		s.file(name, text)
		gcstest.Upload(t, bucket+"/in/"+name, strings.NewReader(text))
	}
	for way, source := range map[string]string{"file": filepath.Join(s.sources, "{day}.csv"), "https": server.URL("whole", "{day}.csv"), "gs": bucket + "/in/{day}.csv"} {
		one := newShop(t)
		c := one.config(source, trust, ranged("2011-11-29", "2011-12-07"))
		one.fails(c, 66, "missing_days", "3 of 9 files are not there", "2011-11-29.csv", "2011-11-30.csv", "2011-12-04.csv", "--allow-missing")
		one.nothing()
		c.AllowMissing = true
		r := one.must(c)
		if diff := cmp.Diff(want, one.partitions()); diff != "" || r.Days != 6 {
			t.Errorf("%s: %s%+v", way, diff, r)
		}
		c.RunID = "again"
		if again := one.must(c); again.New || again.Snapshot != r.Snapshot || way != "file" && !strings.Contains(one.log.String(), "nothing was fetched") {
			t.Errorf("%s: again %+v", way, again)
		}
	}
	// A file of each month, and what contradicts itself.
	s.file("2011-12.csv", asOneFile())
	s.must(s.config(filepath.Join(s.sources, "{day:2006-01}.csv"), ranged("2011-12-01", "2011-12-31")))
	for want, change := range map[string]func(*Config){
		"it needs --from and --to": func(c *Config) { c.Source = "{day}.csv" }, "which has none": func(c *Config) { c.From, c.To = "2011-12-01", "2011-12-02" },
		"want 1 to 20000 days": func(c *Config) { c.Source, c.From, c.To = "{day}.csv", "2011-12-02", "2011-12-01" },
		"--to: ":               func(c *Config) { c.Source, c.From = "{day}.csv", "2011-12-01" },
		"--chunk: ":            func(c *Config) { c.Chunk, c.Mode = 3, modeEverything }, "--overlap: ": func(c *Config) { c.Overlap = "guess" },
	} {
		c := valid()
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// A pattern of objects stops at a slash, as one of paths does, and fits what is there when it is asked.
func TestPatternOfABucket(t *testing.T) {
	bucket := gcstest.Start(t)
	for name, text := range dailyFiles {
		gcstest.Upload(t, bucket+"/sales/"+name+".gz", strings.NewReader(packed(t, text)))
	}
	gcstest.Upload(t, bucket+"/sales/2011-12-08/part.csv.gz", strings.NewReader("no delivery"))
	gcstest.Upload(t, bucket+"/sales/notes.txt", strings.NewReader("no delivery"))
	s := newShop(t)
	s.fails(s.config(bucket+"/sales/2012-*.csv.gz"), 75, "source", "no file matches the pattern")
	s.must(s.config(bucket + "/sales/2011-*.csv.g?"))
	if diff := cmp.Diff(wantedPartitions(t, asOneFile()), s.partitions()); diff != "" {
		t.Error(diff)
	}
	gcstest.Upload(t, bucket+"/sales/2011-12-09.csv.gz", strings.NewReader(packed(t, header+day("2011-12-09", 601, 5))))
	if r := s.must(s.config(bucket+"/sales/2011-*.csv.gz", runID("next"))); !r.New || r.Days != 7 {
		t.Errorf("with one more object: %+v", r)
	}
}

func TestArchivesOfManyFiles(t *testing.T) {
	want := wantedPartitions(t, asOneFile())
	junk := with(dailyFiles, "__MACOSX/._2011-12-01.csv", "x", "readme.txt", "how to read this", "2011/.DS_Store", "x")
	inner := map[string]string{}
	for name, text := range dailyFiles {
		inner["2011/"+name+".gz"] = packed(t, text)
	}
	for name, content := range map[string]string{
		"days.zip": zipOf(t, junk), "days.tar": tarOf(t, junk), "days.tgz": packed(t, tarOf(t, junk)), "packed.zip": zipOf(t, inner), "packed.tar": tarOf(t, inner),
	} {
		s := newShop(t)
		r := s.must(s.config(s.file(name, content)))
		if diff := cmp.Diff(want, s.partitions()); diff != "" || r.RowsRead != 69 {
			t.Errorf("%s: %+v\n%s", name, r, diff)
		}
	}
	s := newShop(t)
	s.fails(s.config(s.file("cut.tar", tarOf(t, dailyFiles)[:2000])), 65, "damaged", "cut.tar")
	s.fails(s.config(s.file("none.tar", tarOf(t, map[string]string{"a.txt": "x"}))), 65, "format", "no csv")
	s.nothing()
}

// Files of another layout are named, all of them, before anything is stored: in a folder as in an archive.
func TestOtherLayoutsAreAllNamed(t *testing.T) {
	files := with(dailyFiles, "2011-12-02.csv", "Bill,Thing\n1,2\n", "2011-12-06.csv", "Bill,Thing\n3,4\n")
	s := newShop(t)
	for name, text := range files {
		s.file(name, text)
	}
	for _, source := range []string{filepath.Join(s.sources, "2011-*.csv"), s.file("days.zip", zipOf(t, files))} {
		s.fails(s.config(source), 65, "columns", "2011-12-02.csv", "these cannot be read so either", "2011-12-06.csv", "(2 of 6 files)")
	}
	s.nothing()
}

func TestOverlaps(t *testing.T) {
	s := newShop(t)
	for name, text := range with(dailyFiles, "2011-12-02.csv", dailyFiles["2011-12-02.csv"]+day("2011-12-03", 190, 1)) {
		s.file(name, text)
	}
	pattern := filepath.Join(s.sources, "2011-*.csv")
	says := "several files have lines of 1 days: 2011-12-03 ("
	s.fails(s.config(pattern, func(c *Config) { c.Overlap = overlapRefuse }), 65, "overlap", says, "2011-12-02.csv, ", "2011-12-03.csv")
	s.nothing()
	r := s.must(s.config(pattern, runID("add")))
	if r.RowsAccepted != 70 || !strings.Contains(s.log.String(), says) || !strings.Contains(s.log.String(), `"such_as":"2011-12-04"`) {
		t.Errorf("%+v %s", r, s.log.String())
	}
	// A later chunk would replace what an earlier one has stored.
	one := newShop(t)
	one.fails(one.config(pattern, chunked(2)), 65, "overlap", "chunk 2 of 3", "an earlier chunk has stored 1 days: 2011-12-03", "nothing of this one")
	if got := one.invoices(); len(got) != 3 {
		t.Errorf("stored: %v", got)
	}
}

// A backfill in chunks, stopped at its nth sign of life, is done by the same command; what is stored is not fetched again.
func TestChunksGoOnWhereTheyEnded(t *testing.T) {
	want := wantedLines(t, asOneFile())
	bucket := gcstest.Start(t)
	for name, text := range dailyFiles {
		gcstest.Upload(t, bucket+"/"+name, strings.NewReader(text))
	}
	for _, stop := range []int{1, 4, 7, 9, 12, 15, 1000} {
		s := newShop(t)
		c := s.config(bucket+"/2011-*.csv", chunked(2))
		ctx, cancel := context.WithCancel(t.Context())
		var signs atomic.Int64 // days are written side by side
		s.onBar = func(string) {
			if signs.Add(1) == int64(stop) {
				cancel()
			}
		}
		_, err := Run(ctx, c, s.deps())
		cancel()
		if n := signs.Load(); (err != nil) != (n >= int64(stop)) {
			t.Errorf("stopped at %d of %d: %v", stop, n, err)
		}
		var before []string
		if _, err := os.Stat(filepath.Join(s.dir, "state")); err == nil {
			before = s.lines()
		}
		if len(before)%2 != 0 || !slices.Equal(before, want[:len(before)]) {
			t.Errorf("stopped at %d: a part of a chunk is visible: %v", stop, before)
		}
		s.onBar = nil
		s.log.Reset()
		r := s.must(c)
		if diff := cmp.Diff(want, s.lines()); diff != "" || r.Days != 6 || r.RowsRead != 69 || r.First.String() != "2011-12-01" || r.Last.String() != "2011-12-07" {
			t.Errorf("stopped at %d: %s%+v", stop, diff, r)
		}
		if again := strings.Count(s.log.String(), "the same delivery was ingested before, in this run"); again < len(before)/2 {
			t.Errorf("stopped at %d with %d days stored: %d chunks were not read again", stop, len(before), again)
		}
		s.log.Reset()
		c.RunID = "next"
		if r := s.must(c); r.New || strings.Count(s.log.String(), "nothing was fetched") != 3 {
			t.Errorf("stopped at %d: in another run: %+v %s", stop, r, s.log.String())
		}
	}
}

// Another delivery has replaced a day of a chunk: a backfill of the same as-of reads that chunk again, and the days are its own again.
func TestChunkThatIsNotCurrentAnyMore(t *testing.T) {
	bucket := gcstest.Start(t)
	for name, text := range dailyFiles {
		gcstest.Upload(t, bucket+"/"+name, strings.NewReader(text))
	}
	s := newShop(t)
	c := s.config(bucket+"/2011-*.csv", chunked(2))
	s.must(c)
	want := s.partitions()
	s.must(s.config(s.file("fix.csv", header+day("2011-12-05", 900, 14)), runID("fix")))
	c.RunID = "again"
	if r := s.must(c); !r.New {
		t.Errorf("%+v", r)
	}
	if diff := cmp.Diff(want, s.partitions()); diff != "" {
		t.Error(diff)
	}
}

// TestRealFileAsDays: 305 daily files in a bucket, in chunks and at once, and a zip of them, have the days of the one file.
func TestRealFileAsDays(t *testing.T) {
	dir := os.Getenv("CLIENTELE_TESTDATA")
	if dir == "" || testing.Short() {
		t.Skip("CLIENTELE_TESTDATA is not set, a folder that holds online-retail.csv.gz, or -short")
	}
	gz, err := os.ReadFile(filepath.Join(dir, "online-retail.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	days := realDays(t, gz)
	if len(days) != 305 { // counted with Python's csv module
		t.Fatalf("%d days", len(days))
	}
	one := newShop(t)
	one.must(one.config(one.file("one.csv.gz", string(gz))))
	want, lines := one.partitions(), one.lines()
	bucket := gcstest.Start(t)
	for name, text := range days {
		gcstest.Upload(t, bucket+"/sales/"+name, strings.NewReader(text))
	}
	for way, c := range map[string]func(*Config){
		"pattern": func(c *Config) { c.Source = bucket + "/sales/201*.csv" },
		"range in chunks": func(c *Config) {
			c.Source, c.From, c.To, c.Chunk, c.AllowMissing = bucket+"/sales/{day}.csv", "2010-12-01", "2011-12-09", 100, true
		},
		"zip": func(c *Config) { c.Source = one.file("days.zip", zipOf(t, days)) },
	} {
		s := newShop(t)
		r := s.must(s.config("", func(c2 *Config) { c2.Source = "x"; c(c2) }))
		diff := cmp.Diff(lines, s.lines())
		if way != "range in chunks" { // the places of lines in a delivery too
			diff += cmp.Diff(want, s.partitions())
		}
		if diff != "" || r.RowsAccepted != 541_909 {
			t.Errorf("%s: %d accepted\n%.2000s", way, r.RowsAccepted, diff)
		}
	}
}

// realDays cuts the real file into one of each day.
func realDays(t *testing.T, gz []byte) map[string]string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(gz))
	if err != nil {
		t.Fatal(err)
	}
	in := csv.NewReader(z)
	head, err := in.Read()
	if err != nil {
		t.Fatal(err)
	}
	at := slices.Index(head, "InvoiceDate")
	texts := map[string]*bytes.Buffer{}
	for {
		record, err := in.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		name := record[at][:len("2011-12-01")] + ".csv"
		if texts[name] == nil {
			texts[name] = &bytes.Buffer{}
			fmt.Fprintln(texts[name], strings.Join(head, ","))
		}
		w := csv.NewWriter(texts[name])
		if err := w.Write(record); err != nil {
			t.Fatal(err)
		}
		w.Flush()
	}
	all := map[string]string{}
	for name, b := range texts {
		all[name] = b.String()
	}
	return all
}

// What a scheduler's own backfill does, a run for each day in either order, gives the lines that a range gives.
func TestRunsOfDaysGiveTheSame(t *testing.T) {
	want := wantedLines(t, asOneFile())
	for _, backwards := range []bool{false, true} {
		s := newShop(t)
		names := slices.Sorted(maps.Keys(dailyFiles))
		for name, text := range dailyFiles {
			s.file(name, text)
		}
		if backwards {
			slices.Reverse(names)
		}
		for _, name := range names {
			s.must(s.config(filepath.Join(s.sources, "{as_of}.csv"), func(c *Config) { c.AsOf = strings.TrimSuffix(name, ".csv") }))
		}
		if diff := cmp.Diff(want, s.lines()); diff != "" {
			t.Errorf("backwards %v: %s", backwards, diff)
		}
	}
}
