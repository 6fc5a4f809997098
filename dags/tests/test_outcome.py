"""How every end of a pod reaches Airflow: through the real operator's cleanup, with pods as the API server has them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
from kubernetes.client import models as k8s
from kubernetes.client.exceptions import ApiException

import wiring
from clientele.compat import AirflowException, AirflowFailException, AirflowTaskTimeout
from clientele.contract import EXIT_CODES
from clientele.outcome import Ended, Late
from clientele.pods import TRIES

NOW = datetime.now(UTC)


def ended(code: int | None, reason: str = "Error", message: str | dict | None = None, phase: str = "Failed") -> k8s.V1Pod:
    """A pod whose base container has ended, its sidecar with it; code None: nothing has ended yet."""
    text = json.dumps(message) if isinstance(message, dict) else message
    state = k8s.V1ContainerState(running=k8s.V1ContainerStateRunning())
    if code is not None:
        state = k8s.V1ContainerState(terminated=k8s.V1ContainerStateTerminated(exit_code=code, reason=reason, message=text))

    def status(name, state):
        return k8s.V1ContainerStatus(name=name, image="i", image_id="i", ready=False, restart_count=0, state=state)

    done = k8s.V1ContainerState(terminated=k8s.V1ContainerStateTerminated(exit_code=0, reason="Completed"))
    return k8s.V1Pod(
        metadata=k8s.V1ObjectMeta(name="clientele-x", namespace="clientele", labels={}),
        spec=k8s.V1PodSpec(containers=[k8s.V1Container(name="base"), k8s.V1Container(name="airflow-xcom-sidecar")]),
        status=k8s.V1PodStatus(phase=phase, container_statuses=[status("airflow-xcom-sidecar", done), status("base", state)]),
    )


def told(cause: str, code: int, message: str = "why", obj: str = "") -> dict:
    """A termination message as pkg/task writes it."""
    return {"step": "ingest", "code": code, "cause": cause, "object": obj, "message": message, "retry": code == 75}


def end(pod: k8s.V1Pod, task_id: str = "preprocess", *, before=None, read=None, attempt=1, began=NOW, hours=6, cleared=0):
    """Runs the operator's cleanup on a pod that has ended, and returns what it raises, or None."""
    task = wiring.rendered(wiring.dags()["clientele_drift"].get_task(task_id), late_source_hours=hours)
    ctx = wiring.context(task, wiring.run(began, "manual"), try_number=attempt + cleared)
    ctx["ti"].max_tries = task.retries + cleared
    manager = mock.Mock()
    manager.read_pod.side_effect = read or (lambda pod: pod)
    try:
        with mock.patch.multiple(type(task), pod_manager=manager, client=mock.Mock()):
            try:
                if before:
                    raise before
            finally:
                task.cleanup(pod, pod, xcom_result=None, context=ctx)
    except (Exception, AirflowTaskTimeout) as e:
        if pod is not None and read is None:
            manager.delete_pod.assert_called_once()
        return e
    return None


def test_success_raises_nothing():
    assert end(ended(0, "Completed", phase="Succeeded")) is None


@pytest.mark.parametrize("code", [c for c in EXIT_CODES if c not in (0, 99)] + [1, 2, 134])
def test_every_exit_code(code):
    first = end(ended(code, message=told("some_cause", code, "what went wrong", "gs://b/o")))
    assert type(first) is (AirflowFailException if code in (64, 65, 66, 78) else AirflowException)
    assert f"exit code {code}" in str(first) and "cause some_cause: what went wrong [gs://b/o]." in str(first)
    assert "\n" not in str(first), "one line"
    last = end(ended(code, message=told("some_cause", code)), attempt=TRIES)
    assert type(last) is AirflowFailException


def test_nothing_new_is_not_expected():
    """No step asks for 99 (--exit-nothing-new), so it is a failure like any unknown one: nothing is skipped by mistake."""
    assert type(end(ended(99))) is AirflowException


def test_out_of_memory_is_named_with_its_limit():
    e = end(ended(137, "OOMKilled"))
    assert type(e) is AirflowException
    assert "preprocess: out of memory, killed at its limit of 4Gi" in str(e) and "CLIENTELE_RESOURCES" in str(e)


@pytest.mark.parametrize("message", ["", "panic: boom\n\ngoroutine 1 [running]:", "not json", '"json, but no object"', None])
def test_messages_of_other_makings(message):
    e = end(ended(2, message=message))
    assert "exit code 2 (unknown to the contract)" in str(e) and "\n" not in str(e)


def test_a_time_out_is_told_as_one():
    """The pod as remembered was running: the time-out on its way says more, and must not be lost."""
    e = end(ended(None, phase="Running"), before=AirflowTaskTimeout("Timeout"))
    assert type(e) is AirflowException
    assert "TimedOut" in str(e) and "not done within 2:00:00" in str(e)


def test_a_pod_that_was_deleted():
    gone = ApiException(status=404, reason="Not Found")

    def read(pod):
        raise gone

    e = end(ended(None, phase="Running"), before=gone, read=read)
    assert type(e) is AirflowException and "PodGone" in str(e)


def test_a_pod_that_never_started():
    e = end(ended(None, phase="Pending"), before=AirflowException("ErrImagePull: no such image"))
    assert type(e) is AirflowException and "no such image" in str(e)


def test_an_evicted_pod():
    pod = ended(None)
    pod.status.reason, pod.status.message = "Evicted", "The node was low on resource: memory."
    e = end(pod)
    assert type(e) is AirflowException and "(Evicted): The node was low on resource: memory." in str(e)


# Reason and message as a kubelet 1.33 gave them to pods that wrote, or ran, for too long; both had been sent SIGTERM first.
DISK_FULL = ("Evicted", 'Usage of EmptyDir volume "scratch" exceeds the limit "1Mi". ')
TOO_LONG = ("DeadlineExceeded", "Pod was active on the node longer than the specified deadline")


@pytest.mark.parametrize(("reason", "message"), [DISK_FULL, TOO_LONG])
@pytest.mark.parametrize(("code", "said"), [(137, ""), (143, told("signal", 143, "stopped by terminated"))])
def test_a_pod_that_the_cluster_ended(reason, message, code, said):
    pod = ended(code, message=said)
    pod.status.reason, pod.status.message = reason, message
    e = end(pod)
    assert type(e) is AirflowException
    assert f"the cluster ended the pod ({reason}): {message.strip().rstrip('.')}." in str(e)
    assert "memory" not in str(e)
    assert ("stopped by terminated" in str(e)) == bool(said)
    assert ("Raise its ephemeral-storage by CLIENTELE_RESOURCES." in str(e)) == (reason == "Evicted")


def test_a_program_that_somebody_killed():
    e = end(ended(137, message="the last line"))
    assert type(e) is AirflowException and "killed (SIGKILL), and nobody says why: the last line." in str(e)


def test_a_program_that_was_done_in_a_pod_that_failed():
    e = end(ended(0, "Completed"))
    assert type(e) is AirflowException and "the program was done, but its pod failed" in str(e)


def test_the_verdict_is_a_line_of_the_log(caplog):
    e = end(ended(65, message=told("columns", 65)))
    assert [r.message for r in caplog.records if r.levelname == "ERROR" and r.name == "clientele.pods"] == [str(e)]


def test_no_pod_at_all_leaves_the_error_that_prevented_it():
    task = wiring.rendered(wiring.dags()["clientele_drift"].get_task("drift"))
    with pytest.raises(ApiException):
        try:
            raise ApiException(status=403)
        finally:
            task.cleanup(None, None, context=wiring.context(task))


class TestLateSource:
    """ingest, cause source: asked for again for the Param's hours, however many tries that takes."""

    late = ended(75, message=told("source", 75, "it is not there yet", "gs://inbox/a.csv"))

    def test_tried_again(self):
        e = end(self.late, "ingest", attempt=20, began=NOW - timedelta(hours=5))
        assert type(e) is AirflowException
        assert "waited for since" in str(e) and "5.0 of 6 hours" in str(e) and "[gs://inbox/a.csv]" in str(e)

    def test_given_up(self):
        e = end(self.late, "ingest", attempt=30, began=NOW - timedelta(hours=6, minutes=1))
        assert type(e) is AirflowFailException
        since = f"{NOW - timedelta(hours=6, minutes=1):%Y-%m-%d %H:%M}"
        assert f"waited for since {since}" in str(e) and "Given up." in str(e)

    def test_not_at_all(self):
        assert type(end(self.late, "ingest", hours=0)) is AirflowFailException

    def test_other_temporary_causes_go_on_too(self):
        other = ended(75, message=told("store", 75))
        assert type(end(other, "ingest", attempt=9, began=NOW - timedelta(hours=5))) is AirflowException
        assert type(end(other, "ingest", attempt=1, began=NOW - timedelta(hours=7))) is AirflowException
        assert type(end(other, "ingest", attempt=9, began=NOW - timedelta(hours=7))) is AirflowFailException

    def test_mistakes_get_as_many_tries_as_anywhere(self):
        for pod in (ended(70), ended(137, "OOMKilled"), ended(1)):
            assert type(end(pod, "ingest", attempt=TRIES - 1)) is AirflowException
            assert type(end(pod, "ingest", attempt=TRIES)) is AirflowFailException

    def test_there_are_retries_for_the_longest_wait(self):
        task = wiring.dags()["clientele_drift"].get_task("ingest")
        longest = wiring.dags()["clientele_drift"].params.get_param("late_source_hours").schema["maximum"]
        assert (task.retries - TRIES) * task.max_retry_delay >= timedelta(hours=longest)

    def test_it_is_no_matter_for_other_steps(self):
        assert type(end(self.late, "preprocess", attempt=TRIES)) is AirflowFailException


def test_tries_are_counted_since_the_task_was_cleared():
    assert type(end(ended(1), cleared=TRIES, attempt=1)) is AirflowException
    assert type(end(ended(1), cleared=TRIES, attempt=TRIES)) is AirflowFailException


def test_late_says_since_when():
    late = Late(datetime(2026, 3, 2, 6, tzinfo=UTC), 6, datetime(2026, 3, 2, 12, tzinfo=UTC))
    assert late.over and str(late) == "waited for since 2026-03-02 06:00 UTC, 6.0 of 6 hours"


@pytest.mark.parametrize("pod", [None, k8s.V1Pod(), k8s.V1Pod(status=k8s.V1PodStatus())])
def test_half_pods_are_read(pod):
    assert Ended.of_pod(pod, "base") == Ended(None)
