"""How many events a minute: from what the counters were when somebody looked before."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from worker.operations.status import Figures

KEPT_S: Final = 3_600.0
EVERY_S: Final = 5.0
OVER_S: Final = 60.0
POINTS: Final = 60


@dataclass(frozen=True, slots=True)
class Sample:
    """The counters of one moment, Unix seconds."""

    at: float
    accepted: int
    delivered: int
    died: int


class Rates:
    """Remembers the counters for an hour, as often as they are looked at."""

    def __init__(self) -> None:
        self._samples: deque[Sample] = deque()

    def note(self, figures: Figures) -> None:
        """Remember these figures, unless the last ones are as good."""
        if self._samples and figures.at - self._samples[-1].at < EVERY_S:
            return
        accepted, delivered = figures.count("accepted"), figures.count("delivered")
        self._samples.append(Sample(figures.at, accepted, delivered, sum(figures.buried.values())))
        while self._samples[0].at < figures.at - KEPT_S:
            self._samples.popleft()

    def a_minute(self, name: str) -> float | None:
        """The rate of the last minute or so; `None` until there are two looks."""
        samples = list(self._samples)
        recent = [one for one in samples if one.at >= samples[-1].at - OVER_S]
        recent = recent if len(recent) > 1 else samples[-2:]
        return _rate(recent[0], recent[-1], name) if len(recent) > 1 else None

    def line(self, name: str) -> list[float]:
        """The rates between looks of the last hour, the oldest first."""
        samples = list(self._samples)[-POINTS:]
        return [_rate(one, other, name) for one, other in pairwise(samples)]


def _rate(first: Sample, last: Sample, name: str) -> float:
    passed_s = last.at - first.at
    return max(getattr(last, name) - getattr(first, name), 0) * 60 / passed_s if passed_s else 0.0
