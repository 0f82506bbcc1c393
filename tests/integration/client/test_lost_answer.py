"""A connection that breaks between what Redis did and its answer changes no answer."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
from redis import Redis

from tests.builders.stores import store_of
from tiktok_events import AsyncClient, Client
from worker.local.embedded import EmbeddedServer
from worker.operations.status import read_figures

HOUR = timedelta(hours=1)


class LosingProxy:
    """Carries bytes to a server and back, and loses the answers to one command, on demand.

    Args:
        port: of the server.

    Attributes:
        lose: a text in the command whose answer is lost next, with its connection.
        lost: how many were.
    """

    def __init__(self, port: int) -> None:
        self.lose: bytes | None = None
        self.lost = 0
        self._port = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"redis://127.0.0.1:{self._listening.getsockname()[1]}/0"

    def close(self) -> None:
        """Accept no more; the connections are over when the client has closed them."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                self._threads.append(threading.Thread(target=self._carry, args=(client,)))
                self._threads[-1].start()

    def _carry(self, client: socket.socket) -> None:
        """One request, one answer, as our clients use a connection."""
        with client, socket.create_connection(("127.0.0.1", self._port)) as server:
            while request := client.recv(1_000_000):
                server.sendall(request)
                answer = server.recv(1_000_000)
                if self.lose is not None and self.lose in request:
                    self.lose, self.lost = None, self.lost + 1
                    return
                client.sendall(answer)


@pytest.fixture
def proxy(redis: Redis, server: EmbeddedServer) -> Iterator[LosingProxy]:
    """In front of the empty database."""
    proxy = LosingProxy(server.port)
    yield proxy
    proxy.close()


def test_what_was_cancelled_is_said_to_be(proxy: LosingProxy, redis: Redis) -> None:
    """The call is sent again by itself, and gets the answer of the first time."""
    with Client(proxy.url, event_source_id="C0PIXEL") as client:
        client.track({"event": "StartTrial", "event_id": "t1"}, delay=HOUR)
        client.cancel("t0")
        proxy.lose = b"t1"
        assert client.cancel("t1") is True
        assert proxy.lost == 1
        assert client.cancel("t1") is False
    assert read_figures(store_of(redis)).count("cancelled") == 1


def test_what_was_not_cancelled_is_not_said_to_be(proxy: LosingProxy) -> None:
    """However often it is sent."""
    with Client(proxy.url, event_source_id="C0PIXEL") as client:
        client.cancel("t0")
        proxy.lose = b"t1"
        assert client.cancel("t1") is False
        assert proxy.lost == 1


def test_an_async_client_gets_the_first_answer_too(proxy: LosingProxy, redis: Redis) -> None:
    """It sends the call again by itself, in the same way."""

    async def cancel() -> None:
        async with AsyncClient(proxy.url, event_source_id="C0PIXEL") as client:
            await client.track({"event": "StartTrial", "event_id": "t1"}, delay=HOUR)
            await client.cancel("t0")
            proxy.lose = b"t1"
            assert await client.cancel("t1") is True
            assert await client.cancel("t1") is False

    asyncio.run(cancel())
    assert proxy.lost == 1
    assert read_figures(store_of(redis)).count("cancelled") == 1
