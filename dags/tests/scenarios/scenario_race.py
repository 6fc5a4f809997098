"""Two runs at once, in two processes with an Airflow each: only what lies in storage keeps them apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from runs import Outcome, Racer
from world import LAST_DAY, STEPS, World

pytest_plugins = ["world"]

DAG = "clientele_segmentation"


def test_one_run_twice_at_once_is_one_run(empty: World, database: Path, tmp_path: Path):
    """As after a scheduler that was thought dead: both do every step of the same run."""
    now = datetime.now(UTC)
    one, two = race(empty, database, tmp_path, ({"as_of": LAST_DAY}, now), ({"as_of": LAST_DAY}, now))
    assert (one.state, two.state) == ("success", "success")
    assert one.run_id == two.run_id
    assert one.results == two.results
    run = empty.agree(one, DAG)
    assert empty.manifests(run) == list(STEPS)
    assert chain(empty) == [run]


def test_two_runs_at_once_promote_one_after_the_other(empty: World, database: Path, tmp_path: Path):
    now = datetime.now(UTC)
    three, four = {"as_of": LAST_DAY, "k": 3}, {"as_of": LAST_DAY, "k": 4}
    outcomes = race(empty, database, tmp_path, (three, now), (four, now + timedelta(seconds=1)))
    assert [o.state for o in outcomes] == ["success", "success"]
    names = [empty.agree(o, DAG) for o in outcomes]
    assert [empty.manifests(n) for n in names] == [list(STEPS)] * 2
    assert set(chain(empty)) <= set(names)
    assert empty.head()["seq"] == sum(o.results["promote"]["action"] in ("bootstrap", "promote") for o in outcomes)


def race(world: World, database: Path, tmp_path: Path, *told: tuple[dict[str, Any], datetime]) -> list[Outcome]:
    """Runs the DAG so often at once, each in a process of its own that begins when all are ready."""
    with world.dag(DAG):
        racers = [Racer(tmp_path / str(i), database, DAG, conf, moment) for i, (conf, moment) in enumerate(told)]
        for r in racers:
            r.ready()
        for r in racers:
            r.go()
        return [r.outcome() for r in racers]


def chain(world: World) -> list[str]:
    """The runs of HEAD's history, which must be one line: every revision names the one before it, and HEAD is the last."""
    history = world.history()
    previous = None
    for seq, (sha256, revision) in enumerate(history.items(), 1):
        assert (revision["seq"], revision["previous"]) == (seq, previous)
        previous = {"seq": seq, "sha256": sha256, "model_id": revision["model_id"]}
    assert revision == world.head()
    return [r["run"] for r in history.values()]
