"""What all scenarios share: a cluster, a storage, an Airflow, and for each scenario a DAG and a bucket of its own.

A scenario's DAG is the real file under another name, with the deployment's variables that the scenario needs: so that
scenarios run side by side, and one's tiny memory is not another's.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow import REPOSITORY, Airflow, Run
from cluster import Cluster, Seen
from process import until
from storage import Bucket, Storage
from supplier import Supplier

AS_OF = "2025-12-01"  # the last day of the demo shop

# Two cores for everything. What is not promised here is what a step has by default.
SMALL = {"cpu": "50m", "memory": "512Mi", "ephemeral-storage": "256Mi"}
STEPS = (
    "ingest",
    "preprocess",
    "drift",
    "train",
    "evaluate",
    "promote",
    "score",
    "explore",
    "recommend",
    "predict",
    "measure",
    "audience",
    "publish",
    "report",
    "registry",
)


@dataclass(frozen=True)
class Scenario:
    """A DAG of its own. resources are those of single steps that differ.

    One that is secretive gives its pods both secrets. The source's credentials are for World.supplier alone.
    """

    dag: str
    file: str = "clientele_segmentation"
    resources: Mapping[str, Mapping[str, str]] | None = None
    source: str = ""  # an object of the deliveries, which need not be there
    rights: bool = True
    secretive: bool = False
    memory: str = ""  # --memory of every step, where it is not to follow from the pod's limit


class World:
    """Everything that is started for the tests of one Airflow."""

    def __init__(self, version: str, folder: Path, scenarios: tuple[Scenario, ...], chromium: str = ""):
        self.chromium = chromium
        self._stops: list[Any] = []
        self.folder = folder
        try:
            self._start(version, folder, scenarios)
        except BaseException:
            self.close()
            raise

    def _start(self, version: str, folder: Path, scenarios: tuple[Scenario, ...]) -> None:
        host = os.environ["CLIENTELE_CLUSTER_HOST"]
        self.storage = Storage(Path(os.environ["CLIENTELE_FAKE_GCS"]), host, folder / "storage.log")
        self._stops.append(self.storage.stop)
        self.deliveries = self.storage.bucket("deliveries")
        self.good = self.deliver("lines.csv")
        self.bad = self.deliveries.put("bad.csv", broken(shop(folder)))
        self.buckets = {s.dag: self.storage.bucket(f"e2e-{s.dag.replace('_', '-')}") for s in scenarios}
        self.cluster = Cluster(os.environ["CLIENTELE_KUBECONFIG"], f"clientele-e2e-{secrets.token_hex(3)}")
        self._stops.append(self.cluster.close)
        self.nobody = self.cluster.nobody(folder)
        self.secrets = {"customer-key": secrets.token_hex(16), "source-header": f"Authorization: Bearer {secrets.token_hex(16)}"}
        self.cluster.secret("secrets", self.secrets)
        header, *lines = shop(folder).splitlines(keepends=True)
        self.supplier = Supplier(host, header + b"".join(lines[::2]))
        self.stranger = Supplier(host, header + b"".join(lines[1::2]))
        self._stops += [self.supplier.stop, self.stranger.stop]
        dags = folder / "dags"
        shutil.copytree(
            REPOSITORY / "dags/clientele", dags / "clientele", ignore=shutil.ignore_patterns("__pycache__", "images.json")
        )
        shutil.copy(REPOSITORY / "dags/.airflowignore", dags)
        self._dags = dags
        for s in scenarios:
            self.deploy(s)
        home = folder / "airflow"
        home.mkdir()
        self.airflow = Airflow(version, home, dags, self._settings(scenarios[0]))
        self._stops.append(self.airflow.stop)
        self.airflow.await_start()
        for s in scenarios[1:]:  # the first one's was made at the start
            self.airflow.pool(pool(s))

    def deploy(self, s: Scenario, **changes: str) -> None:
        """Puts a scenario's DAG file into Airflow's folder, in place of the one that is there."""
        (self._dags / f"{s.dag}.py").write_text(dag_file(s, self._settings(s) | changes))

    def _settings(self, s: Scenario) -> dict[str, str]:
        """The variables of docs/airflow.md for a scenario."""
        pod_env = {"STORAGE_EMULATOR_HOST": self.storage.endpoint}
        if s.memory:
            pod_env["CLIENTELE_MEMORY"] = s.memory
        own = {}
        if s.secretive:
            pod_env["CLIENTELE_ALLOW_HTTP"] = "true"
            own["CLIENTELE_CUSTOMER_KEY_SECRET"] = own["CLIENTELE_SOURCE_HEADER_SECRET"] = "secrets"
            own["CLIENTELE_SOURCE_HEADER_HOST"] = self.supplier.host
        if image := os.environ.get("CLIENTELE_CLUSTER_XCOM_IMAGE"):
            own["CLIENTELE_XCOM_IMAGE"] = image
        resources = {step: {**SMALL, **(s.resources or {}).get(step, {})} for step in STEPS}
        return {
            "CLIENTELE_PLACE": "kubeconfig",
            "CLIENTELE_KUBECONFIG": os.environ["CLIENTELE_KUBECONFIG"] if s.rights else self.nobody,
            "CLIENTELE_NAMESPACE": self.cluster.namespace,
            "CLIENTELE_ROOT": f"{self.buckets[s.dag].url}/shop",
            "CLIENTELE_SOURCE": f"{self.deliveries.url}/{s.source}" if s.source else self.good,
            "CLIENTELE_IMAGE_PREFIX": os.environ["CLIENTELE_E2E_IMAGE_PREFIX"],
            "CLIENTELE_IMAGE_TAG": os.environ["CLIENTELE_E2E_IMAGE_TAG"],
            "CLIENTELE_POOL": pool(s),
            "CLIENTELE_POD_ENV": json.dumps(pod_env),
            "CLIENTELE_RESOURCES": json.dumps(resources),
            # Longer than Airflow's scheduler takes to hear of a task's end: else it queues the task again first, takes the end
            # for one of the new try, and counts a try more.
            "CLIENTELE_RETRY_SECONDS": "8",
            "CLIENTELE_LOOK_SECONDS": "20",
            **own,
        }

    def close(self) -> None:
        """Stops everything, the last first, and whatever fails on the way."""
        while self._stops:
            try:
                self._stops.pop()()
            except Exception as e:  # the others are stopped too
                print(f"e2e: {e}")

    def deliver(self, name: str) -> str:
        """Writes the shop's delivery under that name, and returns its URL."""
        return self.deliveries.put(name, shop(self.folder))

    def bucket(self, dag: str) -> Bucket:
        """Where a scenario's things lie."""
        return self.buckets[dag]

    def trigger(self, dag: str, run_id: str = "", **params: Any) -> Run:
        """Triggers a scenario's DAG."""
        return self.airflow.trigger(dag, run_id or f"e2e.{dag}", {"as_of": AS_OF, **params})

    def running(self, dag: str, task: str, seconds: float = 240) -> Seen:
        """Waits until the step's program runs in a pod."""

        def pod() -> Seen | None:
            return next((p for p in self.cluster.of(dag, task) if p.running and p.exit_code is None), None)

        return until(f"a pod of {dag}.{task} runs", seconds, pod, every=0.3)

    def half_way(self, dag: str) -> Seen:
        """Waits until ingest has written a part of what it will write."""
        pod = self.running(dag, "ingest")
        until(f"{dag}: ingest has written something", 120, lambda: self.bucket(dag).names("shop/lines/"), every=0.3)
        assert pod.exit_code is None, f"{pod.name} ended too early for this test"
        assert not self.bucket(dag).manifests("ingest"), "ingest was done too early for this test"
        return pod

    def program(self, dag: str, *command: str) -> dict[str, Any]:
        """Runs one of bin/ on a scenario's root, beside Airflow, and returns its result."""
        env = {**os.environ, "STORAGE_EMULATOR_HOST": self.storage.endpoint}
        env = {k: v for k, v in env.items() if not k.startswith("CLIENTELE_")}
        name, *flags = command
        result = self.folder / f"{name}.json"
        done = subprocess.run(
            [REPOSITORY / "bin" / name, *flags, f"--root={self.bucket(dag).url}/shop", "--log=json", f"--result={result}"],
            env=env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(result.read_text())


def pool(s: Scenario) -> str:
    """A pool of its own for each scenario: they share nothing that would need it."""
    return "clientele_pointers" if s.dag == s.file else f"pointers_{s.dag}"


def dag_file(s: Scenario, settings: Mapping[str, str]) -> str:
    """The real DAG file, called and set as the scenario needs it."""
    text = (REPOSITORY / f"dags/{s.file}.py").read_text()
    own = f'd.dag_id("{s.file}")'
    assert text.count(own) == 2, f"{s.file}.py has not its name and its variable as {own}, to rename"
    renamed = text.replace(own, f'd.dag_id("{s.dag}")')
    set_up = f"import os\n\nos.environ.update({dict(settings)!r})\n\n"
    before, first_import, after = renamed.partition("from clientele import ")
    return before + set_up + first_import + after


def shop(folder: Path) -> bytes:
    """The demo shop's delivery."""
    out = folder / "shop"
    if not out.exists():
        command = [REPOSITORY / "bin/demo", f"--out-dir={out}", f"--result={folder}/demo.json"]
        subprocess.run(command, check=True, timeout=60, env={"PATH": os.environ["PATH"]}, capture_output=True)
    return (out / "lines.csv").read_bytes()


def broken(delivery: bytes) -> bytes:
    """The same with years of three digits: no date can be read."""
    return delivery.replace(b",2024-", b",024-").replace(b",2025-", b",025-")
