"""A repository of three small DAGs, its sets, and the places that sets are deployed to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

import bucket as gcs  # the fake server of the DAGs' scenarios
import dagset

CICD = Path(__file__).resolve().parents[1]
REPOSITORY = dagset.REPOSITORY


def git(root: Path, *words: str) -> None:
    """Runs git as nobody in particular."""
    who = ["-c", "user.name=t", "-c", "user.email=t@shop.example", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, "-C", str(root), *words], check=True, capture_output=True)


class Tree:
    """A repository with what a set is made of; commit(text) makes another set."""

    def __init__(self, root: Path):
        self.root = root
        package = root / "dags/clientele"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
        (package / "contract.json").write_text(json.dumps({"version": "0.2.0", "steps": [{"name": "ingest"}, {"name": "score"}]}))
        git(root, "init", "--quiet")
        self.images = root.parent / "images.json"
        self.digests("0.2.0", ingest="a", score="b", registry="c")

    def digests(self, version: str, **letters: str) -> None:
        """Writes images.json."""
        self.images.write_text(json.dumps({"version": version, **{k: "sha256:" + v * 64 for k, v in letters.items()}}))

    def commit(self, text: str) -> dagset.DagSet:
        """The set of a commit whose DAGs have this text."""
        for name in ("drift", "rollback", "segmentation"):
            (self.root / f"dags/clientele_{name}.py").write_text(f"# {text}: {name}\n")
        git(self.root, "add", "-A")
        git(self.root, "commit", "--quiet", "-m", text)
        return dagset.build(self.images, self.root)


@pytest.fixture
def tree(tmp_path) -> Tree:
    return Tree(tmp_path / "repository")


@pytest.fixture(scope="session")
def server():
    """The host of a fake-gcs-server."""
    binary = os.environ.get("CLIENTELE_FAKE_GCS", "")
    if not Path(binary).is_file():
        assert os.environ.get("CI") != "true", "CLIENTELE_FAKE_GCS is not a file"
        pytest.skip("CLIENTELE_FAKE_GCS is not a file: make builds it")
    with gcs.serve(binary) as host:
        yield host


@pytest.fixture(params=["folder", "bucket"])
def place(request, tmp_path, monkeypatch) -> str:
    """A DAGs folder: a folder, or a bucket that stands in for Composer's."""
    if request.param == "folder":
        return str(tmp_path / "dags")
    host = request.getfixturevalue("server")
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", host)
    name = f"airflow-{uuid.uuid4().hex[:12]}"
    gcs.Bucket(host, name)
    return f"gs://{name}/dags"


def run(*words: str, code: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    """deploy.py as a process without a terminal; code runs before it, in it."""
    start = ["-c", f"import sys; sys.path.insert(0, {str(CICD)!r})\n{code}\nimport deploy\nsys.exit(deploy.main())"]
    return subprocess.run(
        [sys.executable, *start, *words], env=os.environ | env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
    )
