package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/registry"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

// VerifyResult is what verify reports.
type VerifyResult struct {
	ModelID     string `json:"model_id"`
	Seq         int64  `json:"seq"`
	Revisions   int    `json:"revisions"`   // of the history, all whole
	Models      int    `json:"models"`      // of those revisions and their parents, all whole
	Erased      int    `json:"erased"`      // of them, whose customers are deleted because one is forgotten: they cannot be checked
	Evaluations int    `json:"evaluations"` // that those revisions rest on, all whole
	Reference   int    `json:"reference"`   // customers of the model
	Golden      int    `json:"golden"`      // customers who got their answers again
}

// Verify checks the registry of a name.
var Verify = task.Task[ShowConfig, VerifyResult]{
	Name: "registry-verify", Usage: "check the history, the models, their provenance and their evaluations",
	Description: `Reads every object that the history of HEAD leads to: the revisions, each model with its parents, blobs and provenance, and the
evaluations. Each is checked against its hash, and the golden customers of each model are replayed. All problems are listed,
each with how to repair it. Exits with 65 if something is damaged, with 66 if something is missing.`,
	Example: "registry verify --root=gs://shop/clientele",
	Flags:   showFlags, Config: newShowConfig,
	Run: func(ctx context.Context, c ShowConfig, d task.Deps) (VerifyResult, error) {
		return with(ctx, c.Common, d, func(home *run.Home, reg *registry.Registry) (VerifyResult, error) {
			v := &verifier{home: home, reg: reg, opts: work.Tables(d), seen: map[string]bool{}}
			return v.run(ctx, c.Seq)
		})
	},
	Print: func(w io.Writer, r VerifyResult) error {
		_, err := fmt.Fprintf(w, "read %d revisions, %d models with their provenance, %d evaluations: all intact\n", r.Revisions, r.Models, r.Evaluations)
		if err == nil && r.Erased > 0 {
			_, err = fmt.Fprintf(w, "%d of the models have no customers any more, because one of them is forgotten: they cannot be replayed or rolled back to\n", r.Erased)
		}
		if err == nil {
			_, err = fmt.Fprintf(w, "revision %d, model %s: %d reference and %d golden customers\n", r.Seq, short(r.ModelID), r.Reference, r.Golden)
		}
		return err
	},
}

// verifier reads a registry and collects what is wrong with it.
type verifier struct {
	home   *run.Home
	reg    *registry.Registry
	opts   table.Options
	seen   map[string]bool // models and evaluations
	wrong  []error
	mends  []string
	result VerifyResult
}

// The ways to mend what is damaged or missing.
const (
	mendHead     = "restore the object from a backup or an earlier generation; its revision is also in history/"
	mendLatest   = "write the object again: it is the member revision of HEAD.json and a line end. Until then nothing is promoted or rolled back"
	mendHistory  = "restore the object from a backup or an earlier generation; revisions before it cannot be reached until then"
	mendModel    = "restore the object, or delete it and the manifest of train in that run and run train again; until then nothing can be rolled back to this model"
	mendParent   = "restore the object from a backup or an earlier generation; no step reads it"
	mendProvided = "restore the object from a backup; no step reads it, so it may also be deleted; after deleting the manifest of train in that run too, train writes it again"
	mendNames    = "if no backup has it, delete it: segments then have the model's names again"
	mendEval     = "restore the object, or delete it and the manifest of evaluate in that run and run evaluate again; no step reads it"
)

// note keeps a problem for the end. What is no problem of the registry, such as a network that fails, is returned.
func (v *verifier) note(err error, mend string) error {
	code := fault.Judge(err).Code
	if err == nil || code != fault.ExitBadData && code != fault.ExitMissing {
		return err
	}
	v.wrong, v.mends = append(v.wrong, err), append(v.mends, mend)
	return nil
}

func (v *verifier) run(ctx context.Context, seq int) (VerifyResult, error) {
	var none VerifyResult
	head, err := v.reg.Head(ctx)
	if err == nil && head == nil {
		return none, noHead(v.home)
	}
	if err != nil {
		if err := v.note(err, mendHead); err != nil {
			return none, err
		}
		return none, v.verdict()
	}
	if err := v.note(v.reg.Recorded(ctx, head), mendLatest); err != nil {
		return none, err
	}
	_, err = v.reg.Names(ctx)
	if err := v.note(err, mendNames); err != nil {
		return none, err
	}
	revisions, err := v.reg.History(ctx, 0) // as far as it is whole
	if err := v.note(err, mendHistory); err != nil {
		return none, err
	}
	v.result.Revisions = len(revisions)
	shown := head
	for _, rev := range revisions {
		if int(rev.Seq) == seq {
			shown = rev
		}
	}
	if seq != 0 && int(shown.Seq) != seq {
		_, err := at(ctx, v.home, v.reg, seq)
		if err := v.note(err, mendHistory); err != nil {
			return none, err
		}
	}
	v.result.ModelID, v.result.Seq = shown.ModelID, shown.Seq
	for _, rev := range revisions {
		if err := errors.Join(v.model(ctx, rev.ModelID, rev.FitID), v.evaluation(ctx, rev)); err != nil {
			return none, err
		}
	}
	return v.result, v.verdict()
}

// model reads a model with all that belongs to it, and then its parents' manifests.
func (v *verifier) model(ctx context.Context, id, fit string) error {
	if v.seen[id] {
		return nil
	}
	v.seen[id] = true
	v.result.Models++
	b, err := model.Load(ctx, v.home.Registry, id, v.opts)
	if errors.Is(err, model.ErrErased) {
		return v.erased(ctx, id, fit)
	}
	if err == nil && b.Manifest.FitID != fit {
		err = fault.ErrBadData.Errorf("model", v.home.Registry.URI(contract.ModelPath(id)), "model %s has fit %s, the history says %s", id, b.Manifest.FitID, fit)
	}
	if err == nil {
		if err := b.Replay(); err != nil {
			return v.note(fault.ErrBadData.Errorf("golden_replay", id, "replay of model %s: %w", id, err),
				"use the program version that trained it (see its provenance), or train again")
		}
		if id == v.result.ModelID {
			v.result.Reference, v.result.Golden = b.Reference.Rows(), b.Golden.Rows()
		}
	}
	if noted := v.note(err, mendModel); noted != nil {
		return noted
	}
	_, provErr := model.ReadProvenance(ctx, v.home.Registry, id)
	if noted := v.note(provErr, mendProvided); noted != nil {
		return noted
	}
	if err != nil {
		return nil
	}
	return v.parent(ctx, &b.Manifest)
}

// erased checks what is left of a model whose customers are deleted: its manifest and its provenance.
func (v *verifier) erased(ctx context.Context, id, fit string) error {
	v.result.Erased++
	m, err := model.ReadManifest(ctx, v.home.Registry, id)
	if err == nil && m.FitID != fit {
		err = fault.ErrBadData.Errorf("model", v.home.Registry.URI(contract.ModelPath(id)), "model %s has fit %s, the history says %s", id, m.FitID, fit)
	}
	if noted := v.note(err, mendParent); noted != nil {
		return noted
	}
	_, err = model.ReadProvenance(ctx, v.home.Registry, id)
	if noted := v.note(err, mendProvided); noted != nil || m == nil {
		return noted
	}
	return v.parent(ctx, m)
}

// parent checks that a model's parent is the one that the model says.
func (v *verifier) parent(ctx context.Context, m *model.Manifest) error {
	if m.Parent == "" && m.ParentFit == "" {
		return nil
	}
	p, err := model.ReadManifest(ctx, v.home.Registry, m.Parent)
	if err == nil && p.FitID != m.ParentFit {
		err = fault.ErrBadData.Errorf("parent", v.home.Registry.URI(contract.ModelPath(m.ModelID)),
			"model %s names its parent %s, whose fit is %s, and the fit %s", m.ModelID, m.Parent, p.FitID, m.ParentFit)
	}
	if err != nil {
		err = fmt.Errorf("parent of model %s: %w", m.ModelID, err)
	}
	return v.note(err, mendParent)
}

func (v *verifier) evaluation(ctx context.Context, rev *registry.Revision) error {
	if rev.Eval == "" || v.seen[rev.Eval] {
		return nil
	}
	v.seen[rev.Eval] = true
	v.result.Evaluations++
	e, err := registry.ReadEvaluation(ctx, v.home.Registry, rev.Eval)
	if err == nil && e.Result.Candidate != rev.ModelID {
		err = fault.ErrBadData.Errorf("evaluation", v.home.Registry.URI(contract.EvalPath(rev.Eval)),
			"revision %d of HEAD rests on an evaluation of another model, %s", rev.Seq, e.Result.Candidate)
	}
	return v.note(err, mendEval)
}

// verdict returns nil, or one error with all problems: of exit code 65 if one of them is damage, else 66.
func (v *verifier) verdict() error {
	if len(v.wrong) == 0 {
		return nil
	}
	worst := v.wrong[0]
	var text strings.Builder
	for i, err := range v.wrong {
		if fault.Judge(worst).Code == fault.ExitMissing && fault.Judge(err).Code == fault.ExitBadData {
			worst = err
		}
		fmt.Fprintf(&text, "\n%s: %v. To repair it, %s", fault.Judge(err).Object, err, v.mends[i])
	}
	said := fault.Judge(worst)
	return fault.Errorf(said.Code, said.Cause, said.Object, "%d problems; read %d revisions, %d models, %d evaluations:%s",
		len(v.wrong), v.result.Revisions, v.result.Models, v.result.Evaluations, text.String())
}
