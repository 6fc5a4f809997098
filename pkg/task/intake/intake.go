// Package intake is what every program that reads a delivery does around it: the flags that name the source, how it is reached and
// how it is read; opening it; and finding out how it is written.
package intake

import (
	"context"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/delivery"
	"github.com/clientele/clientele/pkg/delivery/rates"
	"github.com/clientele/clientele/pkg/delivery/reading"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/delivery/source"
	"github.com/clientele/clientele/pkg/task"
)

// Config is what the flags say of a delivery.
type Config struct {
	Source           string // see source.Parse and source.FillIn
	From, To         string // the first and last day of {day} in Source, or that is wanted of a table of BigQuery, YYYY-MM-DD; "" without
	Ranged           bool   // Source is a part of a range that was filled in
	AllowMissing     bool   // files of several that are not there are passed over
	Query            string // a location of a file with a query; "" reads the table of Source
	SourceLocation   string // of BigQuery's jobs; "" is the table's
	MaxBytesBilled   int64  // of a query; 0 is the project's limit
	SourceHeaderEnv  string // name of a variable
	SourceHeaderFile string
	SourceHeaderHost string // see source.ParseHosts
	// SourcePrivateHost are hosts inside that a server may redirect to, see source.ParseHosts.
	SourcePrivateHost string
	CAFile            string
	AllowHTTP         bool
	SourceTimeout     int    // seconds
	MaxBytes          string // see task.ParseBytes
	Profile           string // a location of a file, see package profile
	Preset            string // "" or auto leave this and the next eight to the profile, to earlier deliveries and to the delivery
	Columns           string
	DateLayout        string
	Encoding          string
	Separator         string // see reading.ParseSeparator
	Decimal           string // see reading.ParseDecimal
	Group             string // see reading.ParseGroup
	Missing           string // customers who are nobody, comma separated
	Sheets            string // add or latest
	Sheet             string // of a workbook; "" means all
	MaxUnpacked       string // see task.ParseBytes
	Zone              string
	Currency          string // or auto, see CurrencyOf
	Rates             string // a location of a file, see package rates; "" converts nothing
	RatesDays         int    // that a rate holds after its day

	rates *rates.Table // of Rates, see LoadRates
	query string       // of Query, see LoadQuery

	// Reading is how the source is read as far as that is known before it is opened: the columns of a table are chosen by it.
	Reading reading.Reading
	RunName string // for the labels of jobs
	Day     string // as-of day, YYYY-MM-DD, for {as_of} in Source; may be ""
}

// SourceFlags declare where the delivery is and how it is reached.
func SourceFlags() []cli.Flag {
	return []cli.Flag{
		task.Required(task.String("source", "", "`LOCATION` of the delivery: a path, a file://, https:// or gs:// URL, a pattern such as in/*.csv or gs://shop/2024-*.csv, or a table of BigQuery as bq://project.dataset.table; several are separated by line breaks; {as_of} and {as_of:20060102} are replaced by the as-of date, {day} and {day:20060102} by each day of a range (not with --undo)")),
		task.String("from", "", "first `DAY` of {day} in --source, or of a table of BigQuery, YYYY-MM-DD"),
		task.String("to", "", "last `DAY` of it, YYYY-MM-DD"),
		task.Bool("allow-missing", "pass over files of several that are not there, such as those of days on which the shop was closed"),
		task.String("query", "", "`FILE` with a query in BigQuery's SQL that makes the lines, with @from and @to for --from and --to; --source is then bq:// and the project that pays"),
		task.String("source-location", "", "`LOCATION` of BigQuery's jobs for bq:// sources, such as EU (default: the tables' own)"),
		task.Int("max-bytes-billed", 0, "refuse a query that would bill more than this `NUMBER` of bytes; 0 is the project's own limit"),
		task.String("source-header-env", "", "`NAME` of the environment variable with an HTTP header for https:// sources, such as Authorization: Bearer …"),
		task.String("source-header-file", "", "`FILE` with that header instead"),
		task.String("source-header-host", "", "`HOST` that may receive the header, such as shop.example or shop.example:8443; comma separated (default: the hosts in --source)"),
		task.String("source-private-host", "", "`HOST` with a private or link-local address that a server may redirect to, such as files.internal; comma separated (default: none, unless the server is inside itself)"),
		task.String("ca-file", "", "`FILE` of additional certificate authorities, in PEM"),
		task.Bool("allow-http", "allow http:// sources on other machines, although others can read or change them in transit"),
		task.Int("source-timeout", 120, "time limit for a file in `SECONDS`, plus one second per MiB"),
		task.String("max-bytes", "64GiB", "maximum size of a delivery in `BYTES`, as transferred, such as 512MiB"),
	}
}

// ReadFlags declare how the delivery is read.
func ReadFlags() []cli.Flag {
	return []cli.Flag{
		task.String("preset", reading.Auto, "known `EXPORT` whose columns the delivery has, such as shopify; auto recognises it by its header"),
		task.String("columns", "", "`LIST` of field=column for columns that are not recognised, such as invoice=Bill,price=Cost, and for a region beside the country: region=County"),
		task.String("date-layout", reading.Auto, "`LAYOUT` of dates in Go's notation, such as 02/01/2006 15:04 (day first) or 1/2/2006 15:04 (month first); auto finds the one that fits the whole delivery"),
		task.String("encoding", reading.Auto, "text `ENCODING`: utf-8, cp1252 or iso-8859-1; auto tells them apart"),
		task.String("separator", reading.Auto, "field `SEPARATOR`: comma, semicolon, tab, pipe or a character; auto takes the one that fits the header"),
		task.String("decimal", reading.Auto, "decimal `SEPARATOR`: point or comma; auto takes the one that fits the whole delivery"),
		task.String("group", reading.Auto, "`SIGN` between thousands: none, comma, point, space or apostrophe; auto takes the one that fits the whole delivery"),
		task.String("missing", "", "`LIST` of customers who are nobody, comma separated, such as 0,99999 (default: the known words, and a filler that is found)"),
		task.String("sheets", reading.Auto, "how the `SHEETS` of a workbook belong together: add (each has lines of its own), latest (a day in two sheets is the later sheet's) or auto, which compares them"),
		task.String("sheet", "", "`NAME` of the sheet to read from a workbook (default: all)"),
		task.String("max-unpacked", "64GiB", "maximum size of a delivery in `BYTES` after decompression, such as 512MiB"),
		task.String("zone", "Europe/London", "time `ZONE` of the dates; the same for all lines of a root"),
		task.String("currency", reading.Auto, "currency `CODE` of the prices, the same for all lines of a root; auto is the stored lines', else the one that most lines name or whose sign every price has, else GBP"),
		task.String("rates", "", "`FILE` of rates of exchange, in csv with the columns date, currency and rate (what one unit is worth in --currency), by which lines in other currencies are converted; a path or a gs:// or https:// URL"),
		task.Int("rates-days", 7, "`NUMBER` of days that a rate holds after its day, such as over a weekend"),
	}
}

// NewConfig reads the flags.
func NewConfig(c *cli.Context) Config {
	return Config{
		Source: c.String("source"), From: c.String("from"), To: c.String("to"), AllowMissing: c.Bool("allow-missing"), Query: c.String("query"),
		SourceLocation: c.String("source-location"), MaxBytesBilled: int64(c.Int("max-bytes-billed")),
		SourceHeaderEnv: c.String("source-header-env"), SourceHeaderFile: c.String("source-header-file"),
		SourceHeaderHost: c.String("source-header-host"), SourcePrivateHost: c.String("source-private-host"), CAFile: c.String("ca-file"), AllowHTTP: c.Bool("allow-http"),
		SourceTimeout: c.Int("source-timeout"), MaxBytes: c.String("max-bytes"), Profile: c.String("profile"), Preset: c.String("preset"),
		Columns: c.String("columns"), DateLayout: c.String("date-layout"), Encoding: c.String("encoding"), Separator: c.String("separator"),
		Decimal: c.String("decimal"), Group: c.String("group"), Missing: c.String("missing"), Sheets: c.String("sheets"), Sheet: c.String("sheet"), MaxUnpacked: c.String("max-unpacked"),
		Zone: c.String("zone"), Currency: c.String("currency"), Rates: c.String("rates"), RatesDays: c.Int("rates-days"), Day: c.String("as-of"),
	}
}

// Check notes every problem. A configuration that reads no delivery has no source to check.
func (c Config) Check(p *task.Problems, reads bool) {
	if reads {
		c.checkReach(p)
	}
	r, err := c.flags()
	if err != nil {
		p.Add("columns", err.Error(), c.Columns)
	}
	for _, problem := range r.Problems() {
		p.Add(flagOf(problem.Part), problem.Why, problem.Got)
	}
	if _, err := task.ParseBytes(c.MaxUnpacked); err != nil {
		p.Add("max-unpacked", err.Error(), c.MaxUnpacked)
	}
	if _, err := time.LoadLocation(c.Zone); err != nil || c.Zone == "" || c.Zone == "Local" {
		p.Add("zone", "want an IANA time zone such as Europe/London", c.Zone)
	}
	if c.Currency != reading.Auto && !currencyCode.MatchString(c.Currency) {
		p.Add("currency", "want an ISO 4217 code of three capitals such as GBP, or auto", c.Currency)
	}
	if c.Rates != "" && c.Currency == reading.Auto {
		p.Add("rates", "needs --currency, into which they convert", source.Redact(c.Rates))
	}
	if c.RatesDays < 0 {
		p.Add("rates-days", "want a number of days, 0 or more", c.RatesDays)
	}
}

// Read reads the whole delivery into sink.
func (c Config) Read(ctx context.Context, src *source.Delivery, opts record.Options, d task.Deps, title string, sink delivery.Sink) (record.Counts, error) {
	limit, err := task.ParseBytes(c.MaxUnpacked)
	if err != nil {
		return record.Counts{}, err
	}
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return record.Counts{}, err
	}
	bar := d.Progress.Bar(title, src.Size)
	defer bar.Done()
	out, err := delivery.Read(ctx, src, delivery.Options{
		Options: opts, Sheet: c.Sheet, Zone: zone, Unpack: source.UnpackOptions{Scratch: d.Scratch, MaxBytes: limit}, Progress: bar.Add, SharedStrings: d.Memory.SharedStrings(),
	}, sink)
	if err == nil && out.Ignored > 0 {
		d.Log.Info("ignored the other files of the zip", "files", out.Ignored)
	}
	return out.Counts, err
}
