"""Sizes that take minutes: a customer with five million lines, and 1,024 partitions. make test-engine ARGS="-m large"."""

import pytest
from cluster import Cluster
from shop import Work, hot_lines, line, make_shop

pytestmark = pytest.mark.large
HOT_LINES = 5_000_000


def test_a_customer_with_five_million_lines(tmp_path):
    """The program that has them takes 3 GB, beside the JVM of its executor."""
    work = Work(make_shop(tmp_path / "shop", hot_lines(HOT_LINES), "--customers=300"), tmp_path)
    cluster = Cluster(tmp_path)
    try:
        assert work.submit(cluster).wait() == 0, work.log()
    finally:
        cluster.close()
    assert not work.differs()
    lines = work.lines_of_partitions().values()
    assert max(lines) >= HOT_LINES and min(lines) == 0, lines


def test_a_thousand_partitions(cluster, tmp_path):
    """819 of customers, 205 of lines without one. Every day has every customer, so that the bounds of the sample are as many."""
    days = [f"2025-{10 + day // 30}-{1 + day % 30:02d}" for day in range(60)]
    every = (line(600_000 + c, 10_000 + c % 97, 1 + c % 7, day, c % 60, f"{c:05d}") for day in days for c in range(4000))
    shop = make_shop(tmp_path / "shop", every, "--customers=30", "--from=2025-10-01", "--days=60")
    work = Work(shop, tmp_path, partitions=819)
    assert work.submit(cluster).wait() == 0, work.log()
    assert not work.differs()
    assert len(work.lines_of_partitions()) == 1024
