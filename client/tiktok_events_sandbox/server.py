"""Serve HTTP/1.1 for the sandbox: read a request, carry out its reply, misbehave when told to."""

from __future__ import annotations

import ipaddress
import socket
import struct
import sys
import threading
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import TCPServer, ThreadingMixIn
from typing import TYPE_CHECKING, Any, Final

from tiktok_events_sandbox.exchange import Ending, Head, Reply

if TYPE_CHECKING:
    from tiktok_events_sandbox.exchange import Application

MAX_BODY_BYTES: Final = 64 * 1024 * 1024

# Longer than senders keep idle connections, so that the sender closes first.
IDLE_S: Final = 300.0

# How long a sender may go on with a body that is not read, before it is cut off.
DRAIN_S: Final = 2.0
DRAIN_BYTES: Final = 2 * MAX_BODY_BYTES

_POLL_S: Final = 0.05
_CHUNK_BYTES: Final = 64 * 1024
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)


class Server(ThreadingMixIn, HTTPServer):
    """A server with one thread for each connection; `close` ends them all.

    Args:
        host: the address to listen on.
        port: TCP port, 0 for any.
        application: answers the requests.

    Raises:
        OSError: the port is taken.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, host: str, port: int, application: Application) -> None:
        self.application = application
        self.closing = threading.Event()
        self._open: set[Any] = set()
        self._open_lock = threading.Lock()
        self._thread: threading.Thread | None = None
        super().__init__((host, port), _Handler)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self.server_port

    def start(self) -> None:
        """Answer requests in a background thread until `close`."""
        self._thread = threading.Thread(
            target=self.serve_forever, args=(_POLL_S,), name="sandbox", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening and close all connections, including waiting ones."""
        self.closing.set()
        if self._thread is not None:
            self.shutdown()
            self._thread.join()
        self.server_close()
        with self._open_lock:
            for connection in self._open:
                _cut(connection)

    def server_bind(self) -> None:
        """Bind without the look-up of a host name, which may take seconds."""
        TCPServer.server_bind(self)
        host, self.server_port = self.socket.getsockname()[:2]
        self.server_name = str(host)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember a connection, then hand it to its own thread."""
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection and close it."""
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore senders that went away; anything else is a bug and is shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Answers the requests of one connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = IDLE_S

    def exchange(self) -> None:
        """Answer one request."""
        refusal = self._refuse_framing() or self.server.application.before_reading(self._head())
        if refusal is not None:
            self.close_connection = True
            self._carry_out(refusal)
            self._drain()
            return
        size_bytes = self._size_bytes() or 0
        body = self.rfile.read(size_bytes)
        if len(body) < size_bytes:
            self.close_connection = True
            return
        self._carry_out(self.server.application.answer(self._head(), body))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = exchange  # noqa: N815 — the base class names them

    def log_message(self, *_args: object) -> None:
        """Log nothing: the report has the figures, and a target may hold anything."""

    def _head(self) -> Head:
        return Head(
            self.command,
            self.path,
            self.headers.get("Access-Token"),
            self.headers.get("Content-Type", ""),
            self._size_bytes(),
            ipaddress.ip_address(self.client_address[0]).is_loopback,
        )

    def _refuse_framing(self) -> Reply | None:
        if "Transfer-Encoding" in self.headers:
            return _plain(HTTPStatus.LENGTH_REQUIRED)
        if not self.headers.get("Content-Length", "0").isdecimal():
            return _plain(HTTPStatus.BAD_REQUEST)
        if (self._size_bytes() or 0) > MAX_BODY_BYTES:
            return _plain(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return None

    def _size_bytes(self) -> int | None:
        length = self.headers.get("Content-Length")
        return None if length is None else int(length)

    def _carry_out(self, reply: Reply) -> None:
        if reply.delay_s and self.server.closing.wait(reply.delay_s):
            self.close_connection = True
            return
        if reply.ending is Ending.SEND:
            self.wfile.write(self._render(reply))
            return
        self.close_connection = True
        if reply.ending is Ending.TRUNCATE:
            self.wfile.write(self._render(reply)[: -len(reply.body) // 2])
        elif reply.ending is Ending.HANG:
            self._hang(reply.hang_s)
        else:
            self._reset()

    def _render(self, reply: Reply) -> bytes:
        """Return status line, headers and body, to be sent at once."""
        headers = {
            "Content-Type": reply.content_type,
            "Content-Length": str(len(reply.body)),
            **dict(reply.headers),
            **({"Connection": "close"} if self.close_connection else {}),
        }
        lines = [f"HTTP/1.1 {reply.status} {_phrase(reply.status)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join((*lines, "", "")).encode("latin-1") + reply.body

    def _hang(self, seconds: float) -> None:
        """Wait until the sender closes, the server closes, or the time is over."""
        self.connection.settimeout(seconds or None)
        with suppress(OSError):
            self.connection.recv(1)

    def _reset(self) -> None:
        """Close with a reset: without FIN, so what was sent may be lost."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.rfile.close()
        self.connection.close()

    def _drain(self) -> None:
        """Read on for a moment: closing with unread bytes would destroy the answer in flight."""
        if self.rfile.closed:
            return
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(DRAIN_S)
        drained_bytes = 0
        while drained_bytes < DRAIN_BYTES and (chunk := self.rfile.read1(_CHUNK_BYTES)):
            drained_bytes += len(chunk)


def _plain(status: HTTPStatus) -> Reply:
    return Reply(status, b"%d %s\n" % (status, status.phrase.encode()), "text/plain")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
