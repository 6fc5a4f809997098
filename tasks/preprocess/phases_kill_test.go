package preprocess

import (
	"context"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/objstore/storetest"
	"github.com/clientele/clientele/pkg/retail/retailtest"
)

const twoDays = `
1,22,X,2,2010-12-02 10:00,10,7,UK
2,23,X,4,2011-02-04 08:59,5,8,UK
3,23,X,1,2011-02-04 09:00,5,,UK`

// TestPhasesEndedAtEveryWrite: a job that ends before any of its writes, or after one whose answer is lost, leaves nothing that is visible, or
// all of it; the same job again makes what one process makes.
func TestPhasesEndedAtEveryWrite(t *testing.T) {
	sold := retailtest.CSV(t, twoDays)
	one := newStage(t, "", sold, nil)
	if _, err := one.run(); err != nil {
		t.Fatal(err)
	}
	want := one.manifest()
	nothing, all := 0, 0
	for _, verb := range []string{"create", "swap"} {
		for _, lost := range []bool{false, true} {
			for n := int64(1); ; n++ {
				f := &storetest.Fault{Verb: verb, N: n, Sticky: true, Err: syscall.EIO}
				if lost {
					f.Err, f.Lost = nil, syscall.EIO
				}
				s := newStage(t, "", sold, nil)
				err := (&engine{stage: s, partitions: 2}).job(objstore.WithInterceptor(t.Context(), f))
				if !f.Struck.Load() {
					if err != nil {
						t.Error(err)
					}
					break
				}
				switch m, current := s.home.Current(t.Context(), s.cfg.Run(), contract.Preprocess); {
				case fault.CodeOf(current) == fault.ExitMissing && err != nil:
					nothing++
				case current == nil && cmp.Equal(want, m):
					all++
				default:
					t.Errorf("%s (lost: %t): %v, then %v", f.Target(), lost, err, current)
				}
				if err := (&engine{stage: s, partitions: 2}).job(t.Context()); err != nil {
					t.Fatalf("%s (lost: %t), again: %v", f.Target(), lost, err)
				}
				if diff := cmp.Diff(want, s.manifest()); diff != "" {
					t.Errorf("%s (lost: %t), again (-one process +phases):\n%s", f.Target(), lost, diff)
				}
			}
		}
	}
	if nothing < 20 || all == 0 {
		t.Errorf("%d jobs that left nothing, %d that left all", nothing, all)
	}
}

// job is what engine/spark/job.py does: the first phase that fails ends it.
func (e *engine) job(ctx context.Context) error {
	if err := e.divide(ctx); err != nil {
		return err
	}
	if e.plan.Done {
		_, err := Run(ctx, e.cfg, e.deps)
		return err
	}
	if err := e.scatter(ctx); err != nil {
		return err
	}
	var receipts []string
	for i := range e.plan.Partitions {
		r, err := e.partition(ctx, i)
		if err != nil {
			return err
		}
		receipts = append(receipts, r)
	}
	_, err := e.commit(ctx, receipts...)
	return err
}
