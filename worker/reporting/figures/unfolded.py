"""What was counted but is in no cell yet: the journal of settlements, and accepted events.

The journal grows with settlements, and so with workers, who fold it. What producers count must not
grow while there is no worker: each destination has a hash with one number for each hour and name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import orjson

from worker.reporting.figures.cell import Cell, add, read_document
from worker.reporting.figures.names import ACCEPTED, ANY
from worker.reporting.figures.period import Period
from worker.reporting.stored import document_of, text_of, whole_of

Cells = defaultdict[tuple[Period, str], Cell]
"""Cells by hour and destination."""

_PARTS: Final = 3
_LATEST_HOUR: Final = 10_000_000


def journal_part(destination: str, cell: Cell) -> str:
    """Return an entry of the journal that a script completes with the hour."""
    return orjson.dumps([destination, cell]).decode()[1:-1]


def no_cells() -> Cells:
    """Return empty cells, to add to."""
    return defaultdict(dict)


def add_journal(cells: Cells, entries: Iterable[bytes]) -> None:
    """Add entries of the journal; junk counts as nothing."""
    for entry in entries:
        document = document_of(entry)
        if isinstance(document, list) and len(document) == _PARTS:
            hour, destination, cell = document
            if _is_hour(hour) and isinstance(destination, str):
                add_everywhere(cells, Period.hour(hour), destination, read_document(cell))


def add_accepted(cells: Cells, destination: str, fields: Mapping[bytes, bytes]) -> None:
    """Add what was accepted for one destination."""
    for hour, event, number in read_accepted(fields):
        add_everywhere(cells, hour, destination, {event: {ACCEPTED: number}})


def add_everywhere(cells: Cells, hour: Period, destination: str, more: Cell) -> None:
    """Add to the cell of a destination, and to that of all."""
    add(cells[hour, destination], more)
    add(cells[hour, ANY], more)


def read_accepted(fields: Mapping[bytes, bytes]) -> Iterator[tuple[Period, str, int]]:
    """Yield hours, names and numbers; junk is left out."""
    for field, value in fields.items():
        hour, _, event = field.partition(b" ")
        number, count = whole_of(hour), whole_of(value) or 0
        if number is not None and _is_hour(number) and count > 0:
            yield Period.hour(number), text_of(event), count


def delivered_to(entries: Sequence[bytes]) -> list[str]:
    """Return the destinations to which something was delivered, by the journal."""
    return sorted({name for name in map(_delivered_to, entries) if name})


def _delivered_to(entry: bytes) -> str:
    if b'"delivered"' not in entry:
        return ""
    document = document_of(entry)
    known = isinstance(document, list) and len(document) == _PARTS
    return document[1] if known and isinstance(document[1], str) else ""


def _is_hour(number: object) -> bool:
    return type(number) is int and 0 <= number < _LATEST_HOUR
