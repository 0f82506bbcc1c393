"""Group dead letters by cause: what one repair could save, nearest loss first.

A cause is what the letters' kinds say was wrong, whatever their destination, event and currency.
Like `facets` it is read from the ledger.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from tiktok_events.outbox.store import Store
from worker.letters.facets import Entry, Facets, Sum, entries_of
from worker.letters.filter import LetterFilter
from worker.letters.kind import CUT, NUMBER, QUOTATION, Kind
from worker.letters.ledger import HOUR_S

DAYS: Final = 7
_DAY_H: Final = 24
_HOLES: Final = re.compile("|".join(map(re.escape, (NUMBER, QUOTATION, CUT))))
_LEAST_CHARS: Final = 4


class Cause(NamedTuple):
    """What was wrong.

    Attributes:
        reason: why the letters died.
        code: the API's.
        field: the field that was wrong.
        message: without numbers and quotations.
    """

    reason: str
    code: int | None
    field: str | None
    message: str

    @property
    def text(self) -> str | None:
        """The longest part of the message that all of its letters share, to find them by."""
        part = max((one.strip() for one in _HOLES.split(self.message)), key=len)
        return part if len(part) >= _LEAST_CHARS else None


@dataclass(slots=True)
class Lot:
    """The letters of one cause.

    Attributes:
        cause: what was wrong with them.
        sum: how many there are, what they are worth, and until when they can be sent.
        destinations: destination → letters.
        events: name (shape) of their event → letters.
        days: how many died on each of the last seven days, oldest first.
    """

    cause: Cause
    sum: Sum = field(default_factory=Sum)
    destinations: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    days: list[int] = field(default_factory=lambda: [0] * DAYS)

    def add(self, entry: Entry, now_hour: int) -> None:
        """Add the letters of an entry."""
        kind, cell = entry.kind, entry.cell
        self.sum.add(cell, kind.currency, now_hour)
        self.destinations[kind.destination] += cell.letters
        self.events[kind.event or ""] += cell.letters
        age = (now_hour - cell.died_hour) // _DAY_H
        if 0 <= age < DAYS:
            self.days[DAYS - 1 - age] += cell.letters

    @property
    def wanted(self) -> LetterFilter:
        """The filter that finds them."""
        only = next(iter(self.destinations)) if len(self.destinations) == 1 else None
        cause = self.cause
        return LetterFilter(
            reason=cause.reason,
            code=cause.code,
            field=cause.field,
            destination=only,
            text=cause.text,
        )


@dataclass(frozen=True, slots=True)
class Causes:
    """All causes of some letters; those whose letters are lost soonest come first.

    Attributes:
        at: Unix seconds of the look.
        lots: the letters of each.
    """

    at: float
    lots: Sequence[Lot]

    @classmethod
    def read(cls, store: Store, wanted: LetterFilter) -> tuple[Facets, Causes]:
        """Return the figures of the matching letters, and their causes, from one look.

        Raises:
            redis.RedisError: the server did not answer, or refused.
        """
        at = time.time()
        entries = list(entries_of(store, wanted, at))
        return Facets.of(entries, at), cls.of(entries, at)

    @classmethod
    def of(cls, entries: Iterable[Entry], at: float) -> Causes:
        """Group entries as of some time (Unix seconds)."""
        now_hour = int(at // HOUR_S)
        lots: dict[Cause, Lot] = {}
        for entry in entries:
            cause = _cause_of(entry.kind)
            lots.setdefault(cause, Lot(cause)).add(entry, now_hour)
        return cls(at, sorted(lots.values(), key=_urgency))


def _cause_of(kind: Kind) -> Cause:
    return Cause(kind.reason, kind.code, kind.field, kind.message)


def _urgency(lot: Lot) -> tuple[float, int, str]:
    soonest = float("inf") if lot.sum.soonest is None else lot.sum.soonest
    return soonest, -lot.sum.letters, str(lot.cause)


def money_of(total: Sum) -> Mapping[str, float]:
    """Return currency → what the letters that can still be sent are worth."""
    money = total.as_dict()["money"]
    return {currency: one["recoverable"] for currency, one in money.items() if one["recoverable"]}
