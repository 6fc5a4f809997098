"""clientele_rollback with a warehouse: what the tables in BigQuery say after each run."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bucket import Bucket, serve
from world import LAST_DAY, LATER, World

pytest_plugins = ["world"]

PROJECT, DATASET = "test-project", "clientele"
EMULATOR = Path(__file__).parents[3] / "tools" / "bigquery" / "emulator.py"
STARTS_WITHIN = 120  # seconds


class Warehouse:
    """A local BigQuery. It reads what load jobs name as gs:// from the folder of the object store."""

    def __init__(self, host: str):
        self.host = host

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query; {d} is the dataset."""
        asked = {"query": sql.format(d=f"{PROJECT}.{DATASET}"), "useLegacySql": False}
        answer = self.call(f"projects/{PROJECT}/queries", asked)
        assert not answer.get("errors"), answer["errors"]
        return [tuple(field["v"] for field in row["f"]) for row in answer.get("rows", [])]

    def call(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://{self.host}/bigquery/v2/{path}", data=data, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)


@contextlib.contextmanager
def bigquery(python: str, folder: Path) -> Iterator[Warehouse]:
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
    server = subprocess.Popen(  # it ends when its standard input does
        [python, EMULATOR, str(port), folder], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    warehouse, end = Warehouse(f"127.0.0.1:{port}"), time.monotonic() + STARTS_WITHIN
    try:
        while True:
            try:
                reference = {"projectId": PROJECT, "datasetId": DATASET}
                warehouse.call(f"projects/{PROJECT}/datasets", {"datasetReference": reference})
                break
            except urllib.error.HTTPError as e:
                if e.code == 409:  # an answer before came too late
                    break
                raise
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)
        yield warehouse
    finally:
        server.stdin.close()
        server.wait(20)


@pytest.fixture
def published(database: Path, shop: Path, tmp_path: Path) -> Iterator[tuple[World, Warehouse]]:
    """A deployment with a warehouse, whose bucket lies in a folder that the warehouse can load from."""
    python = os.environ.get("CLIENTELE_BIGQUERY", "")
    if not Path(python).is_file():
        message = "CLIENTELE_BIGQUERY names no Python with tools/bigquery/requirements.txt"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(message)
    with serve(os.environ["CLIENTELE_FAKE_GCS"], tmp_path) as host, bigquery(python, tmp_path) as warehouse:
        yield (
            World(
                Bucket(host, "shop"),
                STORAGE_EMULATOR_HOST=host,
                BIGQUERY_EMULATOR_HOST=warehouse.host,
                CLIENTELE_WAREHOUSE=f"{PROJECT}.{DATASET}",
                CLIENTELE_PLACE="local",
                CLIENTELE_SOURCE=str(shop / "lines.csv"),
                CLIENTELE_RETRY_SECONDS="1",
                CLIENTELE_LOOK_SECONDS="1",
            ),
            warehouse,
        )


def test_a_rollback_brings_the_old_segments_back_in_the_warehouse(published):
    world, warehouse = published
    first = world.segment(as_of=LAST_DAY)
    assert first.state == "success"
    old = first.results["train"]["model_id"]
    newer = world.segment(as_of=LATER, k=3, promote="force")
    assert newer.results["promote"]["action"] == "promote"
    new = newer.results["train"]["model_id"]
    current = "SELECT DISTINCT model_id, as_of FROM `{d}.segments_current`"
    assert warehouse.ask(current) == [(new, LATER)]

    back = world.roll_back(as_of=LATER, reason="three are too few")
    assert back.state == "success"
    assert warehouse.ask(current) == [(old, LATER)]
    history = "SELECT DISTINCT as_of, model_id FROM `{d}.assignments` ORDER BY as_of"
    assert warehouse.ask(history) == [(LAST_DAY, old), (LATER, old)]
    sizes = "SELECT segment, COUNT(*) FROM `{d}.assignments_current` GROUP BY 1 ORDER BY 1"
    want = sorted((s["id"], str(s["customers"])) for s in back.results["score"]["segments"])
    assert warehouse.ask(sizes) == want
    kept = "SELECT model_id FROM `{d}.publications` WHERE table_name = 'segments' ORDER BY published"
    assert warehouse.ask(kept) == [(old,), (new,), (old,)]
