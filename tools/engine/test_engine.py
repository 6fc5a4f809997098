"""The step preprocess on Spark makes what it makes in one process, to the byte, whoever is killed on the way."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

import pytest
from cluster import REPOSITORY, Cluster

BIN = REPOSITORY / "bin"
FLAGS = ["--pipeline=test", "--run-id=r", "--as-of=2025-12-02"]

# The program, but for what a test does to a phase.
WRAPPER = """#!/bin/bash
once() { ( set -o noclobber; : >"$FOLDER/$1" ) 2>/dev/null; }
case "$1" in
plan) set -- "$@" --partitions=5;;
%s
esac
exec "$PROGRAM" "$@"
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    c = Cluster(tmp_path_factory.mktemp("spark"))
    yield c
    c.close()


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A shop that ingest has read, and the same after preprocess in one process."""
    folder = tmp_path_factory.mktemp("shop")
    subprocess.run([BIN / "demo", f"--out-dir={folder}/source", "--customers=300"], check=True, capture_output=True)
    ingest = [BIN / "ingest", f"--root=file://{folder}/read", f"--source={folder}/source/lines.csv", *FLAGS]
    subprocess.run(ingest, check=True, capture_output=True)
    shutil.copytree(folder / "read", folder / "one")
    one = [BIN / "preprocess", f"--root=file://{folder}/one", *FLAGS]
    subprocess.run(one, check=True, capture_output=True)
    return folder


class Work:
    """A root of its own, and a program that a test does something to."""

    def __init__(self, shop, folder, phases=""):
        self.shop, self.folder, self.root = shop, folder, folder / "root"
        shutil.copytree(shop / "read", self.root)
        self.do(phases)

    def do(self, phases):
        self.program = self.folder / "preprocess"
        text = (WRAPPER % phases).replace("$FOLDER", str(self.folder)).replace("$PROGRAM", str(BIN / "preprocess"))
        self.program.write_text(text)
        self.program.chmod(0o755)

    def submit(self, cluster):
        self.message = self.folder / "termination"
        self.message.write_text("")
        flags = [f"--root=file://{self.root}", *FLAGS, f"--termination-log={self.message}"]
        return cluster.submit(self.program, flags, self.folder / "job.log")

    def log(self):
        return (self.folder / "job.log").read_text()[-3000:]

    def end(self):
        """The job's last line, as the DAGs read it."""
        (line,) = (text for text in (self.folder / "job.log").read_text().splitlines() if text.startswith("clientele-end "))
        return json.loads(line.removeprefix("clientele-end "))

    def wait_for(self, name, job):
        while not (self.folder / name).exists():
            assert job.poll() is None, self.log()
            time.sleep(0.05)

    def visible(self):
        return list(self.root.glob("runs/*/*/*/preprocess/current.json")) + list(
            self.root.glob("runs/*/*/*/preprocess/*/_MANIFEST.json")
        )

    def differs(self):
        """What is not as one process made it, but for the parts that it was made of."""

        def files(root):
            found = {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}
            return {name: text for name, text in found.items() if not pathlib.Path(name).name.startswith(("part-", "plan-"))}

        one, here = files(self.shop / "one"), files(self.root)
        return sorted(name for name in one.keys() | here.keys() if one.get(name) != here.get(name))


def test_whoever_is_killed_nothing_is_half_and_the_next_run_makes_the_same(cluster, shop, tmp_path):
    work = Work(shop, tmp_path, "partition) if ! once first; then once driver; exec sleep 30; fi;;")
    job = work.submit(cluster)
    work.wait_for("driver", job)
    os.killpg(job.pid, signal.SIGKILL)  # the driver
    job.wait()
    assert not work.visible()

    work.do('commit) once commit && kill -9 "$$";;')
    job = work.submit(cluster)
    job.wait()
    assert (tmp_path / "commit").exists(), f"{job.returncode}: {work.log()}"
    assert job.returncode == 137 and not work.visible(), work.log()

    # A program, and a worker with all that runs on it.
    work.do('partition) once killed && kill -9 "$$"; if once alone; then pwd >$FOLDER/where; exec sleep 30; fi;;')
    job = work.submit(cluster)
    work.wait_for("where", job)
    time.sleep(0.2)
    gone = re.search("/(work[0-9]+)/", (tmp_path / "where").read_text()).group(1)
    cluster.kill(cluster.workers.pop(gone))
    assert job.wait() == 0, work.log()
    assert not work.differs()
    made = work.end()
    assert made["code"] == 0 and made["message"] == "" and made["result"]["customers"] > 0, made
    cluster.worker()

    job = work.submit(cluster)  # done already
    assert job.wait() == 0, work.log()
    assert not work.differs()
    assert {**work.end()["result"], "new": True} == {**made["result"], "new": True}


def test_what_fails_for_good_ends_the_job_with_its_code(cluster, shop, tmp_path):
    work = Work(shop, tmp_path)
    damaged = sorted(work.root.glob("lines/*/2*/*.arrow"))[-3]
    work.do(f"scatter) if once damaged; then truncate -s 100 {damaged}; fi;;")
    job = work.submit(cluster)
    assert job.wait() == 65, work.log()
    message = json.loads(work.message.read_text())
    assert work.end() == {"code": 65, "message": work.message.read_text(), "result": None}
    assert message["step"] == "preprocess-scatter" and damaged.name in message["object"] and not message["retry"], message
    assert not work.visible()


def test_what_is_killed_again_and_again_is_a_lost_cluster(cluster, shop, tmp_path):
    work = Work(shop, tmp_path, 'partition) kill -9 "$$";;')
    job = work.submit(cluster)
    assert job.wait() == 75, work.log()
    message = json.loads(work.message.read_text())
    assert message["code"] == 75 and message["cause"] == "spark" and message["retry"], message
    assert work.end() == {"code": 75, "message": work.message.read_text(), "result": None}
    assert not work.visible()
