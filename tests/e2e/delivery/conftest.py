"""A producer, and what a person finds after a fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

import pytest
from redis import Redis

from tests.builders.stores import keys, store_of
from tests.builders.wait import wait_until
from tests.e2e.delivery.replies import KEY
from tiktok_events import Client
from worker.letters.dead_letters import DeadLetter, DeadLetters


@pytest.fixture
def client(redis_url: str) -> Iterator[Client]:
    """A producer."""
    with Client(redis_url) as producer:
        yield producer


@pytest.fixture
def the_letter(redis: Redis) -> Callable[[], DeadLetter]:
    """Waits for the only dead letter."""

    def wait() -> DeadLetter:
        letters: list[DeadLetter] = wait_until(lambda: list(DeadLetters(store_of(redis))))
        assert len(letters) == 1
        return letters[0]

    return wait


@pytest.fixture
def parked(redis: Redis) -> Callable[[], str]:
    """Waits until the destination is parked, for the reason."""

    def wait() -> str:
        reason = wait_until(lambda: redis.hget(keys.state(KEY), "parked"))
        return cast("bytes", reason).decode()

    return wait
