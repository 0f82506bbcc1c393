"""An HTTP server on the loopback interface, in threads of its own, while a test lasts."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Final, Self

POLL_S: Final = 0.02
NONE: Final[Mapping[str, str]] = {}


class Handler(BaseHTTPRequestHandler):
    """Answers requests in the name of a server.

    Attributes:
        server_of_test: whose requests they are.
    """

    server_of_test: Any

    def do_POST(self) -> None:
        """Answer what was posted."""
        self.answer(self.rfile.read(int(self.headers["Content-Length"])))

    def answer(self, body: bytes) -> None:
        """Write the answer to a request with this body."""
        raise NotImplementedError

    def respond(self, status: int, content: bytes, headers: Mapping[str, str] = NONE) -> None:
        """Write a whole answer."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing: a request is kept, not printed."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # of five, a busy machine resets connections that wait to be accepted


class LoopbackServer:
    """Runs from ``with`` to its end.

    Attributes:
        handler: answers the requests.
    """

    handler: ClassVar[type[Handler]]

    def __init__(self) -> None:
        handler = type("Handler", (self.handler,), {"server_of_test": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(POLL_S,))

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_port

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
