"""The client while the outbox is away, silent, restarted or in somebody else's hands."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tests.builders.stores import keys
from tests.builders.waiting import ids_waiting
from tiktok_events import Client, OutboxUnavailable
from worker.local.embedded import EmbeddedServer
from worker.local.loopback import free_port

PIXEL = "PIXEL1"
WEB = f"web:{PIXEL}"
EVENT: dict[str, Any] = {"event": "Purchase", "page": {"url": "https://shop.example/"}}


TIMEOUT_S = 0.5


def seconds_until_unavailable(url: str) -> float:
    """How long a call takes to fail."""
    with Client(url, event_source_id=PIXEL, redis_timeout_s=TIMEOUT_S) as client:
        started = time.monotonic()
        with pytest.raises(OutboxUnavailable):
            client.track(EVENT)
        return time.monotonic() - started


def test_a_closed_port_fails_at_once() -> None:
    """Nobody listens, so there is nothing to wait for."""
    assert seconds_until_unavailable(f"redis://127.0.0.1:{free_port()}/0") < TIMEOUT_S


def test_a_server_that_never_answers_fails_within_the_configured_time() -> None:
    """It takes the connection and stays silent."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        took_s = seconds_until_unavailable(f"redis://127.0.0.1:{port}/0")
    assert TIMEOUT_S * 0.9 < took_s < TIMEOUT_S * 1.8


def test_a_host_without_an_address_is_unavailable() -> None:
    """A clear error of ours, not one of a library."""
    with (
        Client("redis://no-such-host.invalid:6379/0", event_source_id=PIXEL) as client,
        pytest.raises(OutboxUnavailable),
    ):
        client.track(EVENT)


def test_a_restart_between_two_calls_is_not_noticed(tmp_path: Path) -> None:
    """The pooled connection is dead and the script forgotten; the call works all the same."""
    with EmbeddedServer(tmp_path, port=free_port()) as server:
        with Client(server.url, event_source_id=PIXEL) as client:
            first = client.track(EVENT)
            server.stop()
            server.start()
            second = client.track(EVENT)
        with Redis.from_url(server.url) as redis:
            assert [first, second] == ids_waiting(redis, WEB)


def test_a_connection_that_the_server_has_closed_is_replaced(client: Client, redis: Redis) -> None:
    """By one call, whichever of its steps notices."""
    first = client.track(EVENT)
    redis.client_kill_filter(_type="normal", skipme=True)
    assert [first, client.track(EVENT)] == ids_waiting(redis, WEB)


def test_a_server_that_has_become_a_replica_is_unavailable(client: Client, redis: Redis) -> None:
    """Its refusal is read like any reply; once it is a master again, the client goes on."""
    first = client.track(EVENT)
    redis.replicaof("127.0.0.1", free_port())
    try:
        with pytest.raises(OutboxUnavailable, match="is a replica, which takes no"):
            client.track(EVENT)
    finally:
        redis.replicaof("NO", "ONE")
    assert [first, tracked_at_last(client)] == ids_waiting(redis, WEB)


def tracked_at_last(client: Client) -> str:
    """Call until it works: after a failure Redis is left alone for a moment."""
    while True:
        with suppress(OutboxUnavailable):
            return client.track(EVENT)


def test_a_client_survives_an_outage(tmp_path: Path) -> None:
    """It fails while the server is away and works when it is back."""
    with EmbeddedServer(tmp_path, port=free_port()) as server:
        with Client(server.url, event_source_id=PIXEL) as client:
            client.track(EVENT)
            server.stop()
            with pytest.raises(OutboxUnavailable):
                client.track(EVENT)
            server.start()
            last = tracked_at_last(client)
        with Redis.from_url(server.url) as redis:
            assert last == ids_waiting(redis, WEB)[-1]


def test_an_error_of_the_server_shows_nothing_of_the_event(client: Client, redis: Redis) -> None:
    """Somebody else's key stands where the outbox should be."""
    redis.set(keys.outbox(WEB), "taken")
    with pytest.raises(OutboxUnavailable) as failure:
        client.track(EVENT | {"description": "Josephine"})
    assert "Josephine" not in f"{failure.value} {failure.value.__cause__}"


def test_a_password_is_in_no_error() -> None:
    """Errors of producers stand in logs."""
    url = f"redis://user:hunter2@127.0.0.1:{free_port()}/0"
    with (
        Client(url, event_source_id=PIXEL) as client,
        pytest.raises(OutboxUnavailable) as failure,
    ):
        client.track(EVENT)
    assert "hunter2" not in f"{failure.value} {failure.value.__cause__} {client.settings}"
