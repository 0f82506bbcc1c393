"""Which shards a deliver task looks at."""

from __future__ import annotations

from collections import Counter
from typing import Final

import pytest

from tiktok_events.outbox.shards import Shards
from worker.outbox.looks import ALL_EVERY_S, QUIET_S, Looks, shares

SHARDS: Final = Shards(count=8)


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Seconds."""
    return Clock()


@pytest.fixture
def looks(clock: Clock) -> Looks:
    """Of eight shards; all were just looked at, and two have something."""
    looks = Looks(SHARDS, clock)
    assert set(looks.next()) == set(SHARDS)
    looks.found(SHARDS.at(2))
    looks.found(SHARDS.at(5))
    return looks


def test_shards_that_have_something_are_looked_at_at_once(looks: Looks, clock: Clock) -> None:
    """The others are not, until their time has come."""
    assert set(looks.next()) == {SHARDS.at(2), SHARDS.at(5)}
    clock.now += 2 * ALL_EVERY_S * SHARDS.count
    assert set(looks.next()) == set(SHARDS)
    clock.now += QUIET_S
    looks.next()
    assert looks.next() == []


def test_each_shard_comes_first_in_turn(looks: Looks) -> None:
    """Whoever has room for one destination serves every shard."""
    first = Counter(looks.next()[0] for _ in range(3 * SHARDS.count))
    assert set(first) == {SHARDS.at(2), SHARDS.at(5)}


@pytest.mark.parametrize(("limit", "shards", "expected"), [(1, 3, [1, 0, 0]), (8, 3, [3, 3, 2])])
def test_together_no_more_is_taken_than_there_is_room_for(
    limit: int, shards: int, expected: list[int]
) -> None:
    """And as evenly as it can be."""
    assert shares(limit, shards) == expected


def test_one_shard_is_looked_at_each_time(clock: Clock) -> None:
    """Whether it has something or not; there is nothing to choose."""
    looks = Looks(Shards(), clock)
    assert [looks.next() for _ in range(3)] == [list(Shards())] * 3
    assert looks.others(looks.next()) == []
