"""preprocess as a batch: the real operator, hooks and clients of the Google provider. Behind them are batches in memory and a
storage server that speaks HTTP."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any
from unittest import mock
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

import wiring
from clientele.compat import AirflowException, AirflowFailException, AirflowTaskTerminated, AirflowTaskTimeout
from clientele.config import ConfigurationError
from test_pods import same_as_golden

SPARK = {
    **wiring.PLACES["composer"],
    "CLIENTELE_ENGINE": "spark",
    "CLIENTELE_SPARK_PROJECT": "example",
    "CLIENTELE_SPARK_REGION": "europe-west2",
    "CLIENTELE_SPARK_SUBNET": "batches",
    "CLIENTELE_SPARK_ACCOUNT": "clientele-spark@example.iam.gserviceaccount.com",
    "CLIENTELE_SPARK_IMAGE": "europe-west2-docker.pkg.dev/example/clientele/spark:1.2.3",
    "CLIENTELE_SPARK_BUCKET": "example-spark",
    "CLIENTELE_SPARK_PROPERTIES": '{"spark.executor.instances": "4"}',
}
RESULT = {"lines": 5, "customers": 3, "invoices": 4, "revenue": "6.00"}


def test_without_google_s_provider_it_is_an_import_error():
    with (
        mock.patch("clientele.config.find_spec", lambda name: None if "google" in name else name),
        pytest.raises(ConfigurationError, match="CLIENTELE_ENGINE: spark needs apache-airflow-providers-google"),
    ):
        wiring.load("clientele_drift", **SPARK)


dataproc = pytest.importorskip("google.cloud.dataproc_v1", reason="this Airflow's set has no google provider")
exceptions = pytest.importorskip("google.api_core.exceptions")
State = dataproc.Batch.State


class Google:
    """The API of batches. A test says how the program ends, and what happens before a call."""

    def __init__(self, output: str):
        self.batches: dict[str, Any] = {}
        self.calls: list[str] = []
        self.before: dict[str, Any] = {}
        self.output = output
        self.ends = (State.SUCCEEDED, "")
        self.looks = 2  # until it ends
        self.transport = SimpleNamespace(operations_client=self)

    def _call(self, what: str, name: str) -> None:
        self.calls.append(f"{what} {name.rpartition('/')[2]}")
        if act := self.before.get(what):
            act()

    def put(self, name: str, state: Any) -> None:
        path = f"projects/example/locations/europe-west2/batches/{name}"
        self.batches[path] = dataproc.Batch(name=path, state=state, operation=f"operations/{name}")
        self.batches[path].runtime_info.output_uri = self.output

    def create_batch(self, request: Any, **_: Any) -> Any:
        name = request["batch_id"]
        self._call("create", name)
        self.sent = dataproc.Batch(request["batch"])
        if any(b.endswith("/" + name) for b in self.batches):
            raise exceptions.AlreadyExists("there")
        self.put(name, State.PENDING)
        return SimpleNamespace(metadata=SimpleNamespace(batch=name))

    def get_batch(self, request: Any, **_: Any) -> Any:
        self._call("get", request["name"])
        if request["name"] not in self.batches:
            raise exceptions.NotFound("no such batch")
        batch = self.batches[request["name"]]
        if batch.state in (State.PENDING, State.RUNNING):
            self.looks -= 1
            batch.state = State.RUNNING
            if self.looks <= 0:
                batch.state, batch.state_message = self.ends
        return dataproc.Batch(batch)

    def delete_batch(self, request: Any, **_: Any) -> None:
        self._call("delete", request["name"])
        del self.batches[request["name"]]

    def cancel_operation(self, name: str) -> None:
        self._call("cancel", name)

    def did(self) -> list[str]:
        return [c.split()[0] for c in self.calls if not c.startswith("get ")]


@pytest.fixture
def storage():
    """Objects by name, over HTTP."""
    objects: dict[str, str] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            name = unquote(url.path.partition("/o/")[2])
            if name:
                body = objects[name].encode()
            else:
                prefix = parse_qs(url.query)["prefix"][0]
                body = json.dumps({"items": [{"name": n, "bucket": "b"} for n in objects if n.startswith(prefix)]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield SimpleNamespace(objects=objects, url=f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()


@pytest.fixture
def google(storage):
    from airflow.providers.google.cloud.hooks.dataproc import DataprocHook
    from airflow.providers.google.cloud.hooks.gcs import GCSHook
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.storage import Client

    found = Google("gs://example-spark/meta/1/driveroutput")
    client = Client("example", credentials=AnonymousCredentials(), client_options={"api_endpoint": storage.url})
    found.objects = storage.objects
    ends(found, 0, result=RESULT)
    with (
        mock.patch.object(DataprocHook, "__init__", lambda self, **_: None),
        mock.patch.object(DataprocHook, "get_batch_client", lambda self, region=None: found),
        mock.patch.object(GCSHook, "__init__", lambda self, **_: None),
        mock.patch.object(GCSHook, "get_conn", lambda self: client),
        mock.patch("time.sleep"),
    ):
        yield found


def ends(google: Google, code: int, message: Any = "", result: Any = None) -> None:
    """What the driver's output says; Google cuts it into objects wherever it likes."""
    end = json.dumps({"code": code, "message": json.dumps(message) if message else "", "result": result})
    text = f"Spark says this and that\nclientele-end {end}\n"
    google.objects |= {"meta/1/driveroutput.000000000": text[:40], "meta/1/driveroutput.000000001": text[40:]}
    if code:
        google.ends = (State.FAILED, "Job failed with message [Driver exited with 1]")


def of_dag(dag_id: str = "clientele_drift", **changes: str) -> Any:
    dag = wiring.load(dag_id, **SPARK | changes)
    return next(t for t in dag.tasks if t.task_id.rpartition(".")[2] == "preprocess")


def context(task: Any, attempt: int = 1, key: str = "k1") -> dict[str, Any]:
    values = wiring.context(task, try_number=attempt)
    begin = values["ti"].xcom_pull
    values["ti"].xcom_pull = lambda task_ids: begin(task_ids) if task_ids == "begin" else {"key": key}
    values["ti"].task = values["task"]
    return values


def execute(attempt: int = 1, key: str = "k1", **changes: str) -> Any:
    task = of_dag(**changes).prepare_for_execution()
    values = context(task, attempt, key)
    task.render_template_fields(values, jinja_env=task.dag.get_template_env())
    return task, lambda: task.execute(values)


def end(attempt: int = 1, **changes: str) -> BaseException:
    with pytest.raises(AirflowException) as e:
        execute(attempt, **changes)[1]()
    assert "\n" not in str(e.value), "one line"
    return e.value


@pytest.mark.parametrize("dag_id", ["clientele_drift", "clientele_segmentation"])
def test_every_dag_with_preprocess_has_a_batch_for_it_alone(dag_id):
    dag = wiring.load(dag_id, **SPARK)
    kinds = {t.task_id.rpartition(".")[2]: type(t).__name__ for t in dag.tasks}
    assert kinds["preprocess"] == "BatchStepOperator"
    assert [name for name, kind in kinds.items() if kind == "BatchStepOperator"] == ["preprocess"]
    assert wiring.scheduler_dag(dag).task_ids == dag.task_ids


def test_golden_batch(google):
    assert execute()[1]() == RESULT
    same_as_golden(dataproc.Batch.to_dict(google.sent), "batches/preprocess")


def test_the_flags_are_the_pod_s(google):
    pod = wiring.pod(wiring.load("clientele_drift", **wiring.PLACES["composer"]).get_task("preprocess"))
    flags = pod["spec"]["containers"][0]["args"]
    execute()[1]()
    program, *batch = google.sent.pyspark_batch.args
    assert program == "--program=/usr/local/bin/preprocess"
    assert batch == [f for f in flags if not f.startswith("--result=")]


@pytest.mark.parametrize(
    ("code", "cause", "kind"),
    [(65, "bad_data", AirflowFailException), (78, "config", AirflowFailException), (75, "spark", AirflowException)],
)
def test_a_code_of_the_program_means_what_it_means_of_a_pod(google, code, cause, kind):
    ends(
        google, code, {"step": "preprocess", "code": code, "cause": cause, "message": "the file ends early", "object": "gs://b/o"}
    )
    e = end()
    assert type(e) is kind
    assert f"preprocess: exit code {code}" in str(e) and f"cause {cause}: the file ends early [gs://b/o]" in str(e)
    assert ("No retry." if kind is AirflowFailException else "Try 1 of 4.") in str(e)


def test_a_driver_that_is_lost_is_tried_again(google):
    google.objects.clear()
    google.ends = (State.FAILED, "Driver compute node failed to initialize\nfor batch in 600 seconds")
    e = end()
    assert type(e) is AirflowException
    assert "is FAILED: Driver compute node failed to initialize for batch in 600 seconds" in str(e) and "Try 1 of 4" in str(e)


def test_a_result_that_is_lost_is_tried_again(google):
    google.objects.clear()
    assert type(e := end()) is AirflowException and "exit code 0, but no result" in str(e)


def test_a_retry_goes_on_with_the_running_batch(google):
    task, run = execute(attempt=2)
    google.put(task.name(context(task)), State.RUNNING)
    assert run() == RESULT
    assert google.did() == []


@pytest.mark.parametrize("state", ["FAILED", "CANCELLED", "SUCCEEDED"])
def test_a_batch_that_is_over_goes_first(google, state):
    task, run = execute(attempt=2)
    google.put(task.name(context(task)), State[state])
    assert run() == RESULT
    assert google.did() == ["delete", "create"]


def test_an_answer_that_was_lost_is_no_second_batch(google):
    """Between the look and the request the batch appears: an earlier request was late."""
    task, run = execute()
    google.before["create"] = lambda: google.put(task.name(context(task)), State.PENDING)
    assert run() == RESULT
    assert len(google.batches) == 1


def test_the_id_is_of_the_run_and_of_what_it_reads(google):
    task, _ = execute()
    ids = [task.name(context(t, attempt, key)) for t, attempt, key in [(task, 1, "k1"), (task, 3, "k1"), (task, 1, "k2")]]
    assert ids[0] == ids[1] != ids[2]
    assert re.fullmatch("[a-z][a-z0-9-]{3,62}", ids[0])


@pytest.mark.parametrize("how", [AirflowTaskTimeout("late"), AirflowTaskTerminated("SIGTERM")])
def test_a_killed_task_cancels_its_batch(google, how):
    def act() -> None:
        if len(google.calls) > 3:
            raise how

    google.before["get"], google.looks = act, 99
    e = end()
    assert type(e) is AirflowException and "cancel" in google.did()
    assert ("TimedOut" if isinstance(how, AirflowTaskTimeout) else "killed by Airflow") in str(e)


def test_on_kill_cancels(google):
    """Airflow 3 goes on after it."""
    task, run = execute()
    google.before["get"] = lambda: len(google.calls) == 4 and task.on_kill()
    with pytest.raises(AirflowException, match="killed by Airflow"):
        run()
    assert google.did()[:2] == ["create", "cancel"] and set(google.did()[2:]) <= {"cancel"}


@pytest.mark.parametrize(
    ("name", "text", "kind", "hint"),
    [
        ("PermissionDenied", "Permission dataproc.batches.create denied", AirflowFailException, "docs/engine.md"),
        ("InvalidArgument", "Subnetwork does not support Private Google Access", AirflowFailException, "CLIENTELE_SPARK_"),
        ("ResourceExhausted", "Insufficient CPUS quota", AirflowException, "Try 1 of 4"),
        ("ServiceUnavailable", "try later", AirflowException, "Try 1 of 4"),
    ],
)
def test_what_google_refuses(google, name, text, kind, hint):
    def refuse() -> None:
        raise getattr(exceptions, name)(text)

    google.before["create"] = refuse
    e = end()
    assert type(e) is kind and text in str(e) and hint in str(e)


def test_deferred_it_gives_the_worker_back_and_goes_on(google):
    task, run = execute(CLIENTELE_SPARK_DEFER="true")
    with pytest.raises(BaseException) as deferred:
        run()
    assert type(deferred.value).__name__ == "TaskDeferred"
    assert deferred.value.method_name == "execute_complete" and deferred.value.timeout == task.execution_timeout
    (path, given) = deferred.value.trigger.serialize()
    assert path.startswith("airflow.providers.google."), "a triggerer has no DAG folder"
    assert given["batch_id"] == task.batch_id
    google.looks = 0
    again, _ = execute(CLIENTELE_SPARK_DEFER="true")
    assert again.execute_complete(context(again), {"batch_id": given["batch_id"], "batch_state": "SUCCEEDED"}) == RESULT
    assert google.did() == ["create"]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ENGINE", "beam"),
        ("SPARK_PROJECT", ""),
        ("SPARK_REGION", "Europe"),
        ("SPARK_SUBNET", "a b"),
        ("SPARK_ACCOUNT", "clientele-spark"),
        ("SPARK_IMAGE", "spark"),
        ("SPARK_IMAGE", "r.example/spark:latest"),
        ("SPARK_BUCKET", "gs://bucket"),
        ("SPARK_RUNTIME", "latest"),
        ("SPARK_DEFER", "yes"),
        ("SPARK_PROPERTIES", '{"spark.executor.instances": 4}'),
        ("SPARK_PROPERTIES", '{"executors": "4"}'),
        ("SPARK_PROPERTIES", "4"),
    ],
)
def test_settings_are_checked(variable, value):
    with pytest.raises(ConfigurationError, match=f"^CLIENTELE_{variable}: want[^\n]*$"):
        wiring.load("clientele_drift", **SPARK | {f"CLIENTELE_{variable}": value})


def test_a_laptop_has_no_batches():
    with pytest.raises(ConfigurationError, match="place local has none"):
        wiring.load("clientele_drift", **SPARK | {"CLIENTELE_PLACE": "local"})
