"""Which of Airflow's rights in the pods' namespace are missing: asked of the cluster, which is the only one to know."""

from __future__ import annotations

from typing import Any

from kubernetes.client import AuthorizationV1Api
from kubernetes.client import models as k8s

# docs/airflow.md has them with their purposes.
RIGHTS = {
    "pods": ("get", "list", "create", "delete"),
    "pods/log": ("get",),
    "pods/exec": ("get", "create"),
    "events": ("list",),
}


def missing(core: Any, namespace: str) -> list[str]:
    """The rights that whoever asks has not, as "create pods"."""
    api = AuthorizationV1Api(core.api_client)
    return [
        f"{verb} {what}" for what, verbs in RIGHTS.items() for verb in verbs if not _may(api, namespace, verb, *what.split("/"))
    ]


def _may(api: AuthorizationV1Api, namespace: str, verb: str, resource: str, sub: str | None = None) -> bool:
    asked = k8s.V1ResourceAttributes(namespace=namespace, verb=verb, resource=resource, subresource=sub)
    review = k8s.V1SelfSubjectAccessReview(spec=k8s.V1SelfSubjectAccessReviewSpec(resource_attributes=asked))
    return bool(api.create_self_subject_access_review(review).status.allowed)
