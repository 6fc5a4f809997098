"""The world of a scenario: deliveries of a demo shop, storage, and Airflow with the real programs beside it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import runs
from bucket import Bucket, Stored, serve

LAST_DAY = "2025-12-02"  # the day after the shop's last line
NEXT = "2025-12-03"
EARLIER, LATER = "2025-11-04", "2025-12-09"
# Skipped where there is no model, or broken data.
USES = ("score", "explore", "recommend", "predict", "measure", "audience", "publish")
STEPS = ("ingest", "preprocess", "drift", "train", "evaluate", "promote", *USES, "report")


class World:
    """One deployment in a bucket of its own."""

    def __init__(self, bucket: Bucket, **env: str):
        self.bucket = bucket
        self.env = {"CLIENTELE_ROOT": f"gs://{bucket.name}/clientele", "CLIENTELE_POD_ENV": "", **env}

    @contextlib.contextmanager
    def dag(self, dag_id: str, **env: str) -> Iterator[Any]:
        """The DAG as this deployment sees it. Airflow 3 parses it again while it runs: the environment must last."""
        with mock.patch.dict(os.environ, self.env | env):
            yield runs.load(dag_id)

    def segment(self, *, env: dict[str, str] | None = None, **conf: Any) -> runs.Outcome:
        """A run of clientele_segmentation, by hand."""
        with self.dag("clientele_segmentation", **(env or {})) as dag:
            return runs.run(dag, conf)

    def look_for_drift(self, **conf: Any) -> runs.Outcome:
        """A run of clientele_drift, by hand."""
        with self.dag("clientele_drift") as dag:
            return runs.run(dag, conf)

    def roll_back(self, **conf: Any) -> runs.Outcome:
        """A run of clientele_rollback, by hand."""
        with self.dag("clientele_rollback") as dag:
            return runs.run(dag, conf)

    def erase(self, **conf: Any) -> runs.Outcome:
        """A run of clientele_erase, by hand."""
        with self.dag("clientele_erase") as dag:
            return runs.run(dag, conf)

    def clear(self, dag_id: str, outcome: runs.Outcome, *tasks: str) -> runs.Outcome:
        """Clears tasks of a run, or all, and goes on with it."""
        with self.dag(dag_id) as dag:
            return runs.clear(dag, outcome.run_id, tasks)

    def objects(self, below: str = "") -> dict[str, Stored]:
        """The objects below the root, by their names there."""
        return {n.removeprefix("clientele/"): o for n, o in self.bucket.objects(f"clientele/{below}").items()}

    def read(self, name: str) -> Any:
        return self.bucket.read(f"clientele/{name}")

    def write(self, name: str, value: Any) -> None:
        self.bucket.write(f"clientele/{name}", value)

    def manifest(self, run: str, step: str) -> tuple[str, Any]:
        """Where the manifest lies that a step's pointer names in this run, and what it says."""
        name = self.read(f"runs/{run}/{step}/current.json")["manifest"]
        return name, self.read(name)

    def manifests(self, run: str) -> list[str]:
        """The step of every manifest of a run, a step as often as it has one."""
        found = [n.split("/")[4] for n in self.objects(f"runs/{run}/") if n.endswith("/_MANIFEST.json")]
        return sorted(found, key=STEPS.index)

    def head(self) -> Any:
        """The revision in force."""
        return self.read("registry/segments/HEAD.json")["revision"]

    def history(self) -> list[dict[str, Any]]:
        """The revisions from the first to HEAD, each found by the number and the hash by which the next one names it.

        Others may lie beside them: a revision is written before HEAD is swapped, and one that loses its swap stays there.
        """
        pointer = self.read("registry/segments/HEAD.json")
        named: dict[str, Any] | None = {"seq": pointer["revision"]["seq"], "sha256": pointer["sha256"]}
        line: list[dict[str, Any]] = []
        while named:
            revision = self.read(f"registry/segments/history/{named['seq']}-{named['sha256']}.json")
            assert revision["seq"] == named["seq"]
            line.insert(0, revision)
            named = revision["previous"]
        return line

    def agree(self, outcome: runs.Outcome, dag_id: str, as_of: str = LAST_DAY) -> str:
        """Holds every step's XCom against its manifest in storage, and returns the run's name."""
        run = run_name(dag_id, as_of, outcome.run_id)
        for step in self.manifests(run):
            found, kept = dict(outcome.results[step]), self.manifest(run, step)[1]["result"]
            if step == "report":  # people get a URL, the manifest knows no root
                assert found["page"].endswith("/" + kept["page"])
                found["page"] = kept["page"]
            assert kept == found, step
        return run


def run_name(dag_id: str, as_of: str, run_id: str) -> str:
    """The run's folder: the raw id as a slug and a little of its hash, said again here as contracts have it."""
    slug = re.sub("[^a-z0-9]+", "-", run_id.lower()).strip("-")[:40].rstrip("-")
    return f"{dag_id}/{as_of}/{slug}-{hashlib.sha256(run_id.encode()).hexdigest()[:8]}"


@contextlib.contextmanager
def after_each_end(act: Callable[[Any, Any], None]) -> Iterator[None]:
    """Calls act(operator, end) when a program has failed, before Airflow hears of it."""
    from clientele.local import LocalStepOperator

    conclude = LocalStepOperator.conclude

    def acting(self: Any, ended: Any, context: Any, cause: Any = None) -> None:
        act(self, ended)
        conclude(self, ended, context, cause)

    with mock.patch.object(LocalStepOperator, "conclude", acting):
        yield


@contextlib.contextmanager
def planted(world: World, step: str, **result: Any) -> Iterator[None]:
    """Has the step find another result of its own: made, changed in storage, and read again by the real program."""
    from clientele.local import LocalStepOperator

    execute = LocalStepOperator.execute

    def changing(self: Any, context: Any) -> Any:
        found = execute(self, context)
        if self.step != step:
            return found
        told = dict(a.removeprefix("--").split("=", 1) for a in self.arguments)
        run = run_name(told["pipeline"], told["as-of"], told["run-id"])
        name, manifest = world.manifest(run, step)
        unsealed = {key: value for key, value in manifest.items() if key != "seal"}
        world.write(name, unsealed | {"result": manifest["result"] | result})
        pointer = f"runs/{run}/{step}/current.json"
        now = world.read(pointer)
        world.write(pointer, {key: value for key, value in now.items() if key not in ("seal", "sha256")})
        return execute(self, context)

    with mock.patch.object(LocalStepOperator, "execute", changing):
        yield


@pytest.fixture(scope="session")
def database() -> Path:
    """Airflow's database, made by its own command; before the first run, so that a copy of it is empty."""
    home = Path(os.environ["AIRFLOW_HOME"])
    airflow = Path(sys.executable).with_name("airflow")
    subprocess.run([airflow, "db", "migrate"], check=True, stdout=subprocess.DEVNULL, timeout=120)
    empty = home / "empty.db"
    empty.write_bytes((home / "airflow.db").read_bytes())
    return empty


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of deliveries: lines.csv of a demo shop, and bad.csv, in which no date is one."""
    folder = tmp_path_factory.mktemp("shop")
    command = [Path(os.environ["CLIENTELE_BIN"], "demo"), f"--out-dir={folder}", "--customers=250", "--seed=1"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=60)
    lines = (folder / "lines.csv").read_bytes()  # some are no UTF-8, on purpose
    (folder / "bad.csv").write_bytes(re.sub(rb"\b202[45]-\d\d-", b"some day ", lines))
    return folder


@pytest.fixture(scope="session")
def new_world(database: Path, shop: Path) -> Iterator[Callable[..., World]]:
    """Makes deployments: empty, or with all that another has."""
    names = (f"scenario-{n}" for n in range(1000))
    with serve(os.environ["CLIENTELE_FAKE_GCS"]) as host:
        env = {
            "STORAGE_EMULATOR_HOST": host,
            "CLIENTELE_PLACE": "local",
            "CLIENTELE_SOURCE": str(shop / "lines.csv"),
            "CLIENTELE_RETRY_SECONDS": "1",
            "CLIENTELE_LOOK_SECONDS": "1",
        }

        def new(like: World | None = None) -> World:
            world = World(Bucket(host, next(names)), **env)
            if like:
                like.bucket.copy_to(world.bucket)
            return world

        yield new


@pytest.fixture(scope="session")
def first(new_world: Callable[..., World]) -> tuple[World, runs.Outcome]:
    """A deployment and its first run, as of the day after the shop's last line. Nobody writes there any more: copy it."""
    world = new_world()
    return world, world.segment(as_of=LAST_DAY)


@pytest.fixture
def empty(new_world: Callable[..., World]) -> World:
    """A deployment that has never run."""
    return new_world()


@pytest.fixture
def world(new_world: Callable[..., World], first: tuple[World, runs.Outcome]) -> World:
    """A deployment that has a model in force, since LAST_DAY."""
    return new_world(first[0])
