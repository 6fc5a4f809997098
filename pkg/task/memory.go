package task

import (
	"bufio"
	"bytes"
	"errors"
	"io/fs"
	"math"
	"path"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/scratch"
)

// Ballast tells the collector of so many bytes as if they were in use, for a step whose memory is mostly large and free of
// pointers: collecting that is cheap, but nothing is gained by doing it again and again while it grows. The ballast is never
// touched, so it is no memory. The heap may grow by so many percent before it is collected. It returns the way back.
func Ballast(size, percent int) (undo func()) {
	const piece = 1 << 20
	b := make([][]byte, 0, size/piece+1)
	for left := size; left > 0; left -= piece { // memory that was in use is made zeros, and one piece would touch all of it for a page of that
		b = append(b, make([]byte, min(left, piece)))
	}
	before := debug.SetGCPercent(percent)
	return func() {
		debug.SetGCPercent(before)
		runtime.KeepAlive(b)
	}
}

// limitHeap has the collector work harder as the heap nears the budget, unless GOMEMLIMIT says otherwise. It returns the way back.
func limitHeap(budget scratch.Budget) (undo func()) {
	before := debug.SetMemoryLimit(-1)
	if budget > 0 && before == math.MaxInt64 {
		debug.SetMemoryLimit(heapOf(budget))
	}
	return func() { debug.SetMemoryLimit(before) }
}

// heapOf returns what of a budget the collector may have: the kernel's buffers take the rest.
func heapOf(budget scratch.Budget) int64 { return int64(budget) / 16 * 15 }

// ParseBytes reads a number of bytes: "1048576", "64GiB". Empty is 0.
func ParseBytes(s string) (int64, error) {
	digits, unit := s, int64(1)
	for suffix, bytes := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40} {
		if before, ok := strings.CutSuffix(s, suffix); ok {
			digits, unit = before, bytes
		}
	}
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n <= 0 || n > (1<<62)/unit {
		return 0, errors.New("want a number of bytes such as 1048576, 512MiB or 64GiB")
	}
	return n * unit, nil
}

// budgetOf returns what so much memory leaves beside the program, and an error where the program alone does not fit. 0 is no bound.
func budgetOf(memory int64) (scratch.Budget, error) {
	if memory == 0 {
		return 0, nil
	}
	if memory <= scratch.Program {
		return 0, fault.ErrConfig.Errorf("memory", "", "--memory is %d KiB, and the program itself takes %d MiB: give it more memory", memory>>10, scratch.Program>>20)
	}
	return scratch.Budget(memory - scratch.Program), nil
}

// memoryGiven returns what --memory is where it is not given: nine tenths of the container's limit, which leaves room for the kernel's
// buffers; without a limit half of the machine's memory; and 0 where neither is known. system is the root of the file system.
func memoryGiven(system fs.FS) int64 {
	machine := machineMemory(system)
	limit := containerLimit(system)
	if limit > 0 && (machine == 0 || limit < machine) {
		return limit / 10 * 9
	}
	return machine / 2
}

// containerLimit returns the least memory limit of the process's control groups (version 2 or 1), or 0 if there is none. Each
// group's limit holds for those below it. A container sees its own group as the root, or the whole path of the host.
func containerLimit(system fs.FS) int64 {
	least := int64(0)
	look := func(file string) {
		text, err := fs.ReadFile(system, file)
		if err != nil {
			return
		}
		if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && n > 0 && (least == 0 || n < least) {
			least = n // "max", version 2's word for none, is no number
		}
	}
	groups, err := fs.ReadFile(system, "proc/self/cgroup")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(groups)) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3) // number:controllers:path
		if len(fields) != 3 {
			continue
		}
		mount, file := "sys/fs/cgroup", "memory.max"
		if controllers := strings.Split(fields[1], ","); slices.Contains(controllers, "memory") {
			mount, file = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
		} else if fields[1] != "" {
			continue // version 1, of something else
		}
		for group := path.Clean("/" + fields[2]); ; group = path.Dir(group) {
			look(path.Join(mount, group, file))
			if group == "/" {
				break
			}
		}
	}
	return least
}

// machineMemory returns the machine's memory in bytes, or 0 where it is not known.
func machineMemory(system fs.FS) int64 {
	text, err := fs.ReadFile(system, "proc/meminfo")
	if err != nil {
		return 0
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		if f := strings.Fields(lines.Text()); len(f) == 3 && f[0] == "MemTotal:" && f[2] == "kB" {
			n, err := strconv.ParseInt(f[1], 10, 64)
			if err != nil || n < 0 || n > 1<<50 {
				return 0
			}
			return n << 10
		}
	}
	return 0
}
