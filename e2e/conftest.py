"""What the tests need of the machine, and the worlds they run in."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

NEEDS = {
    "CLIENTELE_KUBECONFIG": "the kubeconfig of a cluster whose pods reach this machine",
    "CLIENTELE_CLUSTER_HOST": "the address where they do",
    "CLIENTELE_E2E_IMAGE_TAG": "images in that cluster (make test-e2e builds them, CLIENTELE_CLUSTER_LOAD loads each)",
    "CLIENTELE_FAKE_GCS": "fake-gcs-server (make test-e2e builds it)",
}


def missing(what: str) -> None:
    """Skips where a person works, fails where a machine must not go without."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"missing: {what}", pytrace=False)
    pytest.skip(f"missing: {what}")


@pytest.fixture(scope="session")
def machine() -> None:
    """Everything that is not in the repository."""
    if gaps := [f"{name}, {what}" for name, what in NEEDS.items() if not os.environ.get(name)]:
        missing("; ".join(gaps))


@pytest.fixture(scope="session")
def chromium() -> str:
    """A browser."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found:
        missing("chromium (Debian's package chromium)")
    return str(found)
