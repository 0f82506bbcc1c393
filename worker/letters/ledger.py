"""The ledger: how many dead letters of each kind there are, by the hour; facets read it.

The scripts keep it with every letter that comes or goes, so nobody reads a million letters
to count them.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator
from posixpath import commonprefix
from typing import Final, NamedTuple, Self

from redis import Redis

from tiktok_events.outbox.keys import Keys
from tiktok_events.outbox.store import Store
from worker.letters.kind import Kind
from worker.letters.letter import DeadLetter
from worker.reporting.stored import LATEST, text_of, whole_of

HOUR_S: Final = 3_600
THOUSANDTHS: Final = 1_000
"""The smallest unit of every currency is a thousandth or more, so whole numbers are exact."""

LARGEST_VALUE: Final = 10_000_000_000
"""A conversion worth more counts as a mistake and is not added: it would make sums inexact."""

EXPIRED_H: Final = -1
LATEST_H: Final = 366 * 24
"""Least and most hours from death to deadline. A deadline beyond them counts there: wrong event
times would otherwise fill the ledger with an entry each. No window is longer than a year.
"""

_NUMBERS: Final = 4
"""How many numbers an entry has: two hours in its field, two figures in its value."""

SCAN_COUNT: Final = 2_000
"""How many fields of a hash are read at once."""


class Cell(NamedTuple):
    """The letters of one kind that died in one hour and expire in one hour.

    Attributes:
        kind: digest of the kind.
        deadline_hour: hours since 1970, kept within ``EXPIRED_H`` and ``LATEST_H`` of death.
        died_hour: hours since 1970.
        letters: number of letters.
        thousandths: sum of their values, in thousandths of the currency.
    """

    kind: str
    deadline_hour: int
    died_hour: int
    letters: int
    thousandths: int

    @classmethod
    def of(cls, letter: DeadLetter, kind: Kind) -> Self:
        """Return what one letter adds to the ledger."""
        died_hour = int(letter.died_at // HOUR_S)
        worth = thousandths_of(letter.value) if letter.currency else 0
        deadline_hour = int(letter.expires_at // HOUR_S)
        hours = min(max(deadline_hour - died_hour, EXPIRED_H), LATEST_H)
        return cls(kind.digest, died_hour + hours, died_hour, 1, worth)

    @property
    def first_deadline(self) -> float:
        """The time before which none of the letters expires, Unix seconds."""
        early = self.deadline_hour - self.died_hour <= EXPIRED_H
        return float("-inf") if early else float(self.deadline_hour * HOUR_S)

    @property
    def last_deadline(self) -> float:
        """The time by which all of the letters have expired, Unix seconds."""
        late = self.deadline_hour - self.died_hour >= LATEST_H
        return float("inf") if late else float((self.deadline_hour + 1) * HOUR_S)


class Hours(NamedTuple):
    """Hours since 1970, from the first to the last, both inclusive."""

    first: int
    last: int


def read_kinds(store: Store) -> dict[str, Kind]:
    """Return all kinds that have letters, by digest; junk is left out."""
    return dict(ChainMap(*(kinds_in(store.redis, keys) for keys in store.at_hand)))


def kinds_in(redis: Redis, keys: Keys) -> dict[str, Kind]:
    """Return the kinds of one shard."""
    found = redis.hscan_iter(keys.dead_kinds, count=SCAN_COUNT)
    kinds = ((text_of(digest), Kind.read(document)) for digest, document in found)
    return {digest: kind for digest, kind in kinds if kind is not None}


def read_cells(store: Store, died: Hours | None = None) -> Iterator[Cell]:
    """Yield the ledger's cells, without junk; concurrent changes may be included or not.

    Args:
        store: the outbox.
        died: hours of death to read; default: all.
    """
    for keys in store.at_hand:
        yield from cells_in(store.redis, keys, died)


def cells_in(redis: Redis, keys: Keys, died: Hours | None = None) -> Iterator[Cell]:
    """Yield the cells of one shard."""
    pattern = None if died is None else f"*|{commonprefix([str(hour) for hour in died])}*"
    found = redis.hscan_iter(keys.dead_ledger, match=pattern, count=SCAN_COUNT)
    for field, entry in dict(found).items():  # a scan may find a field twice
        cell = _cell(field, entry)
        if cell and (died is None or died.first <= cell.died_hour <= died.last):
            yield cell


def _cell(field: bytes, entry: bytes) -> Cell | None:
    kind, *hours = field.split(b"|")
    numbers = [whole_of(word) for word in (*hours, *entry.split(b" "))]
    known = [number for number in numbers if number is not None]
    if len(numbers) != _NUMBERS or len(known) != _NUMBERS:
        return None
    deadline_hour, died_hour, letters, thousandths = known
    if not 0 <= died_hour * HOUR_S <= LATEST or abs(deadline_hour - died_hour) > LATEST_H:
        return None
    return Cell(text_of(kind), deadline_hour, died_hour, letters, thousandths)


def thousandths_of(value: float | None) -> int:
    """Return a value in thousandths of its currency; 0 for none, and for one that is a mistake."""
    return 0 if value is None or abs(value) > LARGEST_VALUE else round(value * THOUSANDTHS)
