"""Events in a spool, and in the outbox that it was flushed into."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import orjson
from redis import Redis

from tests.builders.waiting import events_waiting


def spooled(path: Path) -> int:
    """How many events wait in the file."""
    with closing(sqlite3.connect(path)) as connection:
        (count,) = connection.execute("SELECT coalesce(sum(events), 0) FROM spooled").fetchone()
    return int(count)


def bodies(redis: Redis) -> list[bytes]:
    """The events of the outbox of `PIXEL1`, as they stand there."""
    return [orjson.dumps(event) for event in events_waiting(redis, "web:PIXEL1")]


def ids(found: list[bytes]) -> list[str]:
    """The ids of these events."""
    return [orjson.loads(body)["event_id"] for body in found]
