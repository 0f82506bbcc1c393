"""Reads events out of a table (CSV): one a row, a column for each field, named as in the event.

Memory stays flat. A row that is none is an entry of its own, like a line that is no JSON.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from schemas.values import BadValue, FieldPath
from tiktok_events.errors import TikTokEventsError
from worker.files.event_file import TOO_LONG, Entry, Line, read_lines

DELIMITERS: Final = ",;\t|"
"""The one that parts the header most often parts the table."""

NOT_UTF8: Final = "this is not UTF-8"
_HALF_A_BYTE: Final = range(0xDC80, 0xDD00)
"""What undecodable bytes become."""


class UnusableTable(TikTokEventsError, ValueError):
    """The header does not say what the columns are."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table, its header read.

    Attributes:
        fields: that appear in its rows, dotted.
        left_out: names of the columns that are no fields.
        rows: the entries, in order.
    """

    fields: frozenset[str]
    left_out: Sequence[str]
    rows: Iterator[Entry]


def read_table(stream: BinaryIO, columns: Mapping[str, str]) -> Table:
    """Read the header; the rows are read as they are wanted.

    Args:
        stream: the content.
        columns: field of the event → column, for columns that are not named like it.

    Raises:
        UnusableTable: no column is a field, two are the same, or one that should be is not
            there. Of the header only what is a field is quoted: without one, the first
            line may be a person's data.
    """
    rows = _Rows(stream)
    header = [name.strip() for name in rows.header()]
    fields = [list(_fields_of(name, columns)) for name in header]
    _check_header(header, fields, columns)
    left_out = [name for name, its in zip(header, fields, strict=True) if not its]
    known = frozenset(field.dotted for its in fields for field in its)
    return Table(known, left_out, (_entry(row, fields) for row in rows))


def _fields_of(name: str, columns: Mapping[str, str]) -> Iterator[FieldPath]:
    """Where the cells of a column go: to the fields it was given for, else to its namesake."""
    given = [field for field, column in columns.items() if column == name]
    for dotted in given or [name]:
        if field := FieldPath.of(dotted):
            yield field


def _check_header(
    header: Sequence[str], fields: Sequence[Sequence[FieldPath]], columns: Mapping[str, str]
) -> None:
    if missing := sorted(set(columns.values()) - set(header)):
        raise UnusableTable(f"the table has no column {', '.join(missing)}")
    found = [field.dotted for its in fields for field in its]
    if not found:
        raise UnusableTable(
            "no column is named like a field of an event, such as user.email; "
            "give the table a header, or name its columns with --map FIELD=COLUMN"
        )
    if len(found) > len(set(found)):
        twice = next(dotted for dotted in found if found.count(dotted) > 1)
        raise UnusableTable(f"two columns of the table are {twice}")


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    cells: Sequence[str]
    problem: str
    size_bytes: int


class _Rows:
    """The rows of a table, each with the line it begins on."""

    def __init__(self, stream: BinaryIO) -> None:
        self._lines = read_lines(stream)
        self._taken: list[Line] = []
        self._delimiter = ","

    def header(self) -> Sequence[str]:
        first = next((line for line in self._lines if line.text.strip()), None)
        if first is None or first.cut:
            return ()
        text = _text(first)
        self._delimiter = max(DELIMITERS, key=text.count)
        return next(csv.reader([text], delimiter=self._delimiter), ())

    def __iter__(self) -> Iterator[_Row]:
        reader = csv.reader(self._texts(), delimiter=self._delimiter, strict=True)
        while True:
            self._taken.clear()
            try:
                row = self._row(next(reader), self._cut())
            except StopIteration:
                return
            except csv.Error as error:
                row = self._row((), f"this is no CSV: {error}{self._span()}")
            if row.problem or any(line.text.strip() for line in self._taken):
                yield row

    def _texts(self) -> Iterator[str]:
        for line in self._lines:
            self._taken.append(line)
            yield _text(line)

    def _row(self, cells: Sequence[str], problem: str) -> _Row:
        size = sum(len(line.text) for line in self._taken)
        return _Row(self._taken[0].number, cells, problem, size)

    def _cut(self) -> str:
        return TOO_LONG if any(line.cut for line in self._taken) else ""

    def _span(self) -> str:
        """A quote that is not closed takes the next lines with it."""
        last = self._taken[-1].number
        return f"; the row ends with line {last:,}" if last > self._taken[0].number else ""


def _text(line: Line) -> str:
    return line.text.decode("utf-8", "surrogateescape")


def _entry(row: _Row, fields: Sequence[Sequence[FieldPath]]) -> Entry:
    problem = row.problem or _misfit(row.cells, len(fields))
    if problem:
        return Entry("line", row.number, None, problem, row.size_bytes)
    event: dict[str, Any] = {}
    for its_fields, cell in zip(fields, row.cells, strict=True):
        for field in its_fields if cell.strip() else ():
            try:
                field.put(event, field.read(cell))
            except BadValue as error:
                return Entry("line", row.number, None, str(error), row.size_bytes, field.dotted)
    return Entry("line", row.number, event, "", row.size_bytes)


def _misfit(cells: Sequence[str], columns: int) -> str:
    if len(cells) != columns:
        return f"this row has {len(cells)} cells, the header {columns}"
    if any(ord(char) in _HALF_A_BYTE for cell in cells if not cell.isascii() for char in cell):
        return NOT_UTF8
    return ""
