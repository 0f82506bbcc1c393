"""Keep blocks of events in an SQLite file on this machine while Redis is away."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from tiktok_events.errors import InvalidSetting, OutboxUnavailable
from tiktok_events.outbox.blocks import Block
from tiktok_events.settings import ClientSettings
from tiktok_events.spool.file import SpoolFile

SHARE: Final = 3 / 8
"""The share of a call's time that is reserved for the spool's file, which others may have locked.
"""

LEASE_MARGIN_S: Final = 5.0
"""Seconds in addition to an append's, for reading the blocks before and deleting them after."""

PAGE: Final = 100
"""How many blocks are read at a time; each may have a megabyte."""

_LAST: Final = "UPDATE spooled SET id = 1 + (SELECT max(id) FROM spooled) WHERE id = ?"

_FORGET: Final = "DELETE FROM spooled WHERE id = ?"

LONGEST_LEASE_S: Final = 120.0
"""The longest lease; one that seems longer was taken before the clock was set back."""


@dataclass(frozen=True, slots=True)
class SpoolBatch:
    """The oldest blocks, leased to one flusher.

    Attributes:
        ids: numbers of the blocks.
        blocks: the blocks in the order they were spooled; may be empty.
        lease: what the flusher presents when it is done.
    """

    ids: tuple[int, ...] = ()
    blocks: tuple[Block, ...] = ()
    lease: float = 0.0

    @property
    def events(self) -> int:
        """Return how many events the blocks hold."""
        return sum(block.events for block in self.blocks)


@dataclass(frozen=True, slots=True)
class Spooled:
    """What waits for one destination.

    Attributes:
        destination: the destination's key.
        events: number of events.
        size_bytes: size of their JSON.
        oldest_at: when the oldest of them was spooled; Unix seconds.
    """

    destination: str
    events: int
    size_bytes: int
    oldest_at: float


class Spool:
    """Keeps blocks in order until they are flushed; any number of processes may share it.

    One flusher works at a time, under a lease that expires if the flusher is killed. A flusher that
    outlives its lease repeats events with the same ids, and loses none.

    Every method raises `OutboxUnavailable` when the file is full, locked by others for
    too long, or cannot be used. Each waits for others until `end`, in seconds of the
    monotonic clock; by default for the time of a call.

    Args:
        path: path of the file.
        limit_bytes: size limit of the file.
        timeout_s: time limit of one call of the client.
        clock: returns Unix seconds; all processes of the machine must agree.
    """

    def __init__(
        self,
        path: Path,
        limit_bytes: int,
        timeout_s: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._file = SpoolFile(path, limit_bytes)
        self._timeout_s = timeout_s
        self._lease_s = timeout_s + LEASE_MARGIN_S
        self._clock = clock

    @classmethod
    def of(cls, settings: ClientSettings) -> Self:
        """Open the spool that the settings name, and create its file if there is none.

        Raises:
            InvalidSetting: the file cannot be created or used.
        """
        if settings.spool_file is None:
            raise InvalidSetting("TIKTOK_EVENTS_SPOOL_FILE must be given: there is no spool")
        spool = cls(settings.spool_file, settings.spool_bytes, settings.redis_timeout_s)
        try:
            spool.is_empty()
        except OutboxUnavailable as error:
            raise InvalidSetting(
                "TIKTOK_EVENTS_SPOOL_FILE must be a file that can be made and written: "
                f"{error.__cause__}; what can be saved of a damaged one, "
                "`tiktok-events spool repair` saves"
            ) from error
        return spool

    @property
    def path(self) -> Path:
        """The path of the spool's file."""
        return self._file.path

    @property
    def limit_bytes(self) -> int:
        """How large the file may become."""
        return self._file.limit_bytes

    def put(self, blocks: Sequence[Block], end: float | None = None) -> None:
        """Keep all blocks, or none."""
        now = self._clock()
        rows = [(one.destination, one.events, one.payload, now) for one in blocks]
        with self._transaction(end) as connection:
            connection.executemany(
                "INSERT INTO spooled (destination, events, payload, spooled_at)"
                " VALUES (?, ?, ?, ?)",
                rows,
            )

    def is_empty(self, end: float | None = None) -> bool:
        """Return whether nothing waits."""
        with self._reading(end) as connection:
            return connection.execute("SELECT 1 FROM spooled LIMIT 1").fetchone() is None

    def contents(self) -> list[Spooled]:
        """Return what waits, by destination."""
        with self._reading(None) as connection:
            rows = connection.execute(
                "SELECT destination, sum(events), sum(length(payload)), min(spooled_at)"
                " FROM spooled GROUP BY destination ORDER BY min(id)"
            )
            return [Spooled(*row) for row in rows]

    def blocks(self) -> Iterator[Block]:
        """Yield every block in order; blocks that others put or flush meanwhile may be missing."""
        last = 0
        while rows := self._page(last):
            yield from (Block(*fields) for _, *fields in rows)
            last = rows[-1][0]

    def rewrite(self, change: Callable[[Block], Block | None], end: float | None = None) -> bool:
        """Replace each block by what `change` makes of it, or remove it if that is `None`.

        Returns:
            False when another process is flushing: it holds blocks, and nothing is changed.
        """
        with self._transaction(end) as connection:
            if self._is_flushing(connection):
                return False
            for row in connection.execute("SELECT id FROM spooled ORDER BY id").fetchall():
                _rewrite_row(connection, row[0], change)
            return True

    def take(self, most_bytes: int, end: float | None = None) -> SpoolBatch:
        """Lease the oldest blocks, at least one.

        Args:
            most_bytes: how much JSON to lease; a larger first block is leased alone.
            end: see the class.

        Returns:
            The blocks; `None` if nothing waits, or another process is flushing.
        """
        if self.is_empty(end):
            return SpoolBatch()
        with self._transaction(end) as connection:
            if self._is_flushing(connection):
                return SpoolBatch()
            batch = _oldest(connection, most_bytes, self._clock() + self._lease_s)
            connection.execute("UPDATE flusher SET until = ?", (batch.lease,))
            return batch

    def settle(
        self, batch: SpoolBatch, end: float | None = None, kept: Collection[Block] = ()
    ) -> None:
        """Forget the blocks that are in the outbox; move those in `kept` to the end of the queue.

        Kept blocks are for a server that is away; they must not hold up those for other servers.
        """
        kept_ids = set(map(id, kept))
        with self._transaction(end) as connection:
            for one, block in zip(batch.ids, batch.blocks, strict=True):
                connection.execute(_LAST if id(block) in kept_ids else _FORGET, (one,))
            _end_lease(connection, batch)

    def give_back(self, batch: SpoolBatch, end: float | None = None) -> None:
        """Keep the blocks, and let the next flusher try."""
        with self._transaction(end) as connection:
            _end_lease(connection, batch)

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        self._file.close()

    def _is_flushing(self, connection: sqlite3.Connection) -> bool:
        """Return whether some process has a lease on the oldest blocks."""
        now = self._clock()
        (until,) = connection.execute("SELECT until FROM flusher").fetchone()
        return bool(now < until < now + LONGEST_LEASE_S)

    def _page(self, after: int) -> list[Any]:
        with self._reading(None) as connection:
            return connection.execute(
                "SELECT id, destination, events, payload FROM spooled WHERE id > ?"
                " ORDER BY id LIMIT ?",
                (after, PAGE),
            ).fetchall()

    @contextmanager
    def _transaction(self, end: float | None) -> Iterator[sqlite3.Connection]:
        with self._clear_errors(), self._file.transaction(self._until(end)) as connection:
            yield connection

    @contextmanager
    def _reading(self, end: float | None) -> Iterator[sqlite3.Connection]:
        with self._clear_errors(), self._file.reading(self._until(end)) as connection:
            yield connection

    def _until(self, end: float | None) -> float:
        return time.monotonic() + self._timeout_s if end is None else end

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise OutboxUnavailable(self._sentence(error)) from error

    def _sentence(self, error: Exception) -> str:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            return f"the spool {self.path} is full: {self.limit_bytes:,} bytes, or its disk is"
        return f"the spool {self.path} cannot be used: {error}"


def _oldest(connection: sqlite3.Connection, most_bytes: int, lease: float) -> SpoolBatch:
    rows: list[Any] = []
    size = 0
    for row in connection.execute(
        "SELECT id, destination, events, payload FROM spooled ORDER BY id"
    ):
        size += len(row[3])
        if rows and size > most_bytes:
            break
        rows.append(row)
    if not rows:
        return SpoolBatch()
    blocks = tuple(Block(*fields) for _, *fields in rows)
    return SpoolBatch(tuple(row[0] for row in rows), blocks, lease)


def _rewrite_row(
    connection: sqlite3.Connection, row_id: int, change: Callable[[Block], Block | None]
) -> None:
    fields = connection.execute(
        "SELECT destination, events, payload FROM spooled WHERE id = ?", (row_id,)
    ).fetchone()
    old = Block(*fields)
    new = change(old)
    if new is None:
        connection.execute("DELETE FROM spooled WHERE id = ?", (row_id,))
    elif new != old:
        connection.execute(
            "UPDATE spooled SET events = ?, payload = ? WHERE id = ?",
            (new.events, new.payload, row_id),
        )


def _end_lease(connection: sqlite3.Connection, batch: SpoolBatch) -> None:
    connection.execute("UPDATE flusher SET until = 0 WHERE until = ?", (batch.lease,))
