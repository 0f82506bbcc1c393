"""How many workers are wanted, by loads that are made up: also through a simulated day."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from worker.serving.scale import LEAST_CAPACITY, Load, Scale, Scaling

STEP_S = 7.5
EACH = 1_000.0
"""Events a second of a simulated worker."""


@dataclass
class Simulation:
    """Workers, events that come in, and who does what `/scale` says within half a minute."""

    rate: Callable[[float], float]
    workers: int = 2
    backlog: float = 0.0
    ended: float = 0.0
    scaling: Scaling = field(default_factory=Scaling)
    most_backlog: float = 0.0

    def run(self, begins: float, lasts_s: float) -> list[int]:
        """The number of workers at each step."""
        seen, at = [], begins
        while at < begins + lasts_s:
            at += STEP_S
            wanted = self.step(at).workers_wanted
            if int(at / STEP_S) % 4 == 0:  # an autoscaler asks every 30 s
                self.workers = wanted
            seen.append(self.workers)
        return seen

    def step(self, at: float) -> Scale:
        """Some seconds pass; how many workers are wanted then."""
        there = self.backlog + self.rate(at) * STEP_S
        done = min(there, self.workers * EACH * STEP_S)
        self.backlog, self.ended = there - done, self.ended + done
        self.most_backlog = max(self.most_backlog, self.backlog)
        oldest_s = self.backlog / max(self.workers * EACH, 1)
        return self.scaling.add(
            Load(at, self.workers, round(self.ended), round(self.backlog), oldest_s)
        )


def daily(at: float) -> float:
    """200 events a second at night, 6,000 in the evening, and a sale from 18:00 on with 9,000."""
    hour = at / 3_600 % 24
    wave = 3_100 - 2_900 * math.cos((hour - 5) / 24 * 2 * math.pi)
    return 9_000 if 18 <= hour < 18.5 else wave


def test_a_day_has_workers_as_it_has_events() -> None:
    """Few at night, enough in the evening; nothing is old for long, and the number is calm."""
    simulation = Simulation(daily)
    simulation.run(0, 3_600)  # it learns what a worker can do
    seen = simulation.run(3_600, 23 * 3_600)
    changes = sum(one != other for one, other in pairwise(seen))
    assert min(seen) <= 2
    assert max(seen) <= 16
    assert simulation.most_backlog < 9_000 * 120
    assert simulation.backlog < 6_000
    assert changes < 150


def test_a_backlog_is_drained_within_minutes() -> None:
    """A million events that come at once."""
    simulation = Simulation(lambda _: 100.0, backlog=1_000_000)
    seen = simulation.run(0, 600)
    assert simulation.backlog == 0
    assert seen[-1] <= 2


def steady(
    *, backlog: int = 0, oldest_s: float = 0.0, rate: float = 0.0, workers: int = 2
) -> tuple[Scale, float]:
    """What is wanted after a minute in which nothing changes, and what a worker is said to do."""
    scaling = Scaling()
    for at in (step * STEP_S for step in range(9)):
        load = Load(at, workers, round(rate * at), backlog, oldest_s, 9_000_000, 9_000_000)
        found = scaling.add(load)
    return found, scaling.capacity


def test_what_is_parked_or_throttled_wants_no_worker() -> None:
    """Eighteen million events of which none is due."""
    found, _ = steady()
    assert found.workers_wanted == 1
    assert found.as_dict()["not_counted"] == {"parked": 9_000_000, "waiting_for_api": 9_000_000}


def test_what_is_old_wants_one_more() -> None:
    """Whatever the estimates say."""
    found, _ = steady(backlog=1, oldest_s=31.0, rate=1_000, workers=5)
    assert {one.reason: one.workers for one in found.reasons} == {"rate": 7, "backlog": 6, "age": 6}
    assert found.workers_wanted == 7


def test_workers_that_keep_up_are_not_multiplied() -> None:
    """A rate that does not change wants a quarter more than were seen to do it, and no more."""
    simulation = Simulation(lambda _: 5_000.0, workers=8)
    seen = simulation.run(0, 7_200)
    assert seen[-1] == 10
    assert len(set(seen)) <= 2


def test_a_busy_worker_shows_what_it_can_do() -> None:
    """Also when that is little; an idle one shows only what it can do at least."""
    assert steady(backlog=5, rate=20)[1] == pytest.approx(10, rel=0.5)
    assert steady(rate=20)[1] == LEAST_CAPACITY
    assert steady(rate=5_000)[1] == pytest.approx(2_500, rel=0.01)


@pytest.mark.parametrize("workers", [0, 1, 7])
def test_the_first_look_keeps_what_there_is(workers: int) -> None:
    """Nothing is known of the rate yet; somebody must be there."""
    found = Scaling().add(Load(0.0, workers, 0, backlog=5_000_000, oldest_s=900))
    assert found.workers_wanted == max(workers, 1)


def test_a_clock_that_stands_or_jumps_back_breaks_nothing() -> None:
    """Nor do counters that fall: the server has lost its data."""
    scaling = Scaling()
    for load in (Load(10.0, 2, 500, 10), Load(10.0, 2, 300, 10), Load(9.0, 2, 0, 10)):
        found = scaling.add(load)
    assert found.workers_wanted >= 1
