"""Every operator's arguments, every edge and every exit code against what the binaries say of themselves."""

from __future__ import annotations

import pytest

import wiring
from clientele import contract

# What the machinery passes on, not a Param of that name.
PASSED_ON = {"root", "registry", "name", "pipeline", "run-id", "as-of", "result", "from-run", "source", "zone", "currency"}
PASSED_ON |= {"to-model", "hold-until", "reason", "request", "approved"}  # empty where the flag has no default either
PASSED_ON |= {"again", "actor", "warehouse", "location"}  # of erase: the first is true without a request
PASSED_ON |= {"record-use"}  # off on a laptop
PASSED_ON |= {"programs"}  # of preflight: those of an account


def task_name(step) -> str:
    """What contract.json calls the program: registry-rollback is `registry rollback`."""
    words, _ = wiring.flags(step.arguments)
    return "-".join([step.step, *words])


@pytest.mark.parametrize("step", wiring.steps(), ids=lambda s: f"{s.dag_id}.{s.task_id}")
def test_arguments_are_flags_of_the_program(step):
    known = contract.FLAGS[task_name(step)]
    _, given = wiring.flags(step.arguments)
    assert set(given) <= set(known), "the program has no such flag"
    assert {n for n, f in known.items() if f["required"]} <= set(given), "the program requires it"
    assert not {n for n in given if known[n].get("secret")}, "a secret does not go on a command line"


@pytest.mark.parametrize("step", wiring.steps(), ids=lambda s: f"{s.dag_id}.{s.task_id}")
def test_params_have_the_defaults_of_the_flags(step):
    known = contract.FLAGS[task_name(step)]
    _, given = wiring.flags(wiring.rendered(step).arguments)
    for name in set(given) - PASSED_ON:
        default = known[name].get("default", "")
        if known[name]["kind"] == "float":
            assert float(given[name]) == float(default), name
        else:
            assert given[name].lower() == default, name


@pytest.mark.parametrize("step", wiring.steps(), ids=lambda s: f"{s.dag_id}.{s.task_id}")
def test_values_are_of_the_kind_of_the_flag(step):
    known = contract.FLAGS[task_name(step)]
    _, given = wiring.flags(wiring.rendered(step).arguments)
    for name, value in given.items():
        match known[name]["kind"]:
            case "int":
                int(value)
            case "float":
                float(value)
            case "bool":
                assert value.lower() in ("true", "false")
        assert "{{" not in value and value != "None", (name, value)
        if known[name]["required"]:
            assert value, name


def programs(dag) -> dict:
    return {t.step: t for t in dag.tasks if hasattr(t, "step")}


def test_segmentation_has_every_step_in_the_contracts_order():
    dag = wiring.dags()["clientele_segmentation"]
    tasks = programs(dag)
    order = [s["name"] for s in contract.CONTRACT["steps"]]
    assert list(tasks) == order
    # After score, steps wait for what they read only.
    serial = order[: order.index("score") + 1]
    needs = {step["name"]: step["reads"] or [] for step in contract.CONTRACT["steps"]}
    needs |= {after: [before, *needs[after]] for before, after in zip(serial, serial[1:], strict=False)}
    for after, befores in needs.items():
        for before in befores:
            assert tasks[before].task_id in tasks[after].get_flat_relative_ids(upstream=True), f"{before} → {after}"


@pytest.mark.parametrize("dag_id", ["clientele_segmentation", "clientele_drift"])
def test_what_a_step_reads_was_made_before(dag_id):
    tasks = programs(wiring.dags()[dag_id])
    for name, task in tasks.items():
        for read in contract.STEPS[name]["reads"] or []:
            assert read in tasks, f"{name} reads {read}"
            assert tasks[read].task_id in task.get_flat_relative_ids(upstream=True), f"{read} → {name}"


def test_edges_of_segmentation():
    dag = wiring.dags()["clientele_segmentation"]
    assert {t.task_id: sorted(t.downstream_task_ids) for t in dag.tasks} == {
        "begin": ["data.ingest"],
        "data.ingest": ["data.preprocess"],
        "data.preprocess": ["model.drift"],
        "model.drift": ["model.data_are_sound", "model.train", "use.segments_are_there"],  # the third is its XCom
        "model.train": ["model.evaluate"],
        "model.evaluate": ["model.promote"],
        "model.promote": ["model.model_in_force", "use.segments_are_there"],  # the second is its XCom
        "model.data_are_sound": ["use.score"],
        "model.model_in_force": ["use.score"],
        "use.score": ["use.explore", "use.predict", "use.recommend"],
        "use.explore": ["use.measure"],
        "use.recommend": ["use.measure"],
        "use.predict": ["use.measure"],
        "use.measure": ["use.audience"],
        "use.audience": ["use.publish", "use.report"],
        "use.publish": ["use.segments_are_there"],
        "use.report": ["use.segments_are_there"],
        "use.segments_are_there": [],
    }
    # If score was skipped, there is a page all the same, and a task that fails.
    rules = {t.task_id: str(getattr(t.trigger_rule, "value", t.trigger_rule)) for t in dag.tasks}
    assert {i for i, rule in rules.items() if rule != "all_success"} == {"use.report", "use.segments_are_there"}
    assert rules["use.report"] == rules["use.segments_are_there"] == "none_failed"


CUSTOMERS = ["sales", "ledger", "customers", "returns", "products", "windows", "profile"]
DRIFT = ["features", "drift_bins", "effects"]
SEGMENTS = ["assignments", "segments", "segment_features", "segment_grid", "movers", "migration"]
EXPLORED = [
    *("nature", "customer_nature", "nature_shares", "regions", "lifts", "tree", "cohorts"),
    *("distributions", "times", "concentration", "top", "gaps", "correlations"),
]
OFFERED = ["suggestions", "pairs", "methods"]
PREDICTED = ["predictions"]
MEASURED = ["arms", "reads"]
LISTED = ["audience", "lists", "list_limits", "segment_audience", "weeks", "history", "segment_weeks"]
SWEPT = ["sweep", "sweep_clusters"]
USED = [*SEGMENTS, *EXPLORED, *OFFERED, *PREDICTED, *MEASURED, *LISTED]
# Which tables a step reads and which it writes, as Airflow's lineage shows them; head is the model in force.
LINEAGE = {
    "ingest": ([], ["lines", "converted_lines", "regional_lines", "quarantine"]),
    "preprocess": (["lines", "converted_lines", "regional_lines", "quarantine"], CUSTOMERS),
    "drift": ([*CUSTOMERS, "head"], [*DRIFT, "drift.json"]),
    "train": ([*CUSTOMERS, *DRIFT, "head"], SWEPT),
    "evaluate": ([*SWEPT, *DRIFT, *CUSTOMERS, "head"], []),
    "promote": (["head"], ["head"]),
    "registry": (["head"], ["head"]),
    "score": ([*CUSTOMERS, "head"], SEGMENTS),
    "explore": (["lines", "converted_lines", "regional_lines", "quarantine", *CUSTOMERS, *SEGMENTS], EXPLORED),
    "recommend": ([*CUSTOMERS, *SEGMENTS], OFFERED),
    "predict": ([*CUSTOMERS, *SEGMENTS], PREDICTED),
    "measure": ([*CUSTOMERS, *SEGMENTS, *EXPLORED], MEASURED),
    "audience": ([*CUSTOMERS, *DRIFT, *SEGMENTS, *EXPLORED, *OFFERED, *PREDICTED, *MEASURED], LISTED),
    "publish": ([*CUSTOMERS, *DRIFT, *SWEPT, *USED], ["runs", "gates", "findings"]),
    "report": (
        ["lines", "converted_lines", "regional_lines", "quarantine", *CUSTOMERS, *DRIFT, *SWEPT, *USED],
        ["message.json", "message.txt", "report.html"],
    ),
}


@pytest.mark.parametrize("step", wiring.steps(), ids=lambda s: f"{s.dag_id}.{s.task_id}")
def test_lineage(step):
    found = [[a.uri.removeprefix("x-clientele://segments/") for a in assets] for assets in (step.inlets, step.outlets)]
    if step.dag_id == "clientele_preflight":  # asks, and makes nothing
        assert found == [[], []]
        return
    assert tuple(found) == LINEAGE[step.step]


def test_edges_of_drift():
    dag = wiring.dags()["clientele_drift"]
    assert {t.task_id: sorted(t.downstream_task_ids) for t in dag.tasks} == {
        "begin": ["ingest"],
        "ingest": ["preprocess"],
        "preprocess": ["drift"],
        "drift": ["ask_for_new_model", "asks_for_new_model", "data_are_sound"],  # the first is its XCom
        "data_are_sound": [],
        "asks_for_new_model": ["ask_for_new_model"],
        "ask_for_new_model": [],
    }


def test_edges_of_rollback():
    dag = wiring.dags()["clientele_rollback"]
    assert {t.task_id: sorted(t.downstream_task_ids) for t in dag.tasks} == {
        "begin": ["rollback"],
        "rollback": ["scored_before"],
        "scored_before": ["score"],
        "score": ["publish", "report"],
        "publish": [],
        "report": [],
    }
    for step in ("score", "report"):
        _, given = wiring.flags(wiring.rendered(dag.get_task(step)).arguments)
        assert given["from-run"] == "clientele_segmentation/2026-02-23/scheduled-0a1b2c3d"


def test_edges_of_erase():
    dag = wiring.dags()["clientele_erase"]
    assert {t.task_id: sorted(t.downstream_task_ids) for t in dag.tasks} == {
        "begin": ["approved"],
        "approved": ["erase", "plan"],
        "plan": [],
        "erase": ["receipt"],
        "receipt": [],
    }


def test_edges_of_preflight():
    dag = wiring.dags()["clientele_preflight"]
    assert {t.task_id: sorted(t.downstream_task_ids) for t in dag.tasks} == {
        "begin": ["pod", "pool", "slot"],
        "pod": [],
        "slot": [],
        "pool": [],
    }


def test_exit_codes_that_are_never_retried():
    # CONTRACTS: 64, 65, 66 and 78. The rest comes from the binaries.
    assert contract.NEVER_RETRIED == {64, 65, 66, 78}
    assert contract.TEMPORARY == {75, 143}
    assert contract.NOTHING_NEW == 99


def test_who_asks_for_a_new_model():
    from clientele.branches import wants_new_model

    drift = {"act": "retrain", "as_of": "2026-03-02", "head_as_of": "2026-02-23", "hold": ""}
    assert wants_new_model(drift)
    assert wants_new_model(drift | {"act": "refit"})
    assert not wants_new_model(drift | {"act": "wait"})
    assert not wants_new_model(drift | {"head_as_of": "2026-03-03"})
    assert not wants_new_model(drift | {"hold": "promotion is on hold since revision 3 of HEAD, until it is lifted"})


def test_acts_that_ask_for_a_model_are_acts():
    from clientele.branches import NEW_MODEL

    assert {*NEW_MODEL, "fix_data", "none", "wait"} == set(contract.CONTRACT["drift_acts"])


def test_steps_that_swap_pointers_wait_for_each_other():
    for step in wiring.steps():
        swaps = step.step == "registry" or bool(contract.STEPS[step.step]["pointers"])
        swaps = swaps and step.dag_id != "clientele_preflight"  # which is not to wait for a pool that may be missing
        assert step.pool == ("clientele_pointers" if swaps else "default_pool"), step.task_id
