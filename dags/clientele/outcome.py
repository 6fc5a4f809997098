"""What a step's end means: one line for the person who opens the task's log, and whether another try can help."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from clientele.contract import EXIT_CODES, NEVER_RETRIED, TEMPORARY

KILLED = 137  # by SIGKILL, whoever sent it: the kernel for memory, the kubelet at the end of the grace period
# Of what a pod was evicted for, in the kubelet's sentence: a volume, or the writable layer and the logs.
DISK = ("EmptyDir", "ephemeral")


@dataclass(frozen=True)
class Ended:
    """How a container ended. code is None where nobody saw it end: not started, deleted, its node lost."""

    code: int | None
    reason: str = ""  # the kubelet's word for the container: Error, OOMKilled, Completed
    message: str = ""  # the termination message: JSON from our programs, else the end of the log
    pod_reason: str = ""  # its word for the pod where the cluster ended that: Evicted, DeadlineExceeded, …
    pod_message: str = ""

    @property
    def told(self) -> dict[str, Any]:
        """The termination message of one of our programs, {} if it is none."""
        try:
            value = json.loads(self.message)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    @classmethod
    def of_pod(cls, pod: Any, container: str) -> Ended:
        """Reads a V1Pod, which may be None or half empty."""
        status = getattr(pod, "status", None)
        reason, message = getattr(status, "reason", None) or "", getattr(status, "message", None) or ""
        for c in getattr(status, "container_statuses", None) or []:
            if c.name == container and c.state and (t := c.state.terminated):
                return cls(t.exit_code, t.reason or "", t.message or "", reason, message)
        return cls(None, pod_reason=reason, pod_message=message)


@dataclass(frozen=True)
class Late:
    """How long a source that is not there yet is waited for."""

    since: datetime  # when the run began; ingest is its first task
    hours: float
    now: datetime

    @property
    def over(self) -> bool:
        return self.now >= self.since + timedelta(hours=self.hours)

    def __str__(self) -> str:
        gone = (self.now - self.since).total_seconds() / 3600
        return f"waited for since {self.since:%Y-%m-%d %H:%M %Z}, {gone:.1f} of {self.hours:g} hours"


@dataclass(frozen=True)
class Verdict:
    text: str
    fail: bool  # at once, whatever tries are left


def judge(step: str, ended: Ended, *, memory: str, attempt: int, tries: int, late: Late | None = None) -> Verdict:
    """Decides what follows from the end of a step.

    attempt counts from 1 since the task was last cleared; tries is how many a failure gets that may be a mistake. A task
    that waits for a source has many more retries than that: there, what is temporary goes on for late's hours.
    """
    head, temporary = _head(step, ended, memory), ended.code in TEMPORARY
    if ended.code in NEVER_RETRIED:
        return Verdict(f"{head} Not tried again.", fail=True)
    if late is not None and temporary:
        if ended.told.get("cause") == "source":
            return Verdict(f"{head} The source is {late}. {'Given up.' if late.over else 'Asked again.'}", fail=late.over)
        return Verdict(f"{head} Try {attempt}.", fail=late.over and attempt >= tries)
    if attempt >= tries:
        return Verdict(f"{head} That was try {attempt} of {tries}.", fail=True)
    return Verdict(f"{head} Try {attempt} of {tries}.", fail=False)


def _head(step: str, ended: Ended, memory: str) -> str:
    """What happened, in a line."""
    if ended.reason == "OOMKilled":
        return f"{step}: out of memory, killed at its limit of {memory}. Raise it by CLIENTELE_RESOURCES."
    if ended.code is None:
        why = ended.pod_message or ended.message or "it did not start, was deleted, or its node was lost"
        reason = ended.pod_reason or ended.reason or "no reason given"
        return f"{step}: the pod ended without an exit code ({reason}): {_line(why)}.{_more_disk(ended)}"
    if ended.pod_reason or ended.pod_message:
        said = f" The program said: {_line(str(ended.told['message']))}." if ended.told.get("message") else ""
        why = ended.pod_message or "the cluster does not say why"
        reason = ended.pod_reason or "no reason given"
        return f"{step}: the cluster ended the pod ({reason}): {_line(why)}.{said}{_more_disk(ended)}"
    if ended.code == 0:
        return f"{step}: the program was done, but its pod failed: was its result handed over? The log of the sidecar says."
    if ended.code == KILLED and not ended.told:
        return f"{step}: killed (SIGKILL), and nobody says why: {_line(ended.message or ended.reason or 'no message')}."
    told, known = ended.told, EXIT_CODES.get(ended.code)
    name = known["name"] if known else "unknown to the contract"
    text = f"{step}: exit code {ended.code} ({name})"
    if not told:
        return f"{text}: {_line(ended.message or ended.reason or (known or {}).get('meaning', 'no message'))}."
    where = f" [{told['object']}]" if told.get("object") else ""
    return f"{text}, cause {told.get('cause', '?')}: {_line(str(told.get('message', '')))}{where}."


def _more_disk(ended: Ended) -> str:
    """What helps a pod that was evicted for what it had written."""
    disk = ended.pod_reason == "Evicted" and any(word in ended.pod_message for word in DISK)
    return " Raise its ephemeral-storage by CLIENTELE_RESOURCES." if disk else ""


def _line(text: str) -> str:
    """A text as one line that a sentence can end."""
    return " · ".join(line.strip() for line in text.strip().splitlines() if line.strip()).rstrip(".")
