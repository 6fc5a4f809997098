package fault_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"testing"

	"github.com/clientele/clientele/pkg/fault"
)

var errGone = fault.ErrMissing.New("object", "no such object")

// TestJudge: the outermost error that knows its code decides, then what the operating system says, then 70.
func TestJudge(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want fault.Verdict
	}{
		{"a class", errGone, fault.Verdict{Code: fault.ExitMissing, Cause: "object"}},
		{"a wrapped class", fmt.Errorf("read: %w", errGone), fault.Verdict{Code: fault.ExitMissing, Cause: "object"}},
		{"an error over a class", fault.ErrBadData.Errorf("table", "gs://b/t", "open: %w", errGone), fault.Verdict{Code: fault.ExitBadData, Cause: "table", Object: "gs://b/t"}},
		{"a fault over an error", fault.Errorf(fault.ExitConfig, "scratch", "/tmp", "spool: %w", fault.ErrTemporary.Errorf("store", "x", "slow")), fault.Verdict{Code: fault.ExitConfig, Cause: "scratch", Object: "/tmp"}},
		{"an error about an object", fault.About("gs://b/t", fmt.Errorf("read: %w", errGone)), fault.Verdict{Code: fault.ExitMissing, Cause: "object", Object: "gs://b/t"}},
		{"an error that has its object", fault.About("x", fault.ErrBadData.Errorf("table", "gs://b/t", "open: %w", errGone)), fault.Verdict{Code: fault.ExitBadData, Cause: "table", Object: "gs://b/t"}},
		{"an error about an object, without a class", fault.About("x", errors.New("oops")), fault.Verdict{Code: fault.ExitInternal, Cause: "internal"}},
		{"newer", fault.Newer("state", "gs://b/s", 3, 2), fault.Verdict{Code: fault.ExitBadData, Cause: "newer_version", Object: "gs://b/s"}},
		{"permission", &os.PathError{Op: "open", Path: "x", Err: fs.ErrPermission}, fault.Verdict{Code: fault.ExitConfig, Cause: "permission"}},
		{"bad data concluded from a bad disk", fault.ErrBadData.Errorf("table", "t", "open: %w", syscall.EIO), fault.Verdict{Code: fault.ExitTemporary, Cause: "store", Object: "t"}},
		{"bad data concluded from a store that failed", fault.ErrBadData.Errorf("table", "t", "open: %w", fmt.Errorf("x: %w", fault.ErrTemporary.New("slow", "slow"))), fault.Verdict{Code: fault.ExitTemporary, Cause: "slow", Object: "t"}},
		{"no lock", fmt.Errorf("lock: %w", syscall.ENOLCK), fault.Verdict{Code: fault.ExitTemporary, Cause: "store"}},
		{"interrupted", fmt.Errorf("sync: %w", syscall.EINTR), fault.Verdict{Code: fault.ExitTemporary, Cause: "store"}},
		{"too many open files", fmt.Errorf("open: %w", syscall.EMFILE), fault.Verdict{Code: fault.ExitTemporary, Cause: "store"}},
		{"a full disk", fmt.Errorf("write: %w", syscall.ENOSPC), fault.Verdict{Code: fault.ExitTemporary, Cause: "store"}},
		{"a deadline", context.DeadlineExceeded, fault.Verdict{Code: fault.ExitTemporary, Cause: "store"}},
		{"anything else", errors.New("oops"), fault.Verdict{Code: fault.ExitInternal, Cause: "internal"}},
	} {
		if got := fault.Judge(c.err); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// TestClasses: a narrow class belongs to its wider one and to no other, and an error to its class and to what it wraps.
func TestClasses(t *testing.T) {
	err := fmt.Errorf("step: %w", fault.ErrLostSwap.Errorf("lost_swap", "p", "move p: %w", errGone))
	for class, want := range map[error]bool{
		fault.ErrLostSwap: true, fault.ErrTemporary: true, errGone: true, fault.ErrMissing: true, fault.ErrBadData: false, fault.ErrNewer: false,
	} {
		if errors.Is(err, class) != want {
			t.Errorf("errors.Is(err, %v) is %v", class, !want)
		}
	}
	if fault.CodeOf(nil) != 0 || fault.CodeOf(errors.New("oops")) != 0 || fault.CodeOf(err) != fault.ExitTemporary {
		t.Error("CodeOf is 0 for an error that nobody classified, and the code of the outermost otherwise")
	}
}

// TestEveryCodeIsListed: each code has its meaning and says whether a retry helps.
func TestEveryCodeIsListed(t *testing.T) {
	for code, retry := range map[int]bool{
		fault.ExitDone: false, fault.ExitUsage: false, fault.ExitBadData: false, fault.ExitMissing: false, fault.ExitInternal: true,
		fault.ExitTemporary: true, fault.ExitConfig: false, fault.ExitNothingNew: false, fault.ExitStopped: true,
	} {
		if fault.Retryable(code) != retry {
			t.Errorf("Retryable(%d) is %v", code, !retry)
		}
	}
	if len(fault.ExitCodes) != 9 {
		t.Errorf("%d exit codes are listed, want 9", len(fault.ExitCodes))
	}
}
