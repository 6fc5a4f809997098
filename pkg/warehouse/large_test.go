package warehouse

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/warehouse/warehousetest"
)

// A million customers are published without being held: make calibrate runs it. docs/warehouse.md has the figures.
func TestAMillionCustomers(t *testing.T) {
	if os.Getenv("CLIENTELE_CALIBRATE") == "" {
		t.Skip("CLIENTELE_CALIBRATE is not set: a minute or so; make calibrate sets it")
	}
	const customers, limit = 1_000_000, 256 << 20
	dataset := warehousetest.Start(t)
	w := table.NewWriter(contract.Assignments, table.Options{Scratch: t.TempDir()})
	for at := 0; at < customers; at += 50_000 {
		f := frame.New(contract.Assignments.Columns, 50_000)
		for i := range 50_000 {
			f.Strings("customer")[i], f.Strings("segment")[i], f.Strings("nearest")[i] = fmt.Sprintf("c%07d", at+i), "seg-0001", "seg-0001"
			f.Strings("segment_name")[i], f.Strings("rfm_name")[i], f.Strings("why")[i] = "Champions", "Champions", fmt.Sprintf("bought %d days ago", i)
			f.Ints("monetary")[i], f.Floats("distance")[i] = int64(at+i), float64(i)
		}
		if err := w.WriteFrame(f); err != nil {
			t.Fatal(err)
		}
	}
	file, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "assignments.arrow")
	stored, err := os.Create(path)
	if err == nil {
		_, err = io.Copy(stored, io.NewSectionReader(file, 0, file.Size))
	}
	if err != nil {
		t.Fatal(err)
	}
	file.Close()
	defer stored.Close()
	p := publication(t, "k1", "2011-12-10", "m1", 1, "a")
	p.Tables = []Source{{contract.Assignments, "00", func(_ context.Context, use func(io.ReaderAt, int64) error) error { return use(stored, file.Size) }}}
	runtime.GC()
	var peak atomic.Uint64
	done := make(chan struct{})
	go func() {
		for tick := time.NewTicker(20 * time.Millisecond); ; {
			select {
			case <-done:
				tick.Stop()
				return
			case <-tick.C:
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak.Store(max(peak.Load(), m.HeapInuse))
			}
		}
	}()
	start := time.Now()
	into, err := Open(t.Context(), dataset, Options{Scratch: t.TempDir(), Now: time.Now, Tables: table.Options{Scratch: t.TempDir()}, Upload: intoStorage(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer into.Close()
	r, err := into.Publish(t.Context(), p)
	close(done)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d customers: %d bytes of Parquet, %d jobs, %s, at most %d MiB of heap", customers, r.Bytes, r.Jobs, time.Since(start).Round(time.Second/10), peak.Load()>>20)
	if peak.Load() > limit {
		t.Errorf("it held %d MiB, want at most %d", peak.Load()>>20, limit>>20)
	}
	if got := warehousetest.Query(t, "SELECT COUNT(*) FROM `"+dataset+".assignments_current`")[0][0]; got != "1000000" {
		t.Errorf("%v customers are published", got)
	}
}
