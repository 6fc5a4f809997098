package warehouse

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model/modeltest"
	"github.com/clientele/clientele/pkg/warehouse/warehousetest"
)

// Stopped at any request, a reader sees the old publication or the new one, in all tables alike, and the next try completes it.
func TestStoppedAtEveryRequest(t *testing.T) {
	if testing.Short() {
		t.Skip("a publication is stopped fifty times")
	}
	dataset := warehousetest.Start(t)
	direct := os.Getenv(EmulatorVariable)
	if _, err := publish(t, dataset, publication(t, "old", "2011-12-10", "m1", 2, "a")); err != nil {
		t.Fatal(err)
	}
	before := visible(t, dataset)
	segments := source(t, contract.Segments, frame.New(contract.Segments.Columns, 2)) // with it a view is made
	ruler := bundle(t, modeltest.Customers(50, 1), 3, everyTransform, 0)
	ruler.Manifest.ModelID = strings.Repeat("ab", 32)
	for n, done := 1, false; !done; n++ {
		key := fmt.Sprintf("new%d", n)
		p := startProxy(t)
		ctx, stop := context.WithCancel(t.Context())
		p.inject = func(i int, _ *http.Request, w http.ResponseWriter, pass func(http.ResponseWriter)) bool {
			if i != n {
				return false
			}
			if n%2 == 0 { // the request arrives, its reply does not
				pass(httptest.NewRecorder())
			}
			stop()
			return true
		}
		next := publication(t, key, "2011-12-10", key, 3, "b", "c")
		next.Tables, next.Model = append(next.Tables, segments), ruler
		_, err := publishUnder(ctx, t, dataset, next, time.Minute)
		done = err == nil
		stop()
		after := map[string]string{}
		for _, name := range []string{"people", "kinds"} {
			for _, table := range []string{name, name + "_current"} {
				got := warehousetest.Query(t, "SELECT DISTINCT run FROM `"+dataset+"."+table+"`")
				if len(got) != 1 {
					t.Fatalf("stopped at request %d: %s holds rows of %v", n, table, got)
				}
				after[got[0][0].(string)] = table
			}
		}
		if len(after) != 1 {
			t.Errorf("stopped at request %d (%s): tables are of different runs: %v", n, p.log[len(p.log)-1], after)
		}
		p.mu.Lock()
		p.inject = nil
		p.mu.Unlock()
		if _, err := publish(t, dataset, next); err != nil {
			t.Errorf("stopped at request %d, tried again: %v", n, err)
		}
		if got := visible(t, dataset); !strings.Contains(got, "people_current [2011-12-10 "+key+" clientele/2011-12-10/"+key+" 3]") || got == before {
			t.Errorf("stopped at request %d and tried again, a reader sees\n%s", n, got)
		}
		if got := warehousetest.Query(t, "SELECT COUNT(*), MIN(model_id) FROM `"+dataset+".segment_history`"); fmt.Sprint(got) != "[[2 "+key+"]]" {
			t.Errorf("stopped at request %d and tried again, the view has %v", n, got)
		}
		if got := warehousetest.Query(t, "SELECT `"+dataset+".nearest_current`(10, 5, 30.0, 1000)"); len(got) != 1 || got[0][0] == nil {
			t.Errorf("stopped at request %d and tried again, the function answers %v", n, got)
		}
		t.Setenv(EmulatorVariable, direct)
	}
}

// Eight copies of one publication at once, which meet at every job and table: one set of rows, and no copy fails for good.
func TestEightCopies(t *testing.T) {
	dataset := warehousetest.Start(t)
	p := startProxy(t)
	errs := make(chan error)
	for range 8 {
		next := publication(t, "k1", "2011-12-10", "m1", 5, "a", "b")
		go func() {
			_, err := publish(t, dataset, next)
			errs <- err
		}()
	}
	for range 8 {
		if err := <-errs; err != nil && fault.CodeOf(err) != fault.ExitTemporary {
			t.Error(err)
		}
	}
	if _, err := publish(t, dataset, publication(t, "k1", "2011-12-10", "m1", 5, "a", "b")); err != nil { // the retry of one that lost
		t.Error(err)
	}
	want := "people [2011-12-10 m1 clientele/2011-12-10/k1 5]\npeople_current [2011-12-10 m1 clientele/2011-12-10/k1 5]\n" +
		"kinds [2011-12-10 m1 clientele/2011-12-10/k1 2]\nkinds_current [2011-12-10 m1 clientele/2011-12-10/k1 2]\npublications [2011-12-10 m1 k1 2]\n"
	if got := visible(t, dataset); got != want {
		t.Errorf("a reader sees\n%swant\n%s", got, want)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for id := range p.jobs {
		if strings.HasSuffix(id, "_50") {
			t.Errorf("job %s: the copies used up their attempts", id)
		}
	}
}

// A lost reply is no lost job: the id is found again, and the work is not done twice.
func TestLostReply(t *testing.T) {
	dataset := warehousetest.Start(t)
	p := startProxy(t)
	lost := map[string]bool{}
	p.inject = func(_ int, r *http.Request, w http.ResponseWriter, pass func(http.ResponseWriter)) bool {
		if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/jobs") || lost[r.URL.Path] {
			return false
		}
		lost[r.URL.Path] = true
		pass(httptest.NewRecorder())
		refuse(w, http.StatusServiceUnavailable, "backendError", "the reply is lost")
		return true
	}
	if _, err := publish(t, dataset, publication(t, "k1", "2011-12-10", "m1", 5, "a")); err != nil {
		t.Fatal(err)
	}
	if len(lost) == 0 {
		t.Fatal("no reply was lost")
	}
	if got := visible(t, dataset); !strings.Contains(got, "people [2011-12-10 m1 clientele/2011-12-10/k1 5]") {
		t.Errorf("a reader sees\n%s", got)
	}
}

func TestErrorsByClass(t *testing.T) {
	for name, c := range map[string]struct {
		status         int
		reason, text   string
		code           int
		cause, message string
	}{
		"no permission":   {http.StatusForbidden, "accessDenied", "Access Denied: Dataset x", fault.ExitConfig, "permission", "Access Denied"},
		"no dataset":      {http.StatusNotFound, "notFound", "Not found: Dataset x", fault.ExitConfig, "no_dataset", "Not found"},
		"quota":           {http.StatusForbidden, "quotaExceeded", "Quota exceeded", fault.ExitTemporary, "quota", "Quota exceeded"},
		"too many":        {http.StatusTooManyRequests, "rateLimitExceeded", "Exceeded rate limits", fault.ExitTemporary, "quota", "rate limits"},
		"server":          {http.StatusInternalServerError, "internalError", "An internal error occurred", fault.ExitTemporary, "warehouse", "internal error"},
		"bad data":        {http.StatusBadRequest, "invalid", "Error while reading data", fault.ExitBadData, "warehouse", "reading data"},
		"over the budget": {http.StatusBadRequest, "bytesBilledLimitExceeded", "Query exceeded limit for bytes billed", fault.ExitConfig, "warehouse", "bytes billed"},
	} {
		t.Run(name, func(t *testing.T) {
			dataset := warehousetest.Start(t)
			p := startProxy(t)
			p.inject = func(_ int, r *http.Request, w http.ResponseWriter, _ func(http.ResponseWriter)) bool {
				if c.status == http.StatusNotFound && r.Method == http.MethodGet { // of a table: it is to be made, in the dataset that is not there
					return false
				}
				refuse(w, c.status, c.reason, c.text)
				return true
			}
			_, err := publishUnder(t.Context(), t, dataset, publication(t, "k1", "2011-12-10", "m1", 1, "a"), time.Second)
			got := fault.Judge(err)
			if err == nil || got.Code != c.code || got.Cause != c.cause || !strings.Contains(err.Error(), c.message) {
				t.Errorf("%v is code %d, cause %s; want %d, %s", err, got.Code, got.Cause, c.code, c.cause)
			}
		})
	}
}

// A job that fails late: the message names it with a link, nothing is visible, and the next try takes the next id.
func TestJobThatFails(t *testing.T) {
	dataset := warehousetest.Start(t)
	p := startProxy(t)
	p.inject = func(_ int, r *http.Request, w http.ResponseWriter, pass func(http.ResponseWriter)) bool {
		if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "/jobs/") && !strings.Contains(r.URL.Path, "/queries/") || !strings.Contains(r.URL.Path, "commit_1") {
			return false
		}
		if strings.Contains(r.URL.Path, "/queries/") {
			refuse(w, http.StatusBadRequest, "invalidQuery", "Transaction is aborted due to concurrent update against table people")
			return true
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"jobReference":{"projectId":"test-project","jobId":"clientele_k1_commit_1","location":"US"},"configuration":{"query":{"query":"x"}},
			"status":{"state":"DONE","errorResult":{"reason":"invalidQuery","message":"Transaction is aborted due to concurrent update against table people"}}}`)
		return true
	}
	_, err := publish(t, dataset, publication(t, "k1", "2011-12-10", "m1", 1, "a"))
	if fault.CodeOf(err) != fault.ExitTemporary || !strings.Contains(err.Error(), "concurrent update") {
		t.Fatalf("%v, want exit code 75", err)
	}
	if _, err = publish(t, dataset, publication(t, "k1", "2011-12-10", "m1", 1, "a")); err != nil {
		t.Fatal(err)
	}
	if _, ok := p.jobs["clientele_k1_commit_2"]; !ok {
		t.Errorf("the second attempt took no id of its own: %v", p.jobs)
	}
}
