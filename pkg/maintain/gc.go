package maintain

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/registry"
	"github.com/clientele/clientele/pkg/run"
)

// marks are the objects that something names, by store and name.
type marks map[string]map[string]bool

func (m marks) add(where string, names ...string) {
	if m[where] == nil {
		m[where] = map[string]bool{}
	}
	for _, n := range names {
		m[where][n] = true
	}
}

// swept matches the objects that can be garbage, and says what they are. Everything else stays: pointers, campaigns, exports, receipts,
// what is remembered of sources, and whatever is not of Clientele.
var swept = map[string][]struct {
	name *regexp.Regexp
	kind string
}{
	InRegistry: {
		{regexp.MustCompile(`^blobs/sha256/[0-9a-f]{64}$`), "part of a model"},
		{regexp.MustCompile(`^models/[0-9a-f]{64}/[^/]+$`), "model"},
		{regexp.MustCompile(`^evals/[0-9a-f]{64}\.json$`), "evaluation"},
		{regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}/history/[0-9]+-[0-9a-f]{64}\.json$`), "revision"},
	},
	InRoot: {
		{regexp.MustCompile(`^lines/index/`), "snapshot"},
		{regexp.MustCompile(`^lines/`), "lines"},
		{regexp.MustCompile(`^quarantine/`), "quarantine"},
		{regexp.MustCompile(`^runs/([^/]+/){5}[^/]+$`), "step's work"},
	},
}

func kindOf(where, name string) string {
	for _, s := range swept[where] {
		if s.name.MatchString(name) {
			return s.kind
		}
	}
	return ""
}

// GC finds what nothing names and that is older than minAge, and deletes it unless dry. Names begin at every HEAD with its history, at the
// pointers below state/, and at the manifests of runs. A name that leads to something unreadable is an error, and nothing is deleted.
// It should not run while a pipeline is at work: a step takes an object that is there already for its own.
func (k *Keeper) GC(ctx context.Context, now time.Time, minAge time.Duration, dry bool) (contract.GCResult, error) {
	r := contract.GCResult{MinHours: int(minAge.Hours()), Garbage: []contract.GCKind{}, Left: []contract.GCObject{}}
	root, items, err := k.list(ctx)
	if err != nil {
		return r, err
	}
	m := marks{}
	if err := errors.Join(k.markRegistry(ctx, items, m), k.markRuns(ctx, root, m), k.markStates(ctx, root, m)); err != nil {
		return r, err
	}
	for where, list := range map[string][]objstore.Item{InRoot: root, InRegistry: items} {
		for _, item := range list {
			kind := kindOf(where, item.Name)
			switch {
			case kind == "" || m[where][item.Name]:
				r.Kept++
				continue
			case item.Modified.Add(minAge).After(now):
				r.Kept, r.Young = r.Kept+1, r.Young+1
				continue
			}
			i := slices.IndexFunc(r.Garbage, func(g contract.GCKind) bool { return g.Where == where && g.Kind == kind })
			if i < 0 {
				i, r.Garbage = len(r.Garbage), append(r.Garbage, contract.GCKind{Where: where, Kind: kind})
			}
			r.Garbage[i].Objects++
			r.Garbage[i].Bytes += item.Size
			if dry {
				continue
			}
			if item.Until.After(now) {
				r.Left = append(r.Left, contract.GCObject{Object: k.store(where).URI(item.Name), Why: "it is kept until " + item.Until.Format(time.DateOnly)})
				continue
			}
			if err := k.store(where).Delete(ctx, item.Name, item.Generation); err != nil {
				return r, err
			}
		}
	}
	slices.SortFunc(r.Garbage, func(a, b contract.GCKind) int {
		return cmp.Or(cmp.Compare(a.Where, b.Where), cmp.Compare(a.Kind, b.Kind))
	})
	r.Deleted = !dry
	return r, nil
}

// markRegistry marks what the histories of all names lead to.
func (k *Keeper) markRegistry(ctx context.Context, items []objstore.Item, m marks) error {
	for _, name := range heads(items) {
		history, err := registry.New(k.home(name)).History(ctx, 0)
		if err != nil {
			return err
		}
		for _, rev := range history {
			m.add(InRegistry, contract.HistoryPath(name, rev.Seq, rev.SHA256()))
			if rev.Eval != "" {
				m.add(InRegistry, contract.EvalPath(rev.Eval))
			}
			if err := k.markModel(ctx, rev.ModelID, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// markModel marks a model with its parts, and the manifests of those that it comes from.
func (k *Keeper) markModel(ctx context.Context, id string, m marks) error {
	for whole := true; id != ""; whole = false {
		known := m[InRegistry][contract.ModelPath(id)]
		of, err := model.ReadManifest(ctx, k.Home.Registry, id)
		if errors.Is(err, fault.ErrMissing) {
			return nil // registry verify tells
		}
		if err != nil {
			return err
		}
		m.add(InRegistry, contract.ModelPath(id), contract.ProvenancePath(id), contract.ErasedModelPath(id))
		if whole {
			m.add(InRegistry, contract.BlobPath(of.Blobs.Model.SHA256))
			for _, b := range of.Blobs.Customers() {
				m.add(InRegistry, contract.BlobPath(b.SHA256))
			}
		}
		if known && !whole {
			return nil
		}
		id = of.Parent
	}
	return nil
}

// markRuns marks what the manifests of runs name: their objects, the snapshot that a run stored, and the model that it trained.
func (k *Keeper) markRuns(ctx context.Context, root []objstore.Item, m marks) error {
	for _, item := range root {
		in := inRun.FindStringSubmatch(item.Name)
		if in == nil || !item.Live || in[4] != "_MANIFEST.json" {
			continue
		}
		of, err := contract.ParseRun(in[1])
		if err != nil {
			continue
		}
		w, err := k.Home.Written(ctx, of, in[2], in[3])
		if errors.Is(err, objstore.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		m.add(InRoot, item.Name)
		for _, st := range w.Objects {
			m.add(InRoot, st.Object)
		}
		var named struct {
			Snapshot string `json:"snapshot"`
			Source   string `json:"source"`
			Delivery string `json:"delivery"`
			ModelID  string `json:"model_id"`
			Eval     string `json:"eval"`
		}
		if json.Unmarshal(w.Result, &named) != nil {
			continue
		}
		if in[2] == contract.Ingest {
			m.add(InRoot, contract.QuarantinePath(named.Source, named.Delivery))
			if err := k.markSnapshot(ctx, named.Snapshot, m); err != nil {
				return err
			}
		}
		if named.Eval != "" {
			m.add(InRegistry, contract.EvalPath(named.Eval))
		}
		if err := k.markModel(ctx, named.ModelID, m); err != nil {
			return err
		}
	}
	return nil
}

// markStates marks what the pointers below state/ name, now and before, and what an undo of each snapshot leads to.
func (k *Keeper) markStates(ctx context.Context, root []objstore.Item, m marks) error {
	snapshots, err := run.ReadState[struct {
		Snapshot string `json:"snapshot"`
	}](ctx, k.Home.Root, contract.LinesStatePath())
	if err != nil {
		return err
	}
	for _, e := range snapshots.Entries {
		if err := k.markSnapshot(ctx, e.Value.Snapshot, m); err != nil {
			return err
		}
	}
	for _, item := range root {
		if !item.Live || !strings.HasPrefix(item.Name, "state/") {
			continue
		}
		switch path.Base(item.Name) {
		case "score.json":
			s, err := run.ReadState[run.ScoreState](ctx, k.Home.Root, item.Name)
			if err != nil {
				return err
			}
			for _, e := range s.Entries {
				m.add(InRoot, e.Value.Assignments)
				if err := k.markModel(ctx, e.Value.Model, m); err != nil {
					return err
				}
			}
		case "drift.json":
			s, err := run.ReadState[run.DriftState](ctx, k.Home.Root, item.Name)
			if err != nil {
				return err
			}
			for _, e := range s.Entries {
				if err := k.markModel(ctx, e.Value.Model, m); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// markSnapshot marks a snapshot and its parent with their parts, lines and rejected records. One that is not there leads nowhere.
func (k *Keeper) markSnapshot(ctx context.Context, sha256 string, m marks) error {
	for range 2 {
		if sha256 == "" {
			return nil
		}
		s, err := lines.Read(ctx, k.Home.Root, sha256)
		if errors.Is(err, fault.ErrMissing) {
			return nil
		}
		if err != nil {
			return err
		}
		partitions, deliveries, err := s.All(ctx)
		if err != nil {
			return err
		}
		m.add(InRoot, contract.SnapshotPath(sha256))
		for _, p := range s.Parts {
			m.add(InRoot, p.Object())
		}
		for _, p := range partitions {
			m.add(InRoot, p.Object)
		}
		for _, d := range deliveries {
			m.add(InRoot, contract.QuarantinePath(d.Source, d.ID))
		}
		sha256 = s.Parent
	}
	return nil
}
