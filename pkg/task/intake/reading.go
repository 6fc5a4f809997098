package intake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/clientele/clientele/pkg/delivery"
	"github.com/clientele/clientele/pkg/delivery/detect"
	"github.com/clientele/clientele/pkg/delivery/rates"
	"github.com/clientele/clientele/pkg/delivery/reading"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/delivery/source"
	"github.com/clientele/clientele/pkg/profile"
	"github.com/clientele/clientele/pkg/task"
)

var currencyCode = regexp.MustCompile(`^[A-Z]{3}$`)

// flagOf returns the flag that states a part of a reading.
func flagOf(part string) string { return strings.ReplaceAll(part, "_", "-") }

// flags is what the flags state.
func (c Config) flags() (reading.Reading, error) {
	columns, err := reading.ParseColumns(c.Columns)
	r := reading.Reading{
		Preset: c.Preset, Encoding: c.Encoding, Separator: c.Separator, Decimal: c.Decimal, Group: c.Group, DateLayout: c.DateLayout,
		Sheets: c.Sheets, Columns: columns,
	}
	for word := range strings.SplitSeq(c.Missing, ",") {
		if word = strings.TrimSpace(word); word != "" {
			r.Missing = append(r.Missing, word)
		}
	}
	return r, err
}

// Stated is what flags and profile state; the flags win.
func (c Config) Stated(ctx context.Context, d task.Deps) (reading.Reading, error) {
	p, err := c.LoadProfile(ctx, d)
	if err != nil {
		return reading.Reading{}, err
	}
	return c.StatedOver(p)
}

// StatedOver is Stated with a profile that is loaded.
func (c Config) StatedOver(p profile.Profile) (reading.Reading, error) {
	flags, err := c.flags()
	return flags.Over(p.Read), err
}

// LoadProfile reads the profile, which says nothing if there is none.
func (c Config) LoadProfile(ctx context.Context, d task.Deps) (profile.Profile, error) {
	opts, err := c.beside(d)
	if err != nil {
		return profile.Profile{}, err
	}
	return profile.Load(ctx, c.Profile, opts)
}

// LoadRates reads the rates of exchange, if any are stated: then [Config.Options] convert by them.
func (c *Config) LoadRates(ctx context.Context, d task.Deps) error {
	if c.Rates == "" {
		return nil
	}
	opts, err := c.beside(d)
	if err == nil {
		c.rates, err = rates.Load(ctx, c.Rates, c.RatesDays, opts)
	}
	return err
}

// RatesSHA256 names the rates that were loaded, "" for none.
func (c Config) RatesSHA256() string {
	if c.rates == nil {
		return ""
	}
	return c.rates.SHA256
}

// wrap says which flag an error is of.
func wrap(flag string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", flag, err)
}

// beside are the options of small files beside the delivery: they are sent no credentials.
func (c Config) beside(d task.Deps) (source.Options, error) {
	roots, err := c.authorities()
	return source.Options{Scratch: d.Scratch, Timeout: time.Duration(c.SourceTimeout) * time.Second, AllowHTTP: c.AllowHTTP, RootCAs: roots}, err
}

// defaultCurrency is that of prices that nothing says anything of.
const defaultCurrency = "GBP"

// CurrencyOf returns the currency of a delivery: what is stated, else that of the stored lines, else the one that its lines name or
// whose sign its prices have.
func (c Config) CurrencyOf(stored string, found *detect.Found) string {
	if c.Currency != reading.Auto {
		return c.Currency
	}
	seen := ""
	if found != nil {
		seen = found.Currency
	}
	return cmp.Or(stored, seen, defaultCurrency)
}

// Options are those of a reading. Parts that are not decided have their defaults.
func (c Config) Options(r reading.Reading) (record.Options, error) {
	opts := record.Options{Workers: task.Workers()}
	if err := r.Set(&opts); err != nil {
		return opts, err
	}
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return opts, err
	}
	if opts.Zone = zone; c.Currency != reading.Auto {
		opts.Currency = c.Currency
	}
	if c.rates != nil {
		opts.Rates = c.rates
	}
	return opts, nil
}

// Look finds out how the delivery is written, see [detect.Look].
func (c Config) Look(ctx context.Context, src *source.Delivery, d task.Deps, stated, kept reading.Reading) (*detect.Found, error) {
	limit, err := task.ParseBytes(c.MaxUnpacked)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return nil, err
	}
	return detect.Look(ctx, src, detect.Options{
		Stated: stated, Kept: kept, Sheet: c.Sheet, Zone: zone, Unpack: source.UnpackOptions{Scratch: d.Scratch, MaxBytes: limit}, SharedStrings: d.Memory.SharedStrings(),
	})
}

// Advise adds the flags that can help to an error of a delivery.
func Advise(err error) error {
	header, isHeader := errors.AsType[*record.HeaderError](err)
	var flags string
	switch {
	case isHeader && header.Table != "":
		flags = "--columns maps columns with other names, --sheet selects one sheet"
	case isHeader:
		flags = "--columns maps columns with other names, --separator sets the character between them"
	case errors.Is(err, delivery.ErrSheet):
		flags = "--sheet"
	case errors.Is(err, source.ErrTLS):
		flags = "--ca-file adds certificate authorities to those of the system"
	case errors.Is(err, source.ErrTooBig):
		flags = "--max-bytes"
	case errors.Is(err, source.ErrBomb): // no flag allows it
		return err
	case errors.Is(err, source.ErrTooLarge):
		flags = "--max-unpacked"
	default:
		return err
	}
	return fmt.Errorf("%w (%s)", err, flags)
}
