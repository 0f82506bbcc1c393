"""A minute has passed: bury what has expired at parked destinations, purge what is too old."""

from __future__ import annotations

from celery import shared_task

from worker.delivery.expiry import Sweep
from worker.letters.retention import Retention
from worker.runtime.engine import THIS_PROCESS
from worker.runtime.shutdown import TASK_BUDGET_S, within
from worker.runtime.task_table import UPKEEP


@shared_task(name=UPKEEP.name, ignore_result=True)
def upkeep() -> None:
    """Sweep the parked destinations, then the dead letters; see `worker.delivery.expiry`."""
    engine = THIS_PROCESS.engine()
    sweep = Sweep(engine.store, engine.outbox, engine.settings)
    retention = Retention(engine.store, engine.settings)

    go_on = within(TASK_BUDGET_S)
    with engine.serving():
        sweep.run(go_on)
        if engine.outbox.clock.judges:
            retention.run(go_on, engine.outbox.clock.now())
