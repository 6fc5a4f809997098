"""How every end of a step reaches Airflow: the real operator, provider and client, on a Kubernetes API in memory."""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from airflow.providers.cncf.kubernetes.utils.pod_manager import PodManager
from kubernetes.client import models as k8s
from kubernetes.client.exceptions import ApiException

import cluster as fake
import wiring
from clientele.compat import (
    AirflowException,
    AirflowFailException,
    AirflowRescheduleException,
    AirflowTaskTerminated,
    AirflowTaskTimeout,
)
from clientele.contract import EXIT_CODES
from clientele.outcome import Ended, Late, judge
from clientele.pods import TRIES

NOW = datetime.now(UTC)
RESULT = {"customers": 3}


def program(code: int, message: str | dict = "", reason: str = "Error") -> tuple[int, str, str]:
    """How a program ends: Cluster.exit."""
    return code, reason, json.dumps(message) if isinstance(message, dict) else message


def told(cause: str, code: int, message: str = "why", obj: str = "") -> dict:
    """A termination message as pkg/task writes it."""
    return {"step": "ingest", "code": code, "cause": cause, "object": obj, "message": message, "retry": code == 75}


@pytest.fixture
def labels() -> dict[str, str]:
    """Those of the step's pods at its first try."""
    task = wiring.dags()["clientele_drift"].get_task("preprocess")
    return wiring.pod(task, wiring.run(NOW, "manual"))["metadata"]["labels"]


def operator(c: fake.Cluster, task_id: str = "preprocess", hours: float = 6) -> Any:
    """A step of clientele_drift, ready to run on that cluster."""
    task = wiring.rendered(wiring.dags()["clientele_drift"].get_task(task_id), late_source_hours=hours)
    task.config_file, task.startup_check_interval_seconds, task.look_at = c.kubeconfig, 0.01, ""
    return task


def execute(task: Any, *, attempt: int = 1, began: datetime = NOW, cleared: int = 0) -> Any:
    """Runs it as a try of Airflow's. Nothing sleeps longer than a hundredth of a second."""
    ctx = wiring.context(task, wiring.run(began, "manual"), try_number=attempt + cleared)
    ctx["ti"].max_tries = task.retries + cleared

    def briefly(seconds: float, sleep: Callable[[float], None] = time.sleep) -> None:
        sleep(min(seconds, 0.01))

    with mock.patch("time.sleep", briefly):
        return task.execute_sync(ctx)


def end(c: fake.Cluster, task_id: str = "preprocess", *, hours: float = 6, **how: Any) -> BaseException | None:
    """Runs a step and returns what it raises, or None. Whatever happens no pod is left, and no HTTP header is shown."""
    try:
        assert execute(operator(c, task_id, hours), **how) == RESULT
    except (Exception, AirflowTaskTimeout, AirflowTaskTerminated) as e:
        assert "\n" not in str(e), "one line"
        assert fake.SECRET_HEADER not in "".join(traceback.format_exception(e))
        assert not c.pods
        return e
    assert not c.pods
    return None


@contextlib.contextmanager
def meanwhile(act: Callable[[], Any]) -> Iterator[None]:
    """Has something happen in Airflow's process while it follows the log; with the log it then goes on."""
    follow = PodManager.fetch_requested_container_logs

    def following(*args: Any, **kwargs: Any) -> Any:
        act()
        return follow(*args, **kwargs)

    with mock.patch.object(PodManager, "fetch_requested_container_logs", following):
        yield


def raising(e: BaseException) -> Callable[[], Any]:
    def act() -> None:
        raise e

    return act


def test_success_returns_the_result(cluster):
    assert execute(operator(cluster)) == RESULT
    assert cluster.deleted == cluster.made and len(cluster.made) == 1


@pytest.mark.parametrize("code", [c for c in EXIT_CODES if c not in (0, 99)] + [1, 2, 134])
def test_every_exit_code(cluster, code):
    cluster.exit = program(code, told("some_cause", code, "what went wrong", "gs://b/o"))
    e = end(cluster)
    assert type(e) is (AirflowFailException if code in (64, 65, 66, 78) else AirflowException)
    assert f"exit code {code}" in str(e) and "cause some_cause: what went wrong [gs://b/o]." in str(e)
    assert ("No retry." if type(e) is AirflowFailException else f"Try 1 of {TRIES}.") in str(e)


def test_nothing_new_is_not_expected(cluster):
    """No step asks for 99 (--exit-nothing-new), so it is a failure like any unknown one: nothing is skipped by mistake."""
    cluster.exit = program(99)
    assert type(end(cluster)) is AirflowException


def test_out_of_memory_is_named_with_its_limit(cluster):
    cluster.exit = program(137, reason="OOMKilled")
    e = end(cluster)
    assert type(e) is AirflowException
    assert "preprocess: out of memory, killed at its limit of 4Gi" in str(e) and "CLIENTELE_RESOURCES" in str(e)


@pytest.mark.parametrize("message", ["", "panic: boom\n\ngoroutine 1 [running]:", "not json", '"json, but no object"'])
def test_messages_of_other_makings(cluster, message):
    cluster.exit = program(2, message)
    assert "exit code 2 (unknown to the contract)" in str(end(cluster))


def test_a_time_out_is_told_as_one(cluster):
    """Whatever the pod looks like by then: it was Airflow that stopped it."""
    cluster.exit = program(143, told("signal", 143))
    with meanwhile(raising(AirflowTaskTimeout("Timeout"))):
        e = end(cluster)
    assert type(e) is AirflowException
    assert "TimedOut" in str(e) and "not done within 2:00:00" in str(e)


def test_a_pod_that_was_deleted(cluster):
    with meanwhile(lambda: cluster.pods.clear()):
        e = end(cluster)
    assert type(e) is AirflowException and "the pod is gone: it was deleted or its node was lost." in str(e)


def test_a_pod_is_read_again_before_it_is_judged(cluster):
    """Deleted with its grace period: the program has said how it ended when Airflow's next question fails."""
    cluster.exit = program(143, told("signal", 143, "stopped by terminated"))

    def stopped() -> None:
        cluster.end(cluster.made[-1])
        raise ApiException(status=404, reason="Not Found")

    with meanwhile(stopped):
        e = end(cluster)
    assert type(e) is AirflowException and "exit code 143 (stopped), cause signal: stopped by terminated." in str(e)


def test_a_pod_that_never_started(cluster):
    def pending(name: str) -> None:
        waiting = {"waiting": {"reason": "ErrImagePull", "message": "no such image"}}
        for pod in cluster.pods.values():
            pod["status"]["phase"] = "Pending"
            pod["status"]["containerStatuses"][0]["state"] = waiting

    cluster.before["GET", "pods"] = pending
    task = operator(cluster)
    task.startup_timeout_seconds = task.schedule_timeout_seconds = 0
    with pytest.raises(AirflowException, match=r"cannot start the pod \(ErrImagePull\): base: no such image.*Try 1 of 4"):
        execute(task)
    assert not cluster.pods


def test_an_evicted_pod():
    ended = Ended(None, pod_reason="Evicted", pod_message="The node was low on resource: memory.")
    v = judge("drift", ended, memory="2Gi", attempt=1, tries=4)
    assert not v.fail and "(Evicted): The node was low on resource: memory." in v.text


# Reason and message as a kubelet 1.33 gave them to pods that wrote, or ran, for too long; both had been sent SIGTERM first.
DISK_FULL = ("Evicted", 'Usage of EmptyDir volume "scratch" exceeds the limit "1Mi". ')
TOO_LONG = ("DeadlineExceeded", "Pod was active on the node longer than the specified deadline")


@pytest.mark.parametrize(("reason", "message"), [DISK_FULL, TOO_LONG])
@pytest.mark.parametrize(("code", "said"), [(137, ""), (143, told("signal", 143, "stopped by terminated"))])
def test_a_pod_that_the_cluster_ended(cluster, reason, message, code, said):
    cluster.exit = program(code, said)
    cluster.status = {"reason": reason, "message": message}
    e = end(cluster)
    assert type(e) is AirflowException
    assert f"the cluster ended the pod ({reason}): {message.strip().rstrip('.')}." in str(e)
    assert "memory" not in str(e)
    assert ("stopped by terminated" in str(e)) == bool(said)
    assert ("Raise its ephemeral-storage in CLIENTELE_RESOURCES." in str(e)) == (reason == "Evicted")


def test_a_program_that_somebody_killed(cluster):
    cluster.exit = program(137, "the last line")
    e = end(cluster)
    assert type(e) is AirflowException and "killed (SIGKILL) for an unknown reason: the last line." in str(e)


def test_the_verdict_is_a_line_of_the_log(cluster, caplog):
    cluster.exit = program(65, told("columns", 65))
    e = end(cluster)
    assert [r.message for r in caplog.records if r.levelname == "ERROR" and r.name == "clientele.pods"] == [str(e)]


def test_tries_are_counted_since_the_task_was_cleared(cluster):
    cluster.exit = program(1)
    assert f"Try 1 of {TRIES}." in str(end(cluster, cleared=TRIES, attempt=1))
    assert f"Try {TRIES} of {TRIES}." in str(end(cluster, cleared=TRIES, attempt=TRIES))


@pytest.mark.parametrize("pod", [None, k8s.V1Pod(), k8s.V1Pod(status=k8s.V1PodStatus())])
def test_half_pods_are_read(pod):
    assert Ended.of_pod(pod, "base") == Ended(None)


class TestKilled:
    """SIGTERM. Airflow 3 calls on_kill and lets execute go on; nothing that comes of it then is a success."""

    def test_the_step_had_succeeded(self, cluster):
        """The provider returns the result, or None where it lost it: the task would be green."""
        task = operator(cluster)
        with meanwhile(task.on_kill), pytest.raises(AirflowException, match=r"killed by Airflow \(SIGTERM\).*Try 1 of 4"):
            execute(task)
        assert cluster.deleted[:1] == cluster.made and not cluster.pods

    def test_the_provider_returns_none(self, cluster):
        """What its cleanup makes of a pod that on_kill has ended (apache/airflow 73006, 71202)."""
        task = operator(cluster)

        def killed_and_done() -> None:
            kept = dict(cluster.pods)
            task.on_kill()
            cluster.pods |= kept  # deletion takes its grace period

        cluster.answer = fake.EMPTY
        with meanwhile(killed_and_done), pytest.raises(AirflowException, match="killed by Airflow"):
            execute(task)
        assert not cluster.pods

    def test_while_the_pod_is_made(self, cluster):
        """on_kill knows no pod yet."""
        task = operator(cluster)
        cluster.before["POST", "pods"] = lambda name: task.on_kill()
        with pytest.raises(AirflowException, match="killed by Airflow"):
            execute(task)
        assert cluster.made and not cluster.pods

    def test_while_earlier_pods_are_looked_for(self, cluster, labels):
        """on_kill knows no pod yet; the one that is then found is not followed."""
        cluster.put("left", labels)
        task = operator(cluster)
        cluster.before["GET", "pods"] = lambda name: None if name else task.on_kill()
        with meanwhile(lambda: pytest.fail("it was followed")), pytest.raises(AirflowException, match="killed by Airflow"):
            execute(task)
        assert not cluster.pods and not cluster.made

    def test_airflow_2_raises_besides(self, cluster):
        task = operator(cluster)

        def terminated() -> None:
            task.on_kill()
            raise AirflowTaskTerminated("Task received SIGTERM signal")

        with meanwhile(terminated), pytest.raises(AirflowException, match="killed by Airflow"):
            execute(task)
        assert not cluster.pods

    @pytest.mark.parametrize("answer", [fake.EMPTY, "null", "3"])
    def test_a_step_without_a_result_is_no_success(self, cluster, answer):
        cluster.answer = answer
        e = end(cluster)
        assert type(e) is AirflowException and "exit code 0, but no result. Try 1 of 4." in str(e)


# What a Kubernetes 1.34 API server answers, and a part of the line that a person then reads.
FORBIDDEN = (
    'pods is forbidden: User "system:serviceaccount:airflow:worker" cannot create resource "pods" in API group "" '
    'in the namespace "clientele"'
)
NO_ACCOUNT = 'pods "p" is forbidden: error looking up service account clientele/x: serviceaccount "x" not found'
QUOTA = 'pods "p" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1'
PERMANENT = [
    (403, FORBIDDEN, "the rights that Airflow needs"),
    (403, NO_ACCOUNT, "CLIENTELE_SERVICE_ACCOUNT"),
    (404, 'namespaces "clientele" not found', "CLIENTELE_NAMESPACE"),
    (401, "Unauthorized", "does not accept Airflow's credentials"),
    (422, 'Pod "p" is invalid: spec.containers[0].resources.requests', "does not accept the pod"),
    (400, "Pod in version v1 cannot be handled as a Pod", "does not accept the pod"),
]
PASSING = [
    (403, QUOTA, "quota"),
    (409, "object is being deleted", "failed"),
    (429, "too many", "failed"),
    (500, "etcd", "failed"),
]


class TestBeforeAPod:
    """Nothing that is missing is waited for: it fails at once and is named. What passes is tried as often as anything."""

    @pytest.mark.parametrize(("status", "message", "hint"), PERMANENT)
    @pytest.mark.parametrize("task_id", ["ingest", "preprocess"])
    def test_permanent(self, cluster, task_id, status, message, hint):
        cluster.refuse("POST", "pods", status, message)
        e = end(cluster, task_id)
        assert type(e) is AirflowFailException
        assert f"{task_id}: " in str(e) and message in str(e) and f"({status})" in str(e) and hint in str(e)

    @pytest.mark.parametrize(("status", "message", "hint"), PASSING)
    @pytest.mark.parametrize("task_id", ["ingest", "preprocess"])
    def test_passing(self, cluster, task_id, status, message, hint):
        cluster.refuse("POST", "pods", status, message)
        e = end(cluster, task_id)
        assert type(e) is AirflowException
        assert message in str(e) and hint in str(e) and f"Try 1 of {TRIES}." in str(e)

    def test_a_listing_is_refused(self, cluster):
        cluster.refuse("GET", "pods", 403, FORBIDDEN.replace("create", "list"))
        e = end(cluster)
        assert type(e) is AirflowFailException and 'cannot list resource "pods"' in str(e)

    def test_no_kubeconfig(self, cluster):
        cluster.kubeconfig = "/nowhere/kubeconfig"
        e = end(cluster, "ingest")
        assert type(e) is AirflowFailException
        assert "no usable kubeconfig" in str(e) and "CLIENTELE_KUBECONFIG is /nowhere/kubeconfig" in str(e)

    def test_a_broken_kubeconfig(self, cluster, tmp_path):
        (tmp_path / "kubeconfig").write_text("clusters: [")
        assert type(end(cluster)) is AirflowFailException

    def test_nobody_answers(self, cluster, tmp_path):
        file = tmp_path / "kubeconfig"
        file.write_text(re.sub(r"http://127.0.0.1:\d+", "http://127.0.0.1:9", file.read_text()))
        e = end(cluster)
        assert type(e) is AirflowException and "the cluster's API server does not answer" in str(e)

    def test_the_sidecar_may_not_be_asked(self, cluster):
        """The right to exec is asked for by a websocket, whose exception has status 0 and its headers in the reason."""
        body = json.dumps({"message": FORBIDDEN.replace("pods", "pods/exec")})
        headers = {"audit-id": fake.SECRET_HEADER}
        refused = ApiException(status=0, reason=f"Handshake status 403 Forbidden -+-+- {headers} -+-+- {body}")
        with mock.patch.object(PodManager, "extract_xcom_json", side_effect=refused):
            e = end(cluster)
        assert type(e) is AirflowFailException and 'cannot create resource "pods/exec"' in str(e)

    @pytest.mark.parametrize("status", [403, 500])
    def test_nothing_shows_http_headers(self, cluster, status, caplog, capfd):
        """The provider prints exceptions of the API where it tries again and where it goes on without an answer."""
        cluster.refuse("GET", "events", status, "no")
        cluster.refuse("DELETE", "pods", status, "no")
        cluster.exit = program(1)
        with contextlib.suppress(AirflowException):
            execute(operator(cluster))
        seen = caplog.text + "".join(capfd.readouterr())
        assert f"preprocess: cannot delete pod {cluster.made[0]}: " in seen
        assert fake.SECRET_HEADER not in seen


class TestOnePod:
    """A step has one pod at a time, whatever earlier tries have left."""

    def test_one_that_runs_is_gone_on_with(self, cluster, labels):
        cluster.put("left", labels)
        assert execute(operator(cluster), attempt=2) == RESULT
        assert cluster.made == [] and cluster.deleted == ["left"]

    def test_one_that_has_a_result_is_gone_on_with(self, cluster, labels):
        cluster.put("left", labels, code=0)
        assert execute(operator(cluster), attempt=2) == RESULT
        assert cluster.made == []

    @pytest.mark.parametrize(
        "left",
        [
            {"code": 1},
            {"phase": "Succeeded", "code": 0},
            {"phase": "Failed", "code": 137},
            {"going": True},
        ],
    )
    @pytest.mark.parametrize("label", [{}, {"already_checked": "True"}])
    def test_one_that_is_over_goes_first(self, cluster, labels, left, label):
        cluster.put("left", labels | label, **left)
        assert execute(operator(cluster), attempt=2) == RESULT
        assert cluster.deleted == ["left", *cluster.made] and len(cluster.made) == 1
        assert cluster.most == 1

    def test_one_that_was_labelled_as_seen_is_gone_on_with(self, cluster, labels):
        """By a provider that could not delete it: it runs, and nothing else of this step may."""
        cluster.put("left", labels | {"already_checked": "True"})
        assert execute(operator(cluster), attempt=2) == RESULT
        assert cluster.made == []

    def test_of_several_the_newest_is_gone_on_with(self, cluster, labels):
        for name, day in (("older", 1), ("newest", 3), ("old", 2)):
            cluster.put(name, labels)["metadata"]["creationTimestamp"] = f"2026-03-0{day}T06:00:00Z"
        assert execute(operator(cluster), attempt=2) == RESULT
        assert sorted(cluster.deleted[:2]) == ["old", "older"] and cluster.deleted[2:] == ["newest"]
        assert cluster.made == []

    def test_one_that_does_not_go_is_waited_for(self, cluster, labels):
        """Its node does not answer: rather no second pod."""
        cluster.put("left", labels, going=True)
        cluster.before["DELETE", "pods"] = lambda name: (200, {})
        task = operator(cluster)
        task.termination_grace_period = -60
        with pytest.raises(AirflowException, match=r"pod left of an earlier try is deleted, but does not end.*Try 2 of 4"):
            execute(task, attempt=2)
        assert cluster.made == []

    def test_another_tasks_pods_are_left_alone(self, cluster, labels):
        cluster.put("other", labels | {"task_id": "drift"})
        assert execute(operator(cluster)) == RESULT
        assert list(cluster.pods) == ["other"]

    def test_a_pod_that_cannot_be_deleted_is_no_failure(self, cluster):
        cluster.refuse("DELETE", "pods", 403, "no")
        assert execute(operator(cluster)) == RESULT


class Gone(BaseException):
    """Instead of the end of this process."""


class TestOrphan:
    """SIGKILL of the process that supervises the task: this one lives on, and the pod is the next try's."""

    @pytest.mark.parametrize("then", ["a line of the log", "the end of the step", "SIGTERM"])
    def test_it_leaves_the_pod_alone(self, cluster, then):
        task = operator(cluster)
        parent = mock.patch("os.getppid", side_effect=[os.getppid(), 1, 1, 1])

        def act() -> None:
            if then == "SIGTERM":
                task.on_kill()
            if then == "a line of the log":
                raise BrokenPipeError("the log is closed")

        with parent, mock.patch("os._exit", side_effect=Gone), meanwhile(act), pytest.raises(Gone):
            execute(task)
        assert list(cluster.pods) == cluster.made and cluster.deleted == []


class TestLateSource:
    """ingest, cause source: looked for again for the Param's hours. That is no failure, and takes no try."""

    @pytest.fixture
    def late(self, cluster):
        cluster.exit = program(75, told("source", 75, "it is not there yet", "gs://inbox/a.csv"))
        return cluster

    def test_looked_for_again(self, late, caplog):
        now = datetime.now(UTC)
        e = end(late, "ingest", began=now - timedelta(hours=5))
        assert type(e) is AirflowRescheduleException
        assert timedelta(minutes=9) < e.reschedule_date - now < timedelta(minutes=11), "CLIENTELE_LOOK_SECONDS is 600"
        (line,) = [r.message for r in caplog.records if r.levelname == "WARNING" and r.name == "clientele.pods"]
        assert "[gs://inbox/a.csv]" in line and "(5.0 of 6 hours). Next look at " in line
        assert f"Waiting for the source since {now - timedelta(hours=5):%Y-%m-%d %H:%M}" in line

    def test_once_more_at_the_very_end(self, late):
        now = datetime.now(UTC)
        e = end(late, "ingest", began=now - timedelta(hours=5, minutes=58))
        assert type(e) is AirflowRescheduleException
        assert abs(e.reschedule_date - now - timedelta(minutes=2)) < timedelta(seconds=1)

    def test_given_up(self, late):
        e = end(late, "ingest", began=NOW - timedelta(hours=6, minutes=1))
        assert type(e) is AirflowFailException
        since = f"{NOW - timedelta(hours=6, minutes=1):%Y-%m-%d %H:%M}"
        assert f"Waited for the source since {since}" in str(e) and "Given up." in str(e)

    def test_not_at_all(self, late):
        assert type(end(late, "ingest", hours=0)) is AirflowFailException

    @pytest.mark.parametrize("cause", ["source_unavailable", "source_changed"])
    def test_a_supplier_in_trouble_is_late_too(self, cluster, cause):
        cluster.exit = program(75, told(cause, 75))
        assert type(end(cluster, "ingest")) is AirflowRescheduleException

    def test_everything_else_has_the_tries_of_any_step(self, cluster):
        for ended in (program(75, told("store", 75)), program(70), program(137, reason="OOMKilled"), program(1)):
            cluster.exit = ended
            assert type(end(cluster, "ingest")) is AirflowException
        tasks = wiring.dags()["clientele_drift"]
        assert tasks.get_task("ingest").retries == tasks.get_task("preprocess").retries == TRIES - 1

    def test_other_steps_do_not_wait(self, late):
        assert type(end(late, "preprocess")) is AirflowException

    def test_late_says_since_when(self):
        since, ten = datetime(2026, 3, 2, 6, tzinfo=UTC), timedelta(minutes=10)
        late = Late(since, 6, ten, datetime(2026, 3, 2, 12, tzinfo=UTC))
        assert late.over and str(late) == "Waited for the source since 2026-03-02 06:00 UTC (6.0 of 6 hours). Given up."
        late = Late(since, 6, ten, datetime(2026, 3, 2, 9, tzinfo=UTC))
        assert str(late) == "Waiting for the source since 2026-03-02 06:00 UTC (3.0 of 6 hours). Next look at 09:10:00 UTC."
