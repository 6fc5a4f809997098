"""What an exception means that kept Airflow from seeing a step to its end: what is missing, and whether waiting helps."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from kubernetes.config import ConfigException
from urllib3.exceptions import HTTPError
from yaml import YAMLError

from clientele.compat import AirflowNotFoundException

# Where a websocket is refused the client raises status 0 and this for a reason: status, headers and body in one text.
HANDSHAKE = re.compile(r"Handshake status (\d+) (.*?) -\+-\+- .* -\+-\+- (.*)", re.DOTALL)


@dataclass(frozen=True)
class Trouble:
    """An end without an exit code of the program's."""

    text: str
    passes: bool  # by itself: another try can help


NO_RESULT = Trouble("exit code 0, but no result.", passes=True)


def explain(e: BaseException, *, kubeconfig: str, namespace: str, started: bool) -> Trouble:
    """Explains an exception. started: the step had a pod when it was raised."""
    if (status := _status(e)) is not None:
        return _refused(status, _message(e), namespace, started)
    if isinstance(e, (ConfigException, YAMLError)) or (isinstance(e, (FileNotFoundError, PermissionError)) and not started):
        where = f"CLIENTELE_KUBECONFIG is {kubeconfig}" if kubeconfig else "CLIENTELE_KUBECONFIG is not set"
        return Trouble(f"no usable kubeconfig: {one_line(str(e))}. {where}.", passes=False)
    if isinstance(e, AirflowNotFoundException):
        return Trouble(f"a connection is missing in Airflow: {one_line(str(e))}.", passes=False)
    if type(e).__module__.startswith("google.auth") and not getattr(e, "retryable", False):
        return Trouble(f"Airflow has no valid Google credentials: {one_line(str(e))}.", passes=False)
    if isinstance(e, HTTPError):
        return Trouble(f"the cluster's API server does not answer: {one_line(str(e))}.", passes=True)
    return Trouble(f"no exit code ({type(e).__name__}): {one_line(str(e)) or 'no message'}.", passes=True)


def explain_batch(e: BaseException) -> Trouble:
    """Explains an exception of Google's API on the way to a batch, or from it."""
    status, said = _status(e), one_line(_message(e))
    if status == 403:
        return Trouble(f"Google refuses: {said} (403). docs/engine.md lists the rights that Airflow needs.", passes=False)
    if status == 401:
        return Trouble(f"Google does not accept Airflow's credentials: {said} (401).", passes=False)
    if status in (400, 404):
        return Trouble(f"Google does not accept the batch: {said} ({status}). See CLIENTELE_SPARK_…", passes=False)
    if status is not None:
        return Trouble(f"Google's API failed: {said} ({status}).", passes=True)
    return explain(e, kubeconfig="", namespace="", started=True)


def _refused(status: int, message: str, namespace: str, started: bool) -> Trouble:
    """What an answer of the cluster means, by its HTTP status."""
    said = f"{one_line(message)} ({status})."
    if status == 401:  # during a step: a token that has expired; the next try gets a new one
        return Trouble(f"the cluster does not accept Airflow's credentials: {said} Renew them.", passes=started)
    if status == 403 and "exceeded quota" in message:
        return Trouble(f"the quota of namespace {namespace} is used up: {said}", passes=True)
    if status == 403 and re.search("service ?account .*not found", message):
        return Trouble(f"{said} Create the service account, or set CLIENTELE_SERVICE_ACCOUNT.", passes=False)
    if status == 403:
        return Trouble(f"the cluster refuses: {said} docs/airflow.md lists the rights that Airflow needs.", passes=False)
    if status == 404 and started:
        return Trouble("the pod is gone: it was deleted or its node was lost.", passes=True)
    if status == 404:
        missing = f" Create namespace {namespace}, or set CLIENTELE_NAMESPACE." if "namespaces" in message else ""
        return Trouble(said + missing, passes=False)
    if status in (409, 429) or not 400 <= status < 500:
        return Trouble(f"the cluster's API server failed: {said}", passes=True)
    return Trouble(f"the cluster does not accept the pod: {said}", passes=False)


def _status(e: BaseException) -> int | None:
    """The HTTP status of an API's exception: Kubernetes' own, or Google's, which has it under another name."""
    if found := HANDSHAKE.match(str(getattr(e, "reason", ""))):
        return int(found[1])
    for status in (getattr(e, "status", None), getattr(e, "code", None)):
        if isinstance(status, int):
            return int(status)
    return None


def _message(e: BaseException) -> str:
    """What the API said, without the HTTP headers around it."""
    reason = str(getattr(e, "reason", "") or getattr(e, "message", "") or e)
    body = getattr(e, "body", None)
    if found := HANDSHAKE.match(reason):
        reason, body = found[2], found[3]
    try:
        return json.loads(body)["message"]
    except (TypeError, ValueError, KeyError):
        return reason


def one_line(text: str) -> str:
    """A text as one line that a sentence can end."""
    return " · ".join(line.strip() for line in text.strip().splitlines() if line.strip()).rstrip(".")
