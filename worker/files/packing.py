"""Unpack a file: gzip and zip are opened, other formats are named."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from lzma import LZMAError
from typing import Final, cast
from zipfile import BadZipFile, ZipFile, ZipInfo

from tiktok_events.errors import TikTokEventsError
from worker.files.unreadable import UnreadableFile
from worker.files.workbook import UnreadableWorkbook, csv_of_workbook

GZIP: Final = b"\x1f\x8b"
"""Source: RFC 1952 section 2.3.1, https://www.rfc-editor.org/rfc/rfc1952 (read 2026-11-22)."""

_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
"""Source: sections 4.3.7 and 4.3.16 of PKWARE's APPNOTE.TXT 6.3.10 (read 2026-11-30)."""

_AS_CSV: Final = "save it as CSV, or as .xlsx, and send that"
_UNPACK: Final = "unpack it, or pack it with gzip, and send that"
_FOREIGN: Final = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", f"an old Excel or Office file: {_AS_CSV}"),
    (b"PAR1", "a Parquet file: write it as CSV or as JSON lines, and send that"),
    (b"%PDF-", f"a PDF: {_AS_CSV}"),
    (b"{\\rtf", f"a text document: {_AS_CSV}"),
    (b"\x28\xb5\x2f\xfd", f"packed with zstd: {_UNPACK}"),
    (b"BZh", f"packed with bzip2: {_UNPACK}"),
    (b"\xfd7zXZ\x00", f"packed with xz: {_UNPACK}"),
    (b"7z\xbc\xaf\x27\x1c", f"packed with 7-Zip: {_UNPACK}"),
    (b"Rar!\x1a\x07", f"packed with RAR: {_UNPACK}"),
    (b"SQLite format 3\x00", "a SQLite database: export the rows as CSV, and send that"),
    (b"PGDMP", "a dump of PostgreSQL: export the rows as CSV, and send that"),
)
_HEAD_BYTES: Final = 16

HELD_BYTES: Final = 256 * 1024 * 1024
"""Size limit of a zip on standard input: a zip is read from its end, so it is kept in memory."""

_NO_DATA: Final = ("__MACOSX/", ".DS_Store")
"""Files that macOS adds to an archive."""

_ODF: Final = "mimetype"


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The content of a file.

    Attributes:
        stream: the content, from its start.
        name: name of the file inside; its ending tells the format.
        is_table: whether it is a table, whatever its name.
        packed: whether its bytes differ from the file's.
    """

    stream: io.BufferedIOBase
    name: str
    is_table: bool = False
    packed: bool = True


@contextmanager
def unpacked(file: io.BufferedReader, name: str) -> Iterator[Unpacked]:
    """Open the content of a file.

    Args:
        file: the file, at its start.
        name: name of the file.

    Raises:
        UnreadableFile: the file is broken, or has a format that is not supported.
    """
    head = file.peek(_HEAD_BYTES)[:_HEAD_BYTES]
    try:
        if head.startswith(GZIP):
            yield Unpacked(
                gzip.GzipFile(fileobj=file), name[:-3] if name.lower().endswith(".gz") else name
            )
        elif head.startswith(_ZIP):
            with ZipFile(_seekable(file, name)) as archive:
                yield _opened(archive, name)
        else:
            _refuse_foreign(head, name)
            yield Unpacked(file, name, packed=False)
    except gzip.BadGzipFile as error:
        raise UnreadableFile(f"{name} is broken as a gzip file: {error}") from error
    except (EOFError, zlib.error, LZMAError) as error:
        form = "gzip" if head.startswith(GZIP) else "zip"
        raise UnreadableFile(f"{name} is broken as a {form} file: {error}") from error
    except (BadZipFile, NotImplementedError, RuntimeError) as error:
        if not head.startswith(_ZIP):
            raise
        raise UnreadableFile(f"{name} is broken as a zip file, or locked by a password") from error
    except UnreadableWorkbook as error:
        raise UnreadableFile(f"{name}: {error}") from error


def _refuse_foreign(head: bytes, name: str) -> None:
    for signature, what in _FOREIGN:
        if head.startswith(signature):
            raise UnreadableFile(f"{name} is {what}")


def _seekable(file: io.BufferedReader, name: str) -> io.BufferedReader | io.BytesIO:
    if file.seekable():
        return file
    held = file.read(HELD_BYTES + 1)
    if len(held) > HELD_BYTES:
        raise UnreadableFile(f"{name} is a zip of over {HELD_BYTES:,} bytes: give it as a file")
    return io.BytesIO(held)


def _opened(archive: ZipFile, name: str) -> Unpacked:
    try:
        return _inside(archive, name)
    except TikTokEventsError:
        raise
    except ValueError as error:  # its directory leads to a place before the file's beginning
        raise BadZipFile from error


def _inside(archive: ZipFile, name: str) -> Unpacked:
    names = set(archive.namelist())
    if "xl/workbook.xml" in names:
        return Unpacked(csv_of_workbook(archive), name, is_table=True)
    if _ODF in names or "[Content_Types].xml" in names or "xl/workbook.bin" in names:
        raise UnreadableFile(f"{name} is a document of another program: {_AS_CSV}")
    files = [info for info in archive.infolist() if _holds_data(info)]
    if len(files) != 1:
        raise UnreadableFile(
            f"{name} is a zip of {len(files):,} files: unpack it and send each, since each has its "
            "own columns"
        )
    return Unpacked(cast("io.BufferedIOBase", archive.open(files[0])), files[0].filename)


def _holds_data(info: ZipInfo) -> bool:
    return not info.is_dir() and not info.filename.startswith(_NO_DATA)
