"""clientele_drift, and what its act leads to: the states in Airflow, and the objects in storage."""

from __future__ import annotations

import runs
from world import EARLIER, LAST_DAY, NEXT, World, planted

pytest_plugins = ["world"]

DAG = "clientele_drift"
BEFORE = ("ingest", "preprocess", "drift")
QUIET = dict.fromkeys(("begin", *BEFORE, "data_are_sound", "asks_for_new_model"), ("success", 1)) | {
    "ask_for_new_model": ("skipped", 0)
}

# The model learns from the shop's first months and is asked about its whole year: customers who had come once or twice
# have come many times since.
YOUNG = "2025-02-15"


def test_quiet(world: World):
    before = world.objects("registry/")
    outcome = world.look_for_drift(as_of=NEXT)
    assert (outcome.state, outcome.tasks) == ("success", QUIET)
    run = world.agree(outcome, DAG, NEXT)
    assert world.manifests(run) == list(BEFORE)
    assert outcome.results["drift"]["model"] == world.head()["model_id"]
    assert world.read("state/segments/drift.json")["entries"][0]["run"] == run
    assert world.objects("registry/") == before
    assert asset_updates(outcome) == []


def test_without_a_model_there_is_nothing_to_compare_with(empty: World):
    outcome = empty.look_for_drift(as_of=LAST_DAY)
    assert (outcome.state, outcome.tasks) == ("success", QUIET)
    assert outcome.results["drift"]["verdict"] == "insufficient_data"
    assert not empty.objects("registry/")


def test_drift_that_retrains(empty: World):
    young = empty.segment(as_of=YOUNG)
    assert young.state == "success"
    old = empty.head()

    # Seen once it waits; four weeks later it is there again.
    seen = empty.look_for_drift(as_of=EARLIER)
    assert (seen.state, seen.tasks) == ("success", QUIET)
    assert (seen.results["drift"]["wanted"], seen.results["drift"]["act"]) == ("retrain", "wait")
    assert asset_updates(seen) == []

    outcome = empty.look_for_drift(as_of=LAST_DAY)
    assert (outcome.state, outcome.tasks) == ("success", QUIET | {"ask_for_new_model": ("success", 1)})
    assert outcome.results["drift"]["act"] == "retrain"
    assert asset_updates(outcome) == ["ask_for_new_model"]
    assert empty.head() == old  # to ask is not to promote

    asked_for = empty.segment(as_of=LAST_DAY)
    assert asked_for.state == "success"
    assert asked_for.results["drift"]["act"] == "retrain"
    assert asked_for.results["promote"]["action"] == "promote"
    assert [r["model_id"] for r in empty.history()] == [
        young.results["train"]["model_id"],
        asked_for.results["train"]["model_id"],
    ]
    assert empty.head()["seq"] == 2

    # A look at an old day, as a backfill takes it, finds drift too, and asks nothing of the model of a later day. The act is
    # planted: a day before all others has none to agree with.
    with planted(empty, "drift", act="retrain"):
        back = empty.look_for_drift(as_of=YOUNG)
    assert (back.state, back.tasks) == ("success", QUIET)
    assert back.results["drift"]["act"] == "retrain"
    assert asset_updates(back) == []


def test_data_to_be_mended_fail_loudly(world: World):
    """Planted, because this shop's lines are sound. The program reads the act from its own manifest in storage."""
    before = world.objects("registry/")
    with planted(world, "drift", act="fix_data", verdict="alert", cause="planted: prices moved"):
        outcome = world.look_for_drift(as_of=NEXT)
    assert outcome.state == "failed"
    assert outcome.tasks == QUIET | {"data_are_sound": ("failed", 1)}
    assert outcome.results["drift"]["act"] == "fix_data"
    assert world.objects("registry/") == before
    assert asset_updates(outcome) == []


def asset_updates(outcome: runs.Outcome) -> list[str]:
    """The tasks of the run that asked for a new model, from Airflow's own records."""
    from airflow.utils.session import create_session

    try:
        from airflow.models.asset import AssetEvent
    except ImportError:  # Airflow 2
        from airflow.models.dataset import DatasetEvent as AssetEvent
    with create_session() as session:
        found = session.query(AssetEvent).filter_by(source_dag_id=DAG, source_run_id=outcome.run_id)
        return [e.source_task_id for e in found if e.source_task_id not in BEFORE]
