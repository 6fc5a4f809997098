"""Lineage from the manifests of a run: hashes, rows and money; nothing where the provider or the run is missing."""

from __future__ import annotations

import json

import pytest

import wiring
from clientele import lineage
from clientele.contract import STEPS

RUN = "clientele_segmentation/2026-03-02/golden-dd56de41"


@pytest.fixture
def root(tmp_path):
    """Two steps of a run, as they leave them (pkg/run)."""

    def leave(step: str, inputs: dict, objects: dict, result: dict) -> None:
        folder = tmp_path / "runs" / RUN / step
        (folder / "0a1b2c3d4e5f").mkdir(parents=True)
        manifest = f"runs/{RUN}/{step}/0a1b2c3d4e5f/_MANIFEST.json"
        (folder / "current.json").write_text(json.dumps({"version": 1, "manifest": manifest}))
        (tmp_path / manifest).write_text(json.dumps({"inputs": inputs, "objects": objects, "result": result}))

    sales = {"object": f"runs/{RUN}/preprocess/0a1b2c3d4e5f/sales.arrow", "rows": 9084, "size": 162762, "sha256": "b5"}
    leave("ingest", {"source": "ad6be5"}, {}, {"snapshot": "a83e43", "rows_accepted": 11736})
    leave("preprocess", {"snapshot": "a83e43"}, {"sales": sales}, {"revenue": "283736.2100"})
    return f"file://{tmp_path}"


def arguments(root: str, step: str) -> list[str]:
    task = wiring.dags()["clientele_segmentation"].get_task(f"data.{step}")
    given = wiring.rendered(task).arguments
    return [f"--root={root}" if a.startswith("--root=") else a for a in given]


def test_a_run_has_the_name_that_the_programs_give_it():
    """pkg/contract/run.go: Slug; the hash is that of `printf golden | sha256sum`."""
    assert lineage.run_name("clientele_segmentation", "2026-03-02", "golden") == RUN
    name = lineage.run_name("p", "2026-01-05", "scheduled__2026-01-05T00:00:00+00:00")
    assert name.startswith("p/2026-01-05/scheduled-2026-01-05t00-00-00-00-00-")


def test_what_a_step_read_and_wrote(root):
    read = lineage.reader("")
    prefix = root.removeprefix("file:///")
    lines = lineage.Table("file://", f"{prefix}/lines", "a83e43", 11736)
    ingest = lineage.of("ingest", arguments(root, "ingest"), read)
    assert ingest.inputs == (lineage.Table("gs://example-inbox", "2026-03-02.csv.gz", "ad6be5"),)
    assert ingest.outputs == (lines,) and ingest.revenue == ""
    preprocess = lineage.of("preprocess", arguments(root, "preprocess"), read)
    sales = f"{prefix}/runs/{RUN}/preprocess/0a1b2c3d4e5f/sales.arrow"
    assert preprocess.inputs == (lines,)
    assert preprocess.outputs == (lineage.Table("file://", sales, "b5", 9084, 162762),)
    assert preprocess.revenue == "283736.2100"


def test_openlineage_gets_it(root):
    pytest.importorskip("airflow.providers.openlineage", reason="this Airflow's set has no openlineage provider")
    found = lineage.facets("preprocess", arguments(root, "preprocess"), "")
    (read,), (wrote,) = found.inputs, found.outputs
    assert read.facets["version"].datasetVersion == "sha256:a83e43"
    assert read.inputFacets["dataQualityMetrics"].rowCount == 11736
    assert wrote.facets["version"].datasetVersion == "sha256:b5"
    assert (wrote.outputFacets["outputStatistics"].rowCount, wrote.outputFacets["outputStatistics"].size) == (9084, 162762)
    assert [(t.key, t.value) for t in found.run_facets["tags"].tags] == [("revenue", "283736.2100")]


def test_lineage_costs_no_run(tmp_path):
    """No such run, and no provider: None either way, and no exception."""
    given = arguments(f"file://{tmp_path}", "preprocess")
    assert lineage.facets("preprocess", given, "") is None
    task = wiring.rendered(wiring.dags()["clientele_segmentation"].get_task("data.preprocess"))
    task.arguments = given
    assert task.get_openlineage_facets_on_complete(None) is None
    assert "registry" not in STEPS and lineage.facets("registry", [], "") is None
