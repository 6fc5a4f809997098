"""Every test sees the DAGs as one deployment would: an environment made here, before Airflow is imported."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import pytest

DAGS = Path(__file__).resolve().parent.parent
SECRET = "a customer key that no pod may show"

# A database that nobody has made: a query at import fails the test.
os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="airflow-"))
os.environ |= {
    "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
    "CLIENTELE_PLACE": "kubeconfig",
    "CLIENTELE_ROOT": "gs://example-data/clientele",
    "CLIENTELE_SOURCE": "gs://example-inbox/{as_of}.csv.gz",
    "CLIENTELE_IMAGE_PREFIX": "registry.example/clientele",
    "CLIENTELE_IMAGE_TAG": "1.2.3",
    "CLIENTELE_KUBECONFIG": "/etc/clientele/kubeconfig",
    "CLIENTELE_IMAGES": str(Path(__file__).with_name("no_images.json")),  # whatever a release has left beside the DAGs
    "CLIENTELE_CUSTOMER_KEY_SECRET": "clientele",
    "CLIENTELE_CUSTOMER_KEY": SECRET,
    "CLIENTELE_SOURCE_HEADER_SECRET": "supplier",
    "CLIENTELE_SOURCE_HEADER_HOST": "shop.example",
    "SOURCE_HEADER": SECRET,
}
sys.path.insert(0, str(DAGS))


@pytest.fixture
def cluster(tmp_path):
    """A Kubernetes API in memory."""
    import cluster as fake

    with fake.serve(tmp_path) as c:
        yield c
