"""Who is notified when a task fails or is retried, or a run is late: a callable that the deployment names, or the webhook here.

The callable gets Airflow's context and one of the EVENTS. Whatever it does, the task ends as it would without it, and its errors
are logged without their text, which may hold a secret. This file imports nothing of ours: deadlines are called where only the
plugins folder can be relied on. There it is copied as clientele_alerts.py.
"""

from __future__ import annotations

import importlib
import json
import logging
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

log = logging.getLogger("clientele.alerts")

EVENTS = ("failure", "retry", "deadline")
CONNECTION = "clientele_webhook"
SECONDS = 10  # that the webhook's server has to answer
LONGEST = 1000  # characters of an error

# What a person reads first.
HEADS = {"failure": "failed", "retry": "failed and is tried again", "deadline": "is late"}


def resolve(path: str) -> Callable[[Mapping[str, Any], str], Any]:
    """The callable of a dotted path; ValueError if there is none."""
    module, _, name = path.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), name)
    except Exception as e:
        raise ValueError(f"cannot import {path}: {type(e).__name__}") from e
    if not callable(found):
        raise ValueError(f"{path} cannot be called")
    return found


def callback(path: str, event: str) -> Callable[[Mapping[str, Any]], None]:
    """What Airflow calls with the context of a task: the callable, guarded."""
    notify = resolve(path)

    def alert(context: Mapping[str, Any]) -> None:
        _guarded(notify, path, context, event)

    return alert


def deadline(context: Mapping[str, Any], notifier: str) -> None:
    """What a worker calls when a run has not finished in time (Airflow 3.2 and later)."""
    if notifier == "clientele.alerts.webhook":
        notifier = f"{__name__}.webhook"  # in the plugins folder this file has another name
    try:
        notify = resolve(notifier)
    except ValueError as e:
        log.warning("no alert: %s", e)
    else:
        _guarded(notify, notifier, context, "deadline")


async def deadline_in_triggerer(context: Mapping[str, Any], notifier: str) -> None:
    """The same in Airflow 3.1's triggerer, whose loop must not wait for a server."""
    from asgiref.sync import sync_to_async  # and not a thread of asyncio's: a connection is asked of the triggerer's own loop

    await sync_to_async(deadline)(context, notifier)


def _guarded(notify: Callable[..., Any], path: str, context: Mapping[str, Any], event: str) -> None:
    try:
        notify(context, event)
    except (Exception, SystemExit) as e:
        log.warning("no alert: %s raised %s", path, type(e).__name__)


def webhook(context: Mapping[str, Any], event: str) -> None:
    """Posts JSON to the URL that is the password of Airflow's connection clientele_webhook. The URL is never logged."""
    post(CONNECTION, json.dumps(message(context, event)).encode(), "application/json; charset=utf-8", "alert")


def post(connection: str, body: bytes, kind: str, what: str) -> bool:
    """Posts to the URL that is the password of an Airflow connection; whether it was taken. Why not, the log says."""
    try:
        url = _connection(connection).password or ""
    except Exception as e:
        log.warning("no %s: cannot read the connection %s: %s", what, connection, type(e).__name__)
        return False
    if urllib.parse.urlsplit(url).scheme not in ("https", "http"):
        log.warning("no %s: the password of the connection %s is no URL of a webhook", what, connection)
        return False
    request = urllib.request.Request(url, data=body, headers={"Content-Type": kind})
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=SECONDS):
            return True
    except urllib.error.HTTPError as e:
        log.warning("no %s: the webhook of the connection %s answered %d", what, connection, e.code)
    except Exception as e:
        reason = e.reason if isinstance(e, urllib.error.URLError) else e
        log.warning("no %s: the webhook of the connection %s did not answer: %s", what, connection, type(reason).__name__)
    return False


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """An answer that sends the alert elsewhere is an error: urllib would follow it by a GET without the body."""

    def redirect_request(self, *_: Any) -> None:
        return None


def message(context: Mapping[str, Any], event: str) -> dict[str, Any]:
    """What the webhook is sent. text is what chat programs show; the rest is for programs. Absent is what there is not."""
    ti, run = context.get("ti"), context.get("dag_run")
    get = run.get if isinstance(run, Mapping) else lambda name: getattr(run, name, None)
    about = {
        "event": event,
        "dag_id": getattr(ti, "dag_id", None) or get("dag_id"),
        "run_id": getattr(ti, "run_id", None) or get("run_id") or get("dag_run_id"),  # the latter in a deadline's context
        "task_id": getattr(ti, "task_id", None),
        "try_number": getattr(ti, "try_number", None),
        "error": str(context["exception"])[:LONGEST] if context.get("exception") else None,
        "deadline": str((context.get("deadline") or {}).get("deadline_time") or "") or None,
        "log_url": getattr(ti, "log_url", None),
    }
    task = f", task {about['task_id']}" if about["task_id"] else ""
    text = f"{about['dag_id']} {HEADS[event]}{task}, run {about['run_id']}"
    if event == "deadline":
        text += f": not finished by {about['deadline']}; is its source late, or a task waiting?"
    elif about["error"]:
        text += f": {about['error']}"
    text += f"\n{about['log_url']}" if about["log_url"] else ""
    return {"text": text, **{name: value for name, value in about.items() if value is not None}}


def _connection(name: str) -> Any:
    try:
        from airflow.sdk import Connection
    except ImportError:  # Airflow 2
        from airflow.hooks.base import BaseHook

        return BaseHook.get_connection(name)
    return Connection.get(name)
