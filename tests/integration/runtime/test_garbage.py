"""How often a worker process looks for garbage that refers to itself, and why it seldom need."""

from __future__ import annotations

import gc
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Any, Final

import pytest
from redis import Redis

from tests.builders.stores import keys
from tiktok_events import Client
from worker.runtime.engine import Engine
from worker.runtime.garbage import THRESHOLDS
from worker.settings import Settings

EVENTS: Final = 500
OK: Final = (
    b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{"code":0}'
)
TELL: Final = """
import gc
from worker.runtime.garbage import look_rarely
look_rarely()
print(gc.get_threshold(), gc.get_freeze_count() > 0)
"""


@pytest.fixture
def engine(redis_url: str, serve: Any) -> Iterator[Engine]:
    """A worker process whose API accepts everything."""

    def reply(connection: socket.socket) -> None:
        connection.sendall(OK)

    settings = Settings.load(
        {}, redis_url=redis_url, api_url=serve(reply).url, access_token="token", batch_events=50
    )
    with closing(Engine(settings)) as made:
        yield made


def deliver(redis_url: str, engine: Engine) -> None:
    """Send some events all the way."""
    event: dict[str, Any] = {"event": "Lead", "page": {"url": "https://shop.example/"}}
    with Client(redis_url, event_source_id="C0RINGS00PIXEL000000", linger_ms=0) as client:
        client.track_many([event] * EVENTS)
    engine.drain()


def test_delivering_leaves_no_rings(redis: Redis, redis_url: str, engine: Engine) -> None:
    """Were each event or request part of one, looking rarely would cost memory."""
    deliver(redis_url, engine)
    gc.collect()
    gc.disable()
    try:
        deliver(redis_url, engine)
        found = gc.collect()
    finally:
        gc.enable()
    assert redis.hget(keys.counters, "delivered") == b"%d" % (2 * EVENTS)
    assert found < EVENTS / 2


def test_a_pool_process_looks_rarely() -> None:
    """And never among what it began with."""
    told = subprocess.run([sys.executable, "-c", TELL], capture_output=True, text=True, check=True)
    assert told.stdout == f"{THRESHOLDS} True\n"
