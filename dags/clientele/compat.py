"""Everything that is called differently in Airflow 2 and 3, once. The rest imports it from here."""

from __future__ import annotations

import copy
import inspect
from datetime import timedelta
from typing import Any

from airflow import __version__ as AIRFLOW_VERSION

try:
    from airflow.sdk import DAG, Asset, BaseOperator, TaskGroup, task
    from airflow.sdk import Param as AirflowParam
except ImportError:  # Airflow 2
    from airflow.datasets import Dataset as Asset
    from airflow.decorators import task
    from airflow.models.baseoperator import BaseOperator
    from airflow.models.dag import DAG
    from airflow.models.param import Param as AirflowParam
    from airflow.utils.task_group import TaskGroup

try:
    from airflow.sdk.exceptions import (
        AirflowException,
        AirflowFailException,
        AirflowNotFoundException,
        AirflowRescheduleException,
        AirflowTaskTerminated,
        AirflowTaskTimeout,
    )
except ImportError:  # Airflow 2, 3.0 and 3.1
    from airflow.exceptions import (
        AirflowException,
        AirflowFailException,
        AirflowNotFoundException,
        AirflowRescheduleException,
        AirflowTaskTerminated,
        AirflowTaskTimeout,
    )

try:
    from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable
except ImportError:  # before 3.2
    from airflow.timetables.trigger import CronTriggerTimetable

    try:
        from airflow.timetables.assets import AssetOrTimeSchedule
    except ImportError:  # Airflow 2
        from airflow.timetables.datasets import DatasetOrTimeSchedule as AssetOrTimeSchedule

try:
    from airflow.sdk import BaseNotifier, Variable
except ImportError:  # Airflow 2
    from airflow.models.variable import Variable
    from airflow.notifications.basenotifier import BaseNotifier

__all__ = [
    "AIRFLOW_MAJOR",
    "BACKOFF",
    "DAG",
    "AirflowException",
    "AirflowFailException",
    "AirflowNotFoundException",
    "AirflowRescheduleException",
    "AirflowTaskTerminated",
    "AirflowTaskTimeout",
    "BaseNotifier",
    "BaseOperator",
    "CronTriggerTimetable",
    "Param",
    "Reschedulable",
    "TaskGroup",
    "Variable",
    "asset",
    "cron",
    "cron_or_asset",
    "deadline",
    "moment",
    "task",
    "task_states",
    "triggered_by",
]

try:
    from airflow.sdk import DeadlineAlert, DeadlineReference, SyncCallback
except ImportError:  # before 3.2
    try:
        from airflow.sdk.definitions.deadline import AsyncCallback, DeadlineAlert, DeadlineReference
    except ImportError:  # before 3.1
        DeadlineAlert = None
    SyncCallback = None


class Param(AirflowParam):
    """A Param whose schema is shared by its copies: each task of a DAG copies all Params, which was half of a parse.

    Nobody changes a schema, and a copy has a value of its own. By its names it is Airflow's class, which a web server without the
    DAGs makes it again.
    """

    __module__ = AirflowParam.__module__
    __qualname__ = AirflowParam.__qualname__

    def __deepcopy__(self, memo: dict[int, Any]) -> AirflowParam:
        return copy.copy(self)


AIRFLOW_MAJOR = int(AIRFLOW_VERSION.split(".")[0])

# Doubling the delay between tries is True up to 3.1, and the factor itself later: True would mean a factor of one there.
_backoff = inspect.signature(BaseOperator.__init__).parameters["retry_exponential_backoff"].default
BACKOFF = True if _backoff is False else 2.0

if AIRFLOW_MAJOR == 2:
    from airflow.ti_deps.deps.ready_to_reschedule import ReadyToRescheduleDep

    class Reschedulable:
        """Makes the scheduler wait for the date of an AirflowRescheduleException. Airflow 2 does that for sensors alone."""

        deps = BaseOperator.deps | {ReadyToRescheduleDep()}
        reschedule = True

        @classmethod
        def get_serialized_fields(cls):
            return super().get_serialized_fields() | {"reschedule"}

else:

    class Reschedulable:
        """Airflow 3 waits for the date whatever the operator."""


def asset(uri: str, name: str) -> Asset:
    """A table or pointer that tasks read and write. Airflow 2 knows it by its URI alone."""
    return Asset(uri) if AIRFLOW_MAJOR == 2 else Asset(name=name, uri=uri, group="clientele")


def cron(expression: str, zone: str) -> CronTriggerTimetable:
    """A schedule in the shop's zone. The run's moment is when it is due, in both majors: there is no interval behind it."""
    return CronTriggerTimetable(expression, timezone=zone)


def cron_or_asset(expression: str, zone: str, trigger: Asset) -> AssetOrTimeSchedule:
    """A schedule, and besides it whenever the asset is updated."""
    which = "datasets" if AIRFLOW_MAJOR == 2 else "assets"
    return AssetOrTimeSchedule(timetable=cron(expression, zone), **{which: [trigger]})


def deadline(after: timedelta, notifier: str) -> dict[str, Any]:
    """The DAG's argument for an alert when a run has not finished that long after it was queued; none before Airflow 3.1.

    A worker calls it, or in 3.1, which cannot have it so, the triggerer: by a module of the plugins folder, which both have.
    """
    if DeadlineAlert is None:
        return {}
    kwargs = {"notifier": notifier}
    if SyncCallback is not None:
        call = SyncCallback("clientele_alerts.deadline", kwargs=kwargs)
    else:
        call = AsyncCallback("clientele_alerts.deadline_in_triggerer", kwargs=kwargs)
    return {"deadline": DeadlineAlert(reference=DeadlineReference.DAGRUN_QUEUED_AT, interval=after, callback=call)}


def moment(dag_run):
    """The moment that a run is about; its date in the shop's zone is the run's as-of.

    Airflow 3: run_after, the one date that every kind of run has (logical_date may be None, the interval is empty).
    Airflow 2: the end of the data interval; for a manual run when it was triggered, for its interval is a guess.
    Both stay as they are when a run is cleared, unlike start_date.
    """
    if AIRFLOW_MAJOR >= 3:
        return dag_run.run_after
    manual = getattr(dag_run.run_type, "value", dag_run.run_type) == "manual"
    return dag_run.logical_date if manual else dag_run.data_interval_end


def triggered_by(dag_run: Any, otherwise: str) -> str:
    """Who has triggered a run by hand; Airflow says so since 3.1."""
    return getattr(dag_run, "triggering_user_name", None) or otherwise


def task_states(ti: Any, dag_run: Any) -> dict[str, str]:
    """How the tasks of a run have ended so far, by their ids."""
    if AIRFLOW_MAJOR >= 3:  # a worker has no database, and asks the API server
        found = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id]).get(ti.run_id) or {}
    else:
        found = {t.task_id: t.state for t in dag_run.get_task_instances()}
    return {name: str(getattr(state, "value", state)) for name, state in found.items()}
