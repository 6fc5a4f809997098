"""k-means on a million points beside scikit-learn's: the same points, start and rule (until no label changes), two threads each.

python3 tools/bench/kmeans.py          needs scikit-learn; prints a table for docs/benchmarks.md

The iterations and the inertia must agree before the times mean anything. Rounds alternate; the median is shown.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import sklearn
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

ROOT = pathlib.Path(__file__).resolve().parents[2]
POINTS, CLUSTERS, ROUNDS, THREADS = 1_000_000, 10, 5, 2


def ours(program, tier):
    """The seconds, iterations and inertia of one run of cluster.Refit."""
    out = subprocess.run(
        [program, "-test.run=^$", "-test.bench=^BenchmarkRefitOfAFile$", "-test.benchtime=1x"],
        env=os.environ | {"CLIENTELE_VECTORS": tier, "GOMAXPROCS": str(THREADS)}, capture_output=True, text=True, check=True,
    )
    line = next(line for line in out.stdout.splitlines() if "refit:" in line)
    return json.loads(line.split("refit:", 1)[1])


def theirs(points, start):
    with threadpool_limits(THREADS):
        began = time.perf_counter()
        fit = KMeans(CLUSTERS, init=start, n_init=1, tol=0, max_iter=1000, algorithm="lloyd").fit(points)
        return {"seconds": time.perf_counter() - began, "iterations": fit.n_iter_, "inertia": fit.inertia_}


def main():
    print(f"scikit-learn {sklearn.__version__}, {POINTS:,} points, k = {CLUSTERS}, {THREADS} threads, median of {ROUNDS}, alternating\n")
    print("| dimensions | scikit-learn s | plain Go s | AVX2 s | AVX-512 s | best against scikit-learn |\n| --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "cluster.test")
        subprocess.run(["go", "test", "-c", "-o", program, "./pkg/cluster"], cwd=ROOT, check=True)
        for dims in (3, 6, 16):
            random = np.random.default_rng(1)
            centres = random.normal(size=(2 * CLUSTERS, dims)) * 3
            points = centres[random.integers(2 * CLUSTERS, size=POINTS)] + random.normal(size=(POINTS, dims))
            start = points[:CLUSTERS].copy()
            file = os.path.join(folder, "points")
            np.concatenate([[POINTS, dims, CLUSTERS], points.ravel()]).astype("<f8").tofile(file)
            os.environ["CLIENTELE_POINTS"] = file
            runs = {name: [] for name in ("scikit-learn", "go", "avx2", "avx512")}
            for _ in range(ROUNDS):
                for name, measured in runs.items():
                    measured.append(theirs(points, start) if name == "scikit-learn" else ours(program, name))
            first = runs["scikit-learn"][0]
            for name, measured in runs.items():
                if abs(measured[0]["inertia"] / first["inertia"] - 1) > 1e-9 or abs(measured[0]["iterations"] - first["iterations"]) > 1:
                    sys.exit(f"{name}: {measured[0]} is not scikit-learn's {first}")
            seconds = {name: statistics.median(run["seconds"] for run in measured) for name, measured in runs.items()}
            best = seconds["scikit-learn"] / min(seconds["avx2"], seconds["avx512"])
            print(f"| {dims} | " + " | ".join(f"{s:.2f}" for s in seconds.values()) + f" | {best:.1f}× |", flush=True)


if __name__ == "__main__":
    main()
