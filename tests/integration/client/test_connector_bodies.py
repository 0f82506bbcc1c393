"""Bodies of public connectors, and whole requests: every door takes them as the call does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from redis import Redis

from tests.builders.commands import tiktok_events
from tests.builders.connector_bodies import bodies
from tests.builders.stores import broker_keys, store_of
from tests.builders.waiting import events_waiting
from tiktok_events import Client, InvalidEvent
from tiktok_events.event.destination import destination_of
from tiktok_events.event.other_words import has_time
from worker.letters.dead_letters import DeadLetters
from worker.runtime.acceptance import Acceptance
from worker.runtime.inbox import Inbox

IDS = {"web": "C0PIXEL"}
EVENTS = [body.event | {"event_id": f"e{n}"} for n, body in enumerate(bodies())]
DESTINATIONS = {destination_of(event, IDS).key for event in EVENTS}
WHOLE: list[dict[str, Any]] = [
    {"event_source": "web", "event_source_id": "C0PIXEL", "data": [{"event": "Lead"}]},
    {"pixel_code": "C0PIXEL", "batch": [{"event": "Lead"}]},
    {"event_source": "web", "event_source_id": "C0PIXEL", "event_list": [{"event": "Lead"}]},
    {"client_id": "1.2", "events": [{"name": "purchase", "params": {"value": 5}}]},
]


def call(redis: Redis, url: str) -> dict[str, Any]:
    """What waits of the events after a call of `track_many`."""
    with Client(url, event_source_id="C0PIXEL") as client:
        client.track_many(EVENTS)
    return emptied(redis)


def receive(redis: Redis, url: str, events: list[dict[str, Any]]) -> None:
    """Each comes as a message of a producer that knows only Celery."""
    queue = broker_keys.prefix + broker_keys.queue
    redis.lpush(queue, *(orjson.dumps([[event], {}, {}]) for event in events))
    with Client(url, event_source_id="C0PIXEL") as client:
        inbox = Inbox(redis, broker_keys, 99_999)
        Acceptance(inbox, client, store_of(redis), 99_999).run(lambda: True)


def emptied(redis: Redis) -> dict[str, Any]:
    """Event id → event of all that waits; nothing does then."""
    found = [event for name in DESTINATIONS for event in events_waiting(redis, name)]
    redis.flushdb()
    return {event["event_id"]: event for event in found}


def told(events: dict[str, Any]) -> dict[str, Any]:
    """The events, without the time of one that tells none."""
    timed = {event["event_id"] for event in EVENTS if has_time(event)}
    return {
        id_: event | {"event_time": id_ in timed and event["event_time"]}
        for id_, event in events.items()
    }


def test_every_body_comes_through_every_door_alike(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    """The call, a message and a file leave the same events, none of them dead."""
    called = call(redis, redis_url)
    receive(redis, redis_url, EVENTS)
    assert list(DeadLetters(store_of(redis))) == []
    received = emptied(redis)
    file = tmp_path / "bodies.ndjson"
    file.write_bytes(b"\n".join(map(orjson.dumps, EVENTS)))
    tiktok_events("send", str(file), "--now", REDIS_URL=redis_url, PIXEL_CODE="C0PIXEL")
    sent = emptied(redis)
    assert len(called) == len(EVENTS)
    assert told(received) == told(called)
    assert told(sent) == told(called)


def test_a_whole_request_is_refused_by_name_at_every_door(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    """Never read by half, and each door says what to do instead."""
    with Client(redis_url, event_source_id="C0PIXEL") as client:
        for body in WHOLE:
            with pytest.raises(InvalidEvent, match="body of a whole request"):
                client.track(body)
    receive(redis, redis_url, WHOLE)
    letters = [letter.message for letter in DeadLetters(store_of(redis))]
    file = tmp_path / "bodies.ndjson"
    file.write_bytes(b"\n".join(map(orjson.dumps, WHOLE)))
    result = tiktok_events("send", str(file), REDIS_URL=redis_url, PIXEL_CODE="C0PIXEL")
    assert sum("one by one" in message for message in letters) == len(WHOLE)
    assert result.output.count("body of a whole request") == len(WHOLE), result.output
    assert result.exit_code == 1
    assert emptied(redis) == {}
