"""Write dead letters as a table, a row each, to be looked at and repaired in a spreadsheet.

No cell holds a match key, raw or hashed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from schemas.paths import ABSENT, EventPath, PathError
from worker.letters.cells import cell_of
from worker.letters.laid_open import laid_open
from worker.letters.letter import DeadLetter
from worker.reporting.stored import is_timestamp

Column = Callable[[DeadLetter, float], Any]

_LABEL: Final = "label"

MARK: Final = "\ufeff"
"""Precedes the header, to tell a spreadsheet that the table is UTF-8."""

EDITABLE: Final = {
    "order_id": "properties.order_id",
    "value": "properties.value",
    "currency": "properties.currency",
}
"""Columns that show values of the event, and may be changed."""

FIELD_VALUE: Final = "field_value"
"""The column for the value that the letter says is wrong, unless another column has it; it may be
changed.
"""


def _column_of(path: str) -> Column:
    return lambda letter, _: value_at(letter, path)


COLUMNS: Final[Mapping[str, Column]] = {
    "id": lambda letter, _: letter.id,
    "destination": lambda letter, _: letter.destination,
    _LABEL: lambda _letter, _now: None,
    "event": lambda letter, _: letter.event,
    "event_id": lambda letter, _: letter.event_id,
    **{name: _column_of(path) for name, path in EDITABLE.items()},
    "reason": lambda letter, _: letter.reason,
    "code": lambda letter, _: letter.code,
    "message": lambda letter, _: letter.message,
    "field": lambda letter, _: letter.path,
    FIELD_VALUE: lambda letter, _: _field_value(letter),
    "request_id": lambda letter, _: letter.request_id,
    "attempts": lambda letter, _: letter.attempts,
    "ambiguous": lambda letter, _: _yes(letter.ambiguous),
    "recoverable": lambda letter, now: _yes(letter.recoverable(now)),
    "accepted_at": lambda letter, _: _utc(letter.first_accepted_at),
    "died_at": lambda letter, _: _utc(letter.died_at),
    "expires_at": lambda letter, _: _utc(letter.expires_at) if letter.has_deadline else None,
    "replays": lambda letter, _: len(letter.replays),
    "edits": lambda letter, _: len(letter.edits),
}
"""The columns; times are UTC."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Writes the table.

    Attributes:
        label_of: returns the label of a destination by its key.
        decimal: the decimal sign; with a comma, semicolons separate the cells.
    """

    label_of: Callable[[str], str | None]
    decimal: str = "."

    def header(self) -> bytes:
        """Return the first line, after a byte order mark."""
        return MARK.encode() + self._line(COLUMNS)

    def row(self, letter: DeadLetter, now: float) -> bytes:
        """Return the line of a letter; `now` (Unix seconds) tells what can still be sent."""
        values = {name: column(letter, now) for name, column in COLUMNS.items()}
        values[_LABEL] = self.label_of(letter.destination)
        return self._line(map(self.cell, values.values()))

    def cell(self, value: Any) -> str:
        """Return a value as this table writes it."""
        return cell_of(value, self.decimal)

    def _line(self, cells: Iterable[str]) -> bytes:
        line = io.StringIO(newline="")
        csv.writer(line, delimiter=";" if self.decimal == "," else ",").writerow(cells)
        return line.getvalue().encode("utf-8", "replace")


def value_at(letter: DeadLetter, path: str | None) -> Any:
    """Return the value at a place of the letter's event; nothing if it may be personal."""
    if path is None or path.partition(".")[0] == "user" or not isinstance(letter.body, dict):
        return None
    try:
        steps = EventPath.parse_any(path).steps
    except PathError:
        return None
    value: Any = laid_open(letter)
    for step in steps:
        value = _below(value, step)
    return None if value is ABSENT else value


def _below(value: Any, step: str | int) -> Any:
    if isinstance(value, dict) and step in value:
        return value[step]
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return ABSENT


def _field_value(letter: DeadLetter) -> Any:
    """Return the value that is wrong, unless a column of its own has it."""
    return None if letter.path in EDITABLE.values() else value_at(letter, letter.path)


def _yes(flag: bool) -> str:  # noqa: FBT001 — because it is the value that is written
    return "yes" if flag else "no"


def _utc(timestamp: float) -> datetime | None:
    return datetime.fromtimestamp(timestamp, UTC) if is_timestamp(timestamp) else None
