package run

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/scratch"
	"github.com/clientele/clientele/pkg/table"
)

// OpenStored opens an object and checks it against its description. A missing one is an error of class [fault.ErrMissing], a damaged
// one of [fault.ErrBadData]. Close it.
func (h *Home) OpenStored(ctx context.Context, st Stored) (*objstore.Object, error) {
	o, err := h.Root.OpenHashed(ctx, st.Object, st.SHA256)
	switch {
	case errors.Is(err, objstore.ErrNotFound):
		return nil, h.expired(st, err)
	case errors.Is(err, objstore.ErrCorrupt):
		return nil, fault.ErrBadData.Errorf("damaged", h.Root.URI(st.Object), "%s is damaged, it is not what the manifest names: %w", st.Object, err)
	}
	return o, err
}

// expired is the error of class [fault.ErrMissing] about an object that is not there.
func (h *Home) expired(st Stored, err error) error {
	return fault.ErrMissing.Errorf("upstream", h.Root.URI(st.Object), "open %s: deleted or expired: %w", st.Object, err)
}

// small is the largest object that UseStored reads into memory as a whole, in bytes.
const small = 1 << 20

// smallObjects are their memories.
var smallObjects = sync.Pool{New: func() any { return new([]byte) }}

// UseStored is [Home.OpenStored] for as long as use runs. An object is fetched once, unless it is not the one that was named; a small one
// is read once, and not a second time for its hash.
func (h *Home) UseStored(ctx context.Context, st Stored, use func(src io.ReaderAt, size int64) error) (err error) {
	o, err := h.Root.Open(ctx, st.Object, 0)
	if errors.Is(err, objstore.ErrNotFound) {
		return h.expired(st, err)
	}
	if err != nil {
		return err
	}
	if o.Size <= small {
		held := smallObjects.Get().(*[]byte)
		defer smallObjects.Put(held)
		*held = slices.Grow((*held)[:0], int(o.Size))
		data := (*held)[:o.Size]
		n, err := o.ReadAt(data, 0)
		if n == len(data) && contract.SHA256(data) == st.SHA256 {
			return errors.Join(use(bytes.NewReader(data), o.Size), o.Close())
		}
		if n < len(data) && !errors.Is(err, io.EOF) {
			return errors.Join(fmt.Errorf("read %s: %w", st.Object, err), o.Close())
		}
	} else {
		sum := sha256.New()
		if _, err := io.Copy(sum, io.NewSectionReader(o, 0, o.Size)); err != nil {
			return errors.Join(fmt.Errorf("read %s: %w", st.Object, err), o.Close())
		}
		if hex.EncodeToString(sum.Sum(nil)) == st.SHA256 {
			return errors.Join(use(o, o.Size), o.Close())
		}
	}
	// It is fetched again, and looked at twice, before it is called damaged.
	if err := o.Close(); err != nil {
		return err
	}
	if o, err = h.OpenStored(ctx, st); err != nil {
		return err
	}
	return errors.Join(use(o, o.Size), o.Close())
}

// current is the content of a run's pointer to what a step made last.
type current struct {
	Version  int    `json:"version"`
	Run      string `json:"run"`
	AsOf     string `json:"as_of"`
	Key      string `json:"key"`
	Manifest string `json:"manifest"`
	SHA256   string `json:"sha256,omitempty"`   // of the manifest; earlier programs wrote none
	Previous string `json:"previous,omitempty"` // key
}

func (h *Home) current(ctx context.Context, path string) (current, int64, error) {
	var c current
	_, attrs, err := h.Root.ReadChecked(ctx, path, func(text []byte) error {
		c = current{}
		if err := cmp.Or(contract.CheckSeal(text), json.Unmarshal(text, &c)); err != nil {
			return fault.ErrBadData.Errorf("state", h.Root.URI(path),
				"%s is damaged: %w. To repair it, delete it and run the step again", path, err)
		}
		if c.Version > StateVersion {
			return fault.Newer("pointer", h.Root.URI(path), c.Version, StateVersion)
		}
		return nil
	})
	return c, attrs.Generation, err
}

// Rewrite changes the manifest of a step's work and makes the run's pointer name it as it is then. It is for package maintain, which
// takes customers out of what a step made; a step writes its manifest once. change reports whether it has changed anything; a try that
// was stopped half way is completed where it has not.
func (h *Home) Rewrite(ctx context.Context, run contract.Run, step, key string, change func(*Manifest) (bool, error)) error {
	m, err := h.manifest(ctx, run, step, key, "")
	if err != nil {
		return err
	}
	changed, err := change(&m.Manifest)
	if err != nil {
		return err
	}
	if changed {
		text, err := contract.Sealed(m.Manifest)
		if err != nil {
			return fmt.Errorf("encode manifest of %s: %w", step, err)
		}
		name := contract.ManifestPath(run, step, key)
		attrs, err := h.Root.Stat(ctx, name)
		if err != nil {
			return err
		}
		if _, err := h.Root.Swap(ctx, name, attrs.Generation, text); err != nil {
			return err
		}
		m.sha256 = contract.SHA256(text)
	}
	path := contract.CurrentPath(run, step)
	now, generation, err := h.current(ctx, path)
	if errors.Is(err, objstore.ErrNotFound) {
		return nil
	}
	if err != nil || now.Key != key || now.SHA256 == m.sha256 {
		return err
	}
	now.SHA256 = m.sha256
	text, err := contract.Sealed(now)
	if err != nil {
		return fmt.Errorf("encode %s: %w", path, err)
	}
	_, err = h.Root.Swap(ctx, path, generation, text)
	return err
}

// Written returns the manifest of one key of a step in a run, whichever the run's pointer names.
func (h *Home) Written(ctx context.Context, run contract.Run, step, key string) (*Manifest, error) {
	m, err := h.manifest(ctx, run, step, key, "")
	if err != nil {
		return nil, err
	}
	return &m.Manifest, nil
}

// errManifest says that a manifest is not what was written.
var errManifest = fault.ErrBadData.New("manifest", "the manifest is damaged")

// written is a manifest with the sha256 of its object.
type written struct {
	Manifest
	sha256 string
}

// manifest reads a manifest. want is the sha256 that its pointer names, "" for none.
func (h *Home) manifest(ctx context.Context, run contract.Run, step, key, want string) (*written, error) {
	name := contract.ManifestPath(run, step, key)
	var m written
	_, _, err := h.Root.ReadChecked(ctx, name, func(text []byte) (err error) {
		m = written{sha256: contract.SHA256(text)}
		if want != "" && m.sha256 != want {
			err = fmt.Errorf("sha256 is %s, %s names %s", m.sha256, contract.CurrentPath(run, step), want)
		}
		err = cmp.Or(err, contract.CheckSeal(text), json.Unmarshal(text, &m.Manifest))
		if err == nil && (m.Step != step || m.Key != key || m.Run != run.String()) {
			err = fmt.Errorf("it is of step %s, key %s, run %s", m.Step, m.Key, m.Run)
		}
		if err != nil {
			return errManifest.Errorf("manifest", h.Root.URI(name), "%s is damaged: %w. To repair it, restore the object, or delete %s and run %s of this run again",
				name, err, contract.CurrentPath(run, step), step)
		}
		if m.Version > ManifestVersion {
			return fault.Newer("manifest", h.Root.URI(name), m.Version, ManifestVersion)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &m, nil
}

// Current returns what a step made last in a run. Nothing yet is an error of class [fault.ErrMissing] that names step and run.
func (h *Home) Current(ctx context.Context, run contract.Run, step string) (*Manifest, error) {
	path := contract.CurrentPath(run, step)
	c, _, err := h.current(ctx, path)
	if errors.Is(err, objstore.ErrNotFound) {
		return nil, fault.ErrMissing.Errorf("upstream", h.Root.URI(path),
			"%s has no output in run %s: run it first, or name another run with --from-run: %w", step, run, err)
	}
	if err != nil {
		return nil, err
	}
	m, err := h.manifest(ctx, run, step, c.Key, c.SHA256)
	if errors.Is(err, objstore.ErrNotFound) {
		return nil, fault.ErrMissing.Errorf("upstream", h.Root.URI(c.Manifest), "the output of %s in run %s has expired: %w", step, run, err)
	}
	if err != nil {
		return nil, err
	}
	return &m.Manifest, nil
}

// ReadTable returns a table that a step made, checked against its hash and the schema. A missing object is a *fault.Fault of
// [fault.ErrMissing], a damaged or newer one of [fault.ErrBadData], and one that with those read before does not fit into h.Memory
// of [fault.ErrConfig], before any of it is read. Columns are those to be read, in the schema's order; without any all are.
func (h *Home) ReadTable(ctx context.Context, m *Manifest, schema frame.Schema, opts table.Options, columns ...string) (*frame.Frame, error) {
	st, err := tableOf(m, schema)
	if err != nil {
		return nil, err
	}
	return h.ReadStored(ctx, st, schema, opts, columns...)
}

// EachOfTable is [Home.ReadTable] batch by batch, for a caller that keeps row bytes of each row. visit must not keep the frames.
func (h *Home) EachOfTable(ctx context.Context, m *Manifest, schema frame.Schema, row int, opts table.Options, visit func(*frame.Frame)) error {
	st, err := tableOf(m, schema)
	if err == nil {
		err = h.hold(st, schema, row)
	}
	if err != nil {
		return err
	}
	return h.useTable(ctx, st, schema, opts, func(r *table.Reader) error {
		return r.Each(func(f *frame.Frame) error {
			visit(f)
			return nil
		})
	})
}

func tableOf(m *Manifest, schema frame.Schema) (Stored, error) {
	st, ok := m.Objects[schema.Name]
	if !ok {
		return st, fault.ErrMissing.Errorf("upstream", schema.Name, "%s of run %s wrote no table %s", m.Step, m.Run, schema.Name)
	}
	return st, nil
}

// hold counts what is kept of the rows of a table, row bytes of each, and refuses those that do not fit.
func (h *Home) hold(st Stored, schema frame.Schema, row int) error {
	held := h.held.Add(st.Rows * int64(row))
	if h.Memory <= 0 || held <= h.Memory {
		return nil
	}
	does := fmt.Sprintf("holds its tables as a whole, with the %d rows of %s now", st.Rows, schema.Name)
	return fault.ErrConfig.Errorf("memory", h.Root.URI(st.Object), "%s", scratch.Budget(h.Memory).TooLittle(does, held))
}

// ReadStored is [Home.ReadTable] of an object described elsewhere.
func (h *Home) ReadStored(ctx context.Context, st Stored, schema frame.Schema, opts table.Options, columns ...string) (f *frame.Frame, err error) {
	wanted, row := schema.Columns, 0
	if columns != nil {
		wanted = slices.DeleteFunc(slices.Clone(wanted), func(c frame.Spec) bool { return !slices.Contains(columns, c.Name) })
	}
	for _, c := range wanted {
		row += c.Kind.Bytes() // texts by their headers alone
	}
	if err := h.hold(st, schema, row); err != nil {
		return nil, err
	}
	err = h.useTable(ctx, st, schema, opts, func(r *table.Reader) (err error) {
		f = frame.New(wanted, 0)
		f.Grow(int(st.Rows))
		return r.Append(f)
	})
	return f, err
}

// useTable opens a stored table for as long as use runs.
func (h *Home) useTable(ctx context.Context, st Stored, schema frame.Schema, opts table.Options, use func(*table.Reader) error) error {
	o, err := h.OpenStored(ctx, st)
	if err != nil {
		return err
	}
	defer o.Close()
	r, err := table.Open(o, o.Size, schema, opts)
	if err != nil {
		return fault.ErrBadData.Errorf("table", h.Root.URI(st.Object), "open %s: %w", st.Object, err)
	}
	defer r.Close()
	if err := use(r); err != nil {
		return fault.ErrBadData.Errorf("table", h.Root.URI(st.Object), "read %s: %w", st.Object, err)
	}
	return nil
}
