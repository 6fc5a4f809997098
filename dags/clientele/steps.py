"""The steps as tasks: each program with its flags. Which comes after which is for the DAG files to say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import pendulum

from clientele import assets
from clientele.alerts import callback
from clientele.asof import as_of
from clientele.begin import image, traceparent
from clientele.compat import BACKOFF, deadline, triggered_by
from clientele.config import Deployment
from clientele.contract import STEPS, swaps_pointers
from clientele.links import ReportLink
from clientele.places import step_operator
from clientele.pods import RESULT, TRIES, StepOperator

LONGEST_DELAY = timedelta(minutes=15)


def dag_args(d: Deployment) -> dict[str, Any]:
    """The keyword arguments that all DAGs have in common."""
    late = deadline(timedelta(hours=d.deadline_hours), d.on_failure) if d.deadline_hours else {}
    return {
        **late,
        "start_date": pendulum.datetime(*map(int, d.start_date.split("-")), tz=d.zone),
        "catchup": False,
        "max_active_runs": 1,
        "default_args": default_args(d),
        "user_defined_macros": {
            "as_of": partial(as_of, zone=d.zone),
            "image": image,
            "traceparent": traceparent,
            "triggered_by": triggered_by,
        },
        "owner_links": {d.owner: d.owner_link},
    }


def tags(d: Deployment, *more: str) -> list[str]:
    """The DAG's tags: with the shop, where there are several."""
    return ["clientele", *more, *([f"shop:{d.shop}"] if d.shop else [])]


def default_args(d: Deployment) -> dict[str, Any]:
    """What every task has, pods and the small ones between them."""
    alerts = {"on_failure_callback": (d.on_failure, "failure"), "on_retry_callback": (d.on_retry, "retry")}
    return {
        **{name: callback(path, event) for name, (path, event) in alerts.items() if path},
        "owner": d.owner,
        "retries": TRIES - 1,
        "retry_delay": timedelta(seconds=d.retry_seconds),
        "retry_exponential_backoff": BACKOFF,
        "max_retry_delay": LONGEST_DELAY,
        "execution_timeout": timedelta(minutes=10),
    }


def step(d: Deployment, name: str, *, from_run: str = "", arguments: Sequence[str] = (), **kwargs: Any) -> StepOperator:
    """A step of the contract. from_run is a template: the run whose steps are read, if not this one's."""
    # A run that scores another run's customers asks for no Params: the steps have the flags' defaults.
    flags = [flag.replace("-", "_") for flag in STEPS[name]["params"] or []] if not from_run else []
    source = (f"--from-run={from_run}",) if from_run else ()
    if secrets := tuple(STEPS[name]["secrets"] or []):
        kwargs["secrets"] = secrets
    return program(
        d,
        name,
        flags=flags,
        arguments=(*arguments, *source),
        minutes=STEPS[name]["pod"]["minutes"],
        doc_md=f"`{name}`: {STEPS[name]['does']}.",
        **kwargs,
    )


def ingest(d: Deployment) -> StepOperator:
    """Reads a delivery. A source that is not there yet is looked for again during the Param's hours."""
    source = "(params.source or '').replace('{as_of}', as_of(dag_run, params))"
    # Airflow looks only where the deployment says, not where a Param does, and not where the pod has a header for.
    look = not (d.source_header_secret and d.source.startswith("https:"))
    return step(
        d,
        "ingest",
        arguments=(
            f"--source={{{{ {source} }}}}",
            f"--zone={d.zone}",
            *((f"--currency={d.currency}",) if d.currency else ()),
        ),
        late_source_hours="{{ params.late_source_hours }}",
        look_seconds=d.look_seconds,
        look_at=f"{{{{ {source} if params.source == {d.source!r} else '' }}}}" if look else "",
    )


def publish(d: Deployment, **kwargs: Any) -> StepOperator:
    """Copies the run's tables to BigQuery, if the deployment names a dataset and the Param does not say no."""
    wanted = f"{{{{ '{d.warehouse}' if params.get('publish', True) else '' }}}}"
    return step(d, "publish", arguments=(f"--warehouse={wanted}", f"--location={d.warehouse_location}"), **kwargs)


def report(d: Deployment, **kwargs: Any) -> StepOperator:
    """Writes the page for people, and links it."""
    task = step(d, "report", **kwargs)
    task.operator_extra_links = (*task.operator_extra_links, ReportLink())
    return task


def rollback(d: Deployment) -> StepOperator:
    """Makes an earlier model the champion again."""
    return program(
        d,
        "registry",
        task_id="rollback",
        command=("rollback",),
        arguments=(
            "--to-model={{ params.to_model or '' }}",
            "--hold-until={{ params.hold_until or '' }}",
            "--reason={{ params.reason or '' }}",
        ),
        minutes=30,
        doc_md="`registry rollback` makes an earlier model the champion again.",
    )


def erase(d: Deployment, task_id: str, *, approved: str = "") -> StepOperator:
    """Plans to forget the customers of a request, or carries out the plan with this digest, a template."""
    return program(
        d,
        "registry",
        task_id=task_id,
        command=("erase",),
        run=False,
        arguments=(
            "--request={{ params.request or '' }}",
            "--again={{ not params.request }}",
            f"--approved={approved}",
            f"--warehouse={d.warehouse}",
            f"--location={d.warehouse_location}",
            "--reason={{ params.reason or '' }}",
            "--actor={{ triggered_by(dag_run, dag.dag_id) }}",
        ),
        minutes=120,
        account="erase",  # alone among the programs it deletes
        secrets=("customer_key",),
        doc_md="`registry erase` forgets customers: " + ("an approved plan." if approved else "a plan, which changes nothing."),
    )


def program(
    d: Deployment,
    name: str,
    *,
    minutes: int,
    flags: Sequence[str] = (),
    command: Sequence[str] = (),
    arguments: Sequence[str] = (),
    run: bool = True,
    **kwargs: Any,
) -> StepOperator:
    """A program as a task. flags are Params that are passed on under their own name; arguments are the rest.

    run: it belongs to a run, whose names it gets.
    """
    of_run = (
        "--pipeline={{ dag.dag_id }}",
        "--run-id={{ run_id }}",
        "--as-of={{ as_of(dag_run, params) }}",
        "--allow-future-as-of={{ params.allow_future_as_of }}",
    )
    home = (f"--root={d.root}", f"--registry={d.registry}", f"--name={d.name}")
    kept = ("--record-use=true",) if name in STEPS else ()
    common = (*home, *(of_run if run else ()), f"--result={RESULT}", *kept)
    own = tuple(f"--{flag.replace('_', '-')}={{{{ '' if params.{flag} is none else params.{flag} }}}}" for flag in flags)
    if swaps_pointers(name):  # one slot: steps of two DAGs that move pointers wait for each other instead of losing a swap
        kwargs.setdefault("pool", d.pool)
    return step_operator(
        d,
        name,
        arguments=(*command, *common, *own, *arguments),
        minutes=minutes,
        **{"task_id": name, "inlets": assets.inlets(d, name), "outlets": assets.outlets(d, name), **kwargs},
    )
