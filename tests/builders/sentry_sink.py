"""A server in the place of Sentry's."""

from __future__ import annotations

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class SentrySink:
    """What Sentry's server would receive."""

    def __init__(self) -> None:
        self._envelopes: list[bytes] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def dsn(self) -> str:
        """For `TIKTOK_EVENTS_SENTRY_DSN`."""
        return f"http://key@127.0.0.1:{self._server.server_port}/1"

    def received(self) -> bytes:
        """All envelopes, unpacked."""
        return b"\n".join(self._envelopes)

    def events(self) -> list[dict[str, Any]]:
        """The events of all envelopes."""
        lines = (json.loads(line) for line in self.received().splitlines() if line)
        return [line for line in lines if "platform" in line]

    def keep(self, body: bytes) -> None:
        """Take an envelope."""
        self._envelopes.append(body)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        return type("Handler", (_SentryHandler,), {"sink": self})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _SentryHandler(BaseHTTPRequestHandler):
    sink: SentrySink

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        packed = self.headers.get("Content-Encoding") == "gzip"
        self.sink.keep(gzip.decompress(body) if packed else body)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
