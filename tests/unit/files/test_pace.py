"""A file waits for the workers, so that live traffic does not wait for the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from worker.files.pace import AHEAD_S, IDLE_S, UNKNOWN_EVENTS, CarefulPace, SteadyPace, Waiting

ONE = "web:P"


@dataclass
class Shop:
    """Workers that carry away so many events a second, on a clock of its own."""

    per_second: dict[str, float]
    now: float = 0.0
    waiting: dict[str, float] = field(default_factory=dict)
    most: float = 0.0
    idle: list[tuple[str, int]] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        """Time passes, and events leave."""
        self.now += seconds
        for name, speed in self.per_second.items():
            self.waiting[name] = max(self.waiting.get(name, 0) - speed * seconds, 0)

    def look(self, destinations: Sequence[str]) -> list[Waiting]:
        """What waits; a look takes a millisecond."""
        self.sleep(0.001)
        return [Waiting(int(self.waiting.get(name, 0)), self.claimed()) for name in destinations]

    def claimed(self) -> tuple[bytes, ...]:
        """Workers hold nothing for longer than a moment."""
        return ()

    def pace(self, give_up_s: float = 1e9) -> CarefulPace:
        """A pace in this shop; a wait beyond the time raises TimeoutError."""

        def sleep(seconds: float) -> None:
            if self.now > give_up_s:
                raise TimeoutError
            self.sleep(seconds)

        def idle(name: str, waiting: int) -> None:
            self.idle.append((name, waiting))

        return CarefulPace(self.look, idle, lambda: self.now, sleep)

    def hand_over(self, pace: CarefulPace, slices: int, name: str = ONE) -> None:
        """So many thousand events."""
        for _ in range(slices):
            pace.wait({name: 1_000})
            self.waiting[name] = self.waiting.get(name, 0) + 1_000
            self.most = max(self.most, self.waiting[name])


@pytest.mark.parametrize("per_second", [1_000, 5_000, 20_000])
def test_no_more_than_a_moment_of_work_lies_ahead(per_second: float) -> None:
    """Whatever the workers manage; yet they never run dry."""
    shop = Shop({ONE: per_second})
    shop.hand_over(shop.pace(), 200)
    assert shop.most <= max(UNKNOWN_EVENTS, per_second * AHEAD_S * 1.1)
    assert shop.now <= 1.1 * 200_000 / per_second


def test_after_the_first_moment_slow_workers_have_little_ahead() -> None:
    """What was put there before their speed was known is carried away by then."""
    shop = Shop({ONE: 500.0})
    pace = shop.pace()
    shop.hand_over(pace, 20)
    shop.most = 0
    shop.hand_over(pace, 20)
    assert shop.most <= 2_000


def test_without_workers_nobody_is_waited_for() -> None:
    """After a moment the rest goes at full speed; the operator is told once, and by name."""
    shop = Shop({})
    shop.hand_over(shop.pace(), 200)
    assert shop.most == 200_000
    assert IDLE_S <= shop.now < IDLE_S + 1
    assert shop.idle == [(ONE, UNKNOWN_EVENTS)]


def test_a_destination_that_stands_still_holds_up_no_other() -> None:
    """A parked one gets its events, while the other keeps its pace."""
    shop = Shop({"web:A": 1_000.0})
    pace = shop.pace()
    for _ in range(50):
        pace.wait({"web:A": 1_000, "web:PARKED": 1_000})
        for name in ("web:A", "web:PARKED"):
            shop.waiting[name] = shop.waiting.get(name, 0) + 1_000
        shop.most = max(shop.most, shop.waiting["web:A"])
    assert shop.waiting["web:PARKED"] == 50_000
    assert shop.most <= UNKNOWN_EVENTS


def test_when_events_leave_again_the_file_waits_again() -> None:
    """A worker has started: from its first event on, live traffic is being served."""
    shop = Shop({})
    pace = shop.pace()
    shop.hand_over(pace, 20)
    shop.per_second[ONE] = 1_000
    shop.sleep(0.1)
    shop.hand_over(pace, 1)
    assert shop.waiting[ONE] <= 1_000 * AHEAD_S + 1_000


@dataclass
class BusyShop(Shop):
    """Live events come in as fast as others leave, so that as many wait all the time."""

    def sleep(self, seconds: float) -> None:
        """Time passes, and nothing shows but which blocks are claimed."""
        self.now += seconds

    def claimed(self) -> tuple[bytes, ...]:
        """Others every half second."""
        return (b"%d" % (self.now * 2),)


def test_live_traffic_that_hides_what_leaves_is_waited_for() -> None:
    """The claims show that workers are at it."""
    shop = BusyShop({})
    with pytest.raises(TimeoutError):
        shop.hand_over(shop.pace(give_up_s=60), 200)
    assert (shop.most, shop.idle) == (UNKNOWN_EVENTS, [])


def test_a_short_backlog_does_not_stop_what_goes_elsewhere() -> None:
    """Each destination has room of its own."""
    shop = Shop({"web:A": 100.0})
    pace = shop.pace(give_up_s=60)
    shop.hand_over(pace, 5, "web:A")
    before = shop.now
    shop.hand_over(pace, 5, "web:B")
    assert shop.now - before < 1


def test_an_empty_outbox_takes_a_slice_of_any_size() -> None:
    """Otherwise a large one would wait for ever."""
    shop = Shop({})
    shop.pace(give_up_s=0).wait({ONE: UNKNOWN_EVENTS * 2})
    assert shop.now < 1


def steady(per_second: float) -> tuple[SteadyPace, Callable[[], float]]:
    """A steady pace, and the clock it lives by."""
    clock = Shop({})
    return SteadyPace(per_second, lambda: clock.now, clock.sleep), lambda: clock.now


def test_a_steady_pace_is_kept() -> None:
    """The first goes at once, the others when those before have had their time."""
    pace, now = steady(500)
    times = []
    for _ in range(4):
        pace.wait({"a": 60, "b": 40})
        times.append(now())
    assert times == pytest.approx([0, 0.2, 0.4, 0.6])
