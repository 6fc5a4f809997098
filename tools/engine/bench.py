"""One machine against Spark, on the Online Retail file COPIES times over (1 and 20 unless said): every table is compared first.

make bench BENCH=engine. Two workers of one core each, on this machine: what the engine costs, not what many machines gain.
"""

import csv
import gzip
import json
import os
import pathlib
import resource
import shutil
import subprocess
import tempfile
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


def timed(run):
    """Seconds, and seconds of CPU of all processes that have ended since."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    run()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic() - begin, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def tables(root):
    return {p.name: p.read_bytes() for p in root.glob("runs/*/*/*/preprocess/*/*") if not p.name.startswith(("part-", "plan-"))}


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
    print(f"load {os.getloadavg()[0]:.1f}")
    for n in map(int, os.environ.get("COPIES", "1 20").split()):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            copies(source, folder / "lines.csv", n)
            read = [REPOSITORY / "bin/ingest", f"--root=file://{folder}/one", f"--source={folder}/lines.csv", *FLAGS]
            subprocess.run(read, check=True, capture_output=True)
            shutil.copytree(folder / "one", folder / "many")

            for name, run in (("one machine", one), ("Spark", many)):
                seconds, cpu = timed(lambda run=run, folder=folder: run(folder))
                print(f"x{n:<3} {name:12} {seconds:7.1f} s  {cpu:7.1f} s of CPU", flush=True)
            log = (folder / "job.log").read_text()
            for phase in ("plan", "commit"):  # that the driver does
                record = next(line for line in log.splitlines() if f'"step":"preprocess-{phase}"' in line)
                record = json.loads(record[record.index("{") :])
                figures = f"{record['seconds']:.1f} s, {record['cpu_seconds']:.1f} s of CPU, {record['peak_rss_bytes'] >> 20} MiB"
                print(f"     of that {phase:10} {figures}")
            assert tables(folder / "one") == tables(folder / "many"), "other tables"


if __name__ == "__main__":
    main()
