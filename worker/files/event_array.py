"""Read events out of a JSON array, one at a time: memory use does not grow with the array.

A megabyte of gzip can hold a gigabyte of JSON, and that takes several as Python's objects.
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from collections.abc import Iterator
from json import JSONDecodeError, JSONDecoder
from typing import Final

from tiktok_events.errors import TikTokEventsError

EVENT_CHARS: Final = 4 * 1024 * 1024
"""Characters of one event, blanks included; no event is as large."""

_BLANKS: Final = re.compile(r"[ \t\n\r]*")
_NEAR_THE_END: Final = 16
"""A word that is cut off makes the parser fail at most so many characters before the end."""

_CUT_STRING: Final = ("Unterminated string", "Invalid \\")
_DECODER: Final = JSONDecoder()


class UnreadableEventsError(TikTokEventsError, ValueError):
    """The text is no list of JSON events.

    Attributes:
        line: where reading stopped, from 1.
        column: where in the line, from 1.
    """

    def __init__(self, problem: str, *, line: int = 1, column: int = 1) -> None:
        super().__init__(f"line {line}, column {column}: {problem}")
        self.line = line
        self.column = column


def values_of_array(parts: Iterator[bytes], first_line: int) -> Iterator[bytes]:
    """Yield the JSON of each value of an array, in order.

    Args:
        parts: parts of a document that begins like an array.
        first_line: the number of its first line in the file.

    Raises:
        UnreadableEventsError: the text is no JSON here, or a value is too large or nested too deep.
            The values before it have been yielded.
    """
    text = _Text(parts, first_line)
    text.take("[")
    if text.peek() == "]":
        text.take("]")
    else:
        yield text.value()
        while text.take(",", "]") == ",":
            yield text.value()
    text.end()


class _Text:
    """The text of a document, read a part at a time; what has been parsed is forgotten."""

    def __init__(self, parts: Iterator[bytes], line: int) -> None:
        self._parts = parts
        self._decoder = getincrementaldecoder("utf-8")()
        self._text = ""
        self._at = 0
        self._line = line
        self._column = 0

    def peek(self) -> str:
        """Return the next character that is no blank; `""` at the end."""
        while True:
            self._at = _BLANKS.match(self._text, self._at).end()  # type: ignore[union-attr]  # it matches anything
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def take(self, *allowed: str) -> str:
        """Return the next character, which must be one of these."""
        found = self.peek()
        if found not in allowed or not found:
            raise self._problem(f"this is no JSON: expected {' or '.join(allowed)}", self._at)
        self._at += 1
        return found

    def value(self) -> bytes:
        """Return the next whole value."""
        self.peek()
        while True:
            try:
                _, end = _DECODER.raw_decode(self._text, self._at)
            except JSONDecodeError as error:
                self._go_on(error)
            except RecursionError:
                raise self._problem("an event is nested too deep", self._at) from None
            else:
                if end < len(self._text) or not self._more():
                    found, self._at = self._text[self._at : end], end
                    return found.encode("utf-8", "surrogatepass")

    def end(self) -> None:
        """Check that nothing follows."""
        if self.peek():
            raise self._problem("this is no JSON: something follows the array", self._at)

    def _go_on(self, error: JSONDecodeError) -> None:
        """Read on, if the value may only be cut off."""
        cut = error.pos > len(self._text) - _NEAR_THE_END or error.msg.startswith(_CUT_STRING)
        if cut and len(self._text) - self._at > EVENT_CHARS:
            raise self._problem(f"an event has at most {EVENT_CHARS:,} characters", self._at)
        problem = self._problem(f"this is no JSON: {error.msg}", error.pos)
        if not cut or not self._more():
            raise problem from None

    def _more(self) -> bool:
        """Read another part; return whether there was one."""
        part = next(self._parts, None)
        self._forget()
        try:
            self._text += self._decoder.decode(part or b"", final=part is None)
        except UnicodeDecodeError:
            raise self._problem("this is not UTF-8", len(self._text)) from None
        return part is not None

    def _forget(self) -> None:
        self._line, self._column = self._place(self._at)
        self._text, self._at = self._text[self._at :], 0

    def _place(self, at: int) -> tuple[int, int]:
        """Return the line and the column of a place in the text."""
        lines = self._text.count("\n", 0, at)
        column = at - self._text.rfind("\n", 0, at) - 1 if lines else self._column + at
        return self._line + lines, column

    def _problem(self, words: str, at: int) -> UnreadableEventsError:
        line, column = self._place(at)
        return UnreadableEventsError(words, line=line, column=column + 1)
