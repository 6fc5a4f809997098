// Package ingest reads a delivery and stores its lines: every record ends in one place, accepted into a day's partition or
// rejected with every rule it broke, and the delivery becomes visible as a whole or not at all.
package ingest

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/delivery/reading"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/profile"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/intake"
)

// Task is ingest as a program.
var Task = task.Task[Config, contract.IngestResult]{
	Name:  contract.Ingest,
	Usage: contract.Does(contract.Ingest),
	Description: `Reads transaction lines from delimited text, a workbook (xlsx), Parquet or an Arrow file, optionally compressed with gzip, zstd or
zip. The format is detected from the content. Records that fail a check are rejected and kept with their raw text. If their share exceeds
--max-quarantine-share, the delivery is rejected and the ten most common reasons are listed. All lines become visible at once, by
one swap of state/lines.json. With --mode=replace, a delivered day replaces that day of the same --source-name; with append, its
lines are added, and a file that has already been ingested is rejected; with everything, the delivery replaces all that its source has
stored. Ingesting the same file again changes nothing. A day that was
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
	modeReplace    = "replace"
	modeAppend     = "append"
	modeEverything = "everything"
)

// minKey is the least length of a customer key: shop customer numbers are few, so a short key would be guessed.
const minKey = 16

// Config is the configuration of ingest.
type Config struct {
	task.Common
	intake.Config
	SourceName         string
	Mode               string
	Chunk              int     // files of a chunk; 0: all are one delivery
	Overlap            string  // overlapAdd or overlapRefuse
	MaxQuarantineShare float64 // 0..1
	MaxDays            int     // 0 means any number
	AllowShrink        bool
	AllowOlder         bool
	Undo               string // sha256 of a snapshot
	CustomerKey        string // secret
	ExitNothingNew     bool
}

// Flags declares ingest's flags.
func Flags() []cli.Flag {
	return slices.Concat(task.CommonFlags(), intake.SourceFlags(), []cli.Flag{
		task.String("source-name", "shop", "`NAME` of the source; a delivered day replaces that day of the same source"),
		task.String("mode", modeReplace, "`MODE`: replace (a delivered day replaces that day), append (its lines are added) or everything (the delivery replaces all days of its source)"),
		task.Int("chunk", 0, "store every `NUMBER` of files as a delivery of its own, so that an interrupted command continues where it ended; 0 stores all files at once"),
		task.String("overlap", overlapAdd, "`MODE` for a day in several files: add (each file has lines of its own) or refuse"),
		task.String("profile", "", profile.Usage),
	}, intake.ReadFlags(), []cli.Flag{
		task.Int("max-days", 20_000, "maximum `NUMBER` of days of a delivery, 0 for any"),
		task.Float("max-quarantine-share", 0.02, "maximum `SHARE` of rejected records, 0 to 1; also of the physical lines and of the money in them"),
		task.Bool("allow-shrink", "accept a day with over 20 % fewer lines than the stored one; with --mode=everything, a source with over 20 % fewer lines or days"),
		task.Bool("allow-older", "replace stored days even if a run with a later as-of delivered them; otherwise those days stay"),
		task.String("undo", "", "make the snapshot before this `SNAPSHOT` current again, if this one is current; reads no delivery"),
		task.Secret(task.String("customer-key", "", "`SECRET` key for hashing customer ids (HMAC-SHA256), at least 16 bytes; set it in the environment, not on the command line")),
		task.Bool("exit-nothing-new", "exit with 99 when nothing was new"),
	})
}

// NewConfig reads the flags.
func NewConfig(c *cli.Context) Config {
	return Config{
		Common: task.NewCommon(c), Config: intake.NewConfig(c), SourceName: c.String("source-name"), Mode: c.String("mode"), Chunk: c.Int("chunk"), Overlap: c.String("overlap"),
		MaxQuarantineShare: c.Float64("max-quarantine-share"), MaxDays: c.Int("max-days"), AllowShrink: c.Bool("allow-shrink"), AllowOlder: c.Bool("allow-older"),
		Undo: c.String("undo"), CustomerKey: c.String("customer-key"), ExitNothingNew: c.Bool("exit-nothing-new"),
	}
}

var (
	sourceName   = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)
	snapshotHash = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// Validate reports every problem at once.
func (c Config) Validate() error {
	var p task.Problems
	c.Common.Check(&p)
	if c.Undo != "" {
		if !snapshotHash.MatchString(c.Undo) {
			p.Add("undo", "want the 64 hex digits of a snapshot", c.Undo)
		}
		if c.Source != "" {
			p.Add("undo", "takes nothing in, so it goes without --source", c.Undo)
		}
	}
	if !sourceName.MatchString(c.SourceName) || c.SourceName == "index" {
		p.Add("source-name", "want 1 to 63 of a-z, 0-9, _ and -, and not index", c.SourceName)
	}
	if c.Mode != modeReplace && c.Mode != modeAppend && c.Mode != modeEverything {
		p.Add("mode", "want replace, append or everything", c.Mode)
	}
	if c.Chunk < 0 || c.Chunk > 0 && c.Mode == modeEverything {
		p.Add("chunk", "want a number of files, or 0 for all; not with --mode=everything, of which each chunk would be all", c.Chunk)
	}
	if c.Overlap != "" && c.Overlap != overlapAdd && c.Overlap != overlapRefuse {
		p.Add("overlap", "want add or refuse", c.Overlap)
	}
	c.in().Check(&p, c.Undo == "")
	if !(c.MaxQuarantineShare >= 0 && c.MaxQuarantineShare <= 1) {
		p.Add("max-quarantine-share", "want 0 to 1", c.MaxQuarantineShare)
	}
	if c.MaxDays < 0 {
		p.Add("max-days", "want a number of days, or 0 for any", c.MaxDays)
	}
	if c.CustomerKey != "" && len(c.CustomerKey) < minKey {
		p.Secret("customer-key", "want at least 16 bytes")
	}
	return p.Err()
}

// in is what the flags say of the delivery, on the as-of day.
func (c Config) in() intake.Config {
	in := c.Config
	in.Day = c.AsOf
	return in
}

// readOptions says how a delivery of this reading is read. The configuration must have passed Validate.
func (c Config) readOptions(r reading.Reading) (record.Options, error) {
	opts, err := c.Options(r)
	if c.CustomerKey != "" {
		opts.CustomerKey = []byte(c.CustomerKey)
	}
	return opts, err
}

// parameters are what changes the content, each in its one spelling. A secret is there by its mark only.
func (c Config) parameters(r reading.Reading) map[string]any {
	p := map[string]any{
		"source_name": c.SourceName, "mode": c.Mode, "reading": r.Clean(), "sheet": c.Sheet, "zone": c.Zone, "currency": c.Currency,
	}
	if mark := record.KeyMark([]byte(c.CustomerKey)); mark != "" {
		p["customer_key"] = mark
	}
	if sum := c.RatesSHA256(); sum != "" {
		p["rates"], p["rates_days"] = sum, c.RatesDays
	}
	if c.AllowOlder { // else a run that has left days out could not be made to store them
		p["allow_older"] = true
	}
	return p
}
