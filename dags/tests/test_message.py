"""The message of a run: real requests to a real server, sent once, and a run that ends as it would without it."""

from __future__ import annotations

import json
import socket
from types import SimpleNamespace

import pendulum
import pytest

import wiring
from clientele import alerts, message
from clientele.compat import BaseNotifier
from clientele.config import Deployment
from test_alerts import TOKEN, hook  # noqa: F401

WEBHOOK = "clientele.message.webhook"
LAST = "use.segments_are_there"
SAID = {
    "version": 1,
    "kind": "quiet",
    "headline": "Gifts & lamps, 2 March 2026: nothing has changed <so far>.",
    "sentences": ["People: 4,323 customers bought.", "Lists: late 36 (call)."],
}
REPORT = {"page": "gs://shop/runs/a b/report.html", "message": SAID}
PAGE = "https://storage.cloud.google.com/shop/runs/a%20b/report.html"
TEXT = f"{SAID['headline']}\n\nPeople: 4,323 customers bought.\nLists: late 36 (call).\n\nThe page with all of it: {PAGE}\n"
got = []


def notify(context, about):
    """A notifier of the deployment's own."""
    got.append(about)


def broken(context, about):
    raise RuntimeError(TOKEN)


class Notifier(BaseNotifier):
    template_fields = ("text",)

    def __init__(self, text):
        super().__init__()
        self.text = text

    def notify(self, context):
        got.append(self.text)


notifier = Notifier("{{ message.headline }} {{ message.page }}")


@pytest.fixture(autouse=True)
def variables(monkeypatch):
    """Airflow's Variables, in memory."""
    kept = {}
    fake = SimpleNamespace(get=lambda name, default: kept.get(name, default), set=kept.__setitem__)
    monkeypatch.setattr(message, "Variable", fake)
    got.clear()
    return kept


def deployment(**env):
    with wiring.environment(**{"CLIENTELE_MESSAGE": WEBHOOK} | env):
        return Deployment.every()[0]


def tell(d, states=None, report=REPORT, run_id="weekly", **more):
    """Runs the task at the end of a run whose tasks ended so."""
    dag = wiring.load("clientele_segmentation", CLIENTELE_MESSAGE=d.message)
    ended = dict.fromkeys((t.task_id for t in dag.tasks), "success") | (states or {})
    ti = SimpleNamespace(
        dag_id=dag.dag_id,
        task_id="message",
        run_id=run_id,
        log_url="https://airflow/log",
        xcom_pull=lambda task_ids: report if task_ids == "use.report" else None,
        get_task_states=lambda dag_id, run_ids: {run_id: ended},
    )
    run = wiring.run(pendulum.datetime(2026, 3, 2, 6, tz="Europe/London"), run_id=run_id)
    if message.task_states.__globals__["AIRFLOW_MAJOR"] == 2:
        run = SimpleNamespace(
            run_type="manual",
            logical_date=run.logical_date,
            get_task_instances=lambda: [SimpleNamespace(task_id=k, state=v) for k, v in ended.items()],
        )
    return message.tell(d, ti, run, {**wiring.parameters(dag), **more}, {"ti": ti, "dag": dag}, LAST)


def warnings(caplog):
    assert TOKEN not in caplog.text
    return [r.getMessage() for r in caplog.records if r.levelname == "WARNING" and r.name.startswith("clientele")]


@pytest.fixture
def server(hook, monkeypatch):  # noqa: F811
    """test_alerts' server, by the connection of messages. What is sent may be plain text."""
    handler = json.loads
    monkeypatch.setattr("test_alerts.json", SimpleNamespace(loads=lambda b: _loads(handler, b), dumps=json.dumps))

    def connect(url):
        monkeypatch.setenv("AIRFLOW_CONN_CLIENTELE_MESSAGE", json.dumps({"conn_type": "http", "password": url}))

    hook.connect = connect
    connect(f"{hook.base}/services/{TOKEN}")
    return hook


def _loads(load, body):
    try:
        return load(body)
    except ValueError:
        return body.decode()


def test_no_task_unless_wanted():
    assert "message" not in wiring.dags()["clientele_segmentation"].task_ids
    dag = wiring.load("clientele_segmentation", CLIENTELE_MESSAGE=WEBHOOK)
    last = dag.get_task("message")
    assert last.is_teardown and not last.on_failure_fail_dagrun, "it runs whatever failed, and does not count for the run"
    assert last.upstream_task_ids == {LAST} and not last.downstream_task_ids
    assert wiring.scheduler_dag(dag).get_task("message").is_teardown


class TestShapes:
    def test_json(self, server):
        assert tell(deployment()) == f"sent: {SAID['headline']}"
        ((path, kind, sent),) = server.got
        assert path == f"/services/{TOKEN}" and kind == "application/json; charset=utf-8"
        assert sent == {
            **SAID,
            "page": PAGE,
            "event": "message",
            "text": TEXT,
            "dag_id": "clientele_segmentation",
            "run_id": "weekly",
        }

    def test_plain(self, server):
        tell(deployment(CLIENTELE_MESSAGE_SHAPE="plain"))
        ((_, kind, sent),) = server.got
        assert kind == "text/plain; charset=utf-8" and sent == TEXT

    def test_slack(self, server):
        tell(deployment(CLIENTELE_MESSAGE_SHAPE="slack"))
        ((_, _, sent),) = server.got
        assert sent["text"] == "Gifts &amp; lamps, 2 March 2026: nothing has changed &lt;so far&gt;."
        assert [b["text"]["text"] for b in sent["blocks"]] == [
            "*Gifts &amp; lamps, 2 March 2026: nothing has changed &lt;so far&gt;.*",
            "*People:* 4,323 customers bought.\n*Lists:* late 36 (call).",
            f"<{PAGE}|Open the page>",
        ]

    def test_teams(self, server):
        tell(deployment(CLIENTELE_MESSAGE_SHAPE="teams"))
        ((_, _, sent),) = server.got
        ((attachment),) = sent["attachments"]
        card = attachment["content"]
        assert sent["type"] == "message" and attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
        lines = ["".join(run["text"] for run in block["inlines"]) for block in card["body"]]
        assert lines == [SAID["headline"], *SAID["sentences"]]
        assert card["actions"] == [{"type": "Action.OpenUrl", "title": "Open the page", "url": PAGE}]


class TestOnce:
    """A run sends a message for each way in which it has ended, however often its tasks are cleared."""

    def test_cleared(self, server):
        d = deployment()
        tell(d)
        assert tell(d) == "sent before" and len(server.got) == 1
        tell(d, run_id="next")
        assert len(server.got) == 2

    def test_failed_then_well(self, server):
        d = deployment()
        broken = {
            "data.ingest": "failed",
            "use.report": "upstream_failed",
            "use.score": "upstream_failed",
            LAST: "upstream_failed",
        }
        for _ in range(2):
            tell(d, broken, report=None)
        tell(d)
        tell(d, broken)  # what an earlier try has left in the XCom is not this one's
        assert [sent["kind"] for _, _, sent in server.got] == ["failed", "quiet"]

    def test_what_was_not_taken_is_sent_when_cleared(self, server, caplog):
        d = deployment()
        server.code = 500
        assert tell(d) == "not sent"
        server.code = 200
        assert tell(d).startswith("sent: ") and len(server.got) == 2

    def test_the_memory_is_bounded(self, server, variables):
        for i in range(message.REMEMBERED + 3):
            tell(deployment(), run_id=f"run-{i}")
        assert len(json.loads(variables["clientele_messages_clientele_segmentation"])) == message.REMEMBERED
        assert tell(deployment(), run_id=f"run-{i}") == "sent before"

    def test_without_a_memory_it_is_sent(self, server, caplog, monkeypatch):
        def refuse(*_):
            raise PermissionError(TOKEN)

        monkeypatch.setattr(message, "Variable", SimpleNamespace(get=refuse, set=refuse))
        assert tell(deployment()).startswith("sent: ")
        assert len(warnings(caplog)) == 2


class TestFailed:
    def test_before_the_scores(self, server):
        tell(
            deployment(),
            {"data.ingest": "failed", "use.score": "upstream_failed", "use.report": "upstream_failed", LAST: "upstream_failed"},
        )
        ((_, _, sent),) = server.got
        assert sent["headline"] == "Customer segments, 2 March 2026: the run failed in ingest."
        assert "Segments: nothing was updated. Segments and lists are those of the run before." in sent["text"]
        assert sent["log_url"] == "https://airflow/log" and "page" not in sent

    def test_after_them(self, server):
        tell(
            deployment(),
            {"use.explore": "failed", "use.predict": "failed", "use.report": "upstream_failed", LAST: "upstream_failed"},
        )
        ((_, _, sent),) = server.got
        assert (
            sent["headline"].endswith("the run failed in explore and predict.")
            and "but what was to follow is missing" in sent["text"]
        )

    def test_while_publishing(self, server):
        """The page is there, and says nothing of it."""
        tell(deployment(), {"use.publish": "failed", LAST: "upstream_failed"})
        assert server.got[0][2]["kind"] == "failed" and "failed in publish" in server.got[0][2]["headline"]

    @pytest.mark.parametrize("kind", ["fix_data", "no_model"])
    def test_on_purpose(self, server, kind):
        """The run fails, and its page says why: so does its message."""
        tell(deployment(), {LAST: "failed", "use.score": "skipped"}, {**REPORT, "message": {**SAID, "kind": kind}})
        assert server.got[0][2]["kind"] == kind and server.got[0][2]["page"] == PAGE

    def test_a_program_that_writes_no_message(self, server):
        assert tell(deployment(), {}, {"page": "gs://x/y"}).startswith("sent: ")
        assert "an unknown step" in server.got[0][2]["headline"]


class TestAWebhookThatFails:
    """The run does not, and the log says why, without the address."""

    @pytest.mark.parametrize("code", [302, 404, 500])
    def test_answers(self, server, code, caplog):
        server.code = code
        assert tell(deployment()) == "not sent"
        assert warnings(caplog) == [f"no message: the webhook of the connection clientele_message answered {code}"]

    def test_is_slow(self, server, caplog, monkeypatch):
        server.seconds = 20
        monkeypatch.setattr(alerts, "SECONDS", 0.2)
        assert tell(deployment()) == "not sent"
        assert warnings(caplog) == ["no message: the webhook of the connection clientele_message did not answer: TimeoutError"]

    def test_is_not_there(self, server, caplog):
        with socket.create_server(("127.0.0.1", 0)) as s:
            port = s.getsockname()[1]
        server.connect(f"http://127.0.0.1:{port}/{TOKEN}")
        assert tell(deployment()) == "not sent"
        assert "ConnectionRefusedError" in warnings(caplog)[0]

    def test_the_task_never_fails(self, monkeypatch, caplog):
        monkeypatch.setattr(message, "tell", lambda *_: 1 / 0)
        task = wiring.load("clientele_segmentation", CLIENTELE_MESSAGE=WEBHOOK).get_task("message")
        assert task.python_callable() == "not sent"
        assert warnings(caplog) == ["no message: ZeroDivisionError"]


class TestOtherNotifiers:
    def test_a_callable(self):
        tell(deployment(CLIENTELE_MESSAGE="test_message.notify"))
        assert got[0]["text"] == TEXT and got[0]["page"] == PAGE

    def test_one_of_airflow(self):
        tell(deployment(CLIENTELE_MESSAGE="test_message.notifier"))
        assert got == [f"{SAID['headline']} {PAGE}"]

    def test_one_that_raises(self, caplog):
        assert tell(deployment(CLIENTELE_MESSAGE="test_message.broken")) == "not sent"
        assert warnings(caplog) == ["no message: test_message.broken raised RuntimeError"]

    def test_one_that_is_not_there(self):
        with pytest.raises(ValueError, match="(?m)^CLIENTELE_MESSAGE: want a callable such as clientele.message.webhook"):
            deployment(CLIENTELE_MESSAGE="no.such.notifier")

    def test_a_shape_that_is_none(self):
        with pytest.raises(ValueError, match="(?m)^CLIENTELE_MESSAGE_SHAPE: want one of json, plain, slack, teams"):
            deployment(CLIENTELE_MESSAGE_SHAPE="irc")
