"""A producer and two workers at one outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from redis import Redis

from tests.builders.stores import SHARDS, store_of
from tiktok_events.event.prepare import PreparedEvent
from tiktok_events.outbox.outbox import Appender
from worker.outbox.outbox import Outbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
from tests.builders.claims import LEASE_MS


@pytest.fixture
def append(redis: Redis) -> Iterator[Callable[..., None]]:
    """What a producer does."""
    by_linger: dict[int, Appender] = {}

    def appended(*batch: PreparedEvent, linger_ms: int = 0) -> None:
        if linger_ms not in by_linger:
            by_linger[linger_ms] = Appender(redis, linger_ms=linger_ms, rings=True, shards=SHARDS)
        by_linger[linger_ms].append(batch)

    yield appended
    for appender in by_linger.values():
        appender.close()


@pytest.fixture
def outbox(redis: Redis) -> Outbox:
    """A worker process."""
    return Outbox(store_of(redis), consumer="one", lease_ms=LEASE_MS)


@pytest.fixture
def rival(redis: Redis) -> Outbox:
    """Another one."""
    return Outbox(store_of(redis), consumer="two", lease_ms=LEASE_MS)
