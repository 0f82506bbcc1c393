"""A replay is due: put some of its dead letters back into their outboxes."""

from __future__ import annotations

from celery import shared_task

from worker.replays.runner import ReplayRun
from worker.runtime.engine import THIS_PROCESS
from worker.runtime.shutdown import TASK_BUDGET_S, within
from worker.runtime.task_table import REPLAY


@shared_task(name=REPLAY.name, ignore_result=True)
def replay(number: int) -> None:
    """Take a turn at a replay; see `worker.replays.runner`. One whose clock is wrong leaves it."""
    engine = THIS_PROCESS.engine()
    run = ReplayRun(
        engine.store,
        engine.destinations,
        holder=engine.consumer,
        lease_s=engine.settings.lease_s,
    )
    with engine.serving():
        engine.outbox.clock.ask(engine.store.redis)
        if engine.outbox.clock.judges:  # else it is offered to another in a moment
            run.run(number, within(TASK_BUDGET_S))
