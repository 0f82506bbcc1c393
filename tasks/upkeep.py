"""A minute has passed and destinations are parked: bury what has expired there."""

from __future__ import annotations

import time
from typing import Final

from celery import shared_task

from worker.engine import ENGINES
from worker.expiry import Sweep
from worker.shutdown import stopping

BUDGET_S: Final = 5.0
"""As long as a deliver task, so that shutdown need not wait for it; the next sweep goes on."""


@shared_task(name="tiktok_events.upkeep", ignore_result=True)
def upkeep() -> None:
    """Sweep the parked destinations; see `worker.expiry`."""
    engine = ENGINES.current()
    ends = time.monotonic() + BUDGET_S
    sweep = Sweep(engine.redis, engine.outbox, engine.consumer, engine.settings)
    with engine.serving():
        sweep.run(lambda: time.monotonic() < ends and not stopping())
