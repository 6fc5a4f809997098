"""The golden pods of every place, held against a real API server: it takes each as it is, and would have made it."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import missing
from kubernetes import client, config
from process import until

GOLDEN = sorted((Path(__file__).parents[1] / "dags" / "tests" / "golden").glob("*.yaml"))


@pytest.fixture(scope="module")
def api() -> client.CoreV1Api:
    """The API server."""
    if not (kubeconfig := os.environ.get("CLIENTELE_KUBECONFIG")):
        missing("CLIENTELE_KUBECONFIG, the kubeconfig of a cluster")
    return client.CoreV1Api(config.new_client_from_config(kubeconfig))


def accounts(api: client.CoreV1Api, namespace: str) -> list[str]:
    """The names of a namespace's service accounts; a controller makes the default one a moment later."""
    return [a.metadata.name for a in api.list_namespaced_service_account(namespace).items]


@pytest.fixture(scope="module", params=GOLDEN, ids=lambda p: p.stem)
def pod(request: pytest.FixtureRequest, api: client.CoreV1Api) -> Iterator[dict[str, Any]]:
    """A golden pod, in a namespace of the test's that has the service accounts it names."""
    body = yaml.safe_load(request.param.read_text())
    namespace = f"golden-{request.param.stem}-{os.getpid()}"
    body["metadata"]["namespace"] = namespace
    api.create_namespace({"metadata": {"name": namespace}})
    try:
        if account := body["spec"].get("serviceAccountName"):
            api.create_namespaced_service_account(namespace, {"metadata": {"name": account}})
        until("the default service account", 60, lambda: "default" in accounts(api, namespace))
        yield body
    finally:
        api.delete_namespace(namespace)


def test_there_is_one_for_every_place() -> None:
    assert [p.stem for p in GOLDEN] == ["composer", "erase", "gke", "kubeconfig"]  # erase: a pod whose arguments are its own


def test_the_server_takes_it(pod: dict[str, Any], api: client.CoreV1Api) -> None:
    """Strictly: a field that the API does not know is refused."""
    name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
    made = api.create_namespaced_pod(namespace, pod, dry_run="All", field_validation="Strict")
    assert made.metadata.name == name
    assert api.list_namespaced_pod(namespace).items == []


def test_the_server_would_say_no(pod: dict[str, Any], api: client.CoreV1Api) -> None:
    """A pod with a field of a wrong name is refused: the test above can fail."""
    wrong = copy.deepcopy(pod)
    wrong["spec"]["containers"][0]["imagePulPolicy"] = "Never"
    with pytest.raises(client.ApiException) as refused:
        api.create_namespaced_pod(wrong["metadata"]["namespace"], wrong, dry_run="All", field_validation="Strict")
    assert "imagePulPolicy" in str(refused.value)
