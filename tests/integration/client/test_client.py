"""The client against a real server: what stands in the outbox after each call."""

from __future__ import annotations

import os
import threading
import time
from typing import Any

import orjson
import pytest
from celery import Celery
from celery.worker.request import Request
from redis import Redis

from tests.builders.claims import counter
from tests.builders.stores import broker_keys, keys
from tiktok_events import Client, InvalidEvent
from tiktok_events.errors import EventTooLarge
from tiktok_events.outbox.blocks import BLOCK_BYTES, BLOCK_EVENTS
from tiktok_events.outbox.broker_keys import DOORBELL_QUEUE
from tiktok_events.outbox.doorbell import TASK
from worker.local.loopback import free_port

PIXEL = "PIXEL1"
WEB = f"web:{PIXEL}"
EVENT: dict[str, Any] = {"event": "Purchase", "page": {"url": "https://shop.example/"}}


def blocks(redis: Redis, destination: str = WEB) -> list[list[Any]]:
    """The events of each block, oldest first."""
    entries: Any = redis.xrange(keys.outbox(destination))
    found = [(int(entry[b"n"]), orjson.loads(entry[b"b"])) for _, entry in entries]
    assert all(count == len(events) for count, events in found)
    return [events for _, events in found]


def ids(redis: Redis, destination: str = WEB) -> list[str]:
    """The event ids of all blocks, in order."""
    return [event["event_id"] for block in blocks(redis, destination) for event in block]


# --- what a call leaves --------------------------------------------------------------------


def test_track_writes_one_block(client: Client, redis: Redis) -> None:
    """Of one event, counted as accepted and waiting, and due after the linger."""
    before_ms = time.time() * 1000
    event_id = client.track(EVENT | {"event_time": 1_767_225_600})
    expected = EVENT | {"event_id": event_id, "event_time": 1_767_225_600}
    assert [[expected]] == blocks(redis)
    assert (counter(redis, "accepted"), redis.hget(keys.state(WEB), "waiting")) == (1, b"1")
    due_ms = redis.zscore(keys.ready, WEB)
    assert due_ms is not None
    assert before_ms - 1 <= due_ms - client.settings.linger_ms <= time.time() * 1000 + 1


def test_track_returns_the_id_that_was_given(client: Client, redis: Redis) -> None:
    """In the event or beside it."""
    given = [client.track(EVENT | {"event_id": "a"}), client.track(EVENT, event_id="b")]
    assert ["a", "b"] == given == ids(redis)


def test_track_many_returns_the_ids_in_order(client: Client, redis: Redis) -> None:
    """From any iterable, whatever destination each event has."""
    given = ({**EVENT, "event_id": str(n), "event_source_id": f"P{n % 3}"} for n in range(9))
    assert client.track_many(given) == [str(n) for n in range(9)]
    assert ids(redis, "web:P1") == ["1", "4", "7"]


def test_track_many_of_nothing_asks_nobody() -> None:
    """Not even whether the outbox is there."""
    with Client(f"redis://127.0.0.1:{free_port()}/0", event_source_id=PIXEL) as client:
        assert client.track_many([]) == []


@pytest.mark.parametrize(
    ("bad", "kind"),
    [("not a dict", InvalidEvent), (EVENT | {"event": "x" * 70_000}, EventTooLarge)],
)
def test_a_bad_event_in_the_middle_keeps_all_out(
    client: Client, redis: Redis, bad: Any, kind: type[InvalidEvent]
) -> None:
    """The error says which one; nothing was enqueued, for no destination."""
    events = [EVENT, EVENT | {"event_source_id": "OTHER"}, bad, EVENT]
    with pytest.raises(kind, match=r"^event 2: ") as refusal:
        client.track_many(events)
    assert (refusal.value.position, redis.dbsize()) == (2, 0)


def test_events_are_grouped_by_destination_into_blocks(client: Client, redis: Redis) -> None:
    """Of at most a hundred, in order."""
    sent = [EVENT | {"event_source_id": "AB"[n % 2], "event_id": str(n)} for n in range(430)]
    client.track_many(sent)
    sizes = {name: [len(block) for block in blocks(redis, f"web:{name}")] for name in "AB"}
    assert sizes == {"A": [BLOCK_EVENTS, BLOCK_EVENTS, 15], "B": [BLOCK_EVENTS, BLOCK_EVENTS, 15]}
    assert ids(redis, "web:A") == [str(n) for n in range(0, 430, 2)]
    assert counter(redis, "accepted") == 430


@pytest.mark.parametrize("size", [11_000, 30_000, 60_000])
def test_a_block_is_at_most_a_mebibyte(client: Client, redis: Redis, size: int) -> None:
    """The JSON array as it stands in the stream, brackets and commas included."""
    client.track_many([EVENT | {"page": {"url": "u" * size}} for _ in range(120)])
    entries: Any = redis.xrange(keys.outbox(WEB))
    sizes = [len(entry[b"b"]) for _, entry in entries]
    assert max(sizes) <= BLOCK_BYTES
    assert min(sizes[:-1]) > BLOCK_BYTES - size - 200


@pytest.mark.parametrize("events", [1, 100])
def test_a_server_that_forgot_the_script_is_told_again(
    client: Client, redis: Redis, events: int
) -> None:
    """After a restart or SCRIPT FLUSH each event still stands there once."""
    client.track(EVENT | {"event_source_id": "OTHER"})
    redis.script_flush()
    assert client.track_many([EVENT] * events) == ids(redis)


def test_no_raw_match_key_is_in_redis(client: Client, redis: Redis) -> None:
    """Hashed in this process, before anything is sent."""
    client.track(EVENT | {"user": {"email": "Jo@Example.com", "phone": "+12133734253"}})
    entries: Any = redis.xrange(keys.outbox(WEB))
    payload = entries[0][1][b"b"].lower()
    assert b"jo@example.com" not in payload
    assert b"2133734253" not in payload


# --- sharing -------------------------------------------------------------------------------


def test_a_forked_child_tracks_too(client: Client, redis: Redis) -> None:
    """Neither process reads the other's answers."""
    client.track(EVENT | {"event_id": "before"})
    child = os.fork()
    if child == 0:
        status = 1
        try:
            client.track_many([EVENT | {"event_id": f"child-{n}"} for n in range(50)])
            status = 0
        finally:
            os._exit(status)
    for number in range(50):
        assert client.track(EVENT | {"event_id": f"parent-{number}"}) == f"parent-{number}"
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    found = ids(redis)
    assert (len(found), len(set(found)), counter(redis, "accepted")) == (101, 101, 101)


def test_threads_share_a_client(client: Client, redis: Redis) -> None:
    """Sixteen of them lose and double nothing."""
    returned: list[str] = []

    def run() -> None:
        returned.extend(client.track(EVENT) for _ in range(25))

    threads = [threading.Thread(target=run) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(returned), sorted(returned)) == (400, sorted(ids(redis)))


def test_a_closed_client_can_be_used_again(client: Client, redis: Redis) -> None:
    """It opens a new connection."""
    first = client.track(EVENT)
    client.close()
    assert [first, client.track(EVENT)] == ids(redis)


# --- the doorbell --------------------------------------------------------------------------


def test_the_bell_is_rung_once_while_nobody_is_awake(client: Client, redis: Redis) -> None:
    """One message says that there is work, however much."""
    for _ in range(3):
        client.track(EVENT)
    assert redis.llen(broker_keys.doorbell) == 1


def test_no_bell_is_rung_while_somebody_is_awake(client: Client, redis: Redis) -> None:
    """A deliver task that looks by itself needs none."""
    redis.set(keys.awake, "1")
    client.track(EVENT)
    assert redis.llen(broker_keys.doorbell) == 0


def test_no_bell_is_rung_for_a_broker_elsewhere(
    redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message here would never be read."""
    monkeypatch.setenv("TIKTOK_EVENTS_BROKER_URL", "redis://127.0.0.1:1/0")
    with Client(redis_url, event_source_id=PIXEL) as client:
        client.track(EVENT)
    assert (len(ids(redis)), redis.llen(broker_keys.doorbell)) == (1, 0)


def test_celery_understands_the_doorbell(client: Client, redis: Redis, redis_url: str) -> None:
    """A real application reads the message from its queue and finds the task in it."""
    with Celery("test", broker=redis_url, set_as_current=False) as app:
        app.conf.broker_transport_options = {"global_keyprefix": broker_keys.prefix}

        if TASK not in app.tasks:  # a test before it may have loaded the worker's own

            @app.task(name=TASK, shared=False)
            def deliver() -> None:
                """Only its name plays a part."""

        client.track(EVENT)
        with app.connection_for_read() as connection:
            channel: Any = connection.default_channel
            message = channel.basic_get(DOORBELL_QUEUE)
            request = Request(message, app=app, task=app.tasks[TASK])
            assert (request.name, request.args, request.kwargs) == (TASK, [], {})
            assert request.task_id == message.properties["correlation_id"]
            message.ack()
    assert redis.llen(broker_keys.doorbell) == 0


def test_every_doorbell_has_an_id_of_its_own(client: Client, redis: Redis) -> None:
    """Celery tells messages apart by it."""
    messages = []
    for _ in range(2):
        client.track(EVENT)
        messages.append(orjson.loads(redis.lpop(broker_keys.doorbell)))  # type: ignore[arg-type]
    tags = {message["properties"]["delivery_tag"] for message in messages}
    assert (len(tags), any("@" in tag for tag in tags)) == (2, False)
