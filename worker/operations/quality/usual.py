"""The share that was to be expected in an hour, by the same hours of the days before.

The same weekday in up to four weeks knows the rhythm of the week. Once the seven days before say
that a share is much lower now, that is no fall any more: it lasts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final

DAY_H: Final = 24
WEEK_H: Final = 7 * DAY_H
WEEKS: Final = 4
AROUND: Final = (-1, 0, 1)
"""With its neighbours an hour has three times the events, and their slopes cancel each other."""

LEAST_EVENTS: Final = 300
"""Of fewer a share is known too badly: nothing can have fallen."""

LASTING: Final = 0.05
"""So much lower than in the weeks before, the last seven days are believed; a weekend's rhythm is
less."""

Hours = Mapping[int, tuple[int, int]]
"""Hour since 1970 → events, and those of them that count for the share."""


def usual_share(hours: Hours, hour: int) -> float | None:
    """The share to be expected, with its error on the safe side; `None` while it is not known."""
    weeks = [middle + one for middle in _weeks(hour) for one in AROUND]
    days = [middle + one for middle in _days(hour) for one in AROUND]
    of_weeks, of_days = _share(hours, weeks), _share(hours, days)
    if of_weeks is None or of_days is None:
        return of_weeks
    return of_days if of_days < of_weeks - LASTING else of_weeks


def learned_hours(hour: int) -> list[int]:
    """The hours that are asked, each with its neighbours."""
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
