"""What a step read and wrote, for OpenLineage: from the manifests that the steps left, so with hashes, rows and money.

Nothing here may cost a run: where the provider is missing, or storage does not answer, there is none, and a line in the log.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clientele.contract import STEPS
from clientele.look import authorized

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Table:
    """A dataset: where it is, the hash of its content, and its rows, -1 where nobody counts them."""

    namespace: str
    name: str
    sha256: str
    rows: int = -1
    size: int = -1


@dataclass(frozen=True)
class Lineage:
    """What a step read and wrote, and the revenue that its result has; "" without one."""

    inputs: tuple[Table, ...]
    outputs: tuple[Table, ...]
    revenue: str


def run_name(pipeline: str, as_of: str, run_id: str) -> str:
    """The run's folder below runs/, as pkg/contract names it."""
    slug = re.sub("[^a-z0-9]+", "-", run_id.lower()).lstrip("-")[:40].rstrip("-")
    return f"{pipeline}/{as_of}/{slug}-{hashlib.sha256(run_id.encode()).hexdigest()[:8]}"


def of(step: str, arguments: Sequence[str], read: Callable[[str], Any]) -> Lineage:
    """The lineage of a step that has ended, by its arguments. read returns the JSON of an object by its URL."""
    flags = dict(a.removeprefix("--").split("=", 1) for a in arguments if a.startswith("--") and "=" in a)
    root = flags["root"].rstrip("/")
    run = run_name(flags["pipeline"], flags["as-of"], flags["run-id"])
    manifest = _manifest(root, run, step, read)
    inputs: list[Table] = []
    for before in STEPS[step]["reads"] or []:
        inputs += _tables(root, before, _manifest(root, flags.get("from-run") or run, before, read))
    if step == "ingest":
        where = urllib.parse.urlsplit(flags["source"])
        space = f"{where.scheme}://{where.netloc}" if where.scheme else "file"
        inputs.append(Table(space, where.path.lstrip("/") if where.scheme else where.path, manifest["inputs"]["source"]))
    return Lineage(tuple(inputs), tuple(_tables(root, step, manifest)), str(manifest["result"].get("revenue", "")))


def _manifest(root: str, run: str, step: str, read: Callable[[str], Any]) -> dict[str, Any]:
    return read(f"{root}/{read(f'{root}/runs/{run}/{step}/current.json')['manifest']}")


def _tables(root: str, step: str, manifest: dict[str, Any]) -> list[Table]:
    """The objects of a manifest. Ingest's are the lines as a whole, by the snapshot that names them."""
    where = urllib.parse.urlsplit(root)
    space, prefix = f"{where.scheme}://{where.netloc}", where.path.strip("/")
    if step == "ingest":
        result = manifest["result"]
        return [Table(space, f"{prefix}/lines", result["snapshot"], int(result.get("rows_accepted", -1)))]
    return [
        Table(space, f"{prefix}/{o['object']}", o["sha256"], int(o.get("rows", 0)), int(o["size"]))
        for _, o in sorted(manifest["objects"].items())
    ]


def reader(emulator: str) -> Callable[[str], Any]:
    """Reads JSON from Cloud Storage as Airflow's account, or from a file."""

    def read(url: str) -> Any:
        where = urllib.parse.urlsplit(url)
        if where.scheme == "file":
            return json.loads(Path(where.path).read_text())
        name = urllib.parse.quote(where.path.lstrip("/"), safe="")
        with urllib.request.urlopen(
            authorized(f"storage/v1/b/{where.netloc}/o/{name}?alt=media", emulator), timeout=20
        ) as answer:
            return json.load(answer)

    return read


def facets(step: str, arguments: Sequence[str], emulator: str) -> Any:
    """The same as OpenLineage's provider wants it; None without that provider, or where it cannot be had."""
    try:
        from airflow.providers.openlineage.extractors import OperatorLineage
        from openlineage.client.event_v2 import InputDataset, OutputDataset
        from openlineage.client.facet_v2 import data_quality_metrics_input_dataset as quality
        from openlineage.client.facet_v2 import dataset_version_dataset as version
        from openlineage.client.facet_v2 import output_statistics_output_dataset as statistics
        from openlineage.client.facet_v2 import tags_run
    except ImportError:
        return None
    if step not in STEPS:
        return None
    try:
        found = of(step, arguments, reader(emulator))
    except Exception as e:
        log.info("%s: no lineage: %s", step, type(e).__name__)
        return None

    def facts(t: Table) -> dict[str, Any]:
        return {"version": version.DatasetVersionDatasetFacet(datasetVersion=f"sha256:{t.sha256}")}

    inputs = [
        InputDataset(
            t.namespace,
            t.name,
            facets=facts(t),
            inputFacets={"dataQualityMetrics": quality.DataQualityMetricsInputDatasetFacet({}, rowCount=t.rows)}
            if t.rows >= 0
            else {},
        )
        for t in found.inputs
    ]
    outputs = [
        OutputDataset(
            t.namespace,
            t.name,
            facets=facts(t),
            outputFacets={
                "outputStatistics": statistics.OutputStatisticsOutputDatasetFacet(
                    rowCount=t.rows if t.rows >= 0 else None, size=t.size if t.size >= 0 else None
                )
            },
        )
        for t in found.outputs
    ]
    money = [tags_run.TagsRunFacetFields("revenue", found.revenue, source="clientele")] if found.revenue else []
    return OperatorLineage(inputs=inputs, outputs=outputs, run_facets={"tags": tags_run.TagsRunFacet(money)} if money else {})
