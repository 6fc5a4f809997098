"""clientele_erase: a plan, an approval, an erasure; the states in Airflow, and the objects in storage."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

from runs import Outcome
from world import LATER, World

pytest_plugins = ["world"]

DAG = "clientele_erase"
PLANNED = {
    **dict.fromkeys(("begin", "approved", "plan"), ("success", 1)),
    **dict.fromkeys(("erase", "receipt"), ("skipped", 0)),
}
DONE = {**dict.fromkeys(("begin", "approved", "erase", "receipt"), ("success", 1)), "plan": ("skipped", 0)}


def test_what_was_approved_is_done_and_nothing_else(world: World, shop: Path):
    customer, other = customers(shop)[:2]
    world.write("requests/ticket-1.txt", customer)  # one line: the number
    before = world.objects()

    planned = world.erase(request="ticket-1")
    assert (planned.state, planned.tasks) == ("success", PLANNED)
    plan = planned.results["plan"]
    assert {o["kind"] for o in plan["objects"]} >= {"lines", "customers", "assignments", "page"} and not plan["done"]
    assert changed(world, before) == {"state/erased.json"}, "its salt, by which the digest tells nobody who it is"

    # Another customer's ids in the request: what was approved is another plan.
    world.write("requests/ticket-1.txt", other)
    refused = world.erase(request="ticket-1", approved=plan["plan"])
    assert (refused.state, refused.tasks) == ("failed", DONE | {"erase": ("failed", 1), "receipt": ("upstream_failed", 0)})
    world.write("requests/ticket-1.txt", customer)
    assert changed(world, before) == {"state/erased.json", "requests/ticket-1.txt"}

    done = world.erase(request="ticket-1", approved=plan["plan"], reason="ticket 1")
    assert (done.state, done.tasks) == ("success", DONE)
    erased = done.results["erase"]
    assert (erased["done"], erased["plan"], erased["erasure"], erased["left"]) == (True, plan["plan"], 1, [])
    assert erased["objects"] == plan["objects"], "what was shown is what was done"
    assert not world.objects("requests/") and "erasures/1.json" in world.objects()

    # As after an answer that was lost: the same receipt, though the request is gone.
    after = world.objects()
    again = world.clear(DAG, done, "erase", "receipt")
    assert (again.state, again.results["erase"]) == ("success", erased)
    assert world.objects() == after

    # The next delivery has her again, and nobody takes her in; nothing is left for those who were forgotten.
    later = world.segment(as_of=LATER)
    assert later.state == "success"
    assert sum(c["rows"] for c in later.results["ingest"]["quarantine"] if c["rule"] == "forgotten") > 0
    rest = world.erase()
    assert (rest.tasks, rest.results["plan"]["objects"]) == (PLANNED, [])

    for outcome in (planned, refused, done, again, rest):
        assert str(customer) not in told(outcome)


def customers(shop: Path) -> list[int]:
    """The shop's customers of most lines; a number of five digits or more stands for nothing else in a result."""
    text = (shop / "lines.csv").read_text(encoding="cp1252")
    return [int(c) for c, _ in Counter(re.findall(r"(?m),([1-9]\d{4,}),[^,\n]*$", text)).most_common()]


def changed(world: World, before: dict) -> set[str]:
    now = world.objects()
    return {name for name in before.keys() | now.keys() if before.get(name) != now.get(name)}


def told(outcome: Outcome) -> str:
    """All that Airflow keeps of a run's results, without digests, in which any five digits may stand."""
    return json.dumps([r for task, r in outcome.results.items() if task != "begin"], default=str).replace(
        str((outcome.results.get("plan") or outcome.results.get("erase") or {}).get("plan")), ""
    )
