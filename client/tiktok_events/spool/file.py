"""The SQLite file of a spool: created whole, opened once per process, closed before every fork.

Write-ahead log, `synchronous=NORMAL`: a transaction is one write, without waiting for the
disk. A process may be killed at any line; a machine that loses power loses about the last
second, as it does with Redis' `appendfsync everysec`, and the file stays sound.

A child must never use a connection of its parent: SQLite would rely on locks that a child does not
inherit, and could delete a log that is in use. So a fork waits for the current transaction, and
every connection is closed before it. Source:
https://www.sqlite.org/howtocorrupt.html#_carrying_an_open_database_across_a_fork_, read 2026-11-22.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4
from weakref import WeakSet

from tiktok_events.errors import InvalidSetting
from tiktok_events.spool.private_file import refuse_writable_by_others

VERSION: Final = 1
"""The schema's version, in `PRAGMA user_version`. A file of another version is left alone."""

_SCHEMA: Final = """
PRAGMA journal_mode = WAL;
CREATE TABLE spooled (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  destination TEXT NOT NULL,
  events INTEGER NOT NULL,
  payload BLOB NOT NULL,
  spooled_at REAL NOT NULL
);
CREATE TABLE flusher (until REAL NOT NULL);
INSERT INTO flusher VALUES (0);
PRAGMA user_version = 1;
"""

_USE: Final = threading.Lock()
"""Held while a connection of this process is in use, and by a fork."""

_FILES: Final[WeakSet[SpoolFile]] = WeakSet()
"""The files to close before a fork, because the fork hook takes no arguments."""


class SpoolFile:
    """One process's access to the file; safe to share between threads, and across a fork.

    Args:
        path: path of the file; it is created with mode 0600 if it is not there.
        limit_bytes: how large the file may become. The log beside it holds up to four megabytes
            more, and a whole call while that is written.
    """

    def __init__(self, path: Path, limit_bytes: int) -> None:
        self.path = path
        self.limit_bytes = limit_bytes
        self._connection: sqlite3.Connection | None = None
        self._identity = (0, 0)
        with _USE:
            _FILES.add(self)

    @contextmanager
    def transaction(self, end: float) -> Iterator[sqlite3.Connection]:
        """Yield the connection; all that is written through it in this block is kept, or nothing.

        Args:
            end: how long to wait for other threads and processes; seconds of the monotonic clock.

        Raises:
            InvalidSetting: others may write the file, or it has another version.
            sqlite3.Error: the file is full, locked for too long, or cannot be used.
            OSError: the file cannot be created.
        """
        with self.reading(end) as connection:
            connection.execute("BEGIN IMMEDIATE")
            with connection:
                yield connection

    @contextmanager
    def reading(self, end: float) -> Iterator[sqlite3.Connection]:
        """Yield the connection to this thread alone; `end` and errors as for `transaction`."""
        if not _USE.acquire(timeout=_rest_s(end)):
            raise sqlite3.OperationalError("other threads use the spool all the time")
        try:
            connection = self._open()
            connection.execute(f"PRAGMA busy_timeout = {round(_rest_s(end) * 1000)}")
            yield connection
        finally:
            _USE.release()

    def close(self) -> None:
        """Close the connection; the next use opens a new one."""
        with _USE:
            self.let_go()

    def let_go(self) -> None:
        """Close the connection. Only the holder of the lock may call this."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        """Connect to the file that has this path now: an older one may have been deleted."""
        with contextlib.suppress(FileNotFoundError):
            if self._connection is not None and self._identity == _identity(self.path):
                return self._connection
        self.let_go()
        self._connection = self._connect()
        self._identity = _identity(self.path)
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        if not self.path.exists():
            _make(self.path)
        refuse_writable_by_others(self.path)
        connection = _connection(self.path)
        try:
            _check_version(connection, self.path)
            connection.execute("PRAGMA synchronous = NORMAL")
            # Flushed events must not stay in free pages: they hold personal data.
            connection.execute("PRAGMA secure_delete = ON")
            (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
            connection.execute(f"PRAGMA max_page_count = {self.limit_bytes // page_bytes}")
        except BaseException:
            connection.close()
            raise
        return connection


def _connection(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.as_uri()}?mode=rw", uri=True, isolation_level=None, check_same_thread=False
    )


def _rest_s(end: float) -> float:
    return max(0.0, end - time.monotonic())


def _check_version(connection: sqlite3.Connection, path: Path) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != VERSION:
        raise InvalidSetting(f"{path} is no spool of this version of the client")


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def _make(path: Path) -> None:
    """Create the file under another name and link it, so that nobody ever sees half of it.

    The first of several processes wins; the others use its file.
    """
    draft = path.with_name(f".{path.name}.{uuid4().hex}")
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL, 0o600))
    try:
        connection = _connection(draft)
        try:
            connection.executescript(_SCHEMA)
        finally:
            connection.close()
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink()


def _before_fork() -> None:
    _USE.acquire()
    for file in _FILES:
        file.let_go()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_USE.release, after_in_child=_USE.release
    )
