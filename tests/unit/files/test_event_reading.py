"""Files of events are read entry by entry, in flat memory, packed or not."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from worker.files.event_file import LINE_BYTES, TOO_LONG, Entry, read_entries
from worker.files.event_table import read_table
from worker.files.input_file import InputFile, opened
from worker.files.unreadable import UnreadableFile

EVENT = b'{"event": "Purchase"}\n'


class Tape(io.RawIOBase):
    """A stream that is made as it is read, without an end if so wanted."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(parts)
        self._rest = b""

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """The next bytes."""
        self._rest = self._rest or next(self._parts, b"")
        part, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)


def endless(*first: bytes, then: bytes) -> BinaryIO:
    """These parts, and then the last one for ever."""

    def parts() -> Iterable[bytes]:
        yield from first
        while True:
            yield then

    return cast("BinaryIO", io.BufferedReader(Tape(parts())))


def places(entries: Iterable[Entry]) -> list[tuple[int, bool]]:
    """Where entries stand, and whether they are events."""
    return [(entry.number, entry.event is not None) for entry in entries]


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        ((), [(1, True), (2, True), (3, True)]),
        ((b"oops\n",), [(1, False), (2, True), (3, True)]),
        ((b"{\n", b"\n"), [(1, False), (3, True), (4, True)]),
    ],
    ids=["events", "a broken first line", "a first line that opens an object"],
)
def test_a_file_without_an_end_is_read_as_it_comes(
    first: tuple[bytes, ...], expected: list[tuple[int, bool]]
) -> None:
    """No more than some megabytes are ever held."""
    entries = read_entries(endless(*first, then=EVENT))
    assert places(islice(entries, 3)) == expected


def test_a_line_without_an_end_is_one_refusal() -> None:
    """It is passed over in pieces, and what follows it is read."""
    long = [b"x" * 65_536] * (2 * LINE_BYTES // 65_536)
    tape = cast("BinaryIO", io.BufferedReader(Tape([EVENT, *long, b"\n", EVENT])))
    first, second, third = read_entries(tape)
    assert places([first, second, third]) == [(1, True), (2, False), (3, True)]
    assert second.problem == TOO_LONG


def test_an_array_in_one_long_line_is_read_whole() -> None:
    """Exporters write it so; its size is no mistake."""
    one = b'{"event": "Purchase", "description": "' + b"x" * 50_000 + b'"}'
    document = b"[" + b",".join([one] * 200) + b"]"
    assert len(document) > LINE_BYTES
    entries = list(read_entries(io.BytesIO(document)))
    assert (len(entries), entries[-1].unit, entries[-1].number) == (200, "event", 200)


def test_a_table_without_an_end_is_read_as_it_comes() -> None:
    """A row at a time."""
    table = read_table(endless(b"event,event_id\n", then=b"Lead,7\n"), {})
    assert places(islice(table.rows, 3)) == [(2, True), (3, True), (4, True)]


# --- packed --------------------------------------------------------------------------------


def content(path: Path, *, again: bool = False) -> bytes:
    """What is read from a file, twice if so wanted."""
    with opened(str(path), again=again) as source:
        for _ in range(1 + again):
            with source.content() as unpacked:
                text = unpacked.stream.read()
    return text


@pytest.mark.parametrize("name", ["events.ndjson", "events.gz", "events"])
def test_gzip_is_known_by_its_content(tmp_path: Path, name: str) -> None:
    """Whatever the file is called."""
    file = tmp_path / name
    file.write_bytes(EVENT)
    assert content(file) == EVENT
    file.write_bytes(gzip.compress(EVENT) + gzip.compress(EVENT))
    assert content(file, again=True) == EVENT * 2


def test_a_broken_gzip_file_is_named(tmp_path: Path) -> None:
    """What could be unpacked was read before."""
    file = tmp_path / "events.gz"
    file.write_bytes(gzip.compress(EVENT * 1_000)[:-20])
    with pytest.raises(UnreadableFile, match=r"events\.gz is broken as a gzip file"):
        content(file)


def test_progress_counts_the_bytes_of_the_file(tmp_path: Path) -> None:
    """Of a packed one too, whose content is larger."""
    file = tmp_path / "events.gz"
    file.write_bytes(gzip.compress(EVENT * 100_000))
    with opened(str(file)) as source, source.content() as unpacked:
        read = unpacked.stream.read
        moved = [source.moved(len(part)) for part in iter(lambda: read(65_536), b"")]
        assert sum(moved) == source.size_bytes == file.stat().st_size


def test_a_digest_tells_contents_apart(tmp_path: Path) -> None:
    """The same bytes have the same one, wherever they stand."""
    digests = []
    for name, text in (("a", EVENT), ("b", EVENT), ("c", EVENT * 2)):
        (tmp_path / name).write_bytes(text)
        with opened(str(tmp_path / name)) as source:
            digests.append(source.digest(lambda _: None))
    assert digests[0] == digests[1]
    assert digests[0] != digests[2]


def test_what_cannot_be_read_twice_is_held_if_it_must_be() -> None:
    """A pipe, for example."""
    assert not InputFile(cast("BinaryIO", Tape([EVENT])), "-", once=True).repeatable
