"""Show which match keys are missing where, which have fallen, and the value at risk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from starlette.responses import Response

from worker.operations.quality.at_risk import read_at_risk
from worker.operations.quality.coverage import Coverage, coverages, hours_needed, read_counts
from worker.operations.quality.summary import LEAST_EVENTS
from worker.serving.console.query import read_filter
from worker.serving.console.visit import Visit

HOURS: Final = {"2": "2 hours", "6": "6 hours", "24": "24 hours"}
ROWS: Final = 40
STEPS: Final = ((0.9, "c5"), (0.7, "c4"), (0.45, "c3"), (0.2, "c2"))


@dataclass(frozen=True, slots=True)
class Line:
    """One event name of one destination.

    Attributes:
        destination: its key.
        event: the name.
        events: how many were delivered.
        shares: match key → its coverage.
    """

    destination: str
    event: str
    events: int
    shares: Mapping[str, Coverage]

    @property
    def gain(self) -> Coverage | None:
        """The key that most of the events lack, of those that some have."""
        lacking = [one for one in self.shares.values() if 0 < one.share < STEPS[0][0]]
        return min(lacking, key=lambda one: one.share, default=None)


def keys(visit: Visit) -> Response:
    """Show coverage by destination and event."""
    hours = int(visit.asked("hours")) if visit.asked("hours") in HOURS else 24
    key = read_filter(visit.pairs, visit.desk.labels.get(), visit.now).destination
    figures = visit.desk.figures.get()
    counts = read_counts(visit.desk.store, figures.at, hours_needed(hours), [key] if key else None)
    found = coverages(counts, figures.at, hours)
    lines = sorted(_lines(found), key=lambda line: -line.events)
    risks = read_at_risk(visit.desk.store, visit.desk.settings, figures, only=key or None)
    shown = lines[:ROWS]
    return visit.page(
        "keys.html",
        lines=shown,
        more=len(lines) - len(shown),
        names=_names(shown),
        fallen=[one for one in found if has_fallen(one)],
        has_fallen=has_fallen,
        shade=shade,
        hours=str(hours),
        choices=HOURS,
        key=key or "",
        risks=sorted(risks, key=lambda one: (one.within_h, one.state)),
    )


def has_fallen(one: Coverage) -> bool:
    """Return whether a key is much rarer than in the same hours of the days before."""
    return one.events >= LEAST_EVENTS and one.is_rarer


def shade(share: float) -> str:
    """The shade of a cell: the paler, the fewer."""
    return next((name for least, name in STEPS if share >= least), "")


def _names(lines: Sequence[Line]) -> list[str]:
    """The match keys, those that most of the lines have first."""
    counts = Counter(name for line in lines for name in line.shares)
    return sorted(counts, key=lambda name: (-counts[name], name))


def _lines(found: Sequence[Coverage]) -> list[Line]:
    return [
        Line(destination, event, ones[0].events, {one.key: one for one in ones})
        for (destination, event), group in groupby(found, lambda one: (one.destination, one.event))
        if (ones := list(group))
    ]
