"""Two installations on one server know nothing of each other."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from redis import Redis

from tests.builders.fake_api import FakeApi
from tests.builders.wait import wait_until
from tests.builders.workers import Worker
from tiktok_events import Client
from tiktok_events.outbox.shards import Shards
from tiktok_events.outbox.store import Store
from worker.operations.status import Figures, read_figures

NAMES: Final = ("shop_a", "shop_b")
EVENT: Final[Any] = {"event": "Lead", "page": {"url": "https://shop.example/"}}


def pixel(name: str) -> str:
    """The pixel of an installation."""
    return f"C0{name.upper()}"


def message(name: str) -> bytes:
    """An event for Celery, as a producer without our client writes it."""
    event = EVENT | {"event_source_id": pixel(name), "event_id": f"{name} by Celery"}
    body = base64.b64encode(json.dumps([[event], {}, {}]).encode()).decode()
    return json.dumps(
        {
            "body": body,
            "headers": {"task": "tiktok_events.track", "id": name},
            "properties": {"delivery_tag": name, "body_encoding": "base64"},
        }
    ).encode()


def figures(redis: Redis, name: str) -> Figures:
    """Those of one installation."""
    return read_figures(Store(redis, Shards(name)))


def has_delivered(redis: Redis, name: str, events: int) -> bool:
    """Whether an installation has delivered so many events."""
    return figures(redis, name).count("delivered") == events


def test_each_delivers_its_own(
    redis: Redis, redis_url: str, fake_api: FakeApi, start_worker: Callable[..., Worker]
) -> None:
    """By the client and by Celery's messages, with one worker each; none takes the other's."""
    workers = {name: start_worker(NAMESPACE=name) for name in NAMES}
    for name in NAMES:
        with Client(redis_url, namespace=name, event_source_id=pixel(name)) as client:
            client.track(EVENT, event_id=name)
        redis.lpush(name, message(name))
    for name in NAMES:
        wait_until(partial(has_delivered, redis, name, 2))
        ids = {id_ for one in fake_api.requests(pixel(name)) for id_ in one.ids}
        assert ids == {name, f"{name} by Celery"}
    workers["shop_a"].terminate()
    with Client(redis_url, namespace="shop_a", event_source_id=pixel("shop_a")) as client:
        client.track(EVENT, event_id="waits")
    with Client(redis_url, namespace="shop_b", event_source_id=pixel("shop_b")) as client:
        client.track(EVENT, event_id="goes")
    wait_until(partial(has_delivered, redis, "shop_b", 3))
    assert figures(redis, "shop_a").waiting == 1
    prefixes = tuple(f"{name}:".encode() for name in NAMES)
    assert [key for key in redis.scan_iter() if not key.startswith(prefixes)] == []
