package preprocess

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

var commitPhase = task.Task[planned, contract.PreprocessResult]{
	Name: contract.Preprocess + "-commit", Usage: "make the tables of all partitions' parts visible",
	Description: `Reads the receipts of all partitions, one a line in any order, from standard input; one too many or too few is an error. Writes the
step's tables, its manifest and its pointer, as the step in one process does.`,
	Example: "preprocess commit --plan=plan-….json --root=gs://shop/clientele --pipeline=clientele --run-id=manual --as-of=2011-12-10 < receipts",
	Flags:   plannedFlags, Config: newPlanned, Says: Task.Says,
	Run: func(ctx context.Context, c planned, d task.Deps) (contract.PreprocessResult, error) {
		j, err := c.job(ctx, d)
		if err != nil {
			return contract.PreprocessResult{}, err
		}
		return work.Do(ctx, c.Common, d, work.Job[contract.PreprocessResult]{
			Begin: j.begin, Finish: j.advance,
			Make: func(ctx context.Context, s *run.Session) (*run.Manifest, error) { return j.join(ctx, s, c.Plan) },
		})
	},
}

// join makes the step's tables of the parts.
func (j *job) join(ctx context.Context, s *run.Session, plan string) (*run.Manifest, error) {
	d, err := j.division(ctx, s, plan)
	if err != nil {
		return nil, err
	}
	parts, err := j.parts(ctx, d, plan)
	if err != nil {
		return nil, err
	}
	v := &surveyed{told: d.told}
	if v.snapshot, err = j.readSnapshot(ctx); err != nil {
		return nil, err
	}
	if v.days, err = v.snapshot.Window(ctx, j.window.Start(), j.window.AsOf); err != nil {
		return nil, err
	}
	came, err := sumParts(parts, spansOf(v.days))
	if err != nil {
		return nil, err
	}
	for name, st := range d.Tables {
		s.Take(name, st)
	}
	if err := s.PutFrame(ctx, contract.Ledger, ledgerFrame(came.totals.Ledger), j.opts); err != nil {
		return nil, err
	}
	people := table.NewWriter(contract.Customers, j.opts)
	defer people.Abort()
	windows := table.NewWriter(contract.Windows, j.opts)
	defer windows.Abort()
	for _, w := range d.Windows {
		take := people.WriteFrame
		if w.Name != "" {
			take = func(f *frame.Frame) error { return windows.WriteFrame(windowFrame(w.Name, f)) }
		}
		for _, p := range parts {
			err := j.eachOf(ctx, p.Tables[customersPart(w.Name)], contract.Customers, func(t *table.Reader) error { return t.Each(take) })
			if err != nil {
				return nil, err
			}
		}
	}
	if err := putTable(ctx, s, people); err != nil {
		return nil, err
	}
	if err := putTable(ctx, s, windows); err != nil {
		return nil, err
	}
	if err := j.joinSales(ctx, s, parts); err != nil {
		return nil, err
	}
	return j.commit(ctx, s, v, came)
}

// eachOf opens a part of a table.
func (j *job) eachOf(ctx context.Context, st run.Stored, schema frame.Schema, see func(*table.Reader) error) error {
	return j.home.UseStored(ctx, st, func(src io.ReaderAt, size int64) error {
		t, err := table.Open(src, size, schema, j.opts)
		if err != nil {
			return fault.ErrBadData.Errorf("table", j.home.Root.URI(st.Object), "open %s: %w", st.Object, err)
		}
		defer func() { _ = t.Close() }()
		if err := see(t); err != nil {
			return fmt.Errorf("read %s: %w", st.Object, err)
		}
		return nil
	})
}

// parts reads all receipts, and returns the accounts in the order of partitions.
func (j *job) parts(ctx context.Context, d *division, plan string) ([]*portion, error) {
	parts := make([]*portion, d.Partitions())
	wrong := func(r PartResult, format string, args ...any) error {
		return fault.ErrTemporary.Errorf("receipt", r.Account.Object, "receipt of partition %d: %w", r.Partition, fmt.Errorf(format, args...))
	}
	in := bufio.NewScanner(j.deps.In)
	for in.Scan() {
		var r PartResult
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			return nil, wrong(r, "no receipt: %w", err)
		}
		switch {
		case r.Plan != plan:
			return nil, wrong(r, "of another plan, %s", r.Plan)
		case r.Partition < 0 || r.Partition >= len(parts):
			return nil, wrong(r, "there are %d partitions", len(parts))
		case parts[r.Partition] != nil:
			return nil, wrong(r, "a second one")
		}
		p := &portion{number: r.Partition}
		if err := j.readJSON(ctx, r.Account, p); err != nil {
			return nil, err
		}
		parts[r.Partition] = p
	}
	if err := in.Err(); err != nil {
		return nil, fmt.Errorf("read receipts: %w", err)
	}
	lines := make([]int64, len(d.Windows))
	for i, p := range parts {
		if p == nil || len(p.Lines) != len(lines) {
			return nil, wrong(PartResult{Partition: i}, "it is missing")
		}
		for w, n := range p.Lines {
			lines[w] += n
		}
	}
	for i, w := range d.Windows {
		if lines[i] != w.Lines {
			return nil, fault.ErrTemporary.Errorf("lines", w.Name, "partitions had %d lines of the window %q before %s, the plan says %d: lines were lost on their way, or came twice",
				lines[i], w.Name, w.AsOf, w.Lines)
		}
	}
	return parts, nil
}

// dictionary has texts in their order.
type dictionary []string

// String is that of a sealed retail.Dict.
func (d dictionary) String(id uint32) string { return d[id] }

// sumParts adds up what came of the partitions.
func sumParts(parts []*portion, days []span) (came outcome, err error) {
	first, last := ends(days)
	came.sums.first, came.sums.byDay = first, make([]sum, last-first+1)
	codes := map[string]sum{"": {}} // the first, as in every dictionary
	var accounts []retail.Account
	for _, p := range parts {
		accounts = append(accounts, p.Retail)
		came.crowd.join(p.Crowd)
		for _, d := range p.Days {
			at := d.Day - first
			if at < 0 || int(at) >= len(came.sums.byDay) {
				return came, fault.ErrInternal.Errorf("day", d.Day.String(), "partition %d kept lines of %s, which is outside the window", p.number, calendar.Date(d.Day))
			}
			came.sums.byDay[at].add(sum{d.Lines, d.Amount})
			came.sums.all.add(sum{d.Lines, d.Amount})
		}
		for _, c := range p.Codes {
			of := codes[c.Code]
			of.add(sum{c.Lines, c.Amount})
			codes[c.Code] = of
		}
	}
	names, products := dictionary(slices.Sorted(maps.Keys(codes))), int64(0)
	for _, name := range names {
		of := codes[name]
		if came.sums.byCode = append(came.sums.byCode, of); of.lines > 0 {
			products++
		}
	}
	came.sums.codes = names
	if came.totals, err = retail.SumAccounts(products, accounts); err != nil {
		return came, fmt.Errorf("add up the partitions: %w", err)
	}
	return came, nil
}

// join adds customers who come behind those so far.
func (c *crowd) join(o crowdSum) {
	c.customers += o.Customers
	c.revenue += o.Revenue
	c.invoices += o.Invoices
	if o.Most > c.most {
		c.most, c.mostLines = o.Most, o.MostLines
	}
	if o.Often > c.often {
		c.often, c.lines = o.Often, o.Lines
	}
}

// joinSales makes the table of kept lines of its parts: each has dictionaries of its own.
func (j *job) joinSales(ctx context.Context, s *run.Session, parts []*portion) error {
	columns := make([]int, 0, 5)
	for _, name := range []string{"customer", "invoice", "code", "country", "region"} {
		columns = append(columns, contract.Sales.Index(name))
	}
	used := make([]map[string]int32, len(columns))
	for i := range used {
		used[i] = map[string]int32{}
	}
	each := func(see func(rec *table.Record) error) error {
		for _, p := range parts {
			err := j.eachOf(ctx, p.Tables[contract.Sales.Name], contract.Sales, func(t *table.Reader) error { return eachRecord(t, see) })
			if err != nil {
				return err
			}
		}
		return nil
	}
	err := each(func(rec *table.Record) error {
		for i, c := range columns {
			eachText(rec.Text(c), func(text string) int32 {
				used[i][text] = 0
				return 0
			})
		}
		return nil
	})
	if err != nil {
		return err
	}
	w := j.salesWriter()
	defer w.Abort()
	codings := make([]coding, len(columns))
	for i := range columns {
		codings[i] = codingOf(used[i], i == 0 || i >= 3) // as one process codes them
	}
	var ints []int64
	err = each(func(rec *table.Record) error {
		for i, c := range columns {
			to := w.Text(c)
			text := rec.Text(c)
			known := eachText(text, func(text string) int32 { return used[i][text] })
			for row := range text.Len() {
				at := row
				if text.Codes != nil {
					at = int(text.Codes[row])
				}
				to.AppendCode(known[at])
			}
		}
		for _, name := range []string{"time", "quantity", "price", "amount"} {
			c := contract.Sales.Index(name)
			ints = rec.Ints(ints[:0], c)
			to := w.Int(c)
			for _, v := range ints {
				to.Append(v)
			}
		}
		return w.EndRows(rec.Rows())
	})
	if err != nil {
		return err
	}
	for i, c := range columns {
		w.Text(c).Recode(slices.Values(codings[i].texts), len(codings[i].texts), 0, codings[i].recode)
	}
	return putTable(ctx, s, w)
}

func eachRecord(t *table.Reader, see func(*table.Record) error) error {
	for i := range t.NumRecords() {
		rec, err := t.Record(i)
		if err != nil {
			return err
		}
		err = see(rec)
		rec.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// eachText asks once for each text that a row has, and returns the answers by the text's place.
func eachText(t table.Text, ask func(string) int32) []int32 {
	answers := make([]int32, max(len(t.Offsets)-1, 0))
	asked := make([]bool, len(answers))
	for row := range t.Len() {
		at := row
		if t.Codes != nil {
			at = int(t.Codes[row])
		}
		if !asked[at] {
			answers[at], asked[at] = ask(string(t.Data[t.Offsets[at]:t.Offsets[at+1]])), true
		}
	}
	return answers
}

// coding is a column's distinct texts, and the code of each number.
type coding struct {
	texts []string
	codes []int32
}

func (c coding) recode(numbers []int32) {
	for i, n := range numbers {
		numbers[i] = c.codes[n]
	}
}

// codingOf numbers texts in the order in which [retail.Uses] does, and tells their numbers in used.
func codingOf(used map[string]int32, nullable bool) (c coding) {
	texts := slices.Collect(maps.Keys(used))
	if nullable {
		slices.Sort(texts)
	} else {
		compared := make(map[string]string, len(texts))
		for _, t := range texts {
			compared[t] = retail.Compared(t)
		}
		slices.SortFunc(texts, func(a, b string) int { return cmp.Or(cmp.Compare(compared[a], compared[b]), cmp.Compare(a, b)) })
	}
	for i, t := range texts {
		used[t] = int32(i)
		if t == "" && nullable {
			c.codes = append(c.codes, -1)
			continue
		}
		c.codes = append(c.codes, int32(len(c.texts)))
		c.texts = append(c.texts, t)
	}
	return c
}
