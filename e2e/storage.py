"""Cloud Storage as pods and tests see it: a real fake-gcs-server on the address where pods reach this machine."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from pathlib import Path

from process import Process, free_port, until


class Storage:
    """The server. endpoint is what STORAGE_EMULATOR_HOST is told."""

    def __init__(self, binary: Path, host: str, log: Path):
        port = free_port(host)
        self.endpoint = f"{host}:{port}"
        self.url = f"http://{self.endpoint}"
        command = [binary, "-backend", "memory", "-scheme", "http", "-host", host, "-port", str(port)]
        command += ["-public-host", self.endpoint, "-external-url", self.url, "-log-level", "error"]
        self._process = Process(command, log=log)
        until("fake-gcs-server", 20, lambda: self._call("/_internal/healthcheck") is not None, every=0.1)

    def stop(self) -> None:
        self._process.stop()

    def bucket(self, name: str) -> Bucket:
        """A new bucket."""
        self._call("/storage/v1/b?project=e2e", json.dumps({"name": name}).encode())
        return Bucket(self, name)

    def _call(self, path: str, body: bytes | None = None) -> bytes:
        request = urllib.request.Request(self.url + path, data=body, headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.read()


class Bucket:
    """Objects by name."""

    def __init__(self, storage: Storage, name: str):
        self._storage, self.name, self.url = storage, name, f"gs://{name}"

    def put(self, name: str, content: bytes) -> str:
        """Writes an object and returns its URL."""
        query = urllib.parse.urlencode({"uploadType": "media", "name": name})
        self._storage._call(f"/upload/storage/v1/b/{self.name}/o?{query}", content)
        return f"{self.url}/{name}"

    def names(self, prefix: str = "") -> list[str]:
        """Every object, sorted."""
        query, names = {"prefix": prefix, "maxResults": "1000"}, []
        while True:
            page = json.loads(self._storage._call(f"/storage/v1/b/{self.name}/o?{urllib.parse.urlencode(query)}"))
            names += [o["name"] for o in page.get("items") or []]
            if not page.get("nextPageToken"):
                return sorted(names)
            query["pageToken"] = page["nextPageToken"]

    def read(self, name: str) -> bytes:
        """An object's content."""
        return self._storage._call(f"/storage/v1/b/{self.name}/o/{urllib.parse.quote(name, safe='')}?alt=media")

    def json(self, name: str) -> dict:
        """An object that is JSON."""
        return json.loads(self.read(name))

    def manifests(self, step: str) -> list[str]:
        """The manifests of a step, of every run."""
        return [n for n in self.names() if n.endswith("/_MANIFEST.json") and f"/{step}/" in n]
