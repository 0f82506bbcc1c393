"""The back-off after a search for poison that a failure cut short, with the real parts."""

from __future__ import annotations

import time
from random import Random
from typing import Any

import pytest
from redis import Redis

from tests.builders.stores import keys, store_of
from tiktok_events import Client
from tiktok_events.event.destination import Destination
from tiktok_events_sandbox import Sandbox
from worker.delivery.deliver import Batch, Delivery
from worker.delivery.destinations import Account, Destinations
from worker.delivery.events_api import EventsApi
from worker.delivery.prepare import Preparer
from worker.outbox.claim import Want
from worker.outbox.claimed_block import OpenBlock
from worker.outbox.outbox import Outbox
from worker.outbox.settlement import Outcome, Settlement
from worker.settings import Settings

PIXEL = Destination("web", "C0PIXEL")
STATE = keys.state(PIXEL.key)
LEASE_MS = 60_000
EARLIER_FAILURES = 5
TRANSIENT = {"kind": "answer", "code": 50002}


@pytest.fixture
def settings(sandbox: Sandbox, redis_url: str) -> Settings:
    """Of a worker with a plain token."""
    return Settings.load({}, redis_url=redis_url, api_url=sandbox.url, access_token="token")


@pytest.fixture
def failed_before(redis: Redis, redis_url: str) -> None:
    """Four events wait, one of them poison, and the destination has failed five times in a row."""
    with Client(redis_url, event_source_id=PIXEL.event_source_id, linger_ms=0) as client:
        client.track_many(_event(event_id) for event_id in ("a", "b", "c", "poison-d"))
    redis.hset(STATE, "failures", EARLIER_FAILURES)


def _event(event_id: str) -> dict[str, Any]:
    properties = {"value": 1, "currency": "EUR"}
    page = {"url": "https://shop.example/"}
    return {"event": "Purchase", "event_id": event_id, "properties": properties, "page": page}


def _deliver_all(redis: Redis, settings: Settings, *, healthy_meanwhile: bool = False) -> None:
    """Claim what waits, and deliver it as one batch; another may succeed meanwhile."""
    outbox = Outbox(store_of(redis), consumer="one", lease_ms=LEASE_MS)
    account: Account = Destinations(settings).account(PIXEL)
    (claim,) = outbox.claim([Want(PIXEL.key, 1000, 1_000_000, account.token_limit)])
    lease_ends = time.monotonic() + LEASE_MS / 1000
    preparer = Preparer(PIXEL, settings)
    outgoing = [
        event
        for claimed in claim.blocks
        for event in preparer.prepare(
            OpenBlock.of(claimed, lease_ends=lease_ends), now=time.time()
        ).sendable
    ]
    if healthy_meanwhile:
        outbox.settle(
            Settlement(PIXEL.key, claim.failures, account.token_limit, outcome=Outcome.HEALTHY)
        )
    api = EventsApi(settings.api_url, timeout_s=settings.request_timeout_s)
    Delivery(api, outbox, settings, Random(1)).deliver(
        Batch(PIXEL, account, claim.failures, outgoing)
    )


def _failures(redis: Redis) -> int:
    return int(redis.hget(STATE, "failures") or 0)


@pytest.mark.usefixtures("failed_before")
def test_a_failure_after_answers_is_the_first_in_a_row(
    redis: Redis, sandbox: Sandbox, settings: Settings
) -> None:
    """The API refused the batch, took half of it, and failed then: it had recovered between."""
    sandbox.rule(TRANSIENT, match={"from_request": 3})
    sandbox.rule({"kind": "refuse"}, match={"event_id_prefix": "poison-"})
    _deliver_all(redis, settings)
    assert sandbox.report().refused_requests.keys() == {40002, 50002}
    assert _failures(redis) == 1


@pytest.mark.usefixtures("failed_before")
def test_a_failure_at_once_is_one_more_in_the_row(
    redis: Redis, sandbox: Sandbox, settings: Settings
) -> None:
    """Nothing but a failure came from the API."""
    sandbox.rule(TRANSIENT)
    _deliver_all(redis, settings)
    assert _failures(redis) == EARLIER_FAILURES + 1


@pytest.mark.usefixtures("failed_before")
def test_a_failure_beside_answers_is_the_first_in_a_row(
    redis: Redis, sandbox: Sandbox, settings: Settings
) -> None:
    """One claim makes many requests when its blocks are suspects; one of them was answered."""
    sandbox.rule(TRANSIENT)
    _deliver_all(redis, settings, healthy_meanwhile=True)
    assert _failures(redis) == 1
