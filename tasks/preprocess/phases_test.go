package preprocess

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/retail/retailtest"
	"github.com/clientele/clientele/pkg/run"
)

// engine is what an engine does with the phases, in this process.
type engine struct {
	*stage
	partitions int
	frames     map[int][]string // as scatter sent them
	receipts   []string
	plan       PlanResult
}

func (e *engine) planned() planned {
	return planned{phaseConfig{Config: e.cfg, Plan: e.plan.Plan}}
}

func (e *engine) divide(ctx context.Context) (err error) {
	c := phaseConfig{Config: e.cfg}
	c.partitions = e.partitions
	e.plan, err = planPhase.Run(ctx, c, e.deps)
	return err
}

// scatter sends the day files, the last first, each by a call of its own.
func (e *engine) scatter(ctx context.Context) error {
	e.frames = map[int][]string{}
	for _, object := range slices.Backward(e.plan.Objects) {
		var out bytes.Buffer
		d := e.deps
		d.In, d.Out = strings.NewReader(object+"\n"), &out
		if _, err := scatterPhase.Run(ctx, e.planned(), d); err != nil {
			return err
		}
		for _, f := range strings.SplitAfter(out.String(), "\n") {
			if text, _, ok := strings.Cut(f, "\t"); ok {
				number, err := strconv.Atoi(text)
				if err != nil {
					return err
				}
				e.frames[number] = append(e.frames[number], f)
			}
		}
	}
	return nil
}

// partition works on one partition, and returns its receipt.
func (e *engine) partition(ctx context.Context, number int) (string, error) {
	d := e.deps
	d.In = strings.NewReader(fmt.Sprintf("%d\t\n", number) + strings.Join(e.frames[number], ""))
	r, err := partitionPhase.Run(ctx, e.planned(), d)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(r)
	return string(text), err
}

func (e *engine) commit(ctx context.Context, receipts ...string) (contract.PreprocessResult, error) {
	d := e.deps
	d.In = strings.NewReader(strings.Join(receipts, "\n"))
	return commitPhase.Run(ctx, e.planned(), d)
}

// all are all phases until the receipts.
func (e *engine) all() {
	e.t.Helper()
	if err := errors.Join(e.divide(e.t.Context()), e.scatter(e.t.Context())); err != nil {
		e.t.Fatal(err)
	}
	for i := range e.plan.Partitions {
		r, err := e.partition(e.t.Context(), i)
		if err != nil {
			e.t.Fatal(err)
		}
		e.receipts = append(e.receipts, r)
	}
	slices.Reverse(e.receipts)
}

func (s *stage) manifest() *run.Manifest {
	s.t.Helper()
	m, err := s.home.Current(s.t.Context(), s.cfg.Run(), contract.Preprocess)
	if err != nil {
		s.t.Fatal(err)
	}
	return m
}

// hostileLines are many lines, with guests whose invoices name a customer, returns, discounts and invoices of two customers. Customer 7 has
// half of all.
func hostileLines(t *testing.T) []retailtest.Line {
	lines := manyLines(t)
	for i := range lines {
		l := &lines[i]
		switch {
		case i%2 == 0:
			l.Customer = "7"
		case i%9 == 0:
			l.Customer = ""
		case i%31 == 0:
			l.Code, l.Quantity = "D", -max(l.Quantity, -l.Quantity)
		}
		if i%4 == 0 && l.Country == "UK" { // on some days only
			l.Region = []string{"Kent", "Devon"}[i%3%2]
		}
		if i > 0 && i%5 == 0 {
			l.Invoice = lines[i-1].Invoice
		}
	}
	return lines
}

// TestPhasesMakeTheSame: the phases, over 1, 7 and 1,024 partitions, most of which are empty and one of which has half of the lines, make the
// manifest that one process makes: the same key, the same hash of every table, the same result.
func TestPhasesMakeTheSame(t *testing.T) {
	lines := hostileLines(t)
	for name, change := range map[string]func(*Config){
		"defaults": func(*Config) {},
		"drift":    func(c *Config) { c.Drift = 20 },
		"guests, discounts and number and day": func(c *Config) {
			c.Rules, c.Discounts, c.Invoice, c.Drift = "-guest,+duplicate,-cancellation_unmatched", "allocate", "number_day", 15
		},
	} {
		t.Run(name, func(t *testing.T) {
			one := newStage(t, "", lines, nil)
			change(&one.cfg)
			if _, err := one.run(); err != nil {
				t.Fatal(err)
			}
			want := one.manifest()
			var r contract.PreprocessResult
			if err := want.Decode(&r); err != nil {
				t.Fatal(err)
			}
			if r.Filled == 0 || r.Discounts.Amount == 0 || r.Cancellations.Matched == 0 || one.cfg.Drift > 0 && want.Objects["windows"].Rows == 0 ||
				one.cfg.Discounts == retail.AllocateDiscounts && r.Discounts.Allocated == 0 {
				t.Fatalf("lines that show little: %+v, %d rows of windows", r, want.Objects["windows"].Rows)
			}
			for _, n := range []int{1, 7, 1024} {
				if n == 1024 && one.cfg.Drift > 0 {
					continue // hundreds of parts for each window
				}
				s := newStage(t, "", lines, nil)
				change(&s.cfg)
				e := &engine{stage: s, partitions: n}
				e.all()
				if _, err := e.commit(t.Context(), e.receipts...); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, s.manifest()); diff != "" {
					t.Errorf("%d partitions (-one process +phases):\n%s", n, diff)
				}
			}
		})
	}
}

// TestReceiptsAreComplete: one receipt too few, too many, twice or of another plan, and lines that were lost or came twice: nothing is
// visible, and all receipts end it.
func TestReceiptsAreComplete(t *testing.T) {
	s := newStage(t, "", hostileLines(t), nil)
	e := &engine{stage: s, partitions: 7}
	e.all()
	const number = 5
	lost, all := *e, e.frames[number]
	lost.frames = map[int][]string{number: all[1:]}
	fewer, err := lost.partition(t.Context(), number)
	if err != nil {
		t.Fatal(err)
	}
	twice := *e
	twice.frames = map[int][]string{number: append(slices.Clone(all), all[0])}
	more, err := twice.partition(t.Context(), number)
	if err != nil {
		t.Fatal(err)
	}
	instead := func(by string) []string {
		all := slices.Clone(e.receipts)
		all[slices.IndexFunc(all, func(r string) bool { return strings.Contains(r, fmt.Sprintf(`"partition":%d,`, number)) })] = by
		return all
	}
	for name, c := range map[string]struct {
		receipts []string
		says     string
	}{
		"none": {nil, "it is missing"}, "one too few": {e.receipts[1:], "it is missing"}, "one twice": {append(e.receipts[1:], e.receipts[1]), "a second one"},
		"one too many": {append(slices.Clone(e.receipts), strings.Replace(e.receipts[0], `"partition":`, `"partition":9`, 1)), "partitions"},
		"another plan": {append(slices.Clone(e.receipts[1:]), strings.Replace(e.receipts[0], "plan-", "plan-0", 1)), "of another plan"},
		"lost lines":   {instead(fewer), "lost on their way"}, "lines twice": {instead(more), "came twice"},
	} {
		if _, err := e.commit(t.Context(), c.receipts...); fault.CodeOf(err) != fault.ExitTemporary || !strings.Contains(fmt.Sprint(err), c.says) {
			t.Errorf("%s: %v, want exit code 75 and %q", name, err, c.says)
		}
		if _, err := s.home.Current(t.Context(), s.cfg.Run(), contract.Preprocess); fault.CodeOf(err) != fault.ExitMissing {
			t.Errorf("%s: something is visible: %v", name, err)
		}
	}
	for range 2 { // the second time it is done already
		if _, err := e.commit(t.Context(), e.receipts...); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.divide(t.Context()); err != nil || !e.plan.Done {
		t.Errorf("planned again: %+v, %v", e.plan, err)
	}
}

// TestPacket: what is packed is unpacked, and what was cut or changed on its way is an error or other lines, never a crash.
func TestPacket(t *testing.T) {
	p := newPacket(3)
	for i := range 3 {
		for c := range p.texts {
			p.texts[c].add([]byte(strings.Repeat("x", i%2*c)))
		}
		for c := range p.numbers {
			p.numbers[c] = append(p.numbers[c], int64(i)*math.MinInt64/2)
		}
	}
	packed := p.pack(nil)
	b, err := unpack(packed)
	if err != nil || b.Source != 3 || !slices.Equal(b.Amount, p.numbers[3]) || !slices.Equal(b.Status.Codes, []int32{0, 1, 0}) || string(b.Status.Data) != "xxxxx" {
		t.Fatalf("%+v, %v", b, err)
	}
	for n := range packed {
		if _, err := unpack(packed[:n]); err == nil {
			t.Errorf("%d of %d bytes are taken for whole", n, len(packed))
		}
		for bit := range 8 {
			changed := slices.Clone(packed)
			changed[n] ^= 1 << bit
			if b, err := unpack(changed); err == nil {
				_ = retail.NewLines(retail.Room{}).Append(b) // which checks what belongs together
			}
		}
	}
}
