"""Which of the rights that batches need Airflow's account does not have: Google is asked, and nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator

from airflow.providers.google.common.hooks.base_google import GoogleBaseHook
from google.api_core.exceptions import from_http_response
from google.auth.transport.requests import AuthorizedSession

from clientele.config import Deployment

API = "https://{}.googleapis.com"
SECONDS = 60


def questions(d: Deployment) -> Iterator[tuple[str, str, str, tuple[str, ...], str]]:
    """For each place: what it is, the API's method and address, the permissions, and the role that has them (docs/engine.md)."""
    batches = tuple(f"dataproc.batches.{verb}" for verb in ("create", "get", "cancel", "delete"))
    yield (
        f"project {d.spark_project}",
        "POST",
        f"{API.format('cloudresourcemanager')}/v1/projects/{d.spark_project}:testIamPermissions",
        (*batches, "dataproc.operations.cancel"),
        "roles/dataproc.editor",
    )
    yield (
        f"account {d.spark_account}",
        "POST",
        f"{API.format('iam')}/v1/projects/-/serviceAccounts/{d.spark_account}:testIamPermissions",
        ("iam.serviceAccounts.actAs",),
        "roles/iam.serviceAccountUser",
    )
    yield (
        f"bucket {d.spark_bucket}",
        "GET",
        f"{API.format('storage')}/storage/v1/b/{d.spark_bucket}/iam/testPermissions",
        ("storage.objects.get", "storage.objects.list"),
        "roles/storage.objectViewer",
    )


def missing(d: Deployment) -> list[str]:
    """What to do about it, a text for each place. Raises what Google's API answers instead."""
    session, found = AuthorizedSession(GoogleBaseHook().get_credentials()), []
    for where, method, address, permissions, role in questions(d):
        asked = {"json": {"permissions": permissions}} if method == "POST" else {"params": {"permissions": permissions}}
        answer = session.request(method, address, timeout=SECONDS, **asked)
        if answer.status_code == 404:
            found.append(f"{where} is not there: make it, or correct CLIENTELE_SPARK_{where.partition(' ')[0].upper()}")
            continue
        if not answer.ok:
            raise from_http_response(answer)
        lacks = [p for p in permissions if p not in answer.json().get("permissions", [])]
        if lacks:
            found.append(f"grant {role} on {where} ({', '.join(lacks)})")
    return found
