"""Deadlines of many parked destinations: each is its own, and asking about all is cheap."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any, Final

import pytest
from redis import Redis

from tests.builders import events
from tests.builders.stores import store_of
from tiktok_events import Client
from worker.delivery.expiry import TOGETHER, Sweep
from worker.letters.dead_letters import DeadLetters
from worker.local.samples.events import pixel_code
from worker.outbox.outbox import Outbox
from worker.outbox.parking import Parking
from worker.settings import Settings

WEEK_S: Final = 7 * 86_400
MANY: Final = 2 * TOGETHER + 1
SETTINGS: Final = Settings.load({})


@pytest.fixture
def client(redis_url: str) -> Iterator[Client]:
    """A producer."""
    with Client(redis_url, linger_ms=0) as found:
        yield found


@pytest.fixture
def sweep(redis: Redis) -> Sweep:
    """Of a process of its own."""
    return Sweep(
        store_of(redis), Outbox(store_of(redis), consumer="sweeper", lease_ms=60_000), SETTINGS
    )


def names(numbers: Iterable[int]) -> set[str]:
    """Keys of destinations."""
    return {f"web:{pixel_code(number)}" for number in numbers}


def park_many(redis: Redis, client: Client) -> None:
    """Each has one event; that of every odd one has expired."""
    client.track_many(purchase(number, age_s=WEEK_S * (number % 2)) for number in range(MANY))
    for name in names(range(MANY)):
        Parking(store_of(redis)).park(name)


def purchase(number: int, *, age_s: float) -> dict[str, Any]:
    """A valid event of a destination."""
    at = int(time.time() - age_s)
    return events.purchase(f"order-{number}", pixel_code(number), event_time=at)


def dead(redis: Redis) -> set[str]:
    """Destinations that have lost an event."""
    return {letter.destination for letter in DeadLetters(store_of(redis))}


def test_of_many_destinations_those_with_expired_events_lose_them(
    redis: Redis, client: Client, sweep: Sweep
) -> None:
    """However they fall into round trips; each letter names its own destination."""
    park_many(redis, client)
    assert sweep.run(lambda: True) == MANY // 2
    assert dead(redis) == names(range(1, MANY, 2))


def test_a_sweep_of_many_that_ends_early_holds_nothing(
    redis: Redis, client: Client, sweep: Sweep
) -> None:
    """What it has claimed it buries; the next one finds the others."""
    park_many(redis, client)
    answers = iter([True, *[False] * MANY])
    died = sweep.run(lambda: next(answers))
    assert 0 < died < MANY // 2
    assert len(dead(redis)) == died
    assert sweep.run(lambda: True) == MANY // 2 - died


def test_asking_about_many_destinations_takes_few_round_trips(
    redis: Redis, client: Client, sweep: Sweep
) -> None:
    """While nothing has expired, which is nearly always."""
    park_many(redis, client)
    sweep.run(lambda: True)
    asked = count(1)
    assert sweep.run(lambda: bool(next(asked))) == 0
    assert next(asked) - 1 == 3
