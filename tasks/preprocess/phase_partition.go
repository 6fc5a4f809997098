package preprocess

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/feature"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
)

// PartResult is the receipt of a partition: a line for the phase commit.
type PartResult struct {
	Plan      string     `json:"plan"`
	Partition int        `json:"partition"`
	Account   run.Stored `json:"account"`
}

var partitionPhase = task.Task[planned, PartResult]{
	Name: contract.Preprocess + "-partition", Usage: "work on the lines of one partition",
	Description: `Reads all frames of one partition, in any order, from standard input; of one without lines its number and a tab. Writes its parts
of the tables under names that say their content, and prints a receipt: a line of JSON.`,
	Example: "preprocess partition --plan=plan-….json --root=gs://shop/clientele --pipeline=clientele --run-id=manual --as-of=2011-12-10 < frames",
	Flags:   plannedFlags, Config: newPlanned, Print: printLine[PartResult],
	Run: func(ctx context.Context, c planned, d task.Deps) (r PartResult, err error) {
		err = c.phase(ctx, d, func(j *job, s *run.Session) error {
			plan, err := j.division(ctx, s, c.Plan)
			if err != nil {
				return err
			}
			l, number, err := j.gather(plan)
			if err != nil {
				return err
			}
			w := &portion{job: j, session: s, division: plan, lines: l, number: number, Tables: map[string]run.Stored{}}
			if err := w.work(ctx); err != nil {
				return fmt.Errorf("partition %d: %w", number, err)
			}
			r, err = w.receipt(ctx, c.Plan)
			return err
		})
		return r, err
	},
}

// gather reads the frames of a partition.
func (j *job) gather(d *division) (*retail.Lines, int, error) {
	l, number := retail.NewLines(retail.Room{}), -1
	in := bufio.NewReaderSize(j.deps.In, 1<<20)
	for {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			break
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, 0, fmt.Errorf("read frames: %w", err)
		}
		text, coded, _ := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte("\t"))
		n, err := strconv.Atoi(string(text))
		if err != nil || n < 0 || n >= d.Partitions() || number >= 0 && n != number {
			return nil, 0, fault.ErrUsage.Errorf("frame", string(text), "a frame of partition %q among those of %d, of %d partitions", text, number, d.Partitions())
		}
		number = n
		packed, err := base64.StdEncoding.AppendDecode(nil, coded)
		if err == nil && len(packed) > 0 {
			var batch retail.LineBatch
			if batch, err = unpack(packed); err == nil {
				err = l.Append(batch)
			}
		}
		if err != nil {
			return nil, 0, fault.ErrTemporary.Errorf("frame", string(text), "a frame of partition %d: %w", number, err)
		}
		if need := int64(l.Len()) * workBytes; j.deps.Memory > 0 && need > int64(j.deps.Memory) {
			return nil, 0, tooLittle(j.deps.Memory, fmt.Sprintf("holds the %d or more lines of partition %d", l.Len(), number), need)
		}
	}
	if number < 0 {
		return nil, 0, fault.ErrUsage.Errorf("frame", "", "no frame: of a partition without lines its number and a tab are expected")
	}
	return l, number, nil
}

// portion is a partition at work, and then what came of it besides its parts of the tables.
type portion struct {
	job      *job
	session  *run.Session
	division *division
	lines    *retail.Lines
	number   int

	Lines  []int64               `json:"lines"`  // of each window
	Tables map[string]run.Stored `json:"tables"` // sales, and customers of each window by its name
	Retail retail.Account        `json:"retail"`
	Days   []daySum              `json:"days"` // of kept lines
	Codes  []codeSum             `json:"codes"`
	Crowd  crowdSum              `json:"crowd"`
}

type daySum struct {
	Day    calendar.Date `json:"day"`
	Lines  int64         `json:"lines"`
	Amount money.Amount  `json:"amount"`
}

type codeSum struct {
	Code   string       `json:"code"` // as compared
	Lines  int64        `json:"lines"`
	Amount money.Amount `json:"amount"`
}

// crowdSum is a crowd as JSON.
type crowdSum struct {
	Customers int          `json:"customers"`
	Revenue   money.Amount `json:"revenue"`
	Most      money.Amount `json:"most"`
	MostLines int64        `json:"most_lines"`
	Invoices  int64        `json:"invoices"`
	Often     int64        `json:"often"`
	Lines     int64        `json:"lines"`
}

// work makes the partition's parts of all tables: in each window the same as one process does with a piece of its own.
func (p *portion) work(ctx context.Context) error {
	var held []retail.Line
	for i, w := range p.division.Windows {
		p.lines.Cut(w.Window)
		plan, err := p.job.rules.PlanOf(p.lines, w.Facts)
		if err != nil {
			return p.job.ranged(err)
		}
		if held, err = plan.LoadOf(p.division.Ranges, p.number, held[:0]); err != nil {
			return err
		}
		p.Lines = append(p.Lines, int64(len(held)))
		worker, one := plan.Worker(), &piece{}
		worker.Partition(held, &one.kept)
		one.customers = feature.Build(&one.kept, w.Window)
		people := table.NewWriter(contract.Customers, p.job.opts)
		if err := people.WriteFrame(one.customers.Frame()); err != nil {
			return err
		}
		if err := p.put(ctx, customersPart(w.Name), people); err != nil {
			return err
		}
		if i > 0 {
			continue
		}
		p.Retail = worker.Account(w.Facts)
		p.sum(one)
		used := plan.Uses()
		used.Add(&one.kept)
		sales := p.job.salesWriter()
		if err := appendSales(sales, &one.kept); err != nil {
			return err
		}
		recodeSales(sales, used.Texts())
		if err := p.put(ctx, contract.Sales.Name, sales); err != nil {
			return err
		}
	}
	return nil
}

func customersPart(window string) string {
	if window == "" {
		return contract.Customers.Name
	}
	return contract.Customers.Name + "-" + window
}

// put stores a part of a table.
func (p *portion) put(ctx context.Context, name string, w *table.Writer) (err error) {
	f, err := w.Close()
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	defer closeFiles(f)
	st := run.Stored{TableVersion: f.Version, Rows: f.Rows, Size: f.Size, SHA256: f.SHA256}
	p.Tables[name], err = p.session.Create(ctx, partName(p.number, name, f.SHA256, "arrow"), f, st)
	return err
}

func partName(number int, name, sha256, ending string) string {
	return fmt.Sprintf("part-%05d-%s-%s.%s", number, name, sha256, ending)
}

// sum adds up what is kept.
func (p *portion) sum(one *piece) {
	first, last := calendar.Date(0), calendar.Date(0)
	for i, o := range p.division.Objects {
		if i == 0 || o.Day < first {
			first = o.Day
		}
		last = max(last, o.Day)
	}
	sums := newSums([]span{{from: first, to: last}}, p.lines)
	sums.add(&one.kept)
	p.Days, p.Codes = []daySum{}, []codeSum{}
	for i, s := range sums.byDay {
		if s.lines > 0 {
			p.Days = append(p.Days, daySum{first + calendar.Date(i), s.lines, s.amount})
		}
	}
	for id, s := range sums.byCode {
		if s.lines > 0 {
			p.Codes = append(p.Codes, codeSum{sums.codes.String(uint32(id)), s.lines, s.amount})
		}
	}
	var c crowd
	c.add(one.customers)
	p.Crowd = crowdSum{c.customers, c.revenue, c.most, c.mostLines, c.invoices, c.often, c.lines}
}

// receipt stores the account of the partition, after its tables.
func (p *portion) receipt(ctx context.Context, plan string) (r PartResult, err error) {
	text, err := json.Marshal(p)
	if err != nil {
		return r, fmt.Errorf("encode the account of partition %d: %w", p.number, err)
	}
	r = PartResult{Plan: plan, Partition: p.number}
	st := run.Stored{Size: int64(len(text)), SHA256: contract.SHA256(text)}
	r.Account, err = p.session.Create(ctx, partName(p.number, "account", st.SHA256, "json"), bytes.NewReader(text), st)
	return r, err
}
