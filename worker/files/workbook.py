"""Convert the first sheet of an Excel workbook (.xlsx) to CSV, a row at a time.

openpyxl reads it: pure Python, MIT, and it holds one row in memory, not the sheet. A row of the
sheet is a line of the CSV, so that messages name rows as Excel shows them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final, cast
from warnings import catch_warnings, simplefilter
from zipfile import ZipFile

from tiktok_events.errors import TikTokEventsError
from worker.files.text import buffered

UNPACKED_BYTES: Final = 512 * 1024 * 1024
"""Size limit of all parts of a workbook; its texts and one row are kept in memory, as objects."""

ALWAYS_BYTES: Final = 16 * 1024 * 1024
RATIO: Final = 100
"""Limit of the unpacked to the packed size, from `ALWAYS_BYTES` on: sheets stay below 50, bombs
reach 1,000.
"""

ROWS: Final = 1_048_576
"""Source: https://support.microsoft.com/en-us/office/excel-specifications-and-limits-
1672b34d-7043-467e-8e27-269d656771c3 (read 2026-11-30)."""

_EXACT: Final = 10**15
"""From here on, Excel has rounded a number."""


class UnreadableWorkbook(TikTokEventsError, ValueError):
    """A workbook is broken, or too large."""


def csv_of_workbook(archive: ZipFile) -> io.BufferedReader:
    """Return the first sheet as CSV in UTF-8.

    Raises:
        UnreadableWorkbook: the workbook is too large or, while it is read, is broken.
    """
    parts = archive.infolist()
    size = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    most = min(UNPACKED_BYTES, max(ALWAYS_BYTES, RATIO * packed))
    if size > most:
        raise UnreadableWorkbook(
            f"the workbook takes {size:,} bytes when it is unpacked, at most {most:,} are read: "
            "save it as CSV"
        )
    return buffered(_lines(archive))


def _lines(archive: ZipFile) -> Iterator[bytes]:
    try:
        width = 0
        for row in _rows(archive):
            cells = _cells(row)
            width = width or len(cells)  # a row ends with its own last cell, not with the header's
            yield _line(cells + [""] * (width - len(cells)) if cells else cells)
    except UnreadableWorkbook:
        raise
    except Exception as error:  # openpyxl raises any of a dozen types for broken XML
        raise UnreadableWorkbook("it is broken as an Excel workbook") from error


def _rows(archive: ZipFile) -> Iterator[Sequence[Any]]:
    from openpyxl import load_workbook  # noqa: PLC0415 — because only workbooks need it

    with catch_warnings():
        simplefilter("ignore")  # warnings about styles and extensions, which hold no data
        file = cast("Any", archive.fp)
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        if not book.worksheets:
            raise UnreadableWorkbook("the workbook has no sheet")
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # some programs write a wrong size
        yield from sheet.iter_rows(max_row=ROWS, values_only=True)


def _cells(row: Sequence[Any]) -> list[str]:
    """Return the cells up to the last that holds something."""
    cells = [_text(value) for value in row]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _line(cells: Sequence[str]) -> bytes:
    """Return a line with all cells quoted, so that only the commas between them separate."""
    out = io.StringIO()
    if cells:
        csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="").writerow(cells)
    return out.getvalue().encode("utf-8", "replace") + b"\n"


def _text(value: Any) -> str:
    """Return a cell as people see it; a line feed would make two lines of a row."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    if isinstance(value, float):
        return f"{value:.15g}"  # as exact as Excel is: 0.1 + 0.2 is 0.3
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    return " ".join(str(value).splitlines())
