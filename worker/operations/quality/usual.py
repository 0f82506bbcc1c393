"""Compute the expected share of an hour from the same hours of earlier days.

The same weekday in up to four weeks reflects the rhythm of the week. Once the seven days before
agree that a share is much lower now, that is no fall any more: it is the new normal.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final

DAY_H: Final = 24
WEEK_H: Final = 7 * DAY_H
WEEKS: Final = 4
AROUND: Final = (-1, 0, 1)
"""With its neighbours an hour has three times the events, and their trends cancel out."""

LEAST_EVENTS: Final = 300
"""With fewer events a share is too uncertain: nothing can have fallen."""

LASTING: Final = 0.05
"""If the last seven days are lower than the weeks before by this much, they decide; a weekend's
rhythm makes less difference.
"""

Hours = Mapping[int, tuple[int, int]]
"""Hour since 1970 → events, and how many of them count for the share."""


def usual_share(hours: Hours, hour: int) -> float | None:
    """Return the expected share with its error on the safe side; `None` while it is unknown."""
    weeks = [middle + one for middle in _weeks(hour) for one in AROUND]
    days = [middle + one for middle in _days(hour) for one in AROUND]
    of_weeks, of_days = _share(hours, weeks), _share(hours, days)
    if of_weeks is None or of_days is None:
        return of_weeks
    return of_days if of_days < of_weeks - LASTING else of_weeks


def learned_hours(hour: int) -> list[int]:
    """Return the hours to learn from, each with its neighbours."""
    return sorted({*_weeks(hour), *_days(hour)})


def _weeks(hour: int) -> list[int]:
    return [hour - WEEK_H * week for week in range(1, WEEKS + 1)]


def _days(hour: int) -> list[int]:
    return [hour - DAY_H * day for day in range(1, 8)]


def _share(hours: Hours, wanted: Iterable[int]) -> float | None:
    found = [hours[one] for one in wanted if one in hours]
    events, hits = (sum(numbers) for numbers in zip(*found, strict=True)) if found else (0, 0)
    if events < LEAST_EVENTS:
        return None
    share = hits / events
    return share - math.sqrt(share * (1 - share) / events)
