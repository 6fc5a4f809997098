"""Checks that Clientele and pandas make the same customers table, then times both. `make bench` starts it.

    python bench.py SOURCE AS_OF [ROUNDS]

Both are whole processes from the source to the table on disk, in turn, in a fresh folder each time; of each the table shows
median and least wall seconds, CPU seconds (user and system, of the median round) and the largest peak of memory.
"""

import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import pandas as pd
import pyarrow as pa

HERE = pathlib.Path(__file__).resolve().parent
BIN = HERE.parent.parent / "bin"
COMMON = ["--pipeline=bench", "--run-id=bench"]
TOLERANCE = 1e-9


class Cost:
    """What processes have cost: seconds, CPU seconds, peak KiB."""

    def __init__(self, wall=0.0, cpu=0.0, peak=0):
        self.wall, self.cpu, self.peak = wall, cpu, peak

    def __add__(self, other):
        return Cost(self.wall + other.wall, self.cpu + other.cpu, max(self.peak, other.peak))


def run(arguments):
    """Runs a process to its end and returns its cost; the usage is the kernel's own, for this child alone."""
    with tempfile.TemporaryFile() as log:
        start = time.perf_counter()
        process = subprocess.Popen([str(a) for a in arguments], stdout=subprocess.DEVNULL, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        if os.waitstatus_to_exitcode(status) != 0:
            log.seek(0)
            raise SystemExit(f"{arguments[0]} ended {os.waitstatus_to_exitcode(status)}: {log.read().decode()}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)


def ours(source, as_of, folder):
    """Costs of ingest and preprocess on a fresh root."""
    where = [f"--root=file://{folder}", f"--as-of={as_of}", *COMMON]
    ingest = run([BIN / "ingest", *where, f"--source={source}", f"--result={folder}/ingest.json"])
    preprocess = run([BIN / "preprocess", *where, "--window=all", f"--result={folder}/preprocess.json"])
    return ingest, preprocess


def theirs(source, as_of, folder):
    """Cost of the pandas script."""
    return run([sys.executable, HERE / "customers.py", source, as_of, folder / "customers.arrow"])


def our_table(folder):
    """The customers table that preprocess has made, money as in the peer's: whole ten-thousandths."""
    (current,) = folder.glob("runs/bench/*/*/preprocess/current.json")
    tables = list(current.parent.glob("*/customers*.arrow"))
    if len(tables) != 1:
        raise SystemExit(f"want one customers table below {current.parent}, found {tables}")
    table = pa.ipc.open_file(tables[0]).read_all()
    scaled = []
    for column in table.columns:
        if pa.types.is_decimal(column.type):
            column = pa.chunked_array([pa.array([int(v.as_py().scaleb(4)) for v in column], pa.int64())])
        scaled.append(column)
    return pa.table(scaled, names=table.column_names).to_pandas()


def check(folder_ours, folder_theirs):
    """Ends the program unless both tables are equal; returns what has been compared."""
    a, b = our_table(folder_ours), pa.ipc.open_file(folder_theirs / "customers.arrow").read_all().to_pandas()
    if list(a.columns) != list(b.columns) or len(a) != len(b):
        raise SystemExit(f"tables differ: {list(a.columns)} × {len(a)} and {list(b.columns)} × {len(b)}")
    worst = 0.0
    for name in a.columns:
        x, y = a[name].to_numpy(), b[name].to_numpy()
        if not pd.api.types.is_float_dtype(a[name]):
            same = x == y
        else:
            x, y = x.astype(float), y.astype(float)
            off = np.abs(x - y) / np.maximum(1, np.abs(y))
            same = (off <= TOLERANCE) | (np.isnan(x) & np.isnan(y))
            worst = max(worst, np.nanmax(off, initial=0.0))
        if not np.all(same):
            at = int(np.flatnonzero(~same)[0])
            raise SystemExit(f"{name} of customer {a['customer'][at]}: {a[name][at]!r} is not {b[name][at]!r}; {np.sum(~same)} differ")
    return len(a), len(a.columns), worst


def machine():
    """One line about the machine."""
    model = "unknown processor"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return f"{model}, {len(os.sched_getaffinity(0))} cores, {platform.system()} {platform.release()}, load {os.getloadavg()[0]:.1f}"


def versions():
    """One line about what ran."""
    version = subprocess.run([BIN / "preprocess", "--version"], check=True, capture_output=True, text=True).stdout.strip()
    return f"{version}; Python {platform.python_version()}, pandas {pd.__version__}, numpy {np.__version__}, pyarrow {pa.__version__}"


def row(name, costs):
    """One line of the table."""
    middle = sorted(costs, key=lambda c: c.wall)[len(costs) // 2]
    return (
        f"| {name} | {statistics.median(c.wall for c in costs):.3f} | {min(c.wall for c in costs):.3f} "
        f"| {middle.cpu:.2f} | {max(c.peak for c in costs) / 1024:.0f} |"
    )


def main():
    source, as_of = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 7
    ingests, preprocesses, peers = [], [], []
    compared = None
    load = machine()
    for _ in range(rounds + 1):  # the first warms the caches and is compared, not counted
        with tempfile.TemporaryDirectory(prefix="clientele-bench-") as name:
            mine, peer = pathlib.Path(name, "ours"), pathlib.Path(name, "theirs")
            mine.mkdir()
            peer.mkdir()
            ingest, preprocess = ours(source, as_of, mine)
            cost = theirs(source, as_of, peer)
            if compared is None:
                compared = check(mine, peer)
                lines = json.loads((mine / "ingest.json").read_text())["rows_read"]
                continue
            ingests.append(ingest)
            preprocesses.append(preprocess)
            peers.append(cost)
    both = [a + b for a, b in zip(ingests, preprocesses)]
    ratio = statistics.median(c.wall for c in peers) / statistics.median(c.wall for c in both)
    cpu = sum(c.cpu for c in peers) / sum(c.cpu for c in both)
    memory = max(c.peak for c in peers) / max(c.peak for c in both)
    customers, columns, worst = compared
    print(f"{lines:,} lines of {source.name}, as of {as_of}; {rounds} rounds in turn after one to warm up.")
    print(f"Equal first: {customers:,} customers × {columns} columns, largest relative difference {worst:.1e}.")
    print()
    print("| | median s | least s | CPU s | peak MiB |")
    print("| --- | ---: | ---: | ---: | ---: |")
    print(row("bin/ingest", ingests))
    print(row("bin/preprocess", preprocesses))
    print(row("both", both))
    print(row("pandas", peers))
    print()
    print(f"pandas / both: {ratio:.1f} in time, {cpu:.1f} in CPU, {memory:.1f} in memory.")
    print(f"{load}.")
    print(f"{versions()}.")


if __name__ == "__main__":
    main()
