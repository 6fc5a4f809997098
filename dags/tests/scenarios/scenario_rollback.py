"""clientele_rollback: the states in Airflow, and the objects in storage."""

from __future__ import annotations

from world import LAST_DAY, LATER, World

pytest_plugins = ["world"]

DAG = "clientele_rollback"
ALL_WELL = dict.fromkeys(("begin", "rollback", "scored_before", "score", "publish", "report"), ("success", 1))


def test_the_model_before_comes_back_once(first, world: World):
    old = world.head()
    newer = world.segment(as_of=LATER, k=3, promote="force")
    assert newer.results["promote"]["action"] == "promote"

    outcome = world.roll_back(as_of=LATER, reason="three are too few")
    assert (outcome.state, outcome.tasks) == ("success", ALL_WELL)
    head = world.head()
    assert (head["seq"], head["action"]) == (3, "rollback")
    assert "three are too few" in head["reason"]
    assert head["model_id"] == old["model_id"] == outcome.results["score"]["model_id"]
    assert outcome.results["score"]["customers"] == newer.results["score"]["customers"]
    assert world.read("state/segments/score.json")["entries"][0]["value"]["model"] == old["model_id"]

    before = world.objects()
    again = world.clear(DAG, outcome)
    assert (again.state, again.tasks) == ("success", dict.fromkeys(ALL_WELL, ("success", 2)))
    assert world.objects() == before

    # The next run trains and passes the gates, and the rollback stays, even against a person's will.
    held = world.segment(as_of=LATER, promote="force")
    assert held.state == "success"
    assert held.results["drift"]["hold"] and held.results["evaluate"]["verdict"] == "pass"
    assert held.results["promote"]["action"] == "hold"
    assert "three are too few" in held.results["promote"]["why"]
    assert world.head() == head


def test_without_a_model_before_nothing_happens(world: World):
    before = world.objects()
    outcome = world.roll_back(as_of=LAST_DAY)
    assert outcome.state == "failed"
    assert outcome.tasks == dict.fromkeys(ALL_WELL, ("upstream_failed", 0)) | {"begin": ("success", 1), "rollback": ("failed", 1)}
    assert world.objects() == before
