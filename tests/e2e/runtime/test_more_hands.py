"""When one run of the loop rings for another worker process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any, Final

import pytest
from redis import Redis

from tests.builders.stores import broker_keys
from tiktok_events import Client
from worker.delivery.loop import TAKE_AT_ONCE
from worker.runtime.engine import Engine
from worker.settings import Settings


@pytest.fixture
def engine(redis_url: str, fake_api: Any) -> Iterator[Engine]:
    """A worker process."""
    settings = Settings.load({}, redis_url=redis_url, api_url=fake_api.url, access_token="token")
    with closing(Engine(settings)) as made:
        yield made


def bells_after(redis: Redis, redis_url: str, engine: Engine, pixels: int) -> Any:
    """Doorbells that hang when one event of each of so many pixels is delivered."""
    event: Final[dict[str, Any]] = {"event": "Lead", "page": {"url": "https://shop.example/"}}
    with Client(redis_url, linger_ms=0) as client:
        client.track_many(
            event | {"event_source_id": f"C0PIXEL{number:013}"} for number in range(pixels)
        )
    redis.delete(broker_keys.doorbell)  # the one of the client
    engine.drain()
    return redis.llen(broker_keys.doorbell)


def test_one_process_serves_few_pixels_alone(redis: Redis, redis_url: str, engine: Engine) -> None:
    """A second one would find nothing."""
    assert bells_after(redis, redis_url, engine, TAKE_AT_ONCE - 1) == 0


def test_many_pixels_want_more_hands(redis: Redis, redis_url: str, engine: Engine) -> None:
    """Though none of them has more than one request takes."""
    assert bells_after(redis, redis_url, engine, 3 * TAKE_AT_ONCE) == 1
