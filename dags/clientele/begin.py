"""The first task of every run: it refuses Params that no program would accept together, and pins the run's images."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from clientele.asof import as_of, own_day
from clientele.compat import AirflowException, AirflowFailException, task
from clientele.config import RESOURCES, Deployment

TASK = "begin"


def begin(d: Deployment):
    """Fails where Params contradict each other. Its result is the image of each program, for image below."""

    @task(task_id=TASK, multiple_outputs=False, doc_md="Checks the Params and pins the images of this run.")
    def begin(params=None, dag_run=None) -> dict[str, str]:
        if problems := contradictions(params, dag_run, d.zone):
            raise AirflowFailException(f"Params: {'; '.join(problems)}. Trigger again with them corrected.")
        spark = {"spark": d.spark_image} if d.engine == "spark" else {}
        return {program: d.image(program) for program in RESOURCES} | spark

    return begin()


def contradictions(params: Mapping[str, Any], dag_run: Any, zone: str) -> list[str]:
    """What is wrong with the Params together; each alone has been checked by the form."""
    problems = []
    day, today = as_of(dag_run, params, zone), own_day(dag_run, zone)
    if day > today and not params.get("allow_future_as_of"):
        problems.append(f"as_of {day} is after the day of this run, {today}; allow_future_as_of permits it")
    if "from" in params and bool(params["from"]) != bool(params["to"]):
        problems.append("from and to go together: the first and the last day of a range")
    elif "from" in params and (params["from"] or "") > (params["to"] or ""):
        problems.append(f"from {params['from']} is after to {params['to']}")
    if "k_min" in params and params["k_min"] > params["k_max"]:
        problems.append(f"k_min {params['k_min']} is over k_max {params['k_max']}")
    return problems


def image(ti: Any, program: str) -> str:
    """The program's image in this run: as it was when the run began, whatever the DAG files say by now. A macro."""
    images = ti.xcom_pull(task_ids=TASK)
    if program not in (images or {}):
        raise AirflowException(f"this run has no image of {program}: clear its task {TASK}")
    return images[program]


def traceparent(ti: Any) -> str:
    """The W3C trace context of a try: one trace for each run, a span for each try of a task. A macro.

    Airflow's own traces have another id; this one needs no collector, and finds the log records of a run's steps together.
    """
    trace = hashlib.sha256(f"{ti.dag_id} {ti.run_id}".encode()).hexdigest()[:32]
    span = hashlib.sha256(f"{ti.dag_id} {ti.run_id} {ti.task_id} {ti.try_number}".encode()).hexdigest()[:16]
    return f"00-{trace}-{span}-01"
