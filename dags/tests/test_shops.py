"""Several shops from one set of files: DAGs, pools, assets and pods of their own, and nothing shared by mistake."""

from __future__ import annotations

import json
import runpy

import pytest

import wiring
from conftest import DAGS

SHOPS = {
    "uk": {"CLIENTELE_ROOT": "gs://data/uk"},
    "de": {"CLIENTELE_ROOT": "gs://data/de", "CLIENTELE_ZONE": "Europe/Berlin", "CLIENTELE_CURRENCY": "EUR"},
}


def load(name: str, shops: object = SHOPS):
    """The DAGs of a file, by their ids."""
    with wiring.environment(CLIENTELE_SHOPS=shops if isinstance(shops, str) else json.dumps(shops)):
        found = runpy.run_path(str(DAGS / f"{name}.py"))
    return {dag.dag_id: dag for dag in found.values() if hasattr(dag, "task_dict")}


@pytest.mark.parametrize("name", wiring.IDS)
def test_each_shop_has_its_dags(name):
    dags = load(name)
    assert sorted(dags) == [f"{name}_de", f"{name}_uk"]
    for shop in SHOPS:
        dag = dags[f"{name}_{shop}"]
        assert f"shop:{shop}" in dag.tags
        assert wiring.scheduler_dag(dag).dag_id == dag.dag_id
        steps = [t for t in dag.tasks if isinstance(t, wiring.StepOperator)]
        pools = {t.pool for t in dag.tasks} - {"default_pool"}
        assert pools == {f"clientele_pointers_{shop}"}
        for task in steps:
            pod = wiring.pod(task)
            assert pod["metadata"]["labels"]["app.kubernetes.io/instance"] == shop
            args = pod["spec"]["containers"][0]["args"]
            assert f"--root=gs://data/{shop}" in args
            stated = [a for a in args if a.startswith("--currency=")]
            assert stated == (["--currency=EUR"] if (shop, task.step) == ("de", "ingest") else []), "else the delivery says"
    assert str(dags[f"{name}_de"].timezone.name) == "Europe/Berlin"
    assert str(dags[f"{name}_uk"].timezone.name) == "Europe/London"


def test_no_asset_is_shared():
    """One shop's drift must not start another's training."""
    dags = [d for name in wiring.IDS for d in load(name).values()]
    assets = {"uk": set(), "de": set()}
    for dag in dags:
        for task in dag.tasks:
            assets[dag.dag_id[-2:]] |= {a.uri for a in (*task.inlets, *task.outlets)}
    assert assets["uk"] and assets["de"] and not assets["uk"] & assets["de"]


@pytest.mark.parametrize(
    ("shops", "says"),
    [
        ("nonsense", "CLIENTELE_SHOPS: want a JSON object"),
        ({"UK": {}}, "CLIENTELE_SHOPS: want "),
        ({"uk": {"CLIENTELE_RETRY_SECONDS": 60}}, "values as texts"),
        ({"uk": {"CLIENTELE_ROTO": "gs://x"}}, "uk sets what no DAG reads (got CLIENTELE_ROTO)"),
        ({"uk": {"CLIENTELE_ZONE": "Mars/Base"}}, "uk: CLIENTELE_ZONE: want an IANA time zone"),
        ({"uk": {"CLIENTELE_CURRENCY": "pound"}}, "uk: CLIENTELE_CURRENCY: want an ISO 4217 code"),
        ({"uk": {}, "de": {}}, "uk and de have the same CLIENTELE_ROOT"),
        ({s: {**c, "CLIENTELE_POOL": "one"} for s, c in SHOPS.items()}, "uk and de have the same CLIENTELE_POOL"),
    ],
)
def test_a_wrong_list_is_refused(shops, says):
    with pytest.raises(ValueError) as e:
        load("clientele_drift", shops)
    assert says in str(e.value)


def test_a_trace_is_of_a_run_and_a_span_of_a_try():
    """https://www.w3.org/TR/trace-context/#traceparent-header"""
    from clientele.begin import traceparent

    class Ti:
        dag_id, run_id, task_id, try_number = "d", "r", "ingest", 1

    def parts(**changes):
        return traceparent(type("Other", (Ti,), changes)).split("-")

    first = parts()
    assert [len(p) for p in first] == [2, 32, 16, 2] and first[0] == "00" and int(first[1], 16) and int(first[2], 16)
    assert parts() == first
    assert parts(task_id="score")[1] == first[1] and parts(task_id="score")[2] != first[2]
    assert parts(try_number=2)[1] == first[1] and parts(try_number=2)[2] != first[2]
    assert parts(run_id="other")[1] != first[1]
