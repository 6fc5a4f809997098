"""make preflight against a server that answers in the documented form of Google's APIs."""

from __future__ import annotations

import http.server
import json
import threading

import preflight
import pytest
from conftest import ENVIRONMENTS, SOURCE

PROJECT, DATA = "/cloudresourcemanager/v1/projects/shop-dev", "/cloudresourcemanager/v1/projects/shop-dev-data"
REGION = "/composer/v1/projects/shop-dev/locations/europe-west2/imageVersions"
BILLING = "/cloudbilling/v1/projects/shop-dev/billingInfo"
SERVICES = "/serviceusage/v1/projects/shop-dev/services"
COMPUTE = "/compute/v1/projects/shop-dev/regions/europe-west2"


@pytest.fixture
def google(monkeypatch):
    """Path → answer, of a project where all is well; a test takes something away."""
    answers = {
        PROJECT: {"projectNumber": "123456789012", "lifecycleState": "ACTIVE"},
        BILLING: {"billingEnabled": True},
        SERVICES: {"services": [{"config": {"name": f"{a}.googleapis.com"}} for a in preflight.apis({"deploy_warehouse": "yes"})]},
        REGION: {"imageVersions": [{"imageVersionId": "composer-3-airflow-3.1.7-build.4"}]},
        COMPUTE: {"quotas": [{"metric": "CPUS", "limit": 24, "usage": 4}]},
    }
    refused: set[str] = set()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            answer = answers.get(self.path.partition("?")[0])
            self.say(200 if answer is not None else 403, {"error": {"message": "denied"}} if answer is None else answer)

        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["permissions"]
            assert self.path.endswith(":testIamPermissions") and self.headers["Authorization"] == "Bearer t"
            self.say(200, {"permissions": [p for p in asked if p not in refused]})

        def say(self, status, answer):
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    monkeypatch.setenv("CLIENTELE_GOOGLE_API", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setenv("CLIENTELE_GOOGLE_TOKEN", "t")
    yield answers, refused
    server.shutdown()
    server.server_close()


def check(extra: str = "") -> tuple[list[str], list[str]]:
    text = (SOURCE / "envs" / "dev" / "terraform.tfvars.example").read_text()
    return preflight.check(preflight.Google(), preflight.values(text + extra))


def test_a_project_where_all_is_well(google):
    assert check() == ([], [])
    assert check("\nown_cluster = { network = 1 }\ndeploy_warehouse = true\n") == ([], [])


@pytest.mark.parametrize(
    "path, answer, says",
    [
        (PROJECT, None, "project shop-dev: 403"),
        (PROJECT, {"projectNumber": "1", "lifecycleState": "ACTIVE"}, "its number is 1"),
        (BILLING, {"billingEnabled": False}, "no billing account"),
        (SERVICES, {}, "gcloud services enable cloudresourcemanager.googleapis.com serviceusage.googleapis.com"),
        (REGION, {"imageVersions": [{"imageVersionId": "composer-3-airflow-3.2.0-build.1"}]}, "it has composer-3-airflow-3.2.0-build.1"),
        (REGION, None, "has no composer-3-airflow-3.1.7; it has 403"),
        (COMPUTE, {"quotas": [{"metric": "CPUS", "limit": 24, "usage": 23}]}, "1 left, the largest step asks for 2"),
    ],
)
def test_what_is_missing_is_named(google, path, answer, says):
    answers, _ = google
    answers[path] = answer
    stops, _ = check("\nown_cluster = { network = 1 }\n")
    assert len(stops) == 1 and says in stops[0]


def test_a_batch_needs_its_quota_and_its_api(google):
    answers, _ = google
    assert check("\ndeploy_engine = true\n") == ([], ["APIs that Terraform will switch on: dataproc"])
    answers[COMPUTE] = {"quotas": [{"metric": "CPUS", "limit": 24, "usage": 11}]}
    assert check("\ndeploy_engine = true\n")[0] == []
    stops, _ = check("\ndeploy_engine = true\nown_cluster = { network = 1 }\n")
    assert stops == [
        "quota CPUS in europe-west2: 13 left, the largest step asks for 2, a batch of a driver and two executors with 4 each asks for 12"
    ]


def test_an_api_that_terraform_switches_on_is_only_noted(google):
    answers, _ = google
    answers[SERVICES]["services"] = [s for s in answers[SERVICES]["services"] if "composer" not in s["config"]["name"]]
    assert check() == ([], ["APIs that Terraform will switch on: composer"])


@pytest.mark.parametrize("own, who", [("", "every pod"), ("own_cluster = { network = 1 }", "the account clientele-erase")])
def test_who_may_delete_is_noted(google, own, who):
    stops, (note,) = check(f"\nerase_by_dag = true\n{own}\n")
    assert stops == [] and who in note and "delete" in note


@pytest.mark.parametrize("role", preflight.roles())
def test_a_missing_role_is_asked_for_by_name(google, role):
    _, refused = google
    refused.add(preflight.roles()[role][1])
    stops, _ = check("\nown_cluster = { network = 1 }\ndeploy_warehouse = true\n")
    data, airflow = "project shop-dev-data", "project shop-dev"
    special = {"roles/storage.admin": [airflow, data], "roles/bigquery.user": [data], "roles/billing.costsManager": ["billingAccounts/000000-000000-000000"]}
    assert [s.partition(" is missing")[0] for s in stops] == [f"role {role} on {where}" for where in special.get(role, [airflow])]


def test_every_role_has_its_permission():
    text = (SOURCE / "modules" / "identity" / "deployer.tf").read_text()
    assert len(preflight.roles()) == text.count('"roles/') >= 15


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_the_examples_are_read(env):
    assert preflight.values((SOURCE / "envs" / env / "terraform.tfvars.example").read_text())["project"] == f"shop-{env}"
