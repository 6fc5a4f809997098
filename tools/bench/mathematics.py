"""The mathematics of scikit-learn and SciPy, on a file of numbers: peers in `make bench`.

    python mathematics.py refit|sweep|silhouette|compare NUMBERS ANSWER
    python mathematics.py whole SOURCE ANSWER AS_OF

writes the answer with the seconds and CPU seconds of the computation alone.
"""

import json
import os
import sys
import time

import numpy as np

SWEEP, STARTS = range(2, 16), 10


def points(file):
    n, d, k = (int(v) for v in file[:3])
    return file[3 : 3 + n * d].reshape(n, d), k, file[3 + n * d :].astype(int)


def refit(file):
    from sklearn.cluster import KMeans

    x, k, _ = points(file)
    fit = yield KMeans(k, init=x[:k].copy(), n_init=1, tol=0, max_iter=1000, algorithm="lloyd").fit, x
    return {"iterations": fit.n_iter_, "inertia": fit.inertia_}


def judged(x):
    from sklearn.cluster import KMeans
    from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, silhouette_score

    out = []
    for k in SWEEP:
        fit = KMeans(k, n_init=STARTS, tol=0, max_iter=1000, random_state=1).fit(x)
        silhouette = silhouette_score(x, fit.labels_)
        davies_bouldin_score(x, fit.labels_)
        calinski_harabasz_score(x, fit.labels_)
        out.append((fit.inertia_, silhouette))
    return out


def sweep(file):
    found = yield judged, points(file)[0]
    return {"inertia": [inertia for inertia, _ in found]}


def silhouette(file):
    from sklearn.metrics import silhouette_score

    x, _, labels = points(file)
    return {"mean": (yield lambda x: silhouette_score(x, labels), x)}


def statistics(x):
    from scipy.spatial.distance import jensenshannon
    from scipy.stats import ks_2samp, wasserstein_distance

    out = {"ks": [], "js": [], "psi": [], "wasserstein": []}
    for a, b in x:
        edges = np.sort(a)[(len(a) - 1) * np.arange(1, 10) // 10]
        p, q = (np.bincount(np.searchsorted(edges, v), minlength=10) / len(v) for v in (a, b))
        out["ks"].append(ks_2samp(a, b, method="asymp").statistic)
        out["js"].append(jensenshannon(p, q, base=2))
        p, q = ((v + 1e-4) / (1 + 10 * 1e-4) for v in (p, q))
        out["psi"].append(np.sum((p - q) * np.log(p / q)))
        spread = np.subtract(*np.quantile(a, (0.75, 0.25))) / 1.349
        out["wasserstein"].append(wasserstein_distance(a, b) / spread)
    return out


def compare(file):
    n, columns = int(file[0]), int(file[1])
    return (yield statistics, file[2:].reshape(columns, 2, n))


def whole(source, as_of):
    """The script that somebody would write: pandas for the customers, a sweep over scaled logarithms, the best silhouette."""
    import customers
    from sklearn.preprocessing import StandardScaler

    def run(_):
        lines, texts = customers.read(source, as_of, "c")
        sales, cancellations = customers.rules(lines, texts)
        table = customers.features(customers.match(sales, cancellations), cancellations, texts, as_of)
        x = StandardScaler().fit_transform(np.log1p(table[["recency", "frequency", "monetary"]].to_numpy(float)))
        found = judged(x)
        return {"customers": len(table), "k": SWEEP[int(np.argmax([s for _, s in found]))]}

    return (yield run, None)


def main(what, source, path, *more):
    work = whole(source, *more) if what == "whole" else globals()[what](np.fromfile(source, "<f8"))
    call, argument = next(work)
    began, used = time.perf_counter(), os.times()
    result = call(argument)
    seconds, now = time.perf_counter() - began, os.times()
    try:
        work.send(result)
    except StopIteration as done:
        answer = {k: np.asarray(v).tolist() for k, v in done.value.items()}
    with open(path, "w") as out:
        json.dump(answer | {"seconds": seconds, "cpu": now.user + now.system - used.user - used.system}, out)


if __name__ == "__main__":
    main(*sys.argv[1:])
