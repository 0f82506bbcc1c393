"""A cell: what was counted of one destination in one hour or day, event → figure → number.

While its hour runs it stands in Redis as JSON. Later it is sealed: compressed, and added to the
cell of its day. So the form tells whether the day has it.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any, Final

import orjson

from worker.reporting.figures.names import ANY, MOST_EVENTS
from worker.reporting.stored import LARGEST, document_of

Cell = dict[str, dict[str, int]]

_SEALED: Final = b"\x78"
"""The first byte of what zlib writes; JSON of a cell begins with a brace."""

_LARGEST_BYTES: Final = 1_048_576
"""Of a cell; what is longer is none of ours."""


def add(cell: Cell, more: Mapping[str, Mapping[str, int]]) -> None:
    """Add to a cell; names of events beyond the limit count together."""
    for event, figures in more.items():
        known = event in cell or len(cell) < MOST_EVENTS
        counted = cell.setdefault(event if known else ANY, {})
        for figure, number in figures.items():
            counted[figure] = counted.get(figure, 0) + number


def summed(cell: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """The figures of all events together."""
    total: dict[str, int] = {}
    for figures in cell.values():
        for figure, number in figures.items():
            total[figure] = total.get(figure, 0) + number
    return total


def written(cell: Cell) -> bytes:
    """A cell as it stands while its hour runs."""
    return orjson.dumps(cell)


def sealed(cell: Cell) -> bytes:
    """A cell as it stands when its day has it."""
    return zlib.compress(orjson.dumps(cell, option=orjson.OPT_SORT_KEYS), 6)


def is_sealed(stored: bytes) -> bool:
    """Whether the day has what stands in this cell."""
    return stored.startswith(_SEALED)


def read_cell(stored: bytes | None) -> Cell:
    """A cell in either form; junk, which anybody may write, is an empty one."""
    if not stored:
        return {}
    try:
        json = _inflated(stored) if is_sealed(stored) else stored
    except zlib.error:
        return {}
    return read_document(document_of(json))


def read_document(document: Any) -> Cell:
    """The cell that a JSON value is, without junk."""
    if not isinstance(document, dict):
        return {}
    return {
        event: {figure: number for figure, number in figures.items() if _is_count(number)}
        for event, figures in document.items()
        if isinstance(figures, dict)
    }


def _inflated(stored: bytes) -> bytes:
    return zlib.decompressobj().decompress(stored, _LARGEST_BYTES)


def _is_count(number: Any) -> bool:
    return type(number) is int and abs(number) <= LARGEST
