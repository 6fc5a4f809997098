"""Times ingest and preprocess beside those of another commit, which BEFORE names the folder of, in turn on the same file.

BENCH=before BEFORE=/tmp/other/bin make bench SOURCE=online-retail.csv.gz

CPU seconds, user and system together, say more than wall time on a machine that others use too.
"""

import os
import pathlib
import shutil
import statistics
import sys

from process import run, scratch


def both(programs, work, source, as_of):
    """Costs of ingest and preprocess on a fresh root."""
    root = work / "root"
    where = [f"--root=file://{root}", f"--as-of={as_of}", "--pipeline=bench", "--run-id=bench"]
    try:
        return (
            run([programs / "ingest", *where, f"--source={source}", f"--result={work}/ingest.json"]),
            run([programs / "preprocess", *where, "--window=all", f"--result={work}/preprocess.json"]),
        )
    finally:
        shutil.rmtree(root, ignore_errors=True)


def main(source, as_of, rounds):
    before = pathlib.Path(os.environ["BEFORE"]).resolve()
    sides = {"before": before, "now": pathlib.Path("bin").resolve()}
    costs = {side: ([], []) for side in sides}
    with scratch() as work:
        for n in range(rounds + 1):
            for side in sorted(sides, reverse=n % 2 == 1):
                pair = both(sides[side], work, source, as_of)
                for step, cost in zip(costs[side], pair, strict=True):
                    if n > 0:  # the first round warms up
                        step.append(cost)
    print("| | median s | CPU s | least CPU s | peak MiB |\n| --- | ---: | ---: | ---: | ---: |")
    for at, step in enumerate(("ingest", "preprocess")):
        median = {}
        for side in sides:
            all_of = costs[side][at]
            median[side] = statistics.median(c.cpu for c in all_of)
            wall = statistics.median(c.wall for c in all_of)
            least, peak = min(c.cpu for c in all_of), max(c.peak for c in all_of)
            print(f"| {step}, {side} | {wall:.3f} | {median[side]:.3f} | {least:.3f} | {peak / 1024:.0f} |")
        print(f"| {step}, now ÷ before | | {median['now'] / median['before']:.2f} | | |")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
