"""clientele_preflight: each thing that can be missing fails a task whose line says what to grant."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum
import pytest

import cluster as fake
import wiring
from clientele import preflight
from clientele.compat import AirflowException, AirflowFailException
from clientele.config import RESOURCES, Deployment
from clientele.contract import CONTRACT
from test_outcome import execute

DAG = "clientele_preflight"
REVIEW = ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")
ANSWER = '{"checked": ["a", "b"]}'


def pod(c: fake.Cluster) -> Any:
    """The task, ready to run on that cluster."""
    task = wiring.rendered(wiring.dags()[DAG].get_task("pod"))
    task.config_file, task.startup_check_interval_seconds, task.startup_timeout_seconds = c.kubeconfig, 0.01, 0
    task.schedule_timeout_seconds = 0
    c.answer = ANSWER
    return task


def why(c: fake.Cluster) -> BaseException:
    with pytest.raises(AirflowException) as e:
        execute(pod(c))
    return e.value


def test_all_is_well(cluster):
    assert execute(pod(cluster))["checked"] == ["a", "b"]
    assert len(cluster.asked) == 8 and ("create", "pods", None) in cluster.asked and ("get", "pods", "log") in cluster.asked


def test_rights_of_airflow_are_named_all_at_once_and_cost_no_pod(cluster):
    cluster.denied = {("create", "pods", None), ("get", "pods", "exec")}
    found = why(cluster)
    assert isinstance(found, AirflowFailException)
    assert "grant Airflow's account in namespace" in str(found) and "create pods, get pods/exec." in str(found)
    assert cluster.made == []


def test_a_cluster_that_tells_nobody_shows_it_by_the_pod(cluster, caplog):
    cluster.refuse(*REVIEW, 403, "forbidden")
    assert execute(pod(cluster))
    assert "does not say which rights" in caplog.text


def test_the_quota_is_that_of_the_largest_step(cluster):
    cluster.refuse("POST", "pods", 403, 'pods "x" is forbidden: exceeded quota: q, requested: limits.memory=4Gi')
    assert "quota of namespace" in str(why(cluster))
    d = Deployment.from_env()
    asked = wiring.pod(wiring.dags()[DAG].get_task("pod"))["spec"]["containers"][0]["resources"]["requests"]
    assert asked == preflight.largest(d, list(RESOURCES)) == {"cpu": "2", "memory": "4Gi", "ephemeral-storage": "8Gi"}


@pytest.mark.parametrize(
    ("container", "reason", "message", "says", "at_once"),
    [
        (0, "CreateContainerConfigError", 'secret "clientele" not found', "Make the secret", True),
        (0, "CreateContainerConfigError", "couldn't find key customer-key in Secret", "Make the secret", True),
        (0, "ErrImagePull", "403 Forbidden", "roles/artifactregistry.reader", False),
        (1, "ImagePullBackOff", 'Back-off pulling image "alpine"', "roles/artifactregistry.reader", False),
        (1, "InvalidImageName", "invalid reference", "CLIENTELE_XCOM_IMAGE", True),
    ],
)
def test_what_keeps_a_pod_from_starting(cluster, container, reason, message, says, at_once):
    def stuck(name: str) -> None:
        if name in cluster.pods:
            status = cluster.pods[name]["status"]
            status["phase"] = "Pending"
            for c in status["containerStatuses"]:
                c["state"] = {"waiting": {"reason": "ContainerCreating"}}
            status["containerStatuses"][container]["state"] = {"waiting": {"reason": reason, "message": message}}

    cluster.before["GET", "pods"] = stuck
    found = why(cluster)
    assert f"cannot start the pod ({reason}): {('base', 'airflow-xcom-sidecar')[container]}: {message}" in str(found)
    assert says in str(found)
    assert isinstance(found, AirflowFailException) is at_once


def test_what_the_program_finds_missing_is_told(cluster):
    cluster.exit = (
        78,
        "Error",
        '{"code":78,"cause":"rights","message":"1 rights are missing: gs://b/lines/x: grant roles/storage.objectCreator"}',
    )
    found = why(cluster)
    assert isinstance(found, AirflowFailException) and "grant roles/storage.objectCreator" in str(found)


def test_the_pod_has_what_ingest_has():
    """The secrets by reference, the delivery of the day, and the sidecar."""
    made = wiring.pod(wiring.dags()[DAG].get_task("pod"))["spec"]["containers"]
    env = {e["name"]: e.get("valueFrom", {}).get("secretKeyRef") for e in made[0]["env"]}
    assert env["CLIENTELE_CUSTOMER_KEY"] == {"name": "clientele", "key": "customer-key"}
    assert env["SOURCE_HEADER"] == {"name": "supplier", "key": "source-header"}
    assert "--source=gs://example-inbox/2026-03-02.csv.gz" in made[0]["args"]
    assert made[0]["args"][0] == "preflight" and len(made) == 2


def test_every_account_has_a_pod():
    tasks = {t.task_id: t for t in wiring.load(DAG, CLIENTELE_SERVICE_ACCOUNT="clientele-{step}").tasks if hasattr(t, "step")}
    assert (
        set(tasks) == {f"pod_{name}" for name in RESOURCES} == {f"pod_{s['name']}" for s in CONTRACT["steps"]} | {"pod_registry"}
    )
    for name in RESOURCES:
        made = wiring.pod(tasks[f"pod_{name}"])
        assert made["spec"]["serviceAccountName"] == f"clientele-{name}"
        assert f"--programs={name}" in made["spec"]["containers"][0]["args"]


@pytest.mark.parametrize("account", ["clientele-{step}", ""])
def test_the_account_that_erases_is_asked_where_it_may(account):
    """On a cluster of one's own it has a pod; where all pods are one account, that is asked to delete too."""
    tasks = {
        t.task_id: t
        for t in wiring.load(DAG, CLIENTELE_SERVICE_ACCOUNT=account, CLIENTELE_ERASE_BY_DAG="true").tasks
        if hasattr(t, "step")
    }
    made = wiring.pod(tasks["pod_erase" if account else "pod"])["spec"]
    (programs,) = [a for a in made["containers"][0]["args"] if a.startswith("--programs=")]
    assert programs == "--programs=" + ("erase" if account else ",".join([*RESOURCES, "erase"]))
    env = {e["name"]: e.get("valueFrom", {}).get("secretKeyRef") for e in made["containers"][0]["env"]}
    assert env["CLIENTELE_CUSTOMER_KEY"] == {"name": "clientele", "key": "customer-key"}
    if account:
        assert made["serviceAccountName"] == "clientele-erase" and "SOURCE_HEADER" not in env
        assert len(tasks) == len(RESOURCES) + 1


def ask_for_the_pool(monkeypatch, state: str | None, minutes: float) -> bool:
    task = wiring.dags()[DAG].get_task("pool")
    began = pendulum.now("UTC") - timedelta(minutes=minutes)
    monkeypatch.setattr(preflight, "task_states", lambda ti, dag_run: {} if state is None else {preflight.SLOT: state})
    return task.python_callable(ti=None, dag_run=wiring.run(began))


def test_a_pool_is_waited_for_and_then_named(monkeypatch):
    assert wiring.dags()[DAG].get_task("slot").pool == "clientele_pointers"
    assert wiring.dags()[DAG].get_task("pool").pool == wiring.dags()[DAG].get_task("pod").pool == "default_pool"
    assert ask_for_the_pool(monkeypatch, "success", 60) is True
    assert ask_for_the_pool(monkeypatch, "scheduled", 1) is False
    assert ask_for_the_pool(monkeypatch, None, 1) is False
    for state, minutes in (("scheduled", 6), ("failed", 1)):
        with pytest.raises(AirflowFailException, match=r"airflow pools set clientele_pointers 1"):
            ask_for_the_pool(monkeypatch, state, minutes)
