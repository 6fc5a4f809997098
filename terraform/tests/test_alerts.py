"""The metrics' filters, as planned, find what the real programs log."""

from __future__ import annotations

import json
import os
import subprocess

import logquery
import policies
import pytest
from conftest import REPOSITORY

# What is planned, and what an entry looks like there.
PLACES = {
    "prod": lambda line: logquery.of_a_worker(line, "clientele"),
    "own cluster and warehouse": lambda line: logquery.of_a_pod(line, "clientele"),
}


class Programs:
    """The real programs on a demo shop whose prices are multiplied by 100 at some day."""

    def __init__(self, folder):
        self.folder = folder
        self.run("demo", f"--out-dir={folder}", "--customers=400", "--fault=price_x100@2025-09-01..2025-11-30", root=False)

    def past(self, source: str) -> list[str]:
        """A step at work for the fourth time, after a freeze: with a past, and a model and a hold of some days."""
        of = [("pipeline", "--record-use=true", source, f"--as-of=2025-08-0{day}") for day in (1, 2, 3)]
        log = [line for arguments in of for line in self.run(*arguments, root="slow")]
        self.run("registry", "freeze", "--reason=a look", root="slow")
        return [*log, *self.run(*of[0][:3], "--as-of=2025-08-20", root="slow")]

    def run(self, program: str, *arguments: str, root: str | bool = "root") -> list[str]:
        """Runs a program and returns the lines of its log."""
        at = [f"--root=file://{self.folder}/{root}"] if root else []
        command = [arguments[0]] if program == "registry" else []
        done = subprocess.run(
            [REPOSITORY / "bin" / program, *command, "--log=json", "--termination-log=/dev/null", "--result=/dev/null", *at, *arguments[len(command) :]],
            capture_output=True,
            text=True,
            timeout=300,
            env={k: v for k, v in os.environ.items() if not k.startswith("CLIENTELE_")},
        )
        return [line for line in done.stderr.splitlines() if line.startswith("{")]


@pytest.fixture(scope="session")
def log(tmp_path_factory) -> list[str]:
    """The lines of a first run, one a week later, one that drift finds broken, one whose candidate is refused, and steps that fail."""
    if missing := [p for p in ("demo", "pipeline", "ingest", "registry") if not (REPOSITORY / "bin" / p).exists()]:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"bin/{missing[0]} is missing: make test-terraform builds it")
    programs = Programs(tmp_path_factory.mktemp("shop"))
    source = f"--source={programs.folder}/lines.csv"
    step = ("--pipeline=p", "--run-id=r", "--as-of=2025-08-01")
    return [
        *programs.run("pipeline", source, "--as-of=2025-08-01"),
        *programs.run("pipeline", source, "--as-of=2025-08-08"),
        *programs.run("pipeline", source, "--as-of=2025-12-01"),
        *programs.past(source),
        *programs.run("pipeline", source, "--as-of=2025-08-01", "--silhouette-floor=0.99", root="refused"),
        *programs.run("ingest", source, *step, root="step"),
        *programs.run("ingest", f"--source={programs.folder}/not-there-yet-*.csv", *step, root="late"),
        *programs.run("ingest", "--source=https://127.0.0.1:1/x.csv", "--source-timeout=1", *step, root="away"),
        *programs.run("ingest", source, *step, "--mode=backwards", root="flags"),
    ]


@pytest.fixture(scope="session")
def metrics(planned):
    """Place → name → the metric as planned."""
    return {
        place: {m.values["name"].removeprefix("clientele/"): m.values for m in policies.of(policies.resources(planned(place)), "google_logging_metric")}
        for place in PLACES
    }


def records(log: list[str]) -> list[dict]:
    return [json.loads(line) for line in log if '"message":"step f' in line]


# Metric → the records that it is about, said without its filter.
FINISHED = {"message": "step finished"}
COUNTED = {
    "failed": lambda r: r["message"] == "step failed" and not r["retry"],
    "retried": lambda r: r["message"] == "step failed" and r["retry"],
    "run": lambda r: r["message"] == "step finished" and r["step"] == "drift",
    "drift_alert": lambda r: r["step"] == "drift" and r.get("verdict") == "alert",
    "gate_refused": lambda r: r["step"] == "evaluate" and r.get("verdict") == "fail",
    "late": lambda r: r["message"] == "step failed" and r["step"] == "ingest" and r["cause"] == "source",
    "held": lambda r: r["step"] == "promote" and r.get("action") == "hold",
}
MEASURED = (
    *("rejected_share", "customers", "moved", "findings", "seconds", "cpu_seconds", "peak_rss_bytes"),
    *("slowness", "model_age_days", "frozen_days", "gib_hours", "read_bytes", "written_bytes"),
)


def test_these_are_all_metrics(metrics):
    for place in PLACES:
        assert set(metrics[place]) == set(COUNTED) | set(MEASURED) | {"out_of_memory"}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", COUNTED)
def test_a_filter_finds_exactly_its_records(metrics, log, place, name):
    """Among all lines that the programs log, not among closing records only."""
    metric = metrics[place][name]
    found = [json.loads(line) for line in log if logquery.matches(metric["filter"], PLACES[place](line))]
    want = [r for r in records(log) if COUNTED[name](r)]
    assert want, "no program has logged such a record: this test says nothing"
    assert found == want
    for line in log:
        entry = PLACES[place](line)
        if logquery.matches(metric["filter"], entry):
            for label, extractor in metric["label_extractors"].items():
                assert logquery.extract(extractor, entry) == json.loads(line)[label]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", MEASURED)
def test_a_value_is_that_of_the_record(metrics, log, place, name):
    metric, found = metrics[place][name], 0
    for line in log:
        entry, record = PLACES[place](line), json.loads(line)
        hit = logquery.matches(metric["filter"], entry)
        assert hit == (record["message"] == "step finished" and name in record)
        if hit:
            found += 1
            assert float(logquery.extract(metric["value_extractor"], entry)) == record[name]
            assert logquery.extract(metric["label_extractors"]["step"], entry) == record["step"]
    assert found


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "name, field",
    [("failed", "message"), ("failed", "retry"), ("run", "step"), ("drift_alert", "verdict"), ("late", "cause"), ("gate_refused", "verdict"), ("held", "action")]
    + [(name, name) for name in MEASURED],
)
def test_a_renamed_field_is_noticed(metrics, log, place, name, field):
    """The planted fault: a program that calls a field otherwise."""
    lines = [line.replace(f'"{field}":', f'"{field}_new":') for line in log]
    assert not any(logquery.matches(metrics[place][name]["filter"], PLACES[place](line)) for line in lines)


@pytest.mark.parametrize("place", PLACES)
def test_an_alert_groups_by_labels_that_its_metric_has(metrics, planned, place):
    for policy in policies.of(policies.resources(planned(place)), "google_monitoring_alert_policy"):
        for condition in policy.values["conditions"]:
            (threshold,) = condition["condition_threshold"]
            if "user/clientele/" not in threshold["filter"] or "/out_of_memory" in threshold["filter"]:
                continue  # Composer's own, and one without labels
            name = threshold["filter"].split("user/clientele/")[1].split('"')[0]
            labels = set(metrics[place][name]["label_extractors"])
            (aggregation,) = threshold["aggregations"]
            assert {g.removeprefix("metric.label.") for g in aggregation["group_by_fields"] or []} <= labels
            if "metric.labels.step=" in threshold["filter"]:
                assert "step" in labels


@pytest.mark.parametrize("place", PLACES)
def test_a_threshold_is_a_bound_of_its_distribution(metrics, planned, place):
    """A percentile is exact at bounds only."""
    for policy in policies.of(policies.resources(planned(place)), "google_monitoring_alert_policy"):
        for condition in policy.values["conditions"]:
            (threshold,) = condition["condition_threshold"]
            if "user/clientele/" not in threshold["filter"] or "/out_of_memory" in threshold["filter"]:
                continue  # Composer's own, and one without labels
            name = threshold["filter"].split("user/clientele/")[1].split('"')[0]
            if name in MEASURED:
                bounds = metrics[place][name]["bucket_options"][0]["explicit_buckets"][0]["bounds"]
                assert threshold["threshold_value"] in bounds and bounds == sorted(set(bounds))


def test_the_evaluator_knows_what_it_does_not_know():
    with pytest.raises(ValueError):
        logquery.matches('jsonPayload.seconds>3 OR severity="ERROR"', {})
    entry = logquery.of_a_pod('{"message":"step failed","severity":"ERROR","retry":false}', "n")
    assert logquery.matches('severity="ERROR" AND jsonPayload.retry=false AND jsonPayload.message:"FAILED"', entry)
    assert not logquery.matches("jsonPayload.retry=true", entry)
    assert not logquery.matches("jsonPayload.cause:*", entry)


def test_airflow_says_what_the_filter_for_memory_looks_for(metrics):
    """The words are those of the DAGs, which tell a person the same."""
    said = (REPOSITORY / "dags" / "clientele" / "outcome.py").read_text()
    for place in PLACES:
        query = metrics[place]["out_of_memory"]["filter"]
        words = query.split('textPayload:"')[1].rstrip('"')
        assert words in said and "airflow-worker" in query
