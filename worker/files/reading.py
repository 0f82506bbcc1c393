"""Read any file of events, whatever its form, packing and encoding."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Final

from worker.files.cells import Locale
from worker.files.columns import fields_of
from worker.files.event_file import Entry, read_entries
from worker.files.event_table import DELIMITERS, DRAWN, UnusableTable, read_table
from worker.files.input_file import InputFile
from worker.files.packing import Unpacked
from worker.files.text import utf8_of

JSON_FORM: Final = "ndjson"
TABLE_FORM: Final = "csv"
_TABLE_ENDINGS: Final = frozenset((".csv", ".tsv"))
_JSON_BEGINS: Final = (b"{", b"[")
_DRAWN_BEGINS: Final = (b"-[ RECORD ", b"**********", b"+-----", "┌──".encode())
"""Matches psql's expanded form, MySQL's, and boxes."""

_LOOKED_AT: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read a file; name and content decide what is not given here.

    Attributes:
        form: `ndjson` or `csv`.
        columns: field → column of a table.
        encoding: Python's name of it.
        locale: how times and amounts are written in a table.
    """

    form: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None
    locale: Locale = Locale()


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file holds.

    Attributes:
        fields: dotted fields for which a table has columns; `None` if it is no table.
        left_out: names of the columns that are no fields.
        entries: in order.
    """

    fields: frozenset[str] | None
    left_out: Sequence[str]
    entries: Iterator[Entry]


@contextmanager
def contents_of(
    source: InputFile, reading: Reading, tell: Callable[[str], None]
) -> Iterator[Contents]:
    """Open a file; its entries are read when they are needed.

    Args:
        source: the file.
        reading: how to read it.
        tell: is called with what was guessed of the file as a whole.

    Raises:
        UnreadableFile: the file is broken, or has a format that is not supported.
        UnusableTable: its header does not say what the columns are.
    """
    with source.content() as content:
        stream = utf8_of(content.stream, reading.encoding if not content.is_table else None)
        head = stream.peek(_LOOKED_AT)
        if head.startswith(_DRAWN_BEGINS):
            raise UnusableTable(DRAWN)
        if not _is_table(content, reading, head):
            yield Contents(None, (), read_entries(stream))
            return
        table = read_table(stream, reading.columns, reading.locale, tell)
        yield Contents(table.fields, table.left_out, table.rows)


def _is_table(content: Unpacked, reading: Reading, head: bytes) -> bool:
    if content.is_table or reading.form:
        return content.is_table or reading.form == TABLE_FORM
    if reading.columns or PurePath(content.name.lower()).suffix in _TABLE_ENDINGS:
        return True
    start = head.lstrip()
    return not start.startswith(_JSON_BEGINS) and _has_header(start)


def _has_header(start: bytes) -> bool:
    """Return whether the first line names fields of an event."""
    line = start.partition(b"\n")[0].decode("utf-8", "replace").removeprefix("\ufeff")
    names = line.translate(dict.fromkeys(map(ord, DELIMITERS + '"'), "\n")).splitlines()
    return any(fields_of([name.strip() for name in names], {}))
