"""A worker that is told to end settles what is under way; one that cannot start says so."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery import Celery
from redis import Redis

from tests.builders.events import purchase
from tests.builders.stores import broker_keys, keys
from tests.builders.wait import wait_until
from tiktok_events import Client, OutboxUnavailable
from worker.local.embedded import EmbeddedServer

LATENCY_S = 0.3


@pytest.mark.parametrize("group", [False, True], ids=["main process", "whole group"])
def test_sigterm_under_load_loses_and_repeats_nothing(
    *, group: bool, redis: Redis, redis_url: str, fake_api: Any, start_worker: Callable[..., Any]
) -> None:
    """What was under way is settled, the rest is handed back and due at once."""
    fake_api.latency_s = LATENCY_S
    worker = start_worker(BATCH_EVENTS="20")
    with Client(redis_url, event_source_id="C0PIXEL") as client:
        client.track_many([purchase(f"order-{number}") for number in range(2_000)])
    wait_until(lambda: len(fake_api.requests()) >= 10)
    assert worker.terminate(group=group) == 0
    assert "WorkerLostError" not in worker.log()
    # Nothing is claimed any more: every event is delivered or free for the next worker.
    delivered = int(redis.hget(keys.counters, "delivered") or 0)
    assert delivered == len(fake_api.accepted_ids())
    start_worker()
    wait_until(lambda: redis.hget(keys.counters, "delivered") == b"2000")
    assert sorted(fake_api.accepted_ids()) == sorted(f"order-{number}" for number in range(2_000))


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "serving"])
def test_sigterm_beside_a_paused_server_ends_a_worker_in_time(
    *, busy: bool, fake_api: Any, start_worker: Callable[..., Any]
) -> None:
    """Its connections stand and nothing answers; it tries nothing again that has failed."""
    with EmbeddedServer() as server, Client(server.url, event_source_id="C0PIXEL") as client:
        worker = start_worker(REDIS_URL=server.url)
        wait_until(lambda: "worker_ready" in worker.log())
        if busy:
            fake_api.latency_s = LATENCY_S
            client.track_many([purchase(f"order-{number}") for number in range(2_000)])
            wait_until(fake_api.requests)
        os.kill(server.pid, signal.SIGSTOP)
        try:
            assert worker.terminate(within_s=10) == 0
        finally:
            os.kill(server.pid, signal.SIGCONT)


def test_a_worker_obeys_no_remote_control_unless_asked(
    redis_url: str, start_worker: Callable[..., Any]
) -> None:
    """Whoever may write to the broker could shut it down."""
    silent, obedient = start_worker(), start_worker(REMOTE_CONTROL="1")
    wait_until(lambda: "worker_ready" in silent.log() and "worker_ready" in obedient.log())
    with Celery("operator", broker=redis_url, set_as_current=False) as app:
        app.conf.broker_transport_options = {"global_keyprefix": broker_keys.prefix}
        app.control.shutdown()
        assert obedient.wait() == 0
    assert silent.running


@pytest.fixture
def full_server() -> Iterator[tuple[EmbeddedServer, int]]:
    """A server at its memory limit, and how many events it took before."""
    with EmbeddedServer() as server, Redis.from_url(server.url, protocol=2) as redis:
        redis.config_set("maxmemory", redis.info("memory")["used_memory"] + 3_000_000)
        yield server, _fill(server.url)


def _fill(url: str) -> int:
    accepted = 0
    with Client(url, event_source_id="C0PIXEL") as client:
        while True:
            events = [purchase(f"order-{accepted + number}") for number in range(50)]
            try:
                client.track_many(
                    [event | {"properties": {"description": "x" * 1_000}} for event in events]
                )
            except OutboxUnavailable:
                return accepted
            accepted += 50


def test_a_worker_starts_on_a_full_server_and_empties_it(
    full_server: tuple[EmbeddedServer, int], fake_api: Any, start_worker: Callable[..., Any]
) -> None:
    """Celery, which writes before it reads, cannot even connect there."""
    server, accepted = full_server
    worker = start_worker(REDIS_URL=server.url)
    wait_until(lambda: len(fake_api.accepted_ids()) >= accepted)
    wait_until(lambda: worker.lines("redis_has_room"))
    assert len(worker.lines("redis_is_full")) == 1
    with Client(server.url, event_source_id="C0PIXEL") as client:
        client.track(purchase(f"order-{accepted}"))
    wait_until(lambda: len(fake_api.accepted_ids()) == accepted + 1)
    assert worker.terminate() == 0


def test_a_setting_that_is_not_allowed_ends_the_boot(start_worker: Callable[..., Any]) -> None:
    """With every problem, each with what is allowed, and exit code 1."""
    worker = start_worker(BATCH_EVENTS="0", LEASE_S="x")
    assert worker.wait() == 1
    assert "TIKTOK_EVENTS_BATCH_EVENTS must be a whole number from 1 to 1,000" in worker.log()
    assert "TIKTOK_EVENTS_LEASE_S must be" in worker.log()
