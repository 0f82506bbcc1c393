"""Read events from a file, one at a time: one a line (NDJSON), a JSON array, or one object.

What is no event becomes an entry with its place, and the other events are still read. Memory use
stays flat.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, BinaryIO, Final

import orjson

from worker.files.event_array import UnreadableEventsError, values_of_array

LINE_BYTES: Final = 8 * 1024 * 1024
"""Characters of a line; no event is as large, so a longer line means a file without line ends."""

OBJECT_BYTES: Final = 4 * 1024 * 1024
"""Characters of one object over several lines, which is tried if the first line is no JSON."""

PART_BYTES: Final = 256 * 1024
"""Characters of an array that are read at a time."""

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
NOT_UTF8: Final = "this is not UTF-8; if the whole file is not, --encoding says what it is"
_NO_OBJECT: Final = "an event is a JSON object, in braces"
TOO_LONG: Final = f"a line has at most {LINE_BYTES:,} bytes"


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of a file, or what is in its place.

    Attributes:
        unit: what `number` counts: a `line`, or in an array an `event`.
        number: number from 1, growing.
        event: the event; `None` if there is none.
        problem: why there is no event; quotes nothing of the file.
        size_bytes: how much of the file it takes, for a progress bar.
        path: dotted path of the problem in the event; empty for the whole event.
    """

    unit: str
    number: int
    event: dict[str, Any] | None
    problem: str
    size_bytes: int
    path: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file.

    Attributes:
        number: number from 1.
        text: the line with its end.
        cut: whether the text is only the beginning, because the line is too long.
    """

    number: int
    text: bytes
    cut: bool


def read_entries(stream: BinaryIO) -> Iterator[Entry]:
    """Yield the entries of a JSON file, in order; blank lines are skipped."""
    lines = (line for line in read_lines(stream) if line.text.strip())
    first = next(lines, None)
    if first is None:
        return iter(())
    if first.text.lstrip().startswith(b"["):
        return _of_array(first, stream)
    if _parsed(first.text) is None:
        return _of_object_or_lines(first, lines)
    return map(_entry, chain([first], lines))


def read_lines(stream: BinaryIO) -> Iterator[Line]:
    """Yield the lines of a file, without a byte order mark."""
    number = 0
    while text := stream.readline(LINE_BYTES):
        number += 1
        if number == 1:
            text = text.removeprefix(_BYTE_ORDER_MARK)
        cut = len(text) == LINE_BYTES and not text.endswith(b"\n")
        yield Line(number, text, cut)
        if cut:
            _skip_line(stream)


def _skip_line(stream: BinaryIO) -> None:
    while (part := stream.readline(LINE_BYTES)) and not part.endswith(b"\n"):
        pass


def _entry(line: Line) -> Entry:
    if line.cut:
        return Entry("line", line.number, None, TOO_LONG, len(line.text))
    return _read("line", line.number, line.text)


def _read(unit: str, number: int, text: bytes) -> Entry:
    try:
        event = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return Entry(unit, number, None, _no_json(error, text), len(text))
    return _checked(unit, number, event, len(text))


def _no_json(error: orjson.JSONDecodeError, text: bytes) -> str:
    """Return what is wrong, and where, from the error's msg: the whole error quotes the text."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return NOT_UTF8
    return f"this is no JSON: {error.msg}, column {error.colno}"


def _checked(unit: str, number: int, event: Any, size_bytes: int) -> Entry:
    if isinstance(event, dict):
        return Entry(unit, number, event, "", size_bytes)
    return Entry(unit, number, None, _NO_OBJECT, size_bytes)


def _of_array(first: Line, stream: BinaryIO) -> Iterator[Entry]:
    """Yield an array's values; if it breaks off, a last entry tells where."""
    parts = chain([first.text], iter(lambda: stream.read(PART_BYTES), b""))
    number = 0
    try:
        for number, text in enumerate(values_of_array(parts, first.number), 1):
            yield _read("event", number, text)
    except UnreadableEventsError as error:
        yield Entry("event", number + 1, None, f"{error}; nothing behind it was read", 0)


def _of_object_or_lines(first: Line, lines: Iterator[Line]) -> Iterator[Entry]:
    """Yield the entry of an object over several lines, or else an entry for each line."""
    ahead = list(_ahead(first, lines))
    document = b"".join(line.text for line in ahead)
    event = _parsed(document)
    if isinstance(event, dict):
        return iter([_checked("line", first.number, event, len(document))])
    following = next(lines, None)
    is_object = first.text.lstrip().startswith(b"{") and following is None
    if is_object and not any(_parsed(line.text) for line in ahead):
        return iter([_broken(first.number, document)])
    return map(_entry, chain(ahead, [following] if following else [], lines))


def _broken(number: int, document: bytes) -> Entry:
    """Return one entry for a broken object: its place says more than a refusal of each line."""
    try:
        orjson.loads(document)
    except orjson.JSONDecodeError as error:
        problem = _no_json(error, document)
        return Entry("line", number + error.lineno - 1, None, problem, len(document))
    return Entry("line", number, None, _NO_OBJECT, len(document))


def _ahead(first: Line, lines: Iterable[Line]) -> Iterator[Line]:
    """Return the first lines, as many as an object over several lines may have."""
    size = 0
    for line in chain([first], lines):
        yield line
        size += len(line.text)
        if size > OBJECT_BYTES:
            return


def _parsed(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
