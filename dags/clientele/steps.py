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
from clientele.begin import image
from clientele.compat import BACKOFF, deadline
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
        "start_date": pendulum.datetime(2026, 1, 1, tz=d.zone),
        "catchup": False,
        "max_active_runs": 1,
        "default_args": default_args(d),
        "user_defined_macros": {"as_of": partial(as_of, zone=d.zone), "image": image},
        "owner_links": {"clientele": "https://github.com/clientele/clientele"},
    }


def default_args(d: Deployment) -> dict[str, Any]:
    """What every task has, pods and the small ones between them."""
    alerts = {"on_failure_callback": (d.on_failure, "failure"), "on_retry_callback": (d.on_retry, "retry")}
    return {
        **{name: callback(path, event) for name, (path, event) in alerts.items() if path},
        "owner": "clientele",
        "retries": TRIES - 1,
        "retry_delay": timedelta(seconds=d.retry_seconds),
        "retry_exponential_backoff": BACKOFF,
        "max_retry_delay": LONGEST_DELAY,
        "execution_timeout": timedelta(minutes=10),
    }


def ingest(d: Deployment) -> StepOperator:
    """Reads a delivery. A source that is not there yet is looked for again during the Param's hours."""
    source = "(params.source or '').replace('{as_of}', as_of(dag_run, params))"
    # Airflow looks only where the deployment says, not where a Param does, and not where the pod has a header for.
    look = not (d.source_header_secret and d.source.startswith("https:"))
    flags = ("source_name", "mode", "columns", "date_layout", "encoding", "separator", "decimal", "sheet")
    flags += ("max_quarantine_share", "allow_shrink")
    return _step(
        d,
        "ingest",
        flags=flags,
        arguments=(
            f"--source={{{{ {source} }}}}",
            f"--zone={d.zone}",
            f"--currency={d.currency}",
        ),
        minutes=120,
        secrets=("customer_key", "source_header"),
        late_source_hours="{{ params.late_source_hours }}",
        look_seconds=d.look_seconds,
        look_at=f"{{{{ {source} if params.source == {d.source!r} else '' }}}}" if look else "",
    )


def preprocess(d: Deployment) -> StepOperator:
    """Cleans the window's lines and builds customers."""
    return _step(d, "preprocess", flags=("window", "rules"), minutes=120)


def drift(d: Deployment) -> StepOperator:
    """Compares the customers with those of the model in force."""
    return _step(d, "drift", minutes=60)


def train(d: Deployment) -> StepOperator:
    """Makes a candidate."""
    return _step(d, "train", flags=("k", "k_min", "k_max"), minutes=240)


def evaluate(d: Deployment) -> StepOperator:
    """Holds the candidate against the gates."""
    return _step(d, "evaluate", minutes=60)


def promote(d: Deployment) -> StepOperator:
    """Makes a candidate that passed the model in force."""
    return _step(d, "promote", minutes=30)


def score(d: Deployment, from_run: str = "") -> StepOperator:
    """Gives every customer a segment. from_run is a template: the run whose customers are scored, if not this one's."""
    arguments = (f"--from-run={from_run}",) if from_run else ()
    return _step(d, "score", flags=() if from_run else ("hysteresis",), arguments=arguments, minutes=60)


def report(d: Deployment, from_run: str = "", **kwargs: Any) -> StepOperator:
    """Makes the page for people."""
    arguments = (f"--from-run={from_run}",) if from_run else ()
    task = _step(d, "report", arguments=arguments, minutes=30, **kwargs)
    task.operator_extra_links = (*task.operator_extra_links, ReportLink())
    return task


def rollback(d: Deployment) -> StepOperator:
    """Puts an earlier model in force."""
    return _step(
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
        doc_md="`registry rollback` puts an earlier model in force.",
    )


def _step(
    d: Deployment,
    program: str,
    *,
    minutes: int,
    flags: Sequence[str] = (),
    command: Sequence[str] = (),
    arguments: Sequence[str] = (),
    **kwargs: Any,
) -> StepOperator:
    """A program as a task. flags are Params that are passed on under their own name; arguments are the rest."""
    common = (
        f"--root={d.root}",
        f"--registry={d.registry}",
        f"--name={d.name}",
        "--pipeline={{ dag.dag_id }}",
        "--run-id={{ run_id }}",
        "--as-of={{ as_of(dag_run, params) }}",
        "--allow-future-as-of={{ params.allow_future_as_of }}",
        f"--result={RESULT}",
    )
    own = tuple(f"--{flag.replace('_', '-')}={{{{ '' if params.{flag} is none else params.{flag} }}}}" for flag in flags)
    if swaps_pointers(program):
        kwargs["pool"] = d.pool  # one slot: steps of two DAGs that move pointers wait for each other instead of losing a swap
    if program in STEPS:
        kwargs.setdefault("doc_md", f"`{program}`: {STEPS[program]['does']}.")
    return step_operator(
        d,
        program,
        arguments=(*command, *common, *own, *arguments),
        minutes=minutes,
        inlets=assets.inlets(d, program),
        outlets=assets.outlets(d, program),
        **{"task_id": program, **kwargs},
    )
