"""What the console reads once for many readers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from worker.serving.console.kept import FRESH_S, REST, Kept, KeptEach


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        """The time, in seconds."""
        return self.now


@pytest.fixture
def readings() -> Iterator[int]:
    """Numbers, from 1 on."""
    return iter(range(1, 100))


def test_one_reading_serves_for_a_moment(readings: Iterator[int]) -> None:
    """Then it is taken anew; after a change at once."""
    clock = Clock()
    kept = Kept(lambda: next(readings), clock)
    assert [kept.get(), kept.get()] == [1, 1]
    kept.forget()
    assert kept.get() == 2
    clock.now += 1_000
    assert kept.get() == 3


def test_what_takes_long_is_read_less_often() -> None:
    """So that reading leaves the server time for work."""
    clock, taken = Clock(), list[float]()

    def slowly() -> float:
        taken.append(clock.now)
        clock.now += FRESH_S
        return clock.now

    kept = Kept(slowly, clock)
    kept.get()
    clock.now += (REST - 2) * FRESH_S
    kept.get()
    assert taken == [0.0]


def test_a_reading_from_before_a_change_is_not_kept() -> None:
    """Somebody acts while it is taken: the page after the act must show it."""
    clock, answers = Clock(), iter(["before", "after"])
    kept: Kept[str] = Kept(lambda: str(answer()), clock)

    def answer() -> str:
        found = next(answers)
        if found == "before":
            kept.forget()
        return found

    assert [kept.get(), kept.get()] == ["before", "after"]


def test_each_thing_has_a_reading_of_its_own() -> None:
    """It is taken once; all are taken anew when something was changed."""
    taken: list[str] = []
    kept = KeptEach(taken.append, most=2)
    for one in ("a", "b", "a"):
        kept.get(one)
    kept.forget()
    kept.get("a")
    assert taken == ["a", "b", "a"]


def test_what_was_not_asked_for_longest_is_dropped() -> None:
    """However many filters people try, only some readings are held."""
    taken: list[str] = []
    kept = KeptEach(taken.append, most=2)
    for one in ("a", "b", "a", "c", "a", "b"):
        kept.get(one)
    assert taken == ["a", "b", "c", "b"]
