"""Whatever a file holds, it ends in entries, or in an error of ours: never in a traceback."""

from __future__ import annotations

import gzip
import io
import zipfile
from contextlib import suppress
from typing import BinaryIO, cast

from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from tiktok_events.errors import TikTokEventsError
from worker.files.input_file import InputFile
from worker.files.reading import Reading, contents_of

MARKS = (b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")
SEEDS = (
    b"event,event_time,user.email,properties.value\nLead,1767247200,ann@example.com,5\n",
    b'event;event_id\r"Lead";"1\r',
    b'{"event": "Lead"}\n{"event": \n',
    b'[{"event": "Lead"}, {"a": [[[',
    b"sep=;\nevent;event_time\nLead;01.01.2026 07:00\n",
    b" event | event_id\n-------+---\n Lead | 1 +\n(1 row)\n",
)


def _packed_seeds() -> tuple[bytes, ...]:
    book, out, plain = Workbook(), io.BytesIO(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    sheet.append(("event", "event_time"))
    sheet.append(("Lead", 5))
    book.save(out)
    with zipfile.ZipFile(plain, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("orders.csv", SEEDS[0])
    return gzip.compress(SEEDS[0]), plain.getvalue(), out.getvalue()


PACKED = _packed_seeds()


@st.composite
def damaged(draw: st.DrawFn, seeds: tuple[bytes, ...]) -> bytes:
    """A file that was cut, or in which bytes were changed."""
    content = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(content) - 1))
        content[at] = draw(st.integers(0, 255))
    end = draw(st.integers(0, len(content)) | st.just(len(content)))
    return bytes(content[:end])


MARKED = st.builds(lambda mark, rest: mark + rest, st.sampled_from(MARKS), st.binary(max_size=300))
LONG = st.builds(
    lambda seed, byte, count: seed + byte * count,
    st.sampled_from(SEEDS),
    st.sampled_from((b"x", b"\x00", b"\r", b'"', b",", b"[", b"\xe4")),
    st.sampled_from((1, 5_000, 200_000)),
)
FILES = st.one_of(MARKED, damaged(SEEDS), damaged(PACKED), LONG)
READINGS = st.builds(
    Reading,
    form=st.sampled_from((None, "csv", "ndjson")),
    encoding=st.sampled_from((None, None, None, "utf-16", "cp1252", "ascii", "utf-7")),
)


def read(source: InputFile, reading: Reading) -> None:
    """Read all entries; an error of ours is printed as a sentence by the command."""
    with suppress(TikTokEventsError), contents_of(source, reading, lambda _: None) as contents:
        for entry in contents.entries:
            assert (entry.event is None) == bool(entry.problem)
            assert entry.number >= 1


@given(content=FILES, reading=READINGS)
@settings(max_examples=250, deadline=None)
def test_any_file_ends_in_entries_or_a_sentence(content: bytes, reading: Reading) -> None:
    """A refusal has a reason and a place; an event is an object."""
    read(InputFile(cast("BinaryIO", io.BytesIO(content)), "orders"), reading)


class Pipe(io.BytesIO):
    """It cannot be read again, nor from its end."""

    def seekable(self) -> bool:
        """It is not."""
        return False


@given(content=damaged((*PACKED, *SEEDS)))
@settings(max_examples=50, deadline=None)
def test_a_pipe_ends_so_too(content: bytes) -> None:
    """Packed or not."""
    read(InputFile(cast("BinaryIO", Pipe(content)), "-", once=True), Reading())
