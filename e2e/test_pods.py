"""A real scheduler and real pods: what Airflow says in the end, and what lies in the storage.

The scenarios run side by side, each started by its test's function; a test then waits for its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from browser import person
from cluster import Seen
from process import until
from storage import Bucket
from world import AS_OF, Scenario, World

STEPS = (
    "ingest",
    "preprocess",
    "drift",
    "train",
    "evaluate",
    "promote",
    "score",
    "explore",
    "recommend",
    "predict",
    "measure",
    "audience",
    "publish",
    "report",
)

# At a hundredth of a core ingest takes some 40 s, and has written something after 13: time to do something to it. The quota
# is a bound: however fast the machine, it is not done much sooner.
SLOW = {"ingest": {"cpu": "12m"}}

# Less than ingest's program takes before it has read a line.
TINY = "20Mi"  # ingest lives in it by the default of --memory, and not with buffers for a large machine

SIDE_BY_SIDE = 4  # more of them wait for two cores and one sqlite

RELEASED = Scenario("released", file="clientele_drift", resources=SLOW)

SCENARIOS = (
    Scenario("clientele_segmentation"),  # a person's
    Scenario("bad_data"),
    Scenario("deleted", resources=SLOW),
    Scenario("late", source="late.csv"),
    Scenario("marked_failed", resources=SLOW),
    Scenario("orphaned", resources=SLOW),
    RELEASED,
    Scenario("out_of_memory", resources={"ingest": {"memory": TINY}}, memory="1GiB"),
    Scenario("restarted", resources=SLOW),
    Scenario("rolled_back", file="clientele_rollback"),
    Scenario("secret", file="clientele_drift", secretive=True),
    Scenario("success"),
    Scenario("terminated", resources=SLOW),
    Scenario("twice", resources=SLOW),
    Scenario("without_rights", rights=False),
)


def success(w: World) -> None:
    run = w.trigger("success")
    state = run.ends(1200)
    assert (state, set(run.states().values())) == ("success", {"success"}), run.states()
    again = {name: run.log(name, 1)[-4000:] for name, t in run.tasks().items() if t["try_number"] != 1}
    assert not again, again

    bucket = w.bucket("success")
    for step in STEPS:
        assert len(bucket.manifests(step)) == 1, bucket.manifests(step)
    head = bucket.json("shop/registry/segments/HEAD.json")["revision"]
    assert (head["seq"], head["model_id"]) == (1, run.result("promote")["model_id"])
    scored, built = run.result("score"), run.result("preprocess")
    assert scored["customers"] == built["customers"] > 100
    assert sum(s["customers"] for s in scored["segments"]) == scored["customers"]
    assert bucket.json("shop/state/segments/score.json")["entries"][0]["as_of"] == AS_OF
    assert [n for n in bucket.names("shop/runs/success/") if n.endswith("/report.html")]


def bad_data(w: World) -> None:
    run = w.trigger("bad_data", source=w.bad)
    assert run.ends(240) == "failed"
    ingest = run.task("ingest")
    assert (ingest["state"], ingest["try_number"]) == ("failed", 1), ingest
    assert {run.states()[s] for s in STEPS[1:]} == {"upstream_failed"}, run.states()
    assert "exit code 65 (bad_data)" in run.log("ingest", 1)
    assert [p.exit_code for p in w.cluster.of("bad_data", "ingest")] == [65]
    nothing_visible(w.bucket("bad_data"))


def out_of_memory(w: World) -> None:
    run = w.trigger("out_of_memory")
    assert run.ends(300) == "failed"
    ingest = run.task("ingest")
    assert (ingest["state"], ingest["try_number"]) == ("failed", 4), ingest
    assert f"out of memory, killed at its limit of {TINY}" in run.log("ingest", 4)
    assert {(p.exit_code, p.reason) for p in w.cluster.of("out_of_memory", "ingest")} == {(137, "OOMKilled")}
    nothing_visible(w.bucket("out_of_memory"))


def deleted(w: World) -> None:
    run = w.trigger("deleted")
    w.cluster.delete(w.half_way("deleted"))
    run.await_task("ingest", "success", 300)
    assert run.task("ingest")["try_number"] == 2
    assert [p.exit_code for p in w.cluster.of("deleted", "ingest")][1:] == [0]
    taken_in_once(w.bucket("deleted"), run.result("ingest")["snapshot"])
    run.abandon()


def restarted(w: World) -> None:
    run = w.trigger("restarted")
    worker = run.worker("ingest")
    pod = w.half_way("restarted")
    worker.kill()
    assert pod.exit_code is None, "the pod ended too early for this test"
    run.await_task("ingest", "success", 300)
    assert run.task("ingest")["try_number"] == 2
    assert w.cluster.of("restarted", "ingest") == [pod], "the second try must wait for the pod of the first"
    assert pod.exit_code == 0
    taken_in_once(w.bucket("restarted"), run.result("ingest")["snapshot"])
    run.abandon()


def orphaned(w: World) -> None:
    """The process that waits for the pod lives on, and the second try waits for the same pod beside it."""
    run = w.trigger("orphaned")
    worker = run.worker("ingest")
    pod = w.half_way("orphaned")
    worker.orphan()
    assert pod.exit_code is None, "the pod ended too early for this test"
    run.await_task("ingest", "success", 300)
    assert run.task("ingest")["try_number"] == 2
    assert w.cluster.of("orphaned", "ingest") == [pod], "a step has one pod"
    assert pod.exit_code == 0
    taken_in_once(w.bucket("orphaned"), run.result("ingest")["snapshot"])
    run.abandon()


def terminated(w: World) -> None:
    """A worker that shuts down: no success without a result, and no second pod before the first is gone."""
    run = w.trigger("terminated")
    worker = run.worker("ingest")
    w.half_way("terminated")
    worker.terminate()
    run.await_task("ingest", "success", 300)
    assert run.task("ingest")["try_number"] == 2
    assert "killed by Airflow (SIGTERM)" in run.log("ingest", 1)
    assert [p.exit_code for p in w.cluster.of("terminated", "ingest")] == [143, 0]
    assert w.cluster.at_once("terminated", "ingest") == 1
    taken_in_once(w.bucket("terminated"), run.result("ingest")["snapshot"])
    run.abandon()


def late(w: World) -> None:
    """A delivery that comes after some looks, which cost neither a pod nor a try."""
    run = w.trigger("late")
    until("two looks", 240, lambda: run.log("ingest", 1).count("late.csv is not there yet. Waiting for the source since ") >= 2)
    assert w.cluster.of("late", "ingest") == []
    w.deliver("late.csv")
    run.await_task("ingest", "success", 240)
    assert run.task("ingest")["try_number"] == 1
    assert [p.exit_code for p in w.cluster.of("late", "ingest")] == [0]
    run.abandon()


def without_rights(w: World) -> None:
    run = w.trigger("without_rights")
    assert run.ends(240) == "failed"
    ingest = run.task("ingest")
    assert (ingest["state"], ingest["try_number"]) == ("failed", 1), ingest
    said = run.log("ingest", 1)
    assert 'nobody\\" cannot list resource \\"pods\\"' in said and "(403)" in said and "No retry." in said, said
    assert "audit-id" not in said.lower(), "HTTP headers"
    assert w.cluster.of("without_rights", "ingest") == []


def marked_failed(w: World) -> None:
    run = w.trigger("marked_failed")
    pod = w.half_way("marked_failed")
    run.mark("ingest", "failed")
    assert run.ends(240) == "failed"
    assert run.task("ingest")["state"] == "failed"
    until_gone(pod)
    assert pod.exit_code == 143, pod
    assert len(w.cluster.of("marked_failed", "ingest")) == 1
    nothing_visible(w.bucket("marked_failed"))


def twice(w: World) -> None:
    run = w.trigger("twice")
    name = w.cluster.second(w.half_way("twice"))
    run.await_task("ingest", "success", 300)
    until("the second pod ends", 240, lambda: (p := w.cluster.named(name)) and p.exit_code is not None)
    assert w.cluster.named(name).exit_code == 0
    taken_in_once(w.bucket("twice"), run.result("ingest")["snapshot"])
    run.abandon()


def rolled_back(w: World) -> None:
    common = (f"--source={w.good}", "--pipeline=seed")
    first = w.program("rolled_back", "pipeline", *common, "--run-id=1", "--as-of=2025-11-01", "-k=3")
    second = w.program("rolled_back", "pipeline", *common, "--run-id=2", f"--as-of={AS_OF}", "-k=4", "--promote=force")
    assert first["model_id"] != second["model_id"]

    run = w.trigger("rolled_back", reason="too many segments")
    assert run.ends(300) == "success", run.states()
    assert set(run.states().values()) == {"success"}, run.states()
    bucket = w.bucket("rolled_back")
    head = bucket.json("shop/registry/segments/HEAD.json")["revision"]
    assert (head["seq"], head["model_id"], head["action"]) == (3, first["model_id"], "rollback")
    newest = bucket.json("shop/state/segments/score.json")["entries"][0]["value"]
    assert (newest["model"], newest["seq"]) == (first["model_id"], 3)
    assert run.result("score")["customers"] == second["steps"]["score"]["customers"]


def secret(w: World) -> None:
    """No Param makes a step print a secret or send it to a host that it is not for."""
    values = [w.secrets["customer-key"], w.secrets["source-header"], w.secrets["source-header"].rpartition(" ")[2]]

    # The first source is there, so that Airflow does not find out without a pod that the second is not.
    named = "gs://deliveries/$(CLIENTELE_CUSTOMER_KEY)/$$(SOURCE_HEADER)/$$$(CLIENTELE_CUSTOMER_KEY).csv"
    run = w.trigger("secret", "named", source=f"{w.good}\n{named}", late_source_hours=0)
    assert run.ends(240) == "failed"
    (pod,) = w.cluster.of("secret", "ingest")
    assert pod.exit_code == 75, pod
    assert f"{named}: it is not there yet" in run.log("ingest", 1), "the program must see the Param as it is"
    assert not [v for v in values if v in run.log("ingest", 1)]

    shown = w.storage.bucket("other-deliveries").put("password.txt", f"{values[0]},{values[2]}\n".encode())
    run = w.trigger("secret", "shown", source=shown)
    assert run.ends(240) == "failed"
    assert "exit code 65 (bad_data), cause columns" in run.log("ingest", 1)
    assert not [v for v in values if v in run.log("ingest", 1)], "the first line of what is no delivery was shown"

    run = w.trigger("secret", "sent", source=f"http://{w.supplier.host}/a.csv\nhttp://{w.stranger.host}/b.csv")
    run.await_task("ingest", "success", 240)
    assert {r.get("Authorization") for r in w.supplier.requests} == {f"Bearer {values[2]}"}
    assert w.stranger.requests, "the other host must have been asked"
    assert not [v for v in values if v in str(w.stranger.requests)]
    run.abandon()


def released(w: World) -> None:
    """Newer DAG files in mid-run: this run ends with the images it began with, the next has the new ones."""
    run = w.trigger("released")
    w.running("released", "ingest")
    w.deploy(RELEASED, CLIENTELE_IMAGE_TAG="newer")
    assert run.ends(300) == "success", run.states()
    tag = os.environ["CLIENTELE_E2E_IMAGE_TAG"]
    for step in ("ingest", "preprocess", "drift"):
        images = [p.manifest.spec.containers[0].image.rpartition("/")[2] for p in w.cluster.of("released", step)]
        assert images == [f"{step}:{tag}"]
    again = w.trigger("released", "again")
    again.await_task("begin", "success", 120)
    assert again.result("begin")["drift"].endswith("/drift:newer")
    again.abandon()


def nothing_visible(bucket: Bucket) -> None:
    """Nothing that a reader would find: no manifest, no pointer, no snapshot."""
    names = bucket.names()
    assert not [n for n in names if n.endswith(("_MANIFEST.json", "current.json"))], names
    assert not bucket.names("shop/state/") + bucket.names("shop/lines/index/"), names


def taken_in_once(bucket: Bucket, snapshot: str) -> None:
    """One manifest, one snapshot with one part a year, and the pointer on it."""
    assert len(bucket.manifests("ingest")) == 1
    parts = bucket.names("shop/lines/index/shop/")
    assert len({part.rpartition("/")[0] for part in parts}) == len(parts) > 0, parts
    assert bucket.names("shop/lines/index/") == sorted([f"shop/lines/index/{snapshot}.json", *parts])
    entries = bucket.json("shop/state/lines.json")["entries"]
    assert [e["value"]["snapshot"] for e in entries] == [snapshot]


def until_gone(pod: Seen) -> None:
    until(f"{pod.name} is gone", 90, lambda: pod.gone, every=0.3)


LOST = (deleted, restarted, orphaned, terminated, marked_failed, twice)
REFUSED = (out_of_memory, bad_data, without_rights)
ALL: dict[str, Callable[[World], None]] = {
    f.__name__: f for f in (person, success, rolled_back, released, secret, late, *LOST, *REFUSED)
}

# The last Airflow 2 runs one task after another on sqlite: a whole run, a late delivery, and a step that is killed four times.
AIRFLOW_2 = {f.__name__: f for f in (success, late, out_of_memory)}


def under_way(w: World, scenario: Callable[[World], None]) -> None:
    """A scenario. Runs of one that failed are ended: others wait for their slots."""
    try:
        scenario(w)
    except BaseException:
        if scenario.__name__ in w.buckets:
            for run in w.airflow.runs(scenario.__name__):
                run.abandon()
        raise


class Ends:
    """The scenarios that were asked for of one Airflow, some of them under way once it has started."""

    def __init__(self, version: str, folder: Path, asked: dict[str, Callable[[World], None]], at_once: int, chromium: str = ""):
        self._starts, self._pool = ThreadPoolExecutor(1), ThreadPoolExecutor(at_once)
        scenarios = tuple(s for s in SCENARIOS if s.dag in asked or s.dag == s.file and "person" in asked)
        self._world = self._starts.submit(World, version, folder, scenarios, chromium) if asked else None
        self._ends = {name: self._pool.submit(self._run, f) for name, f in asked.items()}

    def _run(self, scenario: Callable[[World], None]) -> None:
        assert self._world is not None
        world = self._world.result()
        assert world.airflow.import_errors() == []
        under_way(world, scenario)

    def of(self, name: str) -> None:
        """Waits for a scenario's end, and raises what it raised."""
        self._ends[name].result(timeout=1500)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._world is not None and self._world.exception() is None:
            self._world.result().close()


@pytest.fixture(scope="module")
def ends(request: pytest.FixtureRequest, machine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ends, Ends]]:
    """Those of Airflow 3 and of Airflow 2, which has the cores that the other leaves idle: most of the time both wait."""

    def asked(test: str, of: dict[str, Callable[[World], None]]) -> dict[str, Callable[[World], None]]:
        names = [i.callspec.params["scenario"] for i in request.session.items if i.originalname == test]
        return {name: of[name] for name in names}

    three, two = asked("test_scenario", ALL), asked("test_airflow_2", AIRFLOW_2)
    chromium = request.getfixturevalue("chromium") if "person" in three else ""
    both = (
        Ends("3.3.1", tmp_path_factory.mktemp("airflow3"), three, SIDE_BY_SIDE, chromium),
        Ends("2.11.1", tmp_path_factory.mktemp("airflow2"), two, 1),
    )
    try:
        yield both
    finally:
        for e in both:
            e.close()


@pytest.mark.parametrize("scenario", ALL)
def test_scenario(scenario: str, ends: tuple[Ends, Ends]) -> None:
    ends[0].of(scenario)


@pytest.mark.parametrize("scenario", AIRFLOW_2)
def test_airflow_2(scenario: str, ends: tuple[Ends, Ends]) -> None:
    ends[1].of(scenario)
