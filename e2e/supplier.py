"""A supplier's server on the address where pods reach this machine, which keeps what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Supplier:
    """Serves one content under every path."""

    def __init__(self, host: str, content: bytes):
        self.requests: list[Mapping[str, str]] = []  # the headers of each
        supplier = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                supplier.requests.append(dict(self.headers))
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: object) -> None:
                """Nothing: tests say what they miss."""

        self._server = ThreadingHTTPServer((host, 0), Handler)
        self.host = f"{host}:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
