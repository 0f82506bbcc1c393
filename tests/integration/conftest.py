"""What integration tests share: a server of bytes."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

import pytest

from tests.builders.byte_server import ByteServer
from tests.builders.environment import is_of_this_machine


class RawServer(ByteServer):
    """Answers each request on its connections as a test wants it.

    Args:
        reply: writes to the connection; ``False`` closes it then.
        tls: how to be an HTTPS server.

    Attributes:
        requests: each as it came, head and body.
        closed: a connection has ended.
    """

    def __init__(
        self, reply: Callable[[socket.socket], bool | None], tls: ssl.SSLContext | None = None
    ) -> None:
        self.requests: list[bytes] = []
        self.closed = threading.Event()
        self._reply = reply
        self._tls = tls
        self._stopping = threading.Event()
        super().__init__()

    @property
    def headers(self) -> list[dict[str, str]]:
        """The headers of each request, names in lower case."""
        return [_headers(request) for request in self.requests]

    @property
    def url(self) -> str:
        """Where it listens."""
        scheme = "http" if self._tls is None else "https"
        return f"{scheme}://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """Cut everything and wait for the threads."""
        self._stopping.set()
        super().stop()

    def wait(self, seconds: float) -> bool:
        """Whether the server is still wanted after this time."""
        return not self._stopping.wait(seconds)

    def serve(self, connection: socket.socket) -> None:
        """Answer requests until the reply is to close."""
        with contextlib.suppress(OSError), self._secured(connection) as secured:
            while (request := _request(secured)) and not self._stopping.is_set():
                self.requests.append(request)
                if self._reply(secured) is False:
                    break
        self.closed.set()

    def _secured(self, connection: socket.socket) -> socket.socket:
        connection.settimeout(10)
        if self._tls is None:
            return connection
        try:
            secured = self._tls.wrap_socket(connection, server_side=True)
        except OSError:
            connection.close()
            raise
        self._open.append(secured)
        return secured


def _request(connection: socket.socket) -> bytes:
    """Read a request: its head and as many bytes as it announces."""
    received = b""
    while not _complete(received):
        part = connection.recv(65_536)
        if not part:
            return b""
        received += part
    return received


def _complete(received: bytes) -> bool:
    _, end_of_head, content = received.partition(b"\r\n\r\n")
    return bool(end_of_head) and len(content) >= int(_headers(received).get("content-length", 0))


def _headers(request: bytes) -> dict[str, str]:
    """The headers of a request, names in lower case."""
    _, *lines = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return {name.lower(): value.strip() for name, _, value in pairs}


Serve = Callable[..., RawServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts raw servers: with bytes that each request gets, or a function that writes them."""
    started: list[RawServer] = []

    def start(
        reply: bytes | Callable[[socket.socket], bool | None], tls: ssl.SSLContext | None = None
    ) -> RawServer:
        write = reply if callable(reply) else lambda connection: connection.sendall(reply)
        started.append(RawServer(write, tls))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what a test gives."""
    for name in list(os.environ):
        if is_of_this_machine(name):
            monkeypatch.delenv(name)
