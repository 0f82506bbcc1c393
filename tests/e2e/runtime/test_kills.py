"""Processes that die under load: nothing accepted is lost, and a repeat is the event it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from redis import Redis

from tests.builders.events import purchase
from tests.builders.producer import Producer
from tests.builders.stores import keys, store_of
from tests.builders.wait import wait_until
from worker.letters.dead_letters import DeadLetters
from worker.local.embedded import EmbeddedServer

PIXELS: Final = 3
LATENCY_S: Final = 0.03
PAUSE_S: Final = 0.005
BULK: Final = 40
SHORT_LEASE: Final = {"LEASE_S": "8", "REQUEST_TIMEOUT_S": "2", "RETRY_BASE_S": "0.05"}
DRAINED_TIMEOUT_S: Final = 45.0
BETWEEN_KILLS: Final = 12
"""Requests that must have come in before the next process dies."""
KILLS: Final = 3
"""More, and of more kinds, are in the chaos suite."""


def producer_for(redis_url: str) -> Producer:
    """An application that hands over as fast as it may."""
    return Producer(redis_url, _event, pause_s=PAUSE_S, bulk=BULK)


def _event(number: int) -> dict[str, Any]:
    pixel = f"C0KILLS00PIXEL00000{number % PIXELS}"
    return purchase(f"ord-{number}", pixel, properties={"value": number, "currency": "EUR"})


def _is_drained(redis: Redis) -> bool:
    return redis.exists(keys.ready) == 0


def _arrived(fake_api: Any) -> dict[str, dict[str, Any]]:
    """The events accepted by the fake, by id; a repeat must be the event it was."""
    arrived: dict[str, dict[str, Any]] = {}
    for request in fake_api.accepted():
        for event in request.document["data"]:
            assert arrived.setdefault(event["event_id"], event) == event
    return arrived


def _assert_nothing_is_lost(producer: Producer, fake_api: Any, redis: Redis) -> None:
    accepted, arrived = set(producer.accepted), set(_arrived(fake_api))
    assert accepted - arrived == set()
    assert arrived - accepted <= set(producer.refused)
    assert len(DeadLetters(store_of(redis))) == 0


@pytest.fixture
def after_more_requests(fake_api: Any) -> Callable[[], None]:
    """Waits until the fake has got some more requests: everything is under way again."""

    def wait() -> None:
        wanted = len(fake_api.requests()) + BETWEEN_KILLS
        wait_until(lambda: len(fake_api.requests()) >= wanted, 30)

    return wait


@pytest.fixture
def slow_api(fake_api: Any) -> Any:
    """The fake, as slow as an API is: whoever dies has requests under way."""
    fake_api.latency_s = LATENCY_S
    return fake_api


@pytest.fixture
def own_server() -> Iterator[EmbeddedServer]:
    """A server that this test may kill."""
    with EmbeddedServer() as server:
        yield server


@contextmanager
def _client_of(server: EmbeddedServer) -> Iterator[Redis]:
    with Redis.from_url(server.url, protocol=2) as redis:
        yield redis


def test_nothing_is_lost_when_workers_are_killed(
    redis: Redis, redis_url: str, slow_api: Any, start_worker: Any, after_more_requests: Any
) -> None:
    """SIGKILL for all processes of the only worker, again and again, under load."""
    with producer_for(redis_url) as producer:
        for _ in range(KILLS):
            worker = start_worker(**SHORT_LEASE)
            after_more_requests()
            worker.kill()
        start_worker(**SHORT_LEASE)
        after_more_requests()
        producer.stop()
        wait_until(lambda: _is_drained(redis), DRAINED_TIMEOUT_S)
    assert producer.refused == []
    _assert_nothing_is_lost(producer, slow_api, redis)


def test_nothing_is_lost_when_the_server_is_killed(
    own_server: EmbeddedServer, slow_api: Any, start_worker: Any, after_more_requests: Any
) -> None:
    """SIGKILL for Redis, and a start from its append-only file, under load."""
    worker = start_worker(REDIS_URL=own_server.url, **SHORT_LEASE)
    with producer_for(own_server.url) as producer:
        after_more_requests()
        own_server.kill()
        own_server.restart()
        after_more_requests()
        producer.stop()
        with _client_of(own_server) as redis:
            wait_until(lambda: _is_drained(redis), DRAINED_TIMEOUT_S)
            _assert_nothing_is_lost(producer, slow_api, redis)
    assert worker.running
    worker.kill()


def test_a_worker_that_is_told_to_end_leaves_nothing_undone(
    redis: Redis, redis_url: str, slow_api: Any, start_worker: Any, after_more_requests: Any
) -> None:
    """SIGTERM under load: exit status 0, no request is cut off, and another worker goes on."""
    with producer_for(redis_url) as producer:
        first = start_worker()
        after_more_requests()
        assert first.terminate() == 0
        start_worker()
        after_more_requests()
        producer.stop()
        wait_until(lambda: _is_drained(redis), DRAINED_TIMEOUT_S)
    _assert_nothing_is_lost(producer, slow_api, redis)
    assert sum(len(request.ids) for request in slow_api.requests()) == len(producer.accepted)
