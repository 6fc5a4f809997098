"""A Kubernetes API in memory, spoken to over HTTP: the provider and the client are the real ones down to the socket.

Only the websocket to the sidecar is missing: result() and kill_sidecar() stand in for it.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import parse_qs, urlsplit

from airflow.providers.cncf.kubernetes.utils.pod_manager import PodManager

BASE, SIDECAR = "base", "airflow-xcom-sidecar"
SECRET_HEADER = "a-header-that-nobody-may-see"
EMPTY = "__airflow_xcom_result_empty__"  # what the sidecar prints where there is no file


class Cluster:
    """Pods by name. What a test changes: how the program ends, and what happens before a request is answered."""

    def __init__(self) -> None:
        self.pods: dict[str, dict[str, Any]] = {}
        self.made: list[str] = []
        self.deleted: list[str] = []
        self.most = 0  # at one time
        self.exit: tuple[int, str, str] = (0, "Completed", "")  # code, reason, termination message
        self.status: dict[str, str] = {}  # reason and message of a pod that the cluster ends
        self.answer: str = '{"customers": 3}'
        self.kubeconfig = ""
        self.denied: set[tuple[str, str, str | None]] = set()  # verb, resource, subresource that Airflow may not
        self.asked: list[tuple[str, str, str | None]] = []
        self.before: dict[tuple[str, str], Callable[[str], Any]] = {}  # (method, what) → called with the pod's name

    def refuse(self, method: str, what: str, status: int, message: str) -> None:
        """Answers such requests with an error."""

        def refusing(name: str) -> Any:
            return status, {"kind": "Status", "code": status, "message": message}

        self.before[method, what] = refusing

    def put(self, name: str, labels: dict[str, str], *, code: int | None = None, phase: str = "Running", going: bool = False):
        """A pod that an earlier try has left."""
        spec = {"containers": [{"name": BASE}, {"name": SIDECAR}]}
        self._create({"metadata": {"name": name, "labels": labels}, "spec": spec})
        pod = self.pods[name]
        pod["status"]["phase"] = phase
        if code is not None:
            pod["status"]["containerStatuses"][0]["state"] = _terminated(code, "Error", "")
        if going:
            pod["metadata"]["deletionTimestamp"] = _now()
        self.made.remove(name)
        return pod

    def end(self, name: str) -> None:
        """The program ends as the test has it."""
        if pod := self.pods.get(name):
            if pod["status"]["containerStatuses"][0]["state"].get("running") is not None:
                pod["status"]["containerStatuses"][0]["state"] = _terminated(*self.exit)
            pod["status"] |= self.status

    def result(self, pod: Any) -> str:
        """What the sidecar reads to Airflow."""
        if self.exit[0]:
            return EMPTY
        return self.answer

    def kill_sidecar(self, pod: Any) -> None:
        """The sidecar ends, and the pod with it."""
        if found := self.pods.get(pod.metadata.name):
            code = found["status"]["containerStatuses"][0]["state"].get("terminated", {}).get("exitCode", 1)
            found["status"]["containerStatuses"][1]["state"] = _terminated(0, "Completed", "")
            found["status"]["phase"] = "Succeeded" if code == 0 else "Failed"

    def handle(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
        """Answers a request: status and JSON, or the text of a log."""
        found = re.fullmatch(r"/api/v1/namespaces/[^/]+/(pods|events)(?:/([^/]+))?(?:/(log))?", path)
        what, name, log = found.groups() if found else (path, None, None)
        name = name or (body or {}).get("metadata", {}).get("name", "")
        if act := self.before.get((method, log or what)):
            if answer := act(name):
                return answer
        if what.endswith("/selfsubjectaccessreviews"):
            right = body["spec"]["resourceAttributes"]
            self.asked.append((right["verb"], right["resource"], right.get("subresource")))
            return 201, body | {"status": {"allowed": self.asked[-1] not in self.denied}}
        if what == "events":
            return 200, {"items": [], "metadata": {}}
        if method == "POST":
            return 201, self._create(body)
        if method == "GET" and not found[2]:
            wanted = [w.split("=") for w in query["labelSelector"][0].split(",") if "=" in w and "!" not in w]
            pods = [p for p in self.pods.values() if all(p["metadata"]["labels"].get(k) == v for k, v in wanted)]
            return 200, {"items": pods, "metadata": {}}
        if name not in self.pods:
            return 404, {"kind": "Status", "code": 404, "message": f'pods "{name}" not found'}
        if log:
            self.end(name)
            return 200, f"{_now()} the program's line\n"
        if method == "DELETE":
            self.deleted.append(name)
            return 200, self.pods.pop(name)
        assert method == "GET", f"{method} {path}: nothing here patches a pod"
        return 200, self.pods[name]

    def _create(self, pod: dict[str, Any]) -> dict[str, Any]:
        name = pod["metadata"]["name"]
        pod["metadata"] |= {"uid": name, "creationTimestamp": _now(), "namespace": "clientele"}
        states = [{"name": c["name"], "state": {"running": {"startedAt": _now()}}} for c in pod["spec"]["containers"]]
        common = {"image": "i", "imageID": "i", "ready": True, "restartCount": 0}
        pod["status"] = {"phase": "Running", "containerStatuses": [common | s for s in states]}
        self.pods[name] = pod
        self.made.append(name)
        self.most = max(self.most, len(self.pods))
        return pod


def _terminated(code: int, reason: str, message: str) -> dict[str, Any]:
    return {"terminated": {"exitCode": code, "reason": reason, "message": message}}


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


class _Handler(BaseHTTPRequestHandler):
    cluster: Cluster

    def _answer(self) -> None:
        url = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        status, answer = self.cluster.handle(self.command, url.path, parse_qs(url.query), body)
        data = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain" if isinstance(answer, str) else "application/json")
        self.send_header("Audit-Id", SECRET_HEADER)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_DELETE = do_PATCH = _answer

    def log_message(self, *args: Any) -> None:
        """Says nothing."""


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[Cluster]:
    """A cluster, with its kubeconfig in the folder."""
    cluster = Cluster()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"cluster": cluster}))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    cluster.kubeconfig = str(folder / "kubeconfig")
    Path(cluster.kubeconfig).write_text(
        json.dumps({
            "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
            "users": [{"name": "u", "user": {"token": "t"}}],
        })
    )
    sidecar = mock.patch.multiple(PodManager, extract_xcom_json=cluster.result, extract_xcom_kill=cluster.kill_sidecar)
    try:
        with sidecar:
            yield cluster
    finally:
        server.shutdown()
        server.server_close()
