"""A step that is in no DAG yet: all that its task needs follows from its entry in the contract.

added_step.json is what the programs say of the step that tasks/pipeline/added_test.go adds; `make contract` writes it.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import wiring
from clientele import config, contract, params, steps
from clientele.begin import begin
from clientele.compat import DAG, Param

ADDED = json.loads(Path(__file__).with_name("added_step.json").read_text())
STEP = ADDED["step"]
NAME = STEP["name"]


@pytest.fixture
def task(monkeypatch):
    """The step's task: one line in a DAG, and a Param of its own in the form."""
    monkeypatch.setitem(contract.STEPS, NAME, STEP)
    monkeypatch.setitem(contract.FLAGS, NAME, {f["name"]: f for f in ADDED["task"]["flags"]})
    resources = {k: v for k, v in STEP["pod"].items() if k != "minutes"}
    monkeypatch.setitem(config.RESOURCES, NAME, resources)
    with wiring.environment(**wiring.PLACES["kubeconfig"]):
        d = config.Deployment.from_env()
    form = {**params.run(), "smallest_country": Param(1, type="integer")}
    with DAG(dag_id="added", schedule=None, params=form, **steps.dag_args(d)):
        added = steps.step(d, NAME)
        begin(d) >> added
        return added


def test_arguments_follow_from_the_entry(task):
    _, given = wiring.flags(wiring.rendered(task, smallest_country=7).arguments)
    known = contract.FLAGS[NAME]
    assert set(given) <= set(known)
    assert {n for n, f in known.items() if f["required"]} <= set(given)
    assert given["smallest-country"] == "7"


def test_limits_follow_from_the_entry(task):
    assert task.execution_timeout.total_seconds() == 60 * STEP["pod"]["minutes"]
    pod = wiring.pod(task)
    base = next(c for c in pod["spec"]["containers"] if c["name"] == "base")
    want = {k: v for k, v in STEP["pod"].items() if k != "minutes"}
    assert base["resources"] == {"limits": want, "requests": want}
    assert base["image"] == f"registry.example/clientele/{NAME}:1.2.3"


def test_lineage_and_docs_follow_from_the_entry(task):
    found = [[a.uri.removeprefix("x-clientele://segments/") for a in assets] for assets in (task.inlets, task.outlets)]
    assert found == [["sales", "ledger", "customers", "returns", "products", "windows", "profile"], ["countries"]]
    assert task.doc_md == "`countries`: count customers by country."
    assert task.pool == "default_pool"  # it swaps nothing
