package recommend

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/delivery/source"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/recommend"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

// job is one run of the step, with what it reads.
type job struct {
	Config
	home       *run.Home
	deps       task.Deps
	opts       table.Options
	preprocess *run.Manifest
	score      *run.Manifest
	says       contract.PreprocessResult
	exclude    list
	include    list
}

// list is a file of codes.
type list struct {
	sha256 string // "" without a file
	codes  map[string]bool
}

// seed is that of the resampled customers, by which intervals are made.
const seed = 1

// Run judges the methods and writes the lists. The same sales, segments, lists of codes and flags give the same bytes, on any
// number of cores and whatever the order of the lines.
func Run(ctx context.Context, c Config, d task.Deps) (contract.RecommendResult, error) {
	j := &job{Config: c, deps: d, opts: work.Tables(d)}
	return work.Do(ctx, c.Common, d, work.Job[contract.RecommendResult]{Begin: j.begin, Make: j.recommend})
}

func (j *job) begin(ctx context.Context, home *run.Home) (_ *run.Session, err error) {
	j.home = home
	if j.preprocess, err = home.Current(ctx, j.ReadRun(), contract.Preprocess); err != nil {
		return nil, err
	}
	if j.score, err = home.Current(ctx, j.ReadRun(), contract.Score); err != nil {
		return nil, err
	}
	if err := j.preprocess.Decode(&j.says); err != nil {
		return nil, err
	}
	if j.exclude, err = j.codes(ctx, "exclude-products", j.Exclude); err != nil {
		return nil, err
	}
	if j.include, err = j.codes(ctx, "include-products", j.Include); err != nil {
		return nil, err
	}
	random := uint64(seed)
	return home.Begin(ctx, j.Run(), contract.Recommend, contract.Inputs{
		Refs: map[string]string{"preprocess": j.preprocess.Key, "score": j.score.Key},
		Params: map[string]any{"max_products": j.MaxProducts, "sold_within": j.SoldWithin, "all_variants": j.AllVariants,
			"exclude_products": j.exclude.sha256, "include_products": j.include.sha256},
		Seed: &random, Code: j.deps.Code,
	})
}

// maxList is the largest file of codes, in bytes.
const maxList = 16 << 20

// codes reads a file of codes.
func (j *job) codes(ctx context.Context, flag, where string) (l list, err error) {
	if where == "" {
		return l, nil
	}
	at, err := source.Parse(where)
	if err != nil || len(at) != 1 {
		return l, fault.Errorf(fault.ExitUsage, "flags", source.Redact(where), "--%s: want one path or URL", flag)
	}
	d, err := source.Open(ctx, at, source.Options{Scratch: j.deps.Scratch, MaxBytes: maxList})
	if err != nil {
		return l, fmt.Errorf("--%s: %w", flag, err)
	}
	defer func() { _ = d.Close() }()
	content, err := d.Files[0].Content(ctx, source.UnpackOptions{Scratch: j.deps.Scratch, MaxBytes: maxList}, nil)
	if err != nil {
		return l, fmt.Errorf("--%s: %w", flag, err)
	}
	defer func() { _ = content.Close() }()
	if content.Kind != source.DelimitedText {
		return l, fault.Errorf(fault.ExitBadData, "products", d.Name, "--%s: %s is %s: want a text file with one code a line", flag, d.Name, content.Kind)
	}
	text, err := io.ReadAll(content.Text)
	if err != nil {
		return l, fmt.Errorf("--%s: read %s: %w", flag, d.Name, err)
	}
	return list{sha256: contract.SHA256(text), codes: codesOf(string(text))}, nil
}

// recommend makes the tables.
func (j *job) recommend(ctx context.Context, s *run.Session) (*run.Manifest, error) {
	bar := j.deps.Progress.Bar("recommend", -1)
	defer bar.Done()
	lines := recommend.Builder{ByDay: j.says.Meaning.Invoice == retail.ByNumberAndDay}
	lines.Grow(int(j.preprocess.Objects[contract.Sales.Name].Rows))
	err := j.home.EachOfTable(ctx, j.preprocess, contract.Sales, recommend.LineBytes, j.opts, func(sales *frame.Frame) { addLines(&lines, sales) })
	if err != nil {
		return nil, err
	}
	assignments, err := j.home.ReadTable(ctx, j.score, contract.Assignments, j.opts)
	if err != nil {
		return nil, err
	}
	history := lines.History()
	asOf := int32(j.says.AsOf)
	if need := recommend.Memory(history, asOf, j.MaxProducts); j.deps.Memory > 0 && need > int64(j.deps.Memory) {
		return nil, fault.ErrConfig.Errorf("memory", "", "%s, or set --max-products below it",
			j.deps.Memory.TooLittle(fmt.Sprintf("fits EASE to %d products", history.Candidates(asOf)), need))
	}
	options := recommend.Options{MaxProducts: j.MaxProducts, Workers: task.Workers(), Seed: seed, Segments: segmentsOf(history, assignments)}
	e := recommend.Evaluate(history, asOf, options)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var lists recommend.Lists
	err = s.PutTable(ctx, contract.Suggestions, j.opts, func(w *table.Writer) (err error) {
		lists, err = recommend.Serve(history, asOf, e.Served, recommend.Filter{
			SoldWithin: j.SoldWithin, Exclude: j.exclude.codes, Include: j.include.codes, Variants: j.AllVariants,
		}, options, func(some []recommend.Suggestion) error {
			return cmp.Or(ctx.Err(), w.WriteFrame(suggestionsFrame(history, some)))
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, t := range []struct {
		schema frame.Schema
		rows   *frame.Frame
	}{
		{contract.Pairs, pairsFrame(history, lists, asOf)},
		{contract.Methods, methodsFrame(e)},
	} {
		if err := s.PutFrame(ctx, t.schema, t.rows, j.opts); err != nil {
			return nil, err
		}
	}
	return s.Commit(ctx, result(history, e, lists))
}

// addLines adds the kept sale lines: something was left of them, at a price.
func addLines(b *recommend.Builder, sales *frame.Frame) {
	customers, invoices, codes := sales.Strings("customer"), sales.Strings("invoice"), sales.Strings("code")
	times, quantities, amounts := sales.Ints("time"), sales.Ints("quantity"), sales.Ints("amount")
	for i := range customers {
		if quantities[i] > 0 && amounts[i] > 0 {
			b.Add(recommend.Line{Customer: customers[i], Invoice: invoices[i], Code: codes[i], Day: int32(calendar.DateOf(times[i]))})
		}
	}
}

// segmentsOf returns each customer's segment, "" for one without.
func segmentsOf(h *recommend.History, assignments *frame.Frame) []string {
	of := map[string]string{}
	customers, segments := assignments.Strings("customer"), assignments.Strings("segment")
	for i, c := range customers {
		of[c] = segments[i]
	}
	all := make([]string, len(h.Customers))
	for i, c := range h.Customers {
		all[i] = of[c]
	}
	return all
}
