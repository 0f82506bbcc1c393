"""A first answer that may have accepted events is not forgotten in what follows it."""

from __future__ import annotations

import time
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from redis import Redis

from tests.builders.stores import keys, store_of
from tiktok_events import Client, Page
from tiktok_events.event.destination import Destination
from tiktok_events_sandbox import Sandbox
from worker.attempts.history import History
from worker.delivery.deliver import Batch, Delivery
from worker.delivery.destinations import Destinations
from worker.delivery.events_api import EventsApi
from worker.delivery.prepare import Outgoing
from worker.letters.dead_letters import DeadLetters
from worker.outbox.claim import Want
from worker.outbox.claimed_block import OpenBlock
from worker.outbox.outbox import Outbox
from worker.settings import CONNECT_TIMEOUT_S, SETTLE_MARGIN_S, Settings

PIXEL = Destination("web", "C0PIXEL")
LEASE_MS = 60_000
REQUEST_TIMEOUT_S = 10.0
SPARE_S = 0.4
"""Of a claim that has the time for one request."""

UNCLEAR = {"kind": "answer", "code": 20001}
AFTER_THE_FIRST = {"from_request": 2}

Deliver = Callable[[float], None]


@pytest.fixture
def deliver(redis: Redis, redis_url: str, sandbox: Sandbox) -> Deliver:
    """Track two events, claim them for so many seconds, and deliver them as one batch."""
    settings = Settings.load(
        {},
        redis_url=redis_url,
        api_url=sandbox.url,
        access_token="token",
        request_timeout_s=REQUEST_TIMEOUT_S,
    )
    with Client(redis_url, event_source_id=PIXEL.event_source_id, linger_ms=0) as client:
        page: Page = {"url": "https://shop.example/"}
        client.track_many({"event": "Lead", "event_id": one, "page": page} for one in ("a", "b"))

    def send(lease_s: float) -> None:
        outbox = Outbox(store_of(redis), consumer="one", lease_ms=LEASE_MS)
        account = Destinations(settings).account(PIXEL)
        (claim,) = outbox.claim([Want(PIXEL.key, 1000, 1_000_000, account.token_limit)])
        (claimed,) = claim.blocks
        block = OpenBlock.of(claimed, lease_ends=time.monotonic() + lease_s)
        events = [
            Outgoing(block, index, b'{"event":"Lead","event_id":"%s"}' % name, time.time() + 60)
            for index, name in enumerate((b"a", b"b"))
        ]
        api = EventsApi(settings.api_url, timeout_s=settings.request_timeout_s)
        batch = Batch(PIXEL, account, claim.failures, events)
        Delivery(api, outbox, settings, Random(1)).deliver(batch)

    return send


def left(redis: Redis) -> list[History]:
    """What is known of the events that wait, a block each."""
    documents: Any = redis.hgetall(keys.attempts(PIXEL.key))
    return [History.read(documents[block], 0.0) for block in sorted(documents)]


def test_without_time_for_a_search(redis: Redis, sandbox: Sandbox, deliver: Deliver) -> None:
    """The answer takes the time that a second request would need; both events are in doubt."""
    sandbox.rule({"kind": "slow", "delay_s": 2 * SPARE_S})
    sandbox.rule(UNCLEAR)
    deliver(CONNECT_TIMEOUT_S + REQUEST_TIMEOUT_S + SETTLE_MARGIN_S + SPARE_S)
    assert len(sandbox.report().refused_requests) == 1
    assert [(one.attempts, one.ambiguous) for one in left(redis)] == [(1, True)] * 2


def test_when_the_search_is_throttled(redis: Redis, sandbox: Sandbox, deliver: Deliver) -> None:
    """Being throttled spends no attempt; the first answer did."""
    sandbox.rule({"kind": "answer", "code": 40100}, match=AFTER_THE_FIRST)
    sandbox.rule(UNCLEAR)
    deliver(60.0)
    histories = left(redis)
    assert [(one.attempts, one.ambiguous) for one in histories] == [(1, True)] * 2
    assert [entry["code"] for entry in histories[0].log] == [20001, 40100]
    assert [entry["code"] for entry in histories[1].log] == [20001]


def test_when_each_part_is_refused(redis: Redis, sandbox: Sandbox, deliver: Deliver) -> None:
    """The letters have both answers, and a replay after 48 hours will ask."""
    sandbox.rule({"kind": "answer", "code": 40002}, match=AFTER_THE_FIRST)
    sandbox.rule(UNCLEAR)
    deliver(60.0)
    letters = list(DeadLetters(store_of(redis)))
    assert [(letter.attempts, letter.ambiguous) for letter in letters] == [(2, True)] * 2
    assert [[entry["code"] for entry in letter.log] for letter in letters] == [[20001, 40002]] * 2
    assert [letter.ambiguous_since == letter.log[0]["at"] for letter in letters] == [True] * 2
