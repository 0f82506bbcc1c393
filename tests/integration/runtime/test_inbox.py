"""Messages are leased, come back, and leave when nothing is left to be done for them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from redis import Redis

from tests.builders.stores import broker_keys, keys, store_of
from tests.builders.waiting import events_waiting
from tiktok_events import Client
from worker.letters.dead_letters import DeadLetters
from worker.local.embedded import EmbeddedServer
from worker.runtime.acceptance import Acceptance
from worker.runtime.inbox import MOST_LEASES, PAGE, TOGETHER, Inbox, Leased

MOST_BYTES = 1_000
QUEUE = broker_keys.prefix + broker_keys.queue
EVENT = json.dumps({"event": "Lead", "event_source_id": "C0INBOX"})


@pytest.fixture
def inbox(redis: Redis) -> Inbox:
    """On an empty database."""
    return Inbox(redis, broker_keys, MOST_BYTES)


@pytest.fixture
def acceptance(inbox: Inbox, redis: Redis, redis_url: str) -> Iterator[Acceptance]:
    """What reads it."""
    with Client(redis_url) as client:
        yield Acceptance(inbox, client, store_of(redis), MOST_BYTES)


def end_leases(redis: Redis) -> None:
    """As if ten seconds had passed."""
    leased: Any = redis.zrange(broker_keys.inbox_due, 0, -1)
    for number in leased:
        redis.zadd(broker_keys.inbox_due, {number: 0})


def texts(leased: list[Leased]) -> list[bytes]:
    """The messages."""
    return [one.message for one in leased]


def test_every_list_is_read_the_urgent_first(inbox: Inbox, redis: Redis) -> None:
    """Ours and those without our prefix, in the order in which each was written."""
    for name in reversed(broker_keys.lists()):
        redis.lpush(name, f"{name} 1", f"{name} 2")
    assert inbox.waits()
    assert texts(inbox.take()) == [
        f"{name} {n}".encode() for name in broker_keys.lists() for n in (1, 2)
    ]
    assert not inbox.waits()


def test_a_message_is_leased_to_one_at_a_time(inbox: Inbox, redis: Redis) -> None:
    """And comes back with its number, which tells when it was first seen."""
    redis.lpush(QUEUE, "a")
    [first] = inbox.take()
    assert inbox.take() == []
    end_leases(redis)
    assert inbox.waits()
    [again] = inbox.take()
    assert (again.number, again.message, again.leases) == (first.number, b"a", 2)
    assert again.seen_at == first.seen_at == pytest.approx(time.time(), abs=30)


def test_nothing_stays_of_what_is_done(inbox: Inbox, redis: Redis) -> None:
    """Not even a key."""
    redis.lpush(QUEUE, *range(2 * PAGE))
    while page := inbox.take():
        inbox.done(page)
    assert redis.keys() == []


def test_what_its_readers_may_have_died_of_comes_alone(inbox: Inbox, redis: Redis) -> None:
    """So that it takes no others along."""
    redis.lpush(QUEUE, "a", "b")
    for _ in range(TOGETHER):
        assert texts(inbox.take()) == [b"a", b"b"]
        end_leases(redis)
    assert [texts(inbox.take()) for _ in range(3)] == [[b"a"], [b"b"], []]


def test_a_deadly_message_is_buried(acceptance: Acceptance, redis: Redis, inbox: Inbox) -> None:
    """Without being read once more."""
    redis.lpush(QUEUE, EVENT)
    for _ in range(MOST_LEASES):
        inbox.take()
        end_leases(redis)
    acceptance.run(lambda: True)
    [letter] = DeadLetters(store_of(redis))
    assert letter.reason == "unreadable"
    assert letter.message == (
        "the message cannot be read: it was tried 5 times, and no try came to its end"
    )
    assert not inbox.waits()


def test_a_message_that_is_too_long_is_buried(acceptance: Acceptance, redis: Redis) -> None:
    """Its size is told, and the rest of it is not even kept."""
    redis.lpush(QUEUE, "x" * (MOST_BYTES + 1))
    acceptance.run(lambda: True)
    [letter] = DeadLetters(store_of(redis))
    assert (letter.reason, letter.message) == ("oversize", "a message of 1,001 bytes")


def test_an_event_keeps_its_time_when_it_is_read_again(
    acceptance: Acceptance, redis: Redis, inbox: Inbox
) -> None:
    """And its id, though it came with neither."""
    redis.lpush(QUEUE, EVENT)
    [leased] = inbox.take()
    for _ in range(2):  # a reader that ended between the outbox and the inbox, and the next
        acceptance._accept(leased)
    first, again = events_waiting(redis, "web:C0INBOX")
    assert first == again
    assert first["event_time"] == int(leased.seen_at)


def test_a_key_of_another_kind_is_left_alone(inbox: Inbox, redis: Redis) -> None:
    """The plain name may be somebody else's."""
    redis.set(broker_keys.queue, "theirs")
    assert not inbox.waits()
    assert inbox.take() == []
    assert redis.get(broker_keys.queue) == b"theirs"


def test_messages_of_a_full_server_are_leased() -> None:
    """What leaves its list stands in the inbox, and needs no more room there."""
    with EmbeddedServer() as server, Redis.from_url(server.url, protocol=2) as redis:
        redis.lpush(QUEUE, "a", "b")
        redis.config_set("maxmemory", 1)
        inbox = Inbox(redis, broker_keys, MOST_BYTES)
        leased = inbox.take()
        assert texts(leased) == [b"a", b"b"]
        inbox.done(leased)
        assert redis.exists(QUEUE, broker_keys.inbox, broker_keys.inbox_due) == 0


def test_an_outage_of_the_outbox_is_no_try(
    acceptance: Acceptance, inbox: Inbox, redis: Redis
) -> None:
    """However long it lasts: the messages wait, the page that was leased with them too."""
    redis.lpush(QUEUE, EVENT, EVENT)
    with closing(Client("redis://127.0.0.1:1", redis_timeout_s=0.2)) as nowhere:
        for _ in range(2 * MOST_LEASES):
            Acceptance(inbox, nowhere, store_of(redis), MOST_BYTES).run(lambda: True)
            end_leases(redis)
    acceptance.run(lambda: True)
    assert list(DeadLetters(store_of(redis))) == []
    assert redis.xlen(keys.outbox("web:C0INBOX")) == 2
    assert redis.exists(broker_keys.inbox, broker_keys.inbox_due) == 0


def test_a_full_server_makes_no_message_deadly() -> None:
    """It lends messages, takes none of their events, and is full for longer than any lease."""
    with (
        EmbeddedServer() as server,
        Redis.from_url(server.url, protocol=2) as redis,
        Client(server.url) as client,
    ):
        redis.lpush(QUEUE, EVENT, EVENT)
        acceptance = Acceptance(
            Inbox(redis, broker_keys, MOST_BYTES), client, store_of(redis), MOST_BYTES
        )
        for _ in range(2 * MOST_LEASES):
            redis.config_set("maxmemory", 1)
            acceptance.run(lambda: True)
            redis.config_set("maxmemory", 0)
            end_leases(redis)
        acceptance.run(lambda: True)
        assert list(DeadLetters(store_of(redis))) == []
        assert redis.xlen(keys.outbox("web:C0INBOX")) == 2


def test_a_destination_that_takes_nothing_holds_up_no_other(
    acceptance: Acceptance, redis: Redis, inbox: Inbox
) -> None:
    """Its messages wait until it does; those behind them are read."""
    redis.set(keys.outbox("web:C0INBOX"), "theirs")
    redis.lpush(QUEUE, EVENT, EVENT.replace("C0INBOX", "C0OTHER"))
    for _ in range(2 * MOST_LEASES):
        acceptance.run(lambda: True)
        end_leases(redis)
    assert redis.xlen(keys.outbox("web:C0OTHER")) == 1
    assert inbox.waits()
    redis.delete(keys.outbox("web:C0INBOX"))
    acceptance.run(lambda: True)
    assert redis.xlen(keys.outbox("web:C0INBOX")) == 1
    assert list(DeadLetters(store_of(redis))) == []
