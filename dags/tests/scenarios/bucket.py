"""A real fake-gcs-server, and its buckets by Cloud Storage's JSON API: what the steps really left behind."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STARTS_WITHIN = 20  # seconds


@dataclass(frozen=True)
class Stored:
    """An object as it lies there. Its generation moves with every write, even one of the same bytes."""

    md5: str
    generation: str


class Bucket:
    """A bucket of its own for each deployment under test."""

    def __init__(self, host: str, name: str):
        self.name = name
        self.api = f"http://{host}/storage/v1/b/{name}/o"
        self.uploads = f"http://{host}/upload/storage/v1/b/{name}/o"
        _call(f"http://{host}/storage/v1/b?project=test", json.dumps({"name": name}).encode())

    def objects(self, prefix: str = "") -> dict[str, Stored]:
        """Every object below the prefix, by its name."""
        found, token = {}, ""
        while True:
            page = json.loads(_call(f"{self.api}?{urllib.parse.urlencode({'prefix': prefix, 'pageToken': token})}"))
            found |= {o["name"]: Stored(o["md5Hash"], o["generation"]) for o in page.get("items", [])}
            if not (token := page.get("nextPageToken", "")):
                return found

    def read(self, name: str) -> Any:
        """An object's JSON."""
        return json.loads(_call(f"{self.api}/{urllib.parse.quote(name, safe='')}?alt=media"))

    def write(self, name: str, value: Any) -> None:
        """Puts JSON in an object's place, whatever was there: what no step would do."""
        _call(f"{self.uploads}?{urllib.parse.urlencode({'uploadType': 'media', 'name': name})}", json.dumps(value).encode())

    def copy_to(self, other: Bucket) -> None:
        """Copies every object, with its metadata."""
        for name in self.objects():
            quoted = urllib.parse.quote(name, safe="")
            _call(f"{self.api}/{quoted}/rewriteTo/b/{other.name}/o/{quoted}", b"{}")


@contextlib.contextmanager
def serve(binary: str, folder: Path | None = None) -> Iterator[str]:
    """Runs the server, with its objects in memory or in a folder, and yields its host and port. It ends with this process,
    however that ends."""
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
    host = f"127.0.0.1:{port}"
    flags = ["-backend", "filesystem", "-filesystem-root", str(folder)] if folder else ["-backend", "memory"]
    flags += ["-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-log-level", "error"]
    flags += ["-public-host", host, "-external-url", f"http://{host}"]
    # The shell ends the server when its standard input closes.
    server = subprocess.Popen(
        ["sh", "-c", '"$@" & server=$!; cat >/dev/null; kill $server', "sh", binary, *flags], stdin=subprocess.PIPE
    )
    try:
        _await(f"http://{host}/_internal/healthcheck")
        yield host
    finally:
        server.stdin.close()
        server.wait(STARTS_WITHIN)


def _await(url: str) -> None:
    end = time.monotonic() + STARTS_WITHIN
    while True:
        try:
            _call(url)
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


def _call(url: str, body: bytes | None = None) -> bytes:
    """GET, or POST with a body."""
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.read()
    except urllib.error.HTTPError as e:
        e.add_note(f"{url}: {e.read()[:500]!r}")
        raise
