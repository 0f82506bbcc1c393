"""Convert the bytes of a file in any usual encoding to UTF-8 with line feeds.

UTF-8 passes through unchanged. UTF-16 is recognised by itself; between UTF-8 and Windows-1252 the
first line beyond ASCII decides, because no text in the one reads as the other.
"""

from __future__ import annotations

import io
from codecs import (
    BOM_UTF8,
    BOM_UTF16_BE,
    BOM_UTF16_LE,
    BOM_UTF32_BE,
    BOM_UTF32_LE,
    getincrementaldecoder,
)
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, Final

from worker.files.unreadable import UnreadableFile

HEAD_BYTES: Final = 64 * 1024
"""How many bytes are examined to find the encoding."""

_PART_BYTES: Final = 256 * 1024

# The longer marks first: that of UTF-32 begins with that of UTF-16.
_MARKS: Final = (
    (BOM_UTF32_LE, "utf-32"),
    (BOM_UTF32_BE, "utf-32"),
    (BOM_UTF16_LE, "utf-16"),
    (BOM_UTF16_BE, "utf-16"),
    (BOM_UTF8, "utf-8-sig"),
)

NO_TEXT: Final = (
    "the file is no text, and none of the formats that are read: JSON, CSV, .xlsx, gzip and zip"
)
_CONTROLS: Final = bytes({*range(32)} - set(b"\t\n\r\f\x1b"))
"""The share of undecodable bytes from which a file is no text; fewer are a fault of one row."""

READ_AS_1252: Final = "it is not UTF-8, so it is read as Windows-1252; --encoding says otherwise"


class Parts(io.RawIOBase):
    """A stream made of parts that come one by one."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(parts)
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Fill the buffer with what is ready; 0 at the end."""
        while not self._ready:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._ready = memoryview(part)
        target = memoryview(buffer).cast("B")
        size = min(len(target), len(self._ready))
        target[:size], self._ready = self._ready[:size], self._ready[size:]
        return size


def buffered(parts: Iterable[bytes]) -> io.BufferedReader:
    """Return a stream of lines, made of parts."""
    return io.BufferedReader(Parts(parts), _PART_BYTES)


def utf8_of(stream: io.BufferedIOBase, encoding: str | None = None) -> io.BufferedReader:
    """Return the stream as UTF-8 with line feeds.

    Args:
        stream: the stream, at its start.
        encoding: Python's name of its encoding; default: the content tells.

    Raises:
        UnreadableFile: the content is no text or, while it is read, is not in that encoding.
    """
    head = stream.read(HEAD_BYTES)
    parts: Iterator[bytes] = chain([head], iter(lambda: stream.read1(_PART_BYTES), b""))
    written_in = encoding or encoding_of(head)
    if written_in:
        parts = _decoded(parts, written_in)
        head = next(parts, b"")
        parts = chain([head], parts)
    if len(head.translate(None, _CONTROLS)) * 20 < len(head) * 19:
        raise UnreadableFile(NO_TEXT)
    if b"\r" in head[:-1] and b"\n" not in head:
        parts = (part.replace(b"\r", b"\n") for part in parts)
    return buffered(parts)


def encoding_of(head: bytes) -> str | None:
    """Return the encoding that the beginning shows; ``None`` for UTF-8 or similar."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    # Half of an ASCII text in UTF-16 is zeros, all on one side.
    pairs = len(head) // 2
    first, second = head[0 : 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    if max(first, second) * 2 <= pairs or min(first, second) * 10 > pairs:
        return None
    return "utf-16-be" if first > second else "utf-16-le"


def _decoded(parts: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    decoder = getincrementaldecoder(encoding)()
    done = 0
    for part in chain(parts, [b""]):
        try:
            yield decoder.decode(part, final=not part).encode()
        except UnicodeError as error:
            at = done + getattr(error, "start", 0)
            raise UnreadableFile(
                f"the file is not {encoding} throughout: the first fault is near byte {at + 1:,}"
            ) from None
        done += len(part)


class LineText:
    """Decodes lines; the first one beyond ASCII decides the encoding of all.

    Args:
        tell: is called once if the encoding is not UTF-8.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._encoding: str | None = None

    def __call__(self, line: bytes) -> str:
        """Return the text; an undecodable byte becomes half a surrogate pair."""
        if not line.isascii() and self._encoding is None:
            self._encoding = _superset_of_ascii(line)
            if self._encoding != "utf-8":
                self._tell(READ_AS_1252)
        return line.decode(self._encoding or "utf-8", "surrogateescape")


def _superset_of_ascii(line: bytes) -> str:
    try:
        line.decode()
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"
