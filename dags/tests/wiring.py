"""Loads the DAGs for a place, renders their tasks and pods without a cluster, a database or a network, and makes runs."""

from __future__ import annotations

import contextlib
import os
import runpy
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pendulum
from kubernetes.client import ApiClient

from clientele.compat import AIRFLOW_MAJOR
from clientele.pods import StepOperator
from conftest import DAGS

IDS = ("clientele_drift", "clientele_erase", "clientele_preflight", "clientele_rollback", "clientele_segmentation")

PLACES: dict[str, dict[str, str]] = {
    "composer": {"CLIENTELE_PLACE": "composer", "CLIENTELE_KUBECONFIG": ""},
    "gke": {
        "CLIENTELE_PLACE": "gke",
        "CLIENTELE_NAMESPACE": "clientele",
        "CLIENTELE_GKE_PROJECT": "example",
        "CLIENTELE_GKE_LOCATION": "europe-west2",
        "CLIENTELE_GKE_CLUSTER": "shop",
    },
    "kubeconfig": {"CLIENTELE_PLACE": "kubeconfig", "CLIENTELE_NAMESPACE": "clientele"},
}

HOOK = mock.Mock(is_in_cluster=False)
HOOK.get_namespace.return_value = "default"
HOOK.get_xcom_sidecar_container_image.return_value = "overwritten"
HOOK.get_xcom_sidecar_container_resources.return_value = None


@contextlib.contextmanager
def environment(**changes: str) -> Iterator[None]:
    """The process's environment with changes, for as long as the block lasts."""
    with mock.patch.dict(os.environ, changes):
        yield


def load(dag_id: str, **env: str) -> Any:
    """The DAG of that file, parsed in that environment."""
    with environment(**env):
        return runpy.run_path(str(DAGS / f"{dag_id}.py"))["dag"]


@cache
def dags(place: str = "kubeconfig") -> dict[str, Any]:
    """Every DAG, parsed for a place."""
    return {dag_id: load(dag_id, **PLACES[place]) for dag_id in IDS}


def steps(place: str = "kubeconfig") -> list[Any]:
    """Every pod operator of every DAG."""
    return [t for dag in dags(place).values() for t in dag.tasks if isinstance(t, StepOperator)]


def parameters(dag: Any, **changes: Any) -> dict[str, Any]:
    """The DAG's Params with their defaults, but for changes."""
    return dag.params.dump() | changes


def run(moment: datetime, run_type: str = "manual", interval: tuple[datetime, datetime] | None = None, **more: Any) -> Any:
    """A DagRun as a task sees it: Airflow 3's is what the API server sends, Airflow 2's the row of the database.

    moment is when the run is due (Airflow 3), or its logical date (Airflow 2).
    """
    run_id = more.pop("run_id", f"{run_type}__{moment.isoformat()}")
    if AIRFLOW_MAJOR >= 3:
        from airflow.sdk.api.datamodels import _generated as api

        values = dict.fromkeys(api.DagRun.model_fields)
        values |= {"dag_id": "any", "run_id": run_id, "run_after": moment, "run_type": run_type, "state": "running"}
        values |= {"clear_number": 0, "conf": {}, "consumed_asset_events": [], "start_date": moment} | more
        return api.DagRun(**values)
    from airflow.models.dagrun import DagRun
    from airflow.utils.types import DagRunType

    kind = {"asset_triggered": "dataset_triggered"}.get(run_type, run_type)
    return DagRun(
        dag_id="any",
        run_id=run_id,
        execution_date=moment,
        run_type=DagRunType(kind),
        data_interval=interval,
        start_date=more.pop("start_date", moment),
        **more,
    )


def context(task: Any, dag_run: Any = None, try_number: int = 1, **changes: Any) -> dict[str, Any]:
    """What a task is rendered with and executed in."""
    dag_run = dag_run or run(pendulum.datetime(2026, 3, 2, 6, tz="Europe/London"), run_id="golden")
    params = parameters(task.dag, **changes)
    results = {
        "begin": lambda: task.dag.get_task("begin").python_callable(params, dag_run),
        "rollback": lambda: {"run": "clientele_segmentation/2026-02-23/scheduled-0a1b2c3d"},
    }
    ti = SimpleNamespace(
        dag_id=task.dag_id,
        task_id=task.task_id,
        run_id=dag_run.run_id,
        try_number=try_number,
        max_tries=task.retries,
        map_index=-1,
        xcom_push=lambda **_: None,
        xcom_pull=lambda task_ids: results[task_ids](),
    )
    return {
        "ti": ti,
        "task_instance": ti,
        "task": task,
        "dag": task.dag,
        "run_id": dag_run.run_id,
        "dag_run": dag_run,
        "params": params,
    }


def rendered(task: Any, dag_run: Any = None, **changes: Any) -> Any:
    """A copy of the task with its templates filled in."""
    task = task.prepare_for_execution()
    values = context(task, dag_run, **changes)
    jinja = task.dag.get_template_env()
    task.render_template_fields(values, jinja_env=jinja)
    return task


def pod(task: Any, dag_run: Any = None, **changes: Any) -> dict[str, Any]:
    """The pod that a task would start, as a plain dict without empty fields."""
    task = rendered(task, dag_run, **changes)
    task.random_name_suffix = False
    with mock.patch.object(type(task), "hook", HOOK):
        manifest = ApiClient().sanitize_for_serialization(task.build_pod_request_obj(context(task, dag_run)))
    del manifest["metadata"]["labels"]["airflow_version"]  # all that differs between versions of Airflow
    return without_empty_lists(manifest)


def without_empty_lists(value: Any) -> Any:
    """The same, shorter to read; an empty mapping may mean something, as in emptyDir: {}."""
    if isinstance(value, dict):
        return {k: without_empty_lists(v) for k, v in value.items() if v != []}
    return [without_empty_lists(v) for v in value] if isinstance(value, list) else value


def flags(arguments: list[str]) -> tuple[list[str], dict[str, str]]:
    """Splits arguments into words and --name=value; a flag given twice, or without a value, is a mistake."""
    words = [a for a in arguments if not a.startswith("--")]
    pairs = [a.removeprefix("--").partition("=") for a in arguments if a.startswith("--")]
    assert all(eq for _, eq, _ in pairs), arguments
    assert len({name for name, _, _ in pairs}) == len(pairs), arguments
    return words, {name: value for name, _, value in pairs}


def scheduler_dag(dag: Any) -> Any:
    """The DAG as the scheduler has it: written to the database's form and read back."""
    from airflow.serialization import serialized_objects as s

    kind = getattr(s, "DagSerialization", None) or s.SerializedDAG
    return kind.from_dict(kind.to_dict(dag))
