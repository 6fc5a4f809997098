"""Alerts: real requests to a real server, and tasks that end as they would without them. The report link, the last line."""

from __future__ import annotations

import asyncio
import http.server
import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from datetime import timedelta
from types import SimpleNamespace
from unittest import mock

import pytest

import wiring
from clientele import alerts, outcome
from clientele.compat import AIRFLOW_VERSION
from clientele.links import address
from conftest import DAGS

WEBHOOK = "clientele.alerts.webhook"
TOKEN = "T0K3N-nobody-may-read"
VERSION = tuple(int(part) for part in AIRFLOW_VERSION.split(".")[:2])
seen = []


def notify(context, event):
    """A notifier of the deployment's own."""
    seen.append((context, event))


def broken(context, event):
    raise RuntimeError(TOKEN)


def leaves(context, event):
    sys.exit(3)


@pytest.fixture
def hook(monkeypatch):
    """A server that keeps what it is sent and answers hook.code, after hook.seconds; the deployment's connection leads there."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.got.append((self.path, self.headers["Content-Type"], json.loads(body)))
            time.sleep(hook.seconds)
            self.send_response(hook.code)
            if hook.code == 302:
                self.send_header("Location", f"{hook.base}/elsewhere/{TOKEN}")
            self.end_headers()

        def do_GET(self):
            hook.got.append((self.path, None, None))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    hook = SimpleNamespace(got=[], code=200, seconds=0)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hook.base = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def connect(url):
        monkeypatch.setenv("AIRFLOW_CONN_CLIENTELE_WEBHOOK", json.dumps({"conn_type": "http", "password": url}))

    hook.connect = connect
    connect(f"{hook.base}/services/{TOKEN}?key={TOKEN}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield hook
    server.shutdown()
    server.server_close()


def dag(**env):
    return wiring.load("clientele_segmentation", **env)


def call(task, which, exception=None):
    """Calls a task's callback as Airflow does: it may be one or a list."""
    found = getattr(task, f"on_{which}_callback")
    for one in found if isinstance(found, (list, tuple)) else [found]:
        one({**wiring.context(task, try_number=2), "exception": exception})


def test_nobody_is_notified_by_default():
    for built in wiring.dags().values():
        assert not getattr(built, "deadline", None)
        assert not any(t.on_failure_callback or t.on_retry_callback for t in built.tasks)


@pytest.mark.parametrize(("which", "says"), [("failure", "failed"), ("retry", "failed and is tried again")])
def test_the_webhook_is_sent_what_happened(hook, which, says, caplog):
    built = dag(CLIENTELE_ON_FAILURE=WEBHOOK, CLIENTELE_ON_RETRY=WEBHOOK)
    assert all(t.on_failure_callback and t.on_retry_callback for t in built.tasks), "pods and the small tasks between them"
    call(built.get_task("data.ingest"), which, ValueError("ingest: exit code 65 (bad_data), cause columns"))
    ((path, kind, sent),) = hook.got
    assert path == f"/services/{TOKEN}?key={TOKEN}" and kind.startswith("application/json")
    assert sent == {
        "text": f"clientele_segmentation {says}, task data.ingest, run golden: ingest: exit code 65 (bad_data), cause columns",
        "event": which,
        "dag_id": "clientele_segmentation",
        "run_id": "golden",
        "task_id": "data.ingest",
        "try_number": 2,
        "error": "ingest: exit code 65 (bad_data), cause columns",
    }
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("code", [302, 400, 500])
def test_an_answer_that_is_an_error(hook, code, caplog):
    hook.code = code
    call(dag(CLIENTELE_ON_FAILURE=WEBHOOK).get_task("data.ingest"), "failure")
    assert len(hook.got) == 1, "not sent elsewhere"
    assert warnings(caplog) == [f"no alert: the webhook of the connection clientele_webhook answered {code}"]


def test_a_server_that_does_not_answer(hook, caplog, monkeypatch):
    hook.seconds = 20
    monkeypatch.setattr(alerts, "SECONDS", 0.2)
    task = dag(CLIENTELE_ON_FAILURE=WEBHOOK).get_task("data.ingest")
    began = time.monotonic()
    call(task, "failure")
    assert time.monotonic() - began < 15
    assert warnings(caplog) == ["no alert: the webhook of the connection clientele_webhook did not answer: TimeoutError"]


def test_a_server_that_is_not_there(hook, caplog):
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
    hook.connect(f"http://127.0.0.1:{port}/{TOKEN}")
    call(dag(CLIENTELE_ON_FAILURE=WEBHOOK).get_task("data.ingest"), "failure")
    assert warnings(caplog) == [
        "no alert: the webhook of the connection clientele_webhook did not answer: ConnectionRefusedError"
    ]


@pytest.mark.parametrize("url", [TOKEN, f"file:///{TOKEN}", f"http://host with spaces/{TOKEN}", f"http://[{TOKEN}", ""])
def test_a_password_that_is_no_address(hook, caplog, url):
    hook.connect(url)
    call(dag(CLIENTELE_ON_FAILURE=WEBHOOK).get_task("data.ingest"), "failure")
    assert len(warnings(caplog)) == 1 and not hook.got


def test_a_connection_that_is_missing(hook, caplog, monkeypatch):
    monkeypatch.delenv("AIRFLOW_CONN_CLIENTELE_WEBHOOK")
    monkeypatch.setattr(alerts, "_connection", mock.Mock(side_effect=LookupError(TOKEN)))
    call(dag(CLIENTELE_ON_FAILURE=WEBHOOK).get_task("data.ingest"), "failure")
    assert warnings(caplog) == ["no alert: cannot read the connection clientele_webhook: LookupError"]


def test_a_notifier_of_ones_own():
    seen.clear()
    built = dag(CLIENTELE_ON_FAILURE="test_alerts.notify")
    call(built.get_task("use.segments_are_there"), "failure")
    ((context, event),) = seen
    assert event == "failure" and context["ti"].task_id == "use.segments_are_there"
    assert not any(t.on_retry_callback for t in built.tasks)


@pytest.mark.parametrize(("name", "error"), [("broken", "RuntimeError"), ("leaves", "SystemExit")])
def test_a_notifier_that_fails_fails_alone(name, error, caplog):
    call(dag(CLIENTELE_ON_FAILURE=f"test_alerts.{name}").get_task("data.ingest"), "failure")
    assert warnings(caplog) == [f"no alert: test_alerts.{name} raised {error}"]


def warnings(caplog):
    """What was logged; never the secret."""
    assert TOKEN not in caplog.text
    return [r.getMessage() for r in caplog.records if r.name == "clientele.alerts" and r.levelno == logging.WARNING]


@pytest.mark.parametrize("bad", ["webhook", "clientele.alerts.no_such", "no.such.module", "clientele.alerts.SECONDS"])
def test_a_path_that_leads_nowhere_is_an_import_error(bad):
    with pytest.raises(ValueError, match="(?m)^CLIENTELE_ON_FAILURE: want a callable such as clientele.alerts.webhook: "):
        dag(CLIENTELE_ON_FAILURE=bad)


class TestDeadline:
    """A run that has not finished in time."""

    def test_needs_somebody_to_notify(self):
        with pytest.raises(ValueError, match="(?m)^CLIENTELE_DEADLINE_HOURS: needs CLIENTELE_ON_FAILURE"):
            dag(CLIENTELE_DEADLINE_HOURS="4")

    def test_the_scheduler_can_store_it(self):
        built = dag(CLIENTELE_ON_FAILURE=WEBHOOK, CLIENTELE_DEADLINE_HOURS="1.5")
        assert wiring.scheduler_dag(built).dag_id == built.dag_id
        if VERSION < (3, 1):
            assert not hasattr(built, "deadline"), "this Airflow has none; docs/airflow.md says what there is instead"
            return
        (alert,) = built.deadline
        assert alert.interval == timedelta(hours=1.5) and alert.callback.kwargs == {"notifier": WEBHOOK}
        module, _, name = alert.callback.path.rpartition(".")
        assert getattr(alerts, name) and module == "clientele_alerts"

    # As the scheduler writes it: a run as JSON, and when it was due.
    CONTEXT = {
        "dag_run": {"dag_id": "clientele_segmentation", "dag_run_id": "r", "state": "running"},
        "deadline": {"id": "1", "deadline_time": "2026-03-02 10:00:00+00:00"},
    }

    def test_the_webhook_is_sent_it(self, hook):
        alerts.deadline(context=self.CONTEXT, notifier=WEBHOOK)
        ((_, _, sent),) = hook.got
        assert sent["event"] == "deadline" and "task_id" not in sent
        assert sent["text"].startswith("clientele_segmentation is late, run r: not finished by 2026-03-02 10:00:00+00:00")

    def test_a_notifier_that_is_gone_or_fails(self, caplog):
        alerts.deadline(context=self.CONTEXT, notifier="no.such.notifier")
        alerts.deadline(context=self.CONTEXT, notifier="test_alerts.broken")
        assert len(warnings(caplog)) == 2

    @pytest.fixture
    def plugins(self, tmp_path, monkeypatch):
        """A plugins folder with the copied file. The modules of the DAGs cannot be found there."""
        shutil.copy(DAGS / "clientele" / "alerts.py", tmp_path / "clientele_alerts.py")
        monkeypatch.setattr(sys, "path", [str(tmp_path), *(p for p in sys.path if p != str(DAGS))])
        monkeypatch.delitem(sys.modules, "clientele_alerts", raising=False)

    @pytest.mark.skipif(VERSION != (3, 1), reason="only Airflow 3.1 has the triggerer call it")
    def test_by_airflows_own_trigger(self, hook, plugins):
        from airflow.triggers.deadline import DeadlineCallbackTrigger

        call = dag(CLIENTELE_ON_FAILURE=WEBHOOK, CLIENTELE_DEADLINE_HOURS="4").deadline[0].callback

        async def fire():
            trigger = DeadlineCallbackTrigger(call.path, {**call.kwargs, "context": self.CONTEXT})
            return [event.payload["state"] async for event in trigger.run()]

        assert asyncio.run(fire())[-1] == "success"
        assert hook.got[0][2]["event"] == "deadline"

    @pytest.mark.skipif(VERSION < (3, 2), reason="workers call it since Airflow 3.2")
    def test_by_airflows_own_worker(self, hook, plugins):
        from airflow.sdk.execution_time.callback_supervisor import execute_callback

        call = dag(CLIENTELE_ON_FAILURE=WEBHOOK, CLIENTELE_DEADLINE_HOURS="4").deadline[0].callback
        done = execute_callback(
            call.path, {**call.kwargs, "context": self.CONTEXT}, dag_rel_path="x.py", bundle_path=None, log=mock.Mock()
        )
        assert done == (True, None) and hook.got[0][2]["event"] == "deadline"


class TestTheReportIsALink:
    URL = "https://storage.cloud.google.com/shop/runs/a%20b/report.html"

    def test_addresses(self):
        assert address("gs://shop/runs/a b/report.html") == self.URL
        assert address("file:///tmp/report.html") == "file:///tmp/report.html"

    @pytest.mark.parametrize("dag_id", ["clientele_segmentation", "clientele_rollback"])
    def test_only_on_the_report(self, dag_id):
        linked = {t.task_id for t in wiring.dags()[dag_id].tasks if any(link.name == "Report" for link in t.operator_extra_links)}
        assert {task_id.rpartition(".")[2] for task_id in linked} == {"report"}

    def test_the_web_server_finds_it_without_the_dags(self, tmp_path):
        """A fresh Airflow that has the database's form of the DAG and, as a plugin, links.py."""
        from airflow.serialization import serialized_objects as s

        kind = getattr(s, "DagSerialization", None) or s.SerializedDAG
        stored = kind.to_dict(wiring.dags()["clientele_segmentation"])
        (tmp_path / "dag.json").write_text(json.dumps(stored))
        (tmp_path / "plugins").mkdir()
        shutil.copy(DAGS / "clientele" / "links.py", tmp_path / "plugins" / "clientele_links.py")
        code = (
            "import json, sys\n"
            "from airflow.serialization import serialized_objects as s\n"
            "kind = getattr(s, 'DagSerialization', None) or s.SerializedDAG\n"
            "dag = kind.from_dict(json.load(open(sys.argv[1])))\n"
            "assert 'clientele' not in sys.modules\n"
            "print(json.dumps({t: list(dag.task_dict[t].extra_links) for t in dag.task_dict}))\n"
        )
        env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | {
            "AIRFLOW_HOME": str(tmp_path),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(tmp_path / "plugins"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(tmp_path / "dags"),
        }
        command = [sys.executable, "-c", code, str(tmp_path / "dag.json")]
        done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        links = json.loads(done.stdout.strip().splitlines()[-1])
        assert {task for task, names in links.items() if names} == {"use.report"} and links["use.report"] == ["Report"]


def after(task, result):
    """What Airflow does when execute has returned."""
    task._post_execute_hook(wiring.context(task), result)


def test_a_step_that_succeeded_says_what_it_did(caplog):
    """The numbers are the ones of the result."""
    caplog.set_level(logging.INFO)
    task = wiring.rendered(wiring.dags()["clientele_segmentation"].get_task("use.score"))
    after(task, {"customers": 4338, "moved": 12, "model_id": "0a" * 32, "seq": 3})
    assert [r.getMessage() for r in caplog.records if r.name == "clientele.pods"] == [
        "score: 4,338 customers, 12 moved, model 0a0a0a0a0a0a."
    ]


@pytest.mark.parametrize("result", [None, {}, {"customers": "many"}, "text"])
def test_a_result_of_another_version_costs_no_task(result, caplog):
    caplog.set_level(logging.INFO)
    task = wiring.rendered(wiring.dags()["clientele_segmentation"].get_task("use.score"))
    after(task, result)
    assert [r.getMessage() for r in caplog.records if r.name == "clientele.pods"] == ["score: done."]


def test_every_program_has_such_a_line():
    assert outcome.DID.keys() == {t.step for t in wiring.steps()}
