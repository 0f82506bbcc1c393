"""Workbooks and zip files are read as the table in them; what is not read is named."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from typing import Any

import pytest
from openpyxl import Workbook

from tests.builders.readers import Reader
from worker.files.unreadable import UnreadableFile

SIX = 1_767_247_200
"""2026-01-01 07:00 in Berlin."""

TABLE = "event,event_time,user.first_name,properties.value\nLead,1767247200,Zoë,59.98\n"
LEAD = {
    "event": "Lead",
    "event_time": SIX,
    "user": {"first_name": "Zoë"},
    "properties": {"value": 59.98},
}


def workbook(*rows: tuple[Any, ...]) -> bytes:
    """An .xlsx file of one sheet."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


ROWS = (
    ("event", "event_id", "event_time", "user.first_name", "properties.value", None),
    ("Lead", 1042, datetime.fromisoformat("2026-01-01 07:00"), "Zoë", 59.98),
    (),
    ("Lead", 'A, "B"\nC', 1_767_247_200, None, 0.1 + 0.2),
)  # fmt: skip


@pytest.mark.parametrize("name", ["orders.xlsx", "orders", "orders.csv"])
def test_a_workbook_is_read(reader: Reader, name: str) -> None:
    """Known by its content; its rows are numbered as Excel does."""
    first, second = reader.entries(workbook(*ROWS), name)
    assert (first.number, first.event) == (2, LEAD | {"event_id": "1042"})
    assert (second.number, second.event) == (
        4,
        {
            "event": "Lead",
            "event_id": 'A, "B" C',
            "event_time": SIX,
            "properties": {"value": 0.3},
        },
    )


def zipped(**files: bytes) -> bytes:
    """A zip file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)  # of no time of day: its bytes name a test
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def test_a_zip_of_one_file_is_read(reader: Reader) -> None:
    """What macOS puts beside it does not count."""
    beside = {"__MACOSX/._orders.csv": b"x"}
    assert reader.events(zipped(**{"orders.csv": TABLE.encode()}, **beside), "o.zip") == [LEAD]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (zipped(a=b"x", b=b"y"), "is a zip of 2 files: unpack it"),
        (zipped(mimetype=b"x"), "is a document of another program: save it as CSV"),
        (zipped(**{"xl/workbook.xml": b"<"}), "it is broken as an Excel workbook"),
        (zipped(a=b"x" * 99)[:-30], "is broken as a zip file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "an old Excel or Office file"),
        (b"PAR1" + bytes(99), "a Parquet file"),
        (b"%PDF-1.7", "a PDF"),
        (b"\x28\xb5\x2f\xfd" + bytes(9), "packed with zstd"),
        (bytes(range(256)) * 9, "the file is no text, and none of the formats"),
        (bytes(9_999), "the file is no text, and none of the formats"),
        (b"\xff\xfeabc", "the file is not utf-16 throughout"),
    ],
)
def test_what_is_not_read_is_named(reader: Reader, content: bytes, words: str) -> None:
    """With what to do instead."""
    with pytest.raises(UnreadableFile, match=words):
        reader.entries(content, "orders")


def test_a_workbook_that_unpacks_to_a_bomb_is_refused(reader: Reader) -> None:
    """By the sizes that its parts declare, beyond which nothing is unpacked."""
    bomb = zipped(**{"xl/workbook.xml": b"<c/>" * 5_000_000})
    assert len(bomb) < 100_000
    with pytest.raises(UnreadableFile, match="takes 20,000,000 bytes when it is unpacked"):
        reader.entries(bomb)


@pytest.mark.parametrize("text", [b"event_id,user.email\n1,a@example.com\n", b"{}\n", b"[{}]"])
def test_the_content_tells_a_table(reader: Reader, text: bytes) -> None:
    """Where the name does not."""
    assert len(reader.entries(text, "orders.txt")) == 1
