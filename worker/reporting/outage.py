"""Log once per process that Redis is away, and once that it is back.

In between, every delivery and every settlement meets the same error.
"""

from __future__ import annotations

import os
import re
import threading
from typing import Final

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, ReadOnlyError, RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from tiktok_events.connection.trouble import trouble
from worker.reporting.log import Log

log = Log("tiktok_events.outage")

_TYPES: Final = (RedisConnectionError, RedisTimeoutError, ReadOnlyError, OutOfMemoryError)

_REFUSAL: Final = re.compile(r"\b(READONLY|OOM|MISCONF|MASTERDOWN|CLUSTERDOWN|NOREPLICAS)\b")
"""How a server's error begins when it cannot work at the moment; it may be within a script's error.
"""


class Outage:
    """What a process knows about something that is away; threads may share it.

    Args:
        away: the event that is logged as a warning when it begins.
        back: the event that is logged when it is over.
        who: what is away, as the line names it.

    Attributes:
        url: where it should be; the line about it says why it is away.
    """

    def __init__(self, away: str, back: str, who: str = "Redis") -> None:
        self._away, self._back, self._who = away, back, who
        self.url = ""
        self._said_by: int | None = None
        self._lock = threading.Lock()

    def met(self, error: BaseException) -> None:
        """Note that the server failed; log it the first time."""
        if self._changes(said_by=os.getpid()):
            told = trouble(error, self.url, who=self._who).message if self.url else None
            log.warning(self._away, error=type(error).__name__, message=told, pid=os.getpid())

    def over(self) -> None:
        """Note that the server did what was asked; log the end of an outage that was logged."""
        if self._said_by is not None and self._changes(said_by=None):
            log.info(self._back, pid=os.getpid())

    def _changes(self, said_by: int | None) -> bool:
        """Return whether this is news to this process; a forked child has its own view."""
        with self._lock:
            known = self._said_by if self._said_by == os.getpid() else None
            self._said_by = said_by
            return known != said_by


def is_outage(error: BaseException) -> bool:
    """Return whether the server is away or cannot work at the moment; any other error is a bug."""
    return isinstance(error, _TYPES) or (
        isinstance(error, RedisError) and _REFUSAL.search(str(error)) is not None
    )


REFUSED: Final = Outage("redis_step_failed", "redis_step_works")
"""Errors of a single step: a key has another type than ours, or must not be accessed."""

REDIS_OUTAGE: Final = Outage("redis_unavailable", "redis_is_back")
"""The outage of Redis as this process sees it."""
