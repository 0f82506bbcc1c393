"""A Redis that cannot be used is told in one sentence, by client, doctor and worker alike."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial

import orjson
import pytest
from click.testing import CliRunner
from redis import Redis

from tests.builders.nowhere import nowhere
from tiktok_events import Client, OutboxUnavailable
from worker.cli import main
from worker.local.embedded import EmbeddedServer
from worker.runtime.preflight import unusable
from worker.settings import Settings

Spoil = Callable[[str], AbstractContextManager[str]]
"""Takes the URL of a good server, and gives the one to be used for the block."""


@pytest.fixture(scope="module")
def good() -> Iterator[str]:
    """A server that these tests alone spoil."""
    with EmbeddedServer() as server:
        yield server.url


@contextmanager
def answering(answer: bytes, _good: str) -> Iterator[str]:
    """A server that answers every request so; with nothing to say, it hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=speak, args=[listening.accept()[0]]).start()

        def speak(connection: socket.socket) -> None:
            with contextlib.suppress(OSError), connection:
                while answer and connection.recv(65_536):
                    connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield f"redis://127.0.0.1:{listening.getsockname()[1]}/0"
        listening.shutdown(socket.SHUT_RDWR)


@contextmanager
def configured(name: str, spoilt: object, value: object, good: str) -> Iterator[str]:
    """A server with another configuration."""
    with Redis.from_url(good, protocol=2) as redis:
        redis.config_set(name, spoilt)
        yield good
        redis.config_set(name, value)


@contextmanager
def with_password(good: str) -> Iterator[str]:
    """A server that wants a password; the URL has none."""
    with Redis.from_url(good, protocol=2, single_connection_client=True) as redis:
        redis.config_set("requirepass", "sesame")
        yield good
        redis.config_set("requirepass", "")


@contextmanager
def replica(good: str) -> Iterator[str]:
    """A server that takes no writes."""
    with Redis.from_url(good, protocol=2) as redis:
        redis.replicaof("127.0.0.1", 1)
        yield good
        redis.replicaof("NO", "ONE")


@contextmanager
def elsewhere(change: Callable[[str], str], good: str) -> Iterator[str]:
    """Another URL."""
    yield change(good)


SERVERS: dict[str, tuple[Spoil, str]] = {
    "refused": (partial(elsewhere, lambda _: nowhere()), "refuses connections: nobody listens"),
    "unknown host": (
        partial(elsewhere, lambda _: "redis://no-such-host.invalid:6379/0"),
        "Redis at no-such-host.invalid:6379 cannot be found: its host is not known",
    ),
    "no socket": (
        partial(elsewhere, lambda _: "unix:///does/not/exist.sock"),
        "Redis at /does/not/exist.sock cannot be found: there is no socket",
    ),
    "HTTP server": (
        partial(answering, b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        'is no Redis: its answer begins with "H"',
    ),
    "mail server": (partial(answering, b"220 mail\r\n"), 'is no Redis: its answer begins with "2"'),
    "hangs up": (partial(answering, b""), "closes the connection; one that wants TLS"),
    "TLS, the URL without": (
        partial(answering, b"\x15\x03\x01\x00\x02\x02\x46"),
        "speaks TLS, which the address does not",
    ),
    "no TLS, the URL with": (
        partial(elsewhere, lambda url: url.replace("redis:", "rediss:")),
        "did not answer in time; one that does not speak TLS is silent too",
    ),
    "loading": (
        partial(answering, b"-LOADING Redis is loading the dataset in memory\r\n" * 9),
        "is loading its data, and answers nothing else until it has",
    ),
    "no password given": (with_password, "wants a password, but the address has none"),
    "wrong password": (
        partial(elsewhere, lambda url: url.replace("//", "//jo:hunter2@")),
        "refuses this user or password",
    ),
    "password not wanted": (
        partial(elsewhere, lambda url: url.replace("//", "//:hunter2@")),
        "has no password, but the address has one",
    ),
    "no such database": (
        partial(elsewhere, lambda url: url.replace("/0", "/99")),
        "has no database 99",
    ),
    "full": (partial(configured, "maxmemory", 1_000_000, 0), "of 1,000,000 bytes are used"),
    "replica": (replica, "is a replica, which takes no events"),
    "too few replicas": (
        partial(configured, "min-replicas-to-write", 1, 0),
        "has fewer replicas than its min-replicas-to-write",
    ),
}


def sentences(url: str) -> dict[str, str]:
    """What each says of a server."""
    environment = {
        "TIKTOK_EVENTS_REDIS_URL": url,
        "TIKTOK_EVENTS_API_URL": "http://127.0.0.1:1",
        "TIKTOK_EVENTS_REDIS_TIMEOUT_S": "0.5",
    }
    told = CliRunner(env=environment).invoke(main, ["doctor", "--json"]).stdout.splitlines()
    doctor = [one["message"] for one in map(orjson.loads, told) if one["outcome"] == "failed"]
    worker = [one.message for one, _ in unusable(Settings.load(environment))]
    with (
        Client(url, redis_timeout_s=0.5, event_source_id="C0PIXEL") as client,
        pytest.raises(OutboxUnavailable) as refused,
    ):
        client.track({"event": "Lead"})
    client_says = str(refused.value).removeprefix("the outbox cannot be used: ")
    return {"client": client_says, "doctor": doctor[0], "worker": worker[0]}


@pytest.mark.parametrize("name", SERVERS)
def test_all_say_the_same(name: str, good: str) -> None:
    """Where the server is, what is wrong with it, with figures; and no password."""
    spoil, sentence = SERVERS[name]
    with spoil(good) as url:
        said = sentences(url)
    assert [sentence in one for one in said.values()] == [True] * 3, said
    assert all(one.startswith("Redis at ") for one in said.values())
    assert "hunter2" not in str(said)
    if name != "full":  # its figures move
        assert len({*said.values()}) == 1
