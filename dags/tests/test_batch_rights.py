"""clientele_preflight asks for the rights that batches need: the real hook and session, on a server that answers like Google."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any
from unittest import mock
from urllib.parse import parse_qs, urlsplit

import pytest

import wiring
from clientele.compat import AirflowException, AirflowFailException
from clientele.config import RESOURCES
from test_batches import SPARK

PROJECT = "/cloudresourcemanager/v1/projects/example:testIamPermissions"
NAME = SPARK["CLIENTELE_SPARK_ACCOUNT"]
ACCOUNT = f"/iam/v1/projects/-/serviceAccounts/{NAME}:testIamPermissions"
BUCKET = "/storage/storage/v1/b/example-spark/iam/testPermissions"
EDITOR = ["create", "get", "cancel", "delete"]


@pytest.fixture
def google():
    """A test takes permissions away, or says an answer by its path."""
    from airflow.providers.google.common.hooks.base_google import GoogleBaseHook
    from google.auth.credentials import AnonymousCredentials

    found = SimpleNamespace(refused=set(), answers={}, asked={})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(parse_qs(urlsplit(self.path).query)["permissions"])

        def do_POST(self) -> None:
            self.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["permissions"])

        def answer(self, permissions: list[str]) -> None:
            path = urlsplit(self.path).path
            found.asked[path] = permissions
            allowed = [p for p in permissions if p not in found.refused]
            status, body = found.answers.get(path, (200, {"permissions": allowed} if allowed else {}))
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *args: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    with (
        mock.patch("clientele.batch_rights.API", f"http://127.0.0.1:{server.server_port}/{{}}"),
        mock.patch.object(GoogleBaseHook, "__init__", lambda self: None),
        mock.patch.object(GoogleBaseHook, "get_credentials", lambda self: AnonymousCredentials()),
    ):
        yield found
    server.shutdown()
    server.server_close()


def ask() -> Any:
    return wiring.load("clientele_preflight", **SPARK).get_task("batches").python_callable()


def why(kind: type[BaseException]) -> str:
    with pytest.raises(AirflowException) as e:
        ask()
    assert type(e.value) is kind and "\n" not in str(e.value)
    return str(e.value)


def test_only_with_batches_is_there_a_task():
    dag = wiring.load("clientele_preflight", **SPARK)
    assert dag.get_task("batches").upstream_task_ids == {"begin"}
    assert "batches" not in wiring.dags()["clientele_preflight"].task_ids
    assert wiring.scheduler_dag(dag).task_ids == dag.task_ids


@pytest.mark.parametrize("place", ["composer", "gke"])
def test_no_pod_is_asked_for_the_rights_of_the_batches_account(place):
    """Terraform grants what preprocess needs to the account of batches alone."""
    tasks = wiring.load("clientele_preflight", **SPARK | wiring.PLACES[place]).tasks
    args = [a for t in tasks if hasattr(t, "step") for a in wiring.pod(t)["spec"]["containers"][0]["args"]]
    programs = [p for a in args if a.startswith("--programs=") for p in a.removeprefix("--programs=").split(",")]
    assert sorted(programs) == sorted(RESOURCES.keys() - {"preprocess"})


def test_all_is_well(google):
    assert ask() is None
    assert google.asked == {
        PROJECT: [*(f"dataproc.batches.{verb}" for verb in EDITOR), "dataproc.operations.cancel"],
        ACCOUNT: ["iam.serviceAccounts.actAs"],
        BUCKET: ["storage.objects.get", "storage.objects.list"],
    }


def test_what_is_missing_is_named_all_at_once(google):
    google.refused = {"dataproc.batches.cancel", "dataproc.batches.delete", "iam.serviceAccounts.actAs", "storage.objects.get"}
    text = why(AirflowFailException)
    for grant in (
        "grant roles/dataproc.editor on project example (dataproc.batches.cancel, dataproc.batches.delete)",
        f"grant roles/iam.serviceAccountUser on account {NAME} (iam.serviceAccounts.actAs)",
        "grant roles/storage.objectViewer on bucket example-spark (storage.objects.get)",
    ):
        assert grant in text


@pytest.mark.parametrize(
    ("path", "says"),
    [
        (PROJECT, "project example is not there: make it, or correct CLIENTELE_SPARK_PROJECT"),
        (ACCOUNT, f"account {NAME} is not there: make it, or correct CLIENTELE_SPARK_ACCOUNT"),
        (BUCKET, "bucket example-spark is not there: make it, or correct CLIENTELE_SPARK_BUCKET"),
    ],
)
def test_what_is_not_there_is_named(google, path, says):
    google.answers[path] = (404, {"error": {"code": 404, "message": "unknown"}})
    assert says in why(AirflowFailException)


def test_an_api_that_is_off_is_said_in_google_s_words(google):
    google.answers[PROJECT] = (403, {"error": {"code": 403, "message": "This API has not been used in project 1"}})
    text = why(AirflowFailException)
    assert "This API has not been used in project 1" in text and "(403)" in text


def test_an_api_that_fails_is_asked_again(google):
    google.answers[BUCKET] = (503, {"error": {"code": 503, "message": "try later"}})
    assert "try later" in why(AirflowException)
