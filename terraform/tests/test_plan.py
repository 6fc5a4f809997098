"""The plans of both environments, and of those with other switches, keep every policy; and every policy denies something."""

from __future__ import annotations

import re
import sys

import docs
import policies
import pytest
from conftest import PLANS, REPOSITORY

RUNBOOK = (REPOSITORY / "docs" / "runbook.md").read_text()
def longest_memory() -> int:
    """Days for which the states of drift and score name runs: one a week."""
    state = (REPOSITORY / "pkg" / "run" / "state.go").read_text()
    entries = [int(n) for n in re.findall(r"Keep(?:Score|Drift) += Keep\{Entries: (\d+)", state)]
    assert len(entries) == 2, "pkg/run/state.go is read wrongly"
    return max(entries) * 7


def roles(plan: dict) -> dict:
    return plan["planned_values"]["outputs"]["deployer_roles"]["value"]


POLICIES = {
    "nothing is public": lambda r, p: policies.nothing_is_public(r),
    "roles are few": lambda r, p: policies.roles_are_few(r),
    "there are no keys": lambda r, p: policies.there_are_no_keys(r),
    "deletion is for pointers": lambda r, p: policies.deletion_is_for_pointers(r),
    "pointers can be moved": lambda r, p: policies.pointers_can_be_moved(r),
    "objects come back": lambda r, p: policies.objects_come_back(r),
    "runs outlive the states that name them": lambda r, p: policies.runs_outlive(r, longest_memory()),
    "tags never move": lambda r, p: policies.tags_never_move(r),
    "labels are there": lambda r, p: policies.labels_are_there(r),
    "alerts reach somebody": lambda r, p: policies.alerts_reach_somebody(r, RUNBOOK),
    "alerts have their metric": lambda r, p: policies.alerts_have_their_metric(r),
    "the dashboard shows what is there": lambda r, p: policies.the_dashboard_shows_what_is_there(r),
    "CI is one repository on one ref": lambda r, p: policies.ci_is_one_repository_on_one_ref(r),
    "Composer is of the third generation": lambda r, p: policies.composer_is_of_the_third_generation(r),
    "DAGs read every variable": lambda r, p: policies.dags_read_every_variable(r, docs.settings()),
    "the deployer may make it": lambda r, p: policies.the_deployer_may_make_it(r, roles(p)),
    "only Google is asked": lambda r, p: policies.only_google_is_asked(r),
}


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_keeps_every_policy(planned, name):
    plan = planned(name)
    made = policies.resources(plan)
    assert len(made) > 40
    wrong = {policy: found for policy, check in POLICIES.items() if (found := list(check(made, plan)))}
    assert not wrong


def test_the_runbook_lists_every_alert(planned):
    """Its table against the plan: section, severity, and the metric that shows what fired."""
    listed = {(a, s, m) for a, s, m in re.findall(r"(?m)^\| \[[^]]+\]\(#([\w-]+)\) \| ([A-Z]+) \| `([\w/]+)` \| [^|]+ \|$", RUNBOOK)}
    there = {
        (url.partition("#")[2], r.values["severity"], re.search(r'(?:user/clientele/|composer\.googleapis\.com/)([\w/]+)"', c["condition_threshold"][0]["filter"])[1])
        for r in policies.of(policies.resources(planned("prod")), "google_monitoring_alert_policy")
        for c in r.values["conditions"]
        for url in [r.values["documentation"][0]["links"][0]["url"]]
    }
    assert listed == there and len(there) > 15


def test_prod_refuses_to_be_destroyed(planned):
    for name in ("prod", "own cluster and warehouse"):
        assert list(policies.destruction_is_refused(policies.resources(planned(name)))) == []
    assert list(policies.destruction_is_refused(policies.resources(planned("dev"))))  # and dev does not


def extra(type_: str, **values):
    """A fault: another resource in the plan."""
    return lambda made: made.append(policies.Resource(f"{type_}.planted", type_, values))


def change(type_: str, path: str, value, where: str = ""):
    """A fault: a value changed in every resource of a type; the path's numbers are positions."""

    def plant(made):
        found = [r for r in policies.of(made, type_) if where in r.address]
        assert found, f"no {type_} {where}"
        for r in found:
            at, *rest = path.split(".")
            inner, r.unknown = r.values, {}
            for step in rest:
                inner, at = inner[int(at) if at.isdecimal() else at], step
            inner[int(at) if at.isdecimal() else at] = value

    return plant


FAULTS = [
    ("nothing is public", change("google_storage_bucket", "public_access_prevention", "inherited")),
    ("nothing is public", change("google_storage_bucket_iam_member", "member", "allUsers")),
    ("nothing is public", change("google_secret_manager_secret_iam_member", "member", "allAuthenticatedUsers")),
    ("roles are few", change("google_project_iam_member", "role", "roles/owner")),
    ("roles are few", change("google_project_iam_member", "role", "roles/storage.admin")),
    ("roles are few", change("google_project_iam_member", "role", "roles/storage.objectViewer")),
    ("roles are few", change("google_storage_bucket_iam_member", "role", "roles/storage.objectAdmin")),
    ("roles are few", extra("google_project_iam_binding", role="roles/composer.worker", members=[])),
    ("there are no keys", extra("google_service_account_key")),
    ("deletion is for pointers", change("google_storage_managed_folder_iam_member", "role", "roles/storage.objectUser")),
    ("deletion is for pointers", change("google_storage_bucket_iam_member", "condition", [], ".pointer[")),
    (
        "deletion is for pointers",
        change("google_storage_bucket_iam_member", "condition.0.expression", "resource.name.startsWith('projects/_/')", ".pointer["),
    ),
    ("pointers can be moved", change("google_storage_bucket", "retention_policy", [{"retention_period": "86400"}], "registry")),
    ("pointers can be moved", change("google_storage_bucket", "retention_policy", [{"retention_period": "86400"}], "pipeline")),
    ("objects come back", change("google_storage_bucket", "versioning", [{"enabled": False}], "registry")),
    ("objects come back", change("google_storage_bucket", "soft_delete_policy", [{"retention_duration_seconds": 0}])),
    (
        "runs outlive the states that name them",
        change("google_storage_bucket", "lifecycle_rule.0.condition.0.age", 371, "pipeline"),
    ),
    (
        "runs outlive the states that name them",
        change("google_storage_bucket", "lifecycle_rule.0.condition.0.matches_prefix", ["shop/"], "pipeline"),
    ),
    ("tags never move", change("google_artifact_registry_repository", "docker_config", [{"immutable_tags": False}])),
    ("tags never move", change("google_artifact_registry_repository", "docker_config", [])),
    ("labels are there", change("google_storage_bucket", "labels", {"app": "clientele"})),
    ("labels are there", change("google_monitoring_alert_policy", "user_labels", None)),
    ("alerts reach somebody", change("google_monitoring_alert_policy", "notification_channels", [])),
    ("alerts reach somebody", change("google_monitoring_alert_policy", "severity", None)),
    ("alerts reach somebody", change("google_monitoring_alert_policy", "documentation.0.links", [])),
    ("alerts reach somebody", change("google_monitoring_alert_policy", "documentation.0.links.0.url", "https://x/y#nowhere")),
    ("alerts have their metric", change("google_logging_metric", "name", "clientele/renamed", '"failed"')),
    ("the dashboard shows what is there", change("google_logging_metric", "name", "clientele/renamed", '"findings"')),
    ("the dashboard shows what is there", change("google_monitoring_dashboard", "dashboard_json", '{"mosaicLayout": {"tiles": []}}')),
    ("CI is one repository on one ref", change("google_iam_workload_identity_pool_provider", "attribute_condition", None)),
    (
        "CI is one repository on one ref",
        change("google_iam_workload_identity_pool_provider", "attribute_condition", "assertion.repository == 'a/b'"),
    ),
    ("CI is one repository on one ref", change("google_service_account_iam_member", "member", "principalSet://x/*", ".ci[")),
    ("Composer is of the third generation", change("google_composer_environment", "config.0.node_count", 3)),
    ("Composer is of the third generation", change("google_composer_environment", "config.0.node_config.0.machine_type", "n1")),
    (
        "Composer is of the third generation",
        change("google_composer_environment", "config.0.software_config.0.image_version", "composer-3-airflow-3"),
    ),
    (
        "DAGs read every variable",
        change("google_composer_environment", "config.0.software_config.0.env_variables", {"CLIENTELE_NOTHING": "1"}),
    ),
    ("the deployer may make it", extra("google_pubsub_topic")),
    ("only Google is asked", extra("null_resource")),
]


@pytest.mark.parametrize("policy, plant", FAULTS, ids=[f"{policy} {n}" for n, (policy, _) in enumerate(FAULTS)])
def test_a_policy_denies(planned, policy, plant):
    plan = planned("prod")
    made = policies.resources(plan)
    plant(made)
    assert list(POLICIES[policy](made, plan))


def test_every_policy_has_something_that_it_denies():
    assert {policy for policy, _ in FAULTS} == set(POLICIES)


@pytest.mark.parametrize(
    "type_, name", [("google_storage_bucket", "force_destroy"), ("google_bigquery_dataset", "delete_contents_on_destroy")]
)
def test_destruction_is_denied(planned, type_, name):
    made = policies.resources(planned("own cluster and warehouse"))
    change(type_, name, True)(made)
    assert list(policies.destruction_is_refused(made))


def test_a_deployer_is_no_owner(planned):
    plan = planned("prod")
    given = roles(plan) | {"roles/owner": {"why": "x", "resources": []}}
    assert list(policies.the_deployer_may_make_it(policies.resources(plan), given)) == ["roles/owner: too much for a deployer"]


@pytest.mark.parametrize("name", PLANS)
def test_the_dags_accept_the_environment(planned, name):
    """The DAGs' own reading of the variables, with the images that are known once they are pushed."""
    sys.path.insert(0, str(REPOSITORY / "dags"))
    try:
        from clientele.config import Deployment
    finally:
        sys.path.pop(0)
    (composer,) = policies.of(policies.resources(planned(name)), "google_composer_environment")
    (software,) = composer.values["config"][0]["software_config"]
    variables = {k: v or "europe-west2-docker.example/shop/clientele" for k, v in software["env_variables"].items()}
    variables.setdefault("CLIENTELE_IMAGE_PREFIX", "europe-west2-docker.example/shop/clientele")
    d = Deployment.from_env(variables)
    assert d.place == ("gke" if name.startswith("own") else "composer")
    assert (d.erase_by_dag == "true") == bool(PLANS[name][1].get("erase_by_dag"))
    assert d.root.endswith("-clientele-pipeline/shop") and d.registry.endswith("-clientele-registry")


# docs/storage.md, which is made from the layout in pkg/contract, against the rights of each step.


def layout() -> list[tuple[bool, str, bool, list[str]]]:
    """(below the registry, path, whether it is a pointer, the programs that write it) of every object of docs/storage.md that programs write."""
    found, folders, registry = [], [], False
    for line in (REPOSITORY / "docs" / "storage.md").read_text().splitlines():
        registry = registry or line.startswith("## Below --registry")
        entry = re.match(r"^( *)(→ )?(\S+)(?: {2,}.*\[(.*)\])?$", line)
        if not line.startswith("  ") or not entry:
            continue
        depth = (len(entry[1]) + 2 * bool(entry[2])) // 2 - 1
        folders[depth:] = [entry[3]]
        if entry[4] and entry[4] != "a person":  # a maintainer
            writers = sorted({w.split()[0] for w in entry[4].split(", ")})
            found.append((registry, "".join(folders), bool(entry[2]), writers))
    return found


def test_the_layout_is_read():
    paths = {path: (pointer, writers) for _, path, pointer, writers in layout()}
    assert paths["state/lines.json"] == (True, ["ingest"])
    assert paths["<name>/HEAD.json"] == (True, ["promote", "registry"])
    assert paths["lines/<source>/<day>/<sha256>.arrow"] == (False, ["ingest"])
    assert len(paths) >= 16


# Beside the layout: registry takes these back together with the model.
ALSO = {"state/<name>/drift.json": {"registry"}, "state/<name>/score.json": {"registry"}}


def may(made: list[policies.Resource], bucket: str, name: str) -> tuple[set[str], set[str]]:
    """The members that may create an object, and those of them that may overwrite it."""
    create, overwrite = set(), set()
    for r in policies.of(made, "google_storage_managed_folder_iam_member"):
        if r.values["bucket"].endswith(bucket) and name.startswith(r.values["managed_folder"]):
            create.add(r.values["member"])
    for r in policies.of(made, "google_storage_bucket_iam_member"):
        for c in r.values["condition"]:
            if r.values["bucket"].endswith(bucket) and holds(c["expression"], f"projects/_/buckets/{r.values['bucket']}/objects/{name}"):
                create.add(r.values["member"])
                overwrite.add(r.values["member"])
    return create, overwrite


def holds(expression: str, name: str) -> bool:
    """A condition of the forms that the module bucket writes."""
    checks = {"==": str.__eq__, "startsWith": str.startswith, "endsWith": str.endswith}
    parts = re.findall(r"resource\.name(?: (==) |\.(\w+)\()'([^']*)'", expression)
    assert len(parts) == expression.count("resource.name"), expression
    return all(checks[equal or method](name, value) for equal, method, value in parts)


def example(path: str) -> str:
    return path.replace("<name>", "segments", 1) if path.startswith(("<name>", "state/")) else path


@pytest.mark.parametrize("registry, path, pointer, writers", layout(), ids=[path for _, path, _, _ in layout()])
def test_on_a_cluster_of_ones_own_who_writes_may_and_nobody_else(planned, registry, path, pointer, writers):
    made = policies.resources(planned("own cluster and warehouse"))
    bucket, folder = ("-clientele-registry", "") if registry else ("-clientele-pipeline", "shop/")
    create, overwrite = may(made, bucket, folder + example(path))
    steps = {"ingest", "preprocess", "drift", "train", "evaluate", "promote", "score", "explore", "recommend", "predict", "measure", "audience", "publish", "report"}
    want = (steps if writers == ["every"] else set(writers)) | ALSO.get(path, set())
    assert {m.rpartition("/clientele-")[2] for m in create} == want
    assert overwrite == (create if pointer else set())


@pytest.mark.parametrize("registry, path, pointer, writers", layout(), ids=[path for _, path, _, _ in layout()])
def test_on_composer_one_account_has_the_union(planned, registry, path, pointer, writers):
    made = policies.resources(planned("prod"))
    bucket, folder = ("-clientele-registry", "") if registry else ("-clientele-pipeline", "shop/")
    create, overwrite = may(made, bucket, folder + example(path))
    assert create == {"serviceAccount:clientele-airflow@shop-prod.iam.gserviceaccount.com"}
    assert overwrite == (create if pointer else set())
