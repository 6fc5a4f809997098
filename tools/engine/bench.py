"""One machine against Spark, on the Online Retail file COPIES times over (1 and 20 unless said): every table is compared first.

make bench BENCH=engine. Two workers of one core each, on this machine: what the engine costs, not what many machines gain.
Memory is what all processes have at once, Java among them; that of a phase is the largest of one program. Linux only.
"""

import csv
import ctypes
import filecmp
import gzip
import json
import os
import pathlib
import resource
import shutil
import subprocess
import tempfile
import threading
import time

from cluster import REPOSITORY, Cluster

FLAGS = ["--pipeline=bench", "--run-id=r", "--as-of=2011-12-10"]
PROGRAM = REPOSITORY / "bin/preprocess"


def copies(source, to, n):
    """The file n times over, with customers and invoices of their own."""
    with gzip.open(source, "rt", newline="") as text, open(to, "w", newline="") as out:
        rows = csv.reader(text)
        header = next(rows)
        invoice, customer = (next(i for i, h in enumerate(header) if h.lower().startswith(w)) for w in ("invoice", "customer"))
        write = csv.writer(out)
        write.writerow(header)
        for row in rows:
            for copy in range(n):
                mine = list(row)
                if copy:
                    mine[invoice] += f"x{copy}"
                    mine[customer] += f"x{copy}" if mine[customer] else ""
                write.writerow(mine)


def resident():
    """Bytes of memory of all processes that this one has started, and those have."""
    parent, pages = {}, {}
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(") ")[2].split()
        except OSError:
            continue  # it has ended
        parent[path.parent.name], pages[path.parent.name] = fields[1], int(fields[21])
    mine, total = {str(os.getpid())}, 0
    while found := {p for p in parent.keys() - mine if parent[p] in mine}:
        mine |= found
        total += sum(pages[p] for p in found)
    return total * resource.getpagesize()


def measured(run):
    """Seconds, seconds of CPU of all processes, and the most memory that they have at once."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    most, over = [0], threading.Event()

    def watch():
        while not over.wait(0.2):
            most[0] = max(most[0], resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    run()
    seconds = time.monotonic() - begin
    over.set()
    watcher.join()
    while True:  # those whose parents were killed
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            break
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, most[0]


def print_phases(folder):
    """What each phase has taken, by the closing records of the driver and of the executors."""
    phases = {}
    for log in [folder / "job.log", *folder.glob("work*/app-*/*/stderr")]:
        for line in log.read_text().splitlines():
            if '"message":"step finished"' in line:
                record = json.loads(line[line.index("{") :])
                phases.setdefault(record["step"].removeprefix("preprocess-"), []).append(record)
    for phase in ("plan", "scatter", "partition", "commit"):
        cpu, memory = sum(r["cpu_seconds"] for r in phases[phase]), max(r["peak_rss_bytes"] for r in phases[phase])
        print(f"     {phase:10} {len(phases[phase]):4} times  {cpu:7.1f} s of CPU  {memory >> 20:6} MiB at most")


def tables(root):
    return {p.name: p for p in root.glob("runs/*/*/*/preprocess/*/*") if not p.name.startswith(("part-", "plan-"))}


def same(one, many):
    return one.keys() == many.keys() and all(filecmp.cmp(one[name], many[name], shallow=False) for name in one)


def one(folder):
    flags = [f"--root=file://{folder}/one", *FLAGS, f"--result={folder}/r.json"]
    subprocess.run([PROGRAM, *flags], check=True, capture_output=True)


def many(folder):
    cluster = Cluster(folder, os.environ.get("MEMORY", "1g"))
    flags = [f"--root=file://{folder}/many", *FLAGS, f"--result={folder}/r.json"]
    try:
        if cluster.submit(PROGRAM, flags, folder / "job.log").wait():
            raise SystemExit((folder / "job.log").read_text()[-5000:])
    finally:
        cluster.close()


def main():
    source = pathlib.Path(os.environ["CLIENTELE_TESTDATA"]) / "online-retail.csv.gz"
    ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: whoever loses its parent is waited for here, and so counted
    print(f"load {os.getloadavg()[0]:.1f}")
    for n in map(int, os.environ.get("COPIES", "1 20").split()):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            copies(source, folder / "lines.csv", n)
            read = [REPOSITORY / "bin/ingest", f"--root=file://{folder}/one", f"--source={folder}/lines.csv", *FLAGS]
            subprocess.run(read, check=True, capture_output=True)
            os.remove(folder / "lines.csv")
            shutil.copytree(folder / "one", folder / "many", copy_function=os.link)

            for name, run in (("one machine", one), ("Spark", many)):
                seconds, cpu, memory = measured(lambda run=run, folder=folder: run(folder))
                print(f"x{n:<4}{name:12} {seconds:7.1f} s  {cpu:7.1f} s of CPU  {memory >> 20:6} MiB", flush=True)
            print_phases(folder)
            assert same(tables(folder / "one"), tables(folder / "many")), "other tables"


if __name__ == "__main__":
    main()
