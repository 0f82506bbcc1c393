"""A destination that refuses everything is parked; its events wait, and none of them dies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redis import Redis

from tests.builders.stores import keys, store_of
from tiktok_events import Client, Page
from tiktok_events.event.destination import Destination
from tiktok_events_sandbox import Sandbox
from worker.letters.dead_letters import DeadLetters
from worker.outbox.parking import Parking
from worker.runtime.engine import Engine
from worker.settings import Settings

PIXEL = Destination("web", "C0PIXEL")
EVENTS = 200
REFUSED = {"kind": "answer", "code": 40002, "message": "Invalid value for user: no match key"}
BUDGET_S = 20.0

Track = Callable[[Callable[[int], str]], None]


@pytest.fixture
def engine(sandbox: Sandbox, redis: Redis, redis_url: str) -> Iterator[Engine]:
    """A worker process's parts."""
    settings = Settings.load({}, redis_url=redis_url, api_url=sandbox.url, access_token="token")
    engine = Engine(settings)
    yield engine
    engine.close()


@pytest.fixture
def track(redis_url: str) -> Track:
    """Let 200 events wait, named by their number."""

    def hand_over(name: Callable[[int], str]) -> None:
        page: Page = {"url": "https://shop.example/"}
        with Client(redis_url, event_source_id=PIXEL.event_source_id, linger_ms=0) as client:
            client.track_many(
                {"event": name(number), "event_id": f"e{number}", "page": page}
                for number in range(EVENTS)
            )

    return hand_over


def waiting(redis: Redis) -> int:
    """Events of the destination."""
    return int(redis.hget(keys.state(PIXEL.key), "waiting") or 0)


def requests(redis: Redis) -> int:
    """Made so far."""
    return int(redis.hget(keys.counters, "requests") or 0)


def is_parked(redis: Redis) -> bool:
    """Whether the destination waits for a person."""
    return PIXEL.key in Parking(store_of(redis)).parked()


def test_a_destination_that_refuses_everything_is_parked(
    redis: Redis, engine: Engine, sandbox: Sandbox, track: Track
) -> None:
    """After few requests, and again after a resume; once it is mended all events arrive."""
    sandbox.rule(REFUSED)
    track(lambda _: "Lead")
    for attempt in (1, 2):
        engine.drain(BUDGET_S)
        assert is_parked(redis)
        assert requests(redis) <= 12 * attempt
        assert (waiting(redis), len(list(DeadLetters(store_of(redis))))) == (EVENTS, 0)
        assert Parking(store_of(redis)).resume(PIXEL.key)
    sandbox.clear_rules()
    engine.drain(BUDGET_S)
    assert (waiting(redis), is_parked(redis)) == (0, False)
    assert redis.hget(keys.counters, "delivered") == str(EVENTS).encode()


def test_the_reason_is_in_the_apis_words(
    redis: Redis, engine: Engine, sandbox: Sandbox, track: Track
) -> None:
    """So that a person knows what to mend."""
    sandbox.rule(REFUSED)
    track(lambda _: "Lead")
    engine.drain(BUDGET_S)
    parked: Any = redis.hget(keys.state(PIXEL.key), "parked")
    reason = parked.decode()
    assert reason.startswith("configuration: ")
    assert "no match key" in reason


def test_where_some_are_accepted_the_others_die_alone(
    redis: Redis, engine: Engine, sandbox: Sandbox, track: Track
) -> None:
    """Three of four are refused, all alike: nothing is parked."""
    sandbox.rule({"kind": "refuse"}, match={"event": "Purchase"})
    track(lambda number: "Purchase" if number % 4 else "Lead")
    while waiting(redis):
        engine.drain(BUDGET_S)
    assert not is_parked(redis)
    assert redis.hget(keys.counters, "delivered") == str(EVENTS // 4).encode()
    assert len(list(DeadLetters(store_of(redis)))) == EVENTS - EVENTS // 4
