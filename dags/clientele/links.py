"""The report as a link on its task, and a plugin that makes Airflow 2's web server show it.

Airflow 3 keeps the link that the worker has found and needs no plugin. Airflow 2 asks the class, which its web server knows from
a plugin only: copy this file into the plugins folder as clientele_links.py. It imports nothing of ours, because a web server may
not have the DAGs.
"""

from __future__ import annotations

import urllib.parse
from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

try:
    from airflow.sdk import BaseOperatorLink
    from airflow.sdk.execution_time.xcom import XCom
except ImportError:  # Airflow 2
    from airflow.models.baseoperatorlink import BaseOperatorLink
    from airflow.models.xcom import XCom


def address(uri: str) -> str:
    """Where a browser opens an object: Cloud Storage asks for a login and checks the person's rights."""
    scheme, _, rest = uri.partition("://")
    return f"https://storage.cloud.google.com/{urllib.parse.quote(rest)}" if scheme == "gs" else uri


class ReportLink(BaseOperatorLink):
    """Opens the page that the report task made."""

    __module__ = "clientele.links"  # also as a plugin: a DAG in Airflow 2's database names the class by it
    name: ClassVar[str] = "Report"  # type: ignore[misc]

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        result = XCom.get_value(ti_key=ti_key, key="return_value")
        return address(result["page"]) if isinstance(result, dict) else ""


class ClientelePlugin(AirflowPlugin):
    """Registers the link."""

    name = "clientele"
    operator_extra_links: ClassVar[list[BaseOperatorLink]] = [ReportLink()]
