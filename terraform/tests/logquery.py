"""The part of Cloud Logging's query language that terraform/ uses, and entries as Cloud Logging would have them.

A query is comparisons joined by AND: FIELD="text", FIELD=true, FIELD:"text" (contains), FIELD:* (is there), log_id("name").
"""

from __future__ import annotations

import json
import re
from typing import Any

TERM = re.compile(r'\s*(?:log_id\("(?P<log>[^"]*)"\)|(?P<field>[\w.]+)(?P<op>=|:)(?P<value>"(?:[^"\\]|\\.)*"|true|false|\*))\s*(?:AND\b|$)')
LIFTED = {"time": "timestamp", "severity": "severity", "logging.googleapis.com/labels": "labels"}


def matches(query: str, entry: dict[str, Any]) -> bool:
    """Whether an entry fulfils a query. A query of another form is an error."""
    at, result = 0, True
    while at < len(query):
        term = TERM.match(query, at)
        if not term:
            raise ValueError(f"not in the part that is understood: {query[at:]}")
        result &= _holds(term, entry)
        at = term.end()
    return result


def _holds(term: re.Match[str], entry: dict[str, Any]) -> bool:
    if term["log"]:
        return entry["logName"].endswith("/logs/" + term["log"])
    got = lookup(entry, term["field"])
    if term["value"] == "*":
        return got is not None
    want = json.loads(term["value"])
    if isinstance(want, bool) or got is None:
        return got is want
    text = got if isinstance(got, str) else json.dumps(got)
    # Both operators ignore case.
    return want.lower() in text.lower() if term["op"] == ":" else want.lower() == text.lower()


def lookup(entry: dict[str, Any], path: str) -> Any:
    at: Any = entry
    for name in path.split("."):
        at = at.get(name) if isinstance(at, dict) else None
    return at


def extract(extractor: str, entry: dict[str, Any]) -> str | None:
    """The value of EXTRACT(field) or REGEXP_EXTRACT(field, "regex"), as text."""
    if plain := re.fullmatch(r"EXTRACT\(([\w.]+)\)", extractor):
        got = lookup(entry, plain[1])
        return None if got is None else got if isinstance(got, str) else json.dumps(got)
    field, pattern = re.fullmatch(r'REGEXP_EXTRACT\(([\w.]+), ("(?:[^"\\]|\\.)*")\)', extractor).groups()
    found = re.search(json.loads(pattern), lookup(entry, field) or "")
    return found[1] if found else None


def of_a_pod(line: str, namespace: str) -> dict[str, Any]:
    """A line of a pod's log on a cluster of one's own: JSON, without the fields that Cloud Logging takes for itself."""
    record = json.loads(line)
    lifted = {LIFTED[k]: record.pop(k) for k in list(record) if k in LIFTED}
    resource = {"type": "k8s_container", "labels": {"namespace_name": namespace}}
    return {"logName": "projects/p/logs/stderr", "resource": resource, "jsonPayload": record, **lifted}


def of_a_worker(line: str, environment: str) -> dict[str, Any]:
    """The same line as Airflow's worker logs it, with the container's name before it: text."""
    resource = {"type": "cloud_composer_environment", "labels": {"environment_name": environment}}
    return {"logName": "projects/p/logs/airflow-worker", "resource": resource, "textPayload": f"[base] {line}", "severity": "INFO"}
