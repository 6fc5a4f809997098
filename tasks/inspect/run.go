package inspect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/delivery/detect"
	"github.com/clientele/clientele/pkg/delivery/reading"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/profile"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/intake"
)

// Run looks at the delivery and reads all of it. What a delivery would be refused for is an error here too, with the same message.
func Run(ctx context.Context, c Config, d task.Deps) (Result, error) {
	r, err := c.inspect(ctx, d)
	return r, intake.Advise(err)
}

func (c Config) inspect(ctx context.Context, d task.Deps) (r Result, err error) {
	write := c.Profile != "" && isNew(c.Profile)
	from := c.Config
	if write {
		from.Profile = ""
	}
	given, err := from.LoadProfile(ctx, d)
	if err != nil {
		return r, err
	}
	stated, err := from.StatedOver(given)
	if err != nil {
		return r, err
	}
	if err := errors.Join(c.LoadRates(ctx, d), c.LoadQuery(ctx, d)); err != nil {
		return r, err
	}
	c.Reading = stated
	where, err := c.Locations()
	if err != nil {
		return r, err
	}
	src, err := c.Open(ctx, d, where, nil, false)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	found, err := c.Look(ctx, src, d, stated, reading.Reading{})
	if err != nil {
		return r, err
	}
	stating := c.Currency != reading.Auto
	c.Currency = c.CurrencyOf("", found)
	opts, err := c.Options(found.Reading)
	if err != nil {
		return r, err
	}
	g := newGatherer(int(d.Memory), opts.Missing)
	opts.Missing = nil
	counts, err := c.Read(ctx, src, opts, d, "reading", g.add)
	if err != nil {
		return r, err
	}
	r = Result{
		Source: src.Name, Format: found.Format, Packing: found.Packing, Sheets: found.Sheets, Columns: found.Columns,
		Records: counts.Records, Accepted: counts.Accepted, Rejected: counts.Rejected, Money: g.total, Looked: g.lines.lines(), Quarantine: rejects(counts),
		Findings: found.Findings(),
	}
	if counts.Accepted > 0 {
		first, last := calendar.DateOf(counts.First), calendar.DateOf(counts.Last)
		r.First, r.Last = &first, &last
	}
	r.Decisions = append(read(found, &g.stakes, opts.Zone), c.root(&g.stakes, stating, found.Currency != "")...)
	if len(counts.Currencies)+len(counts.NoRate) > 0 {
		r.Decisions = append(r.Decisions, c.currencies(counts))
	}
	made := profile.Profile{Read: found.Reading, Meaning: given.Meaning}
	if err := g.decide(&r, &made); err != nil {
		return r, err
	}
	return r, c.profile(&r, made, write)
}

// isNew reports whether a profile is a local file that is not there: then it is written.
func isNew(where string) bool {
	if strings.Contains(where, "://") {
		return false
	}
	_, err := os.Stat(where)
	return errors.Is(err, fs.ErrNotExist)
}

// profile makes the profile of what was decided, and writes it.
func (c Config) profile(r *Result, p profile.Profile, write bool) error {
	text, err := p.Text("How " + filepath.Base(r.Source) + " is read and what its lines mean, as inspect found it.")
	if err != nil {
		return err
	}
	r.Profile = string(text)
	if !write {
		return nil
	}
	f, err := os.OpenFile(c.Profile, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fault.Errorf(fault.ExitConfig, "profile", c.Profile, "--profile: %w", err)
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return fault.Errorf(fault.ExitConfig, "profile", c.Profile, "--profile: %w", errors.Join(err, os.Remove(c.Profile)))
	}
	r.WrittenTo = c.Profile
	return nil
}

// rejects are the checks that records broke, by descending count.
func rejects(n record.Counts) []Rejects {
	all := []Rejects{}
	for i, rows := range n.Broken {
		if rows > 0 {
			all = append(all, Rejects{record.Checks[i].Name, rows, n.Examples[i].String()})
		}
	}
	slices.SortStableFunc(all, func(a, b Rejects) int { return cmp.Compare(b.Rows, a.Rows) })
	return all
}

// read are the decisions on how the delivery is read.
func read(found *detect.Found, s *stakes, zone *time.Location) []Decision {
	var all []Decision
	for _, d := range found.Decisions {
		change := "--" + strings.ReplaceAll(d.Part, "_", "-") + ", read." + d.Part
		switch d.Part {
		case detect.PartHeader:
			change = "another row of the file"
		case detect.PartHidden, detect.PartOther:
			change = "--sheet"
		case detect.PartCurrency:
			change = "--currency"
		}
		about, alternatives := s.of(d, zone)
		all = append(all, Decision{
			Part: d.Part, Value: d.Value, From: d.From, Why: d.Why, Lines: about.lines, Money: about.money,
			Examples: about.examples, Alternatives: alternatives, Change: change,
		})
	}
	var columns, ignored []string
	for _, c := range found.Columns {
		if c.Field != "" {
			columns = append(columns, c.Field+"="+c.Name)
		} else {
			ignored = append(ignored, c.Name)
		}
	}
	why := "their names are known"
	if len(found.Reading.Columns) > 0 {
		why = "some are stated, the names of the others are known"
	}
	of := Decision{
		Part: "columns", Value: strings.Join(columns, ", "), From: detect.FromSample, Why: why, Lines: s.all.lines, Money: s.all.money,
		Examples: s.all.examples, Change: "--columns, [read.columns]",
	}
	if len(ignored) > 0 {
		of.Alternatives = []detect.Alternative{{Value: "a column that is not read", Why: strings.Join(ignored, ", ")}}
	}
	return append(all, of)
}

// root are the decisions that hold for all lines of a root.
func (c Config) root(s *stakes, stated, found bool) []Decision {
	from := detect.FromDefault
	if stated {
		from = detect.FromStated
	}
	all := []Decision{
		{Part: "zone", Value: c.Zone, From: detect.FromStated, Why: "times without a zone are this zone's, others are converted to it", Examples: s.times, Change: "--zone"},
		{Part: "currency", Value: c.Currency, From: from, Why: fmt.Sprintf("prices are taken for %s", c.Currency), Examples: s.prices, Change: "--currency"},
	}
	for i := range all {
		all[i].Lines, all[i].Money = s.all.lines, s.all.money
		all[i].Alternatives = []detect.Alternative{{Value: "another", Why: "nothing in the delivery says it for certain"}}
	}
	if found { // it is among those of reading
		return all[:1]
	}
	return all
}

// currencies says what is in other currencies than the root's: refused by ingest, or converted.
func (c Config) currencies(n record.Counts) Decision {
	d := Decision{Part: "currencies", Value: "more than " + c.Currency, From: detect.FromSample, Change: "--rates", Why: "ingest refuses them without --rates"}
	for _, currency := range slices.Sorted(maps.Keys(n.Currencies)) {
		e := n.Currencies[currency]
		d.Lines += e.Records
		d.Money += e.Amount
		d.Examples = append(d.Examples, fmt.Sprintf("%s %d lines, %s", cmp.Or(currency, "unknown"), e.Records, e.Original))
	}
	switch {
	case len(n.NoRate) > 0:
		d.Why = fmt.Sprintf("%d days and currencies have no rate in %s", len(n.NoRate), c.Rates)
	case c.RatesSHA256() != "":
		d.Why = "converted by the rates of " + c.Rates
	}
	return d
}
