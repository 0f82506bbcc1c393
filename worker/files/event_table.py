"""Read events from a table (CSV): one a row, with columns named like the event's fields.

Memory use stays flat. A malformed row becomes an entry, like a line that is no JSON.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, BinaryIO, Final

from schemas.values import BadValue, FieldPath
from tiktok_events.errors import TikTokEventsError
from worker.files.cells import ABSENT, CellReader, Locale
from worker.files.columns import fields_of
from worker.files.event_file import TOO_LONG, Entry, Line, read_lines
from worker.files.items import into_contents, is_item
from worker.files.moments import order_of
from worker.files.text import LineText

DELIMITERS: Final = ",;\t|"
"""The delimiter is the one that splits the header into the most cells."""

NOT_TEXT: Final = "this is not in the encoding of the lines before; --encoding says which it is"
LONE_RETURN: Final = "a carriage return stands in a cell without quotes"
GOES_ON: Final = "a cell goes on in the next line (psql's +); export with psql --csv"
DRAWN: Final = "this is a drawn table; export it as CSV (psql --csv, mysql --batch)"

_QUOTED: Final = re.compile(r'"[^"]*"')
_DELIMITER_LINE: Final = re.compile(r"sep=([,;\t|])", re.IGNORECASE)
"""The line that tells Excel the delimiter, which some programs write."""

_RULE: Final = re.compile(r"-{3,}(\+-{3,})*")
"""Matches the line between psql's header and its rows."""

_LOOKED_AT: Final = 1_000
"""How many rows may show whether dates begin with the day or the month; they are kept in memory."""

_FOOTER: Final = re.compile(r"\(\d+ rows?\)")
_BOX: Final = re.compile(r"\+[-=+]+\+")
_HALF_A_BYTE: Final = range(0xDC80, 0xDD00)
"""Replaces bytes that cannot be decoded."""


class UnusableTable(TikTokEventsError, ValueError):
    """The header does not tell what the columns are."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose header has been read.

    Attributes:
        fields: dotted fields that its columns have.
        left_out: names of the columns that are no fields.
        rows: the entries, in order.
    """

    fields: frozenset[str]
    left_out: Sequence[str]
    rows: Iterator[Entry]


def read_table(
    stream: BinaryIO,
    columns: Mapping[str, str],
    locale: Locale | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Table:
    """Read the header; rows are read when they are needed.

    Args:
        stream: the content, with line feeds only.
        columns: field of the event → column, for columns that are not named like their field.
        locale: how times and amounts are written.
        tell: is called with what was guessed of the table as a whole.

    Raises:
        UnusableTable: no column is a field, two are the same, or an expected column is missing. The
            message quotes only fields from the header: without a header, the first line may be
            personal data.
    """
    rows = Rows(stream, tell)
    header = [name.strip() for name in rows.header()]
    fields = fields_of(header, columns)
    _check_header(header, fields, columns)
    left_out = [name for name, its in zip(header, fields, strict=True) if name and not its]
    known = frozenset(field.dotted for its in fields for field in its)
    reader = CellReader(locale or Locale(), rows.delimiter, tell)
    return Table(known, left_out, _entries(rows, fields, reader))


def _entries(
    rows: Iterable[Row], fields: Sequence[Sequence[FieldPath]], reader: CellReader
) -> Iterator[Entry]:
    """Yield the entries; the first rows are read ahead if they may show the order of dates."""
    rest = iter(rows)
    times = [at for at, its in enumerate(fields) if any(f.dotted == "event_time" for f in its)]
    first = list(islice(rest, _LOOKED_AT)) if times and reader.dates is None else []
    if first:
        cells = (row.cells[at] for row in first for at in times if at < len(row.cells))
        reader.dates = order_of(cells)
    return (_entry(row, fields, reader) for row in chain(first, rest))


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
class Row:
    """A row of a table.

    Attributes:
        number: number of the line on which it begins.
        cells: its cells; empty if there is a problem.
        problem: why it is no valid row; empty if it is one.
        size_bytes: how much of the file it takes.
    """

    number: int
    cells: Sequence[str]
    problem: str
    size_bytes: int


class Rows:
    """Yields the rows of a table, each with the line on which it begins.

    Args:
        stream: the content, with line feeds only.
        tell: is called with what was guessed of the table as a whole.

    Attributes:
        delimiter: what separates the cells, once the header has been read.
    """

    def __init__(self, stream: BinaryIO, tell: Callable[[str], None]) -> None:
        self._lines = read_lines(stream)
        self._text = LineText(tell)
        self._taken: list[Line] = []
        self._drawn = False
        self.delimiter = ""

    def header(self) -> Sequence[str]:
        """Return the names of the columns; call it first."""
        text = self._first_text()
        if named := _DELIMITER_LINE.fullmatch(text.strip('\r\n"')):
            self.delimiter = named[1]
            text = self._first_text()
        if _BOX.fullmatch(text.strip()):
            raise UnusableTable(DRAWN)
        bare = _QUOTED.sub("", text)
        self.delimiter = self.delimiter or max(DELIMITERS, key=bare.count)
        try:
            return next(self._reader([text], strict=False), ())
        except csv.Error as error:
            raise UnusableTable(f"the header is no CSV: {_words(error)}") from error

    def _first_text(self) -> str:
        """Return the next line that is not blank."""
        first = next((line for line in self._lines if line.text.strip()), None)
        return "" if first is None or first.cut else self._text(first.text)

    def _reader(self, texts: Iterable[str], *, strict: bool) -> Any:
        return csv.reader(texts, delimiter=self.delimiter, strict=strict, skipinitialspace=True)

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows after the header; blank lines are skipped."""
        reader = self._reader(self._texts(), strict=True)
        while True:
            self._taken.clear()
            try:
                row = self._row(next(reader), self._cut())
            except StopIteration:
                return
            except csv.Error as error:
                row = self._row((), f"this is no CSV: {_words(error)}{self._span()}")
            if self._is_ornament(row.cells):
                continue
            if row.problem or any(line.text.strip() for line in self._taken):
                yield row

    def _texts(self) -> Iterator[str]:
        for line in self._lines:
            self._taken.append(line)
            yield "" if line.cut else self._text(line.text)

    def _is_ornament(self, cells: Sequence[str]) -> bool:
        """Return whether a row is only psql's frame around rows."""
        text = cells[0].strip() if len(cells) == 1 else ""
        is_rule = _RULE.fullmatch(text) is not None
        self._drawn = self._drawn or is_rule
        return is_rule or _FOOTER.fullmatch(text) is not None

    def _row(self, cells: Sequence[str], problem: str) -> Row:
        if not problem and self._drawn and any(cell.endswith("+") for cell in cells):
            problem = GOES_ON
        size = sum(len(line.text) for line in self._taken)
        return Row(self._taken[0].number, cells, problem, size)

    def _cut(self) -> str:
        return TOO_LONG if any(line.cut for line in self._taken) else ""

    def _span(self) -> str:
        """Join lines while a quote is open."""
        last = self._taken[-1].number
        return f"; the row ends with line {last:,}" if last > self._taken[0].number else ""


def _words(error: csv.Error) -> str:
    """Return what is wrong: Python's words about line ends are for programmers."""
    text = str(error)
    return LONE_RETURN if text.startswith("new-line character") else text


def _entry(row: Row, fields: Sequence[Sequence[FieldPath]], reader: CellReader) -> Entry:
    problem = row.problem or misfit(row.cells, len(fields))
    if problem:
        return Entry("line", row.number, None, problem, row.size_bytes)
    event: dict[str, Any] = {}
    for its_fields, cell in zip(fields, row.cells, strict=True):
        for field in its_fields:
            try:
                value = reader.read(field, cell)
                if value is not ABSENT:
                    field.put(event, value)
            except BadValue as error:
                return Entry("line", row.number, None, str(error), row.size_bytes, field.dotted)
    if any(is_item(field) for its_fields in fields for field in its_fields):
        into_contents(event)
    return Entry("line", row.number, event, "", row.size_bytes)


def misfit(cells: Sequence[str], columns: int) -> str:
    """Return why cells do not fit a header of so many columns; empty if they do."""
    if len(cells) != columns:
        return f"this row has {len(cells)} cells, the header {columns}"
    if any(ord(char) in _HALF_A_BYTE for cell in cells if not cell.isascii() for char in cell):
        return NOT_TEXT
    return ""
