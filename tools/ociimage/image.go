package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// contents is what an image's digest depends on, besides its age: files, and how to run them. Paths are relative to the root.
type contents struct {
	config v1.Config
	files  map[string]file
}

// file is a file or a folder. Owner and times are not kept: everything belongs to root and is as old as the commit.
type file struct {
	folder bool
	mode   int64 // permissions and the sticky bit
	data   []byte
}

// add takes a file or folder from a folder on disk or a layer, and refuses what is neither.
func (c *contents) add(name string, h *tar.Header, data io.Reader) error {
	mode := h.FileInfo().Mode()
	if (h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeDir) || mode&^(fs.ModePerm|fs.ModeDir|fs.ModeSticky) != 0 {
		return fmt.Errorf("%s is neither a plain file nor a folder (%s)", h.Name, mode)
	}
	content, err := io.ReadAll(data)
	if err != nil {
		return fmt.Errorf("read %s: %w", h.Name, err)
	}
	if name != "." { // the root is not listed
		c.files[name] = file{folder: h.Typeflag == tar.TypeDir, mode: h.Mode & 0o1777, data: content}
	}
	return nil
}

// addFolder takes everything below a folder.
func (c *contents) addFolder(folder fs.FS) error {
	return fs.WalkDir(folder, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		h, err := tar.FileInfoHeader(info, "")
		if err != nil {
			return err
		}
		h.Name = name
		var data []byte
		if h.Typeflag == tar.TypeReg {
			if data, err = fs.ReadFile(folder, name); err != nil {
				return err
			}
		}
		return c.add(name, h, bytes.NewReader(data))
	})
}

// fromSaved reads an archive of `docker save`. History, owners, times and what else builders add is left out: an image does
// not say who built it, or when.
func fromSaved(archive string) (*contents, error) {
	image, config, err := saved(archive)
	if err != nil {
		return nil, err
	}
	labels := maps.Clone(config.Config.Labels)
	delete(labels, "io.buildah.version")
	c := &contents{files: map[string]file{},
		config: v1.Config{User: config.Config.User, Env: config.Config.Env, Entrypoint: config.Config.Entrypoint, Labels: labels}}
	flat := mutate.Extract(image)
	defer func() { _ = flat.Close() }()
	for r := tar.NewReader(flat); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return c, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", archive, err)
		}
		if err := c.add(path.Clean(h.Name), h, r); err != nil {
			return nil, fmt.Errorf("read %s: %w", archive, err)
		}
	}
}

// tar returns the files in order of their paths, with one owner and one time.
func (c *contents) tar(created time.Time) ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(c.files)) {
		f := c.files[name]
		h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: f.mode, Size: int64(len(f.data)), ModTime: created, Format: tar.FormatUSTAR}
		if f.folder {
			h.Typeflag, h.Name = tar.TypeDir, name+"/"
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, fmt.Errorf("write %s: %w", name, err)
		}
		if _, err := w.Write(f.data); err != nil {
			return nil, fmt.Errorf("write %s: %w", name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("write tar: %w", err)
	}
	return out.Bytes(), nil
}

// architecture is that of Composer's and GKE's nodes.
const architecture = "amd64"

// layer returns the files as a layer of that type.
func (c *contents) layer(created time.Time, kind types.MediaType) (v1.Layer, error) {
	files, err := c.tar(created)
	if err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(files)), nil },
		tarball.WithMediaType(kind), tarball.WithCompressionLevel(gzip.DefaultCompression))
}

// saved reads an archive of `docker save`, and compares the digests that it claims.
func saved(archive string) (v1.Image, *v1.ConfigFile, error) {
	image, err := tarball.ImageFromPath(archive, nil)
	if err == nil {
		err = validate.Image(image)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", archive, err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", archive, err)
	}
	if config.OS != "linux" || config.Architecture != architecture {
		return nil, nil, fmt.Errorf("read %s: want an image for linux/%s (got %s/%s)", archive, architecture, config.OS, config.Architecture)
	}
	return image, config, nil
}

// onto returns the image of an archive of `docker save` with one more layer, the files. How it is run stays as it was.
func (c *contents) onto(base string, created time.Time) (v1.Image, error) {
	image, _, err := saved(base)
	if err != nil {
		return nil, err
	}
	layer, err := c.layer(created, types.DockerLayer) // as those that are read of such an archive
	if err != nil {
		return nil, err
	}
	return mutate.AppendLayers(image, layer)
}

func (c *contents) image(created time.Time) (v1.Image, error) {
	layer, err := c.layer(created, types.OCILayer)
	if err != nil {
		return nil, err
	}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	base, err = mutate.ConfigFile(base, &v1.ConfigFile{OS: "linux", Architecture: architecture, Created: v1.Time{Time: created.UTC()},
		Config: c.config, RootFS: v1.RootFS{Type: "layers"}})
	if err != nil {
		return nil, err
	}
	return mutate.AppendLayers(base, layer)
}

// archive returns the image as one archive that is an OCI layout and a `docker save` archive at once, so that containerd,
// docker, podman, buildah and skopeo all load it, and the digest of its manifest: what a registry calls it.
//
// The digest depends on the contents and the time created alone; the name (registry/path:tag) is beside the image.
func (c *contents) archive(called string, created time.Time) (data []byte, digest string, err error) {
	image, err := c.image(created)
	if err != nil {
		return nil, "", fmt.Errorf("make image: %w", err)
	}
	return archive(image, called)
}

// archive returns an image as contents.archive does.
func archive(image v1.Image, called string) (archive []byte, digest string, err error) {
	tag, err := name.NewTag(called, name.StrictValidation)
	if err != nil {
		return nil, "", err
	}
	folder, err := os.MkdirTemp("", "ociimage-*")
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	index, err := layout.Write(folder, empty.Index)
	if err != nil {
		return nil, "", fmt.Errorf("write layout: %w", err)
	}
	// containerd takes the whole name from the first annotation, others the tag from the second.
	names := map[string]string{"io.containerd.image.name": called, "org.opencontainers.image.ref.name": tag.TagStr()}
	if err := index.AppendImage(image, layout.WithAnnotations(names)); err != nil {
		return nil, "", fmt.Errorf("write layout: %w", err)
	}
	manifest, err := image.Manifest()
	if err != nil {
		return nil, "", err
	}
	// manifest.json leads `docker load` to the same blobs.
	blob := func(d v1.Descriptor) string { return path.Join("blobs", d.Digest.Algorithm, d.Digest.Hex) }
	var layers []string
	for _, l := range manifest.Layers {
		layers = append(layers, blob(l))
	}
	list, err := json.Marshal(tarball.Manifest{{Config: blob(manifest.Config), RepoTags: []string{called}, Layers: layers}})
	if err != nil {
		return nil, "", fmt.Errorf("write manifest.json: %w", err)
	}
	all := &contents{files: map[string]file{"manifest.json": {data: list}}}
	if err := all.addFolder(os.DirFS(folder)); err != nil {
		return nil, "", err
	}
	for name, f := range all.files { // whatever the umask is
		f.mode = 0o644
		if f.folder {
			f.mode = 0o755
		}
		all.files[name] = f
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, "", err
	}
	if archive, err = all.tar(config.Created.Time); err != nil {
		return nil, "", err
	}
	hash, err := image.Digest()
	return archive, hash.String(), err
}
