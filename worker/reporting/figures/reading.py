"""Read the figures of some hours or days, as rows.

What is in no cell yet is read in the same step as the cells of unsealed hours, so that no event is
counted twice or missed. Sealed hours do not change, and are read afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal

from redis.client import Pipeline

from tiktok_events.outbox.keys import Keys
from tiktok_events.outbox.store import Store
from worker.reporting.figures.cell import Cell, add, is_sealed, read_cell
from worker.reporting.figures.names import ANY
from worker.reporting.figures.period import Period
from worker.reporting.figures.unfolded import Cells, add_accepted, add_journal, no_cells
from worker.reporting.stored import Fields, text_of

By = Literal["hour", "day"]

AT_ONCE: Final = 100
"""How many sealed hours or days one round trip reads, if only some destinations are asked for."""

LOOKS: Final = 4
"""How often to read again if a destination has accepted its first event meanwhile."""


@dataclass(frozen=True, slots=True)
class Row:
    """What was counted for one destination and event name, in one hour or day.

    Attributes:
        at: when the period begins, Unix seconds.
        ends_at: when the period ends, Unix seconds.
        destination: the destination's key; `*` for all together.
        event: the event's name; empty for figures without one, such as requests; `*` for all names
            beyond a hundred.
        figures: see `worker.reporting.figures.names`.
    """

    at: int
    ends_at: int
    destination: str
    event: str
    figures: dict[str, int]


@dataclass(frozen=True, slots=True)
class Asked:
    """What to read.

    Attributes:
        since: Unix seconds; the hour or day that contains it is the first.
        until: Unix seconds; periods that begin then or later are excluded.
        by: hours or days.
        destination: only this one, or these; `*` for all together, `None` for each by itself.
        event: only this name; `None` for each by itself.
    """

    since: float
    until: float
    by: By = "hour"
    destination: str | Collection[str] | None = None
    event: str | None = None

    def wants(self, period: Period) -> bool:
        """Return whether a period is within the time asked for."""
        return period.ends_at > self.since and period.begins_at < self.until

    @property
    def destinations(self) -> Collection[str] | None:
        """Return the only destinations that are asked for; `None` for each."""
        return [self.destination] if isinstance(self.destination, str) else self.destination

    def names(self, destination: str) -> bool:
        """Return whether a destination's figures are asked for, by itself or among all."""
        wanted = self.destinations
        return wanted is None or destination in wanted or ANY in wanted

    def row_period(self, hour: Period) -> Period:
        """Return the hour or day of the rows to which an hour's figures belong."""
        return hour.day if self.by == "day" else hour


def read(
    store: Store,
    since: float,
    until: float,
    by: By = "hour",
    destination: str | Collection[str] | None = None,
    event: str | None = None,
) -> list[Row]:
    """Return the rows that have any figure, by time, destination and event.

    Args:
        store: the outbox.
        since: Unix seconds; the hour or day that contains it is the first.
        until: Unix seconds; periods that begin then or later are excluded.
        by: hours, or days in UTC.
        destination: only this one, or each of these; `*` for all together, `None` for each by
            itself.
        event: only this name; `None` for each by itself.

    Raises:
        redis.RedisError: the server did not answer, or refused.
    """
    return read_asked(store, Asked(since, until, by, destination, event))


def read_asked(store: Store, asked: Asked) -> list[Row]:
    """Return the rows as `read` does, for an `Asked`."""
    found = no_cells()
    for keys in store.at_hand:
        _Shard(store, keys, asked).add_to(found)
    return [
        Row(period.begins_at, period.ends_at, name, event_, figures)
        for (period, name), cell in sorted(found.items())
        for event_, figures in sorted(cell.items())
        if figures and asked.event in {None, event_}
    ]


@dataclass(frozen=True, slots=True)
class _View:
    """What there is to read in a shard.

    Attributes:
        live: hours that are not sealed, and their days if those are asked for.
        sealed: the other hours or days.
        accepted: destinations with accepted events that are in no cell yet.
    """

    live: Sequence[Period]
    sealed: Sequence[Period]
    accepted: Sequence[str]

    def misses(self, newer: _View) -> bool:
        """Return whether a newer view has something to read that this one would miss."""
        return bool({*newer.live} - {*self.live} or {*newer.accepted} - {*self.accepted})


class _Shard:
    """Reads one shard.

    Args:
        store: the outbox.
        keys: keys of the shard.
        asked: what to read.
    """

    def __init__(self, store: Store, keys: Keys, asked: Asked) -> None:
        self._redis = store.redis
        self._keys = keys
        self._asked = asked

    def add_to(self, found: Cells) -> None:
        """Add what was asked for."""
        newer = self._view_of(*self._replies(self._ask_what_there_is, together=False))
        for _ in range(LOOKS):
            view = newer
            hours, accepted, journal, *rest = self._replies(partial(self._ask_all, view))
            newer = self._view_of(hours, accepted)
            if not view.misses(newer):
                break
        self._add_unfolded(found, journal, dict(zip(view.accepted, rest, strict=False)))
        for period, cells in zip(view.live, rest[len(view.accepted) :], strict=True):
            self._add_cells(found, period, cells)
        together = 1 if self._asked.destinations is None else AT_ONCE
        for first in range(0, len(view.sealed), together):
            periods = view.sealed[first : first + together]
            replies = self._replies(partial(self._ask_some, periods), together=False)
            for period, cells in zip(periods, replies, strict=True):
                self._add_cells(found, period, cells)

    def _view_of(self, hours: Sequence[tuple[bytes, float]], accepted: Sequence[bytes]) -> _View:
        asked, by_day = self._asked, self._asked.by == "day"
        read = ((Period.read(text_of(name)), size) for name, size in hours)
        known = {one: size for one, size in read if one is not None}
        open_ = {one for one, size in known.items() if not one.is_day and not size}
        live = {one for one in open_ if asked.wants(asked.row_period(one))}
        wanted = {one for one in known if one.is_day == by_day and asked.wants(one)}
        if by_day:
            live |= {one.day for one in live} & wanted
        names = (text_of(name) for name in accepted)
        return _View(sorted(live), sorted(wanted - live), [n for n in names if asked.names(n)])

    def _replies(self, ask: Callable[[Pipeline], None], *, together: bool = True) -> list[Any]:
        """Return the replies, of one transaction or not; nothing for a key that is not ours."""
        with self._redis.pipeline(transaction=together) as pipeline:
            ask(pipeline)
            replies = pipeline.execute(raise_on_error=False)
        return [Fields().reply("", reply, ()) for reply in replies]

    def _ask_what_there_is(self, pipeline: Pipeline) -> None:
        pipeline.zrange(self._keys.hours, 0, -1, withscores=True)
        pipeline.zrange(self._keys.accepted, 0, -1)

    def _ask_all(self, view: _View, pipeline: Pipeline) -> None:
        self._ask_what_there_is(pipeline)
        pipeline.lrange(self._keys.journal, 0, -1)
        for name in view.accepted:
            pipeline.hgetall(self._keys.accepted_of(name))
        for period in view.live:
            self._ask_cells(period, pipeline)

    def _ask_some(self, periods: Sequence[Period], pipeline: Pipeline) -> None:
        for period in periods:
            self._ask_cells(period, pipeline)

    def _ask_cells(self, period: Period, pipeline: Pipeline) -> None:
        hash_, names = self._keys.cells(period.name), self._asked.destinations
        pipeline.hgetall(hash_) if names is None else pipeline.hmget(hash_, [*names])

    def _add_unfolded(
        self, found: Cells, journal: Sequence[bytes], accepted: Mapping[str, Any]
    ) -> None:
        fresh = no_cells()
        add_journal(fresh, journal)
        for name, fields in accepted.items():
            add_accepted(fresh, name, dict(fields))
        for (hour, name), cell in fresh.items():
            self._add(found, hour, name, cell)

    def _add_cells(self, found: Cells, period: Period, reply: Any) -> None:
        names = self._asked.destinations
        found_by = None if names is None else (name.encode() for name in names)
        cells = dict(reply) if found_by is None else dict(zip(found_by, reply, strict=False))
        for name, stored in cells.items():
            day_has_it = self._asked.by == "day" and not period.is_day and is_sealed(stored or b"")
            if not day_has_it:
                self._add(found, period, text_of(name), read_cell(stored))

    def _add(self, found: Cells, period: Period, name: str, cell: Cell) -> None:
        asked = self._asked
        names = asked.destinations
        wanted = name != ANY if names is None else name in names
        row = period if period.is_day else asked.row_period(period)
        if wanted and asked.wants(row):
            add(found[row, name], cell)
