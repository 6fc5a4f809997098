"""The as-of date of every kind of run, in both majors: rendered, not computed beside."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace

import pendulum
import pytest

import wiring
from clientele.compat import AIRFLOW_MAJOR

DAG = "clientele_segmentation"
DATED = [dag_id for dag_id in wiring.IDS if "as_of" in wiring.dags()[dag_id].params]


def utc(text: str) -> datetime:
    return pendulum.parse(text, tz="UTC")


def as_of(dag_run, dag_id: str = DAG, **params) -> str:
    """The --as-of that the DAG's first step would get."""
    step = next(t for t in wiring.dags()[dag_id].tasks if hasattr(t, "step"))
    _, given = wiring.flags(wiring.rendered(step, dag_run, **params).arguments)
    return given["as-of"]


def due(earliest: str, dag_id: str = DAG):
    """The first run that the real timetable makes from that instant on."""
    from airflow.timetables.base import TimeRestriction

    timetable = wiring.scheduler_dag(wiring.dags()[dag_id]).timetable
    restriction = TimeRestriction(earliest=utc(earliest), latest=None, catchup=True)
    return timetable.next_dagrun_info(last_automated_data_interval=None, restriction=restriction)


def of_info(info, run_type: str):
    moment = info.run_after if AIRFLOW_MAJOR >= 3 else info.logical_date
    return wiring.run(moment, run_type, (info.data_interval.start, info.data_interval.end))


@pytest.mark.parametrize("run_type", ["scheduled", "backfill"])
@pytest.mark.parametrize(
    ("dag_id", "earliest", "want"),
    [
        (DAG, "2026-01-01T00:00:00", "2026-01-05"),  # the first Monday of 2026
        (DAG, "2026-07-07T12:00:00", "2026-07-13"),  # summer time: 05:00 UTC is 06:00 in London
        ("clientele_drift", "2026-06-01T03:00:00", "2026-06-01"),  # 05:00 in London is 04:00 UTC
        ("clientele_drift", "2026-06-01T04:30:00", "2026-06-02"),
        ("clientele_drift", "2026-03-29T00:00:00", "2026-03-29"),  # the night the clocks go forward
        ("clientele_drift", "2026-10-25T00:00:00", "2026-10-25"),  # and back
    ],
)
def test_scheduled_and_backfill_runs_take_the_day_they_are_due(run_type, dag_id, earliest, want):
    assert as_of(of_info(due(earliest, dag_id), run_type), dag_id) == want


@pytest.mark.parametrize(
    ("triggered", "want"),
    [
        ("2026-03-02T12:00:00", "2026-03-02"),
        ("2026-07-01T23:30:00", "2026-07-02"),  # half past midnight in London
        ("2026-01-01T23:30:00", "2026-01-01"),  # winter: London is UTC
    ],
)
@pytest.mark.parametrize("dag_id", DATED)
def test_manual_runs_take_today_in_the_shops_zone(dag_id, triggered, want):
    at = utc(triggered)
    interval = (at - timedelta(days=7), at - timedelta(days=3))  # in Airflow 2 a guess about the schedule: not looked at
    assert as_of(wiring.run(at, "manual", interval), dag_id) == want


@pytest.mark.parametrize("dag_id", DATED)
def test_manual_runs_take_the_param(dag_id):
    assert as_of(wiring.run(utc("2026-03-02T12:00:00"), "manual"), dag_id, as_of="2025-12-31") == "2025-12-31"


def test_asset_runs_take_the_day_of_what_triggered_them():
    """Airflow 2: the end of the interval of the events' runs. Airflow 3: run_after; logical date and interval are None."""
    at = utc("2026-07-08T04:02:00")
    if AIRFLOW_MAJOR >= 3:
        dag_run = wiring.run(at, "asset_triggered")
        assert dag_run.logical_date is None and dag_run.data_interval_end is None
    else:
        timetable = wiring.scheduler_dag(wiring.dags()[DAG]).timetable
        source = SimpleNamespace(data_interval_start=utc("2026-07-08T04:00:00"), data_interval_end=utc("2026-07-08T04:00:00"))
        event = SimpleNamespace(source_dag_run=source, timestamp=at)
        interval = timetable.data_interval_for_events(at, [event])
        dag_run = wiring.run(at, "asset_triggered", (interval.start, interval.end))
    assert as_of(dag_run) == "2026-07-08"


def test_a_cleared_run_keeps_its_day():
    """Clearing gives a run a new start_date; its moment stays."""
    info = due("2026-01-01T00:00:00")
    dag_run = of_info(info, "scheduled")
    dag_run.start_date = utc("2026-02-20T09:00:00")
    assert as_of(dag_run) == "2026-01-05"


def test_the_source_may_be_named_by_the_day():
    step = wiring.dags()[DAG].get_task("data.ingest")
    at = wiring.run(utc("2026-03-02T12:00:00"), "manual")
    assert wiring.flags(wiring.rendered(step, at).arguments)[1]["source"] == "gs://example-inbox/2026-03-02.csv.gz"
    assert wiring.flags(wiring.rendered(step, at, source="/data/a.csv").arguments)[1]["source"] == "/data/a.csv"


def test_both_dags_are_triggered_as_said():
    assert "new_model_wanted" in str(wiring.scheduler_dag(wiring.dags()[DAG]).timetable.serialize())
    ask = wiring.dags()["clientele_drift"].get_task("ask_for_new_model")
    assert [o.uri for o in ask.outlets] == ["x-clientele://segments/new_model_wanted"]
