package objstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"regexp"
)

// hashInName matches names that end with the hex sha256 of their content, but for an ending.
var hashInName = regexp.MustCompile(`(?:^|[/-])([0-9a-f]{64})(?:\.[a-z]+)?$`)

// Hashed is content whose hex sha256 was taken as it was made. [Store.Create] need not read such content once more.
type Hashed interface {
	io.ReaderAt
	ContentSHA256() string
}

// namedByContent reports whether the name of an object is the sha256 of its content.
func namedByContent(name string, src io.ReaderAt, size int64) bool {
	in := hashInName.FindStringSubmatch(name)
	if in == nil {
		return false
	}
	if h, ok := src.(Hashed); ok {
		return h.ContentSHA256() == in[1]
	}
	sum, err := hashAll(io.NewSectionReader(src, 0, size))
	return err == nil && sum == in[1]
}

// mend replaces an object that a power cut has left empty or cut: one whose name is the sha256 of src, but not its own. Anything
// else it leaves alone. Such objects are not synced one by one (see syncCreated), so each writer looks at those that it finds.
func (d *fileDriver) mend(ctx context.Context, name string, src io.ReaderAt, size int64) error {
	in := hashInName.FindStringSubmatch(name)
	if in == nil {
		return nil
	}
	path := d.path(name)
	found, err := os.Open(path)
	if err != nil {
		return osError(err)
	}
	sum, err := hashAll(found)
	found.Close()
	if err != nil || sum == in[1] {
		return osError(err)
	}
	if !namedByContent(name, src, size) {
		return nil
	}
	t, err := d.temp(ctx, src, size)
	if err != nil {
		return err
	}
	defer t.discard()
	if err := t.f.Sync(); err != nil {
		return osError(err)
	}
	if err := os.Rename(t.f.Name(), path); err != nil {
		return osError(err)
	}
	return osError(syncFolder(filepath.Dir(path)))
}

func hashAll(r io.Reader) (string, error) {
	sum := sha256.New()
	if _, err := io.Copy(sum, r); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
