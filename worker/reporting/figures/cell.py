"""A cell: what was counted for one destination in one hour or day, event → figure → number.

While its hour runs, the cell is in Redis as JSON. Later it is sealed: compressed, and added to the
cell of its day. So its form tells whether the day includes it.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any, Final

import orjson

from worker.reporting.figures.names import ANY, MOST_EVENTS
from worker.reporting.stored import LARGEST, document_of

Cell = dict[str, dict[str, int]]

_SEALED: Final = b"\1"
"""The first byte of a sealed cell: the version of its form. JSON of a cell begins with a brace."""

_EXPECTED: Final = (
    b'[["","AddToCart","CompletePayment","Lead","Purchase","ViewContent"],{"accepted":[1,1],'
    b'"delivered":[1,1],"requests":[1,1],"value:EUR":[1,1],"value:USD":[1,1],"latency_ms":[1,1],'
    b'"latency:1":[1,1],"latency:2":[1,1],"latency:5":[1,1],"latency:10":[1,1],"latency:30":[1,1],'
    b'"latency:60":[1,1],"latency:300":[1,1],"key:external_id":[1,1],"key:user_agent":[1,1],'
    b'"key:ttclid":[1,1],"key:locale":[1,1],"key:phone":[1,1],"key:email":[1,1],"key:ttp":[1,1],'
    b'"key:ip":[1,1],"left_out:":[1,1],"read_as:":[1,1],"junk":[0,0],"salvaged:properties.":[0,0],'
    b'"salvaged:user.":[0,0],"dead:expired":[0,0],"dead:invalid":[0,0],"dead:rejected":[0,0]}]'
)
"""Text that most sealed cells share, so that they need not store it: half of their memory. It is
part of the format: a cell can only be read with the text that it was sealed with.
"""

_LARGEST_BYTES: Final = 1_048_576
"""Longest name in a cell; our code writes no longer one."""


def add(cell: Cell, more: Mapping[str, Mapping[str, int]]) -> None:
    """Add to a cell; names of events beyond the limit are counted together."""
    for event, figures in more.items():
        known = event in cell or len(cell) < MOST_EVENTS
        counted = cell.setdefault(event if known else ANY, {})
        for figure, number in figures.items():
            counted[figure] = counted.get(figure, 0) + number


def summed(cell: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Return the figures of all events together."""
    total: dict[str, int] = {}
    for figures in cell.values():
        for figure, number in figures.items():
            total[figure] = total.get(figure, 0) + number
    return total


def written(cell: Cell) -> bytes:
    """Return a cell in the form that it has while its hour runs."""
    return orjson.dumps(cell)


def sealed(cell: Cell) -> bytes:
    """Return a cell in its sealed form: for each figure, the numbers of all events."""
    events = sorted(cell)
    figures = sorted({figure for counted in cell.values() for figure in counted})
    table = {figure: [cell[event].get(figure, 0) for event in events] for figure in figures}
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, zdict=_EXPECTED)
    return _SEALED + deflate.compress(orjson.dumps([events, table])) + deflate.flush()


def is_sealed(stored: bytes) -> bool:
    """Return whether a stored cell is sealed, so that its day includes it."""
    return stored.startswith(_SEALED)


def read_cell(stored: bytes | None) -> Cell:
    """Return a cell in either form; junk, which anybody may write, is read as an empty cell."""
    if not stored:
        return {}
    return _opened(stored) if is_sealed(stored) else read_document(document_of(stored))


def read_document(document: Any) -> Cell:
    """Return the cell that a JSON value is, without junk."""
    if not isinstance(document, dict):
        return {}
    return {
        event: {figure: number for figure, number in figures.items() if _is_count(number)}
        for event, figures in document.items()
        if isinstance(figures, dict)
    }


def _opened(stored: bytes) -> Cell:
    inflate = zlib.decompressobj(-zlib.MAX_WBITS, _EXPECTED)
    try:
        events, table = orjson.loads(inflate.decompress(stored[len(_SEALED) :], _LARGEST_BYTES))
        columns = list(table.items())
        document = {
            event: {figure: numbers[place] for figure, numbers in columns if numbers[place]}
            for place, event in enumerate(events)
        }
    except (zlib.error, ValueError, TypeError, AttributeError, LookupError):
        return {}
    return read_document(document)


def _is_count(number: Any) -> bool:
    return type(number) is int and 0 <= number <= LARGEST
