"""The folder of an environment's DAGs, as a folder or in a bucket: the few operations that a deployment needs of either.

An object is created once or swapped against what was read: two deployments at once cannot overwrite each other.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Protocol


class Refused(Exception):
    """A deployment cannot go on; the text says why and what to do."""


class Lost(Refused):
    """An object is not what was read before: somebody else was faster."""


class Store(Protocol):
    """A folder of objects. A version is what swap compares: "" for none."""

    def read(self, name: str) -> tuple[bytes | None, str]:
        """An object and its version, or None."""

    def create(self, name: str, data: bytes) -> None:
        """Makes an object that is not there; Lost if it is."""

    def swap(self, name: str, data: bytes, version: str) -> None:
        """Puts an object in the place of that version; Lost if it is another by now."""

    def names(self, prefix: str) -> list[str]:
        """The objects below a prefix."""

    def delete(self, name: str) -> None:
        """Removes an object."""


def store(url: str) -> Store:
    """The store of gs://bucket/prefix, or of a folder."""
    if url.startswith("gs://"):
        return Bucket(url)
    if "://" in url:
        raise Refused(f"want gs://bucket/dags or a folder (got {url})")
    return Folder(Path(url))


class Folder:
    """A local or mounted folder. Whoever reads it sees an object whole or not at all."""

    def __init__(self, root: Path):
        self.root = root

    def read(self, name: str) -> tuple[bytes | None, str]:
        """See Store."""
        try:
            data = (self.root / name).read_bytes()
        except FileNotFoundError:
            return None, ""
        return data, hashlib.sha256(data).hexdigest()

    def create(self, name: str, data: bytes) -> None:
        """See Store."""
        self._write(name, data, "")

    def swap(self, name: str, data: bytes, version: str) -> None:
        """See Store."""
        self._write(name, data, version)

    def names(self, prefix: str) -> list[str]:
        """See Store."""
        return sorted(str(p.relative_to(self.root)) for p in (self.root / prefix).glob("*.zip"))

    def delete(self, name: str) -> None:
        """See Store."""
        (self.root / name).unlink(missing_ok=True)

    def _write(self, name: str, data: bytes, version: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        home = self.root.resolve()
        # Beside the folder, not in it: Airflow would read it. flock ends with the process, however that ends.
        with open(home.parent / f".{home.name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self.read(name)[1] != version:
                raise Lost(f"{path} was changed by another deployment; look at it (show), then deploy again")
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".partial", delete=False) as f:
                f.write(data)
                f.flush()
                os.fsync(f.fileno())
            os.chmod(f.name, 0o644)
            os.replace(f.name, path)


class Bucket:
    """A prefix of a bucket by Cloud Storage's JSON API, as whoever is logged in to gcloud.

    STORAGE_EMULATOR_HOST replaces Google's server, as in Google's own clients; then nobody needs to be logged in.
    """

    def __init__(self, url: str):
        self.url = url.rstrip("/")
        self.bucket, _, prefix = self.url.removeprefix("gs://").partition("/")
        self.prefix = f"{prefix}/" if prefix else ""
        emulator = os.environ.get("STORAGE_EMULATOR_HOST", "")
        host = emulator if "://" in emulator or not emulator else f"http://{emulator}"
        self.host = host or "https://storage.googleapis.com"
        self.headers = {} if emulator else {"Authorization": f"Bearer {token()}"}

    def read(self, name: str) -> tuple[bytes | None, str]:
        """See Store."""
        try:
            meta = json.loads(self._ask("GET", self._object(name)))
            data = self._ask("GET", f"{self._object(name)}?alt=media&generation={meta['generation']}")
        except urllib.error.HTTPError as e:
            if e.code == 404:
                return None, ""
            raise self._refused(name, e) from e
        return data, str(meta["generation"])

    def create(self, name: str, data: bytes) -> None:
        """See Store."""
        self.swap(name, data, "")

    def swap(self, name: str, data: bytes, version: str) -> None:
        """See Store."""
        query = {"uploadType": "media", "name": self.prefix + name, "ifGenerationMatch": version or "0"}
        try:
            self._ask("POST", f"upload/storage/v1/b/{self.bucket}/o?{urllib.parse.urlencode(query)}", data)
        except urllib.error.HTTPError as e:
            if e.code == 412:
                raise Lost(f"{self.url}/{name} was changed by another deployment; look at it (show), then deploy again") from e
            raise self._refused(name, e) from e

    def names(self, prefix: str) -> list[str]:
        """See Store."""
        found, page = [], ""
        while True:
            query = urllib.parse.urlencode({"prefix": self.prefix + prefix, "pageToken": page})
            answer = json.loads(self._ask("GET", f"storage/v1/b/{self.bucket}/o?{query}"))
            found += [o["name"].removeprefix(self.prefix) for o in answer.get("items", [])]
            if not (page := answer.get("nextPageToken", "")):
                return sorted(found)

    def delete(self, name: str) -> None:
        """See Store."""
        try:
            self._ask("DELETE", self._object(name))
        except urllib.error.HTTPError as e:
            if e.code != 404:
                raise self._refused(name, e) from e

    def _object(self, name: str) -> str:
        return f"storage/v1/b/{self.bucket}/o/{urllib.parse.quote(self.prefix + name, safe='')}"

    def _ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        headers = {**self.headers, "Content-Type": "application/octet-stream", "Cache-Control": "no-store"}
        request = urllib.request.Request(f"{self.host}/{path}", body, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    def _refused(self, name: str, e: urllib.error.HTTPError) -> Refused:
        return Refused(f"{self.url}/{name}: {e.code} {e.read(300).decode(errors='replace')}; docs/deploy.md lists the rights")


def token() -> str:
    """An access token of whoever is logged in."""
    if given := os.environ.get("CLIENTELE_GOOGLE_TOKEN"):
        return given
    try:
        done = subprocess.run(["gcloud", "auth", "print-access-token"], check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as e:
        raise Refused(f"no access token: log in by gcloud, or set CLIENTELE_GOOGLE_TOKEN ({e})") from e
    return done.stdout.strip()
