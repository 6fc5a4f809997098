package objstore

import (
	"errors"
	"os"
	"syscall"
	"testing"

	"github.com/clientele/clientele/pkg/fault"
)

// TestNoHardLinks: a file system without them is named as that, and is no matter of permission.
func TestNoHardLinks(t *testing.T) {
	defer func() { hardLink = os.Link }()
	for _, no := range []syscall.Errno{syscall.EPERM, syscall.EOPNOTSUPP, syscall.ENOSYS} {
		hardLink = func(string, string) error { return &os.LinkError{Op: "link", Err: no} }
		s, err := Open(t.Context(), "file://"+t.TempDir(), nil)
		if err != nil {
			t.Fatal(err)
		}
		s.drv.(*fileDriver).named.Store(true) // files without a name do not work there either
		for _, write := range []func() error{
			func() error { _, err := s.CreateBytes(t.Context(), "x", nil); return err },
			func() error { _, err := s.Swap(t.Context(), "y", 0, nil); return err },
		} {
			err := write()
			if !errors.Is(err, ErrNoLinks) || errors.Is(err, ErrPermission) || fault.Judge(err).Code != fault.ExitConfig || fault.Judge(err).Cause != "no_hard_links" {
				t.Errorf("%v: %v", no, err)
			}
		}
	}
}
