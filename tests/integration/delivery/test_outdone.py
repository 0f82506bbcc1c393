"""Events that make the API fail while it takes others, through the real delivery."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from random import Random

import pytest
from redis import Redis

from tests.builders.stores import keys, store_of
from tiktok_events import Client
from tiktok_events.event.destination import Destination
from tiktok_events_sandbox import Sandbox
from worker.attempts.history import Attempt, History
from worker.delivery.deliver import Batch, Delivery
from worker.delivery.destinations import Destinations
from worker.delivery.ending import EXHAUSTED_AFTER
from worker.delivery.events_api import EventsApi
from worker.delivery.prepare import Preparer
from worker.letters.dead_letters import DeadLetters
from worker.outbox.claim import Claim, Want
from worker.outbox.claimed_block import SUSPECT_AFTER, OpenBlock
from worker.outbox.outbox import Outbox
from worker.settings import Settings

PIXEL = Destination("web", "C0PIXEL")
STATE = keys.state(PIXEL.key)
LEASE_MS = 60_000

Deliver = Callable[[int, int], Claim]


@pytest.fixture
def settings(redis_url: str) -> Iterator[Settings]:
    """Of a worker whose API fails whatever it is sent."""
    with Sandbox() as sandbox:
        sandbox.rule({"kind": "answer", "code": 50002})
        yield Settings.load({}, redis_url=redis_url, api_url=sandbox.url, access_token="token")


@pytest.fixture
def deliver(redis: Redis, redis_url: str, settings: Settings) -> Deliver:
    """Track so many events, and fail with them once more after others were taken so often."""
    outbox = Outbox(store_of(redis), consumer="one", lease_ms=LEASE_MS)
    api = EventsApi(settings.api_url, timeout_s=settings.request_timeout_s)
    delivery = Delivery(api, outbox, settings, Random(1))

    def fail(events: int, outdone: int) -> Claim:
        with Client(redis_url, event_source_id=PIXEL.event_source_id, linger_ms=0) as client:
            client.track_many(
                {"event": "Lead", "event_id": f"e{n}", "page": {"url": "https://shop.example/"}}
                for n in range(events)
            )
        account = Destinations(settings).account(PIXEL)
        (claim,) = outbox.claim([Want(PIXEL.key, 1000, 1_000_000, account.token_limit)])
        (claimed,) = claim.blocks
        now = time.time()
        history = History(now - 60, outdone=outdone).after(
            Attempt(now - 30, "transient", 50002, 9, None)
        )
        block = OpenBlock(claimed, history, now, now)
        block.lease_ends = time.monotonic() + LEASE_MS / 1000
        outgoing = Preparer(PIXEL, settings).prepare(block, now=now).sendable
        delivery.deliver(Batch(PIXEL, account, claim.failures, outgoing))
        return outbox.claim([Want(PIXEL.key, 1000, 1_000_000, account.token_limit)])[0]

    return fail


def test_it_is_the_api_that_fails_until_others_are_taken(redis: Redis, deliver: Deliver) -> None:
    """The destination backs off, the events stay together."""
    deliver(3, 0)
    assert redis.hget(STATE, "failures") == b"1"


def test_events_that_fail_where_others_are_taken_are_halved(redis: Redis, deliver: Deliver) -> None:
    """And their failure says nothing of the destination."""
    halves = deliver(3, SUSPECT_AFTER)
    assert [block.events for block in halves.blocks] == [2, 1]
    assert [History.read(block.attempts, 0.0).suspect for block in halves.blocks] == [True, True]
    assert redis.hget(STATE, "failures") is None


def test_one_alone_is_postponed_by_a_lease(redis: Redis, deliver: Deliver) -> None:
    """It is not claimed at once, and not lost."""
    assert deliver(1, SUSPECT_AFTER).blocks == []
    assert redis.xlen(keys.outbox(PIXEL.key)) == 1
    assert redis.hget(STATE, "failures") is None


def test_one_that_fails_again_and_again_is_given_up(redis: Redis, deliver: Deliver) -> None:
    """With the API's own words."""
    deliver(1, EXHAUSTED_AFTER - 1)
    (letter,) = DeadLetters(store_of(redis))
    assert (letter.reason, letter.code, letter.event_id) == ("exhausted", 50002, "e0")
