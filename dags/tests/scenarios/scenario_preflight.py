"""clientele_preflight in a bucket: the real program asks, and leaves its probe alone."""

from __future__ import annotations

import runs
from world import LAST_DAY, World

pytest_plugins = ["world"]

DAG = "clientele_preflight"


def test_all_rights_are_there(empty: World):
    with empty.dag(DAG) as dag:
        outcome = runs.run(dag, {"as_of": LAST_DAY})
    assert outcome.state == "success"
    assert set(outcome.tasks) == {"begin", "pod", "slot", "pool"}
    assert any("state/lines.json" in right for right in outcome.results["pod"]["checked"])
    (probe,) = empty.objects()
    assert probe.startswith(f"runs/{DAG}/{LAST_DAY}/") and probe.endswith("/preflight/probe/probe.json")


def test_a_bucket_that_is_missing(empty: World):
    with empty.dag(DAG, CLIENTELE_REGISTRY="gs://nobody-made-this/registry") as dag:
        outcome = runs.run(dag, {"as_of": LAST_DAY})
    assert (outcome.state, outcome.tasks["pod"]) == ("failed", ("failed", 1))
    assert outcome.tasks["slot"] == ("success", 1)
