"""A minute has passed: bury what has expired at parked destinations, purge what is too old."""

from __future__ import annotations

import time
from typing import Final

from celery import shared_task

from worker.engine import ENGINES
from worker.expiry import Sweep
from worker.retention import Retention
from worker.shutdown import stopping

BUDGET_S: Final = 5.0
"""As long as a deliver task, so that shutdown need not wait for it; the next sweep goes on."""


@shared_task(name="tiktok_events.upkeep", ignore_result=True)
def upkeep() -> None:
    """Sweep the parked destinations, then the dead letters; see `worker.expiry`, `retention`."""
    engine = ENGINES.current()
    ends = time.monotonic() + BUDGET_S
    sweep = Sweep(engine.redis, engine.outbox, engine.consumer, engine.settings)
    retention = Retention(engine.redis, engine.settings)

    def go_on() -> bool:
        return time.monotonic() < ends and not stopping()

    with engine.serving():
        sweep.run(go_on)
        retention.run(go_on)
