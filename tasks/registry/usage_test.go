package registry

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/task"
)

// Money is the user's prices times what was used, and there is none without a price.
func TestUsage(t *testing.T) {
	s := open(t, "mem://"+t.Name())
	list := func(prices [4]float64) (contract.UsageResult, string) {
		r, err := Usage.Run(t.Context(), UsageConfig{Common: s.common(), Prices: prices}, s.deps)
		if err != nil {
			t.Fatal(err)
		}
		var said bytes.Buffer
		if err := Usage.Print(&said, r); err != nil {
			t.Fatal(err)
		}
		return r, said.String()
	}
	if _, said := list([4]float64{}); !strings.Contains(said, "nothing is recorded") {
		t.Error(said)
	}
	for i, name := range []string{"p/2011-12-12/a-1", "p/2011-12-13/b-2"} {
		e := run.Entry[task.Used]{Run: name, AsOf: monday, Key: name, Value: task.Used{
			Seconds: 10, CPUSeconds: 7200, GiBHours: 0.5, ReadBytes: 3 << 30, WrittenBytes: 1 << 30,
		}}
		if moved, err := run.Advance(t.Context(), s.home.Root, contract.UsedPath("segments", contract.Train), e, run.KeepUsed); err != nil || !moved {
			t.Fatal(i, moved, err)
		}
	}
	if r, said := list([4]float64{}); len(r.Rows) != 2 || r.Money != 0 || strings.Contains(said, "0.0000\n") {
		t.Errorf("%+v\n%s", r, said)
	}
	// 2 CPU hours × 3 + 0.5 GiB-hours × 4 + 3 GiB × 0.5 + 1 GiB × 0.25 = 9.75 a run.
	r, said := list([4]float64{3, 4, 0.5, 0.25})
	if math.Abs(r.Rows[0].Money-9.75) > 1e-12 || math.Abs(r.Money-19.5) > 1e-12 || !strings.Contains(said, "19.5000") {
		t.Errorf("%+v\n%s", r, said)
	}
	if err := (UsageConfig{Common: s.common(), Prices: [4]float64{-1}}).Validate(); err == nil || !strings.Contains(err.Error(), "price-cpu-hour") {
		t.Error(err)
	}
}
