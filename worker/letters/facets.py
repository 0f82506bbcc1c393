"""Facets: how many dead letters share a property, their worth, and until when they can be sent.

read      the ledger's cells, of the kinds and hours that a filter allows
add up    each cell once, per kind, hour of death and hour of the deadline
group     the sums by reason, code, field …

No letters are read, unless the filter names them by id or `event_id`. Times are whole hours.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Self

from tiktok_events.outbox.store import Store
from worker.letters.dead_letters import DeadLetters
from worker.letters.filter import LetterFilter
from worker.letters.kind import Kind
from worker.letters.ledger import HOUR_S, THOUSANDTHS, Cell, read_cells, read_kinds

DIMENSIONS: Final[Mapping[str, Callable[[Kind], Any]]] = {
    "reason": lambda kind: kind.reason,
    "code": lambda kind: kind.code,
    "field": lambda kind: kind.field,
    "message": lambda kind: kind.message,
    "event": lambda kind: kind.event,
    "destination": lambda kind: kind.destination or None,
    "source": lambda kind: kind.source or None,
    "currency": lambda kind: kind.currency,
    "ambiguous": lambda kind: kind.ambiguous,
}

HOURS: Final = (1, 6, 24, 72, 168)
SPANS: Final = ("under 1h", "1h to 6h", "6h to 1d", "1d to 3d", "3d to 7d", "over 7d")
EXPIRED: Final = "expired"

DEADLINES: Final = 24
"""The soonest so many hours with deadlines are listed one by one."""


class Entry(NamedTuple):
    """Letters to be added up.

    Attributes:
        kind: the kind of all of them.
        cell: how many there are, and when they died and expire.
        sure: whether all of them match the filter.
    """

    kind: Kind
    cell: Cell
    sure: bool


@dataclass(slots=True)
class Sum:
    """The figures of letters that were added up.

    Attributes:
        letters: number of letters.
        recoverable: how many of them can still be sent.
        soonest: hour of the first deadline of those, counted since 1970.
        money: currency → thousandths: of all letters, and of those that can still be sent.
    """

    letters: int = 0
    recoverable: int = 0
    soonest: int | None = None
    money: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(self, cell: Cell, currency: str | None, now_hour: int) -> None:
        """Add the letters of a cell."""
        alive = cell.deadline_hour >= now_hour
        self.letters += cell.letters
        if alive:
            self.recoverable += cell.letters
            self.soonest = _sooner(self.soonest, cell.deadline_hour)
        if cell.thousandths and currency:
            self._earn(currency, cell.thousandths, cell.thousandths if alive else 0)

    def merge(self, other: Sum) -> None:
        """Add another sum."""
        self.letters += other.letters
        self.recoverable += other.recoverable
        if other.soonest is not None:
            self.soonest = _sooner(self.soonest, other.soonest)
        for currency, (all_, alive) in other.money.items():
            self._earn(currency, all_, alive)

    def as_dict(self) -> dict[str, Any]:
        """Return it as one JSON object; `expires_from` is Unix seconds."""
        return {
            "letters": self.letters,
            "recoverable": self.recoverable,
            "expires_from": None if self.soonest is None else self.soonest * HOUR_S,
            "money": {
                currency: {"total": all_ / THOUSANDTHS, "recoverable": alive / THOUSANDTHS}
                for currency, (all_, alive) in sorted(self.money.items())
            },
        }

    def _earn(self, currency: str, thousandths: int, alive: int) -> None:
        had, had_alive = self.money.get(currency, (0, 0))
        self.money[currency] = had + thousandths, had_alive + alive


@dataclass(frozen=True, slots=True)
class Facets:
    """Dead letters in figures.

    Letters that expire in the current hour count as recoverable.

    Attributes:
        at: Unix seconds.
        exact: whether the filter could be applied exactly. If not, the figures are upper bounds:
            hours at the ends of a time count whole, and so do kinds of which only some letters may
            have the text.
        total: the figures of all letters together.
        groups: per dimension (``DIMENSIONS``, `age`, `time_left`) the sums by value, largest first;
            ages and times in their own order.
        deadlines: hour (Unix seconds) → letters that expire in it; the soonest hours.
    """

    at: float
    exact: bool
    total: Sum
    groups: Mapping[str, Mapping[Any, Sum]]
    deadlines: Mapping[int, int]

    @classmethod
    def read(
        cls, store: Store, wanted: LetterFilter | None = None, *, now: float | None = None
    ) -> Self:
        """Return the figures of the letters that match.

        Args:
            store: the outbox.
            wanted: which letters; default: all.
            now: Unix seconds; default: the clock's.

        Raises:
            redis.RedisError: the server did not answer, or refused.
        """
        at = time.time() if now is None else now
        wanted = wanted or LetterFilter()
        return cls.of(entries_of(store, wanted, at), at)

    @classmethod
    def of(cls, entries: Iterable[Entry], at: float) -> Self:
        """Add up entries as of some time (Unix seconds)."""
        now_hour = int(at // HOUR_S)
        exact = True
        kinds: dict[Kind, Sum] = defaultdict(Sum)
        ages: dict[str, Sum] = {span: Sum() for span in SPANS}
        left: dict[str, Sum] = {span: Sum() for span in (EXPIRED, *SPANS)}
        deadlines: Counter[int] = Counter()
        for kind, cell, sure in entries:
            exact = exact and sure
            kinds[kind].add(cell, kind.currency, now_hour)
            ages[_span(now_hour - cell.died_hour)].add(cell, kind.currency, now_hour)
            left[_left(cell, now_hour)].add(cell, kind.currency, now_hour)
            deadlines[cell.deadline_hour] += cell.letters
        groups = {name: _grouped(kinds, value_of) for name, value_of in DIMENSIONS.items()}
        return cls(
            at,
            exact,
            _total(kinds.values()),
            groups | {"age": _some(ages), "time_left": _some(left)},
            _soonest(deadlines, now_hour),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return it as one JSON object; times are Unix seconds."""
        return {
            "at": self.at,
            "exact": self.exact,
            **self.total.as_dict(),
            "by": {
                name: [{"value": value, **one.as_dict()} for value, one in sums.items()]
                for name, sums in self.groups.items()
            },
            "deadlines": [
                {"from": hour, "letters": letters} for hour, letters in self.deadlines.items()
            ],
        }


def entries_of(store: Store, wanted: LetterFilter, at: float) -> Iterator[Entry]:
    """Return what to add up for the letters that match at a time (Unix seconds).

    Raises:
        redis.RedisError: the server did not answer, or refused.
    """
    by_letter = wanted.ids or wanted.event_id is not None
    return _of_letters(store, wanted, at) if by_letter else _of_ledger(store, wanted, at)


def _of_letters(store: Store, wanted: LetterFilter, now: float) -> Iterator[Entry]:
    for letter in DeadLetters(store).find(wanted, now=now):
        kind = Kind.of(letter)
        yield Entry(kind, Cell.of(letter, kind), sure=True)


def _of_ledger(store: Store, wanted: LetterFilter, now: float) -> Iterator[Entry]:
    kinds = {d: kind for d, kind in read_kinds(store).items() if wanted.may_match(kind)}
    covered = {digest: wanted.covers(kind) for digest, kind in kinds.items()}
    now_hour = int(now // HOUR_S)
    for cell in read_cells(store, wanted.died_hours(now)):
        if cell.kind in kinds and _fits(cell, wanted, now_hour):
            sure = covered[cell.kind] and _fits_whole(cell, wanted, now_hour)
            yield Entry(kinds[cell.kind], cell, sure)


def _fits(cell: Cell, wanted: LetterFilter, now_hour: int) -> bool:
    """Return whether letters of a cell can be as recoverable as the filter says."""
    if wanted.recoverable is None or cell.deadline_hour == now_hour:
        return True
    return (cell.deadline_hour > now_hour) is wanted.recoverable


def _fits_whole(cell: Cell, wanted: LetterFilter, now_hour: int) -> bool:
    """Return whether all letters of a cell that fits are as recoverable as the filter says."""
    begins, ends = cell.died_hour * HOUR_S, (cell.died_hour + 1) * HOUR_S
    return (
        (wanted.since is None or wanted.since <= begins)
        and (wanted.until is None or wanted.until >= ends)
        and (wanted.recoverable is None or cell.deadline_hour != now_hour)
    )


def _grouped(kinds: Mapping[Kind, Sum], value_of: Callable[[Kind], Any]) -> dict[Any, Sum]:
    sums: dict[Any, Sum] = defaultdict(Sum)
    for kind, one in kinds.items():
        sums[value_of(kind)].merge(one)
    return dict(sorted(sums.items(), key=lambda item: (-item[1].letters, str(item[0]))))


def _total(sums: Iterable[Sum]) -> Sum:
    total = Sum()
    for one in sums:
        total.merge(one)
    return total


def _some(sums: Mapping[str, Sum]) -> dict[str, Sum]:
    return {span: one for span, one in sums.items() if one.letters}


def _span(hours: int) -> str:
    return SPANS[bisect_right(HOURS, hours)]


def _left(cell: Cell, now_hour: int) -> str:
    """Return how much time is left, rounded down: the ledger knows whole hours only."""
    hours = cell.deadline_hour - now_hour
    return EXPIRED if hours < 0 else _span(hours - 1)


def _soonest(deadlines: Mapping[int, int], now_hour: int) -> dict[int, int]:
    coming = sorted(hour for hour in deadlines if hour >= now_hour)
    return {hour * HOUR_S: deadlines[hour] for hour in coming[:DEADLINES]}


def _sooner(one: int | None, other: int) -> int:
    return other if one is None else min(one, other)
