"""Tables and pointers as assets, so that Airflow shows which task reads and writes what. Taken from the contract."""

from __future__ import annotations

from clientele import compat
from clientele.config import Deployment
from clientele.contract import STEPS

HEAD = "head"


def asset(d: Deployment, what: str):
    """The asset of a table or pointer of this deployment. x- marks a scheme of one's own: no provider interprets it."""
    name = f"{d.shop}-{d.name}" if d.shop else d.name  # one shop's new model is not another's
    return compat.asset(f"x-clientele://{name}/{what}", f"{name} {what}")


def new_model_wanted(d: Deployment):
    """Updated by the drift DAG when a refit or a retrain is asked for; the segmentation DAG is scheduled on it."""
    return asset(d, "new_model_wanted")


def inlets(d: Deployment, step: str) -> list:
    """The tables of the steps that this one reads, and HEAD."""
    if step not in STEPS:
        return [asset(d, HEAD)]
    names = [t["name"] for read in STEPS[step]["reads"] or [] for t in STEPS[read]["writes"] or []]
    return [asset(d, name) for name in names + [HEAD] * STEPS[step]["head"]]


def outlets(d: Deployment, step: str) -> list:
    """The tables and files that the step writes; for promote and rollback HEAD."""
    if step not in STEPS or step == "promote":
        return [asset(d, HEAD)]
    names = [t["name"] for t in STEPS[step]["writes"] or []] + (STEPS[step]["files"] or [])
    return [asset(d, name) for name in names]
