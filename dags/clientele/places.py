"""The operator of a step in each of the places a deployment can run in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache
from typing import Any

from kubernetes.client import models as k8s

from clientele.config import Deployment
from clientele.local import LocalStepOperator
from clientele.pods import DEFAULTS, SECRETS, StepOperator, equal, memory_bytes, say_what_it_did

# What no template changes is made once: the client copies its whole configuration into every object, at every parse.
TMPDIR = k8s.V1EnvVar(name="TMPDIR", value="/scratch")  # spool files; the root file system is read-only
SCRATCH = k8s.V1VolumeMount(name="scratch", mount_path="/scratch")


@cache
def scratch(size: str) -> k8s.V1Volume:
    """The volume of that size for spool files."""
    return k8s.V1Volume(name="scratch", empty_dir=k8s.V1EmptyDirVolumeSource(size_limit=size))


def step_operator(
    d: Deployment,
    program: str,
    *,
    arguments: Sequence[str],
    minutes: int,
    secrets: Sequence[str] = (),
    account: str = "",
    late_source_hours: str | None = None,
    resources: Mapping[str, str] | None = None,
    **kwargs: Any,
) -> StepOperator:
    """Makes the operator of a program in the deployment's place. minutes bound one try; kwargs are any operator's.

    account: whose service account it has, where that is not the program's. resources: what it is given instead of the program's.
    """
    resources = resources or d.resource(program)
    if d.engine == "spark" and program == "preprocess":
        from clientele.batches import batch_operator  # it needs Google's provider

        return batch_operator(d, program, arguments=arguments, minutes=minutes, memory=resources["memory"], **kwargs)
    env = [k8s.V1EnvVar(name=name, value=value) for name, value in sorted(d.pod_env.items())]
    # The collector works harder before the kernel kills: a tenth stays for what Go does not count.
    env.append(k8s.V1EnvVar(name="GOMEMLIMIT", value=str(memory_bytes(resources["memory"]) * 9 // 10)))
    env.append(TMPDIR)
    env.append(k8s.V1EnvVar(name="TRACEPARENT", value="{{ traceparent(ti) }}"))
    for name in secrets:
        if secret := getattr(d, f"{name}_secret"):  # by reference: the value is never in Airflow
            ref = k8s.V1SecretKeySelector(name=secret, key=name.replace("_", "-"))
            env.append(k8s.V1EnvVar(name=SECRETS[name], value_from=k8s.V1EnvVarSource(secret_key_ref=ref)))
    if "source_header" in secrets and d.source_header_secret:
        env.append(k8s.V1EnvVar(name="CLIENTELE_SOURCE_HEADER_ENV", value=SECRETS["source_header"]))
        env.append(k8s.V1EnvVar(name="CLIENTELE_SOURCE_HEADER_HOST", value=d.header_hosts()))
    own = {"app.kubernetes.io/instance": d.shop} if d.shop else {}
    if d.labels:  # what a bill is split by
        own |= {**d.labels, "step": program}
        env.append(k8s.V1EnvVar(name="CLIENTELE_LABELS", value=json.dumps(dict(d.labels), sort_keys=True)))  # for BigQuery
    kind, where = place(d, account or program)
    return kind(
        step=program,
        name=f"clientele-{program}",
        memory=resources["memory"],
        xcom_image=d.xcom_image,
        late_source_hours=late_source_hours,
        image=f"{{{{ image(ti, '{program}') }}}}",
        arguments=list(arguments),
        env_vars=env,
        # Labels find a pod again after a restart, so nothing in them may differ between tries.
        labels={"app.kubernetes.io/part-of": "clientele", "app.kubernetes.io/component": program, **own},
        container_resources=equal(resources),
        volumes=[scratch(resources["ephemeral-storage"])],
        volume_mounts=[SCRATCH],
        # Airflow gives up first and says so; the cluster's deadline is for pods that Airflow has lost.
        execution_timeout=timedelta(minutes=minutes),
        active_deadline_seconds=minutes * 60 + 120,
        post_execute=say_what_it_did,
        **{**DEFAULTS, **where, **kwargs},
    )


def place(d: Deployment, account: str) -> tuple[type, dict[str, Any]]:
    """The class of operator for the deployment's place, and its arguments for that place. account is that of a program."""
    if d.place == "local":
        return LocalStepOperator, {"folder": d.bin}
    named = {"service_account_name": d.service_account.format(step=account)} if d.service_account else {}
    if d.place == "gke":
        return _gke(), {
            "project_id": d.gke_project,
            "location": d.gke_location,
            "cluster_name": d.gke_cluster,
            "namespace": d.namespace,
            **named,
        }
    # Composer 3 runs pods of others in one namespace only, reached by a kubeconfig of its own; so does any other cluster.
    return StepOperator, {"namespace": d.namespace, "config_file": d.kubeconfig or None, "in_cluster": False, **named}


def _gke() -> type:
    """The step operator on a cluster of one's own in Google Cloud. The provider is imported where it is needed alone."""
    from airflow.providers.google.cloud.operators.kubernetes_engine import GKEStartPodOperator

    class GKEStepOperator(StepOperator, GKEStartPodOperator):
        """A step in a pod on a GKE cluster; a service account for each step."""

        template_fields: Sequence[str] = (*sorted(GKEStartPodOperator.template_fields), "late_source_hours", "look_at")

    return GKEStepOperator
