"""Hours that are over are compressed, and added to their days; the oldest give way."""

from __future__ import annotations

import pytest
from redis import Redis

from tests.builders.figures import HOUR, PURCHASES, SHOP, folding, settled, total
from tests.builders.stores import keys, store_of
from worker.reporting.figures.cell import is_sealed
from worker.reporting.figures.period import DAY_S, KEPT_S, Period
from worker.reporting.figures.sealing import LATE_S, Sealing

OVER = HOUR.ends_at + LATE_S


def _seal(redis: Redis, now: float = OVER, most_bytes: int = 2**30) -> None:
    Sealing(store_of(redis), keys, most_bytes).run(lambda: True, now)


def _cells(redis: Redis, period: Period = HOUR) -> dict[bytes, bytes]:
    return redis.hgetall(keys.cells(period.name))  # type: ignore[return-value]


@pytest.mark.parametrize("by", ["hour", "day"])
def test_sealing_changes_nothing_of_what_is_read(redis: Redis, by: str) -> None:
    """By the hour and by the day the sums are the same before, and after."""
    for number in range(150):
        settled(redis, PURCHASES, to=f"web:C{number:019}")
    folding(redis).fold()
    before = total(redis, None, by)

    _seal(redis)

    assert before == total(redis, None, by)
    assert all(map(is_sealed, _cells(redis).values()))


def test_an_hour_that_is_not_over_stays_as_it_is(redis: Redis) -> None:
    """It would have to be opened again with the next fold."""
    settled(redis, PURCHASES)
    folding(redis).fold()

    _seal(redis, OVER - 1)

    assert not any(map(is_sealed, _cells(redis).values()))


@pytest.mark.parametrize("by", ["hour", "day"])
def test_what_is_late_enters_the_hour_and_its_day(redis: Redis, by: str) -> None:
    """The clock of the server may have jumped back."""
    settled(redis, PURCHASES)
    folding(redis).fold()
    _seal(redis)

    settled(redis, PURCHASES)
    assert total(redis, SHOP, by)["Purchase"]["delivered"] == 6
    folding(redis).fold()
    assert total(redis, SHOP, by)["Purchase"]["delivered"] == 6
    _seal(redis)
    assert total(redis, SHOP, by)["Purchase"]["delivered"] == 6


def test_sealing_again_changes_nothing(redis: Redis) -> None:
    """An hour enters its day once."""
    settled(redis, PURCHASES)
    folding(redis).fold()
    for _ in range(2):
        _seal(redis)

    assert total(redis, SHOP, "day")["Purchase"]["delivered"] == 3


def test_hours_give_way_before_days(redis: Redis) -> None:
    """When memory is short, the sums of the days stay; and it is counted what was given up."""
    settled(redis, PURCHASES)
    folding(redis).fold()
    _seal(redis)
    size = redis.zscore(keys.hours, HOUR.day.name)

    _seal(redis, OVER + 3 * DAY_S, most_bytes=int(size or 0))

    assert total(redis, SHOP, "hour") == {}
    assert total(redis, SHOP, "day")["Purchase"]["delivered"] == 3
    assert redis.hget(keys.counters, "figures_cut") == b"1"


def test_the_hours_of_two_days_never_give_way(redis: Redis) -> None:
    """They are what people look at."""
    settled(redis, PURCHASES)
    folding(redis).fold()

    _seal(redis, OVER, most_bytes=1)

    assert total(redis, SHOP, "hour")["Purchase"]["delivered"] == 3


def test_what_is_too_old_is_forgotten(redis: Redis) -> None:
    """After 35 days; that is no loss, and not counted as one."""
    settled(redis, PURCHASES)
    folding(redis).fold()
    _seal(redis)

    _seal(redis, HOUR.day.ends_at + KEPT_S)

    assert total(redis, SHOP, "day") == {}
    assert redis.zcard(keys.hours) == 0
    assert not redis.hexists(keys.counters, "figures_cut")


def test_a_hash_of_cells_ends_by_itself(redis: Redis) -> None:
    """Even if no worker runs any more."""
    future = Period.at("h", redis.time()[0])
    settled(redis, PURCHASES, hour=future)
    folding(redis).fold()

    assert KEPT_S < redis.ttl(keys.cells(future.name)) <= KEPT_S + 3_600
