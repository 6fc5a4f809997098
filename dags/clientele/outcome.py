"""What a step's end means: one line for the person who opens the task's log, and whether another try can help."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from clientele.contract import EXIT_CODES, NEVER_RETRIED, TEMPORARY
from clientele.trouble import Trouble, one_line

KILLED = 137  # by SIGKILL, whoever sent it: the kernel for memory, the kubelet at the end of the grace period
# Of what a pod was evicted for, in the kubelet's sentence: a volume, or the writable layer and the logs.
DISK = ("EmptyDir", "ephemeral")
# Causes of 75 that a late or a slow supplier has: they are waited for, however long a person said.
LATE = ("source", "source_unavailable", "source_changed")


# The kubelet's words for a container that it cannot start, and whether that can pass. Its message names the secret or the image.
NEVER_STARTED = {
    "CreateContainerConfigError": False,
    "InvalidImageName": False,
    "ErrImagePull": True,
    "ImagePullBackOff": True,
}
NEEDS = {
    "CreateContainerConfigError": "Make the secret with that key: docs/composer.md.",
    "InvalidImageName": "Correct CLIENTELE_IMAGE_PREFIX, CLIENTELE_IMAGE_TAG or CLIENTELE_XCOM_IMAGE.",
    **dict.fromkeys(
        ("ErrImagePull", "ImagePullBackOff"),
        "Push the image, or grant the node's account roles/artifactregistry.reader on its registry.",
    ),
}


@dataclass(frozen=True)
class Ended:
    """How a container ended. code is None where nobody saw it end: not started, deleted, its node lost."""

    code: int | None
    reason: str = ""  # the kubelet's word for the container: Error, OOMKilled, Completed
    message: str = ""  # the termination message: JSON from our programs, else the end of the log
    pod_reason: str = ""  # its word for the pod where the cluster ended that: Evicted, DeadlineExceeded, …
    pod_message: str = ""

    @property
    def never_started(self) -> bool:
        return self.code is None and self.reason in NEVER_STARTED

    @property
    def reported(self) -> dict[str, Any]:
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
        for c in getattr(status, "container_statuses", None) or []:  # the sidecar too: without it the program has no result
            if c.state and (w := c.state.waiting) and w.reason in NEVER_STARTED:
                return cls(None, w.reason, f"{c.name}: {w.message or c.image}", reason, message)
        return cls(None, pod_reason=reason, pod_message=message)


@dataclass(frozen=True)
class Late:
    """How long a source that is not there yet is waited for, and how often it is looked for."""

    since: datetime  # when the run began; ingest is its first task
    hours: float
    every: timedelta
    now: datetime

    @property
    def over(self) -> bool:
        return self.now >= self._end

    @property
    def next_look(self) -> datetime:
        """When to look again: once more at the very end."""
        return min(self.now + self.every, self._end)

    @property
    def _end(self) -> datetime:
        return self.since + timedelta(hours=self.hours)

    def __str__(self) -> str:
        gone = (self.now - self.since).total_seconds() / 3600
        waited = f"for the source since {self.since:%Y-%m-%d %H:%M %Z} ({gone:.1f} of {self.hours:g} hours)"
        if self.over:
            return f"Waited {waited}. Given up."
        return f"Waiting {waited}. Next look at {self.next_look:%H:%M:%S %Z}."


@dataclass(frozen=True)
class Verdict:
    text: str
    fail: bool = False  # at once, whatever tries are left
    look_again: datetime | None = None  # no failure: the source is late


def judge(step: str, end: Ended | Trouble, *, memory: str, attempt: int, tries: int, late: Late | None = None) -> Verdict:
    """Decides what follows from the end of a step. attempt counts from 1 since the task was last cleared."""
    if isinstance(end, Trouble):
        head, fail, waits = f"{step}: {end.text}", not end.passes, False
    else:
        head, fail = _head(step, end, memory), end.code in NEVER_RETRIED or NEVER_STARTED.get(end.reason) is False
        waits = late is not None and end.code in TEMPORARY and end.reported.get("cause") in LATE
    if waits:
        return Verdict(f"{head} {late}", fail=late.over, look_again=None if late.over else late.next_look)
    if fail:
        return Verdict(f"{head} No retry.", fail=True)
    return Verdict(f"{head} Try {attempt} of {tries}.")


def _head(step: str, ended: Ended, memory: str) -> str:
    """What happened, in a line."""
    if ended.reason == "OOMKilled":
        return f"{step}: out of memory, killed at its limit of {memory}. Raise the limit in CLIENTELE_RESOURCES."
    if ended.never_started:
        return f"{step}: the cluster cannot start the pod ({ended.reason}): {one_line(ended.message)}. {NEEDS[ended.reason]}"
    if ended.code is None:
        why = ended.pod_message or ended.message or "it did not start, was deleted, or its node was lost"
        reason = ended.pod_reason or ended.reason or "no reason given"
        return f"{step}: the pod ended without an exit code ({reason}): {one_line(why)}.{_more_disk(ended)}"
    if ended.pod_reason or ended.pod_message:
        said = f" The program said: {one_line(str(ended.reported['message']))}." if ended.reported.get("message") else ""
        why = ended.pod_message or "the cluster does not say why"
        reason = ended.pod_reason or "no reason given"
        return f"{step}: the cluster ended the pod ({reason}): {one_line(why)}.{said}{_more_disk(ended)}"
    if ended.code == KILLED and not ended.reported:
        return f"{step}: killed (SIGKILL) for an unknown reason: {one_line(ended.message or ended.reason or 'no message')}."
    reported, known = ended.reported, EXIT_CODES.get(ended.code)
    name = known["name"] if known else "unknown to the contract"
    text = f"{step}: exit code {ended.code} ({name})"
    if not reported:
        return f"{text}: {one_line(ended.message or ended.reason or (known or {}).get('meaning', 'no message'))}."
    where = f" [{reported['object']}]" if reported.get("object") else ""
    return f"{text}, cause {reported.get('cause', '?')}: {one_line(str(reported.get('message', '')))}{where}."


def _more_disk(ended: Ended) -> str:
    """What helps a pod that was evicted for what it had written."""
    disk = ended.pod_reason == "Evicted" and any(word in ended.pod_message for word in DISK)
    return " Raise its ephemeral-storage in CLIENTELE_RESOURCES." if disk else ""


# What a step did, from its result.
DID = {
    "ingest": "{rows_read:,} records: {rows_accepted:,} accepted, {rows_quarantined:,} rejected; {days:,} days; new: {new}",
    "preprocess": "{lines:,} lines kept: {customers:,} customers, {invoices:,} invoices, revenue {revenue}",
    "drift": "{verdict}, act {act}: {cause}",
    "train": "k = {k}, model {model_id:.12}",
    "evaluate": "{verdict}, candidate {candidate:.12}",
    "promote": "{action}, model {model_id:.12}, revision {seq}: {why}",
    "score": "{customers:,} customers, {moved:,} moved, model {model_id:.12}",
    "recommend": "lists for {listed:,} customers by {served[method]}, judged on {judged:,}",
    "explore": "customers: {nature[personal][customers]:,} personal, {nature[bulk][customers]:,} bulk, "
    "{nature[reseller][customers]:,} reseller",
    "predict": "by {published}: {bias}",
    "measure": "{measurable}",
    "audience": "{listed:,} of {customers:,} customers on a list, {held_out:,} held out",
    "publish": "{jobs} jobs, {bytes:,} bytes, warehouse {warehouse}",
    "report": "{page}, {size:,} bytes",
    "registry": "champion {model_id:.12}, revision {seq}",
}

# What registry erase did, which has another result.
PLANNED = "{customers} customers, {kinds}, {tables} tables of the warehouse, {lists} lists that went out; not done. Plan {plan}"
ERASED = "{customers} customers are forgotten, plan {plan:.12}, receipt erasures/{erasure}.json"


def did(step: str, result: Any) -> str:
    """What a step that succeeded did, as a line in numbers. Of a result that lacks them, only that it is done."""
    if step == "registry" and isinstance(result, dict) and "checked" in result:
        return f"{step}: {len(result['checked'])} rights are there."
    try:
        if "erasure" in result:
            kinds = ", ".join(f"{o['objects']} of {o['kind']}" for o in result["objects"]) or "no objects"
            more = {"kinds": kinds, "tables": len(result["warehouse"]), "lists": len(result["exports"])}
            return f"{step}: {(ERASED if result['done'] else PLANNED).format(**result, **more)}."
        return f"{step}: {' '.join(DID[step].format(**result).split())}."
    except (KeyError, TypeError, ValueError):
        return f"{step}: done."
