"""Coverage: the share of delivered events that had a match key, compared with the usual one.

TikTok's own score of an event's match quality is a weighted average of such shares. Junk is no
match key: the client leaves it out. Only what was delivered counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

from tiktok_events.outbox.store import Store
from worker.operations.quality.usual import DAY_H
from worker.reporting.figures.names import DELIVERED, KEY
from worker.reporting.figures.period import HOUR_S
from worker.reporting.figures.reading import Row, read
from worker.reporting.figures.summary import under

FALLEN: Final = 0.05
"""A share that is lower than usual by at least this is reported."""

DAYS_BEFORE: Final = 7
FORGOTTEN: Final = 0.01
"""A key whose share is lower than this, before and now, is not used by the event."""

Place = tuple[str, str, str]
"""Destination, event name and match key."""

Counts = defaultdict[Place, dict[int, tuple[int, int]]]
"""Hour → delivered events, and how many had the key."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """One match key of one event name.

    Attributes:
        destination: its key.
        event: the name.
        key: the match key.
        events: how many were delivered in the given hours.
        share: share of them that had the key.
        usual: share in the same hours of the seven days before; `None` if nothing was delivered.
    """

    destination: str
    event: str
    key: str
    events: int
    share: float
    usual: float | None

    @property
    def is_rarer(self) -> bool:
        """Whether the key is so much rarer than usual that people are told."""
        return self.share < (self.usual or 0.0) - FALLEN

    def as_dict(self) -> dict[str, Any]:
        """Return it as one JSON object; shares are from 0 to 1."""
        return {
            "destination": self.destination,
            "event": self.event,
            "key": self.key,
            "events": self.events,
            "share": round(self.share, 4),
            "usual": None if self.usual is None else round(self.usual, 4),
        }


def read_counts(
    store: Store, at: float, hours: int, destinations: Collection[str] | None = None
) -> Counts:
    """Return delivered events by hour, up to a time, for each match key that any of them had.

    Raises:
        redis.RedisError: the server did not answer, or refused.
    """
    rows = read(store, at - (hours - 1) * HOUR_S, at, destination=destinations)
    return counts_of(rows)


def counts_of(rows: Iterable[Row], known: Iterable[Place] = ()) -> Counts:
    """Return the counts of hourly rows, also for known match keys that no event had."""
    delivered: dict[tuple[str, str], dict[int, int]] = defaultdict(dict)
    with_key: dict[Place, dict[int, int]] = {place: {} for place in known}
    for row in rows:
        hour, count = row.at // HOUR_S, row.figures.get(DELIVERED, 0)
        if count:
            delivered[row.destination, row.event][hour] = count
            for key, number in under(row.figures, KEY).items():
                with_key.setdefault((row.destination, row.event, key), {})[hour] = number
    counts: Counts = defaultdict(dict)
    for place, hits in with_key.items():
        counts[place] = {
            hour: (count, hits.get(hour, 0)) for hour, count in delivered[place[:2]].items()
        }
    return counts


def coverages(counts: Counts, at: float, hours: int) -> list[Coverage]:
    """Return the coverage of the last hours, the current one included.

    Args:
        counts: counts of these hours, and of the seven days before.
        at: Unix seconds.
        hours: 1 to 24.
    """
    now = int(at // HOUR_S)
    wanted = range(now - hours + 1, now + 1)
    found = []
    for (destination, event, key), known in sorted(counts.items()):
        events, hits = _sum(known, wanted)
        before = _sum(known, (hour - DAY_H * day for day in range(1, 8) for hour in wanted))
        usual = before[1] / before[0] if before[0] else None
        if events and max(hits / events, usual or 0.0) >= FORGOTTEN:
            found.append(Coverage(destination, event, key, events, hits / events, usual))
    return found


def hours_needed(hours: int) -> int:
    """Return how many hours must be read for the coverage of so many."""
    return DAYS_BEFORE * DAY_H + hours


def _sum(known: dict[int, tuple[int, int]], hours: Iterable[int]) -> tuple[int, int]:
    events = hits = 0
    for hour in hours:
        more, some = known.get(hour, (0, 0))
        events, hits = events + more, hits + some
    return events, hits
