"""Servers that speak TLS: an honest door to the real server, a Sentinel, and impostors."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import pytest
import trustme
from redis import Redis

from tests.builders.byte_server import ByteServer

HOST = "127.0.0.1"
Answer = Callable[[Sequence[bytes]], bytes]
"""Reply to one command, as bytes of the protocol."""
Opened = Callable[[], contextlib.AbstractContextManager[Answer]]
"""A connection begins."""


@dataclass(frozen=True)
class Authority:
    """Who signs certificates.

    Attributes:
        path: of its own certificate, for those who trust it.
        signer: issues others.
    """

    path: Path
    signer: trustme.CA

    def context(self, name: str = HOST) -> ssl.SSLContext:
        """How to be the server of this name."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.signer.issue_cert(name).configure_cert(context)
        return context


class TlsServer(ByteServer):
    """Answers commands over TLS.

    Args:
        context: its certificate.
        opened: a connection has come; says how to answer its commands.

    Attributes:
        heard: every command that came, so also every password.
    """

    def __init__(self, context: ssl.SSLContext, opened: Opened) -> None:
        self.heard: list[list[bytes]] = []
        self._context = context
        self._opened = opened
        super().__init__()

    def serve(self, connection: socket.socket) -> None:
        """Answer commands until the connection ends."""
        with connection:
            try:
                secured = self._context.wrap_socket(connection, server_side=True)
            except OSError:
                return
            self._open.append(secured)
            with contextlib.suppress(OSError), secured, secured.makefile("rb") as stream:
                self._converse(secured, stream)

    def _converse(self, connection: socket.socket, stream: BinaryIO) -> None:
        with self._opened() as answer:
            while command := _command(stream):
                self.heard.append(command)
                connection.sendall(answer(command))


def _command(stream: BinaryIO) -> list[bytes]:
    """One command; nothing at the end of the stream."""
    words = []
    for _ in range(int(stream.readline()[1:] or 0)):
        size = int(stream.readline()[1:])
        words.append(stream.read(size + 2)[:size])
    return words


def friendly(command: Sequence[bytes]) -> bytes:
    """What a server says that wants to hear more."""
    return b"%1\r\n$5\r\nproto\r\n:3\r\n" if command[0].upper() == b"HELLO" else b"+OK\r\n"


def always(answer: Answer) -> Opened:
    """The same to every connection."""
    return lambda: contextlib.nullcontext(answer)


FRIENDLY = always(friendly)


def bulk(*words: object) -> bytes:
    """An array of texts."""
    texts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(texts) + b"".join(b"$%d\r\n%b\r\n" % (len(t), t) for t in texts)


def leads_to(port: int) -> Opened:
    """A Sentinel and a cluster's node in one: the primary is at this port."""
    primary: tuple[object, ...] = (
        *("name", "outbox", "ip", HOST, "port", port, "flags", "master"),
        *("num-other-sentinels", 0),
    )

    def answer(speaks: list[bytes], command: Sequence[bytes]) -> bytes:
        words = [word.upper() for word in command]
        if words[0] == b"HELLO":
            speaks[:] = words[1:2]
        if words[:2] == [b"SENTINEL", b"MASTERS"]:
            told = bulk(*primary)
            if speaks == [b"3"]:  # a map
                told = b"%%%d\r\n" % (len(primary) // 2) + told.partition(b"\r\n")[2]
            return b"*1\r\n" + told
        if words[:2] == [b"CLUSTER", b"SLOTS"]:
            node = b"*2\r\n$%d\r\n%b\r\n:%d\r\n" % (len(HOST), HOST.encode(), port)
            return b"*1\r\n*3\r\n:0\r\n:16383\r\n" + node
        return friendly(command)

    return lambda: contextlib.nullcontext(partial(answer, []))


Start = Callable[[ssl.SSLContext, Opened], TlsServer]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts servers, and stops them."""
    started: list[TlsServer] = []

    def one(context: ssl.SSLContext, opened: Opened = FRIENDLY) -> TlsServer:
        started.append(TlsServer(context, opened))
        return started[-1]

    yield one
    for server in started:
        server.stop()


@pytest.fixture(scope="session")
def leading_to() -> Callable[[int], Opened]:
    """Makes a Sentinel, and a cluster's node, that names the primary."""
    return leads_to


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Ours."""
    return _authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """One that nobody trusts."""
    return _authority(tmp_path_factory.mktemp("strangers"))


def _authority(directory: Path) -> Authority:
    signer = trustme.CA()
    signer.cert_pem.write_to_path(str(directory / "ca.pem"))
    return Authority(directory / "ca.pem", signer)


@pytest.fixture
def door(start: Start, authority: Authority, redis: Redis, server: Any) -> Iterator[TlsServer]:
    """TLS in front of the real server, which has none; with the user `jo:secret`."""
    redis.acl_setuser("jo", enabled=True, passwords=["+secret"], keys="*", categories=["+@all"])
    yield start(authority.context(), partial(_passed_on, server.port))
    redis.acl_deluser("jo")


@contextlib.contextmanager
def _passed_on(port: int) -> Iterator[Answer]:
    """A connection to the real server for each that comes."""
    with socket.create_connection((HOST, port)) as inner, inner.makefile("rb") as stream:

        def answer(command: Sequence[bytes]) -> bytes:
            inner.sendall(bulk(*command))
            return _reply(stream)

        yield answer


def _reply(stream: BinaryIO) -> bytes:
    """One reply as it is, the nested ones too."""
    line = stream.readline()
    number = int(line[1:]) if line[:1] in b"$*%" else -1
    if line.startswith(b"$") and number >= 0:
        return line + stream.read(number + 2)
    parts = number * 2 if line.startswith(b"%") else number
    return line + b"".join(_reply(stream) for _ in range(max(parts, 0)))
