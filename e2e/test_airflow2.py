"""The same on the last Airflow 2: its scheduler runs one pod after another."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import test_pods
from world import Scenario, World

SCENARIOS = (test_pods.success, test_pods.late, test_pods.out_of_memory)
TINY = {"ingest": {"memory": test_pods.TINY}}


@pytest.fixture(scope="module")
def world(machine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    scenarios = (
        Scenario("success"),
        Scenario("late", source="late.csv"),
        Scenario("out_of_memory", resources=TINY, memory="1GiB"),
    )
    world = World("2.11.1", tmp_path_factory.mktemp("airflow2"), scenarios)
    try:
        assert world.airflow.import_errors() == []
        yield world
    finally:
        world.close()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda f: f.__name__)
def test_airflow_2(scenario, world: World) -> None:
    scenario(world)
