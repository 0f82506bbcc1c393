"""What integration tests share: a server of bytes."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

import pytest


class RawServer:
    """Answers each request on its connections as a test wants it.

    Args:
        reply: writes to the connection; ``False`` closes it then.
        tls: how to be an HTTPS server.

    Attributes:
        requests: each as it came, head and body.
        connections: how many were accepted.
        closed: a connection has ended.
    """

    def __init__(
        self, reply: Callable[[socket.socket], bool | None], tls: ssl.SSLContext | None = None
    ) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self.closed = threading.Event()
        self._reply = reply
        self._tls = tls
        self._stopping = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept)]
        self._open: list[socket.socket] = []
        self._threads[0].start()

    @property
    def headers(self) -> list[dict[str, str]]:
        """The headers of each request, names in lower case."""
        return [_headers(request) for request in self.requests]

    @property
    def url(self) -> str:
        """Where it listens."""
        scheme = "http" if self._tls is None else "https"
        return f"{scheme}://127.0.0.1:{self._listening.getsockname()[1]}"

    def stop(self) -> None:
        """Cut everything and wait for the threads."""
        self._stopping.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._threads[0].join()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join()

    def wait(self, seconds: float) -> bool:
        """Whether the server is still wanted after this time."""
        return not self._stopping.wait(seconds)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
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
        if name.startswith("TIKTOK_EVENTS_"):
            monkeypatch.delenv(name)
