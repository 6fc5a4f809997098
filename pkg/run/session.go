// Package run is how a step works: a [Home] of objects, a [Session] that begins with its inputs and commits its tables as a
// whole, and the state that runs hand on.
package run

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/table"
)

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
	mu     sync.Mutex // of what m has of objects
	sha256 string     // of the manifest's object, once it is there
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

// Put stores a finished table, and may be called beside other tables' PutTable. It does not close it.
func (s *Session) Put(ctx context.Context, f *table.File) error {
	st := Stored{TableVersion: f.Version, Rows: f.Rows, Size: f.Size, SHA256: f.SHA256}
	return s.store(ctx, f.Table, f.Table+".arrow", st, f)
}

// PutFrame stores a frame as a table of that schema.
func (s *Session) PutFrame(ctx context.Context, schema frame.Schema, f *frame.Frame, opts table.Options) error {
	return s.PutTable(ctx, schema, opts, func(w *table.Writer) error { return w.WriteFrame(f) })
}

// PutTable stores the table of that schema that write writes. The rows alone make its bytes, not how many are written at a time.
func (s *Session) PutTable(ctx context.Context, schema frame.Schema, opts table.Options, write func(*table.Writer) error) error {
	w := table.NewWriter(schema, opts)
	defer w.Abort()
	if err := write(w); err != nil {
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
	s.mu.Lock()
	s.m.Objects[name] = st
	s.mu.Unlock()
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

// mendable is the largest object that same replaces, in bytes.
const mendable = 64 << 20

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
