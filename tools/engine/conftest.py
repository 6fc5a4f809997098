import os

import pytest

# Jobs of seconds take a third less CPU so; the bench has Java as it is. Before the import, which copies the environment.
os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")

from cluster import Cluster


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    c = Cluster(tmp_path_factory.mktemp("spark"))
    yield c
    c.close()
