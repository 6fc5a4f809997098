package task

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/clientele/clientele/pkg/fault"
)

// A full disk and too many open files pass by themselves, wherever they are met; a folder that nobody may write to does not.
func TestFaultsOfTheHost(t *testing.T) {
	for errno, want := range map[syscall.Errno]int{
		syscall.ENOSPC: 75, syscall.EDQUOT: 75, syscall.EMFILE: 75, syscall.ENFILE: 75, syscall.EIO: 75, syscall.EACCES: 78, syscall.EROFS: 78, syscall.ENOTDIR: 78,
	} {
		err := hostFault("scratch", "/tmp", fmt.Errorf("make a folder: %w", &fs.PathError{Op: "mkdir", Path: "/tmp/x", Err: errno}))
		if v := fault.Judge(err); v.Code != want || v.Cause != "scratch" || v.Object != "/tmp" {
			t.Errorf("%v ends %+v, want %d", errno, v, want)
		}
	}
	if _, err := os.Stat("/dev/full"); err == nil { // Linux: every write to it finds no space
		if code, p := try(t, nil, append(good, "--result=/dev/full")...); code != fault.ExitTemporary {
			t.Errorf("a result on a full disk ended %d: %s", code, p.err.String())
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, p := try(t, nil, append(good, "--result="+filepath.Join(file, "result.json"))...); code != fault.ExitConfig {
		t.Errorf("a result below a file ended %d: %s", code, p.err.String())
	}
}

func TestDeadlineOfTheProgram(t *testing.T) {
	waits := func(ctx context.Context, _ sample, _ Deps) (sampleResult, error) {
		select {
		case <-ctx.Done():
			return sampleResult{}, fault.ErrBadData.Errorf("damaged", "an object", "cut: %w", context.Cause(ctx)) // what it was taken for
		case <-time.After(time.Minute):
			return sampleResult{}, nil
		}
	}
	code, p := try(t, waits, append(good, "--deadline=20ms")...)
	if code != fault.ExitTemporary || !strings.Contains(p.err.String(), "--deadline=20ms") {
		t.Errorf("ended %d: %s", code, p.err.String())
	}
	for _, arg := range []string{"--deadline=soon", "--deadline=-1s"} {
		if code, p := try(t, nil, append(good, arg)...); code != fault.ExitUsage || !strings.Contains(p.err.String(), "--deadline: want a time") {
			t.Errorf("%s ended %d: %s", arg, code, p.err.String())
		}
	}
	if code, p := try(t, nil, append(good, "--deadline=0")...); code != 0 {
		t.Errorf("without a deadline it ended %d: %s", code, p.err.String())
	}
}
