"""Repair a damaged spool: whole blocks go into a new file, the damaged one is set aside.

A disk or a machine that fails can leave pages of an SQLite file unreadable. The other pages still
hold events, whose blocks are found by their numbers.

Source: https://www.sqlite.org/fileformat2.html#b_tree_pages (a lookup reads no page but those on
its way), read 2026-11-30.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from tiktok_events.errors import InvalidDestination
from tiktok_events.event.destination import Destination
from tiktok_events.outbox.blocks import Block
from tiktok_events.spool.spool import Spool

TOGETHER: Final = 200
"""Blocks in one transaction."""

_BESIDE: Final = ("", "-wal", "-shm")
"""Endings of the names of files that belong to an SQLite file."""


@dataclass(slots=True)
class SpoolRepair:
    """What became of a damaged spool.

    Attributes:
        aside: the damaged file under its new name; `None` if the spool was whole.
        events: how many events were kept.
        blocks: how many blocks hold them.
        broken: how many blocks could be read, but are not whole.
        unreadable: how many block numbers could not be read; some of these blocks may have been
            flushed before. `None` if not even their number is known.
    """

    aside: Path | None = None
    events: int = 0
    blocks: int = 0
    broken: int = 0
    unreadable: int | None = 0


def repair(spool: Spool) -> SpoolRepair:
    """Replace a damaged file by one with all of its whole blocks; leave a whole file alone.

    Nothing is deleted. If it is killed, it can be run again on the file that it set aside: events
    that are then kept twice have the same ids, and count once.

    Raises:
        OutboxUnavailable: the new file cannot be written.
        OSError: the old one cannot be renamed.
    """
    spool.close()
    if is_whole(spool.path):
        return SpoolRepair()
    aside = _set_aside(spool.path)
    return salvage(aside, spool)


def salvage(damaged: Path, spool: Spool) -> SpoolRepair:
    """Copy the whole blocks of a damaged file into a spool."""
    result = SpoolRepair(aside=damaged)
    with closing(_opened(damaged)) as connection:
        found = _whole_blocks(connection, result)
        while part := list(islice(found, TOGETHER)):
            spool.put(part)
            result.blocks += len(part)
            result.events += sum(block.events for block in part)
    return result


def is_whole(path: Path) -> bool:
    """Return whether every page can be read, and every block is whole."""
    rest = SpoolRepair()
    try:
        with closing(_opened(path)) as connection:
            (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            all(True for _ in _whole_blocks(connection, rest))
    except sqlite3.Error:
        return False
    return verdict == "ok" and rest.broken == 0 and rest.unreadable == 0


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, isolation_level=None)


def _set_aside(path: Path) -> Path:
    aside = path.with_name(f"{path.name}.damaged-{time.time_ns()}")
    for ending in reversed(_BESIDE):
        with suppress(FileNotFoundError):
            path.with_name(path.name + ending).rename(aside.with_name(aside.name + ending))
    return aside


def _whole_blocks(connection: sqlite3.Connection, result: SpoolRepair) -> Iterator[Block]:
    """Yield whole blocks in order; others are counted in `result`."""
    number, last = _edge(connection, "min"), _edge(connection, "max")
    if last is None:
        result.unreadable = None
        return
    number = number or 1
    while number <= last:
        try:
            row = _at_or_behind(connection, number)
        except sqlite3.Error:
            result.unreadable = (result.unreadable or 0) + 1
            number += 1
            continue
        if row is None:
            return
        number = row[0] + 1
        if block := _block(*row[1:]):
            yield block
        else:
            result.broken += 1


def _edge(connection: sqlite3.Connection, which: str) -> int | None:
    """Return the first or last block number, or a bound of it; `None` if there is no telling."""
    queries = [f"SELECT {which}(id) FROM spooled"]  # noqa: S608 — because it is one of two words
    if which == "max":
        queries.append("SELECT seq FROM sqlite_sequence WHERE name = 'spooled'")
    for query in queries:
        with suppress(sqlite3.Error):
            (found,) = connection.execute(query).fetchone() or (0,)
            return int(found or 0)
    return None


def _at_or_behind(connection: sqlite3.Connection, number: int) -> Any:
    return connection.execute(
        "SELECT id, destination, events, payload FROM spooled WHERE id >= ? ORDER BY id LIMIT 1",
        (number,),
    ).fetchone()


def _block(destination: Any, events: Any, payload: Any) -> Block | None:
    """Return a block if it is whole, that is, if its columns agree with its payload."""
    try:
        held = json.loads(payload)
        known = Destination.from_key(destination).key == destination
    except (ValueError, TypeError, AttributeError, RecursionError, InvalidDestination):
        return None
    whole = isinstance(held, list) and len(held) == events
    return Block(destination, events, payload) if whole and known else None
