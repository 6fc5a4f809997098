// Package run is how a step works: a [Home] of objects, a [Session] that begins with its inputs and commits its tables as a
// whole, and the state that runs hand on.
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
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/table"
)

// ManifestVersion is the version of a manifest's JSON.
const ManifestVersion = 1

// Home is where a deployment keeps its things. Name tells registries on one root apart.
type Home struct {
	Root, Registry *objstore.Store
	Name           string
	// Memory is the most bytes that the tables read by [Home.ReadTable] and [Home.ReadStored] may take together; 0 is no bound.
	Memory int64
	held   atomic.Int64 // what those read so far take
}

// OpenHome opens both stores. registry "" means <root>/registry.
func OpenHome(ctx context.Context, root, registry, name string, opts *objstore.Options) (*Home, error) {
	if registry == "" {
		registry = trimSlash(root) + "/registry"
	}
	r, err := objstore.Open(ctx, root, opts)
	if err != nil {
		return nil, err
	}
	g, err := objstore.Open(ctx, registry, opts)
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return &Home{Root: r, Registry: g, Name: name}, nil
}

func trimSlash(s string) string {
	for len(s) > 0 && s[len(s)-1] == '/' {
		s = s[:len(s)-1]
	}
	return s
}

// Close closes both stores.
func (h *Home) Close() error { return errors.Join(h.Root.Close(), h.Registry.Close()) }

// Manifest says what a step made of what. Two copies of a step that race write the same one.
type Manifest struct {
	Version int    `json:"version"`
	Run     string `json:"run"`
	Step    string `json:"step"`
	Key     string `json:"key"`
	contract.Inputs
	Objects map[string]Stored `json:"objects"` // by the table's or file's name
	Result  json.RawMessage   `json:"result"`
}

// Stored is an object that a step made.
type Stored struct {
	Object       string `json:"object"` // relative to the root
	TableVersion int    `json:"table_version,omitempty"`
	Rows         int64  `json:"rows,omitempty"`
	Size         int64  `json:"size"`
	SHA256       string `json:"sha256"`
}

// Decode reads the step's result into v.
func (m *Manifest) Decode(v any) error {
	if err := json.Unmarshal(m.Result, v); err != nil {
		return fmt.Errorf("parse result of %s: %w", m.Step, err)
	}
	return nil
}

// Session is one step at work in one run: what it puts becomes visible to the next step as a whole, by [Session.Commit].
//
//	s, err := home.Begin(ctx, run, contract.Preprocess, contract.Inputs{…})
//	if m := s.Done(); m != nil { … the same was made before … }
//	err = s.Put(ctx, customersFile)
//	m, err := s.Commit(ctx, result)
type Session struct {
	home   *Home
	run    contract.Run
	m      Manifest
	sha256 string // of the manifest's object, once it is there
	done   bool
}

// Begin starts a step's work. Where the same inputs have been worked on in this run, [Session.Done] has the outcome.
func (h *Home) Begin(ctx context.Context, run contract.Run, step string, in contract.Inputs) (*Session, error) {
	erased, err := ReadErased(ctx, h.Root)
	if err != nil {
		return nil, err
	}
	in.Erased = erased.Seq
	key, err := contract.Key(step, in)
	if err != nil {
		return nil, err
	}
	s := &Session{home: h, run: run, m: Manifest{
		Version: ManifestVersion, Run: run.String(), Step: step, Key: key, Inputs: in, Objects: map[string]Stored{},
	}}
	now, _, err := h.current(ctx, contract.CurrentPath(run, step))
	if err != nil && !errors.Is(err, objstore.ErrNotFound) {
		return nil, err
	}
	finished := now.Key == key
	if !finished {
		now.SHA256 = ""
	}
	m, err := h.manifest(ctx, run, step, key, now.SHA256)
	switch {
	case err == nil:
		s.m, s.sha256, s.done = m.Manifest, m.sha256, true
	case errors.Is(err, objstore.ErrNotFound):
	case errors.Is(err, errManifest) && !finished: // cut by a power failure: Commit makes it again
	default:
		return nil, err
	}
	return s, nil
}

// Key returns the name of what the step makes.
func (s *Session) Key() string { return s.m.Key }

// Run returns the run that the step works in.
func (s *Session) Run() contract.Run { return s.run }

// Objects returns what the session has stored so far, by the table's or file's name. It must not be changed.
func (s *Session) Objects() map[string]Stored { return s.m.Objects }

// Done returns the manifest if the same was made before, else nil.
func (s *Session) Done() *Manifest {
	if s.done {
		return &s.m
	}
	return nil
}

// Put stores a finished table. It does not close it.
func (s *Session) Put(ctx context.Context, f *table.File) error {
	st := Stored{TableVersion: f.Version, Rows: f.Rows, Size: f.Size, SHA256: f.SHA256}
	return s.store(ctx, f.Table, f.Table+".arrow", st, f)
}

// PutFrame stores a frame as a table of that schema.
func (s *Session) PutFrame(ctx context.Context, schema frame.Schema, f *frame.Frame, opts table.Options) error {
	w := table.NewWriter(schema, opts)
	defer w.Abort()
	if err := w.WriteFrame(f); err != nil {
		return fmt.Errorf("write table %s: %w", schema.Name, err)
	}
	file, err := w.Close()
	if err != nil {
		return fmt.Errorf("write table %s: %w", schema.Name, err)
	}
	defer file.Close()
	return s.Put(ctx, file)
}

// Take makes an object that another process has put into a session of the same key one of this session's.
func (s *Session) Take(name string, st Stored) { s.m.Objects[name] = st }

// Create stores an object beside the session's own, under a name that says its content: other processes that work for the session read
// it, and no manifest names it.
func (s *Session) Create(ctx context.Context, file string, src io.ReaderAt, st Stored) (Stored, error) {
	if err := s.create(ctx, file, &st, src); err != nil {
		return Stored{}, err
	}
	return st, nil
}

// PutBytes stores a small file.
func (s *Session) PutBytes(ctx context.Context, name string, data []byte) error {
	st := Stored{Size: int64(len(data)), SHA256: contract.SHA256(data)}
	return s.store(ctx, name, name, st, bytes.NewReader(data))
}

// PutWritten stores a file of any size, such as a page, that write writes, by way of a file in the folder scratch.
func (s *Session) PutWritten(ctx context.Context, name, scratch string, write func(io.Writer) error) (st Stored, err error) {
	f, err := os.CreateTemp(scratch, "put-*")
	if err != nil {
		return st, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	sum := sha256.New()
	if err := write(io.MultiWriter(f, sum)); err != nil {
		return st, err
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return st, err
	}
	st = Stored{Size: size, SHA256: hex.EncodeToString(sum.Sum(nil))}
	return st, s.store(ctx, name, name, st, f)
}

func (s *Session) store(ctx context.Context, name, file string, st Stored, src io.ReaderAt) error {
	if err := s.create(ctx, file, &st, src); err != nil {
		return err
	}
	s.m.Objects[name] = st
	return nil
}

func (s *Session) create(ctx context.Context, file string, st *Stored, src io.ReaderAt) error {
	st.Object = contract.OutputPath(s.run, s.m.Step, s.m.Key, file)
	_, err := s.home.Root.Create(ctx, st.Object, src, st.Size)
	if errors.Is(err, objstore.ErrExists) {
		err = s.home.same(ctx, *st, src) // an earlier try that was stopped, or a copy that races
	}
	return err
}

// same returns an error of class [fault.ErrInternal] unless the stored object is the one described. One that is empty or short,
// as a power failure leaves it, is replaced: no manifest names it yet.
func (h *Home) same(ctx context.Context, st Stored, src io.ReaderAt) error {
	o, err := h.Root.OpenHashed(ctx, st.Object, st.SHA256)
	if err == nil {
		return o.Close()
	}
	if !errors.Is(err, objstore.ErrCorrupt) {
		return err
	}
	attrs, statErr := h.Root.Stat(ctx, st.Object)
	if statErr != nil {
		return statErr
	}
	if attrs.Size < st.Size && st.Size <= mendable {
		data := make([]byte, st.Size)
		if n, err := src.ReadAt(data, 0); n < len(data) {
			return fmt.Errorf("read the new content of %s: %w", st.Object, err)
		}
		_, err := h.Root.Swap(ctx, st.Object, attrs.Generation, data)
		return err
	}
	return fault.ErrInternal.Errorf("not_reproducible", h.Root.URI(st.Object),
		"%s already exists with other content (now sha256 %s): the step is not reproducible: %w", st.Object, st.SHA256, err)
}

// mendable is the largest object that same replaces, in bytes.
const mendable = 64 << 20

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

// Commit makes the step's work visible: the manifest, once, and then the run's pointer to it. Of two copies that race,
// both get the one manifest. The result must be a function of the inputs, as the objects are. Work during which a customer was
// forgotten is not committed: the error is of class [fault.ErrTemporary].
func (s *Session) Commit(ctx context.Context, result any) (*Manifest, error) {
	if err := Unchanged(ctx, s.home.Root, s.m.Erased); err != nil {
		return nil, err
	}
	text, err := contract.Canonical(result)
	if err != nil {
		return nil, fmt.Errorf("encode result of %s: %w", s.m.Step, err)
	}
	s.m.Result = json.RawMessage(text[:len(text)-1])
	text, err = contract.Sealed(s.m)
	if err != nil {
		return nil, fmt.Errorf("encode manifest of %s: %w", s.m.Step, err)
	}
	name := contract.ManifestPath(s.run, s.m.Step, s.m.Key)
	s.sha256 = contract.SHA256(text)
	_, err = s.home.Root.CreateBytes(ctx, name, text)
	if errors.Is(err, objstore.ErrExists) {
		err = s.adopt(ctx, name, text)
	}
	if err != nil {
		return nil, err
	}
	s.done = true
	return &s.m, s.Point(ctx)
}

// adopt takes the manifest that is there already, of a copy of this step. One that a power failure has cut, before anything
// pointed to it, is made again.
func (s *Session) adopt(ctx context.Context, name string, text []byte) error {
	m, err := s.home.manifest(ctx, s.run, s.m.Step, s.m.Key, "")
	if err == nil {
		s.m, s.sha256 = m.Manifest, m.sha256
		return nil
	}
	if !errors.Is(err, errManifest) {
		return err
	}
	attrs, statErr := s.home.Root.Stat(ctx, name)
	if statErr != nil {
		return statErr
	}
	_, err = s.home.Root.Swap(ctx, name, attrs.Generation, text)
	return err
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

// Point makes the run's pointer name this step's work, for a step that was stopped before it did.
func (s *Session) Point(ctx context.Context) error {
	path := contract.CurrentPath(s.run, s.m.Step)
	now, generation, err := s.home.current(ctx, path)
	if err != nil && !errors.Is(err, objstore.ErrNotFound) {
		return err
	}
	if now.Key == s.m.Key {
		return nil
	}
	text, err := contract.Sealed(current{
		Version: StateVersion, Run: s.run.String(), AsOf: s.run.AsOf.String(), Key: s.m.Key,
		Manifest: contract.ManifestPath(s.run, s.m.Step, s.m.Key), SHA256: s.sha256, Previous: now.Key,
	})
	if err != nil {
		return fmt.Errorf("encode %s: %w", path, err)
	}
	_, err = s.home.Root.Swap(ctx, path, generation, text)
	if !errors.Is(err, objstore.ErrConflict) {
		return err
	}
	if now, _, readErr := s.home.current(ctx, path); readErr == nil && now.Key == s.m.Key {
		return nil
	}
	return fault.ErrLostSwap.Errorf("lost_swap", s.home.Root.URI(path), "move %s: another instance of this step with other inputs moved it: %w", path, err)
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
// of [fault.ErrConfig], before any of it is read.
func (h *Home) ReadTable(ctx context.Context, m *Manifest, schema frame.Schema, opts table.Options) (*frame.Frame, error) {
	st, ok := m.Objects[schema.Name]
	if !ok {
		return nil, fault.ErrMissing.Errorf("upstream", schema.Name, "%s of run %s wrote no table %s", m.Step, m.Run, schema.Name)
	}
	return h.ReadStored(ctx, st, schema, opts)
}

// hold counts what the rows of a table take, texts by their headers alone, and refuses those that do not fit.
func (h *Home) hold(st Stored, schema frame.Schema) error {
	row := 0
	for _, c := range schema.Columns {
		row += c.Kind.Bytes()
	}
	held := h.held.Add(st.Rows * int64(row))
	if h.Memory <= 0 || held <= h.Memory {
		return nil
	}
	const mib = 1 << 20
	return fault.ErrConfig.Errorf("memory", h.Root.URI(st.Object), "--memory is %d MiB, and this step holds its tables as a whole: "+
		"with the %d rows of %s they take %d MiB at least: give it more memory", h.Memory/mib, st.Rows, schema.Name, (held+mib-1)/mib)
}

// ReadStored is [Home.ReadTable] of an object described elsewhere.
func (h *Home) ReadStored(ctx context.Context, st Stored, schema frame.Schema, opts table.Options) (*frame.Frame, error) {
	if err := h.hold(st, schema); err != nil {
		return nil, err
	}
	o, err := h.OpenStored(ctx, st)
	if err != nil {
		return nil, err
	}
	defer o.Close()
	r, err := table.Open(o, o.Size, schema, opts)
	if err != nil {
		return nil, fault.ErrBadData.Errorf("table", h.Root.URI(st.Object), "open %s: %w", st.Object, err)
	}
	defer r.Close()
	f, err := r.Frame()
	if err != nil {
		return nil, fault.ErrBadData.Errorf("table", h.Root.URI(st.Object), "read %s: %w", st.Object, err)
	}
	return f, nil
}
