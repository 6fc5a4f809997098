"""A real Airflow, without a screen, and its REST API as version 2 and 3 speak it."""

from __future__ import annotations

import base64
import json
import os
import signal
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from process import Process, free_port, until

REPOSITORY = Path(__file__).resolve().parent.parent


class Airflow:
    """`tools/airflow.sh`, as `make airflow` starts it, with a home and DAGs of its own."""

    def __init__(self, version: str, home: Path, dags: Path, settings: Mapping[str, str]):
        self.version, self.major, self.home = version, int(version.split(".")[0]), home
        port = free_port("127.0.0.1")
        self.url = f"http://127.0.0.1:{port}"
        self._api = f"{self.url}/api/v{1 if self.major == 2 else 2}"
        self._token: dict[str, str] = {}
        outside = {k: v for k, v in os.environ.items() if not k.startswith(("CLIENTELE_", "AIRFLOW"))}
        own = {
            "VERSION": version,
            "PORT": str(port),
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
            "AIRFLOW__CORE__PARALLELISM": "8",  # most of them wait for a pod
            # A worker that is gone is missed after half a minute, not after five.
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "3",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "3",
        }
        self._process = Process([REPOSITORY / "tools/airflow.sh"], log=home / "start.log", env=outside | own | dict(settings))
        self._started = False
        self._writing = threading.Lock()

    def await_start(self) -> None:
        """Returns when tools/airflow.sh says that it runs."""
        if self._started:
            return
        said = self.home / "start.log"
        until(f"airflow {self.version}; see {said}", 240, lambda: f"Airflow is at {self.url}" in said.read_text())
        if self.major == 2:
            password = (self.home / "standalone_admin_password.txt").read_text().strip()
            self._token = {"Authorization": "Basic " + base64.b64encode(f"admin:{password}".encode()).decode()}
        else:
            with urllib.request.urlopen(self.url + "/auth/token", timeout=20) as answer:
                self._token = {"Authorization": "Bearer " + json.load(answer)["access_token"]}
        self._started = True

    def stop(self) -> None:
        self._process.stop()

    def pool(self, name: str) -> None:
        """A pool of one slot."""
        self._call("/pools", {"name": name, "slots": 1})

    def await_parsed(self, dag: str) -> None:
        """Waits until Airflow has read a DAG's file: before that its page says that there is none."""
        until(f"{dag} is parsed", 120, lambda: self._find(f"/dags/{dag}"))

    def trigger(self, dag: str, run_id: str, params: Mapping[str, Any]) -> Run:
        """Triggers a DAG as a person would, waiting until Airflow has read its file."""
        self.await_parsed(dag)
        body = {"dag_run_id": run_id, "conf": dict(params)} | ({} if self.major == 2 else {"logical_date": None})
        self._call(f"/dags/{dag}/dagRuns", body)
        return Run(self, dag, run_id)

    def runs(self, dag: str) -> list[Run]:
        """Every run of a DAG."""
        return [Run(self, dag, r["dag_run_id"]) for r in self._call(f"/dags/{dag}/dagRuns")["dag_runs"]]

    def import_errors(self) -> list[str]:
        """What Airflow could not parse."""
        return [e["stack_trace"] for e in self._call("/importErrors")["import_errors"]]

    def _find(self, path: str) -> Any:
        """The answer, or None where there is none yet."""
        try:
            return self._call(path)
        except urllib.error.HTTPError as e:
            if e.code == 404:
                return None
            raise

    def _call(self, path: str, body: Any = None, method: str | None = None) -> Any:
        """Asks the API. Its database here is sqlite, which has one writer: in the way of another it answers 500."""
        for attempt in range(6):
            try:
                if body is None:
                    return self._ask(path, None, None)
                with self._writing:
                    return self._ask(path, body, method)
            except urllib.error.HTTPError as e:
                if e.code < 500 or attempt == 5:
                    raise
                time.sleep(1 + attempt)
        raise AssertionError("not reached")

    def _ask(self, path: str, body: Any, method: str | None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "Accept": "application/json", **self._token}
        request = urllib.request.Request(self._api + path, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=180) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as e:
            if e.code != 404:
                e.add_note(f"{request.get_method()} {request.full_url}: {e.read().decode(errors='replace')[:2000]}")
            raise


@dataclass(frozen=True)
class Worker:
    """A process that waits for a pod."""

    pid: int

    def kill(self) -> None:
        """Gives it no time to say so."""
        os.kill(self.pid, signal.SIGKILL)

    def orphan(self) -> None:
        """Kills the process that supervises it; it lives on."""
        stat = Path(f"/proc/{self.pid}/stat").read_text()
        os.kill(int(stat.rpartition(")")[2].split()[1]), signal.SIGKILL)

    def terminate(self) -> None:
        """Asks it to end, as Airflow does on a machine that shuts down."""
        os.kill(self.pid, signal.SIGTERM)


@dataclass(frozen=True)
class Run:
    """A run of a DAG."""

    airflow: Airflow
    dag: str
    id: str

    @property
    def _path(self) -> str:
        return f"/dags/{self.dag}/dagRuns/{urllib.parse.quote(self.id, safe='')}"

    def state(self) -> str:
        return self.airflow._call(self._path)["state"]

    def tasks(self) -> dict[str, dict[str, Any]]:
        """Task instances by the last part of their name: groups are for the eye."""
        listed = self.airflow._call(self._path + "/taskInstances?limit=100")["task_instances"]
        return {t["task_id"].rpartition(".")[2]: t for t in listed}

    def states(self) -> dict[str, str | None]:
        """What became of each task."""
        return {name: t["state"] for name, t in self.tasks().items()}

    def task(self, name: str) -> dict[str, Any]:
        return self.tasks()[name]

    def ends(self, seconds: float) -> str:
        """Waits for the run's end and says which."""
        try:
            return until(f"{self.dag} {self.id} ends", seconds, lambda: (s := self.state()) in ("success", "failed") and s)
        except TimeoutError as e:
            e.add_note(f"its tasks are {self.states()}")
            raise

    def await_task(self, name: str, states: str | tuple[str, ...], seconds: float, tries: int = 0) -> dict[str, Any]:
        """Waits until a task is in one of the states, at that try or later."""
        wanted = (states,) if isinstance(states, str) else states

        def there() -> dict[str, Any] | None:
            t = self.task(name)
            return t if t["state"] in wanted and t["try_number"] >= tries else None

        try:
            return until(f"{self.dag}.{name} is {' or '.join(wanted)}", seconds, there)
        except TimeoutError as e:
            e.add_note(f"it is {self.task(name)}")
            raise

    def log(self, name: str, attempt: int) -> str:
        """The log of one try, as the page shows it."""
        path = f"{self._path}/taskInstances/{self.task(name)['task_id']}/logs/{attempt}?full_content=true"
        content = self.airflow._call(path)["content"]
        return content if isinstance(content, str) else "\n".join(json.dumps(line, ensure_ascii=False) for line in content)

    def result(self, name: str) -> Any:
        """What a step left for people and for the tasks after it."""
        path = f"{self._path}/taskInstances/{self.task(name)['task_id']}/xcomEntries/return_value"
        value = self.airflow._call(path + ("?stringify=false" if self.airflow.major == 2 else "?deserialize=false"))["value"]
        return json.loads(value) if isinstance(value, str) and value[:1] in "{[" else value

    def mark(self, name: str, state: str) -> None:
        """What "Mark as failed" does in the page."""
        body = {"new_state": state} | ({"dry_run": False} if self.airflow.major == 2 else {})
        self.airflow._call(f"{self._path}/taskInstances/{self.task(name)['task_id']}", body, "PATCH")

    def worker(self, name: str) -> Worker:
        """The process that waits for the task's pod. To be asked for in time: Airflow may answer after the pod has ended."""
        return Worker(int(self.await_task(name, "running", 240)["pid"]))

    def abandon(self) -> None:
        """Ends a run whose rest is of no interest."""
        self.airflow._call(self._path, {"state": "failed"}, "PATCH")
