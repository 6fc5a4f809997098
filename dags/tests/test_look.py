"""Looking for a delivery without a pod: over real sockets, TLS included, and only where the answer is certain."""

from __future__ import annotations

import datetime
import ipaddress
import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from unittest import mock
from urllib.parse import parse_qs, urlsplit

import pytest
from kubernetes.client import models as k8s

import wiring
from clientele.compat import AIRFLOW_MAJOR, AirflowRescheduleException
from clientele.look import missing
from test_outcome import NOW, execute, operator

OBJECTS = {"inbox": ["a.csv", "a.csv.gz", "b/c.csv"]}


class Server(BaseHTTPRequestHandler):
    """A bucket's listing as Cloud Storage answers it, and /<status> for any status."""

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        parts = url.path.split("/")
        if parts[1] == "storage":
            names = OBJECTS.get(parts[4])
            prefix = parse_qs(url.query)["prefix"][0]
            found = [{"name": n} for n in sorted(names or []) if n.startswith(prefix)][:1]
            self._answer(200 if names else 404, json.dumps({"items": found} if found else {}).encode())
        else:
            self._answer(int(parts[1]), b"invoice,code\n")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Says nothing."""


def serve(context: ssl.SSLContext | None = None) -> ThreadingHTTPServer:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    return server


def stop(server: ThreadingHTTPServer) -> None:
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    server = serve()
    yield f"127.0.0.1:{server.server_port}"
    stop(server)


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Iterator[str]:
    """An https server, and the process trusts its certificate."""
    file = certificate(tmp_path_factory.mktemp("tls") / "shop.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server = serve(context)
    with mock.patch.dict("os.environ", SSL_CERT_FILE=str(file)):
        yield f"https://127.0.0.1:{server.server_port}"
    stop(server)


def certificate(file: Any) -> Any:
    """A certificate of 127.0.0.1's own and its key, in one file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + datetime.timedelta(days=1))
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    signed = made.add_extension(address, critical=True).sign(key, hashes.SHA256())
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(private + signed.public_bytes(pem))
    return file


@pytest.mark.parametrize(
    ("source", "is_missing"),
    [
        ("gs://inbox/a.csv", False),
        ("gs://inbox/b/c.csv", False),
        ("gs://inbox/b", True),  # a folder's name, and no object
        ("gs://inbox/a.cs", True),
        ("gs://inbox/z.csv", True),
        ("gs://nobody/a.csv", False),  # no such bucket: a mistake, and not late
        ("gs://inbox/a.csv\ngs://inbox/z.csv", False),
        ("gs://inbox/{as_of:20060102}.csv", False),
        ("gs://inbox/z-*.csv", False),  # a pattern: ingest lists
        ("gs://inbox/z-?.csv", False),
    ],
)
def test_objects(bucket, source, is_missing):
    assert missing(source, bucket) is is_missing


@pytest.mark.parametrize("status", [200, 202, 204, 400, 401, 403, 404, 410, 429, 500, 503])
def test_addresses(shop, status):
    assert missing(f"{shop}/{status}/sales.csv") is (status in (404, 410))


@pytest.mark.parametrize(
    "source", ["", "sales.csv", "/in/*.csv", "file:///in/a.csv", "https://127.0.0.1:9/a", "http://127.0.0.1:9/"]
)
def test_doubts_are_for_the_pod(source):
    assert missing(source) is False


def test_a_server_without_a_known_certificate_is_a_doubt(tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path / "unknown.pem"))
    server = serve(context)
    assert missing(f"https://127.0.0.1:{server.server_port}/404/a.csv") is False
    stop(server)


def looked_at(configured: str, header: str = "", **params: Any) -> str:
    """What ingest looks at in a deployment with that source."""
    dag = wiring.load("clientele_drift", CLIENTELE_SOURCE=configured, CLIENTELE_SOURCE_HEADER_SECRET=header)
    return wiring.rendered(dag.get_task("ingest"), **params).look_at


def test_only_the_deployments_source_is_looked_at():
    """Who may trigger a run could else have Airflow ask anywhere. What a pod has credentials for is the pod's."""
    assert looked_at("gs://inbox/{as_of}.csv") == "gs://inbox/2026-03-02.csv"
    assert looked_at("gs://inbox/{as_of}.csv", header="supplier") == "gs://inbox/2026-03-02.csv"
    assert looked_at("gs://inbox/{as_of}.csv", source="gs://elsewhere/a.csv") == ""
    assert looked_at("https://shop.example/it's.csv") == "https://shop.example/it's.csv"
    assert looked_at("https://shop.example/a.csv", header="supplier") == ""
    assert looked_at("") == ""


class TestIngest:
    """The step with a look in front of its pod."""

    def ready(self, cluster, bucket: str, source: str, hours: float = 6) -> Any:
        task = operator(cluster, "ingest", hours)
        task.look_at = source
        task.env_vars = [*task.env_vars, k8s.V1EnvVar(name="STORAGE_EMULATOR_HOST", value=bucket)]
        return task

    def test_what_is_missing_costs_no_pod(self, cluster, bucket, caplog):
        with pytest.raises(AirflowRescheduleException):
            execute(self.ready(cluster, bucket, "gs://inbox/z.csv"))
        assert cluster.made == []
        assert "ingest: gs://inbox/z.csv is not there yet. Waiting for the source since " in caplog.text

    def test_what_is_there_is_read(self, cluster, bucket):
        assert execute(self.ready(cluster, bucket, "gs://inbox/a.csv"))
        assert len(cluster.made) == 1

    def test_the_last_word_is_the_programs(self, cluster, bucket):
        began = NOW - datetime.timedelta(hours=7)
        assert execute(self.ready(cluster, bucket, "gs://inbox/z.csv"), began=began)
        assert len(cluster.made) == 1


def test_the_scheduler_waits_for_the_next_look():
    """Airflow 2 would run the task again at once."""
    if AIRFLOW_MAJOR >= 3:
        pytest.skip("Airflow 3 waits whatever the operator; the scenarios show it")
    from airflow.ti_deps.deps.ready_to_reschedule import ReadyToRescheduleDep

    task = wiring.scheduler_dag(wiring.dags()["clientele_drift"]).get_task("ingest")
    assert ReadyToRescheduleDep() in task.deps and task.reschedule is True
