package bench_test

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A benchmark that is stopped in the middle leaves no folder in memory and no program that runs on.
const stopped = `
import os, sys
from process import run, scratch
with scratch() as work:
    (work / "data").write_text("x")
    print(work, flush=True)
    run(["sh", "-c", f"echo $$ > {work}/pid; mv {work}/pid {os.environ['PID']}; exec sleep 600"])
`

func TestAStoppedBenchmarkCleansUp(t *testing.T) {
	for _, signal := range []os.Signal{syscall.SIGINT, syscall.SIGTERM} {
		pid := t.TempDir() + "/pid"
		cmd := exec.Command("python3", "-B", "-c", stopped)
		cmd.Env = append(os.Environ(), "PID="+pid, "BENCH_DIR="+t.TempDir(), "PYTHONPATH=.")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		work, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		var program string
		for end := time.Now().Add(20 * time.Second); program == "" && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			text, _ := os.ReadFile(pid)
			program = strings.TrimSpace(string(text))
		}
		if program == "" {
			t.Fatal("the program did not start")
		}
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		if want := 128 + int(signal.(syscall.Signal)); cmd.ProcessState.ExitCode() != want {
			t.Errorf("%s: ended %s, want %d", signal, cmd.ProcessState, want)
		}
		if _, err := os.Stat(strings.TrimSpace(work)); !os.IsNotExist(err) {
			t.Errorf("%s: %s is left: %v", signal, strings.TrimSpace(work), err)
		}
		gone := false
		for end := time.Now().Add(10 * time.Second); !gone && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			state, err := os.ReadFile("/proc/" + program + "/stat")
			gone = err != nil || strings.Contains(string(state), ") Z ")
		}
		if !gone {
			t.Errorf("%s: the program %s still runs", signal, program)
		}
	}
}
