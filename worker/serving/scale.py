"""How many workers are wanted, and why: a pure rule over the loads of the last minutes.

due       what a worker could take now, and nobody has taken: due in two looks, one after the other
rate      as many as deliver what comes in, each as fast as workers were seen to be
backlog   as many as also deliver what is due within a minute
age       one more than there are, while something due is older than half a minute

What is parked, backs off, or waits for a slot of its access token is not due: more workers would
not send it sooner.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from worker.operations.destination_figures import Condition
from worker.operations.status import Figures

DRAIN_S: Final = 60.0
"""What is due should be delivered within this."""

OLD_S: Final = 30.0
HEADROOM: Final = 1.25
"""Workers that are busy all the time have nothing left for a peak."""

RATE_OVER_S: Final = 60.0
REMEMBERED: Final = 30
"""Loads: more than there are in that time."""

LEAST_CAPACITY: Final = 100.0
"""Events a second that any worker delivers, also one by one: a process has 32 requests under way,
and the API answers after 0.3 s."""

Due = frozenset[str]


@dataclass(frozen=True, slots=True)
class Load:
    """What there was to do in one moment.

    Attributes:
        at: Unix seconds.
        workers: how many were there.
        ended: events that were delivered or died, since the first start.
        backlog: events that a worker could take now.
        oldest_s: how long the oldest of them has waited.
        parked: events that wait for a person.
        waiting_for_api: events that wait for the end of a back-off, or for their turn.
    """

    at: float
    workers: int
    ended: int
    backlog: int = 0
    oldest_s: float = 0.0
    parked: int = 0
    waiting_for_api: int = 0


@dataclass(frozen=True, slots=True)
class Reason:
    """So many workers are wanted for one reason.

    Attributes:
        reason: `rate`, `backlog` or `age`.
        workers: how many.
        because: in words.
    """

    reason: str
    workers: int
    because: str


@dataclass(frozen=True, slots=True)
class Scale:
    """How many workers are wanted: the most that any reason wants.

    Attributes:
        load: the newest.
        reasons: each with its number.
    """

    load: Load
    reasons: Sequence[Reason]

    @property
    def workers_wanted(self) -> int:
        """At least one: somebody must release, bury and alert."""
        return max([1, *(one.workers for one in self.reasons)])

    def as_dict(self) -> dict[str, Any]:
        """As one JSON object; KEDA reads `workers_wanted`."""
        load = self.load
        return {
            "at": load.at,
            "workers_wanted": self.workers_wanted,
            "workers": load.workers,
            "reasons": [asdict(one) for one in self.reasons],
            "due": {"events": load.backlog, "oldest_s": round(load.oldest_s, 1)},
            "not_counted": {"parked": load.parked, "waiting_for_api": load.waiting_for_api},
        }


def due_now(figures: Figures) -> Due:
    """Destinations that a worker should look at now, and none has taken."""
    return frozenset(
        one.destination
        for one in figures.destinations
        if one.waiting
        and one.condition(figures.at) is Condition.OK
        and one.due_at is not None
        and one.due_at <= figures.at
    )


def load_of(figures: Figures, workers: int, due: Collection[str]) -> Load:
    """The load of one moment.

    Args:
        figures: of that moment.
        workers: how many were there.
        due: destinations that count.
    """
    sent = [one for one in figures.destinations if one.destination in due]
    ages = [figures.at - one.oldest_at for one in sent if one.oldest_at is not None]
    backlog = sum(one.waiting for one in sent)
    parked = sum(one.waiting for one in figures.destinations if one.parked is not None)
    return Load(
        at=figures.at,
        workers=workers,
        ended=figures.count("delivered") + sum(figures.buried.values()),
        backlog=backlog,
        oldest_s=max(ages, default=0.0),
        parked=parked,
        waiting_for_api=max(figures.waiting - backlog - parked, 0),
    )


class Scaling:
    """Judges by the loads of the last minute, and by what workers were seen to do so far."""

    def __init__(self) -> None:
        self._loads: deque[Load] = deque(maxlen=REMEMBERED)
        self.capacity = LEAST_CAPACITY

    def add(self, load: Load) -> Scale:
        """How many workers are wanted, now that there is this load."""
        if self._loads:
            self.capacity = seen_capacity(self.capacity, self._loads[-1], load)
        self._loads.append(load)
        recent = [one for one in self._loads if one.at >= load.at - RATE_OVER_S]
        if len(recent) == 1:
            told = "this process has just begun to look, and keeps what there is"
            return Scale(load, [Reason("rate", load.workers, told)])
        rate = _ended_a_second(recent[0], load)
        return Scale(
            load,
            [_rate(rate, self.capacity), _backlog(load, rate, self.capacity), _age(load)],
        )


def seen_capacity(known: float, before: Load, after: Load) -> float:
    """Events a second that one worker delivers, by what was known and one interval more.

    While something was due at both ends, workers had all they could do: that is how fast they
    are. Otherwise they are at least as fast as they were.
    """
    each = _ended_a_second(before, after) / max(before.workers, 1)
    busy = before.backlog and after.backlog and before.workers
    return (known + each) / 2 if busy and each else max(known, each)


def _ended_a_second(before: Load, after: Load) -> float:
    return max(after.ended - before.ended, 0) / max(after.at - before.at, 0.001)


def _rate(rate: float, each: float) -> Reason:
    wanted = math.ceil(rate * HEADROOM / each)
    told = f"{rate:,.1f} events a second end, and a worker can do {each:,.0f}"
    return Reason("rate", wanted, told)


def _backlog(now: Load, rate: float, each: float) -> Reason:
    wanted = math.ceil((rate + now.backlog / DRAIN_S) / each) if now.backlog else 0
    told = f"{now.backlog:,} events are due, and should be delivered within {DRAIN_S:g} s"
    return Reason("backlog", wanted, told)


def _age(now: Load) -> Reason:
    old = now.oldest_s > OLD_S
    told = f"the oldest event that is due has waited for {now.oldest_s:,.1f} s"
    return Reason("age", now.workers + 1 if old else 0, told)
