"""A producer that has Celery and nothing of ours: `send_task` by the task's name."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, Final

import pytest
from celery import Celery
from redis import Redis

from tests.builders.events import purchase
from tests.builders.stores import store_of
from tests.builders.wait import wait_until
from worker.letters.dead_letters import DeadLetters
from worker.local.embedded import EmbeddedServer

PIXEL: Final = "C0CELERY0PIXEL000000"
QUEUE: Final = "tiktok_events"
QUEUE_KEY: Final = f"tiktok_events:celery:{QUEUE}"

Send = Callable[..., str]


def _purchase(**changes: Any) -> dict[str, Any]:
    user = {"email": " Jo.Doe@Example.com", "external_id": "Customer 7"}
    event = purchase("", PIXEL, user=user, properties={"value": 59.98, "currency": "EUR"})
    del event["event_id"]
    return event | changes


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


@contextmanager
def _producer(broker_url: str, prefix: str = "tiktok_events:celery:") -> Iterator[Send]:
    """`send(event)`, as any Celery application does it; returns the task's id."""
    with Celery("shop", broker=broker_url, set_as_current=False) as app:
        app.conf.broker_transport_options = {"global_keyprefix": prefix}
        app.conf.task_ignore_result = True

        def send(event: Any) -> str:
            sent = app.send_task("tiktok_events.track", args=[event], queue=QUEUE)
            return str(sent.id)

        yield send


@pytest.fixture
def send(redis_url: str) -> Iterator[Send]:
    """Sends an event to the server that holds the outbox too."""
    with _producer(redis_url) as send_event:
        yield send_event


def test_an_application_without_our_prefix_is_heard_too(
    redis_url: str, fake_api: Any, start_worker: Any
) -> None:
    """Its messages stand in a list of the queue's plain name, and are taken over from there."""
    start_worker()
    with _producer(redis_url, prefix="") as send:
        sent = [f"ord-{number}" for number in range(10, 30)]
        for event_id in sent:
            send(_purchase(event_id=event_id))
    wait_until(lambda: sum(len(request.ids) for request in fake_api.accepted()) == len(sent))
    assert sorted(i for request in fake_api.accepted() for i in request.ids) == sent


def test_an_event_arrives_hashed(send: Send, fake_api: Any, start_worker: Any) -> None:
    """Its match keys are hashed by the worker, its id and time are kept."""
    event_time = int(time.time()) - 60
    start_worker()
    send(_purchase(event_id="ord-1", event_time=event_time))
    [request] = wait_until(fake_api.accepted)
    assert request.source_id == PIXEL
    assert request.document["data"] == [
        {
            "event": "Purchase",
            "event_id": "ord-1",
            "event_time": event_time,
            "user": {"email": _digest("jo.doe@example.com"), "external_id": _digest("Customer 7")},
            "properties": {"value": 59.98, "currency": "EUR"},
            "page": {"url": "https://shop.example/thanks"},
        }
    ]


def test_an_event_without_an_id_gets_that_of_its_task(
    send: Send, fake_api: Any, start_worker: Any
) -> None:
    """So that a message that comes twice is one conversion."""
    start_worker()
    task_id = send(_purchase())
    [request] = wait_until(fake_api.accepted)
    assert request.ids == [task_id]


def test_a_message_that_is_delivered_twice_counts_once(
    send: Send, redis: Redis, fake_api: Any, start_worker: Any
) -> None:
    """Both copies arrive with the same source, name and id, by which TikTok counts."""
    task_id = send(_purchase())
    [message] = redis.lrange(QUEUE_KEY, 0, -1)
    redis.lpush(QUEUE_KEY, message)
    start_worker()
    wait_until(lambda: sum(len(request.ids) for request in fake_api.accepted()) >= 2)
    counted = [
        (request.source_id, event["event"], event["event_id"])
        for request in fake_api.accepted()
        for event in request.document["data"]
    ]
    assert counted == [(PIXEL, "Purchase", task_id)] * 2


REFUSED: Final = [
    ("Purchase", None, "an event must be a dict, not str"),
    (None, None, "an event must be a dict, not NoneType"),
    ([_purchase()], None, "an event must be a dict, not list"),
    (_purchase(event_source="shop"), "event_source", "must be one of app, crm, offline, web"),
    (_purchase(event_source_id=None), "event_source_id", "no default is configured"),
    (_purchase(user="Jo.Doe@Example.com"), "user", "must be a dict, not str"),
]
"""Events that no producer of ours could hand over, the path and a part of the message."""


def test_an_event_that_cannot_be_accepted_is_a_dead_letter(
    send: Send, redis: Redis, fake_api: Any, start_worker: Any
) -> None:
    """With what is wrong and no value of it; and the worker serves the next event."""
    worker = start_worker()
    for event, _, _ in REFUSED:
        send(event)
    send(_purchase(event_id="ord-2"))
    wait_until(lambda: len(DeadLetters(store_of(redis))) == len(REFUSED))
    [request] = wait_until(fake_api.accepted)
    assert request.ids == ["ord-2"]
    letters = list(DeadLetters(store_of(redis)))
    for _, path, message in REFUSED:
        found = [one for one in letters if one.path == path and message in one.message]
        assert len(found) == 1, message
    assert {letter.reason for letter in letters} == {"invalid"}
    assert [letter for letter in letters if "Doe" in letter.write()] == []
    assert "Doe" not in worker.log()


def test_a_call_with_other_arguments_is_a_dead_letter(
    redis: Redis, redis_url: str, start_worker: Any
) -> None:
    """Celery would acknowledge it, and the event would be gone without a word."""
    start_worker()
    with Celery("shop", broker=redis_url, set_as_current=False) as app:
        app.conf.broker_transport_options = {"global_keyprefix": "tiktok_events:celery:"}
        for args, kwargs in [((), {}), ((_purchase(), 1), {}), ((), {"evnt": _purchase()})]:
            app.send_task("tiktok_events.track", args=args, kwargs=kwargs, queue=QUEUE)
    wait_until(lambda: len(DeadLetters(store_of(redis))) == 3)
    assert {(letter.reason, letter.message) for letter in DeadLetters(store_of(redis))} == {
        ("invalid", "the task takes one argument, the event")
    }


def test_an_event_by_its_name_arrives(redis_url: str, fake_api: Any, start_worker: Any) -> None:
    """`track.delay(event=…)`."""
    start_worker()
    with Celery("shop", broker=redis_url, set_as_current=False) as app:
        app.conf.broker_transport_options = {"global_keyprefix": "tiktok_events:celery:"}
        event = _purchase(event_id="ord-3")
        app.send_task("tiktok_events.track", kwargs={"event": event}, queue=QUEUE)
    [request] = wait_until(fake_api.accepted)
    assert request.ids == ["ord-3"]


@contextmanager
def _down(outbox: EmbeddedServer) -> Iterator[None]:
    outbox.kill()
    yield
    outbox.restart()


@contextmanager
def _full(outbox: EmbeddedServer) -> Iterator[None]:
    with Redis.from_url(outbox.url, protocol=2) as redis:
        redis.config_set("maxmemory", 1)
        yield
        redis.config_set("maxmemory", 0)


@pytest.mark.parametrize(
    ("outage", "said"), [(_down, "redis_unavailable"), (_full, "outbox_unavailable")]
)
def test_an_event_outlasts_an_outage_of_the_outbox(
    fake_api: Any, start_worker: Any, outage: Any, said: str
) -> None:
    """Its message stays on the broker, here another server, until the outbox takes it."""
    with EmbeddedServer() as broker, EmbeddedServer() as outbox, _producer(broker.url) as send:
        worker = start_worker(REDIS_URL=outbox.url, BROKER_URL=broker.url)
        send(_purchase())
        wait_until(fake_api.accepted)
        with outage(outbox):
            task_id = send(_purchase())
            wait_until(lambda: said in worker.log())
        wait_until(lambda: len(fake_api.accepted()) == 2)
        assert fake_api.accepted()[1].ids == [task_id]
        worker.kill()


def test_a_killed_worker_loses_no_message(
    send: Send, redis: Redis, fake_api: Any, start_worker: Any
) -> None:
    """What it was reading is read again, and each event keeps its id and its time."""
    sent = {send(_purchase()) for _ in range(1_500)}
    for _ in range(3):
        worker = start_worker(LEASE_S="16")
        before = redis.llen(QUEUE_KEY)
        wait_until(lambda before=before: redis.llen(QUEUE_KEY) < before)
        worker.kill()
    start_worker(LEASE_S="16")

    def times() -> dict[str, set[int]]:
        found: dict[str, set[int]] = {}
        for request in fake_api.accepted():
            for event in request.document["data"]:
                found.setdefault(event["event_id"], set()).add(event["event_time"])
        return found

    wait_until(lambda: len(times()) == len(sent), 40)
    assert times().keys() == sent
    assert {len(of_one) for of_one in times().values()} == {1}
    assert len(DeadLetters(store_of(redis))) == 0
