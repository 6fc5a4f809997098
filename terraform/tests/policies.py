"""What must hold for every plan. A policy takes the planned resources and yields what is wrong, a line each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

LABELS = {"app", "env", "cost-center"}

# All that is granted on the project. Whatever reaches every bucket, data set, secret or account of it is not here.
PROJECT_ROLES = {
    "roles/bigquery.jobUser",
    "roles/composer.serviceAgent",
    "roles/composer.worker",
    "roles/container.clusterViewer",
    "roles/container.defaultNodeServiceAccount",
    "roles/dataproc.editor",  # Airflow's: batches
    "roles/dataproc.worker",  # the batches' own; it reaches objects of the project, as composer.worker does
}

# All that is granted on a single thing.
ROLES = {
    "roles/artifactregistry.reader",
    "roles/artifactregistry.writer",
    "roles/bigquery.dataEditor",
    "roles/bigquery.dataViewer",
    "roles/iam.serviceAccountUser",
    "roles/iam.workloadIdentityUser",
    "roles/secretmanager.secretAccessor",
    "roles/storage.objectCreator",
    "roles/storage.objectUser",
    "roles/storage.objectViewer",
}

# Blocks of earlier generations of Composer, which Composer 3 refuses or ignores.
OLD_COMPOSER = {"private_environment_config", "database_config", "web_server_config", "master_authorized_networks_config", "node_count"}
OLD_NODES = {"zone", "machine_type", "disk_size_gb", "oauth_scopes", "ip_allocation_policy", "enable_ip_masq_agent"}


@dataclass
class Resource:
    """A resource that a plan makes; what is not known yet is None in values and true in unknown."""

    address: str
    type: str
    values: dict[str, Any]
    unknown: dict[str, Any] = field(default_factory=dict)


def resources(plan: dict) -> list[Resource]:
    """The resources of a plan as `terraform show -json` prints it."""
    return [
        Resource(c["address"], c["type"], c["change"]["after"], c["change"]["after_unknown"])
        for c in plan["resource_changes"]
        if c["mode"] == "managed" and "create" in c["change"]["actions"]
    ]


def of(planned: list[Resource], *types: str) -> Iterator[Resource]:
    return (r for r in planned if r.type in types)


def bindings(planned: list[Resource]) -> Iterator[Resource]:
    return (r for r in planned if re.search(r"_iam_(member|binding|policy)$", r.type))


def nothing_is_public(planned: list[Resource]) -> Iterator[str]:
    for r in of(planned, "google_storage_bucket"):
        if r.values["public_access_prevention"] != "enforced" or r.values["uniform_bucket_level_access"] is not True:
            yield f"{r.address}: want public access prevention and uniform access"
    for r in bindings(planned):
        if re.search(r"allUsers|allAuthenticatedUsers", str(r.values)):
            yield f"{r.address}: everybody is a member"


def roles_are_few(planned: list[Resource]) -> Iterator[str]:
    for r in bindings(planned):
        if not r.type.endswith("_iam_member"):
            yield f"{r.address}: takes rights away that others have given; want a member"
        elif r.values["role"] not in (PROJECT_ROLES if r.type == "google_project_iam_member" else ROLES):
            yield f"{r.address}: {r.values['role']} is not among the roles that are given there"


def there_are_no_keys(planned: list[Resource]) -> Iterator[str]:
    for r in of(planned, "google_service_account_key", "google_storage_hmac_key", "google_secret_manager_secret_version"):
        yield f"{r.address}: a key or a secret's value would be in the state file"


def deletion_is_for_pointers(planned: list[Resource]) -> Iterator[str]:
    """Whoever may delete is a maintainer, Airflow in its own bucket, or is held to the names of pointers."""
    for r in of(planned, "google_storage_bucket_iam_member", "google_storage_managed_folder_iam_member"):
        may = r.values["role"] == "roles/storage.objectUser"
        conditions = [c["expression"] for c in r.values["condition"]]
        # What a condition names: one object, or one name below a folder.
        held = any(re.fullmatch(r"resource\.name == '[^']+'|.*endsWith\('/\w+\.json'\)", c) for c in conditions)
        own = ".maintainer[" in r.address
        if may and not held and not own:
            yield f"{r.address}: may delete everything"


def pointers_can_be_moved(planned: list[Resource]) -> Iterator[str]:
    pointed = {r.values["bucket"] for r in of(planned, "google_storage_bucket_iam_member") if r.values["role"] == "roles/storage.objectUser"}
    for r in of(planned, "google_storage_bucket"):
        if r.values["name"] in pointed and (r.values["retention_policy"] or r.values["default_event_based_hold"]):
            yield f"{r.address}: has pointers and a retention policy, which refuses to move them"


def objects_come_back(planned: list[Resource]) -> Iterator[str]:
    for r in of(planned, "google_storage_bucket"):
        kept = r.values["retention_policy"] or any(v["enabled"] for v in r.values["versioning"])
        if not kept or not all(s["retention_duration_seconds"] for s in r.values["soft_delete_policy"]):
            yield f"{r.address}: want versions (or a retention policy) and soft delete"


def runs_outlive(planned: list[Resource], days: int) -> Iterator[str]:
    """No rule deletes what is younger than that, or outside runs."""
    for r in of(planned, "google_storage_bucket"):
        for rule in r.values["lifecycle_rule"]:
            (condition,) = rule["condition"]
            if condition["days_since_noncurrent_time"]:
                continue
            prefixes = condition["matches_prefix"] or [""]
            if not all(p.endswith("/runs/") for p in prefixes):
                yield f"{r.address}: deletes below {prefixes}"
            if condition["age"] <= days:
                yield f"{r.address}: deletes after {condition['age']} days what a state names for {days}"


def tags_never_move(planned: list[Resource]) -> Iterator[str]:
    for r in of(planned, "google_artifact_registry_repository"):
        if not any(c["immutable_tags"] for c in r.values["docker_config"]):
            yield f"{r.address}: tags can move"


def destruction_is_refused(planned: list[Resource]) -> Iterator[str]:
    for r in planned:
        v = r.values
        if v.get("force_destroy") or v.get("delete_contents_on_destroy") or v.get("deletion_protection") is False:
            yield f"{r.address}: can be destroyed with what it holds"


def labels_are_there(planned: list[Resource]) -> Iterator[str]:
    for r in planned:
        for name in ("labels", "user_labels", "resource_labels"):
            if r.type == "google_monitoring_notification_channel" and name == "labels":
                continue  # its address
            if r.type == "google_billing_budget" or name not in r.values:
                continue
            if missing := LABELS - set(r.values[name] or {}):
                yield f"{r.address}: without the labels {sorted(missing)}"


def alerts_reach_somebody(planned: list[Resource], runbook: str) -> Iterator[str]:
    """Each has a severity, a channel, and a section of the runbook that is there."""
    sections = {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in re.findall(r"(?m)^#+ (.*)", runbook)}
    for r in of(planned, "google_monitoring_alert_policy"):
        if not r.values.get("notification_channels") and r.unknown.get("notification_channels") is not True:
            yield f"{r.address}: has no channel"
        if r.values["severity"] not in ("CRITICAL", "ERROR", "WARNING"):
            yield f"{r.address}: has no severity"
        links = [link["url"] for d in r.values["documentation"] for link in d["links"]]
        if not links:
            yield f"{r.address}: has no link to the runbook"
        for url in links:
            if url.partition("#")[2] not in sections:
                yield f"{r.address}: the runbook has no section {url.partition('#')[2]!r}"


# What Composer measures, as far as alerts use it: https://cloud.google.com/composer/docs/composer-3/monitor-environments
COMPOSER_METRICS = {
    "environment/healthy",
    "environment/scheduler_heartbeat_count",
    "environment/dag_processing/parse_error_count",
    "workflow/run_count",
}


def alerts_have_their_metric(planned: list[Resource]) -> Iterator[str]:
    names = {r.values["name"] for r in of(planned, "google_logging_metric")}
    for r in of(planned, "google_monitoring_alert_policy"):
        for c in r.values["conditions"]:
            (threshold,) = c["condition_threshold"]
            if not metric_is_there(threshold["filter"], names):
                yield f"{r.address}: no such metric: {threshold['filter']}"


def metric_is_there(query: str, names: set[str]) -> bool:
    """Whether a filter's metric is one of the plan's, or one of Composer's."""
    found = re.search(r'metric\.type="(logging\.googleapis\.com/user|composer\.googleapis\.com)/([^"]+)"', query)
    return bool(found) and found.group(2) in (names if found.group(1).startswith("logging") else COMPOSER_METRICS)


def the_dashboard_shows_what_is_there(planned: list[Resource]) -> Iterator[str]:
    """Every tile has a metric of the plan's, or one of Composer's; the first one is the business's."""
    names = {r.values["name"] for r in of(planned, "google_logging_metric")}
    for r in of(planned, "google_monitoring_dashboard"):
        tiles = json.loads(r.values["dashboard_json"])["mosaicLayout"]["tiles"]
        queries = [d["timeSeriesQuery"]["timeSeriesFilter"]["filter"] for t in tiles for d in t["widget"]["xyChart"]["dataSets"]]
        for query in queries:
            if not metric_is_there(query, names):
                yield f"{r.address}: no such metric: {query}"
        if not queries or "clientele/customers" not in queries[0]:
            yield f"{r.address}: want customers first"


def ci_is_one_repository_on_one_ref(planned: list[Resource]) -> Iterator[str]:
    for r in of(planned, "google_iam_workload_identity_pool_provider"):
        condition = r.values["attribute_condition"] or ""
        if not re.fullmatch(r"assertion\.repository == '[\w.-]+/[\w.-]+' && assertion\.ref == 'refs/(heads|tags)/[\w./-]+'", condition):
            yield f"{r.address}: {condition!r} lets others in"
    for r in of(planned, "google_service_account_iam_member"):
        if r.values["role"] == "roles/iam.workloadIdentityUser" and not re.search(r"/attribute\.repository/[\w.-]+/[\w.-]+$", r.values["member"]):
            yield f"{r.address}: {r.values['member']} is not one repository"


def composer_is_of_the_third_generation(planned: list[Resource]) -> Iterator[str]:
    for r in of(planned, "google_composer_environment"):
        (config,) = r.values["config"]
        old = {n for n in OLD_COMPOSER if config.get(n)} | {n for c in config["node_config"] for n in OLD_NODES if c.get(n)}
        if old:
            yield f"{r.address}: {sorted(old)} are of Composer 1 and 2"
        (software,) = config["software_config"]
        if not re.fullmatch(r"composer-3-airflow-\d+\.\d+\.\d+(-build\.\d+)?", software["image_version"]):
            yield f"{r.address}: {software['image_version']}"
        if software.get("pypi_packages"):
            yield f"{r.address}: the DAGs need no packages"


def dags_read_every_variable(planned: list[Resource], names: list[str]) -> Iterator[str]:
    for r in of(planned, "google_composer_environment"):
        (software,) = r.values["config"][0]["software_config"]
        for name in sorted(set(software["env_variables"]) - set(names)):
            yield f"{r.address}: no DAG reads {name}"


def the_deployer_may_make_it(planned: list[Resource], roles: dict[str, dict]) -> Iterator[str]:
    covered = {t for role in roles.values() for t in role["resources"]}
    for t in sorted({r.type for r in planned} - covered):
        yield f"{t}: no role of the deployer makes it"
    for role in roles:
        if re.fullmatch(r"roles/(owner|editor|.*securityAdmin|iam\.serviceAccountTokenCreator|.*[kK]eyAdmin)", role):
            yield f"{role}: too much for a deployer"


def only_google_is_asked(planned: list[Resource]) -> Iterator[str]:
    for r in planned:
        if not r.type.startswith("google_"):
            yield f"{r.address}: a resource that no plan can check"
