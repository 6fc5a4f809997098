"""How time and memory of each step grow with the shop. `make bench BENCH=growth` starts it.

Demo shops of more and more customers, each step a process of its own, once: seconds, CPU seconds and peak MiB are those of its closing
record. SHOPS says which shops, as CUSTOMERS or CUSTOMERS/DAYS, separated by blanks; a step that fails is shown by its exit code, and
ends its shop.
"""

import datetime
import json
import os
import shutil
import subprocess
import sys

from process import BIN, THREADS

SHOPS = "5000 20000 100000 1000000/30"
STEPS = "ingest preprocess drift train evaluate promote score explore recommend predict measure audience report".split()


def close(command, env):
    """Runs a program and returns its closing record."""
    ran = subprocess.run(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    record = json.loads(ran.stderr.strip().splitlines()[-1])
    if ran.returncode:
        print(record, file=sys.stderr)
    return record


def shop(work, customers, days):
    """Runs the steps on a demo shop; returns the record of each."""
    env = os.environ | {"GOMAXPROCS": str(THREADS), "CLIENTELE_LOG": "json"}
    folder = work / f"{customers}-{days}"
    subprocess.run([BIN / "demo", f"--out-dir={folder}", f"--customers={customers}", f"--days={days}"], env=env, check=True, capture_output=True)
    last = datetime.date.fromisoformat(json.loads((folder / "truth.json").read_text())["last"])
    as_of = last + datetime.timedelta(days=1)
    run = [f"--root=file://{folder}/root", "--pipeline=growth", "--run-id=growth", f"--as-of={as_of}"]
    records = {}
    for step in STEPS:
        more = [f"--source={folder}/lines.csv"] if step == "ingest" else []
        records[step] = close([BIN / step, *run, *more], env)
        if step == "ingest":
            (folder / "lines.csv").unlink()
        if records[step]["exit_code"]:
            break
    shutil.rmtree(folder)
    return records


def main(work):
    shops = [(int(n), int(days or 396)) for n, _, days in (s.partition("/") for s in os.environ.get("SHOPS", SHOPS).split())]
    columns = {}
    for customers, days in shops:
        print(f"growth: {customers} customers, {days} days", file=sys.stderr, flush=True)
        records = shop(work, customers, days)
        lines, people = records["ingest"].get("rows_out", 0), records.get("preprocess", {}).get("customers", 0)
        columns[f"{people:,} customers, {lines:,} lines"] = records
    print("### Growth: each step as the shop grows\n")
    print("Seconds, CPU seconds and peak MiB of each step, once.\n")
    print("| step | " + " | ".join(columns) + " |")
    print("| --- |" + " ---: |" * len(columns))
    for step in STEPS:
        print(f"| {step} | " + " | ".join(cell(records.get(step)) for records in columns.values()) + " |")
    print(flush=True)


def cell(record):
    if record is None:
        return ""
    if record["exit_code"]:
        return f"ends {record['exit_code']}: {record.get('cause', '')}"
    return f"{record['seconds']:.1f} s, {record['cpu_seconds']:.1f}, {record['peak_rss_bytes'] >> 20}"
