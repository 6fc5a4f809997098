"""The message of a run: what it came to, in a few sentences, sent once by the last task, however the run has ended.

The sentences of a run that has a page are report's; of a run that failed before, they are written here. What has been sent is
remembered in an Airflow Variable, so that a run that is cleared and runs again sends nothing twice. Whatever happens here, the
run ends as it would without it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any

from clientele.alerts import post, resolve
from clientele.asof import as_of
from clientele.compat import BaseNotifier, Variable, task, task_states
from clientele.config import Deployment
from clientele.contract import STEPS
from clientele.links import address

log = logging.getLogger(__name__)

REMEMBERED = 50  # runs of a DAG whose messages are known to be sent
ENDED = ("fix_data", "no_model")  # kinds of a run that fails on purpose, after its page


def message(d: Deployment, last: Any):
    """The task that sends it, after the task `last`. As a teardown it runs whatever failed, and does not count for the run."""

    after = last.operator.task_id

    @task(task_id="message", doc_md="Sends what the run came to, once.", multiple_outputs=False)
    def message(ti=None, dag_run=None, params=None, dag=None) -> str:
        try:
            return tell(d, ti, dag_run, params, {"ti": ti, "dag_run": dag_run, "dag": dag, "params": params}, after)
        except Exception as e:
            log.warning("no message: %s", type(e).__name__)
            return "not sent"

    sent = message().as_teardown()
    last >> sent
    return sent


def tell(d: Deployment, ti: Any, dag_run: Any, params: Mapping[str, Any], context: dict[str, Any], last: str) -> str:
    """Sends the message unless it was sent; says which it did."""
    states = {name: state for name, state in task_states(ti, dag_run).items() if name != ti.task_id}
    report = ti.xcom_pull(task_ids="use.report") if states.get("use.report") == "success" else None
    said = written(report)
    if said is None or states.get(last) != "success" and said["kind"] not in ENDED:
        said = failed(d, states, as_of(dag_run, params, d.zone))
    about = {
        **said,
        "event": "message",
        "text": text(said),
        "dag_id": ti.dag_id,
        "run_id": ti.run_id,
        "log_url": "" if "page" in said else getattr(ti, "log_url", None) or "",
    }
    variable, ending = f"clientele_messages_{ti.dag_id}", "failed" if said["kind"] == "failed" else "done"
    known = _known(variable)
    if ending in known.get(ti.run_id, []):
        log.info("message: this run has sent it before")
        return "sent before"
    if not notifier(d)(context, about):
        return "not sent"
    known[ti.run_id] = [*known.pop(ti.run_id, []), ending]  # the last one: it goes last
    _remember(variable, dict(list(known.items())[-REMEMBERED:]))
    return f"sent: {said['headline']}"


def written(report: Any) -> dict[str, Any] | None:
    """What report has written, and where its page is; None of a run without it, or of a program that writes none."""
    said = report.get("message") if isinstance(report, dict) else None
    if not isinstance(said, dict) or not said.get("headline"):
        return None
    return {**said, "page": address(str(report.get("page", "")))}


def failed(d: Deployment, states: Mapping[str, str], day: str) -> dict[str, Any]:
    """The message of a run that has failed before its page, or while it was published."""
    steps = [name.rpartition(".")[2] for name, state in states.items() if state == "failed"]
    shop = f" {d.shop}" if d.shop else ""
    at = date.fromisoformat(day)
    scored = states.get("use.score") == "success"
    does = [f"Step: {name} is to {STEPS[name]['does']}." for name in steps if name in STEPS]
    return {
        "kind": "failed",
        "as_of": day,
        "headline": f"Customer segments{shop}, {at.day} {at:%B %Y}: the run failed in {_list(steps) or 'an unknown step'}.",
        "sentences": [
            *does,
            "Segments: customers were sorted into segments, but what was to follow is missing."
            if scored
            else "Segments: nothing was updated. Segments and lists are those of the run before.",
            "Next: whoever looks after the runs finds the reason in Airflow, in the log of that task. "
            "Once that is corrected, clearing the task lets the run go on from there.",
        ],
    }


def _list(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def text(said: Mapping[str, Any]) -> str:
    """The same as report's message.txt, with the page's address."""
    end = f"\nThe page with all of it: {said['page']}\n" if said.get("page") else ""
    return "\n".join([said["headline"], "", *said["sentences"], end])


def _json(about: Mapping[str, Any]) -> tuple[str, Any]:
    """For programs, and for chat programs that show text: Google Chat, Mattermost."""
    return "application/json", {name: value for name, value in about.items() if value}


def _plain(about: Mapping[str, Any]) -> tuple[str, Any]:
    return "text/plain", about["text"]


def _slack(about: Mapping[str, Any]) -> tuple[str, Any]:
    """Slack's blocks; text is what a notification shows. <, > and & are the only characters that mean something there."""

    def quote(line: str) -> str:
        return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    lines = [f"*{quote(begin)}:*{quote(rest)}" if rest else quote(begin) for begin, _, rest in _parted(about)]
    link = about.get("page") or about.get("log_url")
    word = "Open the page" if about.get("page") else "Open the log"
    sections = [f"*{quote(about['headline'])}*", "\n".join(lines)[:2900], *([f"<{link}|{word}>"] if link else [])]
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": section}} for section in sections]
    return "application/json", {"text": quote(about["headline"]), "blocks": blocks}


def _teams(about: Mapping[str, Any]) -> tuple[str, Any]:
    """An adaptive card, as a Teams workflow takes it. Runs of text have no markup, so nothing needs quoting."""

    def block(*runs: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", **run} for run in runs], **more}

    body = [block({"text": about["headline"], "weight": "Bolder", "size": "Medium"})]
    for begin, _, rest in _parted(about):
        body.append(block({"text": f"{begin}:", "weight": "Bolder"}, {"text": rest}) if rest else block({"text": begin}))
    link = about.get("page") or about.get("log_url")
    word = "Open the page" if about.get("page") else "Open the log"
    card = {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.4",
        "body": body,
        "actions": [{"type": "Action.OpenUrl", "title": word, "url": link}] if link else [],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return "application/json", {"type": "message", "attachments": [attachment]}


def _parted(about: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Each sentence, with what it is about apart."""
    return [line.partition(":") for line in about["sentences"]]


SHAPES: dict[str, Callable[[Mapping[str, Any]], tuple[str, Any]]] = {
    "json": _json,
    "plain": _plain,
    "slack": _slack,
    "teams": _teams,
}


def webhook(_: Mapping[str, Any], about: Mapping[str, Any], *, connection: str, shape: str) -> bool:
    """Posts the message to the URL that is the password of an Airflow connection; whether it was taken."""
    kind, body = SHAPES[shape](about)
    data = body if isinstance(body, str) else json.dumps(body)
    return post(connection, data.encode(), f"{kind}; charset=utf-8", "message")


def notifier(d: Deployment) -> Callable[[dict[str, Any], dict[str, Any]], bool]:
    """Who is sent it: the webhook here, an Airflow notifier, whose templates have `message`, or a callable."""
    notify = resolve(d.message)
    if notify is webhook or d.message == f"{__name__}.webhook":
        return partial(webhook, connection=d.message_connection, shape=d.message_shape)

    def call(context: dict[str, Any], about: dict[str, Any]) -> bool:
        try:
            if isinstance(notify, BaseNotifier):
                notify({**context, "message": about})
            else:
                notify(context, about)
        except (Exception, SystemExit) as e:
            log.warning("no message: %s raised %s", d.message, type(e).__name__)
            return False
        return True

    return call


def _known(variable: str) -> dict[str, list[str]]:
    """What runs have sent, by run id, the latest last. Better a message twice than none: every doubt is nothing."""
    try:
        found = json.loads(Variable.get(variable, "{}"))
    except Exception as e:
        log.warning("message: cannot read the Variable %s, so it may be sent again: %s", variable, type(e).__name__)
        return {}
    return found if isinstance(found, dict) else {}


def _remember(variable: str, known: Mapping[str, list[str]]) -> None:
    try:
        Variable.set(variable, json.dumps(known))
    except Exception as e:
        log.warning("message: cannot write the Variable %s, so it may be sent again: %s", variable, type(e).__name__)
