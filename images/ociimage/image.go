package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// Media types of the OCI image specification, version 1.
const (
	typeIndex    = "application/vnd.oci.image.index.v1+json"
	typeManifest = "application/vnd.oci.image.manifest.v1+json"
	typeConfig   = "application/vnd.oci.image.config.v1+json"
	typeLayer    = "application/vnd.oci.image.layer.v1.tar+gzip"
)

// File is what lies at a path of an image. Owner and times are not kept: all belongs to root and is as old as the commit.
type File struct {
	Mode fs.FileMode // permissions, and fs.ModeDir and fs.ModeSticky
	Data []byte      // nil for a folder
}

// Settings is how an image is run: the part of an image's config that these images use, in the specification's names.
type Settings struct {
	User       string            `json:"User,omitempty"`
	Env        []string          `json:"Env,omitempty"`
	Entrypoint []string          `json:"Entrypoint,omitempty"`
	Cmd        []string          `json:"Cmd,omitempty"`
	WorkingDir string            `json:"WorkingDir,omitempty"`
	Labels     map[string]string `json:"Labels,omitempty"`
}

// Image is files and how to run them. Paths are relative to the root, slash-separated and clean: "step", "tmp".
type Image struct {
	Architecture string // as Go names it: amd64
	Settings     Settings
	Files        map[string]File
}

type config struct {
	Created      string   `json:"created"`
	Architecture string   `json:"architecture"`
	OS           string   `json:"os"`
	Config       Settings `json:"config"`
	RootFS       struct {
		Type    string   `json:"type"`
		DiffIDs []string `json:"diff_ids"`
	} `json:"rootfs"`
}

type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int               `json:"size"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

type manifest struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	Config        descriptor   `json:"config"`
	Layers        []descriptor `json:"layers"`
}

type index struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	Manifests     []descriptor `json:"manifests"`
}

// saved is an entry of manifest.json, the older layout that `docker save` writes.
type saved struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// Write writes the image as one archive that is an OCI layout and a `docker save` archive at once, so that containerd, docker
// (old ones too), podman, buildah and skopeo all load it, and returns the digest of its manifest: what a registry calls it.
//
// The digest follows from the image and the time created alone; name (registry/path:tag) is in the archive beside it.
func (m *Image) Write(w io.Writer, name string, created time.Time) (digest string, err error) {
	layer, err := m.layer(created)
	if err != nil {
		return "", err
	}
	packed, err := pack(layer)
	if err != nil {
		return "", err
	}
	c := config{Created: created.UTC().Format(time.RFC3339), Architecture: m.Architecture, OS: "linux", Config: m.Settings}
	c.RootFS.Type, c.RootFS.DiffIDs = "layers", []string{digestOf(layer)}
	configJSON, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("write config: %w", err)
	}
	manifestJSON, err := json.Marshal(manifest{SchemaVersion: 2, MediaType: typeManifest,
		Config: describe(typeConfig, configJSON), Layers: []descriptor{describe(typeLayer, packed)}})
	if err != nil {
		return "", fmt.Errorf("write manifest: %w", err)
	}
	entry := describe(typeManifest, manifestJSON)
	entry.Annotations = map[string]string{
		"io.containerd.image.name":          name, // the whole name, for containerd
		"org.opencontainers.image.ref.name": name[strings.LastIndex(name, ":")+1:],
	}
	indexJSON, err := json.Marshal(index{SchemaVersion: 2, MediaType: typeIndex, Manifests: []descriptor{entry}})
	if err != nil {
		return "", fmt.Errorf("write index: %w", err)
	}
	savedJSON, err := json.Marshal([]saved{{Config: blob(configJSON), RepoTags: []string{name}, Layers: []string{blob(packed)}}})
	if err != nil {
		return "", fmt.Errorf("write manifest.json: %w", err)
	}
	archive := &Image{Files: map[string]File{
		"oci-layout":       {Mode: 0o644, Data: []byte(`{"imageLayoutVersion":"1.0.0"}`)},
		"index.json":       {Mode: 0o644, Data: indexJSON},
		"manifest.json":    {Mode: 0o644, Data: savedJSON},
		blob(configJSON):   {Mode: 0o644, Data: configJSON},
		blob(manifestJSON): {Mode: 0o644, Data: manifestJSON},
		blob(packed):       {Mode: 0o644, Data: packed},
	}}
	out, err := archive.layer(created)
	if err != nil {
		return "", err
	}
	if _, err := w.Write(out); err != nil {
		return "", fmt.Errorf("write archive: %w", err)
	}
	return entry.Digest, nil
}

// layer returns the files as a tar, in order of their paths, each owned by root and changed at the time created.
func (m *Image) layer(created time.Time) ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(m.Files)) {
		f := m.Files[name]
		h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(f.Data)), Mode: int64(f.Mode.Perm()),
			ModTime: created, Format: tar.FormatUSTAR}
		if f.Mode.IsDir() {
			h.Typeflag, h.Name = tar.TypeDir, name+"/"
		}
		if f.Mode&fs.ModeSticky != 0 {
			h.Mode |= 0o1000
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, fmt.Errorf("write %s: %w", name, err)
		}
		if _, err := w.Write(f.Data); err != nil {
			return nil, fmt.Errorf("write %s: %w", name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("write tar: %w", err)
	}
	return out.Bytes(), nil
}

func pack(data []byte) ([]byte, error) {
	var out bytes.Buffer
	w := gzip.NewWriter(&out) // no name and no time in its header
	if _, err := w.Write(data); err != nil {
		return nil, fmt.Errorf("compress layer: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compress layer: %w", err)
	}
	return out.Bytes(), nil
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func describe(mediaType string, data []byte) descriptor {
	return descriptor{MediaType: mediaType, Digest: digestOf(data), Size: len(data)}
}

// blob returns where a layout keeps these bytes.
func blob(data []byte) string {
	return path.Join("blobs", strings.Replace(digestOf(data), ":", "/", 1))
}
