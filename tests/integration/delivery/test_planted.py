"""Planted personal data are looked for wherever an event leaves something behind."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import orjson
import pytest
from redis import Redis

from tests.builders.claims import PIXEL
from tests.builders.delivery import deliver_once
from tests.builders.planted import sowings, traces
from tests.builders.stores import keys, store_of
from tiktok_events import Client
from tiktok_events.errors import InvalidEvent
from tiktok_events_sandbox import Sandbox
from worker.letters.dead_letters import DeadLetters
from worker.settings import Settings

SOWN = dict(sowings())


def everything(redis: Redis) -> str:
    """All that is in the server, as text."""
    readers: dict[Any, Any] = {
        b"stream": redis.xrange,
        b"hash": redis.hgetall,
        b"string": redis.get,
        b"set": redis.smembers,
        b"zset": lambda key: redis.zrange(key, 0, -1),
        b"list": lambda key: redis.lrange(key, 0, -1),
    }
    found = [(key, readers[redis.type(key)](key)) for key in redis.scan_iter()]
    return "".join(map(_text, found))


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, dict):
        return "".join(map(_text, value.items()))
    return "".join(map(_text, value)) if isinstance(value, list | tuple | set) else str(value)


@pytest.mark.parametrize("events", SOWN.values(), ids=SOWN)
def test_nothing_planted_is_found_anywhere(
    redis: Redis,
    settings: Settings,
    sandbox: Sandbox,
    events: list[dict[str, Any]],
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Not in Redis, not in a request, nor in the log."""
    with Client(settings.redis_url, event_source_id=PIXEL.event_source_id, linger_ms=0) as client:
        for event in events:
            with contextlib.suppress(InvalidEvent):
                client.track(event | {"event_source": "web"})
    waiting = everything(redis)
    deliver_once(redis, settings, PIXEL)

    assert len(sandbox.events()) >= len(events) - 2  # those whose user is no object
    found = (waiting, everything(redis), str(sandbox.events()), *capfd.readouterr(), caplog.text)
    assert [traces(place) for place in found] == [[]] * len(found)


@pytest.mark.parametrize("events", SOWN.values(), ids=SOWN)
def test_nothing_that_another_producer_planted_goes_on(
    redis: Redis,
    settings: Settings,
    sandbox: Sandbox,
    events: list[dict[str, Any]],
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Into a request, a dead letter or the log; each event is sent, or dies for its time."""
    now = int(time.time())
    foreign = [{**event, "event_time": time_} for event in events for time_ in (now, "soon")]
    for first in range(0, len(foreign), 100):
        block = foreign[first : first + 100]
        fields: dict[Any, Any] = {"n": len(block), "b": orjson.dumps(block)}
        redis.xadd(keys.outbox(PIXEL.key), fields, id=f"{now * 1000}-{first + 1}")
    deliver_once(redis, settings, PIXEL)

    letters = list(DeadLetters(store_of(redis)))
    assert len(sandbox.events()) + len(letters) == len(foreign)
    assert len(letters) >= len(events)
    found = (everything(redis), str(sandbox.events()), *capfd.readouterr(), caplog.text)
    assert [traces(place) for place in found] == [[]] * len(found)
