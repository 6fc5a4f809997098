"""The step preprocess on Spark makes what it makes in one process, to the byte, whoever is killed on the way."""

import os
import re
import signal
import time

import pytest
from shop import Work, hot_lines, make_shop

HOT_LINES = 20_000  # of one customer: about half of all


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return make_shop(tmp_path_factory.mktemp("shop"), hot_lines(HOT_LINES), "--customers=300")


def test_whoever_is_killed_nothing_is_half_and_the_next_run_makes_the_same(cluster, shop, tmp_path):
    work = Work(shop, tmp_path, "partition) if ! once first; then once driver; exec sleep 30; fi;;")
    job = work.submit(cluster)
    work.wait_for("driver", job)
    os.killpg(job.pid, signal.SIGKILL)  # the driver
    job.wait()
    assert not work.visible()

    # The driver again, with all that it has started, between the last receipt and the commit.
    work.do("commit) if once commit; then exec sleep 30; fi;;")
    job = work.submit(cluster)
    work.wait_for("commit", job)
    os.killpg(job.pid, signal.SIGKILL)
    job.wait()
    assert not work.visible() and work.lines_of_partitions(), work.log()

    # A program, an executor, and a worker with all that runs on it.
    work.do(
        """partition)
  if once killed; then kill -9 "$$"; fi
  if once executor; then
    pid=$$
    until [ "$(ps -o comm= -p "$pid")" = java ]; do pid=$(ps -o ppid= -p "$pid" | tr -d ' '); done
    kill -9 "$pid"
    exec sleep 30
  fi
  if once alone; then pwd >$FOLDER/where; exec sleep 30; fi;;"""
    )
    job = work.submit(cluster)
    work.wait_for("where", job)
    time.sleep(0.2)
    gone = re.search("/(work[0-9]+)/", (tmp_path / "where").read_text()).group(1)
    cluster.kill(cluster.workers.pop(gone))
    assert job.wait() == 0, work.log()
    assert (tmp_path / "executor").exists() and not work.differs()
    made = work.end()
    assert made["code"] == 0 and made["message"] == "" and made["result"]["customers"] > 0, made
    cluster.worker()

    lines = work.lines_of_partitions().values()  # one of a customer with half of all, one of nobody
    assert max(lines) >= HOT_LINES > sum(lines) / 3 and min(lines) == 0 and len(lines) >= 5, lines

    assert work.alone() == 0, work.log()  # done already
    assert not work.differs()
    assert {**work.end()["result"], "new": True} == {**made["result"], "new": True}


def test_what_fails_for_good_ends_the_job_with_its_code(cluster, shop, tmp_path):
    work = Work(shop, tmp_path)
    damaged = sorted(work.root.glob("lines/*/2*/*.arrow"))[-3]
    work.do(f"scatter) if once damaged; then truncate -s 100 {damaged}; fi;;")
    job = work.submit(cluster)
    assert job.wait() == 65, work.log()
    assert work.end()["code"] == 65
    message = work.failure()
    assert message["step"] == "preprocess-scatter" and damaged.name in message["object"] and not message["retry"], message
    assert not work.visible()


def test_what_is_killed_again_and_again_is_a_lost_cluster(cluster, shop, tmp_path):
    work = Work(shop, tmp_path, 'partition) kill -9 "$$";;')
    job = work.submit(cluster)
    assert job.wait() == 75, work.log()
    message = work.failure()
    assert message["code"] == 75 and message["cause"] == "spark" and message["retry"], message
    assert work.end()["code"] == 75
    assert not work.visible()


def test_a_damaged_part_is_named_with_its_partition_and_the_next_run_mends_it(shop, tmp_path):
    """The number of partitions is 1: one of customers, beside that of lines without one."""
    work = Work(shop, tmp_path, partitions=1)
    work.do(f'commit) truncate -s 100 "$(ls {work.root}/runs/*/*/*/preprocess/*/part-00001-sales-*)";;')
    assert work.alone() == 65, work.log()
    assert work.end()["code"] == 65
    message = work.failure()
    assert message["step"] == "preprocess-commit" and "/part-00001-sales-" in message["object"] and not message["retry"], message
    assert not work.visible()

    work.do("")
    assert work.alone() == 0, work.log()
    assert not work.differs()
    assert sorted(work.lines_of_partitions()) == [0, 1]


def test_a_partition_without_room_is_named(shop, tmp_path):
    work = Work(shop, tmp_path, "partition) export CLIENTELE_MEMORY=30MiB;;")
    assert work.alone() == 78, work.log()
    message = work.failure()
    # Of those that run side by side, the first that fails is named.
    assert message["step"] == "preprocess-partition" and re.search("lines of partition [1-9]", message["message"]), message
    assert not work.visible()


def test_a_phase_that_is_killed_on_the_driver_ends_the_job_as_a_shell_has_it(shop, tmp_path):
    work = Work(shop, tmp_path)
    work.program.write_text("#!/bin/bash\nkill -9 $$\n")
    assert work.alone() == 137, work.log()
    assert work.end() == {"code": 137, "message": "", "result": None}
