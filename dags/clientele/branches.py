"""The small tasks between the pods: they read a step's result and decide what follows. Results, not exit codes."""

from __future__ import annotations

import logging
from typing import Any

from clientele.assets import new_model_wanted
from clientele.compat import AirflowFailException, task
from clientele.config import Deployment

log = logging.getLogger(__name__)

NEW_MODEL = ("refit", "retrain")


@task.short_circuit
def asks_for_new_model(drift: dict[str, Any]) -> bool:
    """Goes on only where a new model is wanted."""
    return wants_new_model(drift)


def wants_new_model(drift: dict[str, Any]) -> bool:
    """Whether drift's act is refit or retrain, the champion is not of a later as-of than the run, and no hold is set.

    A run of an old day, a backfill say, has nothing to ask of today's model. After a rollback nothing would be promoted.
    """
    return drift["act"] in NEW_MODEL and drift["as_of"] >= (drift["head_as_of"] or "") and not drift["hold"]


def ask_for_new_model(d: Deployment):
    """Updates the asset that the segmentation DAG is scheduled on."""

    @task(outlets=[new_model_wanted(d)])
    def ask_for_new_model(drift: dict[str, Any]) -> str:
        return f"{drift['act']}: {drift['cause']}"

    return ask_for_new_model


FIX_DATA = "exit code 65 (bad_data), cause fix_data"


@task
def data_are_sound(drift: dict[str, Any]) -> str:
    """Fails if drift's act is fix_data: the delivery is wrong, and a person must look at it."""
    if drift["act"] == "fix_data":
        raise AirflowFailException(f"{FIX_DATA}: the data changed, not the customers: {drift['cause']}. Look at the delivery.")
    return drift["verdict"]


@task.short_circuit(task_id="data_are_sound", ignore_downstream_trigger_rules=False)
def sound_data_go_on(drift: dict[str, Any]) -> bool:
    """Skips score if drift's act is fix_data, so that broken customers are not published. The report is still written."""
    return drift["act"] != "fix_data"


@task.short_circuit(ignore_downstream_trigger_rules=False)
def model_in_force(promote: dict[str, Any]) -> bool:
    """Skips score if no model has ever been promoted. The report is still written."""
    return bool(promote["model_id"])


@task(trigger_rule="none_failed")
def segments_are_there(drift: dict[str, Any], promote: dict[str, Any]) -> str:
    """Fails if score was skipped, so that nobody takes a page without segments for a success."""
    if drift["act"] == "fix_data":
        raise AirflowFailException(
            f"{FIX_DATA}: the data changed, not the customers: {drift['cause']}. Nothing was promoted or scored; "
            "segments of earlier runs, if any, remain. Correct the delivery and trigger a new run; the report shows what changed."
        )
    if not promote["model_id"]:
        raise AirflowFailException(f"there is no current model: {promote['why']}. See the gates in the report.")
    return promote["action"]


@task.short_circuit
def scored_before(rollback: dict[str, Any]) -> bool:
    """Goes on only where there are customers to score again."""
    return bool(rollback["run"])


@task.branch
def approved(params=None) -> str:
    """Without an approved plan a plan is made; with one it is carried out."""
    return "erase" if params["approved"] else "plan"


@task
def receipt(erased: dict[str, Any]) -> str:
    """Says what was done, and what a person has still to do: in no line is a customer's id."""
    lines = [f"Erasure {erased['erasure']} of {erased['at']}, by {erased['actor']}: {erased['customers']} customers."]
    lines += [f"{o['objects']} objects of {o['kind']} in the {o['where']}, {o['rows']} rows" for o in erased["objects"]]
    lines += [f"{w['rows']} rows of the table {w['table']}" for w in erased["warehouse"]]
    lines += [f"model {m['model_id'][:12]} lost its customers" for m in erased["models"]]
    lines += [
        f"TO DO: the list {x['list']} of {x['segment']} went to {x['tool']} on {x['at']} with {x['customers']} of them"
        for x in erased["exports"]
    ]
    lines += [f"LEFT: {left['object']} {left.get('until', '')}: {left['why']}" for left in erased["left"]]
    if erased.get("more"):
        lines.append(f"{erased['more']} more models, lists and objects are in the receipt.")
    if erased["kept_hours"]:
        lines.append(f"The bucket can give back what was deleted for {erased['kept_hours']} hours.")
    if erased.get("warehouse_hours"):
        lines.append(f"BigQuery can give back rows for {erased['warehouse_hours']} hours.")
    lines.append(f"Receipt: erasures/{erased['erasure']}.json")
    for line in lines:
        log.info("%s", line)
    return lines[-1]
