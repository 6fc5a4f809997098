"""The date that counts as today for a run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from clientele.compat import moment


def as_of(dag_run: Any, params: Mapping[str, Any], zone: str) -> str:
    """The Param as_of if it is given, else the run's own day."""
    if given := params.get("as_of"):
        return date.fromisoformat(str(given)).isoformat()
    return own_day(dag_run, zone)


def own_day(dag_run: Any, zone: str) -> str:
    """The date of the run's moment in the shop's zone."""
    return moment(dag_run).astimezone(ZoneInfo(zone)).date().isoformat()
