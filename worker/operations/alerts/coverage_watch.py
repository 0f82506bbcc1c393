"""Watch the coverage of match keys: once a minute, what was delivered since the last look.

The state is in Redis, so that any worker can go on; if it is lost, the watch begins anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import astuple, dataclass, field
from typing import Any, Final

import orjson

from tiktok_events.outbox.store import Store
from worker.operations.quality.coverage import Counts, Place, counts_of
from worker.operations.quality.fall import Watch, alarm_among
from worker.operations.quality.usual import AROUND, learned_hours, usual_share
from worker.reporting.figures.period import HOUR_S, Period
from worker.reporting.figures.reading import read
from worker.reporting.stored import document_of

EVERY_S: Final = 60
KEPT_S: Final = 7_200
DESTINATIONS: Final = 200
"""How many event names are watched: those with the most deliveries in the last two hours."""

_MARK: Final = "\0"
_VERSION: Final = 1


@dataclass(slots=True)
class Known:
    """The state between two looks.

    Attributes:
        at: time of the last look, Unix seconds.
        usual_hour: the hour for which `usual` holds.
        seen: how many events of that hour were looked at, and how many had the key.
        usual: the usual shares.
        watches: one watch for each match key.
    """

    at: float = 0.0
    usual_hour: int = 0
    seen: dict[Place, tuple[int, int]] = field(default_factory=dict)
    usual: dict[Place, float] = field(default_factory=dict)
    watches: dict[Place, Watch] = field(default_factory=dict)

    @property
    def hour(self) -> int:
        """The hour of the last look."""
        return int(self.at // HOUR_S)

    @classmethod
    def read(cls, stored: bytes | None) -> Known:
        """Return the state in Redis; none, if this version did not write it."""
        document = document_of(stored or b"")
        if not isinstance(document, dict) or document.get("version") != _VERSION:
            return cls()
        try:
            return cls(
                float(document["at"]),
                int(document["usual_hour"]),
                {_place(name): (n, k) for name, (n, k) in document["seen"].items()},
                {_place(name): float(share) for name, share in document["usual"].items()},
                {_place(name): Watch(*parts) for name, parts in document["watches"].items()},
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            return cls()

    def write(self) -> bytes:
        """Return the state as Redis stores it."""
        return orjson.dumps(
            {
                "version": _VERSION,
                "at": self.at,
                "usual_hour": self.usual_hour,
                "seen": {_MARK.join(place): pair for place, pair in self.seen.items()},
                "usual": {_MARK.join(place): share for place, share in self.usual.items()},
                "watches": {_MARK.join(p): astuple(watch) for p, watch in self.watches.items()},
            }
        )


class CoverageWatch:
    """The watch of all destinations.

    Args:
        store: the outbox.
        points: the fall to look for, in percentage points.
    """

    def __init__(self, store: Store, points: float) -> None:
        self._store = store
        self._points = points
        self._key = store.shards.installation.coverage

    def look(self, now: float) -> dict[str, float]:
        """Return match keys that have become rarer, in words → by how many points.

        Args:
            now: Unix seconds.
        """
        stored: Any = self._store.redis.get(self._key)
        known = Known.read(stored)
        if now - known.at >= EVERY_S:
            known = self._after(known, now)
            self._store.redis.set(self._key, known.write(), ex=KEPT_S)
        alarm = alarm_among(len(known.usual))
        return {
            _words(place, watch, known.usual[place]): self._fallen(watch, known.usual[place])
            for place, watch in known.watches.items()
            if watch.has_fallen(alarm) and place in known.usual
        }

    def _fallen(self, watch: Watch, usual: float) -> float:
        return max((usual - watch.share) * 100, self._points)

    def _after(self, known: Known, now: float) -> Known:
        hour = int(now // HOUR_S)
        rows = read(self._store, now - HOUR_S, now)
        counts = _busiest(counts_of(rows, known.usual))
        usual = known.usual
        if known.usual_hour != hour:
            usual = self._usual(counts, hour)
        fall, alarm = self._points / 100, alarm_among(len(usual))
        watches = {}
        for place, share in usual.items():
            events, hits = _since(known, counts, place, hour)
            watch = known.watches.get(place, Watch())
            watches[place] = watch.after(events, hits, usual=share, fall=fall, alarm=alarm)
        seen = {place: hours.get(hour, (0, 0)) for place, hours in counts.items()}
        return Known(now, hour, seen, usual, watches)

    def _usual(self, counts: Counts, hour: int) -> dict[Place, float]:
        """Return the usual shares of an hour; each of the earlier days is read by itself."""
        names = {destination for destination, _, _ in counts}
        rows = [
            row
            for middle in learned_hours(hour)
            for row in read(
                self._store,
                Period.hour(middle + AROUND[0]).begins_at,
                Period.hour(middle + AROUND[-1]).ends_at,
                destination=list(names),
            )
        ]
        shares = ((place, usual_share(known, hour)) for place, known in counts_of(rows).items())
        return {place: share for place, share in shares if share is not None}


def _since(known: Known, counts: Counts, place: Place, hour: int) -> tuple[int, int]:
    """Return what was delivered since the last look; nothing if that was too long ago."""
    hours = counts.get(place, {})
    now, before = hours.get(hour, (0, 0)), hours.get(hour - 1, (0, 0))
    seen = known.seen.get(place, (0, 0))
    if known.hour == hour:
        return _less(now, seen)
    if known.hour == hour - 1:
        rest = _less(before, seen)
        return now[0] + rest[0], now[1] + rest[1]
    return 0, 0


def _less(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return max(one[0] - other[0], 0), max(one[1] - other[1], 0)


def _busiest(counts: Counts) -> Counts:
    events = Counter[str]()
    for (destination, _, _), hours in counts.items():
        events[destination] += sum(count for count, _ in hours.values())
    names = {name for name, _ in events.most_common(DESTINATIONS)}
    return _only(counts, names)


def _only(counts: Counts, names: Iterable[str]) -> Counts:
    return type(counts)(dict, {place: one for place, one in counts.items() if place[0] in names})


def _place(name: str) -> Place:
    destination, event, key = name.split(_MARK)
    return destination, event, key


def _words(place: Place, watch: Watch, usual: float) -> str:
    destination, event, key = place
    shares = f"{watch.share * 100:.0f} % instead of {usual * 100:.0f} %"
    return f"{key} of {event or 'events'} to {destination}, {shares}"
