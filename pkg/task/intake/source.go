package intake

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/delivery/source"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/task"
)

// ReachFlags are the flags that say how a source is reached, and change nothing of what it holds.
var ReachFlags = []string{"source-header-env", "source-header-file", "source-header-host", "source-private-host", "ca-file", "allow-http", "source-timeout", "max-bytes", "source-location", "max-bytes-billed"}

// Locations returns the locations of the delivery on the as-of day.
func (c Config) Locations() ([]source.Location, error) {
	list, err := c.filled()
	if err != nil {
		return nil, err
	}
	return source.Parse(list)
}

// filled is the source with its days.
func (c Config) filled() (string, error) {
	if c.From == "" && c.To == "" || !source.HasDays(c.Source) {
		return source.FillIn(c.Source, c.Midnight(time.UTC))
	}
	from, err := calendar.ParseDate(c.From)
	if err != nil {
		return "", fmt.Errorf("--from: %w", err)
	}
	to, err := calendar.ParseDate(c.To)
	if err != nil {
		return "", fmt.Errorf("--to: %w", err)
	}
	return source.Days(c.Source, time.UnixMicro(from.Start()).UTC(), time.UnixMicro(to.Start()).UTC(), c.Midnight(time.UTC))
}

// Midnight is when the as-of day begins. A zone may begin a day later than at 00:00.
func (c Config) Midnight(zone *time.Location) time.Time {
	day, err := calendar.ParseDate(c.Day)
	if err != nil {
		day = 0 // Validate has reported it
	}
	utc := time.UnixMicro(day.Start()).UTC()
	at := time.Date(utc.Year(), utc.Month(), utc.Day(), 0, 0, 0, 0, zone)
	for at.Day() != utc.Day() {
		at = at.Add(15 * time.Minute)
	}
	return at
}

// checkReach notes what is wrong with --source and how it is reached.
func (c Config) checkReach(p *task.Problems) {
	where, err := c.Locations()
	if err != nil {
		p.Add("source", strings.ReplaceAll(err.Error(), "\n", "; "), source.Redact(c.Source))
	}
	for _, l := range where {
		if l.Cleartext() && !c.AllowHTTP {
			p.Add("source", "http:// to another machine can be read and changed on the way: use https://, or say --allow-http", l.String())
		}
	}
	c.checkTable(p, where)
	if c.SourceHeaderEnv != "" && c.SourceHeaderFile != "" {
		p.Add("source-header-env", "goes without --source-header-file", c.SourceHeaderEnv)
	}
	if strings.ContainsAny(c.SourceHeaderEnv, "=: \t\n") {
		p.Secret("source-header-env", "want the name of a variable, not the header itself")
	}
	if _, err := source.ParseHosts(c.SourceHeaderHost); err != nil {
		p.Add("source-header-host", err.Error(), c.SourceHeaderHost)
	}
	if _, err := source.ParseHosts(c.SourcePrivateHost); err != nil {
		p.Add("source-private-host", err.Error(), c.SourcePrivateHost)
	}
	if c.SourceTimeout < 1 {
		p.Add("source-timeout", "want a number of seconds, 1 or more", c.SourceTimeout)
	}
	if _, err := task.ParseBytes(c.MaxBytes); err != nil {
		p.Add("max-bytes", err.Error(), c.MaxBytes)
	}
}

// mostShown bounds how many files are named.
const mostShown = 10

// Shown is --source as it may be shown.
func (c Config) Shown() string {
	where, err := c.Locations()
	if err != nil {
		return source.Redact(c.Source)
	}
	var names []string
	for _, l := range where {
		names = append(names, l.String())
	}
	if n := len(names); n > mostShown {
		return fmt.Sprintf("%s and %d more", names[0], n-1)
	}
	return strings.Join(names, ", ")
}

// options says how the delivery is reached.
func (c Config) options(d task.Deps) (opts source.Options, err error) {
	opts = source.Options{
		Scratch: d.Scratch, Memory: d.Memory.Object(), Timeout: time.Duration(c.SourceTimeout) * time.Second, AllowHTTP: c.AllowHTTP,
		AllowMissing: c.AllowMissing,
	}
	if opts.MaxBytes, err = task.ParseBytes(c.MaxBytes); err != nil {
		return opts, err
	}
	if opts.Header, err = c.credentials(); err != nil {
		return opts, err
	}
	if opts.HeaderHosts, err = source.ParseHosts(c.SourceHeaderHost); err != nil {
		return opts, err
	}
	if opts.PrivateHosts, err = source.ParseHosts(c.SourcePrivateHost); err != nil {
		return opts, err
	}
	opts.RootCAs, err = c.authorities()
	return opts, err
}

// Files returns the location of each file of the delivery: those of a range, and those that patterns fit now.
func (c Config) Files(ctx context.Context, d task.Deps) ([]source.Location, error) {
	where, err := c.Locations()
	if err != nil {
		return nil, err
	}
	opts, err := c.options(d)
	if err != nil {
		return nil, err
	}
	files, err := source.Expand(ctx, where, opts)
	return files, fault.About(c.Shown(), err)
}

// Open opens, hashes and, if it is remote, fetches the delivery. known is what it was at an earlier time. later
// is [source.Options.HashLater].
func (c Config) Open(ctx context.Context, d task.Deps, where []source.Location, known []source.Known, later bool) (*source.Delivery, error) {
	opts, err := c.options(d)
	if err != nil {
		return nil, err
	}
	opts.Known, opts.HashLater, opts.Table = known, later, c.table(d)
	bar := d.Progress.Bar("getting", 0)
	opts.Progress = bar.Add
	src, err := source.Open(ctx, where, opts)
	bar.Done()
	switch {
	case err == nil:
		if n := len(src.Absent); n > 0 {
			d.Log.Warn("some files are not there and were passed over", "files", n, "such_as", strings.Join(src.Absent[:min(mostShown, n)], ", "))
		}
		return src, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.Is(err, source.ErrNotThere) && (c.Ranged || source.HasDays(c.Source)):
		return nil, fault.Errorf(fault.ExitMissing, "missing_days", c.Shown(), "--source: %w; nothing was stored. Deliver them, or say --allow-missing if there was nothing to deliver on these days", err)
	case errors.Is(err, source.ErrNotThere):
		missing, local := errors.AsType[*fs.PathError](err)
		switch {
		case local && !c.mayCome(where):
			err = fault.Errorf(fault.ExitMissing, "no_such_file", missing.Path, "--source: no such file: %s", missing.Path)
		case c.Day != "":
			err = fmt.Errorf("%w; it is due since %s", err, c.due())
		}
		if strings.Contains(c.Source, ",") && !strings.Contains(c.Source, "\n") {
			err = fmt.Errorf("%w (several sources are separated by line breaks, not commas)", err)
		}
	}
	return nil, fault.About(c.Shown(), err)
}

// aDay is a day in a path, as in sales-2011-12-10.csv, 20111210 or 2011/12/10.
var aDay = regexp.MustCompile(`(^|[^0-9])(19|20)[0-9]{2}[-_/.]?[01][0-9][-_/.]?[0-3][0-9]([^0-9]|$)`)

// mayCome reports whether a local source that is not there may still come: its name says of which day it is, or it is a
// pattern. A name that is always the same is mistyped, or its folder is not mounted: waiting does not help.
func (c Config) mayCome(where []source.Location) bool {
	return strings.Contains(c.Source, "{as_of") || aDay.MatchString(c.Source) || slices.ContainsFunc(where, source.Location.Remote)
}

// due says since when a delivery can be expected: since the as-of day began.
func (c Config) due() string {
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return c.Day
	}
	return c.Midnight(zone).Format("2006-01-02 15:04 ") + c.Zone
}

// credentials reads the headers that servers want to see. They come from where a secret is kept, and never from a flag.
func (c Config) credentials() (http.Header, error) {
	flag, text := "source-header-env", ""
	bad := func(err error) error {
		return fault.Errorf(fault.ExitConfig, "source_header", "", "--%s: %w", flag, err)
	}
	switch {
	case c.SourceHeaderEnv != "":
		value, ok := os.LookupEnv(c.SourceHeaderEnv)
		if !ok {
			return nil, bad(fmt.Errorf("there is no variable %s", c.SourceHeaderEnv))
		}
		text = value
	case c.SourceHeaderFile != "":
		flag = "source-header-file"
		data, err := os.ReadFile(c.SourceHeaderFile)
		if err != nil {
			return nil, bad(err)
		}
		text = string(data)
	default:
		return nil, nil
	}
	header, err := source.ParseHeader(text)
	if err != nil {
		return nil, bad(err)
	}
	return header, nil
}

// authorities returns whom the system trusts and those of --ca-file; nil is the system's alone.
func (c Config) authorities() (*x509.CertPool, error) {
	if c.CAFile == "" {
		return nil, nil
	}
	bad := func(err error) error {
		return fault.Errorf(fault.ExitConfig, "ca_file", c.CAFile, "--ca-file: %w", err)
	}
	data, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, bad(err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(data) {
		return nil, bad(fmt.Errorf("%s has no certificate in PEM", c.CAFile))
	}
	return pool, nil
}
