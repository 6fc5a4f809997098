"""How a step runs in a pod: the one operator, and what every pod has."""

from __future__ import annotations

import copy
import logging
import os
import re
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.providers.cncf.kubernetes.utils.xcom_sidecar import PodDefaults
from kubernetes.client import models as k8s
from kubernetes.client.exceptions import ApiException

from clientele.compat import (
    AirflowException,
    AirflowFailException,
    AirflowRescheduleException,
    AirflowTaskTerminated,
    AirflowTaskTimeout,
    Reschedulable,
)
from clientele.lineage import facets
from clientele.look import missing
from clientele.outcome import Ended, Late, did, judge
from clientele.rights import missing as missing_rights
from clientele.trouble import NO_RESULT, Trouble, explain

log = logging.getLogger(__name__)

RESULT = PodDefaults.XCOM_MOUNT_PATH + "/return.json"
USER = 65532  # "nonroot" of the images; a number, for the kubelet cannot look a name up in an image without /etc/passwd
TRIES = 4  # of a failure that may pass: the first and three retries, some 7 minutes with the delays doubling from one

# Secrets that a step may get, under the variable that its program reads. The deployment names the Kubernetes secret,
# and the key in it is the name with hyphens.
SECRETS = {"customer_key": "CLIENTELE_CUSTOMER_KEY", "source_header": "SOURCE_HEADER"}

# Both containers: nothing to write to but the volumes, nothing to become.
HARDENED = k8s.V1SecurityContext(
    run_as_non_root=True,
    run_as_user=USER,
    run_as_group=USER,
    read_only_root_filesystem=True,
    allow_privilege_escalation=False,
    privileged=False,
    capabilities=k8s.V1Capabilities(drop=["ALL"]),
)

# The sidecar sleeps and prints one small file. Equal too, for Composer 3.
SIDECAR = {"cpu": "50m", "memory": "64Mi", "ephemeral-storage": "64Mi"}

# What every pod has, in every place. A DAG says none of it.
DEFAULTS: dict[str, Any] = {
    "do_xcom_push": True,  # the result: at most 16 KiB of URIs, counts and verdicts
    "deferrable": False,  # deferred pods lose their XCom or their time-outs in versions that Composer pins
    "on_finish_action": "delete_pod",  # logs and termination message are in Airflow by then
    "get_logs": True,
    "log_pod_spec_on_failure": False,  # it would print the environment
    "log_events_on_failure": True,  # ImagePullBackOff and Unschedulable are reported by events only
    "termination_message_policy": "FallbackToLogsOnError",  # a panic leaves no message of its own
    "image_pull_policy": "IfNotPresent",  # an image is named by a digest, or a tag that never moves
    "automount_service_account_token": False,  # no step talks to Kubernetes; Google's tokens come from the metadata server
    "startup_timeout_seconds": 600,  # a cold node takes minutes
    "startup_check_interval_seconds": 2,  # the default of 5 is longer than most steps on a small shop
    "termination_grace_period": 30,  # SIGTERM reaches the program, which is process 1, and it ends in a second or two
    "container_security_context": HARDENED,
    "security_context": k8s.V1PodSecurityContext(
        run_as_non_root=True,
        run_as_user=USER,
        run_as_group=USER,
        fs_group=USER,
        seccomp_profile=k8s.V1SeccompProfile(type="RuntimeDefault"),
    ),
}


class Judged:
    """How a step's end reaches Airflow, wherever the step runs."""

    step: str
    memory: str
    retries: int

    def conclude(self, end: Ended | Trouble, context: Any, cause: BaseException | None = None) -> None:
        """Raises what the end of the step means to Airflow."""
        ti = context["ti"]
        attempt = ti.try_number - (ti.max_tries - self.retries)  # since the task was last cleared
        verdict = judge(self.step, end, memory=self.memory, attempt=attempt, tries=TRIES, late=self._late(context))
        if verdict.look_again:
            log.warning("%s", verdict.text)
            raise AirflowRescheduleException(verdict.look_again)
        log.error("%s", verdict.text)  # Airflow shows the exception as the head of a trace, which its page cuts off
        kind = AirflowFailException if verdict.fail else AirflowException
        raise kind(verdict.text) from (None if isinstance(cause, ApiException) else cause)

    def _late(self, context: Any) -> Late | None:
        """How long the source has been waited for; None for a step without one."""
        return None


class StepOperator(Judged, Reschedulable, KubernetesPodOperator):
    """A pod that is a step: one at a time, how its end is read, and a sidecar that keeps to the rules of the step.

    It runs on Composer 3 and on any cluster that a kubeconfig reaches; the other places subclass it.
    """

    template_fields: Sequence[str] = (*KubernetesPodOperator.template_fields, "late_source_hours", "look_at")

    def __init__(
        self,
        *,
        step: str,
        memory: str,
        xcom_image: str,
        late_source_hours: str | None = None,
        look_seconds: int = 0,
        look_at: str = "",
        ask_rights: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.step = step
        self.memory = memory
        self.xcom_image = xcom_image
        self.late_source_hours = late_source_hours  # templated; None: this step does not wait for a source
        self.look_seconds = look_seconds
        self.look_at = look_at  # templated; a source that Airflow itself can look for, or ""
        self.ask_rights = ask_rights  # of Airflow's account, before there is a pod
        self.ended = Ended(None)
        self.supervisor: int | None = None  # the process that this one was forked from

    def execute_sync(self, context: Any) -> dict[str, Any]:
        """Runs the step and returns its result. Whatever else happens is raised as what it means to Airflow."""
        self.supervisor = os.getppid()
        late = self._late(context)
        if late and not late.over and self.look_at and missing(self.look_at, self._emulator()):
            log.warning("%s: %s is not there yet. %s", self.step, self.look_at, late)
            raise AirflowRescheduleException(late.next_look)
        if self.ask_rights:
            self._ask_rights(context)
        raised, result = None, None
        try:
            result = super().execute_sync(context)
        except (Exception, AirflowTaskTimeout, AirflowTaskTerminated) as e:
            raised = e
        if raised or self._killed or self.ended.code != 0 or not isinstance(result, dict):
            self.conclude(self._end(raised), context, raised)
        return result

    def _ask_rights(self, context: Any) -> None:
        """Ends the task where Airflow's account lacks a right. A cluster that tells nobody about rights shows them by the pod."""
        try:
            lacks = missing_rights(self.client, self.namespace or "")
        except ApiException as e:
            if e.status == 403:
                return log.warning("%s: the cluster does not say which rights Airflow has: %s", self.step, self._explain(e).text)
            return self.conclude(self._explain(e), context, e)
        except Exception as e:
            return self.conclude(self._explain(e), context, e)
        if lacks:
            text = f"grant Airflow's account in namespace {self.namespace}: {', '.join(lacks)}. docs/airflow.md has all."
            self.conclude(Trouble(text, passes=False), context)
        return None

    def get_or_create_pod(self, pod_request_obj: k8s.V1Pod, context: Any) -> k8s.V1Pod:
        """Returns the pod that an earlier try has left running, or makes one once none is left: a step has one pod.

        The provider knows no way on from several pods, goes on with one that is being deleted, and leaves those alone that
        it has labelled as seen.
        """
        namespace = pod_request_obj.metadata.namespace
        selector = self._build_find_pod_label_selector(context, exclude_checked=False)
        pods = self.client.list_namespaced_pod(namespace, label_selector=selector).items
        running = sorted(filter(self._goes_on, pods), key=lambda p: (p.metadata.creation_timestamp, p.metadata.name))
        others = [p for p in pods if p not in running[-1:]]
        for pod in others:
            log.info("deleting pod %s, which an earlier try has left", pod.metadata.name)
            self.pod_manager.delete_pod(pod)
        self._await_gone(others)
        if running:
            log.info("going on with pod %s, which an earlier try has started", running[-1].metadata.name)
        self.pod = running[-1] if running else self.client.create_namespaced_pod(namespace, pod_request_obj)
        if self._killed:  # when on_kill knew no pod yet
            raise AirflowException("killed before there was a pod")
        return self.pod

    def find_pod(self, namespace: str, context: Any, **_: Any) -> k8s.V1Pod | None:
        """This try's pod. From its start it is known by its name, whatever else has its labels."""
        return self.pod_manager.read_pod(self.pod) if self.pod else None

    def _goes_on(self, pod: k8s.V1Pod) -> bool:
        """Whether a result can still come from a pod: it runs, or waits for its result to be fetched."""
        alive = pod.status.phase in ("Pending", "Running") and not pod.metadata.deletion_timestamp
        return alive and Ended.of_pod(pod, self.base_container_name).code in (None, 0)

    def _await_gone(self, pods: Sequence[k8s.V1Pod]) -> None:
        """Returns when none of the pods is left."""
        end = time.monotonic() + self.termination_grace_period + 60
        for pod in pods:
            while self._read(pod):
                if time.monotonic() > end:
                    raise AirflowException(f"pod {pod.metadata.name} of an earlier try is deleted, but does not end")
                time.sleep(1)

    def _read(self, pod: k8s.V1Pod) -> k8s.V1Pod | None:
        """The pod as it is now, or None."""
        try:
            now = self.pod_manager.read_pod(pod)
        except ApiException as e:
            if e.status == 404:
                return None
            raise
        return now if now.metadata.uid == pod.metadata.uid else None

    def extract_xcom(self, pod: k8s.V1Pod, **kwargs: Any) -> Any:
        """The result, fetched from the sidecar, which ends with it."""
        self._end_if_orphaned()
        return super().extract_xcom(pod, **kwargs)

    @cached_property
    def client(self) -> Any:
        """The API's client. Its exceptions have no HTTP headers: the provider prints them in half a dozen places."""
        client = super().client
        rest = client.api_client.rest_client
        ask = rest.request

        def request(*args: Any, **kwargs: Any) -> Any:
            try:
                return ask(*args, **kwargs)
            except ApiException as e:
                e.headers = {k: v for k, v in (e.headers or {}).items() if k == "Retry-After"}
                raise

        rest.request = request
        return client

    def build_pod_request_obj(self, context: Any = None) -> k8s.V1Pod:
        """The pod, with a sidecar of a stated image, equal requests and limits, and no more rights than the step has.

        What the step is given reaches it literally: Params and settings pass here, rendered, on their way into the pod.
        The provider takes the sidecar's image from the connection alone; here it is part of the deployment. Provider 10.8
        leaves the grace period out.
        """
        pod = super().build_pod_request_obj(context)
        pod.spec.termination_grace_period_seconds = self.termination_grace_period
        for container in pod.spec.containers:
            if container.name == self.base_container_name:
                container.args = [literal(a) for a in container.args]
                container.env = [k8s.V1EnvVar(e.name, literal(e.value), e.value_from) for e in container.env]
            if container.name == PodDefaults.SIDECAR_CONTAINER_NAME:
                container.image = self.xcom_image
                container.image_pull_policy = "IfNotPresent"
                container.resources = equal(SIDECAR)
                container.security_context = copy.deepcopy(HARDENED)
        return pod

    def cleanup(self, pod: Any, remote_pod: Any, xcom_result: Any = None, context: Any = None) -> None:
        """Keeps how the pod has ended, for execute to judge, and deletes it.

        The provider labels a pod as seen before it deletes it: where it fails in between, the pod stays and nobody finds it.
        It judges by how the pod began where an exception is on its way.
        """
        self._end_if_orphaned()
        pod = remote_pod or self.pod
        if pod is None:  # none was made
            return
        try:
            remote_pod = self._read(pod) or remote_pod
        except Exception as e:
            log.warning("%s: cannot read pod %s again: %s", self.step, pod.metadata.name, self._explain(e).text)
        self.ended = Ended.of_pod(remote_pod, self.base_container_name)
        self._delete(pod)
        if self.ended.code != 0:
            self._read_pod_events(pod, reraise=False)

    def on_kill(self) -> None:
        """SIGTERM: a person marked or cleared the task, or the worker shuts down. In Airflow 3 execute goes on after it."""
        self._end_if_orphaned()
        self._killed = True
        if self.pod:
            self._delete(self.pod)

    def _delete(self, pod: k8s.V1Pod) -> None:
        """Deletes a pod. If that fails the next try does it, or the cluster when the pod's time is over."""
        try:
            self.pod_manager.delete_pod(pod)
        except Exception as e:
            log.warning("%s: cannot delete pod %s: %s", self.step, pod.metadata.name, self._explain(e).text)

    def _end_if_orphaned(self) -> None:
        """Ends this process if the one that supervises it is gone: the pod belongs to the next try.

        Airflow does not end it. What it would say is heard by nobody (Airflow 3), or is taken for the next try's (Airflow 2).
        """
        if self.supervisor and os.getppid() != self.supervisor:
            os._exit(1)

    def _explain(self, e: BaseException) -> Trouble:
        kubeconfig = str(getattr(self, "config_file", None) or "")
        return explain(e, kubeconfig=kubeconfig, namespace=self.namespace or "", started=self.pod is not None)

    def _end(self, raised: BaseException | None) -> Ended | Trouble:
        """How the step has ended. What Airflow did to it comes before what it then looked like."""
        if isinstance(raised, AirflowTaskTimeout):
            return Trouble(f"(TimedOut) not done within {self.execution_timeout}, and stopped.", passes=True)
        if self._killed or isinstance(raised, AirflowTaskTerminated):
            return Trouble("killed by Airflow (SIGTERM): the task was marked or cleared, or its worker shut down.", passes=True)
        if self.ended.code or self.ended.pod_reason or self.ended.never_started:
            return self.ended
        if raised is not None:
            return self._explain(raised)
        return NO_RESULT

    def _late(self, context: Any) -> Late | None:
        """How long the source has been waited for; None for a step without one."""
        if self.late_source_hours is None:
            return None
        began = context["dag_run"].start_date or context["ti"].start_date
        return Late(began, float(self.late_source_hours), timedelta(seconds=self.look_seconds), datetime.now(UTC))

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Any:
        """What the step read and wrote, from its manifest; OpenLineage's provider calls it after a step that succeeded."""
        return facets(self.step, self.arguments, self._emulator())

    def _emulator(self) -> str:
        """The storage server that the pod uses instead of Google's."""
        return next((v.value for v in self.env_vars if v.name == "STORAGE_EMULATOR_HOST"), "")


def literal(text: str | None) -> str | None:
    """The text as Kubernetes must have it for the program to see it unchanged.

    In arguments and values the kubelet replaces $(NAME) by the variable of that name, one from a secret too, and $$ by $.
    Every $ is doubled: doubling that of $( alone would turn $$(NAME) into $$$(NAME), which is a $ and a replaced $(NAME).
    """
    return text and text.replace("$", "$$")


def say_what_it_did(context: Any, result: Any) -> None:
    """The last line in the log of a step that succeeded. A hook, because Airflow 3.3 keeps the result from a method."""
    log.info("%s", did(context["task"].step, result))


def equal(resources: Mapping[str, str]) -> k8s.V1ResourceRequirements:
    """Requests and limits alike."""
    return k8s.V1ResourceRequirements(requests=dict(resources), limits=dict(resources))


def memory_bytes(quantity: str) -> int:
    """The bytes of a Kubernetes quantity such as 2Gi."""
    number, unit = re.fullmatch(r"(\d+)([KMGT]i?)?", quantity).groups(default="")
    base = 1024 if unit.endswith("i") else 1000
    return int(number) * base ** ("KMGT".index(unit[0]) + 1 if unit else 0)
