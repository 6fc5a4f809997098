"""A shop for the tests of the engine: what ingest has read of it, the step in one process, and the step as a job."""

import csv
import json
import pathlib
import shutil
import subprocess
import sys
import time

from cluster import ENVIRON, JOB, REPOSITORY

BIN = REPOSITORY / "bin"
FLAGS = ["--pipeline=test", "--run-id=r", "--as-of=2025-12-02"]
HOT = "0"  # a customer, the first of all in byte order: no other one is in the range before it

# The program, but for what a test does to a phase.
WRAPPER = """#!/bin/bash
once() { ( set -o noclobber; : >"$FOLDER/$1" ) 2>/dev/null; }
case "$1" in
plan) set -- "$@" --partitions=%d;;
%s
esac
exec "$PROGRAM" "$@"
"""


def line(invoice, code, quantity, day, minute, customer):
    return [invoice, code, "GLASS", quantity, f"{day} 12:{minute:02d}:00", "1.25", customer, "United Kingdom"]


def hot_lines(n):
    """Lines of one customer, on 308 days."""
    for i in range(n):
        yield line(600_000 + i // 5, 10_000 + i % 97, 1 + i % 7, f"2025-{11 - i % 11:02d}-{1 + i // 11 % 28:02d}", i % 60, HOT)


def make_shop(folder, lines, *demo):
    """Makes a shop of the demo with more lines: folder/read after ingest, folder/one after preprocess in one process, too."""
    source = folder / "source"
    subprocess.run([BIN / "demo", f"--out-dir={source}", *demo], check=True, capture_output=True)
    with open(source / "lines.csv", "a", newline="") as out:
        csv.writer(out).writerows(lines)
    ingest = [BIN / "ingest", f"--root=file://{folder}/read", f"--source={source}/lines.csv", *FLAGS]
    subprocess.run(ingest, check=True, capture_output=True)
    shutil.copytree(folder / "read", folder / "one")
    subprocess.run([BIN / "preprocess", f"--root=file://{folder}/one", *FLAGS], check=True, capture_output=True)
    return folder


class Work:
    """A root of its own, and a program that a test does something to."""

    def __init__(self, shop, folder, phases="", partitions=5):
        self.shop, self.folder, self.root = shop, folder, folder / "root"
        self.message, self.partitions = folder / "termination", partitions
        shutil.copytree(shop / "read", self.root)
        self.do(phases)

    def do(self, phases):
        self.program = self.folder / "preprocess"
        text = (WRAPPER % (self.partitions, phases)).replace("$FOLDER", str(self.folder))
        self.program.write_text(text.replace("$PROGRAM", str(BIN / "preprocess")))
        self.program.chmod(0o755)

    def _flags(self):
        self.message.write_text("")
        return [f"--root=file://{self.root}", *FLAGS, f"--termination-log={self.message}"]

    def submit(self, cluster):
        """Begins the job on the cluster."""
        return cluster.submit(self.program, self._flags(), self.folder / "job.log")

    def alone(self):
        """Runs the job where it needs no Spark, or one in its own process, and returns its exit code."""
        conf = "--master=local[2] --conf=spark.ui.enabled=false --driver-memory=512m pyspark-shell"
        command = [sys.executable, JOB, f"--program={self.program}", *self._flags()]
        with open(self.folder / "job.log", "w") as out:
            return subprocess.run(command, stdout=out, stderr=out, env={**ENVIRON, "PYSPARK_SUBMIT_ARGS": conf}).returncode

    def log(self):
        return (self.folder / "job.log").read_text()[-3000:]

    def end(self):
        """The job's last line, as the DAGs read it."""
        (line,) = (text for text in (self.folder / "job.log").read_text().splitlines() if text.startswith("clientele-end "))
        return json.loads(line.removeprefix("clientele-end "))

    def failure(self):
        """The termination message, which the last line has too."""
        assert self.end()["message"] == self.message.read_text() and self.end()["result"] is None
        return json.loads(self.message.read_text())

    def wait_for(self, name, job):
        while not (self.folder / name).exists():
            assert job.poll() is None, self.log()
            time.sleep(0.05)

    def visible(self):
        return [*self.root.glob("runs/*/*/*/preprocess/current.json"), *self.root.glob("runs/*/*/*/preprocess/*/_MANIFEST.json")]

    def lines_of_partitions(self):
        """How many lines each partition had, by the accounts that the phase partition has left."""
        accounts = self.root.glob("runs/*/*/*/preprocess/*/part-*-account-*.json")
        return {int(p.name.split("-")[1]): json.loads(p.read_text())["lines"][0] for p in accounts}

    def differs(self):
        """What is not as one process made it, but for the parts that it was made of."""

        def files(root):
            found = {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}
            return {name: text for name, text in found.items() if not pathlib.Path(name).name.startswith(("part-", "plan-"))}

        one, here = files(self.shop / "one"), files(self.root)
        return sorted(name for name in one.keys() | here.keys() if one.get(name) != here.get(name))
