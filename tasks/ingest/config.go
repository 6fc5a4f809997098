// Package ingest reads a delivery and stores its lines: every record ends in one place, accepted into a day's partition or
// rejected with every rule it broke, and the delivery becomes visible as a whole or not at all.
package ingest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/task"
)

// Task is ingest as a program.
var Task = task.Task[Config, contract.IngestResult]{
	Name:  contract.Ingest,
	Usage: contract.Does(contract.Ingest),
	Description: `Reads transaction lines from delimited text, a workbook (xlsx), Parquet or an Arrow file, optionally compressed with gzip, zstd or
zip. The format is detected from the content. Records that fail a check are rejected and kept with their raw text. If their share exceeds
--max-quarantine-share, the delivery is rejected and the ten most common reasons are listed. All lines become visible at once, by
one swap of state/lines.json. With --mode=replace, a delivered day replaces that day of the same --source-name; with append, its
lines are added, and a file that has already been ingested is rejected. Ingesting the same file again changes nothing. A day that was
delivered with a later as-of stays, unless --allow-older says otherwise.`,
	Example: "ingest --root=file:///tmp/shop --pipeline=local --run-id=local --as-of=2011-12-10 --source=online-retail.csv.gz\n" +
		"ingest --root=gs://shop/clientele --pipeline=daily --run-id=manual --as-of=2011-12-10 --source=/data/sales.csv \\\n" +
		"       --columns=invoice=Bill,price=Cost '--date-layout=02/01/2006 15:04' --encoding=iso-8859-1\n" +
		"ingest --root=gs://shop/clientele --pipeline=daily --run-id=undo --as-of=2011-12-10 --undo=<snapshot>",
	Flags: Flags, Config: NewConfig, Run: Run,
	Says: func(r contract.IngestResult) string {
		return fmt.Sprintf("%s records: %s accepted, %s rejected, %d days",
			task.Thousands(r.RowsRead), task.Thousands(r.RowsAccepted), task.Thousands(r.RowsQuarantined), r.Days)
	},
}

// Modes of a delivery.
const (
	modeReplace = "replace"
	modeAppend  = "append"
)

// minKey is the least length of a customer key: shop customer numbers are few, so a short key would be guessed.
const minKey = 16

// Config is the configuration of ingest.
type Config struct {
	task.Common
	Source             string // see source.Parse and source.FillIn
	SourceHeaderEnv    string // name of a variable
	SourceHeaderFile   string
	SourceHeaderHost   string // see source.ParseHosts
	CAFile             string
	AllowHTTP          bool
	SourceTimeout      int    // seconds
	MaxBytes           string // see task.ParseBytes
	SourceName         string
	Mode               string
	Columns            string
	DateLayout         string
	Encoding           string
	Separator          string // see parseSeparator
	Decimal            string // see parseDecimal
	Sheet              string // of a workbook; "" means all
	MaxUnpacked        string // see task.ParseBytes
	Zone               string
	Currency           string
	MaxQuarantineShare float64 // 0..1
	AllowShrink        bool
	AllowOlder         bool
	Undo               string // sha256 of a snapshot
	CustomerKey        string // secret
	ExitNothingNew     bool
}

// Flags declares ingest's flags.
func Flags() []cli.Flag {
	return append(task.CommonFlags(),
		task.Required(task.String("source", "", "`LOCATION` of the delivery: a path, a pattern such as in/*.csv, or a file://, https:// or gs:// URL; several are separated by line breaks; {as_of} and {as_of:20060102} are replaced by the as-of date (not with --undo)")),
		task.String("source-header-env", "", "`NAME` of the environment variable with an HTTP header for https:// sources, such as Authorization: Bearer …"),
		task.String("source-header-file", "", "`FILE` with that header instead"),
		task.String("source-header-host", "", "`HOST` that may receive the header, such as shop.example or shop.example:8443; comma separated (default: the hosts in --source)"),
		task.String("ca-file", "", "`FILE` of additional certificate authorities, in PEM"),
		task.Bool("allow-http", "allow http:// sources on other machines, although others can read or change them in transit"),
		task.Int("source-timeout", 120, "time limit for a file in `SECONDS`, plus one second per MiB"),
		task.String("max-bytes", "64GiB", "maximum size of a delivery in `BYTES`, as transferred, such as 512MiB"),
		task.String("source-name", "shop", "`NAME` of the source; a delivered day replaces that day of the same source"),
		task.String("mode", modeReplace, "`MODE`: replace (a delivered day replaces that day) or append (its lines are added)"),
		task.String("columns", "", "`LIST` of field=column for columns that are not recognised, such as invoice=Bill,price=Cost"),
		task.String("date-layout", record.DefaultLayout, "`LAYOUT` of dates in Go's notation, such as 02/01/2006 15:04 (day first) or 1/2/2006 15:04 (month first)"),
		task.String("encoding", "utf-8", "text `ENCODING`: utf-8 or iso-8859-1"),
		task.String("separator", "comma", "field `SEPARATOR`: comma, semicolon, tab, pipe or a character"),
		task.String("decimal", "point", "decimal `SEPARATOR`: point or comma"),
		task.String("sheet", "", "`NAME` of the sheet to read from a workbook (default: all; if two sheets have the same day, the later sheet wins)"),
		task.String("max-unpacked", "64GiB", "maximum size of a delivery in `BYTES` after decompression, such as 512MiB"),
		task.String("zone", "Europe/London", "time `ZONE` of the dates; the same for all lines of a root"),
		task.String("currency", "GBP", "currency `CODE` of the prices; the same for all lines of a root"),
		task.Float("max-quarantine-share", 0.02, "maximum `SHARE` of rejected records, 0 to 1"),
		task.Bool("allow-shrink", "accept a day with over 20 % fewer lines than the stored one"),
		task.Bool("allow-older", "replace stored days even if a run with a later as-of delivered them; otherwise those days stay"),
		task.String("undo", "", "make the snapshot before this `SNAPSHOT` current again, if this one is current; reads no delivery"),
		task.Secret(task.String("customer-key", "", "`SECRET` key for hashing customer ids (HMAC-SHA256), at least 16 bytes; set it in the environment, not on the command line")),
		task.Bool("exit-nothing-new", "exit with 99 when nothing was new"),
	)
}

// NewConfig reads the flags.
func NewConfig(c *cli.Context) Config {
	return Config{
		Common: task.NewCommon(c), Source: c.String("source"), SourceHeaderEnv: c.String("source-header-env"),
		SourceHeaderFile: c.String("source-header-file"), SourceHeaderHost: c.String("source-header-host"), CAFile: c.String("ca-file"), AllowHTTP: c.Bool("allow-http"),
		SourceTimeout: c.Int("source-timeout"), MaxBytes: c.String("max-bytes"), SourceName: c.String("source-name"), Mode: c.String("mode"),
		Columns: c.String("columns"), DateLayout: c.String("date-layout"), Encoding: c.String("encoding"),
		Separator: c.String("separator"), Decimal: c.String("decimal"), Sheet: c.String("sheet"), MaxUnpacked: c.String("max-unpacked"),
		Zone: c.String("zone"), Currency: c.String("currency"), MaxQuarantineShare: c.Float64("max-quarantine-share"),
		AllowShrink: c.Bool("allow-shrink"), AllowOlder: c.Bool("allow-older"), Undo: c.String("undo"), CustomerKey: c.String("customer-key"),
		ExitNothingNew: c.Bool("exit-nothing-new"),
	}
}

var (
	sourceName   = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)
	currencyCode = regexp.MustCompile(`^[A-Z]{3}$`)
	snapshotHash = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// Validate reports every problem at once.
func (c Config) Validate() error {
	var p task.Problems
	c.Check(&p)
	if c.Undo != "" {
		if !snapshotHash.MatchString(c.Undo) {
			p.Add("undo", "want the 64 hex digits of a snapshot", c.Undo)
		}
		if c.Source != "" {
			p.Add("undo", "takes nothing in, so it goes without --source", c.Undo)
		}
	} else {
		c.checkSource(&p)
	}
	if !sourceName.MatchString(c.SourceName) || c.SourceName == "index" {
		p.Add("source-name", "want 1 to 63 of a-z, 0-9, _ and -, and not index", c.SourceName)
	}
	if c.Mode != modeReplace && c.Mode != modeAppend {
		p.Add("mode", "want replace or append", c.Mode)
	}
	if _, err := record.ParseColumnNames(c.Columns); err != nil {
		p.Add("columns", err.Error(), c.Columns)
	}
	if _, err := record.ParseLayout(c.DateLayout); err != nil {
		p.Add("date-layout", err.Error(), c.DateLayout)
	}
	if _, err := record.ParseEncoding(c.Encoding); err != nil {
		p.Add("encoding", err.Error(), c.Encoding)
	}
	if _, err := parseSeparator(c.Separator); err != nil {
		p.Add("separator", err.Error(), c.Separator)
	}
	if _, err := parseDecimal(c.Decimal); err != nil {
		p.Add("decimal", err.Error(), c.Decimal)
	}
	if _, err := task.ParseBytes(c.MaxUnpacked); err != nil {
		p.Add("max-unpacked", err.Error(), c.MaxUnpacked)
	}
	if _, err := time.LoadLocation(c.Zone); err != nil || c.Zone == "" || c.Zone == "Local" {
		p.Add("zone", "want an IANA time zone such as Europe/London", c.Zone)
	}
	if !currencyCode.MatchString(c.Currency) {
		p.Add("currency", "want an ISO 4217 code of three capitals such as GBP", c.Currency)
	}
	if !(c.MaxQuarantineShare >= 0 && c.MaxQuarantineShare <= 1) {
		p.Add("max-quarantine-share", "want 0 to 1", c.MaxQuarantineShare)
	}
	if c.CustomerKey != "" && len(c.CustomerKey) < minKey {
		p.Secret("customer-key", "want at least 16 bytes")
	}
	return p.Err()
}

// readOptions says how the delivery is read. The configuration must have passed Validate.
func (c Config) readOptions() (record.Options, error) {
	opts := record.Options{Workers: task.Workers()}
	var err error
	if opts.Columns, err = record.ParseColumnNames(c.Columns); err != nil {
		return opts, err
	}
	if opts.Layout, err = record.ParseLayout(c.DateLayout); err != nil {
		return opts, err
	}
	if opts.Dialect.Encoding, err = record.ParseEncoding(c.Encoding); err != nil {
		return opts, err
	}
	if opts.Dialect.Separator, err = parseSeparator(c.Separator); err != nil {
		return opts, err
	}
	if opts.Dialect.Decimal, err = parseDecimal(c.Decimal); err != nil {
		return opts, err
	}
	if c.CustomerKey != "" {
		opts.CustomerKey = []byte(c.CustomerKey)
	}
	return opts, nil
}

// parameters are the flags that change the content, each in its one spelling. A secret is there by its mark only.
func (c Config) parameters(opts record.Options) map[string]any {
	p := map[string]any{
		"source_name": c.SourceName, "mode": c.Mode, "columns": opts.Columns.String(), "date_layout": opts.Layout.String(),
		"encoding": opts.Dialect.Encoding.String(), "separator": string(opts.Dialect.Separator), "decimal": string(opts.Dialect.Decimal),
		"sheet": c.Sheet, "zone": c.Zone, "currency": c.Currency,
	}
	if mark := keyMark(opts.CustomerKey); mark != "" {
		p["customer_key"] = mark
	}
	if c.AllowOlder { // else a run that has left days out could not be made to store them
		p["allow_older"] = true
	}
	return p
}

// keyMark distinguishes customer keys without showing them; "" for none.
func keyMark(key []byte) string {
	if len(key) == 0 {
		return ""
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("clientele: the mark of a customer key"))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}
