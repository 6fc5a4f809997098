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
	"path"
	"slices"
	"strings"
)

// maxImage bounds what is unpacked of an archive: ours are 40 MB.
const maxImage = 512 << 20

// Read reads an archive of `docker save` or of [Image.Write] with one image in it. Layers are laid over each other; history,
// owners, times and what else builders add are left behind, so that an image does not tell who built it and when.
func Read(archive io.Reader) (*Image, error) {
	// buildah has links in its archives, for readers of long ago; manifest.json names the files themselves.
	files, err := readTar(archive, true)
	if err != nil {
		return nil, fmt.Errorf("read archive: %w", err)
	}
	var entries []saved
	if err := json.Unmarshal(files["manifest.json"].Data, &entries); err != nil {
		return nil, fmt.Errorf("read manifest.json: %w", err)
	}
	if len(entries) != 1 {
		return nil, fmt.Errorf("want one image in the archive (got %d)", len(entries))
	}
	var c config
	if err := json.Unmarshal(files[path.Clean(entries[0].Config)].Data, &c); err != nil {
		return nil, fmt.Errorf("read config: %w", err)
	}
	if c.OS != "linux" {
		return nil, fmt.Errorf("want an image for linux (got %q)", c.OS)
	}
	m := &Image{Architecture: c.Architecture, Settings: c.Config, Files: map[string]File{}}
	if m.Settings.Labels == nil {
		m.Settings.Labels = map[string]string{}
	}
	// buildah says so of itself where its --identity-label=false is not known.
	delete(m.Settings.Labels, "io.buildah.version")
	if m.Settings.WorkingDir == "/" {
		m.Settings.WorkingDir = "" // builders write out the default
	}
	for i, name := range entries[0].Layers {
		f, ok := files[path.Clean(name)]
		if !ok || i >= len(c.RootFS.DiffIDs) {
			return nil, fmt.Errorf("layer %s is not in the archive, or not in its config", name)
		}
		if err := m.lay(f.Data, c.RootFS.DiffIDs[i]); err != nil {
			return nil, fmt.Errorf("read layer %s: %w", name, err)
		}
	}
	return m, nil
}

// lay puts a layer, packed or not, over the files.
func (m *Image) lay(layer []byte, diffID string) error {
	if bytes.HasPrefix(layer, []byte{0x1f, 0x8b}) {
		r, err := gzip.NewReader(bytes.NewReader(layer))
		if err != nil {
			return fmt.Errorf("unpack: %w", err)
		}
		if layer, err = io.ReadAll(io.LimitReader(r, maxImage)); err != nil {
			return fmt.Errorf("unpack: %w", err)
		}
	}
	if got := digestOf(layer); got != diffID {
		return fmt.Errorf("is %s, and not %s as its config says", got, diffID)
	}
	files, err := readTar(bytes.NewReader(layer), false)
	if err != nil {
		return err
	}
	for name, f := range files {
		if strings.HasPrefix(path.Base(name), ".wh.") {
			return fmt.Errorf("%s takes a file away: not known here", name)
		}
		m.Files[name] = f
	}
	return nil
}

// readTar reads plain files and folders; the root itself is left out. Links are passed over, or are an error.
func readTar(r io.Reader, links bool) (map[string]File, error) {
	files := map[string]File{}
	t := tar.NewReader(io.LimitReader(r, maxImage))
	left := int64(maxImage)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		name := strings.TrimPrefix(path.Clean("/"+h.Name), "/")
		f := File{Mode: fs.FileMode(h.Mode).Perm()}
		if h.Mode&0o1000 != 0 {
			f.Mode |= fs.ModeSticky
		}
		switch h.Typeflag {
		case tar.TypeReg:
			if left -= h.Size; left < 0 { // a sparse file can be larger than its archive
				return nil, fmt.Errorf("%s is too large: more than %d bytes in all", h.Name, maxImage)
			}
			if f.Data, err = io.ReadAll(t); err != nil {
				return nil, err
			}
		case tar.TypeDir:
			f.Mode |= fs.ModeDir
		case tar.TypeSymlink, tar.TypeLink:
			if links {
				continue
			}
			return nil, fmt.Errorf("%s is a link: not known here", h.Name)
		default:
			return nil, fmt.Errorf("%s is of type %q: not known here", h.Name, h.Typeflag)
		}
		if name != "" {
			files[name] = f
		}
	}
}

// Paths returns the paths in the image, in order.
func (m *Image) Paths() []string {
	paths := make([]string, 0, len(m.Files))
	for name := range m.Files {
		paths = append(paths, name)
	}
	slices.Sort(paths)
	return paths
}
