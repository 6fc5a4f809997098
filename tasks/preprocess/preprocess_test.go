package preprocess

import (
	"context"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/feature"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/retail/retailtest"
	"github.com/clientele/clientele/pkg/task"
)

func TestRun(t *testing.T) {
	s := newStage(t, "", retailtest.CSV(t, shop), nil)
	got, err := s.run()
	if err != nil {
		t.Fatal(err)
	}
	// By hand. In the window: eight lines. C4 takes back all 4 units of invoice 3, 2 units at 5 find no sale.
	start := s.cfg.Run().AsOf - 95
	want := contract.PreprocessResult{
		Lines: 3, Customers: 2, OnlyReturns: 1, Invoices: 3, Products: 1, Revenue: amount("30.0003"), AverageInvoice: 30.0003 / 3,
		AsOf: s.cfg.Run().AsOf, WindowStart: &start,
		Ledger: []contract.LedgerRow{
			{Rule: "input", Lines: 8, Invoices: 8, Customers: 3, Amount: amount("33.0003")}, // 10 + 20 + 20 − 30 − 6 + 18 + 1 + 0.0003
			{Rule: "void"},
			{Rule: "guest", Lines: 1, Invoices: 1, Amount: amount("1")},
			{Rule: "adjustment"}, {Rule: "discount"},
			{Rule: "non_product", Lines: 1, Invoices: 1, Customers: 1, Amount: amount("18")},
			{Rule: "price"}, {Rule: "quantity"}, {Rule: "duplicate"},
			{Rule: "cancellation_matched", Lines: 2, Invoices: 2, Customers: 1},
			{Rule: "cancellation_unmatched", Lines: 1, Invoices: 1, Customers: 1, Amount: amount("-16")}, // C5 and the rest of C4
			{Rule: "kept", Lines: 3, Invoices: 3, Customers: 2, Amount: amount("30.0003")},
		},
		Cancellations: contract.Cancellations{Partly: 1, Unmatched: 1, Amount: amount("-20")},
		Meaning:       retail.UCI(), MeaningChanged: []string{},
	}
	all, gone, kept := amount("33.0003"), amount("3"), want.Revenue
	want.Chain = []contract.ChainRow{
		{Stage: "in_force", Records: 10}, {Stage: "outside_window", Records: 2}, {Stage: "window", Records: 8, Amount: &all},
		{Stage: "removed", Records: 5, Amount: &gone}, {Stage: "kept", Records: 3, Amount: &kept},
	}
	want.Findings = got.Findings // have tests of their own
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(contract.PreprocessResult{}, "Decisions")); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
	m, sales, ledger, customers := s.tables()
	back, err := s.home.ReadTable(t.Context(), m, contract.Returns, checked(t))
	if err != nil {
		t.Fatal(err)
	}
	// C4 gives back 6 units at 5, of which 4 were bought; C5 one at 6. That 9 bought nothing does not matter.
	if diff := cmp.Diff([]string{"8", "9"}, back.Strings("customer")); diff != "" || !slices.Equal(back.Ints("amount"), []int64{-300_000, -60_000}) ||
		!slices.Equal(back.Strings("kind"), []string{"return", "return"}) || back.Strings("day")[0] != "2011-02-02" {
		t.Errorf("returns: %v %v %s", back.Ints("amount"), back.Strings("kind"), diff)
	}
	if diff := cmp.Diff([]string{"7", "7", "8"}, sales.Strings("customer")); diff != "" {
		t.Errorf("customers of sales (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int64{100_000, 200_000, 3}, sales.Ints("amount")); diff != "" {
		t.Errorf("amounts of sales (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"7", "8"}, customers.Strings("customer")); diff != "" {
		t.Errorf("customers (-want +got):\n%s", diff)
	}
	for i, row := range got.Ledger {
		if ledger.Strings("rule")[i] != row.Rule || ledger.Ints("lines")[i] != row.Lines || ledger.Ints("amount")[i] != int64(row.Amount) ||
			ledger.Ints("sales")[i]+ledger.Ints("returns")[i] != int64(row.Amount) {
			t.Errorf("row %d of the ledger's table is not %+v", i, row)
		}
	}
	if ledger.Ints("sales")[0] != 690_003 || ledger.Ints("returns")[0] != -360_000 {
		t.Errorf("sales and returns of the input are %d and %d", ledger.Ints("sales")[0], ledger.Ints("returns")[0])
	}

	again, err := s.run()
	if diff := cmp.Diff(got, again); err != nil || diff != "" {
		t.Errorf("the second run differs: %v\n%s", err, diff)
	}
}

// Any order of lines and any number of cores give the same bytes, and so does another way into memory.
func TestSameBytes(t *testing.T) {
	lines := manyLines(t)
	first := newStage(t, "", lines, nil)
	if _, err := first.run(); err != nil {
		t.Fatal(err)
	}
	want, _, _, customers := first.tables()

	kept, err := retail.DefaultRules().Apply(cut(t, lines, first.cfg))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := first.cfg.plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	direct := feature.Build(kept.Kept, plan.window).Frame()
	if diff := cmp.Diff(direct, customers, cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("customers (-direct +read):\n%s", diff)
	}

	for i, cores := range []int{1, 2, 4, 2, 1} {
		slices.Reverse(lines)
		s := newStage(t, "", lines, nil)
		s.cfg.partitions = []int{0, 1, 7, 1024, 3}[i]
		if i > 2 {
			s.deps.Memory = 1 << 20 // most lines are spilled
		}
		before := runtime.GOMAXPROCS(cores)
		_, err := s.run()
		runtime.GOMAXPROCS(before)
		if err != nil {
			t.Fatal(err)
		}
		got, _, _, _ := s.tables()
		for name, o := range want.Objects {
			if got.Objects[name].SHA256 != o.SHA256 {
				t.Errorf("%d cores, %d partitions, lines reversed: table %s has other bytes", cores, s.cfg.partitions, name)
			}
		}
		if string(got.Result) != string(want.Result) {
			t.Errorf("%d cores, lines reversed: another result", cores)
		}
	}
}

// manyLines are enough for goroutines, and for little memory.
func manyLines(t testing.TB) []retailtest.Line {
	lines := retailtest.CSV(t, shop)
	for i := range 12_000 {
		l := lines[i%8]
		l.Invoice, l.Customer = fmt.Sprint(l.Invoice, i/20), fmt.Sprint(i/60)
		lines = append(lines, l)
	}
	return lines
}

// What does not fit into the memory is refused in words, and nothing is visible.
func TestTooLittleMemory(t *testing.T) {
	many := manyLines(t)
	coded := slices.Clone(many)
	for i := range coded {
		coded[i].Code = fmt.Sprint(20_000 + i)
	}
	for says, of := range map[string]struct {
		lines  []retailtest.Line
		change func(*stage)
	}{
		"cleans 12008 lines, for which it needs 52 MiB": {many, func(s *stage) { s.deps.Memory = 16 << 20 }},
		"sorts the distinct texts of its lines":         {coded, func(s *stage) { s.deps.Memory, s.cfg.partitions = 1<<18, 2 }},
		"knows 200 customers and ":                      {many, func(s *stage) { s.deps.Memory, s.cfg.partitions = 1<<15, 2 }},
		"lines of one customer, or of custo":            {many, func(s *stage) { s.deps.Memory, s.cfg.partitions = 1<<20, 1 }},
	} {
		s := newStage(t, "", of.lines, nil)
		of.change(s)
		_, err := s.run()
		if fault.CodeOf(err) != fault.ExitConfig || !strings.Contains(fmt.Sprint(err), says) || !strings.Contains(fmt.Sprint(err), "--memory is") {
			t.Errorf("%s: %v", says, err)
		}
		if _, err := s.home.Current(t.Context(), s.cfg.Run(), contract.Preprocess); fault.CodeOf(err) != fault.ExitMissing {
			t.Errorf("%s: something is visible: %v", says, err)
		}
	}
}

func cut(t testing.TB, lines []retailtest.Line, c Config) *retail.Lines {
	p, err := c.plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l := retailtest.Lines(t, lines)
	l.Cut(p.window)
	return l
}

// Two copies at once end well with one manifest.
func TestTwoCopies(t *testing.T) {
	s := newStage(t, "file://"+t.TempDir(), retailtest.CSV(t, shop), nil)
	var results [2]contract.PreprocessResult
	var errs [2]error
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() { results[i], errs[i] = s.run() })
	}
	wg.Wait()
	if errs[0] != nil || errs[1] != nil {
		t.Fatal(errs)
	}
	if diff := cmp.Diff(results[0], results[1]); diff != "" {
		t.Errorf("two copies, two results:\n%s", diff)
	}
}

// Stopped between manifest and pointer, a run is completed by the next one.
func TestPointerIsCompleted(t *testing.T) {
	root := t.TempDir()
	s := newStage(t, "file://"+root, retailtest.CSV(t, shop), nil)
	if _, err := s.run(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(root + "/" + contract.CurrentPath(s.cfg.Run(), contract.Preprocess)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.run(); err != nil {
		t.Fatal(err)
	}
	s.tables() // by the pointer
}

// What a flag changes makes another key; another spelling of the same does not.
func TestKey(t *testing.T) {
	s := newStage(t, "", retailtest.CSV(t, shop), nil)
	key := func(change func(*Config)) string {
		was := s.cfg
		defer func() { s.cfg = was }()
		change(&s.cfg)
		if _, err := s.run(); err != nil {
			t.Fatal(err)
		}
		m, _, _, _ := s.tables()
		return m.Key
	}
	base := key(func(*Config) {})
	for name, change := range map[string]func(*Config){
		"rules": func(c *Config) { c.Rules = " +guest,-duplicate" }, "list": func(c *Config) { c.NonProducts += ";" },
	} {
		if key(change) != base {
			t.Errorf("%s: the same in other words has another key", name)
		}
	}
	for name, change := range map[string]func(*Config){
		"window": func(c *Config) { c.Window = "96" }, "all": func(c *Config) { c.Window = "all" },
		"rules": func(c *Config) { c.Rules = "-guest" }, "list": func(c *Config) { c.NonProducts = "digits<2" },
	} {
		if key(change) == base {
			t.Errorf("%s: another content has the same key", name)
		}
	}
}

// With every rule off everything is kept, net, and the sales add up to the ledger.
func TestRulesOff(t *testing.T) {
	s := newStage(t, "", retailtest.CSV(t, shop), nil)
	s.cfg.Rules = "-guest,-adjustment,-non_product,-price,-quantity,-cancellation_matched,-cancellation_unmatched"
	r, err := s.run()
	if err != nil {
		t.Fatal(err)
	}
	_, sales, _, customers := s.tables()
	sum := int64(0)
	for _, v := range sales.Ints("amount") {
		sum += v
	}
	if r.Lines != 8 || sales.Rows() != 8 || r.Revenue != amount("33.0003") || sum != int64(r.Revenue) || customers.Rows() != 2 {
		t.Errorf("%+v, %d sales worth %s, %d customers", r, sales.Rows(), money.Amount(sum), customers.Rows())
	}
}

// Day files outside the window are not opened: one that is gone does no harm.
func TestOpensTheWindowAlone(t *testing.T) {
	s := newStage(t, "", retailtest.CSV(t, shop), func(_ *stage, parts []lines.Partition) {
		parts[0].Object, parts[len(parts)-1].Object = "lines/gone", "lines/gone"
	})
	if _, err := s.run(); err != nil {
		t.Error(err)
	}
}

func TestRefuses(t *testing.T) {
	day := func(s string) calendar.Date {
		d, err := calendar.ParseDate(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, c := range []struct {
		name  string
		code  int
		says  string
		spoil func(*stage, []lines.Partition)
	}{
		{"gone", fault.ExitMissing, "gone", func(_ *stage, p []lines.Partition) { p[2].Object = "lines/gone" }},
		{"other bytes", fault.ExitBadData, "damaged", func(_ *stage, p []lines.Partition) { p[2].SHA256 = strings.Repeat("0", 64) }},
		{"other rows", fault.ExitBadData, "the snapshot says", func(_ *stage, p []lines.Partition) { p[2].Rows++ }},
		{"other day", fault.ExitBadData, "in the file of", func(_ *stage, p []lines.Partition) { p[2].Day++ }},
		{"other table", fault.ExitBadData, "table", func(s *stage, p []lines.Partition) {
			p[2] = s.store(contract.Ledger, p[2].Day, frame.New(contract.Ledger.Columns, 1))
		}},
		{"newer table", fault.ExitBadData, "version", func(s *stage, p []lines.Partition) {
			newer := contract.Lines
			newer.Version++
			p[2] = s.store(newer, p[2].Day, frame.New(newer.Columns, 1))
		}},
		{"no table", fault.ExitBadData, "damaged", func(s *stage, p []lines.Partition) {
			if _, err := s.home.Root.CreateBytes(t.Context(), "lines/text", []byte("no table")); err != nil {
				t.Fatal(err)
			}
			p[2].Object, p[2].SHA256 = "lines/text", contract.SHA256([]byte("no table"))
		}},
		{"sum out of range", fault.ExitBadData, "range", func(s *stage, p []lines.Partition) {
			f := frame.New(contract.Lines.Columns, 2)
			for i := range 2 {
				f.Strings("invoice")[i], f.Strings("code")[i], f.Strings("customer")[i] = "1", "22", "7"
				f.Ints("time")[i], f.Ints("price")[i], f.Ints("quantity")[i] = p[2].Day.Start(), 1, 999_999_999_999_999_999
			}
			p[2] = s.store(contract.Lines, p[2].Day, f)
		}},
		{"empty window", fault.ExitMissing, "has lines from 2020-01-01 to 2020-01-01", func(_ *stage, p []lines.Partition) {
			for i := range p {
				p[i].Day = day("2020-01-01")
			}
		}},
	} {
		s := newStage(t, "", retailtest.CSV(t, shop), c.spoil)
		_, err := s.run()
		if code := fault.CodeOf(err); code != c.code || !strings.Contains(fmt.Sprint(err), c.says) {
			t.Errorf("%s: code %d, %v; want %d, %q", c.name, code, err, c.code, c.says)
		}
		if _, err := s.home.Current(t.Context(), s.cfg.Run(), contract.Preprocess); fault.CodeOf(err) != fault.ExitMissing {
			t.Errorf("%s: something is visible: %v", c.name, err)
		}
	}
}

func TestStopped(t *testing.T) {
	s := newStage(t, "", retailtest.CSV(t, shop), nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, s.cfg, s.deps); err == nil {
		t.Error("a stopped run ended well")
	}
	if _, err := s.home.Current(t.Context(), s.cfg.Run(), contract.Preprocess); fault.CodeOf(err) != fault.ExitMissing {
		t.Errorf("something is visible: %v", err)
	}
}

// The reader gives back what it takes from Arrow, on the good way and on the bad one.
func TestReaderReleases(t *testing.T) {
	for name, spoil := range map[string]func(*stage, []lines.Partition){
		"good":      nil,
		"other day": func(_ *stage, p []lines.Partition) { p[2].Day++ },
	} {
		var parts []lines.Partition
		s := newStage(t, "", retailtest.CSV(t, shop), func(s *stage, p []lines.Partition) {
			if spoil != nil {
				spoil(s, p)
			}
			parts = p
		})
		r := reader{home: s.home, opts: checked(t), progress: task.Silent{}, partitions: 2}
		err := r.open(t.Context(), parts, parts)
		if err == nil {
			err = r.add(t.Context(), parts)
		}
		if (err == nil) != (spoil == nil) || err == nil && r.lines.Len() != 10 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestValidate(t *testing.T) {
	base := newStage(t, "", nil, nil).cfg
	for want, change := range map[string]func(*Config){
		`--window: want a number of days from 1 to 1000000, or all (got "0")`: func(c *Config) { c.Window = "0" },
		`--rules: no rule "dup": there are void, `:                            func(c *Config) { c.Rules = "+dup" },
		`--non-product: "POST": want services, digits<N`:                      func(c *Config) { c.NonProducts = "POST" },
		`--non-product: the list is empty`:                                    func(c *Config) { c.NonProducts = "" },
		`--as-of: `:                                                           func(c *Config) { c.AsOf = "" },
	} {
		c := base
		change(&c)
		err := c.Validate()
		if fault.CodeOf(err) != fault.ExitUsage || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	c := base
	c.Window, c.Rules = "-1", "x"
	if err := c.Validate(); strings.Count(fmt.Sprint(err), "\n") != 1 {
		t.Errorf("two problems, got %v", err)
	}
}

// A customer's average must be a number that JSON can hold, even of nobody.
func TestNobody(t *testing.T) {
	s := newStage(t, "", retailtest.CSV(t, "C1,22,X,-1,2011-02-03 09:00,6,9,EIRE"), nil)
	r, err := s.run()
	if err != nil || r.Customers != 0 || r.OnlyReturns != 1 || r.AverageInvoice != 0 || math.IsNaN(r.AverageInvoice) {
		t.Errorf("got %+v, %v", r, err)
	}
}
