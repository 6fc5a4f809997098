"""The tasks of the DAG clientele_preflight: what is missing is found before a run needs it, and named with what to grant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from clientele import steps
from clientele.compat import AirflowException, AirflowFailException, task, task_states
from clientele.config import RESOURCES, Deployment
from clientele.pods import SECRETS, StepOperator, log, memory_bytes
from clientele.trouble import explain_batch

SLOT = "slot"
PATIENCE = timedelta(minutes=5)  # for a slot that another run's step has


ERASE = "erase"  # registry erase, which has an account of its own


def accounts(d: Deployment) -> dict[str, list[str]]:
    """Account → the programs that run as it in pods; erase is among them only where it may delete."""
    by: dict[str, list[str]] = {}
    batch = "preprocess" if d.engine == "spark" else ""  # its account is that of batches, and no pod has its rights
    for name in (*(p for p in RESOURCES if p != batch), *((ERASE,) if d.erase_by_dag == "true" else ())):
        by.setdefault(d.service_account.format(step=name), []).append(name)
    return by


def pods(d: Deployment) -> list[StepOperator]:
    """A pod for each account: as large as the largest of its programs, with all their secrets."""
    several = len(accounts(d)) > 1
    return [_pod(d, f"pod_{names[0]}" if several else "pod", names) for names in accounts(d).values()]


def _pod(d: Deployment, task_id: str, names: list[str]) -> StepOperator:
    source = f"{d.source!r}.replace('{{as_of}}', as_of(dag_run, params))"
    return steps.program(
        d,
        "registry",
        command=("preflight",),
        task_id=task_id,
        arguments=(
            f"--programs={','.join(names)}",
            f"--source={{{{ {source} }}}}",
            f"--warehouse={d.warehouse}",
            f"--location={d.warehouse_location}",
        ),
        account=names[0],
        resources=largest(d, names),
        secrets=tuple(SECRETS) if "ingest" in names else ("customer_key",) if ERASE in names else (),
        ask_rights=True,
        pool="default_pool",
        inlets=[],
        outlets=[],
        minutes=20,
        doc_md="`registry preflight` asks for every right, as the account of these programs: " + ", ".join(names) + ".",
    )


def largest(d: Deployment, programs: list[str]) -> dict[str, str]:
    """The most that one of the programs asks for, of each kind."""
    size = {"cpu": _cpus, "memory": memory_bytes, "ephemeral-storage": memory_bytes}
    asked = [d.resource("registry" if p == ERASE else p) for p in programs]
    return {kind: max((a[kind] for a in asked), key=of) for kind, of in size.items()}


def _cpus(quantity: str) -> float:
    return float(quantity[:-1]) / 1000 if quantity.endswith("m") else float(quantity)


def batches(d: Deployment) -> list[Any]:
    """Asks for the rights that batches need, where preprocess is one."""
    if d.engine != "spark":
        return []

    @task(task_id="batches", doc_md="Asks Google for the rights that Airflow's account needs for batches.")
    def batches() -> None:
        from clientele.batch_rights import missing  # it needs Google's provider

        try:
            text, passes = "; ".join(missing(d)), False
        except Exception as e:
            trouble = explain_batch(e)
            text, passes = trouble.text, trouble.passes
        if text:
            log.error("%s", text)
            raise (AirflowException if passes else AirflowFailException)(text)

    return [batches()]


def slot(d: Deployment) -> Any:
    """Takes a slot of the pool, once. Without the pool Airflow leaves it scheduled, and says so nowhere on its page."""

    @task(task_id=SLOT, pool=d.pool, priority_weight=100, doc_md="Takes a slot of the pool.")
    def slot() -> None:
        return None

    return slot()


def pool(d: Deployment) -> Any:
    """Fails when the slot has not been had after a while. A sensor, for those can wait on every Airflow without a worker."""

    @task.sensor(
        task_id="pool",
        poke_interval=min(d.look_seconds, 10),
        timeout=600,
        mode="reschedule",
        doc_md=f"Waits until `{SLOT}` has had its slot.",
    )
    def pool(ti=None, dag_run=None) -> bool:
        state = task_states(ti, dag_run).get(SLOT, "none")
        late = state != "success" and datetime.now(UTC) > dag_run.start_date + PATIENCE
        if late or state in ("failed", "upstream_failed"):
            raise AirflowFailException(no_slot(d.pool, state))
        return state == "success"

    return pool()


def no_slot(pool: str, state: str) -> str:
    """What to do."""
    minutes = int(PATIENCE.total_seconds() // 60)
    return (
        f"no slot of pool {pool} within {minutes} minutes (task {SLOT} is {state}). Is the pool there? If not: "
        f'airflow pools set {pool} 1 "steps that swap pointers". If it is, another run has the slot, or the pool has none.'
    )
