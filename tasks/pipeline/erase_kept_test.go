package pipeline_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/schema"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/objstore/gcstest"
)

// upload copies a root into a bucket.
func (s *erasedShop) upload(url string) *objstore.Store {
	s.t.Helper()
	store, err := objstore.Open(s.t.Context(), url, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { store.Close() })
	for name, text := range stored(s.t, loaded(s.t, filepath.Join(s.dir, "root"))) {
		if _, err := store.CreateBytes(s.t.Context(), name, []byte(text)); err != nil {
			s.t.Fatal(err)
		}
	}
	return store
}

// keeping answers as Cloud Storage does for a bucket with soft delete, of which an old generation is under a retention and an object
// under a hold: fake-gcs-server knows none of these. Source: the JSON API's reference of objects, buckets and their errors.
type keeping struct {
	t        *testing.T
	retained string // name of the object whose old generations are kept until 2026-02-03
	held     string
	off      atomic.Bool
	refused  atomic.Int64 // deletes of what is kept
}

func (k *keeping) handle(w http.ResponseWriter, r *http.Request, forward http.Handler) {
	list := r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/o")
	bucket := r.Method == http.MethodGet && strings.Count(strings.Trim(r.URL.Path, "/"), "/") <= 3 && strings.Contains(r.URL.Path, "/b/")
	if k.off.Load() || !list && !bucket {
		if _, name, ok := strings.Cut(r.URL.Path, "/o/shop/"); ok && r.Method == http.MethodDelete && !k.off.Load() && name == k.held {
			k.refused.Add(1)
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(`{"error":{"code":403,"message":"Object is under active Temporary hold and cannot be deleted.","errors":[{"reason":"forbidden"}]}}`))
			return
		}
		forward.ServeHTTP(w, r)
		return
	}
	answer := httptest.NewRecorder()
	forward.ServeHTTP(answer, r)
	var body map[string]any
	if err := json.Unmarshal(answer.Body.Bytes(), &body); err != nil {
		k.t.Errorf("%s: %v", r.URL, err)
	}
	if bucket {
		body["softDeletePolicy"] = map[string]any{"retentionDurationSeconds": "604800", "effectiveTime": "2025-01-01T00:00:00Z"}
	}
	items, _ := body["items"].([]any)
	for _, item := range items {
		o := item.(map[string]any)
		switch name := strings.TrimPrefix(o["name"].(string), "shop/"); {
		case name == k.retained && o["timeDeleted"] != nil:
			o["retentionExpirationTime"] = "2026-02-03T04:05:06Z"
		case name == k.held:
			o["temporaryHold"] = true
		}
	}
	text, err := json.Marshal(body)
	if err != nil {
		k.t.Error(err)
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text)
}

// What the bucket keeps stays, is in the receipt with its day, and the exit code says so. When the bucket lets it go, erase --again finds it.
func TestEraseWhatTheBucketKeeps(t *testing.T) {
	url := gcstest.StartVersioned(t) + "/shop"
	s := smallErasedShop(t)
	store := s.upload(url)
	k := &keeping{t: t}
	for name, text := range stored(t, url) {
		switch holds(t, name, []byte(text), s.victim) {
		case "lines":
			k.retained = max(k.retained, name)
		case "customers":
			k.held = max(k.held, name)
		}
	}
	text, attrs, err := store.Read(t.Context(), k.retained)
	if err == nil {
		_, err = store.Swap(t.Context(), k.retained, attrs.Generation, text) // now there is an old generation
	}
	if err != nil {
		t.Fatal(err)
	}
	gcstest.Between(t, k.handle)
	r, err := s.erasedBy(url, nil, s.victim)
	if f, ok := errors.AsType[*fault.Fault](err); !ok || f.Code != fault.ExitConfig || !f.Whole || !strings.Contains(err.Error(), "1 objects that the bucket keeps until 2026-02-03, 1 under a hold") {
		t.Errorf("%v, want exit code 78, and the day", err)
	}
	left := map[string]contract.ErasedLeft{}
	for _, l := range r.Left {
		left[strings.TrimPrefix(l.Object, url+"/")] = l
	}
	if l := left[k.retained]; l.Until != "2026-02-03" || l.Kind != contract.LeftRetention {
		t.Errorf("under a retention: %+v", l)
	}
	if l := left[k.held]; l.Until != "" || l.Kind != contract.LeftHold {
		t.Errorf("under a hold: %+v", l)
	}
	if r.KeptHours != 7*24 || len(left) != 2 || !r.Done || k.refused.Load() > 0 {
		t.Errorf("kept for %d hours, left %+v, done %v, %d deletes that are refused", r.KeptHours, r.Left, r.Done, k.refused.Load())
	}
	receipt, _, err := store.Read(t.Context(), contract.ErasurePath(1))
	if err != nil || !bytes.Contains(receipt, []byte(`"until":"2026-02-03"`)) {
		t.Errorf("receipt %s, %v", receipt, err)
	}
	holding := holders(t, stored(t, url), s.victim)
	if slices.ContainsFunc(holding, func(name string) bool { return name != k.held && !strings.HasPrefix(name, k.retained+"#") }) || len(holding) < 2 {
		t.Errorf("the customer is in %v, want %s and the old generation of %s", holding, k.held, k.retained)
	}

	k.off.Store(true)
	if _, err := s.erasing(url, nil, eraseWords{again: true}); err != nil {
		t.Error(err)
	}
	if left := holders(t, stored(t, url), s.victim); len(left) > 0 {
		t.Errorf("when the bucket lets them go the customer is still in %v", left)
	}
}

// parquetOf writes what publish puts into a bucket for BigQuery to load: a table of customers.
func parquetOf(t *testing.T, customers ...string) string {
	t.Helper()
	root, err := schema.NewGroupNode("customers", parquet.Repetitions.Required, schema.FieldList{
		schema.MustPrimitive(schema.NewPrimitiveNodeLogical("customer", parquet.Repetitions.Optional, schema.StringLogicalType{}, parquet.Types.ByteArray, 0, -1)),
	}, -1)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	w := file.NewParquetWriter(&text, root)
	column, err := w.AppendRowGroup().NextColumn()
	if err != nil {
		t.Fatal(err)
	}
	values, levels := make([]parquet.ByteArray, len(customers)), make([]int16, len(customers))
	for i, c := range customers {
		values[i], levels[i] = parquet.ByteArray(c), 1
	}
	if _, err := column.(*file.ByteArrayColumnChunkWriter).WriteBatch(values, levels, nil); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// A Parquet copy that has the customer goes, with the rows of others; one that has not stays; one that cannot be read is listed.
func TestEraseOfParquetCopies(t *testing.T) {
	s := smallErasedShop(t)
	root := loaded(t, filepath.Join(s.dir, "root"))
	store, err := objstore.Open(t.Context(), root, nil)
	if err != nil {
		t.Fatal(err)
	}
	put := func(name, text string) {
		t.Helper()
		if _, err := store.CreateBytes(t.Context(), name, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	const folder = "runs/test/2025-11-04/third-0a1b2c3d/publish/0123456789ab/"
	with, without := parquetOf(t, "cu/other", s.victim, "cu/other", s.victim), parquetOf(t, "cu/other", s.victim[:len(s.victim)-1])
	put(folder+"customers.parquet", with)
	put(folder+"segments.parquet", without)
	if holds(t, "a.parquet", []byte(with), s.victim) != "parquet" || holds(t, "a.parquet", []byte(without), s.victim) != "" {
		t.Fatal("the search does not decode Parquet")
	}
	r, err := s.erasedBy(root, nil, s.victim)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(r.Objects, func(o contract.ErasedKind) bool { return o.Kind == "parquet" })
	if i < 0 || r.Objects[i].Objects != 1 || r.Objects[i].Rows != 2 {
		t.Errorf("receipt %+v, want one Parquet copy with two rows", r.Objects)
	}
	now := stored(t, root)
	if left := holders(t, now, s.victim); len(left) > 0 || now[folder+"segments.parquet"] != without || now[folder+"customers.parquet"] != "" {
		t.Errorf("the customer is in %v; what is left of the copies: %d and %d bytes", left, len(now[folder+"segments.parquet"]), len(now[folder+"customers.parquet"]))
	}

	put(folder+"arms.parquet", with[:len(with)/2])
	if _, err := s.erasing(root, nil, eraseWords{again: true}); fault.Judge(err).Code != fault.ExitBadData || !strings.Contains(err.Error(), "1 that cannot be read") {
		t.Errorf("%v, want one that cannot be read", err)
	}
}
