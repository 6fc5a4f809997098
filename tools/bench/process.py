"""What the benchmarks share: processes and what they cost, and a folder that is removed however a benchmark ends."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

THREADS = 2
BIN = pathlib.Path(__file__).resolve().parents[2] / "bin"


class Cost:
    """What processes have cost: seconds, CPU seconds, peak KiB."""

    def __init__(self, wall=0.0, cpu=0.0, peak=0):
        self.wall, self.cpu, self.peak = wall, cpu, peak

    def __add__(self, other):
        return Cost(self.wall + other.wall, self.cpu + other.cpu, max(self.peak, other.peak))


# A process's peak counts what its parent held when it was started, so that a small one has to start it.
LAUNCHER = """
import json, os, subprocess, sys, time
start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(json.dumps([time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, status]))
"""


def run(arguments, **variables):
    """Runs a process to its end and returns its cost; the usage is the kernel's own, for this child alone."""
    command = [sys.executable, "-I", "-S", "-c", LAUNCHER, *map(str, arguments)]
    threads = ("GOMAXPROCS", "POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    env = os.environ | dict.fromkeys(threads, str(THREADS)) | {k: str(v) for k, v in variables.items()}
    # A session of their own, so that launcher and program can be ended together.
    launcher = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, env=env)
    try:
        out, err = launcher.communicate()
    except BaseException:
        os.killpg(launcher.pid, signal.SIGKILL)
        launcher.wait()
        raise
    if launcher.returncode != 0:
        raise SystemExit(f"{arguments[0]} was not started: {err}")
    wall, cpu, peak, status = json.loads(out)
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"{' '.join(map(str, arguments[:3]))} ended {os.waitstatus_to_exitcode(status)}: {err[-2000:]}")
    return Cost(wall, cpu, peak)


@contextlib.contextmanager
def scratch():
    """A folder for a benchmark's files, in memory where there is some. It is removed however the benchmark ends."""

    def stop(number, _):
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)  # nothing interrupts the removal
        raise SystemExit(128 + number)

    memory = pathlib.Path("/dev/shm")
    work = pathlib.Path(
        tempfile.mkdtemp(prefix="clientele-bench-", dir=os.environ.get("BENCH_DIR") or (memory if memory.is_dir() else None))
    )
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, stop)
    try:
        yield work
    except SystemExit as ended:
        if isinstance(ended.code, int) and ended.code > 128:
            print(f"stopped; removing {work}", file=sys.stderr)
        raise
    finally:
        shutil.rmtree(work)
