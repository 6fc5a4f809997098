"""clientele_erase: what its tasks are told, and what they say."""

from __future__ import annotations

import logging

import pytest

import wiring
from clientele.outcome import did

DIGEST = "0123456789abcdef" * 4


@pytest.mark.parametrize("approved", [None, DIGEST])
def test_without_an_approved_plan_nothing_is_erased(approved):
    """By the arguments, whoever clears which task: --approved is what makes the program act, and only the task erase gives it."""
    dag = wiring.dags()["clientele_erase"]
    assert dag.get_task("approved").python_callable(params={"approved": approved}) == ("erase" if approved else "plan")
    given = {
        name: wiring.flags(wiring.rendered(dag.get_task(name), request="ticket-1", approved=approved).arguments)[1]
        for name in ("plan", "erase")
    }
    assert given["plan"]["approved"] == ""
    assert given["erase"]["approved"] == (approved or "")
    for flags in given.values():
        assert "yes" not in flags and "file" not in flags
        assert (flags["request"], flags["again"]) == ("ticket-1", "False")
    _, again = wiring.flags(wiring.rendered(dag.get_task("plan")).arguments)
    assert (again["request"], again["again"]) == ("", "True")


def test_a_request_names_no_customer():
    """The form has no Param that could have an id but by somebody's will: a ticket's name, a digest, and a reason."""
    dag = wiring.dags()["clientele_erase"]
    assert set(dag.params) == {"request", "approved", "reason"}


RECEIPT = {
    "erasure": 3,
    "plan": DIGEST,
    "done": True,
    "at": "2026-03-02T12:00:00Z",
    "actor": "officer",
    "customers": 1,
    "objects": [{"where": "root", "kind": "lines", "objects": 2, "rows": 5}],
    "warehouse": [{"table": "shop.customers", "rows": 1}],
    "models": [{"model_id": "0a" * 32}],
    "exports": [{"list": "late", "segment": "1", "tool": "klaviyo", "at": "2026-02-01", "customers": 1}],
    "left": [{"object": "gs://b/a", "kind": "retention", "until": "2026-04-01", "why": "the bucket's retention keeps it"}],
    "kept_hours": 168,
    "warehouse_hours": 336,
    "more": 2,
}


def test_the_receipt_is_told(caplog):
    caplog.set_level(logging.INFO)
    last = wiring.dags()["clientele_erase"].get_task("receipt").python_callable(RECEIPT)
    told = [r.getMessage() for r in caplog.records if r.name == "clientele.branches"]
    assert told == [
        "Erasure 3 of 2026-03-02T12:00:00Z, by officer: 1 customers.",
        "2 objects of lines in the root, 5 rows",
        "1 rows of the table shop.customers",
        "model 0a0a0a0a0a0a lost its customers",
        "TO DO: the list late of 1 went to klaviyo on 2026-02-01 with 1 of them",
        "LEFT: gs://b/a 2026-04-01: the bucket's retention keeps it",
        "2 more models, lists and objects are in the receipt.",
        "The bucket can give back what was deleted for 168 hours.",
        "BigQuery can give back rows for 336 hours.",
        "Receipt: erasures/3.json",
    ]
    assert last == told[-1]


def test_a_plan_ends_with_its_digest():
    said = did("registry", RECEIPT | {"done": False, "erasure": 0})
    assert said == (
        f"registry: 1 customers, 2 of lines, 1 tables of the warehouse, 1 lists that went out; not done. Plan {DIGEST}."
    )
    assert did("registry", RECEIPT) == "registry: 1 customers are forgotten, plan 0123456789ab, receipt erasures/3.json."
