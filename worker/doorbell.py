"""A consumer step in every worker that rings when work is due and nobody looks.

It is the clock of the whole system: retries, leases that end, doorbells that were lost.
No beat process: any one worker is enough, and many do no harm, because the script looks
and rings in one step.
"""

from __future__ import annotations

from typing import Any, Final

import structlog
from celery import bootsteps
from redis.exceptions import RedisError

from worker.engine import ENGINES, Engines, connect
from worker.outbox import Outbox

log = structlog.get_logger("tiktok_events.doorbell")

EVERY_S: Final = 1.0


class DoorbellStep(bootsteps.StartStopStep):
    """Runs in the worker's main process, in Celery's event loop: only short calls.

    Celery starts it again after every reconnect.
    """

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, parent: Any, engines: Engines = ENGINES, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        self._settings = engines.settings
        self._outbox = Outbox(connect(self._settings), consumer="doorbell", lease_ms=0)
        self._timer: Any = None
        self._silent = False

    def start(self, parent: Any) -> None:
        """Look every second from now on."""
        self._cancel()
        self._timer = parent.timer.call_repeatedly(EVERY_S, self._look, (parent,))

    def stop(self, parent: Any) -> None:  # noqa: ARG002 — because Celery calls it so
        """Look no more."""
        self._cancel()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self, parent: Any) -> None:
        try:
            wanted = self._outbox.ring(rings=self._settings.rings)
            if wanted and not self._settings.rings:
                parent.app.send_task("tiktok_events.deliver")
        except (RedisError, OSError) as error:
            if not self._silent:
                log.warning("redis_unavailable", error=type(error).__name__)
            self._silent = True
            return
        if self._silent:
            log.info("redis_is_back")
            self._silent = False
        if self._settings.heartbeat_file is not None:
            self._settings.heartbeat_file.touch()
