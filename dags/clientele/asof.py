"""The date that counts as today for a run: the macro `as_of` of every template."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from clientele.compat import moment


def as_of_macro(zone: str) -> Callable[[Any, Mapping[str, Any]], str]:
    """Returns `as_of(dag_run, params)`: the Param as_of if it is given, else the date of the run's moment in the shop's zone."""
    shop = ZoneInfo(zone)

    def as_of(dag_run: Any, params: Mapping[str, Any]) -> str:
        if given := params.get("as_of"):
            return date.fromisoformat(str(given)).isoformat()
        return moment(dag_run).astimezone(shop).date().isoformat()

    return as_of
