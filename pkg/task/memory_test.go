package task

import (
	"context"
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/scratch"
)

func TestBallastTakesItselfBack(t *testing.T) {
	percent := func() int {
		p := debug.SetGCPercent(100)
		debug.SetGCPercent(p)
		return p
	}
	before := percent()
	undo := Ballast(1<<20, 50)
	if percent() == before {
		t.Error("with ballast the collector works as before")
	}
	if undo(); percent() != before {
		t.Errorf("%d percent afterwards, %d before", percent(), before)
	}
}

// TestBallastIsNeverTouched: where memory was in use before, the ballast is none all the same.
func TestBallastIsNeverTouched(t *testing.T) {
	resident := func() int {
		text, err := os.ReadFile("/proc/self/statm")
		if err != nil {
			t.Skip("this system does not tell a process's memory")
		}
		var size, pages int
		if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
			t.Fatal(err)
		}
		return pages * os.Getpagesize()
	}
	const size = 256 << 20
	used := make([]byte, 1<<20) // the heap's last, and then free again
	used[0] = 1
	runtime.KeepAlive(used)
	runtime.GC()
	before := resident()
	undo := Ballast(size, 50)
	defer undo()
	if more := resident() - before; more > size/4 {
		t.Errorf("a ballast of %d MiB takes %d MiB", size>>20, more>>20)
	}
}

func TestParseBytes(t *testing.T) {
	for text, want := range map[string]int64{"": 0, "1": 1, "1048576": 1 << 20, "1KiB": 1 << 10, "512MiB": 512 << 20, "64GiB": 64 << 30, "2TiB": 2 << 40} {
		if got, err := ParseBytes(text); err != nil || got != want {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"0", "-1", "1.5GiB", "64GB", "GiB", " 1", "9999999999TiB", "1 KiB"} {
		if got, err := ParseBytes(text); err == nil {
			t.Errorf("%q: %d", text, got)
		}
	}
}

// The files are as Linux writes them (cgroups(7), and memory.txt of its documentation of version 1). A GiB less a tenth is
// 1073741824 / 10 * 9 = 966367638 bytes.
func TestMemoryGiven(t *testing.T) {
	const (
		machine   = "MemTotal:       16777216 kB\nMemFree:        1 kB\n" // 16 GiB
		gib       = "1073741824\n"
		tenth     = 966367638
		unlimited = "9223372036854771712\n" // version 1 writes the largest number of pages
	)
	for name, c := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"nothing known":             {nil, 0},
		"no group":                  {map[string]string{"proc/meminfo": machine}, 8 << 30},
		"strange files":             {map[string]string{"proc/meminfo": "MemTotal: much kB\n", "proc/self/cgroup": "0::\nx\n"}, 0},
		"version 2":                 {map[string]string{"proc/meminfo": machine, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": gib}, tenth},
		"version 2, no limit":       {map[string]string{"proc/meminfo": machine, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n"}, 8 << 30},
		"version 2, limit above":    {map[string]string{"proc/meminfo": machine, "proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "max\n", "sys/fs/cgroup/a/memory.max": gib}, tenth},
		"version 2, the least":      {map[string]string{"proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/memory.max": gib, "sys/fs/cgroup/memory.max": "2147483648\n"}, tenth},
		"version 1":                 {map[string]string{"proc/meminfo": machine, "proc/self/cgroup": "2:cpu,cpuacct:/x\n4:memory:/docker/0a\n0::/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": gib, "sys/fs/cgroup/memory/x/memory.limit_in_bytes": "1\n"}, tenth},
		"version 1, no limit":       {map[string]string{"proc/meminfo": machine, "proc/self/cgroup": "4:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": unlimited}, 8 << 30},
		"limit above the machine's": {map[string]string{"proc/meminfo": machine, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "34359738368\n"}, 8 << 30},
	} {
		system := fstest.MapFS{}
		for file, text := range c.files {
			system[file] = &fstest.MapFile{Data: []byte(text)}
		}
		if got := memoryGiven(system); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestMemoryFlag(t *testing.T) {
	for arg, want := range map[string]scratch.Budget{
		"--memory=512MiB": 512<<20 - scratch.Program, "--memory=": scratch.Budget(memoryGiven(os.DirFS("/")) - scratch.Program),
	} {
		var got Deps
		code, p := try(t, func(_ context.Context, _ sample, d Deps) (sampleResult, error) {
			got = d
			if limit := debug.SetMemoryLimit(-1); limit != int64(d.Memory)/16*15 {
				t.Errorf("%s: the collector's limit is %d, want fifteen sixteenths of %d", arg, limit, d.Memory)
			}
			return sampleResult{}, nil
		}, append(good, arg)...)
		if code != 0 || got.Memory != want {
			t.Errorf("%s: code %d, budget %d, want 0, %d\n%s", arg, code, got.Memory, want, &p.err)
		}
	}
	if limit := debug.SetMemoryLimit(-1); limit != math.MaxInt64 {
		t.Errorf("after the step the collector's limit is %d", limit)
	}
	code, p := try(t, nil, append(good, "--memory=28MiB")...)
	if says := "--memory is 28672 KiB, and the program itself takes 28 MiB: give it more memory"; code != fault.ExitConfig || !strings.Contains(p.err.String(), says) {
		t.Errorf("code %d: %s", code, &p.err)
	}
	code, p = try(t, nil, append(good, "--memory=much")...)
	if code != fault.ExitUsage || !strings.Contains(p.err.String(), `--memory: want a number of bytes such as 1048576, 512MiB or 64GiB (got "much")`) {
		t.Errorf("code %d: %s", code, &p.err)
	}
}
