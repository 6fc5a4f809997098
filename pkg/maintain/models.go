package maintain

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/registry"
	"github.com/clientele/clientele/pkg/run"
)

var (
	isModel = regexp.MustCompile(`^models/([0-9a-f]{64})/manifest\.json$`)
	isHead  = regexp.MustCompile(`^([a-z0-9][a-z0-9_-]{0,62})/HEAD\.json$`)
)

// heads returns the names of all registries.
func heads(items []objstore.Item) (names []string) {
	for _, item := range items {
		if in := isHead.FindStringSubmatch(item.Name); in != nil && item.Live {
			names = append(names, in[1])
		}
	}
	return names
}

// home is the stores under another name.
func (k *Keeper) home(name string) *run.Home {
	return &run.Home{Root: k.Home.Root, Registry: k.Home.Registry, Name: name, Memory: k.Home.Memory}
}

// holders returns the manifests of the models that name a blob that holds customers.
func (k *Keeper) holders(ctx context.Context, items []objstore.Item, found []Found) (map[string]*model.Manifest, error) {
	held := map[string]bool{}
	for _, f := range found {
		if f.Where == InRegistry {
			held[f.Name] = true
		}
	}
	of := map[string]*model.Manifest{}
	if len(held) == 0 {
		return of, nil
	}
	for _, item := range items {
		in := isModel.FindStringSubmatch(item.Name)
		if in == nil || !item.Live {
			continue
		}
		m, err := model.ReadManifest(ctx, k.Home.Registry, in[1])
		if errors.Is(err, objstore.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(m.Blobs.Customers(), func(b model.Blob) bool { return held[contract.BlobPath(b.SHA256)] }) {
			of[m.ModelID] = m
		}
	}
	return of, nil
}

// models lists the models that hold customers, and of which name each is HEAD.
func (k *Keeper) models(ctx context.Context, found []Found) ([]contract.ErasedModel, error) {
	items, err := k.Home.Registry.List(ctx, "")
	if err != nil {
		return nil, err
	}
	of, err := k.holders(ctx, items, found)
	if err != nil {
		return nil, err
	}
	named := map[string]string{}
	for _, name := range heads(items) {
		head, err := registry.New(k.home(name)).Head(ctx)
		if err != nil {
			return nil, err
		}
		if head != nil {
			named[head.ModelID] = name
		}
	}
	var list []contract.ErasedModel
	for id := range of {
		list = append(list, contract.ErasedModel{ModelID: id, Name: named[id]})
	}
	slices.SortFunc(list, func(a, b contract.ErasedModel) int { return cmp.Compare(a.ModelID, b.ModelID) })
	return list, nil
}

// eraseModels gives every HEAD whose model holds customers a revision without them, and marks all models that hold them.
func (k *Keeper) eraseModels(ctx context.Context, e Erasure, number int, found []Found, r *contract.EraseResult) error {
	items, err := k.Home.Registry.List(ctx, "")
	if err != nil {
		return err
	}
	of, err := k.holders(ctx, items, found)
	if err != nil {
		return err
	}
	for _, name := range heads(items) {
		if err := k.eraseHead(ctx, e, number, name, of); err != nil {
			return err
		}
	}
	next, err := k.successors(ctx, items)
	if err != nil {
		return err
	}
	for i := range r.Models {
		m := &r.Models[i]
		if rev := next[m.ModelID]; rev != nil {
			m.Successor, m.Seq = rev.ModelID, rev.Seq
		}
	}
	for id := range of {
		mark := model.Mark{ModelID: id, Erasure: number}
		if rev := next[id]; rev != nil {
			mark.Successor = rev.ModelID
		}
		if err := model.MarkErased(ctx, k.Home.Registry, mark); err != nil {
			return err
		}
	}
	return nil
}

// eraseHead writes the revision of one name, if its model holds customers.
func (k *Keeper) eraseHead(ctx context.Context, e Erasure, number int, name string, of map[string]*model.Manifest) error {
	reg := registry.New(k.home(name))
	head, err := reg.Head(ctx)
	if err != nil || head == nil || of[head.ModelID] == nil {
		return err
	}
	b, err := model.Load(ctx, k.Home.Registry, head.ModelID, k.Tables)
	if err != nil {
		return err
	}
	next, n, err := b.Without(e.People.Has)
	if err != nil || next == nil {
		return err
	}
	move := registry.Move{Run: contract.NewRun("registry", head.AsOf, fmt.Sprintf("erase-%d", number)), Actor: e.Actor}
	if move.Key, err = contract.Key("erase", contract.Inputs{Params: map[string]any{"name": name, "model": head.ModelID, "erasure": number}}); err != nil {
		return err
	}
	from := model.Provenance{Run: move.Run.String(), AsOf: head.AsOf.String(), Key: move.Key}
	if old, err := model.ReadProvenance(ctx, k.Home.Registry, head.ModelID); err == nil {
		from.Code, from.Forward = old.Code, old.Forward
	}
	if err := model.Write(ctx, k.Home.Registry, next, from, k.Tables); err != nil {
		return err
	}
	reason := fmt.Sprintf("took forgotten customers out of the model: %d of its reference", n)
	if e.Reason != "" {
		reason += ": " + e.Reason
	}
	_, err = reg.Move(ctx, move, func(now *registry.Revision) (*registry.Revision, error) {
		if now == nil || now.ModelID != head.ModelID {
			return nil, nil
		}
		return &registry.Revision{
			ModelID: next.Manifest.ModelID, FitID: next.Manifest.FitID, Action: contract.ActionErase, Reason: reason, Hold: now.Hold,
		}, nil
	})
	return err
}

// reviseStates lets pointers and manifests name what took the place of what held the customers.
func (k *Keeper) reviseStates(ctx context.Context, _ Erasure, _ int, _ []Found, _ *contract.EraseResult) error {
	root, items, err := k.list(ctx)
	if err != nil {
		return err
	}
	successor, err := k.successors(ctx, items)
	if err != nil {
		return err
	}
	for _, item := range root {
		if !item.Live {
			continue
		}
		name, file, ok := strings.Cut(strings.TrimPrefix(item.Name, "state/"), "/")
		if !strings.HasPrefix(item.Name, "state/") || !ok {
			continue
		}
		switch file {
		case "score.json":
			err = run.Revise(ctx, k.Home.Root, item.Name, func(s *run.Entry[run.ScoreState]) (bool, error) { return k.reviseScore(ctx, s, successor) })
		case "drift.json":
			err = run.Revise(ctx, k.Home.Root, item.Name, func(s *run.Entry[run.DriftState]) (bool, error) {
				next := successor.of(s.Value.Model)
				changed := next != s.Value.Model
				s.Value.Model = next
				return changed, nil
			})
		case "campaigns.json":
			err = k.reviseCampaigns(ctx, name, item.Name)
		}
		if err != nil {
			return err
		}
	}
	return k.reviseIngest(ctx, root)
}

// successors maps models to the revisions of HEAD that took their place without a customer.
type successors map[string]*registry.Revision

// of returns the model that stands for another now.
func (s successors) of(id string) string {
	for range len(s) {
		next := s[id]
		if next == nil {
			break
		}
		id = next.ModelID
	}
	return id
}

// successors reads the histories of all names.
func (k *Keeper) successors(ctx context.Context, items []objstore.Item) (successors, error) {
	all := successors{}
	for _, name := range heads(items) {
		history, err := registry.New(k.home(name)).History(ctx, 0)
		if err != nil {
			return nil, err
		}
		for _, rev := range history {
			if rev.Action == contract.ActionErase && rev.Previous != nil {
				all[rev.Previous.ModelID] = rev
			}
		}
	}
	return all, nil
}

// reviseScore lets an entry name the assignments that the manifest of its run names, and the model that took the place of its own: the
// same centres, so the same ruler.
func (k *Keeper) reviseScore(ctx context.Context, s *run.Entry[run.ScoreState], successor successors) (changed bool, err error) {
	if next := successor.of(s.Value.Model); next != s.Value.Model {
		s.Value.Model, changed = next, true
	}
	of, err := contract.ParseRun(s.Run)
	if err != nil {
		return changed, err
	}
	m, err := k.Home.Written(ctx, of, contract.Score, s.Key)
	if errors.Is(err, objstore.ErrNotFound) {
		return changed, nil
	}
	if err != nil {
		return changed, err
	}
	st, ok := m.Objects[contract.Assignments.Name]
	if ok && (st.SHA256 != s.Value.SHA256 || st.Object != s.Value.Assignments) {
		s.Value.Assignments, s.Value.SHA256, changed = st.Object, st.SHA256, true
	}
	return changed, nil
}

func (k *Keeper) reviseCampaigns(ctx context.Context, name, object string) error {
	_, err := reviseJSON(ctx, k.Home.Root, object, func(l *contract.Campaigns) (changed bool, err error) {
		for i := range l.List {
			c := &l.List[i]
			text, _, err := k.Home.Root.Read(ctx, contract.PlanPath(name, c.ID))
			if errors.Is(err, objstore.ErrNotFound) {
				continue
			}
			if err != nil {
				return changed, err
			}
			if sum := contract.SHA256(text); sum != c.SHA256 {
				c.SHA256, changed = sum, true
			}
		}
		return changed, nil
	})
	return err
}

// reviseIngest lets the runs that stored the snapshot which the current one has taken the place of name the current one.
func (k *Keeper) reviseIngest(ctx context.Context, root []objstore.Item) error {
	now, err := lines.Open(ctx, k.Home.Root, contract.Run{})
	if err != nil || now.SHA256 == "" || now.Snapshot.Replaces == "" {
		return err
	}
	for _, item := range root {
		in := inRun.FindStringSubmatch(item.Name)
		if in == nil || !item.Live || in[2] != contract.Ingest || in[4] != "_MANIFEST.json" {
			continue
		}
		of, err := contract.ParseRun(in[1])
		if err != nil {
			continue
		}
		err = k.Home.Rewrite(ctx, of, in[2], in[3], func(m *run.Manifest) (bool, error) {
			var r contract.IngestResult
			if err := m.Decode(&r); err != nil || r.Snapshot != now.Snapshot.Replaces {
				return false, err
			}
			r.Snapshot = now.SHA256
			text, err := contract.Canonical(r)
			m.Result = json.RawMessage(strings.TrimSuffix(string(text), "\n"))
			return true, err
		})
		if err != nil && !errors.Is(err, objstore.ErrNotFound) {
			return err
		}
	}
	return nil
}
