"""A replay is due: put some of its dead letters back into their outboxes."""

from __future__ import annotations

import time
from typing import Final

from celery import shared_task

from worker.engine import ENGINES
from worker.replay_run import ReplayRun
from worker.shutdown import stopping

BUDGET_S: Final = 5.0
"""As long as a deliver task, so that shutdown need not wait for it; the next turn goes on."""


@shared_task(name="tiktok_events.replay", ignore_result=True)
def replay(number: int) -> None:
    """Take a turn at a replay; see `worker.replay_run`."""
    engine = ENGINES.current()
    ends = time.monotonic() + BUDGET_S
    run = ReplayRun(
        engine.redis,
        engine.destinations,
        holder=engine.consumer,
        lease_s=engine.settings.lease_s,
    )
    with engine.serving():
        run.run(number, lambda: time.monotonic() < ends and not stopping())
