"""The first task of a run: Params that contradict each other are refused before a pod starts, and the images are pinned."""

from __future__ import annotations

import json

import pendulum
import pytest

import wiring
from clientele import contract
from clientele.compat import AirflowException, AirflowFailException

SEGMENTATION = "clientele_segmentation"
LATE_EVENING = pendulum.datetime(2026, 7, 1, 23, 30, tz="UTC")  # in London it is the 2nd


def begin(dag, dag_run=None, **changes):
    """Runs the task begin, as Airflow would after having checked each Param alone."""
    dag_run = dag_run or wiring.run(LATE_EVENING)
    return dag.get_task("begin").python_callable(wiring.parameters(dag, **changes), dag_run)


@pytest.mark.parametrize("dag_id", wiring.IDS)
def test_every_task_comes_after_it(dag_id):
    dag = wiring.dags()[dag_id]
    others = {t.task_id for t in dag.tasks} - {"begin"}
    assert dag.get_task("begin").get_flat_relative_ids(upstream=False) == others


@pytest.mark.parametrize("dag_id", wiring.IDS)
@pytest.mark.parametrize("as_of", [None, "2026-07-02", "2026-07-01", "2020-01-01"])
def test_a_day_up_to_the_runs_own(dag_id, as_of):
    assert begin(wiring.dags()[dag_id], as_of=as_of)


@pytest.mark.parametrize("run_type", ["manual", "scheduled", "backfill", "asset_triggered"])
@pytest.mark.parametrize("dag_id", wiring.IDS)
def test_a_day_after_the_runs_own(dag_id, run_type):
    dag, dag_run = wiring.dags()[dag_id], wiring.run(LATE_EVENING, run_type, (LATE_EVENING, LATE_EVENING))
    with pytest.raises(
        AirflowFailException, match=r"as_of 2026-07-03 is after the day of this run, 2026-07-02; allow_future_as_of"
    ):
        begin(dag, dag_run, as_of="2026-07-03")
    assert begin(dag, dag_run, as_of="2026-07-03", allow_future_as_of=True)


def test_fewest_and_most():
    dag = wiring.dags()[SEGMENTATION]
    with pytest.raises(AirflowFailException, match="k_min 5 is over k_max 4"):
        begin(dag, k_min=5, k_max=4)
    assert begin(dag, k_min=4, k_max=4)


def test_a_range_has_two_ends():
    dag = wiring.dags()[SEGMENTATION]
    for ends in ({"from": "2024-01-01"}, {"to": "2024-01-01"}):
        with pytest.raises(AirflowFailException, match="from and to go together"):
            begin(dag, **ends)
    with pytest.raises(AirflowFailException, match="from 2024-02-01 is after to 2024-01-01"):
        begin(dag, **{"from": "2024-02-01", "to": "2024-01-01"})
    assert begin(dag, **{"from": "2024-01-01", "to": "2024-01-01"})


def test_every_problem_at_once():
    with pytest.raises(AirflowFailException, match="2027-03-01.*; k_min 5"):
        begin(wiring.dags()[SEGMENTATION], as_of="2027-03-01", k_min=5, k_max=4)


@pytest.mark.parametrize("dag_id", wiring.IDS)
def test_a_run_keeps_its_images(dag_id, tmp_path):
    """The DAG files are of a newer release by the time that its later tasks start."""
    digests = {"version": contract.CONTRACT["version"], "report": "sha256:" + "a" * 64}
    (tmp_path / "images.json").write_text(json.dumps(digests))
    old = wiring.load(dag_id, CLIENTELE_IMAGE_TAG="1.0")
    new = wiring.load(dag_id, CLIENTELE_IMAGE_TAG="2.0", CLIENTELE_IMAGES=str(tmp_path / "images.json"))
    for step in (t for t in new.tasks if hasattr(t, "step")):
        task, values = step.prepare_for_execution(), wiring.context(step)
        assert "1.0" not in wiring.rendered(step).image
        other = values["ti"].xcom_pull
        values["ti"].xcom_pull = lambda task_ids, other=other: begin(old) if task_ids == "begin" else other(task_ids)
        task.render_template_fields(values, jinja_env=new.get_template_env())
        assert task.image == f"registry.example/clientele/{step.step}:1.0"


def test_a_run_without_images_says_what_to_do():
    step = wiring.dags()["clientele_drift"].get_task("drift")
    task, values = step.prepare_for_execution(), wiring.context(step)
    values["ti"].xcom_pull = lambda task_ids: None
    with pytest.raises(AirflowException, match="clear its task begin"):
        task.render_template_fields(values, jinja_env=step.dag.get_template_env())
