"""clientele_segmentation from start to end: the states in Airflow, and the objects in storage."""

from __future__ import annotations

import contextlib
import http.server
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runs import Outcome
from world import EARLIER, LAST_DAY, LATER, STEPS, USES, World, after_each_end, planted

from clientele.outcome import did

pytest_plugins = ["world"]

DAG = "clientele_segmentation"
BRANCHES = ("begin", "data_are_sound", "model_in_force", "segments_are_there")
ALL_WELL = dict.fromkeys((*STEPS, *BRANCHES), ("success", 1))
INGEST_FAILED = dict.fromkeys(ALL_WELL, ("upstream_failed", 0)) | {"begin": ("success", 1), "ingest": ("failed", 1)}


@contextlib.contextmanager
def hook() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A web server: its secret address, and what was posted to it."""
    got: list[dict[str, Any]] = []

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/a-secret-path", got
        finally:
            server.shutdown()


def test_success(first):
    world, outcome = first
    assert (outcome.state, outcome.tasks) == ("success", ALL_WELL)
    run = world.agree(outcome, DAG)
    assert world.manifests(run) == list(STEPS)
    head = world.head()
    assert (head["seq"], head["action"], head["run"]) == (1, "bootstrap", run)
    assert head["model_id"] == outcome.results["train"]["model_id"]
    assert outcome.results["score"]["customers"] == outcome.results["preprocess"]["customers"] > 0
    for name in ("score", "drift"):
        assert [e["run"] for e in world.read(f"state/segments/{name}.json")["entries"]] == [run]
    (page,) = [n for n in world.objects(f"runs/{run}/report/") if n.endswith("/report.html")]
    assert report_link(outcome) == f"https://storage.cloud.google.com/{world.bucket.name}/clientele/{page}"
    for step in STEPS:
        assert did(step, outcome.results[step]) != f"{step}: done.", "the line in numbers fits the result"


def test_a_refused_candidate_leaves_the_champion(world: World):
    before = world.objects("registry/segments/")
    outcome = world.segment(as_of=LATER, env={"CLIENTELE_POD_ENV": '{"CLIENTELE_SILHOUETTE_FLOOR": "0.99"}'})
    assert (outcome.state, outcome.tasks) == ("success", ALL_WELL)
    run = world.agree(outcome, DAG, LATER)
    assert [g["gate"] for g in outcome.results["evaluate"]["gates"] if g["verdict"] == "fail"] == ["silhouette"]
    assert outcome.results["promote"]["action"] == "hold"
    assert world.objects("registry/segments/") == before
    entry = world.read("state/segments/score.json")["entries"][0]
    assert (entry["run"], entry["value"]["model"]) == (run, world.head()["model_id"])


def test_a_refused_candidate_without_a_champion_is_a_failure_with_a_report(empty: World):
    outcome = empty.segment(as_of=LAST_DAY, env={"CLIENTELE_POD_ENV": '{"CLIENTELE_SILHOUETTE_FLOOR": "0.99"}'})
    assert outcome.state == "failed"
    assert outcome.tasks == ALL_WELL | dict.fromkeys(USES, ("skipped", 0)) | {"segments_are_there": ("failed", 1)}
    run = empty.agree(outcome, DAG)
    assert empty.manifests(run) == [s for s in STEPS if s not in USES]
    assert not empty.objects("registry/segments/") and not empty.objects("state/segments/score.json")


def test_broken_data_are_neither_promoted_nor_published(world: World):
    before, state = world.objects("registry/segments/"), world.read("state/segments/score.json")
    with planted(world, "drift", act="fix_data", verdict="alert", cause="planted: prices moved"):
        outcome = world.segment(as_of=LATER)
    assert outcome.state == "failed"
    assert outcome.tasks == ALL_WELL | dict.fromkeys(USES, ("skipped", 0)) | {"segments_are_there": ("failed", 1)}
    assert [g["gate"] for g in outcome.results["evaluate"]["gates"] if g["verdict"] == "fail"] == ["drift_act"]
    assert outcome.results["promote"]["action"] == "hold"
    run = world.agree(outcome, DAG, LATER)
    assert world.manifests(run) == [s for s in STEPS if s not in USES]
    assert world.objects("registry/segments/") == before
    assert world.read("state/segments/score.json") == state  # the last scores remain


def test_bad_data_are_not_tried_again_and_leave_nothing(empty: World, shop: Path):
    outcome = empty.segment(as_of=LAST_DAY, source=str(shop / "bad.csv"))
    assert outcome.state == "failed"
    assert outcome.tasks == INGEST_FAILED
    assert empty.objects() == {}


def test_bad_data_after_good_leave_the_good_in_force(world: World, shop: Path):
    before = world.objects()
    outcome = world.segment(as_of=LATER, source=str(shop / "bad.csv"))
    assert (outcome.state, outcome.tasks["ingest"]) == ("failed", ("failed", 1))
    assert world.objects() == before


def test_params_that_contradict_each_other_start_no_step(empty: World):
    outcome = empty.segment(as_of="2999-01-01", k_min=5, k_max=4)
    assert outcome.state == "failed"
    assert outcome.tasks == dict.fromkeys(ALL_WELL, ("upstream_failed", 0)) | {"begin": ("failed", 1)}
    assert empty.objects() == {}


def test_a_failure_is_notified_and_the_address_is_not_logged(empty: World, shop: Path, capfd):
    with hook() as (secret, got):
        env = {
            "CLIENTELE_ON_FAILURE": "clientele.alerts.webhook",
            "CLIENTELE_ON_RETRY": "clientele.alerts.webhook",
            "AIRFLOW_CONN_CLIENTELE_WEBHOOK": json.dumps({"conn_type": "http", "password": secret}),
        }
        outcome = empty.segment(as_of=LAST_DAY, source=str(shop / "bad.csv"), env=env)
    assert outcome.tasks["ingest"] == ("failed", 1)
    (alert,) = got
    assert (alert["event"], alert["task_id"], alert["run_id"]) == ("failure", "data.ingest", outcome.run_id)
    assert "ingest: exit code 65 (bad_data), cause date_layout" in alert["text"]
    out, err = capfd.readouterr()
    assert "a-secret-path" not in re.sub(r'"POST /a-secret-path HTTP/1.1"', "", out + err)  # the server's own log has it


def test_the_message_is_sent_once(empty: World, shop: Path, capfd):
    """A run that fails, then goes well, then is cleared: Airflow's own states, connection and Variable."""
    late = shop / "message.csv"
    with hook() as (url, got):
        empty.env |= {
            "CLIENTELE_MESSAGE": "clientele.message.webhook",
            "AIRFLOW_CONN_CLIENTELE_MESSAGE": json.dumps({"conn_type": "http", "password": url}),
        }
        late.symlink_to(shop / "bad.csv")
        outcome = empty.segment(as_of=LAST_DAY, source=str(late))
        assert (outcome.state, outcome.tasks["message"]) == ("failed", ("success", 1)), "a teardown does not count"
        late.unlink()
        late.symlink_to(shop / "lines.csv")
        again = empty.clear(DAG, outcome)
        assert (again.state, again.tasks["message"]) == ("success", ("success", 2))
        assert empty.clear(DAG, outcome, "message").results["message"] == "sent before"
    failed, well = got
    assert (failed["kind"], well["kind"]) == ("failed", "first")
    assert "the run failed in ingest." in failed["headline"] and "the first segments are ready." in well["headline"]
    assert well["page"].startswith("https://storage.cloud.google.com/") and well["text"].endswith(f"{well['page']}\n")


def test_a_late_source_is_looked_for_again(empty: World, shop: Path):
    late = shop / "late-2025-12-02.csv"
    ends = []

    def deliver(step, ended):
        ends.append((step.step, ended.code, ended.reported["cause"]))
        if len(ends) == 2:
            late.symlink_to(shop / "lines.csv")

    with after_each_end(deliver):
        outcome = empty.segment(as_of=LAST_DAY, source=str(shop / "late-{as_of}.csv"))
    assert ends == [("ingest", 75, "source")] * 2
    assert (outcome.state, outcome.tasks) == ("success", ALL_WELL)  # at the first try
    assert empty.manifests(empty.agree(outcome, DAG)) == list(STEPS)


def test_a_source_that_stays_away_is_given_up(empty: World, shop: Path):
    outcome = empty.segment(as_of=LAST_DAY, source=str(shop / "never-{as_of}.csv"), late_source_hours=0)
    assert outcome.state == "failed"
    assert outcome.tasks == INGEST_FAILED
    assert empty.objects() == {}


def test_a_mistyped_local_source_is_not_waited_for(empty: World, shop: Path):
    ends = []
    with after_each_end(lambda step, ended: ends.append((step.step, ended.code, ended.reported["cause"]))):
        outcome = empty.segment(as_of=LAST_DAY, source=str(shop / "lnies.csv"))
    assert ends == [("ingest", 66, "no_such_file")]
    assert (outcome.state, outcome.tasks) == ("failed", INGEST_FAILED)
    assert empty.objects() == {}


def test_cleared_tasks_write_nothing_again(first, world: World):
    outcome = first[1]
    before = world.objects()
    again = world.clear(DAG, outcome, "train", "score")
    assert again.state == "success"
    assert again.tasks == ALL_WELL | dict.fromkeys(("train", "score"), ("success", 2))
    again = world.clear(DAG, outcome)
    assert again.state == "success"
    assert again.tasks == dict.fromkeys(ALL_WELL, ("success", 2)) | dict.fromkeys(("train", "score"), ("success", 3))
    assert told(world, again) == told(first[0], outcome)
    assert world.objects() == before  # generations too: not even the same bytes again


def test_the_same_run_where_nothing_is_makes_the_same_bytes(first, empty: World):
    world, outcome = first
    again = empty.clear(DAG, outcome)
    assert again.state == "success"
    assert told(empty, again) == told(world, outcome)
    assert bytes_of(empty) == bytes_of(world)


def test_an_older_as_of_changes_nothing_for_later_ones(world: World):
    """LAST_DAY has run; LATER moves state; EARLIER comes last, and only its own scores are remembered, in their place."""
    later = world.segment(as_of=LATER)
    assert (later.state, later.tasks) == ("success", ALL_WELL)
    for name in ("score", "drift"):
        assert world.read(f"state/segments/{name}.json")["entries"][0]["as_of"] == LATER
    before, scores = world.objects("state/"), world.read("state/segments/score.json")["entries"]
    earlier = world.segment(as_of=EARLIER)
    assert (earlier.state, earlier.tasks) == ("success", ALL_WELL)
    assert world.manifests(world.agree(earlier, DAG, EARLIER)) == list(STEPS)
    after, remembered = world.objects("state/"), world.read("state/segments/score.json")["entries"]
    moved = {n for n in before | after if before.get(n) != after.get(n)}
    assert moved == {"state/segments/history.json", "state/segments/score.json"}
    assert remembered[:2] == scores and [e["as_of"] for e in remembered] == [LATER, LAST_DAY, EARLIER]


def report_link(outcome: Outcome) -> str:
    """What the button Report on the report task opens."""
    from airflow.utils.session import create_session

    from clientele.compat import AIRFLOW_MAJOR
    from clientele.links import ReportLink

    try:
        from airflow.models.taskinstancekey import TaskInstanceKey
    except ImportError:  # before 3.2
        from airflow.models.taskinstance import TaskInstanceKey
    if AIRFLOW_MAJOR == 2:
        key = TaskInstanceKey(DAG, "use.report", outcome.run_id, 1)
        return ReportLink().get_link(None, ti_key=key)
    from airflow.models.xcom import XComModel

    with create_session() as session:  # the worker has left it there
        found = session.query(XComModel).filter_by(run_id=outcome.run_id, task_id="use.report", key="_link_ReportLink").one()
        return found.value.strip('"')  # JSON in some versions


def bytes_of(world: World) -> dict[str, str]:
    """The hash of every object but provenance, which says when, and what steps used, which says how long."""
    found = world.objects()
    return {n: o.md5 for n, o in found.items() if not re.search(r"/(provenance|used)\.json$", n)}


def told(world: World, outcome: Outcome) -> dict[str, Any]:
    """The results of a run, wherever the deployment lies."""
    return json.loads(json.dumps(outcome.results).replace(world.bucket.name, "BUCKET"))
