"""How a step runs in a pod: the one operator, and what every pod has."""

from __future__ import annotations

import copy
import logging
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.providers.cncf.kubernetes.utils.xcom_sidecar import PodDefaults
from kubernetes.client import models as k8s
from kubernetes.client.exceptions import ApiException

from clientele.compat import AirflowException, AirflowFailException, AirflowSkipException, AirflowTaskTimeout
from clientele.outcome import Ended, Late, judge

log = logging.getLogger(__name__)

RESULT = PodDefaults.XCOM_MOUNT_PATH + "/return.json"
USER = 65532  # "nonroot" of the images; a number, for the kubelet cannot look a name up in an image without /etc/passwd
TRIES = 4  # of a failure that may pass: the first and three retries, some 7 minutes with the delays doubling from one

# What a step may be told in secret, under the variable that its program reads. The deployment names the Kubernetes secret,
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
    "reattach_on_restart": True,  # a worker that comes back finds its pod by labels that no try changes
    "on_finish_action": "delete_pod",  # logs and termination message are in Airflow by then
    "get_logs": True,
    "log_pod_spec_on_failure": False,  # it would print the environment
    "log_events_on_failure": True,  # ImagePullBackOff and Unschedulable are told by events alone
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


class StepOperator(KubernetesPodOperator):
    """A pod that is a step: how its end is read, and a sidecar that keeps to the rules of the step.

    It runs on Composer 3 and on any cluster that a kubeconfig reaches; the other places subclass it.
    """

    template_fields: Sequence[str] = (*KubernetesPodOperator.template_fields, "late_source_hours")

    def __init__(self, *, step: str, memory: str, xcom_image: str, late_source_hours: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.step = step
        self.memory = memory
        self.xcom_image = xcom_image
        self.late_source_hours = late_source_hours  # templated; None: this step does not wait for a source

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
        """Deletes the pod, as the provider does, and says what its end means.

        It runs in a `finally`: an exception on its way is what happened, and remote_pod then is how the pod began.
        """
        before = sys.exc_info()[1]
        try:
            super().cleanup(pod, remote_pod, xcom_result=xcom_result, context=context)
        except (AirflowSkipException, AirflowFailException):
            raise
        except (AirflowException, ApiException) as after:
            ended = Ended.of_pod(remote_pod, self.base_container_name)
            if ended.code is None and before is not None:
                ended = Ended(None, *self._happened(before))
            elif ended.code is None and isinstance(after, ApiException):
                ended = Ended(None, *self._happened(after))
            self.conclude(ended, context, after)

    def _happened(self, e: BaseException) -> tuple[str, str]:
        """Reason and message of an exception that ended the waiting for a pod."""
        if isinstance(e, AirflowTaskTimeout):
            return "TimedOut", f"not done within {self.execution_timeout}, and stopped"
        if isinstance(e, ApiException) and e.status == 404:
            return "PodGone", "it was deleted, or its node was lost, before it ended"
        return type(e).__name__, str(e) or "no message"

    def conclude(self, ended: Ended, context: Any, cause: BaseException | None = None) -> None:
        """Raises what the end of the step means to Airflow."""
        ti = context["ti"]
        attempt = ti.try_number - (ti.max_tries - self.retries)  # since the task was last cleared
        late = None
        if self.late_source_hours is not None:
            began = context["dag_run"].start_date or ti.start_date
            late = Late(began, float(self.late_source_hours), datetime.now(UTC))
        verdict = judge(self.step, ended, memory=self.memory, attempt=attempt, tries=TRIES, late=late)
        log.error("%s", verdict.text)  # Airflow shows the exception as the head of a trace, which its page cuts off
        kind = AirflowFailException if verdict.fail else AirflowException
        raise kind(verdict.text) from cause


def literal(text: str | None) -> str | None:
    """The text as Kubernetes must have it for the program to see it unchanged.

    In arguments and values the kubelet replaces $(NAME) by the variable of that name, one from a secret too, and $$ by $.
    Every $ is doubled: doubling that of $( alone would turn $$(NAME) into $$$(NAME), which is a $ and a replaced $(NAME).
    """
    return text and text.replace("$", "$$")


def equal(resources: Mapping[str, str]) -> k8s.V1ResourceRequirements:
    """Requests and limits alike."""
    return k8s.V1ResourceRequirements(requests=dict(resources), limits=dict(resources))


def memory_bytes(quantity: str) -> int:
    """The bytes of a Kubernetes quantity such as 2Gi."""
    number, unit = re.fullmatch(r"(\d+)([KMGT]i?)?", quantity).groups(default="")
    base = 1024 if unit.endswith("i") else 1000
    return int(number) * base ** ("KMGT".index(unit[0]) + 1 if unit else 0)
