package model

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/table"
)

// Write stores a bundle in the registry: blobs first, the manifest last, each unless it is there. Writing the same bundle
// twice, or two copies at once, ends well and leaves one. What a killed writer leaves are blobs that no manifest names.
func Write(ctx context.Context, registry *objstore.Store, b *Bundle, p Provenance, opts table.Options) error {
	if err := b.write(ctx, registry, p, opts); err != nil {
		return fmt.Errorf("write model %s: %w", b.Manifest.ModelID, err)
	}
	return nil
}

func (b *Bundle) write(ctx context.Context, registry *objstore.Store, p Provenance, opts table.Options) error {
	m := &b.Manifest
	if m.Version != Version || b.Model.Version != Version {
		return fmt.Errorf("it is of version %d, and this program writes version %d", m.Version, Version)
	}
	text, fitID, err := b.Model.Encode()
	if err != nil {
		return err
	}
	if fitID != m.FitID {
		return fmt.Errorf("the model has changed since it was built: its fit is %s, not %s", fitID, m.FitID)
	}
	m.Blobs.Model = Blob{SHA256: fitID, Size: int64(len(text))}
	if err := m.check(); err != nil {
		return err
	}
	if err := create(registry.CreateBytes(ctx, contract.BlobPath(fitID), text)); err != nil {
		return err
	}
	if m.Blobs.Reference, err = writeTable(ctx, registry, b.Model.referenceSchema(), b.Reference, opts); err != nil {
		return err
	}
	if m.Blobs.Golden, err = writeTable(ctx, registry, b.Model.goldenSchema(), b.Golden, opts); err != nil {
		return err
	}
	if b.Now != nil {
		blob, err := writeTable(ctx, registry, b.Model.nowSchema(), b.Now, opts)
		if err != nil {
			return err
		}
		m.Blobs.Now = &blob
	}
	p.Version, p.ModelID = Version, m.ModelID
	if text, err = contract.Sealed(p); err != nil {
		return fmt.Errorf("encode provenance: %w", err)
	}
	if err := createWhole(ctx, registry, contract.ProvenancePath(m.ModelID), text, func() error {
		_, err := ReadProvenance(ctx, registry, m.ModelID)
		return err
	}); err != nil {
		return err
	}
	if text, err = contract.Sealed(m); err != nil {
		return fmt.Errorf("encode manifest: %w", err)
	}
	return createWhole(ctx, registry, contract.ModelPath(m.ModelID), text, func() error {
		_, err := ReadManifest(ctx, registry, m.ModelID)
		return err
	})
}

// createWhole is create of an object that is not named by its content, and so may have been cut by a power failure: then read
// calls it bad data, and it is made again.
func createWhole(ctx context.Context, registry *objstore.Store, name string, text []byte, read func() error) error {
	_, err := registry.CreateBytes(ctx, name, text)
	if !errors.Is(err, objstore.ErrExists) {
		return err
	}
	err = read()
	if err == nil || fault.Judge(err).Code != fault.ExitBadData || errors.Is(err, fault.ErrNewer) {
		return err
	}
	attrs, err := registry.Stat(ctx, name)
	if err == nil {
		_, err = registry.Swap(ctx, name, attrs.Generation, text)
	}
	return err
}

// create takes an object that is there already for written: its name says what is in it. The manifest's says so too, but
// for how the tables' files are written; whichever came first names files that are there.
func create(_ objstore.Attrs, err error) error {
	if errors.Is(err, objstore.ErrExists) {
		return nil
	}
	return err
}

// ReadManifest returns a model's manifest: the identities of its segments, without the blobs. A model that is not there is
// a Fault of [fault.ExitMissing], a damaged or newer one of [fault.ExitBadData].
func ReadManifest(ctx context.Context, registry *objstore.Store, modelID string) (*Manifest, error) {
	if !isHash.MatchString(modelID) {
		return nil, fault.ErrMissing.Errorf("model", modelID, "%q is not a model's id: want 64 hex digits", modelID)
	}
	name := contract.ModelPath(modelID)
	uri := registry.URI(name)
	var m *Manifest
	_, _, err := registry.ReadChecked(ctx, name, func(text []byte) (err error) {
		if m, err = decodeManifest(text); err == nil {
			err = contract.CheckSeal(text)
		}
		if err == nil && m.ModelID != modelID {
			err = fmt.Errorf("its content hashes to model %s", m.ModelID)
		}
		if err != nil {
			return damaged("model "+modelID, uri, err)
		}
		return nil
	})
	if err != nil {
		return nil, unreadable("model "+modelID, uri, err)
	}
	return m, nil
}

// ReadProvenance returns where a model came from. The errors are those of [ReadManifest].
func ReadProvenance(ctx context.Context, registry *objstore.Store, modelID string) (Provenance, error) {
	name := contract.ProvenancePath(modelID)
	uri, what := registry.URI(name), "the provenance of model "+modelID
	var p Provenance
	_, _, err := registry.ReadChecked(ctx, name, func(text []byte) error {
		p = Provenance{}
		_, err := decode("provenance", text, &p, nil)
		if err == nil {
			err = contract.CheckSeal(text)
		}
		if err == nil && p.ModelID != modelID {
			err = fmt.Errorf("it is of model %s", p.ModelID)
		}
		if err != nil {
			return damaged(what, uri, err)
		}
		return nil
	})
	if err != nil {
		return p, unreadable(what, uri, err)
	}
	return p, nil
}

// Load returns a model with everything that goes with it. Every blob is held against its hash, and the tables against the
// logical hashes in the model. The Faults are those of [ReadManifest].
// Where its customers are deleted ([MarkErased]) the Fault of [fault.ExitMissing] says so.
func Load(ctx context.Context, registry *objstore.Store, modelID string, opts table.Options) (*Bundle, error) {
	b, err := load(ctx, registry, modelID, opts)
	if errors.Is(err, fault.ErrMissing) {
		if mark, markErr := ReadErased(ctx, registry, modelID); markErr != nil {
			return nil, errors.Join(err, markErr)
		} else if mark != nil {
			return nil, mark.fault(registry)
		}
	}
	return b, err
}

func load(ctx context.Context, registry *objstore.Store, modelID string, opts table.Options) (*Bundle, error) {
	m, err := ReadManifest(ctx, registry, modelID)
	if err != nil {
		return nil, err
	}
	b := &Bundle{Manifest: *m}
	what := "model " + modelID
	if err := readBlob(ctx, registry, what, m.Blobs.Model, func(o *objstore.Object) error {
		text, err := io.ReadAll(io.NewSectionReader(o, 0, o.Size))
		if err != nil {
			return err
		}
		b.Model, err = decodeModel(text)
		if err == nil && b.Model.K() != len(m.Segments) {
			err = fmt.Errorf("%d segments but %d centroids", len(m.Segments), b.Model.K())
		}
		return err
	}); err != nil {
		return nil, err
	}
	type part struct {
		schema frame.Schema
		blob   Blob
		want   *Content // nil: the blob's hash says enough
		dst    **frame.Frame
	}
	parts := []part{
		{b.Model.referenceSchema(), m.Blobs.Reference, &b.Model.Reference, &b.Reference},
		{b.Model.goldenSchema(), m.Blobs.Golden, &b.Model.Golden, &b.Golden},
	}
	if m.Blobs.Now != nil {
		parts = append(parts, part{b.Model.nowSchema(), *m.Blobs.Now, nil, &b.Now})
	}
	for _, t := range parts {
		if err := readBlob(ctx, registry, what, t.blob, func(o *objstore.Object) (err error) {
			*t.dst, err = readTable(o, t.schema, t.want, opts)
			return err
		}); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// readBlob opens a blob, holds it against its hash, and hands it to read, whose error says that it is damaged.
func readBlob(ctx context.Context, registry *objstore.Store, what string, blob Blob, read func(*objstore.Object) error) error {
	if !isHash.MatchString(blob.SHA256) {
		return damaged(what, registry.URL(), fmt.Errorf("%q names no blob", blob.SHA256))
	}
	name := contract.BlobPath(blob.SHA256)
	o, err := registry.OpenHashed(ctx, name, blob.SHA256)
	if errors.Is(err, objstore.ErrCorrupt) {
		return damaged("a blob of "+what, registry.URI(name), err)
	}
	if err != nil {
		return unreadable("a blob of "+what, registry.URI(name), err)
	}
	defer o.Close()
	if o.Size != blob.Size {
		return damaged("a blob of "+what, registry.URI(name), fmt.Errorf("it has %d bytes, the model names %d", o.Size, blob.Size))
	}
	if err := read(o); err != nil {
		return damaged("a blob of "+what, registry.URI(name), err)
	}
	return nil
}

var isHash = regexp.MustCompile(`^[0-9a-f]{64}$`)

// VersionError says that a later program wrote what is read.
type VersionError struct {
	What         string
	Found, Known int
}

// Error names both versions.
func (e *VersionError) Error() string {
	return fmt.Sprintf("%s has version %d, this program knows up to %d: run a newer program", e.What, e.Found, e.Known)
}

// versionOf returns the version of a JSON text. It is looked at before anything else: what a later program wrote may not parse.
func versionOf(what string, text []byte) (int, error) {
	var head struct {
		Version *int `json:"version"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return 0, fmt.Errorf("parse %s: %w", what, err)
	}
	switch {
	case head.Version == nil || *head.Version < 1:
		return 0, fmt.Errorf("parse %s: unknown version", what)
	case *head.Version > Version:
		return 0, &VersionError{What: what, Found: *head.Version, Known: Version}
	}
	return *head.Version, nil
}

// decode reads JSON of at most this program's version into v, or into the shape that an earlier version has.
func decode(what string, text []byte, v any, earlier map[int]any) (version int, err error) {
	if version, err = versionOf(what, text); err != nil {
		return version, err
	}
	if old := earlier[version]; old != nil {
		v = old
	}
	if err := json.Unmarshal(text, v); err != nil {
		return version, fmt.Errorf("parse %s: %w", what, err)
	}
	return version, nil
}

func decodeManifest(text []byte) (*Manifest, error) {
	var m Manifest
	var old manifestV1
	version, err := decode("manifest", text, &m, map[int]any{1: &old})
	if err != nil {
		return nil, err
	}
	if version == 1 {
		m = old.manifest()
	}
	return &m, m.check()
}

func decodeModel(text []byte) (Model, error) {
	var m Model
	var old modelV1
	version, err := decode("model", text, &m, map[int]any{1: &old})
	if err != nil {
		return m, err
	}
	if version == 1 {
		if m, err = old.model(); err != nil {
			return m, err
		}
	}
	return m, m.Check()
}

// unreadable makes a Fault of a missing object; other errors keep their own meaning.
func unreadable(what, uri string, err error) error {
	if errors.Is(err, fault.ErrBadData) {
		return err // it names what is wrong
	}
	if errors.Is(err, objstore.ErrNotFound) {
		return fault.ErrMissing.Errorf("model", uri, "%s is not in the registry: %w", what, err)
	}
	return fmt.Errorf("read %s: %w", what, err)
}

func damaged(what, uri string, err error) error {
	_, newer := errors.AsType[*VersionError](err)
	_, newerTable := errors.AsType[*table.VersionError](err)
	if newer || newerTable { // what a later program wrote must not be made again
		return fault.ErrNewer.Errorf("newer_version", uri, "read %s: %w", what, err)
	}
	return fault.ErrBadData.Errorf("damaged", uri, "read %s: %w", what, err)
}
