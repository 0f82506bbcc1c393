"""The client for asyncio: what `Client` does, without blocking the loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tests.builders.nowhere import nowhere
from tests.builders.spool import spooled
from tests.builders.stores import keys
from tests.builders.waiting import ids_waiting
from tiktok_events import AsyncClient, Client, InvalidEvent, OutboxUnavailable
from worker.local.embedded import EmbeddedServer
from worker.local.loopback import free_port

OUTBOX = keys.outbox("web:PIXEL1")
EVENT: dict[str, Any] = {"event": "Purchase"}

Act = Callable[[AsyncClient], Awaitable[Any]]


def run(act: Act, url: str, **settings: Any) -> Any:
    """Do it with a client, in a loop of its own."""

    async def main() -> Any:
        async with AsyncClient(url, event_source_id="PIXEL1", **settings) as client:
            return await act(client)

    return asyncio.run(main())


def test_it_has_the_surface_of_the_client() -> None:
    """The same methods with the same arguments."""

    def surface(kind: type) -> dict[str, list[str]]:
        names = [name for name in dir(kind) if not name.startswith("_")]
        return {
            name: list(signature(getattr(kind, name)).parameters)
            for name in names
            if callable(getattr(kind, name))
        }

    assert surface(Client) == surface(AsyncClient)


def test_track_and_track_many_leave_what_the_client_leaves(redis: Redis, redis_url: str) -> None:
    """Ids in order, and hashed match keys."""

    async def act(client: AsyncClient) -> list[str]:
        first = await client.track(EVENT | {"user": {"email": "Jo@Example.com"}})
        return [first, *await client.track_many([EVENT] * 250)]

    assert run(act, redis_url) == ids_waiting(redis, "web:PIXEL1")
    entries: Any = redis.xrange(OUTBOX)
    assert b"jo@example.com" not in entries[0][1][b"b"].lower()


def test_a_server_that_forgot_the_script_is_told_again(redis: Redis, redis_url: str) -> None:
    """The event stands there once."""

    async def act(client: AsyncClient) -> list[str]:
        first = await client.track(EVENT)
        redis.script_flush()
        return [first, await client.track(EVENT)]

    assert run(act, redis_url) == ids_waiting(redis, "web:PIXEL1")


def test_many_calls_at_once_share_the_client(redis: Redis, redis_url: str) -> None:
    """Nobody reads another's reply."""

    async def act(client: AsyncClient) -> list[str]:
        return await asyncio.gather(*(client.track(EVENT) for _ in range(100)))

    assert sorted(run(act, redis_url)) == sorted(ids_waiting(redis, "web:PIXEL1"))


def test_a_cancelled_call_leaves_the_client_usable(redis: Redis, redis_url: str) -> None:
    """Its half exchange is read by nobody."""

    async def act(client: AsyncClient) -> str:
        for _ in range(20):
            task = asyncio.create_task(client.track(EVENT))
            for _ in range(3):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return await client.track(EVENT | {"event_id": "last"})

    assert run(act, redis_url) == ids_waiting(redis, "web:PIXEL1")[-1] == "last"


def test_an_invalid_event_names_its_position(redis: Redis, redis_url: str) -> None:
    """Nothing was enqueued."""
    with pytest.raises(InvalidEvent, match=r"^event 1: "):
        run(lambda client: client.track_many([EVENT, "no event"]), redis_url)  # type: ignore[list-item]
    assert redis.dbsize() == 0


def test_a_silent_server_fails_within_the_configured_time() -> None:
    """The loop goes on meanwhile."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"

        async def act(client: AsyncClient) -> bool:
            beside = asyncio.create_task(asyncio.sleep(0))
            with pytest.raises(OutboxUnavailable, match="did not answer"):
                await client.track(EVENT)
            return beside.done()

        assert run(act, url, redis_timeout_s=0.2)


def test_dropped_events_are_counted() -> None:
    """As by the client."""

    async def act(client: AsyncClient) -> int:
        await client.track_many([EVENT] * 7)
        return client.dropped

    assert run(act, nowhere(), on_failure="drop") == 7


def test_what_it_spools_any_client_flushes(redis: Redis, redis_url: str, tmp_path: Path) -> None:
    """And the other way round."""
    spool: dict[str, Any] = {"on_failure": "spool", "spool_file": tmp_path / "spool.sqlite"}
    first = run(lambda client: client.track(EVENT), nowhere(), **spool)
    with Client(redis_url, **spool) as client:
        assert client.flush() == 1
    with Client(nowhere(), event_source_id="PIXEL1", **spool) as client:
        second = client.track(EVENT)
    assert run(lambda client: client.flush(), redis_url, **spool) == 1
    assert ids_waiting(redis, "web:PIXEL1") == [first, second]


def test_spooled_events_come_along_with_later_calls(tmp_path: Path) -> None:
    """When Redis is back, in order."""
    path = tmp_path / "spool.sqlite"
    with EmbeddedServer(tmp_path / "redis", port=free_port()) as server:

        async def act(client: AsyncClient) -> list[str]:
            first = await client.track(EVENT)
            server.stop()
            away = [await client.track(EVENT) for _ in range(5)]
            server.start()
            later = []
            while spooled(path):
                later.append(await client.track(EVENT))
            return sorted([first, *away, *later])

        sent = run(act, server.url, on_failure="spool", spool_file=path)
        with Redis.from_url(server.url, protocol=2) as redis:
            assert sent == sorted(ids_waiting(redis, "web:PIXEL1"))
