"""Somebody else's bytes in our keys end no worker, and hold up no event."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Final

import pytest
from redis import Redis

from tests.builders.stores import installation_keys, keys, store_of
from tests.builders.wait import wait_until
from tests.builders.workers import Workers
from tiktok_events import Client
from worker.operations.status import read_figures

LEAD: Final[dict[str, Any]] = {
    "event": "Lead",
    "page": {"url": "https://shop.example/"},
    "user": {"ip": "8.8.4.4"},
}
PIXEL: Final = "C0JUNK00PIXEL000000"
JUNK: Final = b"\xff\x1b[31mjunk"


def spoil_members(redis: Redis) -> None:
    """What names no destination, no replay and no event."""
    redis.hset(keys.parked, mapping={JUNK: JUNK, b"web:": b""})
    redis.zadd(keys.ready, {JUNK: 0, b"nowhere:X": 0})
    redis.zadd(keys.replays, {JUNK: 0})
    redis.zadd(keys.delayed, {JUNK: 0})
    redis.hset(keys.delayed_events, JUNK, JUNK)
    redis.hset(keys.clocks, JUNK, JUNK)


def spoil_types(redis: Redis) -> None:
    """Keys of another type than ours."""
    for key in (
        keys.parked,
        keys.replays,
        keys.delayed,
        keys.clocks,
        installation_keys.alerts,
        keys.audit,
    ):
        redis.set(key, JUNK)


@pytest.mark.parametrize("spoil", [spoil_members, spoil_types])
def test_a_worker_goes_on_among_junk(
    redis: Redis, fake_api: Any, tmp_path: Path, spoil: Any
) -> None:
    """Its events are delivered, it looks every second, and it ends only when it is told to."""
    url = f"redis://127.0.0.1:{redis.connection_pool.connection_kwargs['port']}/0"
    heartbeat = tmp_path / "heartbeat"
    settings = {"REDIS_URL": url, "API_URL": fake_api.url, "HEARTBEAT_FILE": str(heartbeat)}
    with Workers(tmp_path, closes=False, **settings) as workers:
        spoil(redis)
        worker = workers.start()
        wait_until(heartbeat.exists)
        with Client(url, event_source_id=PIXEL, linger_ms=0) as client:
            client.track(LEAD)
            wait_until(lambda: read_figures(store_of(redis)).count("delivered") == 1)
            spoilt_at = time.time()
            wait_until(lambda: heartbeat.stat().st_mtime > spoilt_at + 2)
            client.track(LEAD)
            wait_until(lambda: read_figures(store_of(redis)).count("delivered") == 2)
        assert read_figures(store_of(redis)).junk
        assert worker.terminate() == 0
        assert "Traceback" not in worker.log()
