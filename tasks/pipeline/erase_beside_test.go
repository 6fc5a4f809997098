package pipeline_test

import (
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/tasks/pipeline"
)

// meanwhile does something before the first write of a kind.
type meanwhile struct {
	verb, name string
	do         func()
	once       sync.Once
	done       bool
}

func (m *meanwhile) Before(verb, name string) error {
	if verb == m.verb && strings.Contains(name, m.name) {
		m.once.Do(func() { m.done = true; m.do() })
	}
	return nil
}

func (m *meanwhile) After(string, string) error { return nil }

func (m *meanwhile) Content(_ string, content io.ReaderAt) io.ReaderAt { return content }

// A pipeline that is at work while a customer is forgotten does not commit: 75. Run again it goes on without the customer, though the
// delivery still has the customer's lines; erase --again finds what the first try has left, and then nothing has the customer.
func TestAPipelineBesideAnErasure(t *testing.T) {
	for _, at := range []struct{ step, verb, name string }{
		{contract.Ingest, "swap", contract.LinesStatePath()},
		{contract.Preprocess, "create", "/preprocess/"},
		{contract.Score, "swap", contract.ScoreStatePath("segments")},
		{contract.Report, "create", "report.html"},
	} {
		t.Run(at.step, func(t *testing.T) {
			if testing.Short() && at.step != contract.Score {
				t.Skip("one step is enough")
			}
			s := smallErasedShop(t)
			root := loaded(t, filepath.Join(s.dir, "root"))
			s.edit(func(rows [][]string) [][]string {
				day := "2025-11-04 10:00:00"
				return append(rows, []string{"900002", "21029", "A CAKE STAND", "6", day, "1.25", s.victim, "France"},
					[]string{"900003", "21029", "A CAKE STAND", "12", day, "1.25", "cu/newcomer", "France"})
			})
			c := config(t, "--source="+filepath.Join(s.dir, "lines.csv"), "--root="+root, "--pipeline=test", "--run-id=beside", "--as-of=2025-11-05")
			m := &meanwhile{verb: at.verb, name: at.name, do: func() {
				if r, err := s.erasedBy(root, nil, s.victim); err != nil || !r.Done {
					t.Errorf("erase beside it: %+v, %v", r, err)
				}
			}}
			_, err := pipeline.Run(objstore.WithInterceptor(t.Context(), m), c, deps(t, io.Discard))
			if !m.done || fault.Judge(err).Code != fault.ExitTemporary || !strings.HasPrefix(err.Error(), at.step+": ") {
				t.Fatalf("erased beside it: %v; the pipeline ended with %v, want %s to end with 75", m.done, err, at.step)
			}
			r, err := pipeline.Run(t.Context(), c, deps(t, io.Discard))
			if err != nil {
				t.Fatalf("run again: %v", err)
			}
			ingest, _ := r.Steps[contract.Ingest].(contract.IngestResult)
			if i := slices.IndexFunc(ingest.Quarantine, func(q contract.RuleCount) bool { return q.Rule == "forgotten" }); i < 0 || ingest.Quarantine[i].Rows < 16 {
				t.Errorf("ingest: %+v, want the customer's records to be rejected", ingest.Quarantine)
			}
			now := stored(t, root)
			if len(holders(t, now, "cu/newcomer")) < 5 {
				t.Error("the other customer of the delivery is not there")
			}
			if _, err := s.erasing(root, nil, eraseWords{again: true}); err != nil {
				t.Error(err)
			}
			if left := holders(t, stored(t, root), s.victim); len(left) > 0 {
				t.Errorf("the customer is in %v", left)
			}
		})
	}
}
