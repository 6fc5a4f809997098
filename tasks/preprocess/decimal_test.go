package preprocess

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/retail/retailtest"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
)

// linesBefore is version 1 of the lines table: whole quantities, prices of four decimals, neither line totals nor a status.
var linesBefore = frame.Schema{Name: "lines", Version: 1, Columns: []frame.Spec{
	{Name: "invoice", Kind: frame.Text}, {Name: "code", Kind: frame.Text}, {Name: "description", Kind: frame.Text, Nullable: true},
	{Name: "quantity", Kind: frame.Int}, {Name: "time", Kind: frame.Time}, {Name: "price", Kind: frame.Money},
	{Name: "customer", Kind: frame.Text, Nullable: true}, {Name: "country", Kind: frame.Text, Nullable: true},
	{Name: "record", Kind: frame.Int},
}, Coded: []string{"invoice", "code", "description", "quantity", "time", "price", "customer", "country"}}

// asBefore replaces the day files by files of version 1 with the same lines.
func asBefore(s *stage, parts []lines.Partition) {
	s.t.Helper()
	for i, p := range parts {
		var f *frame.Frame
		err := s.home.UseStored(s.t.Context(), run.Stored{Object: p.Object, SHA256: p.SHA256}, func(src io.ReaderAt, size int64) error {
			r, err := table.Open(src, size, contract.Lines, table.Options{})
			if err != nil {
				return err
			}
			defer r.Close()
			f, err = r.Frame()
			return err
		})
		if err != nil {
			s.t.Fatal(err)
		}
		old := frame.New(linesBefore.Columns, f.Rows())
		for k := range old.Columns {
			to, from := &old.Columns[k], f.Column(old.Columns[k].Name)
			to.Strings, to.Ints = from.Strings, from.Ints
			for row := range to.Ints {
				switch to.Name {
				case "quantity":
					to.Ints[row] /= money.QuantityScale
				case "price":
					to.Ints[row] /= money.PriceScale / money.Scale
				}
			}
		}
		parts[i] = s.store(linesBefore, p.Day, old)
	}
}

// Day files of version 1 give the same bytes as those of version 2, alone and beside them.
func TestLinesOfTheVersionBefore(t *testing.T) {
	sold := retailtest.CSV(t, shop)
	now := newStage(t, "", sold, nil)
	if _, err := now.run(); err != nil {
		t.Fatal(err)
	}
	want, _, _, _ := now.tables()
	for name, spoil := range map[string]func(*stage, []lines.Partition){
		"all days":  asBefore,
		"some days": func(s *stage, parts []lines.Partition) { asBefore(s, parts[:len(parts)/2]) },
	} {
		s := newStage(t, "", sold, spoil)
		if _, err := s.run(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, _, _, _ := s.tables()
		for table, o := range want.Objects {
			if got.Objects[table].SHA256 != o.SHA256 {
				t.Errorf("%s: table %s has other bytes", name, table)
			}
		}
		if !bytes.Equal(got.Result, want.Result) {
			t.Errorf("%s: %s, want %s", name, got.Result, want.Result)
		}
	}
}

// What is left of a weighed line after a return is worth left × price, and of what its delivered total differs from quantity ×
// price, the share that is left.
func TestWeightsAndTotals(t *testing.T) {
	sold := retailtest.CSV(t, `
1,22,X,2.5,2011-01-03 10:00,1.45912,7,UK
C2,22,X,-0.5,2011-01-04 10:00,1.45912,7,UK
3,23,X,0.684,2011-01-05 10:00,27.1,8,UK`)
	sold[0].Total = "3.65" // and not 3.6478
	s := newStage(t, "", sold, nil)
	r, err := s.run()
	if err != nil {
		t.Fatal(err)
	}
	_, sales, ledger, customers := s.tables()
	// 2 × 1.45912 = 2.91824 and 0.0022 × 2/2.5 = 0.00176; 0.684 × 27.1 = 18.5364.
	if diff := cmp.Diff([]int64{29_200, 185_364}, sales.Ints("amount")); diff != "" {
		t.Errorf("amounts of sales (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int64{2_000, 684}, sales.Ints("quantity")); diff != "" {
		t.Errorf("quantities of sales (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int64{2_000, 684}, customers.Ints("units")); diff != "" {
		t.Errorf("units of customers (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]float64{2, 0.684}, customers.Floats("median_units")); diff != "" {
		t.Errorf("median units (-want +got):\n%s", diff)
	}
	// The return is worth 0.72956 by its own price; the sale lost 0.73 of its 3.65.
	taken := 0
	for i, rule := range ledger.Strings("rule") {
		if rule == "cancellation_matched" {
			taken = i
		}
	}
	if sales, returns := ledger.Ints("sales")[taken], ledger.Ints("returns")[taken]; sales != 7_300 || returns != -7_296 {
		t.Errorf("taken: %d and %d, want 7300 and -7296", sales, returns)
	}
	if r.Revenue != amount("21.4564") || r.Cancellations.Amount != amount("-0.7296") {
		t.Errorf("revenue %s, cancelled %s", r.Revenue, r.Cancellations.Amount)
	}
}

// A quantity × price that no amount can hold is refused, and nothing is written.
func TestAmountOutOfRange(t *testing.T) {
	s := newStage(t, "", retailtest.CSV(t, "1,22,X,999999999999999,2011-01-03 10:00,999999999999,7,UK"), nil)
	_, err := s.run()
	if fault.CodeOf(err) != fault.ExitBadData || !strings.Contains(err.Error(), "out of range") {
		t.Errorf("%v, want exit code %d", err, fault.ExitBadData)
	}
	if _, err := s.home.Current(t.Context(), s.cfg.Run(), contract.Preprocess); err == nil {
		t.Error("the run has a result")
	}
}
