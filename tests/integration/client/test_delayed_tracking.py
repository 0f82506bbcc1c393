"""A producer holds events back, and cancels them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import orjson
import pytest
from redis import Redis

from tests.builders.figures import fold_all
from tests.builders.stores import keys, store_of
from tiktok_events import AsyncClient, Client, InvalidEvent, OutboxUnavailable, Policy
from worker.operations.status import Figures, read_figures

HOUR = timedelta(hours=1)
NOWHERE = "redis://127.0.0.1:1/0"
TRIAL: dict[str, Any] = {
    "event": "StartTrial",
    "event_id": "t1",
    "user": {"email": "jo@example.com"},
}


@pytest.fixture
def client(redis: Redis, redis_url: str) -> Iterator[Client]:
    """A client of an empty server."""
    assert redis.dbsize() == 0
    with Client(redis_url, event_source_id="C0PIXEL") as client:
        yield client


@pytest.fixture
def figures(redis: Redis) -> Callable[[], Figures]:
    """Where the events are."""
    return lambda: read_figures(store_of(redis))


def places(figures: Figures) -> tuple[int, int, int, int, int]:
    """Accepted, delayed, waiting, cancelled, and what is missing."""
    counts = figures.count("accepted"), figures.delayed, figures.waiting
    return (*counts, figures.count("cancelled"), figures.unaccounted)


def test_a_delayed_event_is_accepted_and_in_no_outbox(
    client: Client, figures: Callable[[], Figures]
) -> None:
    """It is accounted for, and `status` knows when its time comes."""
    assert client.track(TRIAL, delay=HOUR) == "t1"
    assert places(figures()) == (1, 1, 0, 0, 0)
    next_release_at = figures().next_release_at
    assert next_release_at == pytest.approx(time.time() + 3600, abs=60)


def test_it_stands_there_hashed_with_the_time_of_the_call(client: Client, redis: Redis) -> None:
    """As in an outbox; `event_time` is when it happened, not when it is sent."""
    client.track(TRIAL, delay=60)
    (body,) = redis.hvals(keys.delayed_events)
    assert b"jo@example.com" not in body
    assert orjson.loads(body)["event_time"] == pytest.approx(time.time(), abs=30)


def test_it_can_be_cancelled_once(client: Client, figures: Callable[[], Figures]) -> None:
    """The second time there is nothing to cancel."""
    client.track(TRIAL, delay=HOUR)
    assert [client.cancel("t1"), client.cancel("t1")] == [True, False]
    assert places(figures()) == (1, 0, 0, 1, 0)


def test_nothing_of_a_cancelled_event_stays(client: Client, redis: Redis) -> None:
    """Only the counters, what was counted in the hour, and for a minute the answer."""
    client.track(TRIAL, delay=HOUR)
    client.cancel("t1")
    fold_all(redis)
    left = sorted(cast("list[bytes]", redis.keys()))
    answer, counters = (key for key in left if b":figures:" not in key)
    assert counters == keys.counters.encode()
    assert answer.startswith(keys.cancelled("").encode())
    assert (redis.get(answer), 0 < redis.ttl(answer) <= 60) == (b"1", True)


def test_what_was_tracked_without_a_delay_is_on_its_way(
    client: Client, figures: Callable[[], Figures]
) -> None:
    """So it cannot be cancelled; a delay of 0 is none."""
    client.track(TRIAL, delay=0)
    assert client.cancel("t1") is False
    assert places(figures()) == (1, 0, 1, 0, 0)


def test_a_name_cancels_one_of_several_events_with_one_id(
    client: Client, figures: Callable[[], Figures]
) -> None:
    """Without a name all of them go, and no other id."""
    for name in ("StartTrial", "Subscribe", "Contact"):
        client.track({"event": name, "event_id": "t1"}, delay=HOUR)
    client.track({"event": "StartTrial", "event_id": "t10"}, delay=HOUR)
    assert client.cancel("t1", event="Subscribe") is True
    assert client.cancel("t1", event="Purchase") is False
    assert client.cancel("t1") is True
    assert places(figures()) == (4, 1, 0, 3, 0)


def test_the_destination_tells_events_apart(client: Client) -> None:
    """The same id elsewhere is another event."""
    elsewhere: dict[str, Any] = {"event_source": "offline", "event_source_id": "S1"}
    client.track(TRIAL | elsewhere | {"test_event_code": "T"}, delay=HOUR)
    assert client.cancel("t1") is False
    assert client.cancel("t1", **elsewhere) is False
    assert client.cancel("t1", **elsewhere, test_event_code="T") is True


def test_a_second_hold_takes_the_place_of_the_first(
    client: Client, redis: Redis, figures: Callable[[], Figures]
) -> None:
    """Of two events with one identity the API would count one; the accounts close."""
    client.track(TRIAL, delay=HOUR)
    client.track(TRIAL | {"properties": {"value": 1}}, delay=2 * HOUR)
    (body,) = redis.hvals(keys.delayed_events)
    assert b'"value":1' in body
    assert places(figures()) == (2, 1, 0, 1, 0)
    assert figures().next_release_at == pytest.approx(time.time() + 7200, abs=60)


def test_what_a_policy_withholds_is_not_held(
    client: Client, figures: Callable[[], Figures]
) -> None:
    """It goes nowhere, now or later."""
    client.track(TRIAL, delay=HOUR, policy=Policy("drop"))
    assert (client.withheld, places(figures())) == (1, (0, 0, 0, 0, 0))


def test_a_number_cancels_what_was_tracked_with_it(client: Client) -> None:
    """As `track` takes whole numbers for ids."""
    client.track(TRIAL | {"event_id": 7}, delay=HOUR)
    with pytest.raises(InvalidEvent):
        client.cancel("")
    number: Any = 7
    assert client.cancel(number) is True


def test_an_async_client_does_the_same(
    redis: Redis, redis_url: str, figures: Callable[[], Figures]
) -> None:
    """Hold, cancel, and the answer."""

    async def delayed_and_cancelled() -> list[bool]:
        async with AsyncClient(redis_url, event_source_id="C0PIXEL") as client:
            await client.track(TRIAL, delay=HOUR)
            await client.track(TRIAL | {"event_id": "t2"}, delay=HOUR)
            return [await client.cancel("t1", event="StartTrial"), await client.cancel("t1")]

    assert redis.dbsize() == 0
    assert asyncio.run(delayed_and_cancelled()) == [True, False]
    assert places(figures()) == (2, 1, 0, 1, 0)


@pytest.mark.parametrize("on_failure", ["raise", "spool"])
def test_without_redis_nothing_can_be_held(on_failure: str, tmp_path: Path) -> None:
    """In the spool of one machine no other process could cancel it."""
    file = tmp_path / "spool"
    with Client(
        NOWHERE, event_source_id="C0PIXEL", on_failure=on_failure, spool_file=file
    ) as client:
        with pytest.raises(OutboxUnavailable):
            client.track(TRIAL, delay=HOUR)
        with pytest.raises(OutboxUnavailable):
            client.cancel("t1")


def test_a_delayed_event_may_be_dropped() -> None:
    """If that is the choice; a cancellation is never."""
    with Client(NOWHERE, event_source_id="C0PIXEL", on_failure="drop") as client:
        client.track(TRIAL, delay=HOUR)
        assert client.dropped == 1
        with pytest.raises(OutboxUnavailable):
            client.cancel("t1")
