"""The pods: one of each place as a golden file, and the rules that every pod keeps."""

from __future__ import annotations

import json
import os
import sys
from functools import cache
from pathlib import Path
from unittest import mock

import pytest
import yaml

import wiring
from clientele import contract
from clientele.config import RESOURCES, ConfigurationError, Deployment
from clientele.pods import literal, memory_bytes
from conftest import SECRET

GOLDEN = Path(__file__).parent / "golden"


def dags_of(place: str):
    if place == "gke":
        pytest.importorskip("airflow.providers.google", reason="this Airflow's set has no google provider")
    return wiring.steps(place)


@pytest.mark.parametrize("place", wiring.PLACES)
def test_golden_pod(place):
    """UPDATE_GOLDEN=1 writes the files anew."""
    step = next(s for s in dags_of(place) if s.step == "ingest" and s.dag_id == "clientele_segmentation")
    same_as_golden(wiring.pod(step), place)


def test_golden_pod_that_erases():
    """What the cluster's log of requests shows of it: the request's name, the plan's digest and a reason."""
    step = next(s for s in dags_of("composer") if s.dag_id == "clientele_erase" and s.task_id == "erase")
    same_as_golden(wiring.pod(step, request="ticket-4711", approved="0123456789abcdef" * 4, reason="asked by letter"), "erase")


def same_as_golden(pod: dict, name: str) -> None:
    text = yaml.safe_dump(pod, width=130)
    file = GOLDEN / f"{name}.yaml"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(text)
    assert text == file.read_text()


def program(step) -> str:
    """The program whose account, secrets and disk a pod has: in the preflight another's than its own."""
    if step.dag_id != "clientele_preflight":
        return step.step
    return "ingest" if step.task_id == "pod" else step.task_id.removeprefix("pod_")  # its disk is the largest


def secret(step, variable: str, name: str, key: str):
    """The variable of a secret as the pod has it: by reference, and ingest's alone; the customer key is erase's too."""
    has = program(step) == "ingest" or key == "customer-key" and step.dag_id == "clientele_erase"
    return {"name": variable, "valueFrom": {"secretKeyRef": {"key": key, "name": name}}} if has else None


def every_pod():
    for place in wiring.PLACES:
        try:
            steps = wiring.steps(place)
        except ModuleNotFoundError:
            continue
        for step in steps:
            yield pytest.param(place, step, id=f"{place}-{step.dag_id}.{step.task_id}")


EVERY_POD = list(every_pod())


@cache
def by_id(step_id: int) -> dict:
    return wiring.pod(next(p.values[1] for p in EVERY_POD if id(p.values[1]) == step_id))


def rendered(step) -> dict:
    """The step's pod, made once."""
    return by_id(id(step))


@pytest.mark.parametrize(("place", "step"), EVERY_POD)
class TestEveryPod:
    def test_containers(self, place, step):
        spec = rendered(step)["spec"]
        assert [c["name"] for c in spec["containers"]] == ["base", "airflow-xcom-sidecar"], "one sidecar, as Composer 3 has it"
        for c in spec["containers"]:
            r = c["resources"]
            assert r["requests"] == r["limits"] and set(r["limits"]) == {"cpu", "memory", "ephemeral-storage"}
            assert "@sha256:" in c["image"] or c["image"].rpartition(":")[2] not in ("", "latest"), c["image"]
            s = c["securityContext"]
            assert s["runAsNonRoot"] and s["runAsUser"] == 65532 and s["readOnlyRootFilesystem"]
            assert s["allowPrivilegeEscalation"] is False and s["capabilities"] == {"drop": ["ALL"]}
            assert not s["privileged"]
        assert "command" not in spec["containers"][0], "the image knows its program"

    def test_pod(self, place, step):
        spec = rendered(step)["spec"]
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["securityContext"]["runAsNonRoot"]
        assert spec["restartPolicy"] == "Never"
        assert spec["activeDeadlineSeconds"] == step.execution_timeout.total_seconds() + 120
        assert spec["terminationGracePeriodSeconds"] == 30
        assert "affinity" not in spec or not spec["affinity"], "Composer 3 has none"
        assert not spec.get("hostNetwork")
        scratch = next(v for v in spec["volumes"] if v["name"] == "scratch")
        assert scratch["emptyDir"]["sizeLimit"] == RESOURCES[program(step)]["ephemeral-storage"]
        namespace = {"composer": "composer-user-workloads"}.get(place, "clientele")
        assert rendered(step)["metadata"]["namespace"] == namespace
        who = (
            "erase" if step.dag_id == "clientele_erase" else program(step)
        )  # it deletes, and other commands of the registry may not
        account = f"clientele-{who}" if place == "gke" else None
        assert spec.get("serviceAccountName") == account

    def test_labels_are_the_same_at_every_try(self, place, step):
        first = rendered(step)["metadata"]["labels"]
        assert first["app.kubernetes.io/component"] == step.step
        assert first["dag_id"] == step.dag_id and first["task_id"] == step.task_id
        own = set(step.labels)
        for try_number in (2, 9):
            task = wiring.rendered(step)
            assert {k: task.labels[k] for k in own} == {k: first[k] for k in own}
            selector = task._build_find_pod_label_selector(wiring.context(task, try_number=try_number))
            assert "try_number" not in selector, "a restarted worker must find the pod of the try before"

    def test_environment(self, place, step):
        pod = rendered(step)
        base = pod["spec"]["containers"][0]
        env = {e["name"]: e for e in base["env"]}
        memory = memory_bytes(base["resources"]["limits"]["memory"])
        assert 0.85 * memory < int(env["GOMEMLIMIT"]["value"]) < 0.95 * memory
        assert env["TMPDIR"]["value"] in [m["mountPath"] for m in base["volumeMounts"]]
        assert SECRET not in json.dumps(pod)
        assert env.get("CLIENTELE_CUSTOMER_KEY") == secret(step, "CLIENTELE_CUSTOMER_KEY", "clientele", "customer-key")
        assert env.get("SOURCE_HEADER") == secret(step, "SOURCE_HEADER", "supplier", "source-header")
        for variable, value in (("ENV", "SOURCE_HEADER"), ("HOST", "shop.example")):
            name = f"CLIENTELE_SOURCE_HEADER_{variable}"
            assert env.get(name) == ({"name": name, "value": value} if program(step) == "ingest" else None)

    def test_operator(self, place, step):
        assert step.log_pod_spec_on_failure is False and step.deferrable is False and step.do_xcom_push is True
        assert step.reattach_on_restart is True and step.get_logs is True
        assert step.startup_timeout_seconds == 600, "a cold node takes minutes"


def expanded(text: str, env: dict[str, str]) -> str:
    """What the kubelet makes of an argument: Kubernetes' third_party/forked/golang/expansion, Expand, in Python."""
    out, i = "", 0
    while i < len(text):
        if text[i] != "$" or i + 1 == len(text):
            out, i = out + text[i], i + 1
        elif text[i + 1] == "(" and ")" in text[i + 2 :]:
            end = text.index(")", i + 2)
            out, i = out + env.get(text[i + 2 : end], text[i : end + 1]), end + 1
        elif text[i + 1] == "$":
            out, i = out + "$", i + 2
        else:
            out, i = out + text[i : i + 2], i + 2
    return out


HOSTILE = ["$(KEY)", "$$(KEY)", "$$$(KEY)", "$$$$(KEY)", "$($(KEY))", "$(", "a$", "$$", "$(KEY", "5 $ (KEY)", "$(OTHER)"]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_is_expanded(text):
    assert expanded(literal(text), {"KEY": SECRET}) == text


def test_the_kubelet_would_expand_it():
    assert expanded("$(KEY), $$(KEY), $$$(KEY)", {"KEY": "x"}) == "x, $(KEY), $x"


@pytest.mark.parametrize("text", HOSTILE)
def test_params_and_settings_reach_the_program_as_they_are(text):
    """By every argument that a person or the deployment fills in, of every step, and by the variables of the deployment."""
    words = {"columns", "sheet", "date_layout", "source", "to_model", "reason", "rules"}
    env = {"CLIENTELE_NAME": "shop", "CLIENTELE_ROOT": f"gs://b/{text}", "CLIENTELE_POD_ENV": json.dumps({"EXTRA": text})}
    for dag_id in wiring.IDS:
        dag = wiring.load(dag_id, **env)
        for step in (t for t in dag.tasks if hasattr(t, "step")):
            params = {name: text for name in words & set(dag.params)}
            base = wiring.pod(step, **params)["spec"]["containers"][0]
            assert [expanded(a, {"KEY": SECRET}) for a in base["args"]] == wiring.rendered(step, **params).arguments
            assert f"--root=gs://b/{text}" in wiring.rendered(step, **params).arguments
            values = {e["name"]: e.get("value") for e in base["env"]}
            assert expanded(values["EXTRA"], {"KEY": SECRET}) == text


@pytest.mark.parametrize(
    ("source", "host", "want"),
    [
        ("https://shop.example/a,b.csv", "", "shop.example"),
        (
            "https://shop.example:8443/{as_of}.csv\n gs://bucket/a.csv\nhttps://b.example?x\nhttps://b.example/2",
            "",
            "shop.example:8443,b.example",
        ),
        ("https://shop.example/a.csv", "other.example", "other.example"),
        ("gs://inbox/a.csv", "shop.example", "shop.example"),
    ],
)
def test_the_sources_credentials_are_for_the_deployments_host(source, host, want):
    """Whatever the Param source names. ingest sends them to no other host."""
    dag = wiring.load("clientele_drift", CLIENTELE_SOURCE=source, CLIENTELE_SOURCE_HEADER_HOST=host)
    base = wiring.pod(dag.get_task("ingest"), source="https://evil.example/a.csv")["spec"]["containers"][0]
    assert {"name": "CLIENTELE_SOURCE_HEADER_HOST", "value": want} in base["env"]


@pytest.mark.parametrize(
    ("source", "host"),
    [
        ("gs://inbox/a.csv", ""),
        ("", ""),
        ("https://{as_of}.example/a.csv", ""),
        ("", "https://shop.example"),
        ("", "a@b"),
        ("", "a,,b"),
    ],
)
def test_credentials_without_a_host_are_refused(source, host):
    with pytest.raises(ConfigurationError, match="^CLIENTELE_SOURCE_HEADER_HOST: want the host"):
        wiring.load("clientele_drift", CLIENTELE_SOURCE=source, CLIENTELE_SOURCE_HEADER_HOST=host)


def test_where_the_cluster_is_found():
    files = {place: {s.config_file for s in wiring.steps(place)} for place in ("composer", "kubeconfig")}
    assert files == {"composer": {"/home/airflow/composer_kube_config"}, "kubeconfig": {"/etc/clientele/kubeconfig"}}


@pytest.mark.parametrize(
    "resources", ['{"dirft": {}}', '{"drift": {"memory": "2 GB"}}', '{"drift": {"ram": "2Gi"}}', '{"drift": "2Gi"}', "[]", "{"]
)
def test_resources_are_checked(resources):
    with pytest.raises(ConfigurationError, match="CLIENTELE_RESOURCES: want"):
        wiring.load("clientele_drift", CLIENTELE_RESOURCES=resources)


@pytest.mark.parametrize("text", ["", "[]", '{"ingest": "latest"}', '{"ingest": null}'])
def test_digests_are_checked(text, tmp_path):
    (tmp_path / "images.json").write_text(text or "not json")
    with pytest.raises(ConfigurationError, match=r"images\.json: want"):
        wiring.load("clientele_drift", CLIENTELE_IMAGES=str(tmp_path / "images.json"))


@pytest.mark.parametrize(("text", "want"), [("1Gi", 1 << 30), ("512Mi", 512 << 20), ("2G", 2_000_000_000), ("100", 100)])
def test_memory_bytes(text, want):
    assert memory_bytes(text) == want


def test_digests_of_some_programs_are_not_enough(tmp_path):
    """Without a tag the others' images would have none, and a cluster takes such a name for latest."""
    file = tmp_path / "images.json"
    file.write_text(json.dumps({"version": contract.CONTRACT["version"], "ingest": "sha256:" + "0123456789abcdef" * 4}))
    with pytest.raises(
        ConfigurationError,
        match="CLIENTELE_IMAGE_TAG: .* no digest of audience, drift, evaluate, explore, measure, predict, preprocess, promote,",
    ):
        wiring.load("clientele_drift", CLIENTELE_IMAGES=str(file), CLIENTELE_IMAGE_TAG="")


@pytest.mark.parametrize("version", [{}, {"version": "0.0.1"}])
def test_images_of_another_version_are_refused(version, tmp_path):
    file = tmp_path / "images.json"
    file.write_text(json.dumps({**version, "ingest": "sha256:" + "0123456789abcdef" * 4}))
    with pytest.raises(ConfigurationError, match=r"images\.json: want the images of version " + contract.CONTRACT["version"]):
        wiring.load("clientele_drift", CLIENTELE_IMAGES=str(file))


def test_digests_win_over_the_tag(tmp_path):
    digest = "sha256:" + "0123456789abcdef" * 4
    file = tmp_path / "images.json"
    file.write_text(json.dumps({"version": contract.CONTRACT["version"], "ingest": digest}))
    with wiring.environment(CLIENTELE_IMAGES=str(file)):
        d = Deployment.from_env()
    assert d.image("ingest") == f"registry.example/clientele/ingest@{digest}"
    assert d.image("train") == "registry.example/clientele/train:1.2.3"


def test_single_figures_of_resources_change():
    dag = wiring.load("clientele_drift", CLIENTELE_RESOURCES='{"drift": {"memory": "16Mi"}}')
    limits = wiring.pod(dag.get_task("drift"))["spec"]["containers"][0]["resources"]["limits"]
    assert limits == {"cpu": "1", "memory": "16Mi", "ephemeral-storage": "1Gi"}


def test_an_airflow_without_google_parses_the_other_places():
    """The provider is imported where it is needed alone."""
    with mock.patch.dict(sys.modules):
        for name in [n for n in sys.modules if n.startswith(("clientele.batches", "airflow.providers.google"))]:
            del sys.modules[name]
        sys.modules["airflow.providers.google"] = None
        for place in ("composer", "kubeconfig"):
            for dag_id in wiring.IDS:
                assert wiring.load(dag_id, **wiring.PLACES[place]).tasks
        with pytest.raises(ImportError):
            wiring.load("clientele_drift", **wiring.PLACES["gke"])
