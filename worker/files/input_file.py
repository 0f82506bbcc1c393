"""A file of events, or standard input: its unpacked bytes, from the start as often as needed."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from worker.files.packing import Unpacked, unpacked
from worker.files.unreadable import UnreadableFile

STANDARD_INPUT: Final = "-"

_PART_BYTES: Final = 1024 * 1024


class InputFile:
    """Where events are read from; the content tells whether it is compressed.

    Args:
        raw: the raw bytes, unbuffered.
        name: name for messages.
        once: whether to read it only once, even if it could be read again.

    Attributes:
        repeatable: whether it can be read again.
        size_bytes: size of the raw bytes; `None` if unknown.
    """

    def __init__(self, raw: BinaryIO, name: str, *, once: bool = False) -> None:
        self.repeatable = raw.seekable() and not once
        self.size_bytes = raw.seek(0, os.SEEK_END) if self.repeatable else None
        self._raw = raw
        self._name = name
        self._position = 0
        self._packed = False

    def digest(self, advance: Callable[[int], None]) -> str:
        """Return a digest of the content; reads all of it, and calls `advance` on the way."""
        self._raw.seek(0)
        digest = blake2b(digest_size=16)
        while part := self._raw.read(_PART_BYTES):
            digest.update(part)
            advance(len(part))
        return f"{digest.hexdigest()}-{self.size_bytes}"

    @contextmanager
    def content(self) -> Iterator[Unpacked]:
        """Yield the unpacked content from its start.

        Raises:
            UnreadableFile: the file is broken, or has a format that is not supported.
        """
        self._position = 0
        if self.repeatable:
            self._raw.seek(0)
        buffered: io.BufferedReader = io.BufferedReader(cast("Any", self._raw), _PART_BYTES)
        try:
            with unpacked(buffered, self._name) as content:
                self._packed = content.packed
                yield content
        except OSError as error:
            if isinstance(error, UnreadableFile):
                raise
            raise UnreadableFile(f"cannot read {self._name}: {error.strerror}") from error
        finally:
            buffered.detach()  # closing it would close what it reads from

    def moved(self, size_bytes: int) -> int:
        """Return how many raw bytes were read since the last call, for so many bytes of content."""
        if not (self._packed and self.repeatable):
            return size_bytes
        before, self._position = self._position, self._raw.tell()
        return self._position - before


@contextmanager
def opened(path: str, *, again: bool = False) -> Iterator[InputFile]:
    """Open a file, or standard input for ``-``.

    Args:
        path: what to open.
        again: whether it must be readable twice; otherwise unreadable streams are kept in memory.

    Raises:
        UnreadableFile: the file cannot be opened.
    """
    if path == STANDARD_INPUT:
        yield _input(sys.stdin.buffer, path, again=again, once=True)
        return
    with _file(path) as file:
        yield _input(file, path, again=again, once=not file.seekable())


def _file(path: str) -> BinaryIO:
    try:
        return cast("BinaryIO", Path(path).open("rb", buffering=0))
    except OSError as error:
        raise UnreadableFile(f"cannot read {path}: {error.strerror}") from error


def _input(raw: BinaryIO, path: str, *, again: bool, once: bool) -> InputFile:
    if again and once:
        return InputFile(io.BytesIO(raw.read()), path)
    return InputFile(raw, path, once=once)
