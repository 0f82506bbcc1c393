"""Each process says once that Redis is away, and once that it is back.

In between, every delivery, every look and every settlement meets the same error.
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
"""What a server that cannot work at the moment says, inside the error of a script, too."""


class Outage:
    """What a process knows of something that is away; threads may share it.

    Args:
        away: the event that is logged when it begins, as a warning.
        back: the event that is logged when it is over.
        who: what it is, as the line names it.

    Attributes:
        url: where it should be; the line that says that it is away says why.
    """

    def __init__(self, away: str, back: str, who: str = "Redis") -> None:
        self._away, self._back, self._who = away, back, who
        self.url = ""
        self._said_by: int | None = None
        self._lock = threading.Lock()

    def met(self, error: BaseException) -> None:
        """Note that the server did not answer, or refused; the first time, log it."""
        if self._changes(said_by=os.getpid()):
            told = trouble(error, self.url, who=self._who).message if self.url else None
            log.warning(self._away, error=type(error).__name__, message=told, pid=os.getpid())

    def over(self) -> None:
        """Note that it did what was asked; if this process has logged an outage, log its end."""
        if self._said_by is not None and self._changes(said_by=None):
            log.info(self._back, pid=os.getpid())

    def _changes(self, said_by: int | None) -> bool:
        """Whether this process did not know it yet; a child does not answer for its parent."""
        with self._lock:
            known = self._said_by if self._said_by == os.getpid() else None
            self._said_by = said_by
            return known != said_by


def is_outage(error: BaseException) -> bool:
    """Whether the server is away or cannot work at the moment; another error is a bug."""
    return isinstance(error, _TYPES) or (
        isinstance(error, RedisError) and _REFUSAL.search(str(error)) is not None
    )


REFUSED: Final = Outage("redis_step_failed", "redis_step_works")
"""One step of many in this process: a key is of another type than ours, or must not be touched."""

REDIS_OUTAGE: Final = Outage("redis_unavailable", "redis_is_back")
"""The outage as this process sees it."""
