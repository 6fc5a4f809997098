"""Checks that Clientele and its peers give the same answer, then times both. `make bench` starts it.

    python bench.py SOURCE [ROW]…     a row is P1 … P10, P7 for all that begin so, bound, or growth; none is P1 … P10

Contestants are processes of their own, in turn, in a fresh folder each time, with two threads. Of each the table shows median and
least wall seconds, CPU seconds (user and system, median) and the largest peak of memory. P1 to P6 count whole processes from the
source to what is on disk; P7 to P10 the computation alone, without the start of the process and reading its numbers. ROUNDS is how often
(ours decides otherwise by row); BEFORE names a folder with ingest and preprocess of another commit, which then take part.
Everything is written to BENCH_DIR, by default to memory (/dev/shm) where there is some, and removed at the very end.
"""

import contextlib
import importlib.metadata
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import time

import growth
from process import THREADS, scratch
from rows import BIN, OURS, ROWS, before

TIE = 0.1  # a ratio within a tenth of 1


def machine():
    """One line about the machine."""
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown processor")
    flags = next((line.split() for line in lines if line.startswith("flags")), [])
    tier = "AVX-512" if "avx512f" in flags else "AVX2" if "avx2" in flags else "no vectors"
    return f"{model} ({tier}), {len(os.sched_getaffinity(0))} cores, {THREADS} threads each, {platform.system()} {platform.release()}"


def versions():
    """One line about what ran."""
    with contextlib.suppress(FileNotFoundError):
        ours = subprocess.run([BIN / "preprocess", "--version"], check=True, capture_output=True, text=True).stdout.strip()
    peers = ("numpy", "pandas", "polars", "duckdb", "pyarrow", "scikit-learn", "scipy")
    return f"{ours}; Python {platform.python_version()}, " + ", ".join(f"{p} {importlib.metadata.version(p)}" for p in peers)


def measure(row, source, work, rounds):
    """Checks, times and prints one row; returns its verdicts as (ratio, text)."""
    contestants = dict(row.contestants)
    if os.environ.get("BEFORE") and row.name in ("P1", "P2", "P3"):
        contestants["before"] = before
    given = row.prepare(source, work)
    costs = {name: [] for name in contestants}
    load = os.getloadavg()[0]
    for i in range(rounds + 1):  # the first warms up and is compared, not counted
        began = time.perf_counter()
        folders = {name: work / "round" / name for name in contestants}
        order = list(contestants)
        for name in order if i % 2 else reversed(order):
            folders[name].mkdir(parents=True)
            cost = contestants[name](given, folders[name])
            if i:
                costs[name].append(cost)
        if i == 0:
            equal = row.check(folders, given)
            print(f"{row.name}: a round takes {time.perf_counter() - began:.0f} s, and {rounds} come; Ctrl-C stops and cleans up", file=sys.stderr)
        shutil.rmtree(work / "round")
    print(f"### {row.name.capitalize()}: {row.title}\n")
    print(f"Equal first: {equal}. {rounds} rounds in turn, load {load:.1f} to {os.getloadavg()[0]:.1f}.\n")
    print("| | median s | least s | CPU s | peak MiB | ours is faster, median (least, CPU) | wanted |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    figures = {name: figure(each) for name, each in costs.items()}
    mine, verdicts = figures[OURS], []
    for name, (wall, least, cpu, peak) in figures.items():
        ratio = ""
        if name != OURS:
            ratio = f"{wall / mine[0]:.2f}× ({least / mine[1]:.2f}, {cpu / mine[2]:.2f})"
            verdicts.append((wall / mine[0], row.targets.get(name), f"{row.name} against {name}"))
        print(f"| {name} | {wall:.3f} | {least:.3f} | {cpu:.2f} | {peak:.0f} | {ratio} | {row.targets.get(name, '')} |")
    print(flush=True)
    share = mine[3] / min(f[3] for name, f in figures.items() if name not in (OURS, "before"))
    print(f"Memory: {share:.2f} of the least of theirs; wanted {row.memory:.2f}.\n", flush=True)
    return verdicts


def figure(costs):
    walls = [c.wall for c in costs]
    return statistics.median(walls), min(walls), statistics.median(c.cpu for c in costs), max(c.peak for c in costs) / 1024


def summary(verdicts):
    """Where we lose and tie, then what is ahead and what of that is short of its target."""
    verdicts = sorted(v for v in verdicts if v[1])
    kinds = {
        "Where we lose": [v for v in verdicts if v[0] < 1 - TIE],
        "Where we tie": [v for v in verdicts if 1 - TIE <= v[0] <= 1 + TIE],
        "Ahead, short of the target": [v for v in verdicts if 1 + TIE < v[0] < v[1]],
        "At the target or past it": [v for v in verdicts if v[0] > 1 + TIE and v[0] >= v[1]],
    }
    for kind, of in kinds.items():
        print(f"**{kind}**: {'; '.join(f'{text} {ratio:.2f}×' for ratio, _, text in of) or 'nowhere'}.\n")


def chosen(names):
    for name in names:
        if not any(matches(name, row) for row in ROWS):
            raise SystemExit(f"no row {name}; there are {' '.join(row.name for row in ROWS)}")
    return [row for row in ROWS if any(matches(n, row) for n in names) or (not names and row.name != "bound")]


def matches(name, row):
    return row.name == name or row.name.startswith(name + ".")


def main():
    if sys.argv[2:] == ["growth"]:
        with scratch() as work:
            growth.main(work)
        print(f"{machine()}. {versions()}.")
        return
    source, rows = pathlib.Path(sys.argv[1]).resolve(), chosen(sys.argv[2:])
    verdicts = []
    with scratch() as work:
        for row in rows:
            verdicts += measure(row, source, work, int(os.environ.get("ROUNDS") or row.rounds))
    summary(verdicts)
    print(f"{machine()}. {versions()}.")


if __name__ == "__main__":
    main()
