package task

import (
	"crypto/x509"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// An image from scratch has no certificate authorities and no time zones. As root a copy of this test runs where there is
// nothing else, as in an image; otherwise Go is only told of places that are not there, and may find the machine's zones.
func TestAProgramBringsAuthoritiesAndZones(t *testing.T) {
	if os.Getenv("CLIENTELE_TEST_BARE") != "" {
		roots, err := x509.SystemCertPool()
		if err != nil || roots.Equal(x509.NewCertPool()) {
			t.Errorf("no certificate authorities: %v", err)
		}
		if _, err := time.LoadLocation("Europe/London"); err != nil {
			t.Error(err)
		}
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = []string{"CLIENTELE_TEST_BARE=1", "SSL_CERT_FILE=/nowhere", "SSL_CERT_DIR=/nowhere", "ZONEINFO=/nowhere"}
	if os.Getuid() == 0 && static() {
		self, err := os.ReadFile(os.Args[0])
		if err != nil {
			t.Fatal(err)
		}
		root := t.TempDir()
		if err := os.WriteFile(filepath.Join(root, "step"), self, 0o755); err != nil {
			t.Fatal(err)
		}
		cmd.Path, cmd.Dir = "/step", "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("%v\n%s", err, out)
	}
}

// static says whether this program needs no libc, as built by the Makefile.
func static() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "CGO_ENABLED", Value: "0"})
}
