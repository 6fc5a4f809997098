"""The cluster: a namespace for the tests, and all that ever happened to its pods."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from kubernetes import client, config, watch

BASE = "base"  # Airflow's name of the container that is the step


@dataclass
class Seen:
    """What the watch saw of one pod."""

    name: str
    labels: dict[str, str]
    manifest: client.V1Pod
    running: bool = False
    gone: bool = False
    exit_code: int | None = None
    reason: str = ""


class Cluster:
    """One namespace of a cluster, watched from its first moment to its last."""

    def __init__(self, kubeconfig: str, namespace: str):
        self.namespace = namespace
        self._config = kubeconfig
        self.api = client.CoreV1Api(config.new_client_from_config(kubeconfig))
        self.pods: dict[str, Seen] = {}  # by uid
        self._at_once: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()
        self._end = threading.Event()
        self.api.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=namespace)))
        self._await_account()
        threading.Thread(target=self._watch, daemon=True).start()

    def secret(self, name: str, values: Mapping[str, str]) -> None:
        """Makes a Kubernetes secret."""
        body = client.V1Secret(metadata=client.V1ObjectMeta(name=name), string_data=dict(values))
        self.api.create_namespaced_secret(self.namespace, body)

    def close(self) -> None:
        """Deletes the namespace and, with it, every pod."""
        self._end.set()
        self.api.delete_collection_namespaced_pod(self.namespace, grace_period_seconds=0)
        self.api.delete_namespace(self.namespace)
        for _ in range(60):
            try:
                self.api.read_namespace(self.namespace)
            except client.ApiException as e:
                if e.status == 404:
                    return
                raise
            time.sleep(1)
        raise TimeoutError(f"namespace {self.namespace} is still there")

    def of(self, dag: str, task: str) -> list[Seen]:
        """Every pod that Airflow ever made for a task, oldest first. The label has the task's groups before its name."""
        with self._lock:
            pods = list(self.pods.values())
        return [p for p in pods if p.labels.get("dag_id") == dag and p.labels["task_id"].rpartition(".")[2] == task]

    def at_once(self, dag: str, task: str) -> int:
        """The most pods that a task has ever had at one time, those that were being deleted among them."""
        return max((n for (d, t), n in self._at_once.items() if d == dag and t.rpartition(".")[2] == task), default=0)

    def nobody(self, folder: Path) -> str:
        """Makes a service account without any right, and a kubeconfig of it."""
        self.api.create_namespaced_service_account(self.namespace, {"metadata": {"name": "nobody"}})
        asked = {"spec": {"expirationSeconds": 3600}}
        made = self.api.create_namespaced_service_account_token("nobody", self.namespace, asked)
        settings = yaml.safe_load(Path(self._config).read_text())
        for user in settings["users"]:
            user["user"] = {"token": made.status.token}
        file = folder / "nobody.yaml"
        file.write_text(yaml.safe_dump(settings))
        return str(file)

    def named(self, name: str) -> Seen | None:
        """The pod of that name."""
        with self._lock:
            return next((p for p in self.pods.values() if p.name == name), None)

    def delete(self, pod: Seen) -> None:
        """Deletes a pod as if its node were gone: nobody gets time to clean up."""
        self.api.delete_namespaced_pod(pod.name, self.namespace, grace_period_seconds=0)

    def second(self, pod: Seen) -> str:
        """Starts the same container in a pod that Airflow knows nothing of, and returns its name."""
        spec = pod.manifest.spec
        base = next(c for c in spec.containers if c.name == BASE)
        base.volume_mounts = [m for m in base.volume_mounts if m.name in {v.name for v in spec.volumes}]
        twin = client.V1Pod(
            metadata=client.V1ObjectMeta(name=f"{pod.name}-second"),
            spec=client.V1PodSpec(
                containers=[base],
                volumes=spec.volumes,
                restart_policy="Never",
                security_context=spec.security_context,
                automount_service_account_token=False,
            ),
        )
        self.api.create_namespaced_pod(self.namespace, twin)
        return twin.metadata.name

    def _await_account(self) -> None:
        """Pods need the namespace's default service account, which a controller makes a moment later."""
        for _ in range(60):
            try:
                self.api.read_namespaced_service_account("default", self.namespace)
                return
            except client.ApiException as e:
                if e.status != 404:
                    raise
            time.sleep(0.5)
        raise TimeoutError(f"namespace {self.namespace} has no default service account")

    def _watch(self) -> None:
        api = client.CoreV1Api(config.new_client_from_config(self._config))
        while not self._end.is_set():
            try:
                for event in watch.Watch().stream(api.list_namespaced_pod, self.namespace, timeout_seconds=60):
                    self._note(event["type"], event["object"])
            except (client.ApiException, OSError):
                time.sleep(0.2)

    def _note(self, kind: str, pod: client.V1Pod) -> None:
        with self._lock:
            new = Seen(pod.metadata.name, pod.metadata.labels or {}, pod)
            seen = self.pods.setdefault(pod.metadata.uid, new)
        for state in _states(pod):
            seen.running = seen.running or state.running is not None
            if state.terminated:
                seen.exit_code, seen.reason = state.terminated.exit_code, state.terminated.reason or ""
        seen.gone = kind == "DELETED"
        key = (seen.labels.get("dag_id", ""), seen.labels.get("task_id", ""))
        with self._lock:
            alive = [p for p in self.pods.values() if not p.gone and (p.labels.get("dag_id"), p.labels.get("task_id")) == key]
        self._at_once[key] = max(self._at_once[key], len(alive))


def _states(pod: client.V1Pod) -> Iterator[client.V1ContainerState]:
    for c in (pod.status and pod.status.container_statuses) or []:
        if c.name == BASE and c.state:
            yield c.state
