"""What holds for every DAG: it parses anywhere, quickly, alone; and a person finds in it what they need."""

from __future__ import annotations

import inspect
import json
import os
import re
import runpy
import socket
import sys
import warnings
from datetime import timedelta
from graphlib import TopologicalSorter
from unittest import mock

import pytest

import wiring
from clientele.compat import AIRFLOW_MAJOR, BaseOperator
from conftest import DAGS

FILES = sorted(DAGS.glob("*.py"))


@pytest.fixture
def alone(monkeypatch):
    """No network, no database, no Variable."""
    from sqlalchemy.engine import Engine

    def refuse(*args, **kwargs):
        raise AssertionError(f"reached out at import: {args}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(Engine, "connect", refuse)
    from airflow.models.variable import Variable

    monkeypatch.setattr(Variable, "get", refuse)
    if AIRFLOW_MAJOR >= 3:
        from airflow.sdk import Variable as Asked

        monkeypatch.setattr(Asked, "get", refuse)


def forget():
    """Makes the next import read our modules anew, as a fresh parse does."""
    for name in [n for n in sys.modules if n == "clientele" or n.startswith("clientele.")]:
        del sys.modules[name]


def test_no_module_imports_itself_by_way_of_another():
    """Wherever the import stands, in a function too."""
    imports = {}
    for file in (DAGS / "clientele").glob("*.py"):
        found = re.findall(r"(?m)^\s*(?:from clientele\.(\w+) import|from clientele import (.+))", file.read_text())
        imports[file.stem] = {name.strip() for one, several in found for name in (one or several).split(",")}
    TopologicalSorter(imports).prepare()  # raises CycleError, which names them


def test_the_files_are_the_dags():
    assert tuple(f.stem for f in FILES) == wiring.IDS


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_parses_alone_without_a_warning(file, alone):
    kept = {n: m for n, m in sys.modules.items() if n == "clientele" or n.startswith("clientele.")}
    try:
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            forget()
            dag = runpy.run_path(str(file))["dag"]
        assert dag.dag_id == file.stem
        ours = [w for w in seen if str(DAGS) in str(w.filename)]
        assert not ours, [f"{w.filename}:{w.lineno}: {w.message}" for w in ours]
    finally:
        forget()
        sys.modules.update(kept)


@pytest.mark.parametrize("place", wiring.PLACES)
@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_parses_quickly(file, place):
    """Once Airflow and its operator are there. Calls are counted, not time: they are the same on a busy machine."""
    if place == "gke":
        pytest.importorskip("airflow.providers.google", reason="this Airflow's set has no google provider")
    kept = {n: m for n, m in sys.modules.items() if n == "clientele" or n.startswith("clientele.")}
    calls = 0

    def count(_frame, event, _arg):
        nonlocal calls
        calls += event in ("call", "c_call")

    try:
        with wiring.environment(**wiring.PLACES[place]):
            forget()
            runpy.run_path(str(file))  # what is imported once a process
            forget()
            sys.setprofile(count)
            runpy.run_path(str(file))
    finally:
        sys.setprofile(None)
        forget()
        sys.modules.update(kept)
    assert calls < 500_000, "250,000 for the largest DAG when this was written"


def test_the_dag_bag_takes_them(alone):
    try:
        from airflow.dag_processing.dagbag import DagBag
    except ImportError:  # before 3.2
        from airflow.models.dagbag import DagBag

    bag = DagBag(str(DAGS))
    assert bag.import_errors == {}
    assert sorted(bag.dags) == list(wiring.IDS)


@pytest.mark.parametrize("dag_id", wiring.IDS)
def test_the_scheduler_can_store_it(dag_id):
    assert wiring.scheduler_dag(wiring.dags()[dag_id]).dag_id == dag_id


@pytest.mark.parametrize("dag_id", wiring.IDS)
def test_says_when_by_whom_and_what(dag_id):
    dag, text = wiring.dags()[dag_id], (DAGS / f"{dag_id}.py").read_text()
    assert "schedule=" in text
    assert dag.catchup is False
    assert dag.max_active_runs == 1
    start = dag.start_date
    assert start is not None and start.isoformat().startswith("2026-01-01T00:00:00")
    assert "now()" not in text and "days_ago" not in text, "the start date is static"
    assert str(dag.timezone.name) == "Europe/London", "as-of dates are the shop's"
    assert "clientele" in dag.tags
    assert dag.description
    assert re.match(r"\n### ", dag.doc_md) and "fail" in dag.doc_md, "what it does, and what to do when it fails"
    assert dag.owner_links["clientele"].startswith("https://")


@pytest.mark.parametrize("dag_id", wiring.IDS)
def test_tasks_end_some_time_and_belong_to_somebody(dag_id):
    for task in wiring.dags()[dag_id].tasks:
        assert task.owner == "clientele", task.task_id
        assert task.retries >= 3, task.task_id
        # The factor by which delays grow; before 3.2 a switch, and of a switch 3.2 makes the factor one.
        switch = inspect.signature(BaseOperator.__init__).parameters["retry_exponential_backoff"].default is False
        assert task.retry_exponential_backoff is True if switch else task.retry_exponential_backoff >= 2, task.task_id
        assert task.retry_delay == timedelta(minutes=1) and task.max_retry_delay == timedelta(minutes=15), task.task_id
        assert timedelta(0) < task.execution_timeout <= timedelta(hours=4), task.task_id
        deadline = getattr(task, "active_deadline_seconds", None)
        if deadline is not None:
            assert 0 < deadline - task.execution_timeout.total_seconds() <= 300, "Airflow gives up a little earlier"
            assert task.deferrable is False


@pytest.mark.parametrize("dag_id", wiring.IDS)
def test_params_are_titled_sectioned_and_valid(dag_id):
    dag = wiring.dags()[dag_id]
    for name in dag.params:
        param = dag.params.get_param(name)
        param.resolve()  # raises where the default is not valid
        assert param.schema.get("title") and param.schema.get("section") and param.schema.get("type"), name
        # Airflow 3's form takes an empty text for a field that must be filled in, and greys Trigger out.
        assert param.value != "", name


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("as_of", "12/31/2025"),
        ("as_of", "2026-02-30"),
        ("window", "0"),
        ("window", "-3"),
        ("rules", "duplicate"),
        ("k", 51),
        ("k", "five"),
        ("mode", "overwrite"),
        ("late_source_hours", 100),
        ("max_quarantine_share", 2),
        ("source_name", "Shop!"),
        # Python's $ accepts a line end, JSON Schema's integer a float without a fraction; the programs accept neither.
        ("as_of", "2026-02-28\n"),
        ("source_name", "shop\n"),
        ("window", "365\n"),
        ("rules", "-guest\n"),
        ("k", 3.0),
        ("k_min", 2.0),
        ("k_max", 10.0),
    ],
)
def test_params_refuse(name, bad):
    dag = wiring.dags()["clientele_segmentation"]
    param = dag.params.get_param(name)
    with pytest.raises(Exception, match=re.escape(repr(bad))):
        param.resolve(bad)
    stored = wiring.scheduler_dag(dag).params.get_param(name)
    assert dict(stored.schema) == dict(param.schema), "the form checks by what the scheduler has stored"


@pytest.mark.parametrize("dag_id", wiring.IDS)
def test_patterns_end_where_the_text_does(dag_id):
    dag = wiring.dags()[dag_id]
    patterns = {name: p for name in dag.params if (p := dag.params.get_param(name).schema.get("pattern"))}
    assert all(re.fullmatch(r"\^.*\\Z", p) for p in patterns.values()), patterns


@pytest.mark.parametrize(("name", "good"), [("as_of", "2026-02-28"), ("window", "all"), ("rules", "+duplicate,-guest"), ("k", 5)])
def test_params_accept(name, good):
    assert wiring.dags()["clientele_segmentation"].params.get_param(name).resolve(good) == good


def test_a_wrong_environment_is_told_at_once():
    bare = {n: v for n, v in os.environ.items() if not n.startswith("CLIENTELE_")}
    with mock.patch.dict(os.environ, bare | {"CLIENTELE_PLACE": "moon", "CLIENTELE_ZONE": "Mars/Base"}, clear=True):
        with pytest.raises(ValueError) as e:
            runpy.run_path(str(FILES[0]))
    lines = str(e.value).splitlines()
    wrong = [line.partition(":")[0] for line in lines]
    assert wrong == ["CLIENTELE_PLACE", "CLIENTELE_ROOT", "CLIENTELE_IMAGE_PREFIX", "CLIENTELE_IMAGE_TAG", "CLIENTELE_ZONE"]


@pytest.mark.parametrize(
    ("variable", "bad"),
    [
        ("CLIENTELE_NAME", "my shop"),
        ("CLIENTELE_REGISTRY", "nonsense"),
        ("CLIENTELE_ROOT", "file:///data"),
        ("CLIENTELE_SERVICE_ACCOUNT", "a-{program}"),
        ("CLIENTELE_POD_ENV", '{"A": 1}'),
        ("CLIENTELE_POD_ENV", '{"TMPDIR": "/tmp"}'),
        ("CLIENTELE_IMAGES", "/nowhere/images.json"),
        ("CLIENTELE_IMAGE_TAG", "latest"),
        ("CLIENTELE_XCOM_IMAGE", "alpine"),
        ("CLIENTELE_XCOM_IMAGE", "alpine:latest"),
        ("CLIENTELE_XCOM_IMAGE", "registry.example:5000/shell"),
        ("CLIENTELE_XCOM_IMAGE", "alpine@sha256:1435"),
        ("CLIENTELE_RETRY_SECONDS", "soon"),
        ("CLIENTELE_LOOK_SECONDS", "-1"),
        ("CLIENTELE_ERASE_BY_DAG", "yes"),
        ("CLIENTELE_DEADLINE_HOURS", "soon"),
        ("CLIENTELE_LABELS", '{"step": "x"}'),
        ("CLIENTELE_LABELS", '{"Env": "dev"}'),
        ("CLIENTELE_LABELS", '{"env": 1}'),
        ("CLIENTELE_LABELS", '{"env": "-"}'),
        ("CLIENTELE_OWNER", "<b>"),
        ("CLIENTELE_OWNER_LINK", "javascript:alert(1)"),
        ("CLIENTELE_START_DATE", "2026-02-30"),
        ("CLIENTELE_START_DATE", "20260101"),
    ],
)
def test_settings_are_refused(variable, bad):
    """At parse, and not by a program or the API server later."""
    with pytest.raises(ValueError, match=f"(?m)^{variable}: "):
        wiring.load("clientele_drift", **{variable: bad})


def test_pods_have_the_labels_of_the_bill():
    dag = wiring.load("clientele_drift", CLIENTELE_LABELS='{"app": "clientele", "env": "dev", "cost-center": "42"}')
    pod = wiring.pod(dag.get_task("drift"))
    labels = pod["metadata"]["labels"]
    want = {"app": "clientele", "env": "dev", "cost-center": "42", "step": "drift", "app.kubernetes.io/component": "drift"}
    assert {name: labels[name] for name in want} == want
    env = {e["name"]: e.get("value") for e in pod["spec"]["containers"][0]["env"]}
    assert json.loads(env["CLIENTELE_LABELS"]) == {"app": "clientele", "env": "dev", "cost-center": "42"}  # for tables and jobs


def test_owner_link_and_start_are_settings():
    changes = {"OWNER": "Data team", "OWNER_LINK": "mailto:data@shop.example", "START_DATE": "2026-03-01"}
    dag = wiring.load("clientele_drift", **{f"CLIENTELE_{k}": v for k, v in changes.items()})
    assert {t.owner for t in dag.tasks} == {"Data team"}
    assert dag.owner_links == {"Data team": "mailto:data@shop.example"}
    assert dag.start_date.isoformat() == "2026-03-01T00:00:00+00:00"


@pytest.mark.parametrize("image", ["cluster.local/shell:2", "r.example:5000/shell:1.0-b", "alpine@sha256:" + "a" * 64])
def test_a_sidecar_of_ones_own(image):
    task = wiring.load("clientele_drift", CLIENTELE_XCOM_IMAGE=image).get_task("drift")
    assert task.xcom_image == image


def test_the_sidecar_is_pinned_by_its_digest():
    assert "@sha256:" in wiring.dags()["clientele_drift"].get_task("drift").xcom_image


def test_every_variable_is_documented():
    """docs/airflow.md has a row for each variable that config.py reads."""
    from clientele.config import SETTINGS

    names = SETTINGS | {"CLIENTELE_SHOPS"}
    doc = (DAGS.parent / "docs" / "airflow.md").read_text()
    assert names == set(re.findall(r"(?m)^\| `(CLIENTELE_[A-Z_]+)` \|", doc))


def test_every_param_and_exit_code_is_documented():
    from clientele.contract import EXIT_CODES

    doc = (DAGS.parent / "docs" / "airflow.md").read_text()
    params = {name for dag in wiring.dags().values() for name in dag.params}
    assert params == set(re.findall(r"(?m)^\| `([a-z_]+)` \|", doc))
    assert {str(c) for c in EXIT_CODES} <= set(re.findall(r"(?m)^\| (\d+) \|", doc))
