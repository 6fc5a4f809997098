package ingest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/delivery"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/delivery/source"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

// Latest returns the day of the latest line of the source, by the same reader and rules as [Run]. It writes nothing. It is for
// who knows no as-of day yet, so the source's name cannot have one.
func Latest(ctx context.Context, c Config, d task.Deps) (calendar.Date, error) {
	day, err := latest(ctx, c, d)
	return day, advise(err)
}

func latest(ctx context.Context, c Config, d task.Deps) (calendar.Date, error) {
	if strings.Contains(c.Source, "{as_of") {
		return 0, fault.Errorf(fault.ExitUsage, "flags", c.in().Shown(), "--as-of: needs a value, because --source has {as_of}")
	}
	home, err := work.Open(ctx, c.Common, d)
	if err != nil {
		return 0, err
	}
	defer func() { _ = home.Close() }()
	j := &job{c: c, d: d, home: home}
	defer func() { _ = j.close() }()
	past, err := j.prepare(ctx, contract.Run{})
	if err != nil {
		return 0, err
	}
	if j.src, err = j.c.in().Open(ctx, d, j.where, past.known(), true); err != nil {
		return 0, err
	}
	if j.src.Known() {
		return *past.seen.Result.Last, nil
	}
	if _, err := j.resolve(ctx, past); err != nil {
		return 0, err
	}
	days := datedLines{}
	counts, err := j.c.read(ctx, j.src, j.opts, d, "looking for the latest day", days.add)
	if err != nil {
		return 0, err
	}
	return calendar.DateOf(counts.Last), days.far(j.src.Name)
}

// datedLines says how many lines each day has, and where the first record of them is.
type datedLines map[calendar.Date]struct{ rows, record, line int64 }

func (d datedLines) add(b *record.Block) error {
	for i := range b.Runs {
		r := &b.Runs[i]
		day := d[r.Day]
		if day.rows += int64(r.Rows); day.record == 0 {
			day.record, day.line = r.Record, r.Line
		}
		d[r.Day] = day
	}
	return nil
}

// What makes the last days of a delivery mistakes of a year: a few lines, long after all others.
const (
	farDays = 366
	farPart = 0.01 // of the lines
)

// far returns a Fault if the last days are that: nobody has said what the as-of day is, and they would make it.
func (d datedLines) far(name string) error {
	days := slices.Sorted(maps.Keys(d))
	all := int64(0)
	for _, day := range d {
		all += day.rows
	}
	after := int64(0)
	for i := len(days) - 1; i > 0; i-- {
		last, before := days[i], days[i-1]
		if after += d[last].rows; float64(after) > farPart*float64(all) {
			return nil
		}
		if last-before > farDays {
			return fault.Errorf(fault.ExitBadData, "far_dates", name,
				"%s: record %d (line %d) is dated %s, %d days after the line before it, and %d of %d lines are as late; nothing was stored. Correct the year in the source, or say by --as-of which day the run is for",
				name, d[last].record, d[last].line, last, last-before, after, all)
		}
	}
	return nil
}

// read reads the whole delivery into sink and checks that it is one: complete, with the wanted columns, with lines, and with
// few records that break a rule.
func (c Config) read(ctx context.Context, src *source.Delivery, opts record.Options, d task.Deps, title string, sink delivery.Sink) (record.Counts, error) {
	counts, err := c.in().Read(ctx, src, opts, d, title, sink)
	if err != nil {
		return counts, err
	}
	return counts, c.accept(src.Name, counts)
}

// accept returns a Fault unless the delivery's records are good enough to be stored.
func (c Config) accept(name string, n record.Counts) error {
	if n.Records == 0 {
		return fault.Errorf(fault.ExitBadData, "empty", name, "%s is empty except for its header", name)
	}
	if err := c.oneCurrency(name, n); err != nil {
		return err
	}
	what := c.excess(n)
	if n.Accepted > 0 && what == "" {
		return nil
	}
	limit := fmt.Sprintf("more than --max-quarantine-share=%g", c.MaxQuarantineShare)
	if n.Accepted == 0 {
		what, limit = c.shares(n)[0].String(), "all of them"
	}
	return fault.Errorf(fault.ExitBadData, "quarantine_share", name, "%s: %s break a rule, %s; nothing was stored; %s%s",
		name, what, limit, commonest(n), hint(n))
}

// rejectedShare is how much of a delivery was rejected by one measure.
type rejectedShare struct {
	rejected, all string
	unit          string
	share         float64
}

func (s rejectedShare) String() string {
	return fmt.Sprintf("%s of %s %s (%.1f %%)", s.rejected, s.all, s.unit, 100*s.share)
}

// shares returns what was rejected in records, in physical lines and in money. Money is that of records whose numbers can be read.
// What customers have who are forgotten is no part of either.
func (c Config) shares(n record.Counts) []rejectedShare {
	of := func(unit string, rejected, all int64, text func(int64) string) rejectedShare {
		return rejectedShare{text(rejected), text(all), unit, float64(rejected) / float64(max(all, 1))}
	}
	count := func(v int64) string { return strconv.FormatInt(v, 10) }
	amount := func(v int64) string { return strconv.FormatFloat(money.Amount(v).Float(), 'f', 2, 64) }
	forgotten := n.Broken[bits.TrailingZeros32(uint32(record.Forgotten))]
	all := []rejectedShare{
		of("records", n.Rejected-forgotten, n.Records-forgotten, count), of("lines", n.RejectedLines-n.ForgottenLines, n.Lines-n.ForgottenLines, count),
	}
	if accepted, rejected := int64(n.AcceptedAmount), int64(n.RejectedAmount-n.ForgottenAmount); accepted < math.MaxInt64-rejected {
		all = append(all, of(c.Currency, rejected, accepted+rejected, amount))
	}
	return all
}

// excess says of which measure too large a share was rejected, records before lines before money; "" means none.
func (c Config) excess(n record.Counts) string {
	for _, s := range c.shares(n) {
		if s.share > c.MaxQuarantineShare {
			return s.String()
		}
	}
	return ""
}

// commonest lists the ten rules that most records broke, with an example each.
func commonest(n record.Counts) string {
	var reasons []string
	for _, r := range ruleCounts(n) {
		if len(reasons) == 10 {
			break
		}
		i := r.index
		reasons = append(reasons, fmt.Sprintf("%s %d (%s)", r.Rule, r.Rows, n.Examples[i]))
	}
	return strings.Join(reasons, "; ")
}

// hint names the flag that most likely is wrong, where one rule took most of what was rejected.
func hint(n record.Counts) string {
	counts := ruleCounts(n)
	if len(counts) == 0 || 2*counts[0].Rows < n.Rejected {
		return ""
	}
	switch counts[0].Rule {
	case record.BadTime.String():
		return "; are the dates in another --date-layout?"
	case record.BadEncoding.String():
		return "; is the text in another --encoding?"
	case record.OtherCurrency.String():
		return "; are the prices in another --currency? --columns currency= leaves a column out"
	case record.RoundedID.String():
		return "; export again with the numbers as text: a spreadsheet has rounded them"
	case record.AmountMismatch.String():
		return "; if the price is not what was paid, --columns price= leaves it out"
	}
	return ""
}

type ruleCount struct {
	contract.RuleCount
	index int
}

// ruleCounts counts the records that broke each rule, by descending count; a record can break several.
func ruleCounts(n record.Counts) []ruleCount {
	counts := []ruleCount{}
	for i, rows := range n.Broken {
		if rows > 0 {
			counts = append(counts, ruleCount{contract.RuleCount{Rule: record.Checks[i].Name, Rows: rows}, i})
		}
	}
	slices.SortStableFunc(counts, func(a, b ruleCount) int {
		return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.Rule, b.Rule))
	})
	return counts
}
