"""Reads events out of a file, one at a time: one a line (NDJSON), a JSON array, or one object.

What is no event is an entry of its own, with the place where it stands: the others go on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, BinaryIO, Final

import orjson

from worker.explain import UnreadableEventsError

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_NO_OBJECT: Final = "an event is a JSON object, in braces"


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of a file, or what stands in its place.

    Attributes:
        unit: what `number` counts: `line`, or in an array `event`.
        number: from 1.
        event: the event; `None` when there is none.
        problem: why there is none; quotes nothing of the file.
        size_bytes: how much of the file it takes, for a progress bar.
    """

    unit: str
    number: int
    event: dict[str, Any] | None
    problem: str
    size_bytes: int


def read_entries(stream: BinaryIO) -> Iterator[Entry]:
    """The entries of a file, in order; blank lines are none.

    Lines are read as they are wanted; an array, or an object of several lines, is held whole.

    Raises:
        UnreadableEventsError: it begins like an array, and is not JSON as a whole.
    """
    lines = _numbered(stream)
    first = next(lines, None)
    if first is None:
        return iter(())
    number, text = first
    if text.lstrip().startswith(b"["):
        return _of_array(text + stream.read(), number)
    if _parsed(text) is None and (rest := stream.read()):
        return _of_object_or_lines(text + rest, number)
    return _of_lines(chain([first], lines))


def _numbered(lines: Iterable[bytes], start: int = 1) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(lines, start):
        text = line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line
        if text.strip():
            yield number, text


def _of_lines(lines: Iterable[tuple[int, bytes]]) -> Iterator[Entry]:
    for number, text in lines:
        yield _entry("line", number, text)


def _entry(unit: str, number: int, text: bytes) -> Entry:
    try:
        event = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        # Its msg alone: the error as a whole holds the text.
        problem = f"this is no JSON: {error.msg}, column {error.colno}"
        return Entry(unit, number, None, problem, len(text))
    return _checked(unit, number, event, len(text))


def _checked(unit: str, number: int, event: Any, size_bytes: int) -> Entry:
    if isinstance(event, dict):
        return Entry(unit, number, event, "", size_bytes)
    return Entry(unit, number, None, _NO_OBJECT, size_bytes)


def _of_array(document: bytes, first_line: int) -> Iterator[Entry]:
    try:
        events = orjson.loads(document)
    except orjson.JSONDecodeError as error:
        where = {"line": first_line + error.lineno - 1, "column": error.colno}
        problem = f"this is no JSON: {error.msg}"
    else:
        share = len(document) // max(len(events), 1)
        return (_checked("event", i, event, share) for i, event in enumerate(events, 1))
    raise UnreadableEventsError(problem, **where)


def _of_object_or_lines(document: bytes, first_line: int) -> Iterator[Entry]:
    """An object over several lines; if it is none, a first line that is broken, and others."""
    event = _parsed(document)
    if isinstance(event, dict):
        return iter([_checked("line", first_line, event, len(document))])
    return _of_lines(_numbered(document.split(b"\n"), first_line))


def _parsed(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
