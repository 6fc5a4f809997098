package train

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/model/modeltest"
	"github.com/clientele/clientele/pkg/table"
)

// TestDominance gives recency two far groups and all else little: recency alone makes the segments.
func TestDominance(t *testing.T) {
	customers := modeltest.Customers(400, 1)
	for i := range customers.Rows() {
		customers.Ints("recency")[i] = int64(10 + i%2*300 + i%7)
	}
	c := config("mem://"+t.Name(), "r1")
	c.K, c.Space = 2, "recency,products:ln"
	r := must(t, c, customers, contract.ActNone)
	if !strings.Contains(strings.Join(r.Findings, "\n"), "recency alone gives nearly the same segments") {
		t.Errorf("findings %q", r.Findings)
	}
}

// A segment that goes on keeps its name while its profile allows it, and a name that is re-made is reported with the profile.
func TestSegmentNames(t *testing.T) {
	customers := modeltest.Customers(120, 1)
	labels := make([]int32, customers.Rows())
	for i, days := range customers.Ints("recency") {
		if days > 90 {
			labels[i] = 1
		}
	}
	name := func(old ...string) (names []string, said []string) {
		segments, head := make([]model.Segment, 2), &model.Bundle{}
		for c, name := range old {
			segments[c].ID = model.SegmentID(int64(c + 1))
			head.Manifest.Segments = append(head.Manifest.Segments, model.Segment{ID: segments[c].ID, Name: name})
		}
		tr := &trained{}
		tr.name(segments, customers, labels, head)
		return []string{segments[0].Name, segments[1].Name}, tr.renamed
	}
	fresh, said := name()
	if fresh[0] == fresh[1] || len(said) != 0 {
		t.Errorf("names %q, reported %q", fresh, said)
	}
	if kept, said := name(fresh...); !slices.Equal(kept, fresh) || len(said) != 0 {
		t.Errorf("the same customers: %q, reported %q, want %q", kept, said, fresh)
	}
	again, said := name("About to sleep", fresh[1])
	if !slices.Equal(again, fresh) || len(said) != 1 || !strings.HasPrefix(said[0], "seg-0001 is "+fresh[0]+" now, no longer About to sleep: from the shop's median it is at recency ") {
		t.Errorf("a name that is not in the table: %q, reported %q", again, said)
	}
}

func TestOrNull(t *testing.T) {
	if orNull(math.NaN()) != nil || orNull(math.Inf(1)) != nil || *orNull(0.5) != 0.5 {
		t.Error("orNull")
	}
}

// Fifty k fit into what a scheduler takes, and every segment of every k has its row.
func TestResultOfFiftyKIsSmall(t *testing.T) {
	c := config("file://"+t.TempDir(), "wide")
	c.KMax = maxK
	r, err := train(t, c, modeltest.Customers(200, 1), contract.ActNone)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(r)
	if err != nil || len(r.Sweep) != 49 || len(text) > 16<<10 {
		t.Errorf("%d bytes of %d k, %v, want at most %d", len(text), len(r.Sweep), err, 16<<10)
	}
	m, err := home(t, c).Current(context.Background(), c.Run(), contract.Train)
	if err != nil {
		t.Fatal(err)
	}
	clusters, err := home(t, c).ReadTable(context.Background(), m, contract.SweepClusters, table.Options{})
	if err != nil || clusters.Rows() != 50*51/2-1 {
		t.Fatalf("%d rows, %v, want 2 + … + 50", clusters.Rows(), err)
	}
	sum := map[int64]int64{}
	for i, k := range clusters.Ints("k") {
		if (clusters.Strings("segment")[i] != "") != (clusters.Ints("chosen")[i] == 1) || (clusters.Ints("chosen")[i] == 1) != (int(k) == r.K) {
			t.Errorf("row %d of k = %d: segment %q", i, k, clusters.Strings("segment")[i])
		}
		for _, of := range []string{"silhouette", "jaccard"} {
			low, middle, high := clusters.Floats(of + "_p10")[i], clusters.Floats(of + "_median")[i], clusters.Floats(of + "_p90")[i]
			if low > middle || middle > high || math.IsNaN(low) != math.IsNaN(clusters.Floats(of)[i]) {
				t.Errorf("row %d of k = %d: %s %v, from %v to %v", i, k, of, middle, low, high)
			}
		}
		sum[k] += clusters.Ints("customers")[i]
	}
	for k, n := range sum {
		if n != 200 {
			t.Errorf("the segments of k = %d have %d customers, want 200", k, n)
		}
	}
}

// The bundle has a shadow: the same k, fitted without the customers that are held out.
func TestShadow(t *testing.T) {
	c := config("file://"+t.TempDir(), "shadow")
	customers := modeltest.Customers(200, 1)
	r, err := train(t, c, customers, contract.ActNone)
	if err != nil {
		t.Fatal(err)
	}
	b, err := model.Load(context.Background(), home(t, c).Registry, r.ModelID, table.Options{})
	if err != nil {
		t.Fatal(err)
	}
	in := 0
	for _, key := range customers.Strings("customer") {
		if !model.HeldOut(key) {
			in++
		}
	}
	s := b.Model.Shadow
	if s == nil || s.Customers != in || len(s.Centroids) != r.K || in < 140 || in > 180 {
		t.Errorf("shadow %+v, want %d customers and k = %d", s, in, r.K)
	}
}
