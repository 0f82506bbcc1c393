"""End a worker that stands still while its queue ages, so that a fresh one takes its place.

A pool process can be stuck, or Celery's event loop deaf to its broker, in ways that nobody
foresaw; the orchestrator sees a process that runs. Here a thread of the main process watches
for what must never be:

    work has been due for `STALL_S`            nobody else serves it either
    no child looked for work in that time      a hung API does not stop them from looking
    Redis answered us all the while            an outage is no stall

It says so, prints where every thread stands, and ends the worker and its pool at once. Nothing
is lost: claims heal when their lease ends.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
import time
from typing import Any, Final

from celery import bootsteps
from redis.exceptions import RedisError

from tiktok_events.outbox.store import Store
from worker.reporting.log import Log
from worker.reporting.sentry import report_stall
from worker.runtime.engine import THIS_PROCESS, ThisProcess, look_at
from worker.runtime.progress import SIGN_OF_LIFE, Progress
from worker.runtime.shutdown import kill_pool, stopping

log = Log("tiktok_events.stall")

LOOKS: Final = 10
"""While a stall lasts it is looked at so often; one look that finds life begins it anew."""

EXIT_STATUS: Final = 70
"""The exit status of a stalled worker: EX_SOFTWARE of sysexits.h."""


class StallWatch:
    """Decides whether this worker stands still.

    Args:
        store: the outbox that fails soon.
        progress: of this worker's children.
        stall_s: how long the queue must age without progress.
    """

    def __init__(self, store: Store, progress: Progress, stall_s: float) -> None:
        self._store = store
        self._progress = progress
        self._stall_s = stall_s
        self._since: float | None = None

    def look(self) -> bool:
        """Whether it has stood still for long enough; to be called again and again."""
        now = time.monotonic()
        if not self._stands_still():
            self._since = None
            return False
        self._since = self._since or now
        return now - self._since >= self._stall_s

    def _stands_still(self) -> bool:
        try:
            overdue_s = self._overdue_s()
        except RedisError:
            return False
        return overdue_s > 0 and self._progress.age_s() > self._stall_s / LOOKS

    def _overdue_s(self) -> float:
        """How long the first destination has been due; taking it moves that by a lease."""
        with self._store.redis.pipeline(transaction=False) as pipeline:
            for keys in self._store.at_hand:
                pipeline.zrange(keys.ready, 0, 0, withscores=True)
            firsts = [due_ms for found in pipeline.execute() for _, due_ms in found]
        if not firsts:
            return 0.0
        seconds, microseconds = self._store.redis.time()
        overdue_s: float = seconds + microseconds / 1e6 - min(firsts) / 1000
        return overdue_s


class StallStep(bootsteps.StartStopStep):
    """Keeps the watch, from the first connection to the broker to the end of the process."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, parent: Any, process: ThisProcess = THIS_PROCESS, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        self._settings = process.settings
        self._thread: threading.Thread | None = None

    def start(self, parent: Any) -> None:  # noqa: ARG002 — because Celery calls it so
        """Watch from now on; a reconnect to the broker does not end it."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, daemon=True, name="stall-watch")
            self._thread.start()

    def _watch(self) -> None:
        stall_s = self._settings.stall_limit_s
        watch = StallWatch(look_at(self._settings), SIGN_OF_LIFE, stall_s)
        while not stopping():
            if watch.look():
                end_worker(stall_s)
            time.sleep(stall_s / LOOKS)


def end_worker(stall_s: float) -> None:
    """Log what is known, then kill this process and its pool."""
    log.error("stalled", no_progress_s=round(SIGN_OF_LIFE.age_s()), limit_s=stall_s)
    faulthandler.dump_traceback(file=sys.stderr, all_threads=True)
    report_stall()
    kill_pool()
    os._exit(EXIT_STATUS)
