"""Receipts beyond their memory, and those of erased events, go; both are counted."""

from __future__ import annotations

import pytest
from redis import Redis

from tests.builders.claims import PIXEL, counter
from tests.builders.receipts import accepted, ends
from tests.builders.stores import keys, store_of
from worker.outbox.receipt import HOUR_S, End, Ended
from worker.outbox.receipt_limit import PAGE, ReceiptLimit
from worker.outbox.receipt_lists import ReceiptLists
from worker.outbox.receipt_writing import Receipts

NOW = 500_000.5 * HOUR_S


def write(redis: Redis, *some: Ended, hours_ago: int = 0, destination: str = PIXEL.key) -> None:
    """Write receipts as a settlement does."""
    written = Receipts.of(destination, some, NOW - hours_ago * HOUR_S)
    places, _, *lists = written.keys(keys)
    redis.hset(places, written.destination, destination)
    redis.hset(keys.receipt_hours, written.row, "0")
    for name, element in zip(lists, written.elements, strict=True):
        redis.rpush(name, element)


def run(redis: Redis, most_bytes: int, *, rounds: int = 1_000) -> int:
    """Keep the receipts within so many bytes, for so many looks at the clock."""
    left = iter([True] * rounds)
    return ReceiptLimit(store_of(redis), most_bytes).run(lambda: next(left, False), NOW)


def left(redis: Redis) -> int:
    """How many receipts there are."""
    return sum(1 for _ in ReceiptLists(store_of(redis)))


def test_the_oldest_hours_go_first(redis: Redis) -> None:
    """Whole ones, whatever their class, until the others fit; what went is counted."""
    for hours in range(4):
        destination = "offline:1" if hours == 3 else PIXEL.key
        events = [accepted(f"{hours}-{number}") for number in range(100)]
        write(redis, *events, hours_ago=hours, destination=destination)
    used = run(redis, 2**40)
    assert left(redis) == 400
    assert run(redis, round(used * 0.6)) <= used * 0.6
    assert [bool(ends(redis, f"{hours}-7")) for hours in range(4)] == [True, True, False, False]
    assert counter(redis, "receipts_cut") == 200 == 400 - left(redis)


def test_only_what_had_been_counted_is_counted_as_cut(redis: Redis) -> None:
    """An erased event was neither delivered nor dead."""
    erased = accepted("e2")
    erased.end = End.ERASED
    write(redis, accepted("e1"), erased)
    run(redis, 0)
    assert (left(redis), counter(redis, "receipts_cut")) == (0, 1)


def test_a_long_list_goes_in_steps(redis: Redis) -> None:
    """While there is time; the next run goes on."""
    for _ in range(PAGE + 7):
        write(redis, accepted("e1"))
    run(redis, 0, rounds=1)
    assert (left(redis), counter(redis, "receipts_cut")) == (7, PAGE)
    run(redis, 0)
    assert (left(redis), counter(redis, "receipts_cut")) == (0, PAGE + 7)


def test_hours_that_redis_has_forgotten_leave_the_list(redis: Redis) -> None:
    """Eight days, of offline events 29, and what no hour is."""
    ages = {"w": (190, 300), "o": (300, 690, 720)}
    for group, hours_ago in ages.items():
        for hours in hours_ago:
            redis.hset(keys.receipt_hours, f"{group}:{500_000 - hours}", "1")
    redis.hset(keys.receipt_hours, mapping={"junk": "x", "": "-5"})
    run(redis, 2**40)
    assert sorted(redis.hkeys(keys.receipt_hours)) == [b"o:499310", b"o:499700", b"w:499810"]


def test_junk_is_no_receipt(redis: Redis) -> None:
    """A key of another type holds nobody up."""
    write(redis, accepted("e1"))
    redis.set(keys.receipts("w:499999", 3), "junk")
    redis.hset(keys.receipt_hours, "w:499999", "0")
    run(redis, 0)
    assert left(redis) == 0


@pytest.mark.parametrize("together", [True, False])
def test_the_receipts_of_erased_events_go(redis: Redis, *, together: bool) -> None:
    """Those of others stay; that something was erased does, too."""
    events = [accepted(f"e{number}") for number in range(40)]
    for some in [events] if together else [[one] for one in events]:
        write(redis, *some)
    erased = accepted("e7")
    erased.end = End.ERASED
    for _ in range(2):
        ReceiptLists(store_of(redis)).erase({PIXEL.key: [erased]}, NOW)
    assert counter(redis, "receipts_erased") == 1
    assert {*ends(redis, "e7")} == {End.ERASED}
    assert [ends(redis, f"e{n}") for n in range(40) if n != 7] == [[End.DELIVERED]] * 39


def test_where_no_receipts_are_kept_an_erasure_writes_none(redis: Redis) -> None:
    """RECEIPTS=0."""
    ReceiptLists(store_of(redis)).erase({PIXEL.key: [accepted("e1")]}, NOW)
    assert redis.keys("*") == []
