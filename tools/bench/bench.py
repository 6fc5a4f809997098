"""Checks that Clientele and pandas make the same customers table, then times both. `make bench` starts it.

    python bench.py SOURCE AS_OF [ROUNDS]

All are whole processes from the source to the table on disk, in turn, in a fresh folder each time; of each the table shows
median and least wall seconds, CPU seconds (user and system, median) and the largest peak of memory. A csv.gz is timed as it
is and unpacked. BEFORE in the environment names a folder with ingest and preprocess of another commit, to be timed beside.
Everything is written to BENCH_DIR, by default to memory (/dev/shm) where there is some, and removed at the very end: a file
system that has just removed thousands of files is slow to make new ones.
"""

import gzip
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import pandas as pd
import pyarrow as pa
from process import run, say_how_long, scratch

HERE = pathlib.Path(__file__).resolve().parent
BIN = HERE.parent.parent / "bin"
COMMON = ["--pipeline=bench", "--run-id=bench"]
# The pandas scripts: as it is mostly written, and by somebody who writes for what pandas does well, with either engine of
# read_csv (c is its default).
PEERS = {
    "pandas, plain": ["customers_plain.py"],
    "pandas, tuned": ["customers.py", "c"],
    "pandas, tuned, pyarrow": ["customers.py", "pyarrow"],
}
TARGET = 5  # times as fast as the pandas script
TOLERANCE = 1e-9


def ours(programs, source, as_of, folder):
    """Costs of ingest and preprocess on a fresh root."""
    where = [f"--root=file://{folder}", f"--as-of={as_of}", *COMMON]
    ingest = run([programs / "ingest", *where, f"--source={source}", f"--result={folder}/ingest.json"])
    preprocess = run([programs / "preprocess", *where, "--window=all", f"--result={folder}/preprocess.json"])
    return ingest, preprocess


def theirs(peer, source, as_of, folder):
    """Cost of a pandas script."""
    script, *engine = PEERS[peer]
    return run([sys.executable, HERE / script, source, as_of, folder / "customers.arrow", *engine])


def our_table(folder):
    """The customers table that preprocess has made, decimals as in the peer's: money in ten-thousandths, units whole."""
    (current,) = folder.glob("runs/bench/*/*/preprocess/current.json")
    tables = list(current.parent.glob("*/customers*.arrow"))
    if len(tables) != 1:
        raise SystemExit(f"want one customers table below {current.parent}, found {tables}")
    table = pa.ipc.open_file(tables[0]).read_all()
    scaled = []
    for column in table.columns:
        if pa.types.is_decimal(column.type):
            digits = 4 if column.type.scale == 4 else 0
            column = pa.chunked_array([pa.array([int(v.as_py().scaleb(digits)) for v in column], pa.int64())])
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
    """One line of a table."""
    return (
        f"| {name} | {statistics.median(c.wall for c in costs):.3f} | {min(c.wall for c in costs):.3f} "
        f"| {statistics.median(c.cpu for c in costs):.2f} | {max(c.peak for c in costs) / 1024:.0f} |"
    )


def compare(name, peer, own):
    """One line of ratios, peer to own."""
    wall = statistics.median(c.wall for c in peer) / statistics.median(c.wall for c in own)
    least = min(c.wall for c in peer) / min(c.wall for c in own)
    cpu = statistics.median(c.cpu for c in peer) / statistics.median(c.cpu for c in own)
    memory = max(c.peak for c in peer) / max(c.peak for c in own)
    return f"| {name} | {wall:.1f} | {least:.1f} | {cpu:.1f} | {memory:.1f} |", wall


def measure(source, as_of, rounds, before, work):
    """Checks, times and prints one source."""
    both = {"ours": BIN} | ({"before": before} if before else {})
    costs = {name: ([], []) for name in both}
    peers = {peer: [] for peer in PEERS}
    for i in range(rounds + 1):  # the first warms the caches and is compared, not counted
        start = time.perf_counter()
        folder = pathlib.Path(tempfile.mkdtemp(dir=work))
        for name in [*both, *PEERS]:
            (folder / name).mkdir()
        made = {name: ours(programs, source, as_of, folder / name) for name, programs in both.items()}
        took = {peer: theirs(peer, source, as_of, folder / peer) for peer in PEERS}
        if i == 0:
            compared = [check(folder / "ours", folder / peer) for peer in PEERS]
            lines = json.loads((folder / "ours" / "ingest.json").read_text())["rows_read"]
            say_how_long(source.name, time.perf_counter() - start, rounds)
            continue
        for name, pair in made.items():
            for kept, cost in zip(costs[name], pair):
                kept.append(cost)
        for peer, cost in took.items():
            peers[peer].append(cost)
    customers, columns, _ = compared[0]
    print(f"### {source.name}\n")
    print(f"{lines:,} lines, {source.stat().st_size / 1e6:.1f} MB, as of {as_of}; {rounds} rounds in turn after one to warm up.")
    print(f"Equal first: {customers:,} customers × {columns} columns, largest relative difference {max(c[2] for c in compared):.1e}.\n")
    print("| | median s | least s | CPU s | peak MiB |\n| --- | ---: | ---: | ---: | ---: |")
    sums = {name: [a + b for a, b in zip(*pair)] for name, pair in costs.items()}
    for name, pair in costs.items():
        of = " before" if name == "before" else ""
        print(row(f"ingest{of}", pair[0]), row(f"preprocess{of}", pair[1]), row(f"both{of}", sums[name]), sep="\n")
    for peer in PEERS:
        print(row(peer, peers[peer]))
    print("\n| times as much as ours | median s | least s | CPU s | peak MiB |\n| --- | ---: | ---: | ---: | ---: |")
    if before:
        print(compare("both before", sums["before"], sums["ours"])[0])
    verdicts = []
    for peer in PEERS:
        line, ratio = compare(peer, peers[peer], sums["ours"])
        print(line)
        verdicts.append(f"{'met' if ratio >= TARGET else 'missed'} against {peer} ({ratio:.1f})")
    print(f"\nTarget {TARGET} times: {'; '.join(verdicts)}.\n")


def main():
    source, as_of = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
    rounds = max(5, int(sys.argv[3])) if len(sys.argv) > 3 else 7
    before = pathlib.Path(os.environ["BEFORE"]).resolve() if os.environ.get("BEFORE") else None
    start = machine()
    with scratch() as work:
        sources = [source]
        if source.suffix == ".gz":
            sources.insert(0, work / source.stem)
            with gzip.open(source) as packed, open(sources[0], "wb") as plain:
                shutil.copyfileobj(packed, plain)
        for each in sources:
            measure(each, as_of, rounds, before, work)
    print(f"{start} at the start, {os.getloadavg()[0]:.1f} at the end; written below {work.parent}.")
    print(f"{versions()}.")


if __name__ == "__main__":
    main()
