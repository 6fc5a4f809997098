"""Two runs at once, in two processes with an Airflow each: only what lies in storage keeps them apart."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from runs import Outcome, Racer
from world import LAST_DAY, STEPS, World

pytest_plugins = ["world"]

DAG = "clientele_segmentation"


@pytest.fixture(scope="module")
def racers(database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Racer]]:
    """Two of them: an Airflow takes seconds to start."""
    both = [Racer(tmp_path_factory.mktemp("racer"), database) for _ in range(2)]
    yield both
    for r in both:
        r.close()


def test_one_run_twice_at_once_is_one_run(empty: World, racers: list[Racer]):
    """As after a scheduler that was thought dead: both do every step of the same run."""
    now = datetime.now(UTC)
    one, two = race(empty, racers, ({"as_of": LAST_DAY}, now), ({"as_of": LAST_DAY}, now))
    assert (one.state, two.state) == ("success", "success")
    assert one.run_id == two.run_id
    assert one.results == two.results
    run = empty.agree(one, DAG)
    assert empty.manifests(run) == list(STEPS)
    assert chain(empty) == [run]


def test_two_runs_at_once_promote_one_after_the_other(empty: World, racers: list[Racer]):
    now = datetime.now(UTC)
    three, four = {"as_of": LAST_DAY, "k": 3, "promote": "force"}, {"as_of": LAST_DAY, "k": 4, "promote": "force"}
    outcomes = race(empty, racers, (three, now), (four, now + timedelta(seconds=1)))
    assert [o.state for o in outcomes] == ["success", "success"]
    names = [empty.agree(o, DAG) for o in outcomes]
    assert [empty.manifests(n) for n in names] == [list(STEPS)] * 2
    promoted = [n for n, o in zip(names, outcomes, strict=True) if o.results["promote"]["action"] in ("bootstrap", "promote")]
    assert sorted(chain(empty)) == sorted(promoted)


def race(world: World, racers: list[Racer], *told: tuple[dict[str, Any], datetime]) -> list[Outcome]:
    """Lets each of them do a run, and all begin when all are ready."""
    for racer, (conf, moment) in zip(racers, told, strict=True):
        racer.prepare(world.env, DAG, conf, moment)
    for racer in racers:
        racer.ready()
    for racer in racers:
        racer.go()
    return [racer.outcome() for racer in racers]


def chain(world: World) -> list[str]:
    """The runs of HEAD's history, which must be one line from the first revision."""
    line = world.history()
    assert [r["seq"] for r in line] == list(range(1, len(line) + 1))
    assert line[0]["previous"] is None
    assert line[-1] == world.head()
    return [r["run"] for r in line]
